// Rows of f16 or bf16 times a weight of 4 or 8 bits (integers or f8E4M3FN), which tensor cores read unpacked
// in registers.
#ifndef HONE_LOWERING_KERNELTOCUDA_QUANTTILES_H
#define HONE_LOWERING_KERNELTOCUDA_QUANTTILES_H
#include "lowering/KernelToCuda/StreamedProduct.h"
#include <optional>

namespace hone {

/// What host code and kernel must agree on.
struct QuantForm : StreamedProduct::Form {
  int64_t bits, block;
  bool isSigned, isFloat;      ///< numbers in memory: integers with a sign; f8E4M3FN
  bool roundsRows;             ///< rows may be rounded to 8 bits, too
  std::optional<int64_t> zero; ///< of all numbers, unsigned

  QuantForm(mlir::hone::KernelOp kernel, int64_t rows);
  int64_t groups() const { // of a chunk
    return block < StreamedProduct::chunk ? StreamedProduct::chunk / block : 1;
  }
};

/// Numbers of 4 bits are packed so that 16 bytes of a lane are its fragments for a chunk; those of 8 bits lie
/// as [n, k], and a lane takes 16 neighbours of two columns (lowering/kernels/CudaQuantMatmul.cpp).
class QuantTiles : public StreamedProduct {
public:
  QuantTiles(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
             QuantForm quant);

  /// Writes the weight [n, k] as 16-bit floats: a warp takes 16 columns of the result by 64 steps of k.
  void emitUnpacked(mlir::Value weight);
  static CudaLaunch launchUnpacked(mlir::OpBuilder &b, mlir::Location loc, const QuantForm &quant);

private:
  using Value = mlir::Value;
  llvm::SmallVector<Value> loadChunk(Value number) override;
  void accumulate(Value number, llvm::ArrayRef<Value> loaded, llvm::MutableArrayRef<Value> sums) override;
  Value scaleOf(llvm::ArrayRef<Value> loaded, int64_t half, bool second);
  llvm::SmallVector<Value> fragment(llvm::ArrayRef<Value> loaded, int64_t half, int64_t part);
  Value numbersOf4Bits(Value word, int64_t i);
  Value lessZero(Value pair, Value zeroPoint);
  Value bytesAsBf16(Value word, int64_t first, Value zeroPoint);
  Value floats8(Value word, int64_t first);
  void storeScaled(llvm::ArrayRef<Value> registers, Value scale, bool second, Value weight,
                   mlir::ValueRange at);
  int64_t words() const { return quant.bits; } // that a lane loads of a chunk

  QuantForm quant;
  int64_t unit; // the number whose lowest mantissa bit is worth 1
  Value numbers, scales, zeros;
};

/// The region's input at the end of a chain of ops that unpack: the number of its buffer.
unsigned packedInput(mlir::Value tensor);

} // namespace hone
#endif
