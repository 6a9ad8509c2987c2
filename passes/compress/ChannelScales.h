// Channels between a producer and the products that read it, scaled without changing what the graph computes.
#ifndef HONE_PASSES_COMPRESS_CHANNELSCALES_H
#define HONE_PASSES_COMPRESS_CHANNELSCALES_H
#include "passes/compress/Layerwise.h"
#include "llvm/ADT/MapVector.h"

namespace hone {

/// Collects scales, then changes the graph once: samples that were run on the way stay right.
class ChannelScales {
public:
  ChannelScales(Layerwise &layers, llvm::StringRef pass) : layers(layers), pass(pass) {}

  /// `x` is divided by `scales`, an entry a channel of its last axis, and the weights of `readers`, products
  /// that read it, are multiplied. The division goes into weights in front of x where nobody else would
  /// notice: of a norm, a bias, a vector that is multiplied, or the columns of a product. Else it is a
  /// multiplication in front of the readers. Remarks say which.
  mlir::LogicalResult scale(mlir::Value x, llvm::ArrayRef<mlir::hone::QuantizableOpInterface> readers,
                            const Eigen::RowVectorXf &scales);
  /// Writes the weights that change.
  mlir::LogicalResult finish();

private:
  /// What a weight is multiplied by along each of its axes; empty: by nothing.
  using Factors = std::array<Eigen::RowVectorXf, 2>;

  bool findProducers(mlir::Value x, int64_t channels,
                     llvm::SmallVector<std::pair<mlir::OpOperand *, int>> &found);
  void multiply(mlir::OpOperand &weight, int axis, const Eigen::RowVectorXf &by);
  mlir::FailureOr<mlir::Value> vectorOf(mlir::Operation *at, const llvm::Twine &name,
                                        const Eigen::RowVectorXf &elements);

  Layerwise &layers;
  llvm::StringRef pass;
  llvm::MapVector<mlir::OpOperand *, Factors> changes;
  int made = 0; // multiplications
};

} // namespace hone
#endif
