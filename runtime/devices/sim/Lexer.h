// Words of PTX text. A word keeps its dots, so `ld.global.v4.u32` and `%tid.x` are one each; a directive is a
// word that starts with a dot.
#ifndef HONE_RUNTIME_DEVICES_SIM_LEXER_H
#define HONE_RUNTIME_DEVICES_SIM_LEXER_H
#include <cstdint>
#include <string_view>

namespace hone::rt::sim {

struct Token {
  enum Kind : uint8_t { End, Word, Integer, Float32, Float64, String, Mark, Bad };
  Kind kind = End;
  std::string_view text;
  uint64_t value = 0; ///< of an Integer; bits of a Float
  uint32_t line = 1;
  bool is(std::string_view what) const { return (kind == Word || kind == Mark) && text == what; }
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : rest(text) { advance(); }
  const Token &peek() const { return token; }
  Token take() {
    Token taken = token;
    advance();
    return taken;
  }
  /// Skips to the end of the current line (directives of debug information).
  void skipLine();

private:
  void advance();
  void skipBlank();
  void number();
  std::string_view rest;
  Token token;
  uint32_t line = 1;
};

} // namespace hone::rt::sim
#endif
