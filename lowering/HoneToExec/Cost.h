// What a call computes and reads, for the record in the artifact: hone-run measures the machine and says how
// much of it a run uses.
#ifndef HONE_LOWERING_HONETOEXEC_COST_H
#define HONE_LOWERING_HONETOEXEC_COST_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hone {

/// Formulas over the names of the model's dimensions, with + - * // and brackets.
struct CallCost {
  std::string flops;       ///< multiplications and additions; empty: has no formula
  std::string weightBytes; ///< of weights read; empty: has no formula
  std::string bytes;       ///< of all that is read and written, each once; empty: has no formula
  std::string arithmetic;  ///< of most flops: "f32", on GPUs "f16" for tensor cores, or "i16", "i8" for
                           ///< products of quantized activations
};

/// The cost of a kernel region or library op of `main`.
CallCost costOf(mlir::Operation *op, mlir::func::FuncOp main, mlir::hone::Shapes &shapes);

} // namespace hone
#endif
