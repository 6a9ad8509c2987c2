// What a compression costs: the original and the compressed model run on samples, outputs compared.
#ifndef HONE_TOOLS_COMMON_ACCURACY_H
#define HONE_TOOLS_COMMON_ACCURACY_H
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hone {

/// Where samples come from. Empty: none.
struct SampleSources {
  std::string folder; // --calibrate: a sub-folder a sample, with NAME.npy for each input
  std::string tokens; // --eval-tokens: token ids [rows, length], each row on its own
  bool any() const { return !folder.empty() || !tokens.empty(); }
};

/// Of an output over all samples, against the original's.
struct OutputAccuracy {
  std::string name;
  double snr;      // dB: 10 log10(sum y^2 / sum (y - z)^2)
  double cosine;   // of all elements as one vector
  double maxError; // the largest |y - z|
};

/// Of a product whose weight changed, on the samples that its method learned from and with its inputs as they
/// were by then.
struct LayerAccuracy {
  std::string node;
  double snr; // dB, of its outputs
};

struct Accuracy {
  int64_t samples = 0;
  std::vector<OutputAccuracy> outputs;
  std::vector<LayerAccuracy> layers; // in order; of methods that learn
  /// Of language models, from the output [.., length, vocabulary]: exp of the mean negative log likelihood of
  /// each row's tokens but the first, and the share of places whose likeliest token is the original's.
  std::optional<double> perplexity[2], agreement;
  int64_t bytes[2] = {0, 0};  // of the files: original, compressed
  double seconds[2] = {0, 0}; // of running all samples

  void print(llvm::raw_ostream &out) const;
  llvm::json::Object json() const;
};

/// Why a budget is not met, empty when it is. `budget`: "cosine:0.999", "snr:30" (dB) or "ppl:+2%"; `isValid`
/// says whether it can be read at all, with the reason as the result.
std::string checkBudget(llvm::StringRef budget, const Accuracy *accuracy);

/// Runs both files on the first `most` samples. On failure `error` says why. `progress` hears of each sample.
std::optional<Accuracy> measureAccuracy(const std::string &original, const std::string &compressed,
                                        const SampleSources &sources, int threads, std::string &error,
                                        const std::function<void(size_t, size_t)> &progress,
                                        size_t most = SIZE_MAX);

} // namespace hone
#endif
