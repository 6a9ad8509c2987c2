// Parses the command line with CLI11 and checks what does not depend on the file.
#include "tools/hone-run/Options.h"
#include "runtime/api/hone.h"
#include <CLI/CLI.hpp>
#include <filesystem>

namespace hone::run {

static constexpr const char *examples = R"(
Examples:
  hone-run model.hone --inspect
  hone-run model.hone --input ids=ids.npy --input mask=mask.npy --output-dir out
  hone-run model.hone --input x=x.npy --expect y=y.npy --rtol 1e-3 --atol 1e-5
  hone-run model.hone --random-inputs --dim batch=1 --dim sequence=128 --bench --threads=2
  hone-run model.hone --input x=x.npy --random-inputs --loop 10 --feed state_out=state_in
  hone-run model.hone --random-inputs --profile=trace.json       (open it in ui.perfetto.dev)

Tensors are .npy files: f16 f32 f64, all integers and bool; bf16 is stored as uint16.
An output is written to <output name, '/' and ':' replaced by '_'>.npy.

Exit: 0 done, 1 the input is at fault, 2 outputs differ (--expect), 70 a bug of Hone.)";

static Pair splitPair(const std::string &text, const char *flag, const char *form) {
  size_t at = text.find('=');
  if (at == text.npos || at == 0 || at + 1 == text.size())
    fail(flag, ": expected ", form, ", got '", text, "'");
  return {text.substr(0, at), text.substr(at + 1)};
}

static void splitAll(const std::vector<std::string> &from, const char *flag, const char *form,
                     std::vector<Pair> &to) {
  for (const std::string &text : from)
    to.push_back(splitPair(text, flag, form));
}

static int64_t dimValue(const Pair &pair) {
  try {
    size_t end = 0;
    int64_t value = std::stoll(pair.second, &end);
    if (end == pair.second.size() && value >= 0)
      return value;
  } catch (const std::exception &) {
    // Said below.
  }
  fail("--dim: expected NAME=SIZE, got '", pair.first, "=", pair.second, "'");
}

static std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

static void refuseWhatIsNotBuilt(bool generate, bool tune) {
  if (generate)
    fail("--generate: text generation is not built into this hone-run");
  if (tune)
    fail("--tune: tuning is not built into this hone-run");
}

Options parseOptions(int argc, char **argv) {
  Options options;
  std::optional<std::string> own = embeddedModel();
  std::string name = own ? std::filesystem::path(*own).filename().string() : "hone-run";
  CLI::App app{own ? "Runs the model it was compiled from."
                   : "Runs, compares, measures and prints files made by hone-compile.",
               name};
  app.footer(own ? replaced(examples, "hone-run model.hone", "./" + name) : examples);
  std::vector<std::string> inputs, expects, feeds, dims;
  std::string promptIds;
  bool generate = false, tune = false;
  int newTokens = 0, threads = 0;
  if (own)
    options.file = *own;
  else
    app.add_option("FILE", options.file, "a .hone file")->required();
  app.add_option("--input", inputs, "NAME=FILE.npy, an input (repeatable)")->allow_extra_args(false);
  app.add_option("--random-inputs", options.randomSeed, "[=SEED] makes the inputs that are not given");
  app.add_option("--dim", dims, "NAME=SIZE of a named dimension, for --random-inputs")
      ->allow_extra_args(false);
  app.add_option("--output-dir", options.outputDir, "writes every output into this folder");
  app.add_option("--expect", expects, "NAME=FILE.npy, compares an output (repeatable)")
      ->allow_extra_args(false);
  app.add_option("--rtol", options.rtol, "relative tolerance of --expect")->capture_default_str();
  app.add_option("--atol", options.atol, "absolute tolerance of --expect")->capture_default_str();
  app.add_option("--device", options.device,
                 "host, cuda[:N], sim[:sm_80]; default: what the file is made for");
  app.add_option("--check", options.check, "of --device=sim: bounds,races,poison,... or all");
  CLI::Option *threadsOption =
      app.add_option("--threads", threads, "host threads, pinned to the first allowed cores");
  app.add_flag("--bench", options.bench,
               "measures: min p50 p90 p99, allocations a run, peak memory, % of the machine's limit");
  app.add_flag("--no-limit", options.noLimit, "leaves the limit out of --bench: it takes up to a second");
  app.add_option("--warmup", options.warmup, "runs before --bench measures")->capture_default_str();
  app.add_option("--reps", options.reps, "runs that --bench measures")->capture_default_str();
  app.add_option("--profile", options.profile, "writes a Chrome/Perfetto trace, one slice a kernel");
  app.add_flag("--inspect", options.inspect, "prints what the file says about itself");
  app.add_option("--loop", options.loop, "runs so many times")->capture_default_str();
  app.add_option("--feed", feeds, "OUT=IN, with --loop: output OUT becomes input IN (repeatable)")
      ->allow_extra_args(false);
  app.add_flag("--json", options.json, "one JSON document on stdout");
  app.add_flag("--skip-verification", options.skipVerification, "does not compare checksums when loading");
  app.add_flag("--quiet", options.quiet, "prints results and errors only");
  app.add_flag("--verbose", options.verbose, "says what is done");
  app.add_flag("--generate", generate, "not built")->group("");
  app.add_option("--prompt-ids", promptIds)->group("");
  app.add_option("--max-new-tokens", newTokens)->group("");
  app.add_flag("--tune", tune, "not built")->group("");
  app.set_version_flag("--version", std::string("hone-run ") + hone_version());

  // The value of --random-inputs is optional, and then the next word must not be taken for it.
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::string &word : words)
    if (word == "--random-inputs")
      word = "--random-inputs=0";
  std::reverse(words.begin(), words.end()); // as CLI11 wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::Success &asked) { // --help, --version
    std::exit(app.exit(asked));
  } catch (const CLI::ParseError &wrong) {
    fail(wrong.what(), " (", name, " --help)");
  }
  if (!options.check.empty() && !options.device.starts_with("sim"))
    fail("--check: the checks are the simulator's: add --device=sim");
  refuseWhatIsNotBuilt(generate || !promptIds.empty() || newTokens, tune);
  splitAll(inputs, "--input", "NAME=FILE.npy", options.inputs);
  splitAll(expects, "--expect", "NAME=FILE.npy", options.expects);
  splitAll(feeds, "--feed", "OUT=IN", options.feeds);
  for (const std::string &text : dims) {
    Pair pair = splitPair(text, "--dim", "NAME=SIZE");
    options.dims[pair.first] = dimValue(pair);
  }
  if (threadsOption->count()) {
    if (threads < 1 || threads > 1024)
      fail("--threads: expected 1 to 1024, got ", threads);
    options.threads = threads;
  }
  if (options.loop < 1 || options.reps < 1 || options.warmup < 0)
    fail("expected --loop and --reps of at least 1, --warmup of at least 0");
  return options;
}

} // namespace hone::run
