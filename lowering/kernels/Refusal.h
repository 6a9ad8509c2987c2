// Why an op is not in a kernel, as it stands in `refused` of a region: one line for people that programs can
// take apart.
#ifndef HONE_LOWERING_KERNELS_REFUSAL_H
#define HONE_LOWERING_KERNELS_REFUSAL_H
#include "llvm/Support/Regex.h"
#include <string>

namespace hone {

/// `op 'node': reason [rule]`, or `op 'node' as family: reason` for a root that a family does not take. The
/// rule says who refused: "grouping", "one root", or a family and a side of its root ("matmul epilogue",
/// "matmul root").
struct Refusal {
  std::string op, node, reason, rule;

  std::string str() const {
    llvm::StringRef family = rule;
    bool isRoot = family.consume_back(" root") && family != "one";
    return op + (node.empty() ? "" : " '" + node + "'") + (isRoot ? " as " + family.str() : "") + ": " +
           reason + (isRoot ? "" : " [" + rule + "]");
  }

  static Refusal parse(llvm::StringRef text) {
    Refusal result;
    if (text.ends_with("]")) {
      auto [front, rule] = text.drop_back().rsplit(" [");
      text = front;
      result.rule = rule.str();
    }
    llvm::SmallVector<llvm::StringRef> part;
    if (!llvm::Regex("^([a-z0-9_]+)( '(.*)')?( as ([a-z0-9_]+))?: (.*)$").match(text, &part))
      return {"", "", text.str(), result.rule};
    if (!part[5].empty())
      result.rule = part[5].str() + " root";
    return {part[1].str(), part[3].str(), part[6].str(), result.rule};
  }
};

} // namespace hone
#endif
