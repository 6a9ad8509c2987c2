// An artifact, opened and run in this process.
#ifndef HONE_TOOLS_COMMON_RUNNER_H
#define HONE_TOOLS_COMMON_RUNNER_H
#include "runtime/api/hone.h"
#include <chrono>
#include <string>
#include <vector>

namespace hone {

class Runner {
public:
  Runner() = default;
  Runner(const Runner &) = delete;
  ~Runner() {
    hone_context_destroy(context);
    hone_module_close(module);
  }

  /// Of a file that was written a moment ago: checksums are not compared. False: hone_error() says why.
  bool open(const std::string &path, int threads) {
    HoneModuleOptions options{};
    options.threads = threads;
    options.skip_verification = 1;
    return hone_module_open(path.c_str(), &options, &module) == HONE_OK &&
           hone_context_create(module, &context) == HONE_OK;
  }
  bool run(const std::vector<HoneTensor> &inputs) {
    auto start = std::chrono::steady_clock::now();
    bool ok = hone_run(context, inputs.data(), inputs.size()) == HONE_OK;
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return ok;
  }
  /// Of the last run; its data lives until the next.
  HoneTensor output(size_t i) const {
    HoneTensor tensor{};
    hone_output(context, i, &tensor);
    return tensor;
  }

  HoneModule *module = nullptr;
  HoneContext *context = nullptr;
  double seconds = 0; // of all runs
};

} // namespace hone
#endif
