// Runs two artifacts on the same samples, one sample at a time, and adds up what their outputs differ by.
#include "tools/common/Accuracy.h"
#include "tools/common/Runner.h"
#include "tools/common/Samples.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

namespace hone {
namespace {

int64_t countOf(const HoneTensor &tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor.rank; ++i)
    count *= tensor.dims[i];
  return count;
}

double elementOf(const HoneTensor &tensor, int64_t i) {
  return tensor.dtype == HONE_F32 ? static_cast<const float *>(tensor.data)[i]
                                  : hone_element(tensor.dtype, tensor.data, i);
}

struct Sums {
  double squares = 0, others = 0, products = 0, errors = 0, largest = 0;

  void add(const HoneTensor &want, const HoneTensor &got) {
    for (int64_t i = 0, count = countOf(want); i < count; ++i) {
      double y = elementOf(want, i), z = elementOf(got, i), error = std::abs(y - z);
      squares += y * y, others += z * z, products += y * z, errors += error * error;
      // NaN beside a number is an endless error, and stays one.
      largest = std::isnan(error) || error > largest ? error : largest;
    }
  }
  OutputAccuracy result(const char *name) const {
    return {name, errors == 0 ? INFINITY : 10 * std::log10(squares / errors),
            squares == 0 && others == 0 ? 1.0 : products / std::sqrt(squares * others), largest};
  }
};

/// Likelihoods of the tokens that follow, by each model.
struct Language {
  double loss[2] = {0, 0};
  int64_t predictions = 0, places = 0, agreed = 0;

  /// Logits [1, length, vocabulary] of a row. Returns why they are none.
  std::string add(const Sample &sample, const HoneTensor &want, const HoneTensor &got) {
    int64_t length = sample.tokens.size(), vocabulary = want.dims[want.rank - 1];
    for (int64_t at = 0; at < length; ++at) {
      int64_t best[2], next = at + 1 < length ? sample.tokens[at + 1] : -1;
      if (next >= vocabulary)
        return sample.name + ": token " + std::to_string(next) + " is outside the vocabulary of " +
               std::to_string(vocabulary);
      for (int side = 0; side < 2; ++side)
        loss[side] += rowLoss(side ? got : want, at * vocabulary, vocabulary, next, best[side]);
      agreed += best[0] == best[1];
      ++places;
      predictions += next >= 0;
    }
    return "";
  }

private:
  static double rowLoss(const HoneTensor &logits, int64_t from, int64_t count, int64_t next, int64_t &best) {
    best = 0;
    double largest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; ++i)
      if (double x = elementOf(logits, from + i); x > largest)
        largest = x, best = i;
    if (next < 0)
      return 0;
    for (int64_t i = 0; i < count; ++i)
      sum += std::exp(elementOf(logits, from + i) - largest);
    return largest + std::log(sum) - elementOf(logits, from + next);
  }
};

/// The output that scores a vocabulary at every place: [1, length, many].
std::optional<size_t> logitsOf(const Runner &runner, const Sample &sample) {
  for (size_t i = 0; i < hone_module_output_count(runner.module); ++i) {
    HoneTensor tensor = runner.output(i);
    if (tensor.rank == 3 && tensor.dims[0] == 1 && tensor.dims[1] == int64_t(sample.tokens.size()) &&
        tensor.dims[2] > 1)
      return i;
  }
  return std::nullopt;
}

} // namespace

std::optional<Accuracy> measureAccuracy(const std::string &original, const std::string &compressed,
                                        const SampleSources &sources, int threads, std::string &error,
                                        const std::function<void(size_t, size_t)> &progress, size_t most) {
  auto fail = [&](const std::string &why) {
    error = why;
    return std::nullopt;
  };
  Runner runners[2];
  if (!runners[0].open(original, threads) || !runners[1].open(compressed, threads))
    return fail(hone_error());
  std::vector<Sample> samples;
  if (!sources.folder.empty())
    samples = samplesOfFolder(sources.folder, runners[0].module, error);
  if (error.empty() && !sources.tokens.empty())
    for (Sample &sample : samplesOfTokens(sources.tokens, runners[0].module, error))
      samples.push_back(std::move(sample));
  if (!error.empty())
    return std::nullopt;

  samples.resize(std::min(samples.size(), most));
  std::vector<Sums> sums(hone_module_output_count(runners[0].module));
  Language language;
  Accuracy result;
  for (const Sample &sample : samples) {
    progress(result.samples++, samples.size());
    for (Runner &runner : runners)
      if (!runner.run(sample.inputs))
        return fail(sample.name + ": " + hone_error());
    for (size_t i = 0; i < sums.size(); ++i) {
      if (HoneTensor want = runners[0].output(i), got = runners[1].output(i); countOf(want) == countOf(got))
        sums[i].add(want, got);
      else
        return fail(sample.name + ": output '" + want.name + "' has other sizes after compression");
    }
    if (sample.tokens.empty())
      continue;
    auto logits = logitsOf(runners[0], sample);
    if (!logits)
      return fail(sources.tokens + ": the model has no output [1, length, vocabulary]");
    if (std::string why = language.add(sample, runners[0].output(*logits), runners[1].output(*logits));
        !why.empty())
      return fail(why);
  }
  for (size_t i = 0; i < sums.size(); ++i)
    result.outputs.push_back(sums[i].result(hone_module_output(runners[0].module, i)->name));
  for (int side = 0; side < 2; ++side) {
    uint64_t size = 0;
    llvm::sys::fs::file_size(side ? compressed : original, size);
    result.bytes[side] = size;
    result.seconds[side] = runners[side].seconds;
    if (language.predictions)
      result.perplexity[side] = std::exp(language.loss[side] / language.predictions);
  }
  if (language.places)
    result.agreement = double(language.agreed) / language.places;
  return result;
}

