// Parses the command line with CLI11 and checks what does not depend on the file.
#include "tools/hone-sim/Options.h"
#include "runtime/api/hone.h"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

namespace hone::simtool {

using rt::invalid;
using rt::Status;

static constexpr const char *examples = R"(
Arguments, in the order of the kernel's parameters:
  NAME:TYPE:SHAPE:INIT   a buffer; its address is passed. TYPE f32 f16 bf16 f64 i8 .. i64 ui8 .. ui64, SHAPE 4x256;
                         INIT zeros, nan (every byte 0xff), uninit (reads before writes are reported),
                         q4[:SEED] (random multiples of 1/4 in [-2, 2]; integers in [-8, 8]), or a .npy file
  TYPE:VALUE             a scalar: i32:5 u64:7 f32:0.5
  NAME:tensormap:BUFFER:box=64x64:swizzle=128B   passed by value; the box in the order of the buffer's shape;
                         other than the whole buffer: :shape=AxB:strides=BYTES (of all dimensions but the last)

Examples:
  hone-sim k.ptx --grid=4 --block=128 --arg=x:f32:1024:q4 --arg=y:f32:1024:nan --arg=i32:1024 --dump y=y.npy
  hone-sim k.ptx --entry=gemm --target=sm_80 --grid=2,2 --block=128 --arg=A:f16:256x256:q4 ... --check=all --seeds=4
  hone-sim k.ptx --block=256 --arg=x:f32:256:x.npy --expect x=y.npy --mutate=sync

Exit: 0 clean, 1 the input is at fault, 2 --expect differs, 3 findings, 70 a bug of Hone.)";

static Status readTriple(const std::string &text, const char *flag, uint32_t (&to)[3]) {
  std::string rest = text;
  int n = 0;
  for (; n < 3 && !rest.empty(); ++n) {
    size_t end = std::min(rest.find_first_of(",x"), rest.size());
    auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, to[n]);
    if (error != std::errc() || stop != rest.data() + end || !to[n])
      return invalid(flag, ": expected X, X,Y or X,Y,Z, got '", text, "'");
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
  if (!n || !rest.empty())
    return invalid(flag, ": expected X, X,Y or X,Y,Z, got '", text, "'");
  return {};
}

static Status readPairs(const std::vector<std::string> &from, const char *flag, std::vector<Pair> &to) {
  for (const std::string &text : from) {
    size_t at = text.find('=');
    if (at == text.npos || at == 0 || at + 1 == text.size())
      return invalid(flag, ": expected NAME=FILE.npy, got '", text, "'");
    to.push_back({text.substr(0, at), text.substr(at + 1)});
  }
  return {};
}

rt::Result<Options> parseOptions(int argc, char **argv) {
  Options o;
  CLI::App app{
      "Runs a kernel of PTX text on the simulator and reports races, bad addresses, reads of what was never "
      "written and mistakes with barriers and asynchronous copies.",
      "hone-sim"};
  app.footer(examples);
  std::string grid, block, cluster, target, check, schedule, async;
  std::vector<std::string> dumps, expects;
  app.add_option("FILE", o.file, "PTX text; - reads stdin")->required();
  app.add_option("--entry", o.entry, "the kernel, when the file has several");
  app.add_option("--target", target, "the chip: sm_80, sm_90a; default: what the file says");
  app.add_option("--grid", grid, "blocks: X,Y,Z (the last one counts)")->take_last();
  app.add_option("--block", block, "threads of a block: X,Y,Z");
  app.add_option("--cluster", cluster, "blocks of a cluster: X,Y,Z");
  app.add_option("--shared", o.shared, "bytes of dynamic shared memory");
  app.add_option("--arg", o.arguments, "a parameter of the kernel (repeatable, see below)")
      ->allow_extra_args(false);
  app.add_option("--buffer", o.buffers,
                 "NAME:TYPE:SHAPE:INIT, a buffer that is no parameter itself (repeatable)")
      ->allow_extra_args(false);
  app.add_option("--dump", dumps, "NAME=FILE.npy, writes a buffer afterwards")->allow_extra_args(false);
  app.add_option("--expect", expects, "NAME=FILE.npy, compares a buffer afterwards")->allow_extra_args(false);
  app.add_option("--rtol", o.rtol, "relative tolerance of --expect")->capture_default_str();
  app.add_option("--atol", o.atol, "absolute tolerance of --expect")->capture_default_str();
  app.add_option("--check", check,
                 "bounds,align,poison,races,global-races,async,divergence,deadlock; all; none");
  app.add_option("--seeds", o.seeds, "runs with so many schedules and copy delays")->capture_default_str();
  app.add_option("--seed", o.device.seed, "the first seed, to replay a finding")->capture_default_str();
  app.add_option("--schedule", schedule, "order or random: which warp runs first");
  app.add_option("--async", async, "late, early or random: when asynchronous copies land");
  app.add_option("--resident", o.device.resident, "blocks that run interleaved at most")
      ->capture_default_str();
  app.add_option("--threads", o.device.threads, "host threads (default all)");
  app.add_option("--limit", o.device.instructionLimit,
                 "thread instructions after which a kernel counts as stuck");
  app.add_option("--mutate", o.mutate,
                 "sync: removes one synchronization at a time, and says which are found");
  app.add_flag("--stats", o.stats, "prints instructions and time");
  app.add_flag("--json", o.json, "one JSON document on stdout");
  app.add_flag("--quiet", o.quiet, "prints findings and errors only");
  app.set_version_flag("--version", std::string("hone-sim ") + hone_version());
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &asked) {
    std::exit(app.exit(asked));
  } catch (const CLI::ParseError &wrong) {
    return invalid(wrong.what(), " (hone-sim --help)");
  }
  for (auto [text, flag, to] : {std::tuple(&grid, "--grid", &o.grid), std::tuple(&block, "--block", &o.block),
                                std::tuple(&cluster, "--cluster", &o.cluster)})
    if (!text->empty())
      if (Status status = readTriple(*text, flag, *to); !status.ok())
        return status;
  std::string device;
  auto add = [&](const char *key, const std::string &value) {
    if (!value.empty())
      device += (device.empty() ? "" : ",") + std::string(key) + value;
  };
  std::replace(check.begin(), check.end(), ',', '+');
  add("", target);
  add("check=", check);
  add("schedule=", schedule);
  add("async=", async);
  auto parsed = rt::sim::SimOptions::parse(device, o.device);
  if (!parsed.ok())
    return parsed.status();
  o.device = *parsed;
  o.targetGiven = !target.empty();
  if (o.seeds < 1 || o.device.resident < 1 || o.device.threads < 0)
    return invalid("expected --seeds and --resident of at least 1");
  if (!o.mutate.empty() && o.mutate != "sync")
    return invalid("--mutate: expected sync, got '", o.mutate, "'");
  for (auto [from, flag, to] :
       {std::tuple(&dumps, "--dump", &o.dumps), std::tuple(&expects, "--expect", &o.expects)})
    if (Status status = readPairs(*from, flag, *to); !status.ok())
      return status;
  return o;
}

} // namespace hone::simtool
