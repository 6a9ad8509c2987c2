// Runs a module: binds inputs, calls the entry, and serves its callbacks. After warm-up a run
// asks the system for nothing.
#include "runtime/context/Context.h"
#include "runtime/library/Library.h"
#include <ctime>

namespace hone::rt {

static constexpr int64_t worthSplitting =
    1000; // ns of work below which waking the workers costs more than it gains

Context::Context(std::shared_ptr<Module> module)
    : code(std::move(module)), inputRefs(code->metadata().inputs.size()),
      outputRefs(code->metadata().outputs.size()), symbols(code->metadata().symbols.size()),
      outputs(outputRefs.size()), spares(outputRefs.size()) {
  static_cast<HoneRuntime &>(interface) = {
      HONE_ABI_VERSION,      static_cast<uint32_t>(code->options().threads),
      code->weights(),       &Context::alloc,
      &Context::release,     &Context::outputMemory,
      &Context::dispatch,    &Context::library,
      &Context::fail,        nullptr,
      &Context::deviceAlloc, &Context::deviceRelease,
      &Context::transfer,    &Context::launch};
  interface.context = this;
  if (DeviceProgram *program = code->program()) {
    interface.deviceWeights = reinterpret_cast<void *>(program->weights());
    deviceArena = std::make_unique<DeviceArena>(program->device(), program->isSimulator());
  }
}

Result<std::unique_ptr<Context>> Context::create(std::shared_ptr<Module> module) {
  if (Status status = module->openDevice(); !status.ok())
    return status;
  const ModuleOptions &options = module->options();
  Result<std::unique_ptr<Pool>> pool = Pool::create(options.threads, options.pin);
  if (!pool.ok())
    return pool.status();
  std::unique_ptr<Context> context(new Context(std::move(module)));
  context->pool = std::move(*pool);
  return context;
}

Status Context::run(std::span<const TensorView> inputs) {
  if (running.exchange(true, std::memory_order_acquire))
    return invalid(code->path(), ": the context is running in another thread: make one for each thread");
  complete = false;
  Status status = bind(inputs);
  if (status.ok())
    status = execute();
  else
    status.message = code->path() + ": " + status.message;
  complete = status.ok();
  running.store(false, std::memory_order_release);
  return status;
}

Context::~Context() {
  if (!deviceArena)
    return;
  std::lock_guard<std::mutex> turn(code->program()->turn);
  deviceArena.reset();
}

/// An output may be fed as an input of the next run: its memory is then set aside while that run writes.
void Context::keepFedOutputs() {
  for (size_t i = 0; i < outputs.size(); ++i)
    for (const HoneTensorRef &input : inputRefs)
      if (outputs[i].holds(input.data)) {
        outputs[i].swap(spares[i]);
        break;
      }
}

Status Context::execute() {
  keepFedOutputs();
  arena.reset();
  problem.clear();
  profile.clear();
  for (HoneTensorRef &ref : outputRefs)
    ref = {};
  if (profiling)
    began = now();
  std::unique_lock<std::mutex> turn;
  if (deviceArena) {
    turn = std::unique_lock<std::mutex>(code->program()->turn);
    deviceArena->reset();
  }
  pool->begin();
  int32_t answer = code->entry()(&interface, inputRefs.data(), outputRefs.data());
  pool->end();
  if (Status status = finishDevice(); !status.ok() && problem.empty())
    return status;
  if (!problem.empty())
    return {Status::Invalid, problem};
  if (answer != 0)
    return {Status::Internal, text(code->path(), ": the code failed with ", answer, " and gave no reason")};
  const Metadata &meta = code->metadata();
  for (size_t i = 0; i < outputRefs.size(); ++i) {
    const TensorSpec &spec = meta.outputs[i];
    std::optional<int64_t> bytes =
        byteCount(spec.dtype, outputRefs[i].dims, static_cast<int>(spec.dims.size()));
    if (!bytes || (*bytes && !outputRefs[i].data))
      return {Status::Internal, text(code->path(), ": the code gave no output '", spec.name, "'")};
  }
  return {};
}

const HoneTensorRef *Context::output(size_t index) const {
  return complete && index < outputRefs.size() ? &outputRefs[index] : nullptr;
}

int64_t Context::now() const {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

void Context::remember(int32_t op, int64_t start, int64_t end) {
  try {
    profile.push_back({op, start - began, end - began});
  } catch (...) {
    // A profile with a hole is better than no result.
  }
}

void *Context::alloc(HoneRuntime *runtime, int64_t bytes) {
  Context &self = of(runtime);
  void *block = self.arena.allocate(bytes);
  if (!block)
    self.record(-1, self.arena.problem());
  return block;
}

void Context::release(HoneRuntime *runtime, void *block) {
  Context &self = of(runtime);
  if (!self.arena.release(block))
    self.record(-1, "the code released memory that is not in use");
}

void *Context::outputMemory(HoneRuntime *runtime, int32_t index, int64_t bytes) {
  Context &self = of(runtime);
  if (index < 0 || static_cast<size_t>(index) >= self.outputs.size()) {
    self.record(-1, "the code asked for an output that does not exist");
    return nullptr;
  }
  uint8_t *memory = self.outputs[static_cast<size_t>(index)].ensure(bytes, self.requests);
  if (!memory)
    self.record(-1, "out of memory: asked for ", bytes, " bytes for output '",
                self.code->metadata().outputs[static_cast<size_t>(index)].name, "'");
  return memory;
}

void Context::dispatch(HoneRuntime *runtime, HoneKernel kernel, const void *args, int64_t units, int64_t cost,
                       int64_t scratchBytes, int32_t op) {
  Context &self = of(runtime);
  if (units <= 0 || !self.problem.empty())
    return;
  if (!self.pool->ensureScratch(scratchBytes, self.requests))
    return self.record(op, "out of memory: asked for ", scratchBytes, " bytes for each worker");
  int64_t start = self.profiling ? self.now() : 0, work;
  bool split = self.pool->threads() > 1 && units > 1 &&
               (__builtin_mul_overflow(units, cost, &work) || work > worthSplitting);
  if (split)
    self.pool->run(kernel, args, units);
  else
    self.pool->runAlone(kernel, args, units);
  if (self.profiling)
    self.remember(op, start, self.now());
}

int32_t Context::library(HoneRuntime *runtime, int32_t function, HoneTensorRef *tensors,
                         const int64_t *params, int32_t op) {
  Context &self = of(runtime);
  if (!self.problem.empty())
    return 1;
  int64_t start = self.profiling ? self.now() : 0;
  int32_t answer = callLibrary(runtime, function, tensors, params, op);
  if (self.profiling)
    self.remember(op, start, self.now());
  return answer;
}

int32_t Context::fail(HoneRuntime *runtime, const char *message, int32_t op) {
  of(runtime).record(op, message && *message ? message : "the run failed");
  return 1;
}

} // namespace hone::rt
