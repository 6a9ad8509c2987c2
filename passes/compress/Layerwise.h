// The walk that passes with samples share: products in order, each with its weight and what its inputs are
// like.
#ifndef HONE_PASSES_COMPRESS_LAYERWISE_H
#define HONE_PASSES_COMPRESS_LAYERWISE_H
#include "mlir/IR/BuiltinOps.h"
#include "passes/compress/Calibration.h"
#include "passes/compress/Names.h"
#include "passes/compress/math/LowRank.h"

namespace hone {

/// A product whose weight is to change.
struct Layer {
  mlir::hone::QuantizableOpInterface op;
  mlir::hone::WeightOp weight;
  Matrix elements; ///< [outputs, inputs], however the weight lies
  const Eigen::MatrixXf *moments =
      nullptr; ///< X^T X of the inputs, [inputs, inputs]; null: no sample reaches them

  bool isReached = false; ///< by samples, which run the body of a function

  /// Whom a calibration is asked for.
  Calibration::Reader reader();
  bool isTurned() { return op.getGroupAxis() == 0; } ///< the weight lies as [inputs, outputs]
};

class Layerwise {
public:
  Layerwise(mlir::ModuleOp module, Calibration &calibration)
      : module(module), calibration(calibration), symbols(module) {}

  struct Selection {
    llvm::StringRef pass; ///< named in remarks and errors
    const NodeFilter &names;
    bool tables = false; ///< tables whose rows are picked, too
    bool wantsMoments = true;
    llvm::function_ref<std::string(mlir::hone::QuantizableOpInterface, mlir::hone::WeightOp)> refuses;
  };
  /// Calls `change` for each weight of f32 with two axes that is selected, in the order of the body: with
  /// what was changed in front showing in the moments. Refused weights are remarks.
  mlir::LogicalResult run(const Selection &selection,
                          llvm::function_ref<mlir::LogicalResult(Layer &)> change);

  /// Says what the layer's outputs on samples are when its weight is `changed` ([outputs, inputs]).
  void note(Layer &layer, const Matrix &changed);
  /// A new weight of these bytes, read in front of the op (or layer).
  mlir::FailureOr<mlir::Value> add(mlir::Operation *op, const llvm::Twine &name, mlir::RankedTensorType type,
                                   llvm::ArrayRef<char> bytes);
  mlir::FailureOr<mlir::Value> add(Layer &layer, const llvm::Twine &name, mlir::RankedTensorType type,
                                   llvm::ArrayRef<char> bytes) {
    return add(layer.op, name, type, bytes);
  }
  /// The weight of f32 that is read there; null when it is none.
  mlir::hone::WeightOp weightOf(mlir::Value value);
  mlir::FailureOr<std::vector<float>> elements(mlir::hone::WeightOp weight) {
    return calibration.elements(weight);
  }
  /// A new weight of f32 with these elements as they are.
  mlir::FailureOr<mlir::Value> addMatrix(Layer &layer, const llvm::Twine &name, const Matrix &elements);
  /// Operands of a product that, with `up` transposed, computes up * down * the layer's input: a product with
  /// `down` and the weight `up`. The layer is a hone.matmul.
  struct ThinOperands {
    mlir::Value inner, up;
  };
  mlir::FailureOr<ThinOperands> addThin(Layer &layer, const Factors &factors);

private:
  mlir::ModuleOp module;
  Calibration &calibration;
  mlir::SymbolTable symbols;
};

} // namespace hone
#endif