void Accuracy::print(llvm::raw_ostream &out) const {
  out << llvm::formatv("accuracy, {0} samples\n", samples);
  out << llvm::formatv("  {0,-40} {1,9} {2,10} {3,11}\n", "output", "SNR dB", "cosine", "max error");
  // Language models have a cache output for each layer: the worst of many is what matters.
  constexpr size_t most = 8;
  std::vector<OutputAccuracy> shown = outputs;
  if (shown.size() > most) {
    llvm::stable_sort(llvm::MutableArrayRef(shown).drop_front(),
                      [](const OutputAccuracy &a, const OutputAccuracy &b) { return a.snr < b.snr; });
    shown.resize(most);
  }
  for (const OutputAccuracy &o : shown)
    out << llvm::formatv("  {0,-40} {1,9:f1} {2,10:f6} {3,11}\n", o.name, o.snr, o.cosine,
                         llvm::format("%.4g", o.maxError));
  if (shown.size() < outputs.size())
    out << llvm::formatv("  (the first output and the worst of {0}; all are in --report)\n", outputs.size());
  if (!layers.empty()) {
    std::vector<LayerAccuracy> worst = layers;
    llvm::stable_sort(worst, [](const LayerAccuracy &a, const LayerAccuracy &b) { return a.snr < b.snr; });
    worst.resize(std::min<size_t>(worst.size(), 3));
    for (const LayerAccuracy &l : worst)
      out << llvm::formatv("  {0,-40} {1,9:f1}\n", l.node, l.snr);
    out << llvm::formatv("  (the worst of {0} layers, each by itself; all are in --report)\n", layers.size());
  }
  if (agreement)
    out << llvm::formatv("  perplexity {0:f3} -> {1:f3} ({2}), the same next token at {3:f1} % of places\n",
                         *perplexity[0], *perplexity[1],
                         llvm::format("%+.2f %%", 100 * (*perplexity[1] / *perplexity[0] - 1)),
                         100 * *agreement);
  out << llvm::formatv("  file {0:f1} -> {1:f1} MB, {2:f1} -> {3:f1} ms a sample\n", bytes[0] / 1e6,
                       bytes[1] / 1e6, 1e3 * seconds[0] / samples, 1e3 * seconds[1] / samples);
}

llvm::json::Object Accuracy::json() const {
  // JSON has no infinity: an output without an error has no ratio.
  auto number = [](double x) { return std::isfinite(x) ? llvm::json::Value(x) : llvm::json::Value(nullptr); };
  llvm::json::Array rows;
  for (const OutputAccuracy &o : outputs)
    rows.push_back(llvm::json::Object{{"output", o.name},
                                      {"snr_db", number(o.snr)},
                                      {"cosine", number(o.cosine)},
                                      {"max_error", number(o.maxError)}});
  auto sides = [](llvm::json::Value original, llvm::json::Value compressed) {
    return llvm::json::Object{{"original", std::move(original)}, {"compressed", std::move(compressed)}};
  };
  llvm::json::Object root{{"samples", samples},
                          {"outputs", std::move(rows)},
                          {"file_bytes", sides(bytes[0], bytes[1])},
                          {"seconds", sides(seconds[0], seconds[1])}};
  llvm::json::Array changed;
  for (const LayerAccuracy &l : layers)
    changed.push_back(llvm::json::Object{{"node", l.node}, {"snr_db", number(l.snr)}});
  if (!layers.empty())
    root["layers"] = std::move(changed);
  if (agreement) {
    root["perplexity"] = sides(number(*perplexity[0]), number(*perplexity[1]));
    root["token_agreement"] = *agreement;
  }
  return root;
}

std::string checkBudget(llvm::StringRef budget, const Accuracy *accuracy) {
  auto [metric, text] = budget.split(':');
  bool isRelative = metric == "ppl";
  llvm::StringRef digits = text;
  bool isShaped = !isRelative || (digits.consume_front("+") && digits.consume_back("%"));
  if (metric == "snr")
    digits.consume_back("dB");
  double limit;
  if ((metric != "cosine" && metric != "snr" && !isRelative) || !isShaped || digits.getAsDouble(limit))
    return ("--accuracy-budget=" + budget + ": expected cosine:0.999, snr:30dB or ppl:+2%").str();
  if (metric == "cosine" && !(limit > 0 && limit <= 1))
    return ("--accuracy-budget=" + budget + ": a cosine lies between 0 and 1").str();
  if (!accuracy)
    return "";
  std::string at = (" (--accuracy-budget=" + budget + ")").str();
  if (isRelative) {
    if (!accuracy->agreement)
      return "perplexity needs a token file: give --eval-tokens=FILE.npy" + at;
    double change = 100 * (*accuracy->perplexity[1] / *accuracy->perplexity[0] - 1);
    return change <= limit
               ? ""
               : llvm::formatv("perplexity grows by {0:f2} %, more than {1} %{2}", change, limit, at).str();
  }
  for (const OutputAccuracy &o : accuracy->outputs) {
    double value = metric == "snr" ? o.snr : o.cosine;
    if (!(value >= limit))
      return llvm::formatv("output '{0}' has a {1} of {2}, less than {3}{4}", o.name, metric, value, limit,
                           at)
          .str();
  }
  return "";
}

} // namespace hone
