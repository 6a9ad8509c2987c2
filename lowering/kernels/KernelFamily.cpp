// The order in which families are asked for a root.
#include "lowering/kernels/KernelFamily.h"
#include "lowering/kernels/Attention.h"
#include "lowering/kernels/Conv.h"
#include "lowering/kernels/Matmul.h"
#include "lowering/kernels/Rowwise.h"
#include "lowering/kernels/Scan.h"

namespace hone {
llvm::ArrayRef<const KernelFamily *> kernelFamilies() {
  static const std::vector<const KernelFamily *> families = {&getAttentionFamily(), &getQuantMatmulFamily(),
                                                             &getMatmulFamily(),    &getConvFamily(),
                                                             &getRowwiseFamily(),   &getScanFamily()};
  return families;
}
} // namespace hone
