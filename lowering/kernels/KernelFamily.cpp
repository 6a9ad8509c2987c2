// The order in which families are asked for a root.
#include "lowering/kernels/KernelFamily.h"
#include "lowering/kernels/Attention.h"
#include "lowering/kernels/Conv.h"
#include "lowering/kernels/Cuda.h"
#include "lowering/kernels/Matmul.h"
#include "lowering/kernels/Rowwise.h"
#include "lowering/kernels/Scan.h"

namespace hone {

mlir::hone::TargetAttr targetOf(mlir::Operation *op) {
  auto device = op->getAttrOfType<mlir::StringAttr>("hone.device");
  if (device && device != "host")
    for (mlir::Operation *at = op; at; at = at->getParentOp())
      if (auto target = at->getAttrOfType<mlir::hone::TargetAttr>("hone.device_target"))
        return target;
  return mlir::hone::TargetAttr::of(op);
}

llvm::ArrayRef<const KernelFamily *> kernelFamilies(mlir::hone::TargetAttr target) {
  static const std::vector<const KernelFamily *> host = {
      &getAttentionFamily(), &getQuantMatmulFamily(), &getSparseMatmulFamily(), &getMatmulFamily(),
      &getConvFamily(),      &getRowwiseFamily(),     &getScanFamily()};
  static const std::vector<const KernelFamily *> cuda = {&getCudaAttentionFamily(),
                                                         &getCudaQuantMatmulFamily(), &getCudaMatmulFamily(),
                                                         &getCudaConvFamily(), &getCudaRowsFamily()};
  return target && target.fact("cuda") ? cuda : host;
}
} // namespace hone
