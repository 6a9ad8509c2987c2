// f8E4M3FN (OCP 8-bit floating point: 4 bits of exponent with a bias of 7, 3 of mantissa, no infinity, NaN is
// 0x7f and 0xff) in terms of f32 and integers, which every target has.
#ifndef HONE_DIALECTS_HONE_FLOAT8_H
#define HONE_DIALECTS_HONE_FLOAT8_H
#include "mlir/IR/Builders.h"

namespace mlir::hone {

constexpr double largestFloat8 = 448;

inline bool isFloat8(Type elementType) { return isa<Float8E4M3FNType>(elementType); }
/// Bytes (i8, a scalar or a vector) as f32, exactly.
Value widenFloat8(OpBuilder &b, Location loc, Value bytes);
/// f32 as bytes: to the nearest, ties to even; what is larger than the largest becomes it, NaN stays NaN.
Value roundToFloat8(OpBuilder &b, Location loc, Value x);

} // namespace mlir::hone
#endif
