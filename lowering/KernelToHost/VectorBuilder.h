// Short forms of what register-tiled kernels are written with: index arithmetic, vectors of the target's
// width, counted loops, x86 dot products. Knows the target, not the kernel.
#ifndef HONE_LOWERING_KERNELTOHOST_VECTORBUILDER_H
#define HONE_LOWERING_KERNELTOHOST_VECTORBUILDER_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"

namespace hone {

class VectorBuilder {
public:
  using Value = mlir::Value;
  using Values = mlir::SmallVector<mlir::Value>;

  VectorBuilder(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::TargetAttr target);

  mlir::OpBuilder &b;
  mlir::Location loc;
  bool avx512, vnni;
  int64_t lanes; // 32-bit elements of one register

  // Index arithmetic; folds constants. Everything is non-negative but for sums,
  // products and what is named signed.
  Value index(int64_t value);
  Value add(Value x, Value y), add(Value x, int64_t y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y), mul(Value x, int64_t y);
  Value div(Value x, Value y), div(Value x, int64_t y);
  Value rem(Value x, Value y), rem(Value x, int64_t y);
  Value ceilDiv(Value x, int64_t y);
  Value min(Value x, Value y);
  Value equal(Value x, int64_t y), less(Value x, Value y);
  Value signedMin(Value x, Value y), signedMax(Value x, Value y);
  Value select(Value condition, Value x, Value y);
  /// x rounded down to a multiple of y.
  Value roundDown(Value x, int64_t y);

  // Vectors.
  mlir::VectorType vector(mlir::Type element) { return vector(element, lanes); }
  mlir::VectorType vector(mlir::Type element, int64_t size) { return mlir::VectorType::get({size}, element); }
  mlir::VectorType f32() { return vector(b.getF32Type()); }
  mlir::VectorType i32() { return vector(b.getI32Type()); }
  Value constant(mlir::Type type, double value); // of a scalar or vector type, float or integer
  Value load(mlir::VectorType type, Value memory, mlir::ValueRange at);
  /// With a mask (may be null: all lanes); lanes left out come from `others` or are 0.
  Value load(mlir::VectorType type, Value memory, mlir::ValueRange at, Value mask, Value others = {});
  void store(Value vector, Value memory, mlir::ValueRange at, Value mask = {});
  Value splat(Value scalar) { return splat(scalar, lanes); }
  Value splat(Value scalar, int64_t size);
  Value loadSplat(Value memory, mlir::ValueRange at);
  Value fma(Value x, Value y, Value sum);
  Value bitcast(Value x, mlir::VectorType type);
  /// The transpose of a square of registers of 32-bit elements.
  Values transpose(Values rows);
  /// A register whose lane i is the sum over the lanes of the i-th of `lanes` registers.
  Value sumOfEach(Values rows);
  /// A mask whose first `count` lanes are set.
  Value maskOf(Value count);
  /// A mask of the lanes in [from, to), moved by `shift`; the bounds are signed and may lie outside.
  Value maskOf(Value from, Value to, int64_t shift = 0);
  Value call(llvm::StringRef intrinsic, mlir::Type result, mlir::ValueRange operands);
  /// sum + x . y by pairs of 16-bit integers: one i32 a pair. Operands are i16 vectors of a full register.
  Value dot16(Value sum, Value x, Value y);
  /// sum + x . y of unsigned bytes x and signed bytes y: one i32 four bytes with VNNI, else one i16 a pair.
  Value dot8(Value sum, Value x, Value y);

  // Control flow. Bodies leave the builder behind the op.
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body);
  Values loop(Value from, Value to, int64_t step, mlir::ValueRange carried,
              llvm::function_ref<Values(Value, mlir::ValueRange)> body);
  void branch(Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = nullptr);
  /// Covers the rows [from, to) by tiles of the given heights (largest first, ending in 1). With `counts`,
  /// the only numbers of rows that occur, heights that none of them needs take no code.
  void tileRows(Value from, Value to, mlir::ArrayRef<int64_t> heights,
                llvm::function_ref<void(Value row, int64_t height)> tile,
                mlir::ArrayRef<int64_t> counts = {});

  // Memory.
  Value dim(Value memory, int64_t axis);
  /// The product of the first `axes` dimensions.
  Value product(Value memory, int64_t axes);
  /// A row-major view of two dimensions, the last `columnAxes` as one and those before, or of all as one.
  Value asRows(Value memory, int64_t columnAxes = 1);
  Value asFlat(Value memory);
  /// `count` rows of a 2-D row-major memref from `row` on; rows are addressed from 0.
  Value rowsFrom(Value matrix, Value row, int64_t count);
  /// A part of a byte buffer as a static memref.
  Value view(Value bytes, int64_t offset, mlir::MemRefType type);
};

} // namespace hone
#endif
