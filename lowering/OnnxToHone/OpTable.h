// Operators that can be imported: one row each, in the file of its family. The row with the
// largest `since` that the model's opset reaches counts.
#ifndef HONE_LOWERING_ONNXTOHONE_OPTABLE_H
#define HONE_LOWERING_ONNXTOHONE_OPTABLE_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

constexpr int anyNumber = -1;

struct OpRow {
  llvm::StringRef domain, name; // "" is the standard domain
  int since;
  void (*handle)(Node &);
  /// Inputs that must be there, and how many there may be (anyNumber: no limit).
  int least = 1, most = 1;
};

// One function a family gives its rows.
llvm::ArrayRef<OpRow> elementwiseRows();
llvm::ArrayRef<OpRow> activationRows();
llvm::ArrayRef<OpRow> movementRows();
llvm::ArrayRef<OpRow> indexingRows();
llvm::ArrayRef<OpRow> resizeRows();
llvm::ArrayRef<OpRow> samplingRows();
llvm::ArrayRef<OpRow> unpoolRows();
llvm::ArrayRef<OpRow> signalRows();
llvm::ArrayRef<OpRow> reduceRows();
llvm::ArrayRef<OpRow> lossRows();
llvm::ArrayRef<OpRow> matmulRows();
llvm::ArrayRef<OpRow> einsumRows();
llvm::ArrayRef<OpRow> normRows();
llvm::ArrayRef<OpRow> attentionRows();
llvm::ArrayRef<OpRow> msAttentionRows();
llvm::ArrayRef<OpRow> linearStateRows();
llvm::ArrayRef<OpRow> convRows();
llvm::ArrayRef<OpRow> quantRows();
llvm::ArrayRef<OpRow> selectRows();
llvm::ArrayRef<OpRow> recurrentRows();
llvm::ArrayRef<OpRow> controlRows();

/// The row for an operator; null when there is none.
const OpRow *findRow(llvm::StringRef domain, llvm::StringRef name, int64_t opset);
/// The oldest opset that an operator is built for; 0 when it is built for none.
int firstOpsetOf(llvm::StringRef domain, llvm::StringRef name);

} // namespace hone
#endif
