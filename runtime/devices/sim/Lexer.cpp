// Splits PTX text into words, numbers, strings and marks.
#include "runtime/devices/sim/Lexer.h"
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string>

namespace hone::rt::sim {

static bool startsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%';
}
static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool inWord(char c) { return startsWord(c) || isDigit(c); }

void Lexer::skipBlank() {
  while (!rest.empty()) {
    if (rest[0] == '\n')
      ++line;
    else if (rest.starts_with("//")) {
      rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
      continue;
    } else if (rest.starts_with("/*")) {
      size_t end = rest.find("*/", 2);
      std::string_view comment = rest.substr(0, end == rest.npos ? rest.size() : end + 2);
      for (char c : comment)
        line += c == '\n';
      rest.remove_prefix(comment.size());
      continue;
    } else if (rest[0] != ' ' && rest[0] != '\t' && rest[0] != '\r')
      return;
    rest.remove_prefix(1);
  }
}

void Lexer::skipLine() {
  uint32_t here = token.line;
  while (token.kind != Token::End && token.line == here)
    advance();
}

/// 12, 0x1f, 017, 0b11, 12U; 0f3F800000, 0d..., 1.5, 1e-3
void Lexer::number() {
  size_t end = 0;
  while (end < rest.size() &&
         (inWord(rest[end]) || (rest[end] == '.' && end + 1 < rest.size() && isDigit(rest[end + 1])) ||
          ((rest[end] == '-' || rest[end] == '+') && end && (rest[end - 1] == 'e' || rest[end - 1] == 'E') &&
           !rest.starts_with("0x") && !rest.starts_with("0X") && !rest.starts_with("0f") &&
           !rest.starts_with("0F") && !rest.starts_with("0d") && !rest.starts_with("0D"))))
    ++end;
  std::string_view text = token.text = rest.substr(0, end);
  rest.remove_prefix(end);
  auto parsed = [&](std::string_view digits, int base) {
    while (!digits.empty() && (digits.back() == 'U' || digits.back() == 'u'))
      digits.remove_suffix(1);
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token.value, base);
    return error == std::errc() && stop == digits.data() + digits.size();
  };
  bool good = false;
  char second = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
  token.kind = Token::Integer;
  if (second == 'f' || second == 'd') {
    token.kind = second == 'f' ? Token::Float32 : Token::Float64;
    good = text.size() == (second == 'f' ? 10u : 18u) && parsed(text.substr(2), 16);
  } else if (second == 'x') {
    good = parsed(text.substr(2), 16);
  } else if (second == 'b') {
    good = parsed(text.substr(2), 2);
  } else if (text.find_first_of(".eE") != text.npos) {
    token.kind = Token::Float64;
    std::string copy(text);
    char *stop = nullptr;
    token.value = std::bit_cast<uint64_t>(std::strtod(copy.c_str(), &stop));
    good = !*stop;
  } else {
    good = parsed(text, second ? 8 : 10);
  }
  if (!good)
    token.kind = Token::Bad;
}

void Lexer::advance() {
  skipBlank();
  token = Token();
  token.line = line;
  if (rest.empty())
    return;
  char first = rest[0];
  bool directive = first == '.' && rest.size() > 1 && startsWord(rest[1]);
  if (startsWord(first) || directive) {
    size_t end = 1;
    for (;;) {
      while (end < rest.size() && inWord(rest[end]))
        ++end;
      if (end + 1 < rest.size() && rest[end] == '.' && inWord(rest[end + 1]) && !directive)
        end += 1;
      else if (end + 2 < rest.size() && rest[end] == ':' && rest[end + 1] == ':' && inWord(rest[end + 2]))
        end += 2;
      else
        break;
    }
    token.kind = Token::Word;
    token.text = rest.substr(0, end);
    rest.remove_prefix(end);
  } else if (isDigit(first)) {
    number();
  } else if (first == '"') {
    size_t end = 1;
    while (end < rest.size() && rest[end] != '"' && rest[end] != '\n')
      end += rest[end] == '\\' ? 2 : 1;
    bool closed = end < rest.size() && rest[end] == '"';
    token.kind = closed ? Token::String : Token::Bad;
    token.text = rest.substr(1, std::min(end, rest.size()) - 1);
    rest.remove_prefix(closed ? end + 1 : std::min(end, rest.size()));
  } else {
    token.kind = Token::Mark;
    token.text = rest.substr(0, 1);
    rest.remove_prefix(1);
  }
}

} // namespace hone::rt::sim
