// NVIDIA's assembler as a child process, its results kept by content.
#ifndef HONE_LOWERING_PACKAGE_PTXAS_H
#define HONE_LOWERING_PACKAGE_PTXAS_H
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace hone {

/// What ptxas -v says about a kernel; -1 where it says nothing.
struct PtxasReport {
  int64_t registers = -1, sharedBytes = -1, spillBytes = -1;
  /// Of the gate: spilled registers, wgmma that is serialised, setmaxnreg that is dropped (C75xx).
  std::vector<std::string> findings;
};
PtxasReport readPtxas(llvm::StringRef output);

struct Cubin {
  std::string code;
  PtxasReport report;
};

class Ptxas {
public:
  /// `program`: its path. `cache`: a folder for results, which are found again by the content of the PTX, the
  /// chip and the program; empty: none is kept.
  Ptxas(std::string program, std::string cache);

  /// The cubin of `ptx` for `chip`. None: `error` says why. Threads may call it at once.
  std::optional<Cubin> assemble(llvm::StringRef ptx, llvm::StringRef chip, std::string &error) const;

private:
  std::string program, cache, identity;
};

} // namespace hone
#endif
