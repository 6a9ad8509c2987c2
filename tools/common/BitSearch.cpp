// Candidates are made from the module at 4 bits: the weights as they were are still in it.
#include "tools/common/BitSearch.h"
#include "dialects/hone/HoneDialect.h"
#include "mlir/Pass/PassManager.h"
#include "passes/compress/Passes.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <map>
#include <numeric>

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr size_t fewSamples = 8;

/// A product whose weight was rounded, and the name of the weight as it was.
struct Product {
  QuantizableOpInterface op;
  std::string weight, node;
};

std::vector<Product> productsOf(ModuleOp module) {
  std::string suffix = learnedSuffix(4);
  std::vector<Product> products;
  module.walk([&](QuantizableOpInterface op) {
    auto rounded = op.getWeightOperand().get().getDefiningOp<DequantizeOp>();
    auto numbers = rounded ? rounded.getInput().getDefiningOp<GetWeightOp>() : GetWeightOp();
    if (!numbers || !numbers.getWeight().ends_with(suffix))
      return;
    auto name = dyn_cast<NameLoc>(op->getLoc());
    products.push_back({op, numbers.getWeight().drop_back(suffix.size()).str(),
                        name ? name.getName().str() : std::string("(no name)")});
  });
  return products;
}

/// A pattern that only this name matches.
std::string exactly(StringRef name) {
  std::string pattern;
  for (char c : name)
    pattern += (StringRef("*?[]{}\\").contains(c) ? "\\" : "") + std::string(1, c);
  return pattern;
}

} // namespace

BitSearch::BitSearch(ModuleOp original, ModuleOp narrow, const std::vector<LayerAccuracy> &layers,
                     BitSearchSetup given)
    : original(original), narrow(narrow), setup(std::move(given)) {
  std::map<std::string, double> snr;
  for (const LayerAccuracy &layer : layers)
    snr.emplace(layer.node, layer.snr);
  std::vector<Product> products = productsOf(narrow);
  order.resize(products.size());
  std::iota(order.begin(), order.end(), 0);
  auto quality = [&](size_t i) { // samples reach what they know; the others change last
    auto known = snr.find(products[i].node);
    return known == snr.end() ? INFINITY : known->second;
  };
  llvm::stable_sort(order, [&](size_t a, size_t b) { return quality(a) < quality(b); });
}

OwningOpRef<ModuleOp> BitSearch::at(size_t level) {
  OwningOpRef<ModuleOp> module = narrow.clone();
  std::vector<Product> products = productsOf(*module);
  size_t wide = std::min(level, order.size()), dense = level - wide;
  QuantizeWeightsOptions options;
  options.bits = 8, options.group = 0;
  for (size_t i = 0; i < wide; ++i) {
    Product &product = products[order[i]];
    OpBuilder b(product.op);
    Type type = product.op.getWeightOperand().get().getType();
    product.op.getWeightOperand().set(GetWeightOp::create(b, product.op->getLoc(), type, product.weight));
    if (i >= dense)
      options.only.push_back(exactly(product.node));
  }
  PassManager pm(module->getContext());
  pm.addPass(createQuantizeWeights(options));
  if (!options.only.empty() && failed(pm.run(*module)))
    return nullptr;
  return module;
}

bool BitSearch::measure(size_t level, size_t samples, std::vector<SearchPoint> &points, std::string &error) {
  std::string files[] = {setup.folder + "/original.hone", setup.folder + "/candidate.hone"};
  OwningOpRef<ModuleOp> copy = hasOriginal ? OwningOpRef<ModuleOp>() : original.clone(), module = at(level);
  if (!module || (copy && !setup.write(*copy, files[0])) || !setup.write(*module, files[1]))
    return false;
  hasOriginal = true;
  auto accuracy = measureAccuracy(
      files[0], files[1], setup.sources, setup.threads, error,
      [&](size_t done, size_t all) { setup.progress("sample", done, all); }, samples);
  if (!accuracy)
    return false;
  size_t wide = std::min(level, order.size()), dense = level - wide;
  points.push_back(
      {wide - dense, dense, checkBudget(setup.budget, &*accuracy).empty(), std::move(*accuracy)});
  return true;
}

OwningOpRef<ModuleOp> BitSearch::run(std::vector<SearchPoint> &points, std::string &error) {
  // Below `low` nothing is within; the whole model as it was, at the end, is.
  size_t low = 0, high = 2 * order.size();
  for (size_t level = 0; low < high; level = (low + high) / 2) {
    setup.progress("candidate", points.size(), 0);
    if (!measure(level, fewSamples, points, error))
      return nullptr;
    if (points.back().isWithin)
      high = level;
    else
      low = level + 1;
  }
  for (size_t level = high;;
       level = std::min(level + std::max<size_t>(order.size() / 16, 1), 2 * order.size())) {
    if (!measure(level, SIZE_MAX, points, error))
      return nullptr;
    if (points.back().isWithin || level == 2 * order.size())
      return at(level);
  }
}

void SearchPoint::print(llvm::raw_ostream &out) const {
  out << llvm::formatv("tried {0,4} products at 8 bits, {1,4} dense: {2,6:f1} MB, ", wide, dense,
                       accuracy.bytes[1] / 1e6);
  double cosine = 1, snr = INFINITY;
  for (const OutputAccuracy &o : accuracy.outputs)
    cosine = std::min(cosine, o.cosine), snr = std::min(snr, o.snr);
  if (accuracy.agreement)
    out << llvm::formatv("perplexity {0:f3} -> {1:f3}", *accuracy.perplexity[0], *accuracy.perplexity[1]);
  else
    out << llvm::formatv("worst output {0:f1} dB, cosine {1:f6}", snr, cosine);
  out << llvm::formatv(" ({0} samples){1}\n", accuracy.samples, isWithin ? "" : ": too much");
}

llvm::json::Array searchJson(const std::vector<SearchPoint> &points) {
  llvm::json::Array rows;
  for (const SearchPoint &point : points) {
    llvm::json::Object row = point.accuracy.json();
    row["products_of_8_bits"] = point.wide;
    row["dense_products"] = point.dense;
    row["within_budget"] = point.isWithin;
    rows.push_back(std::move(row));
  }
  return rows;
}

} // namespace hone
