// Looks rows up by operator and opset.
#include "lowering/OnnxToHone/OpTable.h"
#include <map>

namespace hone {

const OpRow *findRow(llvm::StringRef domain, llvm::StringRef name, int64_t opset) {
  using Key = std::pair<std::string, std::string>;
  static const std::map<Key, std::vector<const OpRow *>> table = [] {
    std::map<Key, std::vector<const OpRow *>> rows;
    for (llvm::ArrayRef<OpRow> family :
         {elementwiseRows(), activationRows(), movementRows(), indexingRows(), resizeRows(), reduceRows(),
          lossRows(), matmulRows(), einsumRows(), normRows(), attentionRows(), msAttentionRows(), convRows(),
          quantRows(), selectRows(), recurrentRows(), controlRows()})
      for (const OpRow &row : family)
        rows[{row.domain.str(), row.name.str()}].push_back(&row);
    return rows;
  }();
  auto found = table.find({domain == "ai.onnx" ? "" : domain.str(), name.str()});
  const OpRow *best = nullptr;
  if (found != table.end())
    for (const OpRow *row : found->second)
      if (row->since <= opset && (!best || best->since < row->since))
        best = row;
  return best;
}

} // namespace hone
