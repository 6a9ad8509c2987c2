// What ops compute and move at least, over the dimensions of the model: for choices, predictions and records.
#ifndef HONE_DIALECTS_HONE_COSTS_H
#define HONE_DIALECTS_HONE_COSTS_H
#include "dialects/hone/HoneDialect.h"
#include <map>
#include <string>

namespace mlir::hone {

/// Multiplications and additions of one op, without those in its regions.
DimExpr flopsOf(Operation *op, Shapes &shapes);
/// Of a tensor as its buffer holds it.
DimExpr bytesOf(Value tensor, Shapes &shapes);
/// Bytes that an op reads of an operand: all of it, or the rows that gathers pick. `inside`: what stands for
/// the operand in the region of a kernel, else the operand itself.
DimExpr bytesRead(OpOperand &operand, Value inside, Shapes &shapes);
/// All that an op (a kernel with its region) reads and writes, each once; nothing where a value is no tensor.
std::optional<DimExpr> bytesMoved(Operation *op, Shapes &shapes);

/// Numbers for sizes that only a run knows, to predict with.
class ExampleSizes {
public:
  static constexpr int64_t usual = 16; ///< of a dimension without a number of its own
  /// `named`: sizes of the model's dimensions by name.
  ExampleSizes(Shapes &shapes, std::map<std::string, int64_t> named)
      : shapes(shapes), named(std::move(named)) {}

  double of(const DimExpr &expr);

private:
  double ofSymbol(int symbol);

  Shapes &shapes;
  std::map<std::string, int64_t> named;
  std::map<int, double> known;
};

/// What a target does at best, a second, and what starting work costs it. From the target's facts.
struct Rates {
  double bytes, f32, f16; ///< of memory; flops of f32, and of 16-bit floats in sums of products
  double launch;          ///< seconds, for a kernel
  double link, latency;   ///< bytes from or to the host, and the seconds that a copy takes besides; GPUs only

  explicit Rates(TargetAttr target);
  /// Seconds of an op or kernel by itself: its bytes or its arithmetic, whichever takes longer.
  double seconds(double moved, double flops, bool isF16) const;
};

} // namespace mlir::hone
#endif
