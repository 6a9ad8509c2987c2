// What became of a model: composites found and almost found, kernels with what they absorbed and refused,
// placement.
#ifndef HONE_TOOLS_COMMON_EXPLAIN_H
#define HONE_TOOLS_COMMON_EXPLAIN_H
#include "lowering/kernels/Refusal.h"
#include "mlir/IR/BuiltinOps.h"
#include "tools/common/Diagnostics.h"
#include "llvm/Support/JSON.h"
#include <map>

namespace hone {

struct Explanation {
  struct Composite {
    int inModel = 0, all = 0; // as the model has them; after simplify
    int raised() const { return std::max(0, all - inModel); }
  };
  /// Something that came close to a composite.
  struct Miss {
    std::string pattern, node, reason;
  };
  /// Ops of one ONNX node in a kernel. Roles: "weight" (reads weights only), "front", "root", "behind", ""
  /// without a root.
  struct Part {
    std::string role;
    std::vector<std::string> ops; // each kind once
    std::string node;
  };
  struct Kernel {
    std::string family, config, device;
    std::vector<Part> parts;
    std::vector<Refusal> refused;
    /// Read and written, and what the ops by themselves would; flops; the prediction and what makes it
    /// ("memory", "arithmetic" or "launch"). At example sizes (dialects/hone/Costs.h).
    double bytes = 0, bytesAlone = 0, flops = 0, seconds = 0;
    std::string bound;
  };
  struct Weights {
    int64_t count = 0, bytes = 0, computed = 0; // computed: by a recipe, while the artifact is written
  };

  std::string model, target;
  std::map<std::string, Composite> composites;
  std::vector<Miss> misses;
  std::vector<Remark> remarks; // what passes said besides, users' own included
  bool hasKernels = false;     // the kernels phase ran
  std::vector<Kernel> kernels;
  std::map<std::string, int> devices, outside; // ops in kernels by device; ops without a kernel by name
  std::vector<std::string> openSizes;          // named dimensions that predictions take an example for
  Weights weights;

  /// To be called on the module as imported, after simplify and after kernels.
  void noteImported(mlir::ModuleOp module);
  void noteSimplified(mlir::ModuleOp module);
  void noteKernels(mlir::ModuleOp module);
  /// What passes remarked in all phases.
  void noteRemarks(const std::vector<Remark> &all);

  /// Of all kernels.
  double total(double Kernel::*what) const;
  /// The family of the kernel that holds an op; empty when none does.
  std::string familyOf(const Refusal &refusal) const;

  /// For people: repeated layers folded into one entry. Two runs on one model print the same.
  void print(llvm::raw_ostream &out) const;
  /// The same for programs, nothing folded.
  llvm::json::Object json() const;
};

/// Buffers that the host code asks of the arena in one run, after the schedule phase.
struct BufferNote {
  int64_t count = 0, fixedBytes = 0; ///< fixedBytes: the sum of those whose size is known
  int64_t open = 0;                  ///< buffers whose size depends on the inputs
};
BufferNote explainBuffers(mlir::ModuleOp module);

/// The source file with a refusal's rule.
std::string sourceOf(llvm::StringRef rule);

} // namespace hone
#endif
