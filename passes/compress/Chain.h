// What stands between products: ops whose last axis can lose elements together.
#ifndef HONE_PASSES_COMPRESS_CHAIN_H
#define HONE_PASSES_COMPRESS_CHAIN_H
#include "passes/compress/Layerwise.h"
#include "llvm/ADT/SetVector.h"

namespace hone {

/// From a value back to the products with a weight that give its last axis: elementwise ops (activations, a
/// gate, a bias) and, in front of attention, rotary embeddings and slices of one product for query, key and
/// value.
class Chain {
public:
  Chain(Layerwise &layers, bool hasHeads) : layers(layers), hasHeads(hasHeads) {}

  /// Takes in what gives `value`, whose last axis is to shrink. Empty, or why it can't.
  std::string add(mlir::Value value);
  /// Empty, or who else than `reader` reads what was taken in.
  std::string readOnlyBy(mlir::Operation *reader) const;

  /// Multiplies scores of the last axis of `value` by how large the weights are that give each element.
  mlir::LogicalResult scale(mlir::Value value, Eigen::VectorXd &scores);
  /// Of the last axis of `value` only these elements stay, in `heads` heads (where there are heads).
  mlir::LogicalResult shrink(mlir::Value value, llvm::ArrayRef<int64_t> kept, int64_t heads);

private:
  /// A product's weight, and which of its columns give a value: all, or a slice.
  struct Source {
    mlir::hone::MatmulOp product;
    int64_t first = 0;
  };
  Source sourceOf(mlir::Value value) const;
  bool isBroadcast(mlir::Value operand) const;

  Layerwise &layers;
  bool hasHeads;
  llvm::SetVector<mlir::Operation *> ops;
};

} // namespace hone
#endif
