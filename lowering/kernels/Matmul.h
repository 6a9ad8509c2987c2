// What matmul families share when they pack weights: naming, recipes, the chain that unpacks.
#ifndef HONE_LOWERING_KERNELS_MATMUL_H
#define HONE_LOWERING_KERNELS_MATMUL_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {

const KernelFamily &getMatmulFamily();
const KernelFamily &getQuantMatmulFamily();
const KernelFamily &getSparseMatmulFamily();

/// Movement ops on static shapes, added to a region (`ops`) when one is given.
class PackBuilder {
public:
  PackBuilder(mlir::OpBuilder &b, mlir::Location loc, KernelGroup *group = nullptr)
      : b(b), loc(loc), group(group) {}

  mlir::Value transpose(mlir::Value x, mlir::ArrayRef<int64_t> perm);
  mlir::Value reshape(mlir::Value x, mlir::ArrayRef<int64_t> shape);
  /// Zeros behind the elements of `axis` up to `size`, or its first `size` elements.
  mlir::Value resize(mlir::Value x, int64_t axis, int64_t size);
  /// Elements [from, to) of `axis`.
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t from, int64_t to);
  mlir::Value integers(mlir::ArrayRef<int64_t> values);
  /// A scalar of the element type.
  mlir::Value scalar(mlir::Type elementType, int64_t value);
  /// Any op whose operands come first and whose type is `type`.
  template <typename Op, typename... Args>
  mlir::Value make(mlir::Type type, Args &&...args) {
    return keep(Op::create(b, loc, type, std::forward<Args>(args)...));
  }

  mlir::OpBuilder &b;
  mlir::Location loc;

private:
  mlir::Value keep(mlir::Operation *op) {
    if (group)
      group->ops.insert(op);
    return op->getResult(0);
  }
  KernelGroup *group;
};

/// The value of the weight `name`, which `recipe` computes from the weight `source`. Made once; equal names
/// are equal weights.
mlir::Value packedWeight(mlir::OpBuilder &b, mlir::SymbolTable &symbols, mlir::hone::GetWeightOp source,
                         const llvm::Twine &name, mlir::RankedTensorType type,
                         llvm::function_ref<mlir::Value(PackBuilder &, mlir::Value)> recipe);

/// refusesRowEpilogue, and the operand forms that vector code reads.
std::string refusesVectorEpilogue(mlir::Operation *op, const KernelGroup &group, mlir::hone::Shapes &shapes);

} // namespace hone
#endif
