// Operators that can be imported: one row each, in the file of its family. The row with the
// largest `since` that the model's opset reaches counts.
#ifndef HONE_LOWERING_ONNXTOHONE_OPTABLE_H
#define HONE_LOWERING_ONNXTOHONE_OPTABLE_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

struct OpRow {
  llvm::StringRef domain, name; // "" is the standard domain
  int since;
  void (*handle)(Node &);
};

// One function a family gives its rows.
llvm::ArrayRef<OpRow> elementwiseRows();
llvm::ArrayRef<OpRow> movementRows();
llvm::ArrayRef<OpRow> reduceRows();
llvm::ArrayRef<OpRow> matmulRows();
llvm::ArrayRef<OpRow> normRows();
llvm::ArrayRef<OpRow> attentionRows();
llvm::ArrayRef<OpRow> convRows();
llvm::ArrayRef<OpRow> quantRows();
llvm::ArrayRef<OpRow> selectRows();
llvm::ArrayRef<OpRow> recurrentRows();
llvm::ArrayRef<OpRow> controlRows();

/// The row for an operator; null when there is none. `known`: whether any opset has it.
const OpRow *findRow(llvm::StringRef domain, llvm::StringRef name, int64_t opset);

} // namespace hone
#endif
