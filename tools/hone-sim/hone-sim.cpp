// hone-sim: runs one kernel of PTX text on the simulator. It parses flags, runs, and prints.
#include "tools/hone-sim/Run.h"
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>

using namespace hone;
using Json = nlohmann::ordered_json;

static void printJson(const Json &document) {
  std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

static Json toJson(const rt::sim::Site &site) {
  if (site.what.empty())
    return nullptr;
  return {{"what", site.what},
          {"source", site.source},
          {"line", site.line},
          {"instruction", site.opcode},
          {"block", {site.block[0], site.block[1], site.block[2]}},
          {"warp", site.warp},
          {"lane", site.lane}};
}

static Json toJson(const simtool::Outcome &outcome) {
  Json findings = Json::array();
  for (const rt::sim::Finding &f : outcome.findings)
    findings.push_back({{"kind", nameOf(f.fault)},
                        {"kernel", f.kernel},
                        {"message", f.message},
                        {"space", f.space},
                        {"address", f.address},
                        {"first", toJson(f.first)},
                        {"second", toJson(f.second)},
                        {"count", f.count},
                        {"seed", f.seed}});
  Json report = {{"clean", outcome.findings.empty()}, {"findings", findings}};
  for (const simtool::Compared &c : outcome.compared)
    report["compared"].push_back({{"name", c.name},
                                  {"good", c.difference.good},
                                  {"index", c.difference.index},
                                  {"got", c.difference.got},
                                  {"expected", c.difference.expected}});
  report["instructions"] = outcome.statistics.instructions;
  report["warp_instructions"] = outcome.statistics.warpInstructions;
  report["seconds"] = outcome.statistics.seconds;
  report["decode_seconds"] = outcome.statistics.decodeSeconds;
  return report;
}

static void print(const simtool::Options &options, const simtool::Outcome &outcome) {
  for (const rt::sim::Finding &f : outcome.findings)
    std::cout << f.text() << "\n";
  for (const simtool::Compared &c : outcome.compared)
    if (!c.difference.good || !options.quiet)
      std::cout << c.name << (c.difference.good ? ": as expected" : ": differs") << ", worst element "
                << c.difference.index << ": got " << c.difference.got << ", expected "
                << c.difference.expected << "\n";
  if (options.stats)
    std::cout << outcome.statistics.instructions << " thread instructions in " << outcome.statistics.seconds
              << " s, decoded in " << outcome.statistics.decodeSeconds << " s\n";
  if (!options.quiet)
    std::cout << (outcome.findings.empty() ? "clean\n" : "");
}

static int fail(const rt::Status &status) {
  std::cerr << "error: " << status.message << "\n";
  return status.code;
}

static rt::Result<std::string> readCode(const std::string &file) {
  if (file == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return rt::invalid(file, ": cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

static int runTool(int argc, char **argv) {
  auto options = simtool::parseOptions(argc, argv);
  if (!options.ok())
    return fail(options.status());
  auto code = readCode(options->file);
  if (!code.ok())
    return fail(code.status());
  auto outcome = simtool::run(*options, *code, options->mutate.empty());
  if (!outcome.ok())
    return fail(outcome.status());
  if (!options->mutate.empty() && outcome->findings.empty() && outcome->matches) {
    auto report = simtool::mutate(*options, *code);
    if (!report.ok())
      return fail(report.status());
    if (options->json)
      printJson(*report);
    return 0;
  }
  options->json ? printJson(toJson(*outcome)) : print(*options, *outcome);
  return !outcome->findings.empty() ? 3 : !outcome->matches ? 2 : 0;
}

int main(int argc, char **argv) {
  try {
    return runTool(argc, argv);
  } catch (const std::bad_alloc &) {
    std::cerr << "error: out of memory\n";
    return 1;
  } catch (const std::exception &why) {
    std::cerr << "error: internal: " << why.what()
              << "\nnote: this is a bug of Hone: please report it with the command line and the file\n";
    return 70;
  }
}
