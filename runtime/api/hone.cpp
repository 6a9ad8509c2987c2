// The C interface: converts types, keeps the thread's last message, and lets no exception out.
#include "runtime/api/hone.h"
#include "runtime/api/Guard.h"
#include "runtime/context/Context.h"
#include <algorithm>
#include <cstddef>

using namespace hone::rt;

static thread_local std::string lastError;

HoneStatus hone::rt::report(const Status &status) {
  if (status.ok())
    return HONE_OK;
  try {
    lastError = status.message;
  } catch (...) {
    lastError.clear();
  }
  return static_cast<HoneStatus>(status.code);
}

/// The signature in the form of the C interface; its pointers lead into the module.
struct Tensors {
  explicit Tensors(const std::vector<TensorSpec> &specs) {
    for (const TensorSpec &spec : specs) {
      std::vector<HoneDimInfo> &row = dims.emplace_back();
      for (const DimSpec &dim : spec.dims)
        row.push_back({dim.fixed ? nullptr : dim.name.c_str(), dim.min, dim.max});
      infos.push_back(
          {spec.name.c_str(), static_cast<HoneDType>(spec.dtype), static_cast<int>(row.size()), row.data()});
    }
  }
  std::vector<std::vector<HoneDimInfo>> dims; // moving a row keeps its data in place
  std::vector<HoneTensorInfo> infos;
};

struct HoneModule {
  explicit HoneModule(std::shared_ptr<Module> opened)
      : module(std::move(opened)), inputs(module->metadata().inputs), outputs(module->metadata().outputs) {}
  std::shared_ptr<Module> module;
  Tensors inputs, outputs;
};

struct HoneContext {
  std::unique_ptr<Context> context;
  std::vector<TensorView> views; // of the run's inputs; kept so that a run allocates nothing
};

const char *hone_version(void) { return HONE_VERSION_TEXT; }
const char *hone_error(void) { return lastError.c_str(); }

const char *hone_dtype_name(HoneDType dtype) {
  const DTypeInfo *info = findDType(dtype);
  return info ? info->name : nullptr;
}

int64_t hone_tensor_bytes(const HoneTensor *tensor) {
  if (!tensor || !findDType(tensor->dtype) || tensor->rank < 0 || tensor->rank > HONE_MAX_RANK)
    return -1;
  return byteCount(static_cast<DType>(tensor->dtype), tensor->dims, tensor->rank).value_or(-1);
}

HoneStatus hone_module_open(const char *path, const HoneModuleOptions *options, HoneModule **module) {
  return guarded([&]() -> Status {
    if (!path || !module)
      return invalid("hone_module_open: expected a path and a place for the module, got null");
    *module = nullptr;
    ModuleOptions given;
    if (options) {
      if (options->threads < 0 || options->threads > 1024)
        return invalid("expected 0 to 1024 threads, got ", options->threads);
      given.threads = options->threads;
      given.pin = options->pin != 0;
      given.verify = options->skip_verification == 0;
      given.device = options->device ? options->device : "";
      given.check = options->check ? options->check : "";
    }
    Result<std::shared_ptr<Module>> opened = Module::open(path, given);
    if (!opened.ok())
      return opened.status();
    *module = new HoneModule(std::move(*opened));
    return {};
  });
}

void hone_module_close(HoneModule *module) { delete module; }
size_t hone_module_input_count(const HoneModule *module) { return module->inputs.infos.size(); }
size_t hone_module_output_count(const HoneModule *module) { return module->outputs.infos.size(); }

const HoneTensorInfo *hone_module_input(const HoneModule *module, size_t index) {
  return index < module->inputs.infos.size() ? &module->inputs.infos[index] : nullptr;
}

const HoneTensorInfo *hone_module_output(const HoneModule *module, size_t index) {
  return index < module->outputs.infos.size() ? &module->outputs.infos[index] : nullptr;
}

const char *hone_module_metadata(const HoneModule *module) { return module->module->metadata().json.c_str(); }

const char *hone_module_device(const HoneModule *module) {
  const DeviceProgram *program = module->module->program();
  return program ? program->description().c_str() : "host";
}

HoneStatus hone_context_create(HoneModule *module, HoneContext **context) {
  return guarded([&]() -> Status {
    if (!module || !context)
      return invalid("hone_context_create: expected a module and a place for the context, got null");
    *context = nullptr;
    Result<std::unique_ptr<Context>> made = Context::create(module->module);
    if (!made.ok())
      return made.status();
    *context = new HoneContext{std::move(*made), {}};
    return {};
  });
}

void hone_context_destroy(HoneContext *context) { delete context; }

HoneStatus hone_run(HoneContext *context, const HoneTensor *inputs, size_t count) {
  return guarded([&]() -> Status {
    if (!context || (!inputs && count))
      return invalid("hone_run: expected a context and inputs, got null");
    context->views.clear();
    for (size_t i = 0; i < count; ++i) {
      const HoneTensor &t = inputs[i];
      context->views.push_back({t.name, static_cast<DType>(t.dtype), t.rank, t.dims, t.data});
    }
    return context->context->run(context->views);
  });
}

HoneStatus hone_output(const HoneContext *context, size_t index, HoneTensor *output) {
  return guarded([&]() -> Status {
    if (!context || !output)
      return invalid("hone_output: expected a context and a place for the output, got null");
    const std::vector<TensorSpec> &specs = context->context->module().metadata().outputs;
    if (index >= specs.size())
      return invalid("expected an output below ", specs.size(), ", got ", index);
    const HoneTensorRef *ref = context->context->output(index);
    if (!ref)
      return invalid("there is no output: the last run failed, or there was none");
    const TensorSpec &spec = specs[index];
    *output = {spec.name.c_str(),
               static_cast<HoneDType>(spec.dtype),
               static_cast<int>(spec.dims.size()),
               {},
               ref->data};
    std::copy(ref->dims, ref->dims + spec.dims.size(), output->dims);
    return {};
  });
}

void hone_context_profile(HoneContext *context, int on) { context->context->setProfiling(on != 0); }

const HoneSlice *hone_context_slices(const HoneContext *context, size_t *count) {
  static_assert(sizeof(HoneSlice) == sizeof(Slice) && offsetof(HoneSlice, end_ns) == offsetof(Slice, end));
  std::span<const Slice> slices = context->context->slices();
  *count = slices.size();
  return reinterpret_cast<const HoneSlice *>(slices.data());
}

void hone_context_stats(const HoneContext *context, HoneStats *stats) {
  const Context &c = *context->context;
  *stats = {c.arenaBytes(), c.arenaPeak(), c.memoryRequests()};
}
