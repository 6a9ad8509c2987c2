// Sizes as polynomials over symbols with integer coefficients, always in canonical form,
// so that equal sizes compare equal. Division, min, max and the like are symbols of
// their own whose definition `Shapes` keeps.
#ifndef HONE_DIALECTS_HONE_DIMEXPR_H
#define HONE_DIALECTS_HONE_DIMEXPR_H
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace mlir::hone {

class DimExpr {
public:
  using Monomial = std::vector<int>; // symbol numbers, sorted; empty: the constant term

  DimExpr() = default;
  DimExpr(int64_t constant) {
    if (constant)
      terms[{}] = constant;
  }
  static DimExpr symbol(int number) {
    DimExpr e;
    e.terms[{number}] = 1;
    return e;
  }

  std::optional<int64_t> constant() const {
    if (terms.empty())
      return 0;
    if (terms.size() == 1 && terms.begin()->first.empty())
      return terms.begin()->second;
    return std::nullopt;
  }
  bool is(int64_t value) const { return constant() == value; }
  /// The symbol this expression is, if it is nothing else.
  std::optional<int> asSymbol() const;
  const std::map<Monomial, int64_t> &getTerms() const { return terms; }

  DimExpr operator+(const DimExpr &other) const;
  DimExpr operator-(const DimExpr &other) const;
  DimExpr operator*(const DimExpr &other) const;
  /// The quotient when every term divides by the single term `divisor`.
  std::optional<DimExpr> dividedBy(const DimExpr &divisor) const;
  bool operator==(const DimExpr &other) const { return terms == other.terms; }
  bool operator!=(const DimExpr &other) const { return !(terms == other.terms); }
  bool operator<(const DimExpr &other) const { return terms < other.terms; }

private:
  std::map<Monomial, int64_t> terms;
};

} // namespace mlir::hone
#endif
