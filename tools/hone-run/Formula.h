// Formulas over named dimensions, as the metadata has them.
#ifndef HONE_TOOLS_HONE_RUN_FORMULA_H
#define HONE_TOOLS_HONE_RUN_FORMULA_H
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hone::run {

using Sizes = std::map<std::string, int64_t>;

/// The value of a name, or of a formula of names and numbers with + - * / // and brackets; nothing when it is
/// malformed, negative, too large or has an unknown name.
std::optional<int64_t> evaluate(const char *formula, const Sizes &sizes);

} // namespace hone::run
#endif
