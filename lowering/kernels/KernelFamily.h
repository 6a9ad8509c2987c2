// The target-neutral half of a kernel family: which ops it takes, what they may absorb and how
// their weights are packed. Reasons of refusals are sentences for people; empty means yes.
#ifndef HONE_LOWERING_KERNELS_KERNELFAMILY_H
#define HONE_LOWERING_KERNELS_KERNELFAMILY_H
#include "dialects/hone/HoneDialect.h"
#include "dialects/hone/Slices.h"
#include "llvm/ADT/SetVector.h"
#include <string>

namespace hone {

/// Ops that become one kernel: `root` (null: only cheap ops), all ops, the values it yields.
struct KernelGroup {
  mlir::Operation *root = nullptr;
  const class KernelFamily *family = nullptr;
  llvm::SetVector<mlir::Operation *> ops;
  llvm::SmallVector<mlir::Operation *> replaced; // taken out of `ops` by prepare: erased with them
  std::vector<std::string> refused;
};

class KernelFamily {
public:
  virtual ~KernelFamily() = default;
  virtual llvm::StringRef name() const = 0;
  /// Why this op can't be the family's root on this target; empty: it can.
  virtual std::string refusesRoot(mlir::Operation *op, mlir::hone::Shapes &shapes,
                                  mlir::hone::TargetAttr target) const = 0;
  /// Why `op`, which reads the group's result (or an absorbed op's), can't join behind the root.
  virtual std::string refusesEpilogue(mlir::Operation *op, const KernelGroup &group,
                                      mlir::hone::Shapes &shapes) const {
    return "the family takes no epilogue";
  }
  /// Why `op`, whose only reader is in the group before or at the root, can't join in front of the root.
  virtual std::string refusesPrologue(mlir::Operation *op, const KernelGroup &group,
                                      mlir::hone::Shapes &shapes) const {
    return "the family takes no prologue";
  }
  /// Why the family does not take a finished group that has no root: cheap ops only.
  virtual std::string refusesChain(const KernelGroup &group, mlir::hone::Shapes &shapes,
                                   mlir::hone::TargetAttr target) const {
    return "the family takes no chains";
  }
  /// Whether a small constant that `reader` reads stands in the kernel's code; it is an input otherwise.
  virtual bool keepsInCode(mlir::Operation *reader, mlir::DenseElementsAttr constant) const { return true; }
  /// Changes the operands of a root before its region is formed: packed weights with the chain that unpacks
  /// them. Ops created here that the region must hold are added to `group`. Returns the region's `config`.
  virtual mlir::DictionaryAttr prepare(mlir::OpBuilder &b, KernelGroup &group, mlir::SymbolTable &symbols,
                                       mlir::hone::TargetAttr target) const {
    return b.getDictionaryAttr({});
  }
};

/// The target that `op` is compiled for: the GPU where its `hone.device` says so, else the host.
mlir::hone::TargetAttr targetOf(mlir::Operation *op);

/// All families of a target but loops, in the order they are asked.
llvm::ArrayRef<const KernelFamily *> kernelFamilies(mlir::hone::TargetAttr target);

/// Whether an epilogue op of a root with result `rootResult` reads every other operand by the result's own
/// index, by its last `columnAxes` indices (a row vector), by the indices in front of those (where `perRow`
/// says so) or as a scalar; the reason why not otherwise.
std::string refusesRowEpilogue(mlir::Operation *op, mlir::Value rootResult, mlir::hone::Shapes &shapes,
                               int64_t columnAxes = 1, bool perRow = false);

} // namespace hone
#endif
