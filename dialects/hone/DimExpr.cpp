// Polynomial arithmetic on sizes.
#include "dialects/hone/DimExpr.h"
#include <algorithm>

namespace mlir::hone {

std::optional<int> DimExpr::asSymbol() const {
  if (terms.size() == 1 && terms.begin()->first.size() == 1 && terms.begin()->second == 1)
    return terms.begin()->first.front();
  return std::nullopt;
}

// Sizes that overflow 64 bits are refused where models enter; here they wrap without being undefined.
static int64_t wrappingAdd(int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }
static int64_t wrappingMul(int64_t a, int64_t b) { return int64_t(uint64_t(a) * uint64_t(b)); }

DimExpr DimExpr::operator+(const DimExpr &other) const {
  DimExpr sum = *this;
  for (auto &[monomial, factor] : other.terms) {
    int64_t &mine = sum.terms[monomial];
    mine = wrappingAdd(mine, factor);
    if (!mine)
      sum.terms.erase(monomial);
  }
  return sum;
}

DimExpr DimExpr::operator-(const DimExpr &other) const { return *this + other * DimExpr(-1); }

DimExpr DimExpr::operator*(const DimExpr &other) const {
  DimExpr product;
  for (auto &[left, a] : terms)
    for (auto &[right, b] : other.terms) {
      Monomial both = left;
      both.insert(both.end(), right.begin(), right.end());
      std::sort(both.begin(), both.end());
      int64_t &factor = product.terms[both];
      factor = wrappingAdd(factor, wrappingMul(a, b));
      if (!factor)
        product.terms.erase(both);
    }
  return product;
}

std::optional<DimExpr> DimExpr::dividedBy(const DimExpr &divisor) const {
  if (divisor.terms.size() != 1)
    return divisor == *this ? std::optional(DimExpr(1)) : std::nullopt;
  auto &[monomial, factor] = *divisor.terms.begin();
  DimExpr quotient;
  for (auto &[mine, a] : terms) {
    if ((factor == -1 && a == INT64_MIN) || a % factor ||
        !std::includes(mine.begin(), mine.end(), monomial.begin(), monomial.end()))
      return std::nullopt;
    Monomial rest;
    std::set_difference(mine.begin(), mine.end(), monomial.begin(), monomial.end(), std::back_inserter(rest));
    quotient.terms[rest] = a / factor;
  }
  return quotient;
}

} // namespace mlir::hone
