// Which nodes of the model a compression is for, and which weights it can round.
#ifndef HONE_PASSES_COMPRESS_NAMES_H
#define HONE_PASSES_COMPRESS_NAMES_H
#include "dialects/hone/HoneDialect.h"
#include "llvm/Support/GlobPattern.h"
#include <memory>

namespace hone {

/// Patterns on the names of ONNX nodes, as locations hold them.
class NodeFilter {
public:
  /// On a pattern that can't be read, `why` says so.
  static NodeFilter make(llvm::ArrayRef<std::string> only, llvm::ArrayRef<std::string> skip,
                         std::string &why);

  /// Whether a name of the op is among `only` (none given: any) and none is among `skip`.
  bool takes(mlir::Operation *op) const;

private:
  /// A pattern refers to its text, which copies of the filter share.
  struct Pattern {
    std::shared_ptr<const std::string> text;
    llvm::GlobPattern glob;
  };
  llvm::SmallVector<Pattern> only, skip;
};

/// The groups of a weight where groups of that many were asked for (0: the whole sum): those, if they divide
/// the sum; else the largest smaller number that does and is a multiple of 64, which all kernels read, or, if
/// that is less than half of what was asked for, of 16. 0 when there is none.
int64_t fittingGroup(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight, int64_t group);
/// Says so at the op where its groups are others than were asked for.
void remarkGroup(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight, int64_t group,
                 llvm::StringRef pass);

/// Why a weight that the op reads can't be rounded by groups of that many or fewer; empty when it can.
std::string refusesRounding(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight,
                            int64_t group);

/// The width of the elements that numbers of that many bits lie in: 3 bits take 4.
inline int64_t widthOf(int64_t bits) { return bits == 3 ? 4 : bits; }

/// Lets kernels round the other operand of the op, a product whose weight was rounded, to that many bits.
void roundRows(mlir::hone::QuantizableOpInterface op, int64_t bits);

} // namespace hone
#endif
