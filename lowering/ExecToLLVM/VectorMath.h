// exp, log, tanh and erf of f32 scalars and vectors as polynomials and quotients of them, over the whole
// range: NaN, infinities, denormal arguments and results. Errors: docs/rationale/host-rowwise.md.
#ifndef HONE_LOWERING_EXECTOLLVM_VECTORMATH_H
#define HONE_LOWERING_EXECTOLLVM_VECTORMATH_H
#include "mlir/IR/Builders.h"

namespace hone {

class VectorMath {
public:
  using Value = mlir::Value;
  /// `avx512`: registers of 16 numbers may use its instructions.
  VectorMath(mlir::OpBuilder &b, mlir::Location loc, bool avx512) : b(b), loc(loc), avx512(avx512) {}

  Value exp(Value x);
  /// e^x for x <= 0 (or NaN), as exact as x is when it is a difference of two numbers; powers that no f32 but
  /// a denormal holds may be 0. What softmax needs.
  Value expNotPositive(Value x);
  Value log(Value x);
  Value tanh(Value x);
  Value erf(Value x);

private:
  Value number(Value like, double value);
  Value integer(Value like, int64_t value);
  Value asBits(Value x), asFloat(Value bits, Value like);
  Value fma(Value x, Value y, Value sum);
  Value polynomial(Value x, mlir::ArrayRef<double> coefficients); // lowest power first
  /// The nearer bound where x lies outside; NaN stays.
  Value atMost(Value x, double bound), atLeast(Value x, double bound);
  bool isRegister(Value x); // of 512 bits
  Value scale(Value x, Value n);
  Value oddQuotient(Value x, double bound, mlir::ArrayRef<double> numerator,
                    mlir::ArrayRef<double> denominator);

  mlir::OpBuilder &b;
  mlir::Location loc;
  bool avx512;
};

} // namespace hone
#endif
