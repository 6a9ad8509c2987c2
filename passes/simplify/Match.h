// Small matchers for raising: constants by value, commutative operands; how a near miss is reported.
#ifndef HONE_PASSES_SIMPLIFY_MATCH_H
#define HONE_PASSES_SIMPLIFY_MATCH_H
#include "dialects/hone/HoneDialect.h"
#include <cmath>
#include <optional>

namespace hone {

/// The number that a splat or one-element float constant holds.
inline std::optional<double> floatConstant(mlir::Value value) {
  auto op = value.getDefiningOp<mlir::hone::ConstantOp>();
  auto elements = op ? mlir::dyn_cast<mlir::DenseFPElementsAttr>(op.getValue()) : mlir::DenseFPElementsAttr();
  if (!elements || !elements.isSplat())
    return std::nullopt;
  return elements.getSplatValue<mlir::APFloat>().convertToDouble();
}

inline bool isFloat(mlir::Value value, double expected) {
  auto constant = floatConstant(value);
  return constant && std::abs(*constant - expected) <= 1e-3 * std::abs(expected);
}

/// Says why something that looks like the composite op `pattern` is none; --explain lists these.
inline void reportMiss(mlir::Operation *op, llvm::StringRef pattern, const llvm::Twine &why) {
  op->emitRemark(pattern) << " not raised: " << why;
}

/// For a commutative op of class Op: calls `match(a, b)` with both orders of its operands until one is
/// accepted.
template <typename Op, typename Fn>
bool eitherOrder(mlir::Value value, Fn &&match) {
  auto op = value.getDefiningOp<Op>();
  return op && (match(op->getOperand(0), op->getOperand(1)) || match(op->getOperand(1), op->getOperand(0)));
}

/// `value` = x * c or x / c for a constant c: x and the factor. (x, 1) when it is neither.
inline std::pair<mlir::Value, double> stripScale(mlir::Value value) {
  double scale = 1;
  for (;;) {
    mlir::Value rest;
    double factor = 1;
    eitherOrder<mlir::hone::MulOp>(value, [&](mlir::Value x, mlir::Value c) {
      auto constant = floatConstant(c);
      if (constant) {
        rest = x;
        factor = *constant;
      }
      return bool(constant);
    });
    if (auto div = value.getDefiningOp<mlir::hone::DivOp>())
      if (auto constant = floatConstant(div.getRhs()); constant && *constant != 0) {
        rest = div.getLhs();
        factor = 1 / *constant;
      }
    // The scaled tensor must have the product's shape: the constant must not broadcast it.
    if (!rest || rest.getType() != value.getType())
      return {value, scale};
    value = rest;
    scale *= factor;
  }
}

} // namespace hone
#endif
