// A quantized weight in front of a product: what families that read its numbers themselves have in common.
#ifndef HONE_LOWERING_KERNELS_QUANTIZEDWEIGHT_H
#define HONE_LOWERING_KERNELS_QUANTIZEDWEIGHT_H
#include "lowering/kernels/Matmul.h"

namespace hone {

/// A weight [N, K], its scales and zeros [N, K / block] (by column or by tensor: block is K), from a
/// dequantize of either orientation.
struct QuantizedWeight {
  mlir::hone::GetWeightOp weight, scale, zero;
  std::optional<int64_t> splatZero; ///< as unsigned numbers have it
  int64_t n, k, bits, block;
  bool isSigned, isFloat; ///< integers with a sign; f8E4M3FN
  bool isTransposed;      ///< stored as [N, K]

  /// Empty, or why the right operand isn't such a weight.
  std::string read(mlir::hone::MatmulOp matmul);

  /// [N, K] of ui8 with 4-bit numbers in the low half of bytes; signed numbers grow by half their range.
  /// Floats stay f8E4M3FN.
  mlir::Value unsignedBytes(PackBuilder &pack, mlir::Value x) const;
  /// Scales and zeros as floats of `type`, [panels, K / block, lanes] for panels of `lanes` columns; zeros
  /// are null with splatZero.
  struct Factors {
    mlir::Value scales, zeros;
  };
  Factors packFactors(mlir::OpBuilder &b, mlir::SymbolTable &symbols, llvm::StringRef suffix, int64_t lanes,
                      mlir::Type type) const;

  /// The product reads `numbers` ([N, K] of ui8 or f8E4M3FN) and packed factors from now on, which join its
  /// region with the ops that unpack them. The dequantize in front of it leaves.
  void replace(mlir::hone::MatmulOp matmul, KernelGroup &group, PackBuilder &unpack, mlir::Value numbers,
               const Factors &factors) const;
};

/// Why `op` is not the dequantize of the root's weight.
std::string refusesAllButDequantize(mlir::Operation *op, const KernelGroup &group);

} // namespace hone
#endif
