// hone-run: runs a compiled model. It parses flags, calls the runtime through its C interface, and prints.
#include "tools/hone-run/Report.h"
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>

using namespace hone::run;

/// NaN and infinity have no JSON form; they are printed as null.
static void printJson(const Json &document) {
  std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

static void runLoop(Session &session, std::optional<Profile> &profile) {
  int64_t start = now();
  for (int i = 0; i < session.options.loop; ++i) {
    if (i)
      session.feed();
    int64_t offset = now() - start;
    session.run();
    if (profile)
      profile->add(session, offset);
  }
  if (session.options.verbose)
    fprintf(stderr, "ran %d time%s in %.3f ms\n", session.options.loop, session.options.loop == 1 ? "" : "s",
            static_cast<double>(now() - start) / 1e6);
}

static int runModel(const Options &options) {
  int64_t start = now();
  Session session(options);
  if (options.verbose)
    fprintf(stderr, "opened %s in %.3f ms\n", options.file.c_str(), static_cast<double>(now() - start) / 1e6);
  if (options.inspect) {
    Json meta = inspect(session);
    options.json ? printJson(meta) : printInspection(meta, options.dims);
    return 0;
  }
  for (const auto &[name, file] : options.expects)
    session.findOutput(name);
  session.prepare();
  std::string_view device = hone_module_device(session.module());
  if (options.verbose || (!options.quiet && device.find("no machine code") != device.npos))
    fprintf(stderr, "note: %s\n", device.data());

  Json report;
  std::optional<Profile> profile;
  if (options.bench)
    report = bench(session);
  if (!options.profile.empty()) {
    profile.emplace(session);
    hone_context_profile(session.context(), 1);
  }
  if (!options.bench || profile)
    runLoop(session, profile);
  if (profile)
    profile->write(options.profile);
  if (!options.outputDir.empty())
    writeOutputs(session);
  Json compared;
  bool good = compare(session, compared);

  if (!options.json) {
    if (options.bench)
      printBench(report);
    else if (options.expects.empty() && !options.quiet)
      printSummary(summarize(session));
    return good ? 0 : 2;
  }
  if (!options.bench)
    report["outputs"] = summarize(session);
  if (!options.expects.empty())
    report["compared"] = compared;
  printJson(report);
  return good ? 0 : 2;
}

int main(int argc, char **argv) {
  std::signal(SIGXFSZ, SIG_IGN); // a limit on file sizes is an error of the write, not the end
  try {
    int code = runModel(parseOptions(argc, argv));
    if (fflush(stdout) != 0 || ferror(stdout) || !std::cout.flush())
      fail("cannot write to the standard output");
    return code;
  } catch (const Exit &exit) {
    std::cerr << "error: " << exit.message << "\n";
    if (exit.code == 70)
      std::cerr << "note: this is a bug of Hone: please report it with the command line and the file\n";
    return exit.code;
  } catch (const std::bad_alloc &) {
    std::cerr << "error: out of memory\n";
    return 1;
  } catch (const std::exception &why) {
    std::cerr << "error: internal: " << why.what()
              << "\nnote: this is a bug of Hone: please report it with the command line and the file\n";
    return 70;
  }
}
