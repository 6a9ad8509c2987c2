// Short forms of what emitters for GPUs write often.
#ifndef HONE_LOWERING_KERNELTOCUDA_DEVICEBUILDER_H
#define HONE_LOWERING_KERNELTOCUDA_DEVICEBUILDER_H
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace hone {

class DeviceBuilder {
public:
  DeviceBuilder(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}

protected:
  // Index arithmetic, unsigned.
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y), subtract(mlir::Value x, mlir::Value y),
      multiply(mlir::Value x, mlir::Value y), divide(mlir::Value x, mlir::Value y),
      divideUp(mlir::Value x, mlir::Value y), modulo(mlir::Value x, mlir::Value y),
      minimum(mlir::Value x, mlir::Value y), maximum(mlir::Value x, mlir::Value y);
  mlir::Value less(mlir::Value x, mlir::Value y); // i1
  /// The indices of a position among elements with these sizes, row-major; the first is not cut to its size.
  llvm::SmallVector<mlir::Value> indicesOf(mlir::Value position, llvm::ArrayRef<mlir::Value> sizes);
  mlir::Value integer(int64_t value); // i32
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);

  mlir::Value widened(mlir::Value element); // to f32
  mlir::Value real(double value);           // f32
  mlir::Value zero(mlir::Type type);
  /// Memory that the block shares, of this shape.
  mlir::Value shared(llvm::StringRef suffix, llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// Memory that the block shares, as much as the launch asks for (!llvm.ptr<3>, 1024 bytes aligned).
  mlir::Value sharedMemory();
  mlir::Value sharedAt(mlir::Value memory, mlir::Value bytes); // address, from index
  mlir::Value globalAt(mlir::Value address);                   // !llvm.ptr<1>, from index
  /// Where piece `piece` (16 bytes) of a line with that many pieces lies in shared memory, in bytes: 8 lines
  /// have the same piece in different banks. `pieces`: a multiple of 8.
  mlir::Value swizzled(mlir::Value line, mlir::Value piece, int64_t pieces);
  /// Starts a copy of 16 bytes into shared memory, or of zeros where `isInside` (i1) is false.
  void copyAsync(mlir::Value to, mlir::Value from, mlir::Value isInside);
  void barrier();
  /// D of mma.sync m16n8k16 = A * B + `sum` (4 x f32), which it becomes. Lane 4 g + t holds of A the rows g
  /// and g + 8 and of B the column g, both at k = 2t, 2t + 1 and 8 further on; of D the rows g and g + 8 at
  /// the columns 2t and 2t + 1. Each register holds two neighbours along k (`pairRegister`). Operands of 8
  /// bits
  /// (`element`: i8 with sums of i32, f8E4M3FN): m16n8k32, at k = 4t to 4t + 3 and 16 further on, four
  /// neighbours a register.
  void multiplyTile(mlir::ValueRange left, mlir::ValueRange right, llvm::MutableArrayRef<mlir::Value> sum,
                    mlir::Type element);
  /// A vector of two f16 or bf16 as mma.sync takes it: as it is, or its bits.
  mlir::Value pairRegister(mlir::Value pair);
  /// Combines the values of `lanes` neighbouring lanes (a power of two): each gets the result.
  mlir::Value acrossLanes(mlir::Value value, int64_t lanes,
                          llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  /// A word of bytes of two others: digit i of `selector` (hexadecimal) says which of the 8 is byte i.
  mlir::Value bytesOf(mlir::Value low, mlir::Value high, int64_t selector);

  mlir::OpBuilder &b;
  mlir::Location loc;
};

} // namespace hone
#endif
