// Opens the model, gathers its inputs, runs it, feeds outputs back.
#include "tools/hone-run/Session.h"
#include "runtime/api/npy.h"
#include <sched.h>

namespace hone::run {

void check(HoneStatus status) {
  if (status != HONE_OK)
    throw Exit{status, hone_error()};
}

OwnedTensor readTensor(const std::string &path, HoneDType wanted) {
  OwnedTensor tensor;
  check(hone_npy_read(path.c_str(), &tensor.view));
  tensor.memory.reset(const_cast<void *>(tensor.view.data));
  if (tensor.view.dtype == HONE_U16 && wanted == HONE_BF16)
    tensor.view.dtype = HONE_BF16;
  return tensor;
}

std::string describe(const HoneTensor &tensor) {
  std::string out = hone_dtype_name(tensor.dtype);
  out += " [";
  for (int i = 0; i < tensor.rank; ++i)
    out += (i ? ", " : "") + std::to_string(tensor.dims[i]);
  return out + "]";
}

std::string describe(const HoneTensorInfo &tensor) {
  std::string out = hone_dtype_name(tensor.dtype);
  out += " [";
  for (int i = 0; i < tensor.rank; ++i) {
    const HoneDimInfo &dim = tensor.dims[i];
    out += i ? ", " : "";
    out += !dim.name ? std::to_string(dim.min) : *dim.name ? dim.name : "?";
  }
  return out + "]";
}

static std::vector<int> coresOfThisProcess() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &allowed))
        cores.push_back(core);
  return cores.empty() ? std::vector<int>{0} : cores;
}

Session::Session(const Options &options) : options(options), cores(coresOfThisProcess()) {
  HoneModuleOptions given{};
  given.threads = options.threads.value_or(0);
  given.pin = options.threads.has_value();
  given.skip_verification = options.skipVerification;
  given.device = options.device.empty() ? nullptr : options.device.c_str();
  given.check = options.check.empty() ? nullptr : options.check.c_str();
  HoneModule *module = nullptr;
  check(hone_module_open(options.file.c_str(), &given, &module));
  opened.reset(module);
}

void Session::loadInput(const Pair &given) {
  HoneDType wanted = HONE_F32;
  const HoneTensorInfo *known = nullptr;
  for (size_t i = 0; const HoneTensorInfo *info = hone_module_input(module(), i); ++i)
    if (info->name == given.first) {
      wanted = info->dtype;
      known = info;
    }
  OwnedTensor tensor = readTensor(given.second, wanted);
  // An unknown name keeps the user's text alive, so that the runtime's message can name it.
  tensor.view.name = known ? known->name : given.first.c_str();
  views.push_back(tensor.view);
  inputs.push_back(std::move(tensor));
}

void Session::prepare() {
  for (const Pair &given : options.inputs)
    loadInput(given);
  if (options.randomSeed)
    for (OwnedTensor &tensor : randomInputs(module(), views, options)) {
      views.push_back(tensor.view);
      inputs.push_back(std::move(tensor));
    }
  for (const auto &[from, to] : options.feeds) {
    size_t output = findOutput(from), view = 0;
    while (view < views.size() && to != views[view].name)
      ++view;
    if (view == views.size())
      fail("--feed: input '", to, "' does not exist or is not given for the first run");
    feeds.emplace_back(output, view);
  }
  HoneContext *context = nullptr;
  check(hone_context_create(module(), &context));
  made.reset(context);
}

void Session::run() { check(hone_run(context(), views.data(), views.size())); }

HoneTensor Session::output(size_t index) const {
  HoneTensor tensor;
  check(hone_output(context(), index, &tensor));
  return tensor;
}

size_t Session::findOutput(const std::string &name) const {
  std::string known;
  for (size_t i = 0; const HoneTensorInfo *info = hone_module_output(module(), i); ++i) {
    if (name == info->name)
      return i;
    known += (i ? ", '" : "'") + std::string(info->name) + "'";
  }
  fail("output '", name, "' does not exist; the outputs are ", known);
}

void Session::feed() {
  for (auto [from, to] : feeds) {
    const char *name = views[to].name;
    views[to] = output(from);
    views[to].name = name;
  }
}

} // namespace hone::run
