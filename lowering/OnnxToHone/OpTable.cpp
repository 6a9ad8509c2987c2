// Looks rows up by operator and opset.
#include "lowering/OnnxToHone/OpTable.h"
#include <map>

namespace hone {

/// All rows of an operator; null when there are none.
static const std::vector<const OpRow *> *rowsOf(llvm::StringRef domain, llvm::StringRef name) {
  using Key = std::pair<std::string, std::string>;
  static const std::map<Key, std::vector<const OpRow *>> table = [] {
    std::map<Key, std::vector<const OpRow *>> rows;
    for (llvm::ArrayRef<OpRow> family :
         {elementwiseRows(), activationRows(), movementRows(), indexingRows(),  resizeRows(),
          samplingRows(),    unpoolRows(),     signalRows(),   reduceRows(),    lossRows(),
          matmulRows(),      einsumRows(),     normRows(),     attentionRows(), msAttentionRows(),
          linearStateRows(), convRows(),       quantRows(),    selectRows(),    recurrentRows(),
          controlRows()})
      for (const OpRow &row : family)
        rows[{row.domain.str(), row.name.str()}].push_back(&row);
    return rows;
  }();
  auto found = table.find({domain == "ai.onnx" ? "" : domain.str(), name.str()});
  return found == table.end() ? nullptr : &found->second;
}

const OpRow *findRow(llvm::StringRef domain, llvm::StringRef name, int64_t opset) {
  const OpRow *best = nullptr;
  if (auto *rows = rowsOf(domain, name))
    for (const OpRow *row : *rows)
      if (row->since <= opset && (!best || best->since < row->since))
        best = row;
  return best;
}

int firstOpsetOf(llvm::StringRef domain, llvm::StringRef name) {
  int first = 0;
  if (auto *rows = rowsOf(domain, name))
    for (const OpRow *row : *rows)
      first = first ? std::min(first, row->since) : row->since;
  return first;
}

} // namespace hone
