// An opened model with the tensors of one invocation.
#ifndef HONE_TOOLS_HONE_RUN_SESSION_H
#define HONE_TOOLS_HONE_RUN_SESSION_H
#include "runtime/api/hone.h"
#include "tools/hone-run/Options.h"
#include <memory>

namespace hone::run {

struct FreeModule {
  void operator()(HoneModule *module) const { hone_module_close(module); }
};
struct FreeContext {
  void operator()(HoneContext *context) const { hone_context_destroy(context); }
};
struct FreeBytes {
  void operator()(void *bytes) const { free(bytes); }
};

/// A tensor with its own memory. `view.name` is not set for files that are only compared.
struct OwnedTensor {
  HoneTensor view{};
  std::unique_ptr<void, FreeBytes> memory;
};

class Session {
public:
  /// Opens the file; throws Exit.
  explicit Session(const Options &options);
  /// Loads and makes the inputs; throws Exit. Then `run` may be called.
  void prepare();
  /// One run; throws Exit.
  void run();
  /// Output `index` of the last run.
  HoneTensor output(size_t index) const;
  /// Number of the output; throws Exit when there is none of that name.
  size_t findOutput(const std::string &name) const;
  /// Gives outputs to the inputs that --feed names, for the next run.
  void feed();

  HoneModule *module() const { return opened.get(); }
  HoneContext *context() const { return made.get(); }
  /// The tensors that the next run gets.
  const std::vector<HoneTensor> &given() const { return views; }
  /// How many threads a run uses, and the cores that they are pinned to, in this order.
  int threads() const { return options.threads.value_or(static_cast<int>(cores.size())); }
  const std::vector<int> &allowedCores() const { return cores; }
  size_t outputCount() const { return hone_module_output_count(opened.get()); }
  const Options &options;

private:
  void loadInput(const Pair &given);

  std::vector<int> cores; // as they were before the runtime pinned the caller
  std::unique_ptr<HoneModule, FreeModule> opened;
  std::unique_ptr<HoneContext, FreeContext> made;
  std::vector<OwnedTensor> inputs;
  std::vector<HoneTensor> views;                // what the next run gets
  std::vector<std::pair<size_t, size_t>> feeds; // output, view
};

/// Throws Exit with hone_error() unless `status` is HONE_OK.
void check(HoneStatus status);
/// A .npy file as a tensor of the wanted element type (uint16 is taken for bf16); throws Exit.
OwnedTensor readTensor(const std::string &path, HoneDType wanted);
/// Inputs of the signature that `views` lacks, filled with plausible values; throws Exit.
std::vector<OwnedTensor> randomInputs(const HoneModule *module, const std::vector<HoneTensor> &views,
                                      const Options &options);
/// "f32 [1, 2]"
std::string describe(const HoneTensor &tensor);
std::string describe(const HoneTensorInfo &tensor);

} // namespace hone::run
#endif
