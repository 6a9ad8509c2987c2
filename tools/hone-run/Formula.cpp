// Recursive descent, one method a level of precedence.
#include "tools/hone-run/Formula.h"
#include <algorithm>
#include <cctype>
#include <cstring>

namespace hone::run {

namespace {
class Formula {
public:
  Formula(const char *text, const Sizes &sizes) : at(text), sizes(sizes) {}
  std::optional<int64_t> value() {
    int64_t result = sum();
    skip();
    return good && !*at && result >= 0 ? std::optional(result) : std::nullopt;
  }

private:
  void skip() {
    while (*at == ' ')
      ++at;
  }
  bool take(char c) {
    skip();
    if (*at != c)
      return false;
    ++at;
    return true;
  }
  int64_t sum() {
    int64_t left = product();
    for (;;) {
      bool plus = take('+');
      if (!plus && !take('-'))
        return left;
      int64_t right = product();
      good &=
          !(plus ? __builtin_add_overflow(left, right, &left) : __builtin_sub_overflow(left, right, &left));
    }
  }
  int64_t product() {
    int64_t left = factor();
    for (;;) {
      if (take('*')) {
        good &= !__builtin_mul_overflow(left, factor(), &left);
      } else if (take('/')) {
        while (take('/'))
          ; // floor division is written // as well
        int64_t right = factor();
        good &= right > 0;
        left = right > 0 ? left / right : 0;
      } else {
        return left;
      }
    }
  }
  int64_t factor() {
    if (++depth > 100) {
      good = false;
      return 0;
    }
    skip();
    int64_t result = 0;
    if (take('(')) {
      result = sum();
      good &= take(')');
    } else {
      const char *start = at;
      while (std::isalnum(static_cast<unsigned char>(*at)) || (*at && strchr("_.:", *at)))
        ++at;
      std::string word(start, at);
      if (auto known = sizes.find(word); known != sizes.end())
        result = known->second;
      else if (!word.empty() && word.size() < 18 && std::all_of(word.begin(), word.end(), ::isdigit))
        result = std::stoll(word);
      else
        good = false;
    }
    --depth;
    return result;
  }

  const char *at;
  const Sizes &sizes;
  bool good = true;
  int depth = 0;
};
} // namespace

std::optional<int64_t> evaluate(const char *formula, const Sizes &sizes) {
  return Formula(formula, sizes).value();
}

} // namespace hone::run
