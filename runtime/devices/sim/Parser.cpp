// Recursive descent over the words of PTX. It keeps the text's structure (scopes, labels, lists of operands)
// and checks nothing about instructions: that is the decoder's work.
#include "runtime/devices/sim/Lexer.h"
#include "runtime/devices/sim/Ptx.h"
#include <charconv>
#include <limits>

namespace hone::rt::sim {

static constexpr TypeInfo types[] = {
    {"", 0, TypeClass::Bits},
#define HONE_PTX_TYPE(id, name, bits, kind) {name, bits, TypeClass::kind},
#include "runtime/devices/sim/Type.def"
};

const TypeInfo &infoOf(Type type) { return types[static_cast<size_t>(type)]; }

Type findType(std::string_view name) {
  for (size_t i = 1; i < std::size(types); ++i)
    if (name == types[i].name)
      return static_cast<Type>(i);
  return Type::None;
}

const char *nameOf(Space space) {
  static constexpr const char *names[] = {"generic", "global", "shared", "shared::cluster",
                                          "local",   "param",  "const"};
  return names[static_cast<size_t>(space)];
}

const Function *Module::find(std::string_view function) const {
  const Function *found = nullptr;
  for (const auto &f : functions)
    if (f->name == function && (!found || f->defined))
      found = f.get();
  return found;
}

namespace {

class Parser {
public:
  explicit Parser(Module &module) : module(module), lexer(module.text) {}

  Status run() {
    while (ok() && lexer.peek().kind != Token::End)
      topLevel();
    if (ok() && !module.chip)
      fail("expected a .target directive");
    return failure;
  }

private:
  bool ok() const { return failure.ok(); }
  template <typename... Parts>
  void fail(const Parts &...parts) {
    if (ok())
      failure = invalid(module.name, ":", lexer.peek().line, ": ", parts...);
  }
  /// Quotes the next word.
  std::string next() const {
    const Token &token = lexer.peek();
    return token.kind == Token::End ? "the end of the file" : text("'", token.text.substr(0, 60), "'");
  }
  bool accept(std::string_view what) {
    if (!lexer.peek().is(what))
      return false;
    lexer.take();
    return true;
  }
  void expect(std::string_view what) {
    if (!accept(what))
      fail("expected '", what, "', got ", next());
  }
  std::string_view word(const char *what) {
    if (lexer.peek().kind == Token::Word && lexer.peek().text[0] != '.')
      return lexer.take().text;
    fail("expected ", what, ", got ", next());
    return {};
  }
  int64_t integer() {
    bool negative = accept("-");
    if (lexer.peek().kind != Token::Integer) {
      fail("expected an integer, got ", next());
      return 0;
    }
    auto value = static_cast<int64_t>(lexer.take().value);
    return negative ? static_cast<int64_t>(-static_cast<uint64_t>(value)) : value;
  }
  void skipTo(std::string_view end) {
    while (ok() && !lexer.peek().is(end)) {
      if (lexer.peek().kind == Token::End)
        return fail("expected '", end, "', got ", next());
      lexer.take();
    }
    lexer.take();
  }
  void skipBraces() {
    expect("{");
    for (int depth = 1; ok() && depth;) {
      if (lexer.peek().kind == Token::End)
        return fail("expected '}', got ", next());
      Token token = lexer.take();
      depth += token.is("{") ? 1 : token.is("}") ? -1 : 0;
    }
  }

  void topLevel() {
    bool external = false;
    for (;;) {
      if (accept(".extern"))
        external = true;
      else if (!accept(".visible") && !accept(".weak") && !accept(".common"))
        break;
    }
    const Token &token = lexer.peek();
    if (accept(".version"))
      version();
    else if (accept(".target"))
      target();
    else if (accept(".address_size")) {
      if (integer() != 64)
        fail("expected .address_size 64");
    } else if (token.is(".entry") || token.is(".func"))
      function(lexer.take().text == ".entry");
    else if (token.is(".file"))
      file();
    else if (accept(".section")) {
      while (ok() && !lexer.peek().is("{"))
        lexer.take();
      skipBraces();
    } else if (accept(".alias") || accept(".pragma"))
      skipTo(";");
    else if (std::optional<Space> space = variableSpace())
      variableList(*space, external, module.variables);
    else if (!accept(";"))
      fail("expected a directive of a module, got ", next());
  }

  void version() {
    // "8.0" is read as a number with a point.
    std::string_view number = lexer.take().text;
    size_t point = number.find('.');
    auto part = [](std::string_view digits) {
      int value = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return value;
    };
    module.major = part(number.substr(0, point));
    module.minor = point == number.npos ? 0 : part(number.substr(point + 1));
    if (module.major < 3)
      fail("expected a version of PTX, got '", number, "'");
  }

  void target() {
    do {
      std::string_view name = word("a target");
      if (name.starts_with("sm_")) {
        module.target = name;
        auto [end, error] = std::from_chars(name.data() + 3, name.data() + name.size(), module.chip);
        module.chipSpecific = error == std::errc() && end != name.data() + name.size();
      }
    } while (accept(","));
  }

  void file() {
    uint32_t line = lexer.take().line;
    auto index = static_cast<uint32_t>(integer());
    if (lexer.peek().kind != Token::String)
      return fail("expected the name of a file, got ", next());
    module.files[index] = std::string(lexer.take().text);
    if (lexer.peek().line == line) // size and time follow
      lexer.skipLine();
  }

  std::optional<Space> variableSpace() {
    static constexpr std::pair<std::string_view, Space> spaces[] = {{".global", Space::Global},
                                                                    {".shared", Space::Shared},
                                                                    {".local", Space::Local},
                                                                    {".const", Space::Const},
                                                                    {".param", Space::Param}};
    for (auto [name, space] : spaces)
      if (accept(name))
        return space;
    return std::nullopt;
  }

  /// After the space: `.align 4 .u64 .ptr .global .align 1 name[12] = {...}`.
  Variable variable(Space space, bool external) {
    Variable v;
    v.space = space;
    v.external = external;
    v.line = lexer.peek().line;
    uint64_t lanes = 1;
    bool pointee = false, aligned = false;
    for (;;) {
      const Token &token = lexer.peek();
      if (accept(".align")) {
        auto align = static_cast<uint64_t>(integer());
        if (!pointee) {
          v.align = align;
          aligned = true;
        }
      } else if (accept(".ptr")) {
        pointee = true;
      } else if (accept(".attribute")) {
        skipTo(")");
      } else if (token.is(".v2") || token.is(".v4") || token.is(".v8")) {
        lanes = static_cast<uint64_t>(lexer.take().text[2] - '0');
      } else if (token.kind == Token::Word && token.text[0] == '.' &&
                 findType(token.text.substr(1)) != Type::None) {
        v.type = findType(lexer.take().text.substr(1));
      } else if (pointee && variableSpace()) {
      } else {
        break;
      }
    }
    v.name = word("the name of a variable");
    uint64_t element = static_cast<uint64_t>(infoOf(v.type).bits + 7) / 8 * lanes;
    v.bytes = element;
    if (!aligned)
      v.align = element ? element : 1;
    if (v.align & (v.align - 1) || !v.align || v.align > 65536)
      fail("expected an alignment that is a power of two, got ", v.align);
    while (accept("[")) {
      uint64_t count = lexer.peek().is("]") ? 0 : static_cast<uint64_t>(integer());
      if (count && v.bytes > (1ull << 40) / count)
        fail("'", v.name, "' is too large");
      v.bytes *= count;
      expect("]");
    }
    if (accept("=")) {
      uint64_t at = 0;
      v.initial.assign(v.bytes, 0);
      initializer(v, element / lanes, at);
    }
    return v;
  }

  void initializer(Variable &v, uint64_t element, uint64_t &at) {
    if (accept("{")) {
      while (ok() && !accept("}")) {
        initializer(v, element, at);
        accept(",");
      }
      return;
    }
    if (at + element > v.bytes)
      return fail("too many initial values for '", v.name, "'");
    const Token token = lexer.peek();
    uint64_t value = 0;
    if (token.kind == Token::Integer || token.is("-")) {
      value = static_cast<uint64_t>(integer());
    } else if (token.kind == Token::Float32 || token.kind == Token::Float64) {
      value = lexer.take().value;
    } else {
      std::string_view symbol = word("an initial value");
      if (symbol == "generic" && accept("(")) {
        symbol = word("a symbol");
        expect(")");
      }
      int64_t offset = lexer.peek().is("+") || lexer.peek().is("-") ? (accept("+"), integer()) : 0;
      v.references.push_back({at, symbol, offset});
    }
    for (uint64_t i = 0; i < element && i < 8; ++i)
      v.initial[at + i] = static_cast<uint8_t>(value >> (8 * i));
    at += element;
  }

  void variableList(Space space, bool external, std::vector<Variable> &to) {
    to.push_back(variable(space, external));
    while (ok() && accept(",")) { // `.reg`-like lists share the type
      Variable more = to.back();
      more.name = word("the name of a variable");
      to.push_back(std::move(more));
    }
    expect(";");
  }

  std::vector<Variable> parameters() {
    std::vector<Variable> list;
    while (ok() && !accept(")")) {
      if (accept(".reg")) {
        fail("parameters in registers are not supported: expected .param");
      } else if (accept(".param")) {
        list.push_back(variable(Space::Param, false));
      } else {
        fail("expected .param, got ", next());
      }
      accept(",");
    }
    return list;
  }

  void triple(uint32_t (&to)[3]) {
    to[0] = to[1] = to[2] = 1;
    int i = 0;
    do
      to[i++] = static_cast<uint32_t>(integer());
    while (ok() && i < 3 && accept(","));
  }

  void function(bool entry) {
    auto f = std::make_unique<Function>();
    f->entry = entry;
    f->line = lexer.peek().line;
    if (accept("("))
      f->results = parameters();
    f->name = word("the name of a function");
    if (accept("("))
      f->parameters = parameters();
    while (ok() && !lexer.peek().is("{") && !lexer.peek().is(";")) {
      if (accept(".maxntid"))
        triple(f->most);
      else if (accept(".reqntid"))
        triple(f->required);
      else if (accept(".reqnctapercluster"))
        triple(f->cluster);
      else if (accept(".minnctapersm") || accept(".maxnctapersm") || accept(".maxnreg") ||
               accept(".maxclusterrank"))
        integer();
      else if (accept(".pragma"))
        skipTo(";");
      else if (!accept(".explicitcluster") && !accept(".noreturn") && !accept(".blocksareclusters"))
        fail("expected a directive of a function or its body, got ", next());
    }
    if (accept("{")) {
      f->defined = true;
      current = f.get();
      f->scopes.emplace_back();
      scope = location = 0;
      while (ok() && !lexer.peek().is("}"))
        statement();
      expect("}");
    } else {
      expect(";");
    }
    module.functions.push_back(std::move(f));
  }

  void block() {
    uint32_t outer = scope;
    scope = static_cast<uint32_t>(current->scopes.size());
    current->scopes.emplace_back().parent = outer;
    while (ok() && !lexer.peek().is("}"))
      statement();
    expect("}");
    scope = outer;
  }

  void registers() {
    Type type = Type::None;
    while (lexer.peek().kind == Token::Word && lexer.peek().text[0] == '.') {
      type = findType(lexer.peek().text.substr(1));
      if (type == Type::None)
        return fail("expected the type of a register, got ", next());
      lexer.take();
    }
    do {
      std::string_view name = word("the name of a register");
      int count = -1;
      if (accept("<")) {
        int64_t many = integer();
        if (many < 0 || many > 1000000)
          return fail("expected a number of registers, got ", many);
        count = static_cast<int>(many);
        expect(">");
      }
      current->scopes[scope].registers.push_back({name, type, count});
    } while (ok() && accept(","));
    expect(";");
  }

  void sourceLine() {
    uint32_t line = lexer.take().line;
    Location at;
    at.file = static_cast<uint32_t>(integer());
    at.line = static_cast<uint32_t>(integer());
    // Line 0 is code of no line: what follows keeps the position before.
    if (ok() && at.line) {
      location = static_cast<uint32_t>(module.locations.size());
      module.locations.push_back(at);
    }
    if (lexer.peek().line == line)
      lexer.skipLine();
  }

  void statement() {
    const Token &token = lexer.peek();
    if (accept(";"))
      return;
    if (accept("{"))
      return block();
    if (token.is(".loc"))
      return sourceLine();
    if (accept(".reg"))
      return registers();
    if (accept(".pragma"))
      return skipTo(";");
    if (token.is(".file"))
      return file();
    bool external = accept(".extern");
    if (std::optional<Space> space = variableSpace()) {
      std::vector<Variable> list;
      variableList(*space, external, list);
      for (Variable &v : list) {
        current->scopes[scope].variables[v.name] = static_cast<uint32_t>(current->variables.size());
        current->variables.push_back(std::move(v));
      }
      return;
    }
    if (token.is("@"))
      return instruction();
    if (token.kind != Token::Word || token.text[0] == '.')
      return fail("expected an instruction, got ", next());
    Token first = lexer.take();
    if (!accept(":"))
      return instruction(first);
    if (accept(".branchtargets")) {
      std::vector<std::string_view> &table = current->scopes[scope].tables[first.text];
      do
        table.push_back(word("a label"));
      while (ok() && accept(","));
      return expect(";");
    }
    if (accept(".callprototype"))
      return skipTo(";");
    if (!current->scopes[scope]
             .labels.emplace(first.text, static_cast<uint32_t>(current->statements.size()))
             .second)
      fail("label '", first.text, "' is defined twice");
  }

  void instruction() {
    lexer.take(); // @
    bool negated = accept("!");
    std::string_view guard = word("a predicate");
    if (lexer.peek().kind != Token::Word)
      return fail("expected an instruction, got ", next());
    instruction(lexer.take(), guard, negated);
  }

  void instruction(const Token &opcode, std::string_view guard = {}, bool negated = false) {
    Statement s;
    s.line = opcode.line;
    s.location = location;
    s.scope = scope;
    s.guard = guard;
    s.guardNegated = negated;
    std::string_view rest = opcode.text;
    for (bool first = true; !rest.empty(); first = false) {
      size_t end = std::min(rest.find('.'), rest.size());
      if (first)
        s.opcode = rest.substr(0, end);
      else
        s.modifiers.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!lexer.peek().is(";"))
      do
        s.operands.push_back(operand());
      while (ok() && accept(","));
    expect(";");
    current->statements.push_back(std::move(s));
  }

  Operand operandList(Operand::Kind kind, std::string_view end) {
    Operand list;
    list.kind = kind;
    while (ok() && !accept(end)) {
      list.parts.push_back(operand());
      if (!lexer.peek().is(end) && !accept(","))
        fail("expected '", end, "', got ", next());
    }
    return list;
  }

  Operand operand() {
    if (accept("{"))
      return operandList(Operand::Vector, "}");
    if (accept("["))
      return operandList(Operand::Address, "]");
    if (accept("("))
      return operandList(Operand::List, ")");
    Operand o;
    if (accept("!"))
      o.negated = true;
    const Token &token = lexer.peek();
    if (token.kind == Token::Integer || token.is("-")) {
      bool negative = token.is("-");
      if (!negative) {
        o.kind = Operand::Integer;
        o.value = integer();
        return o;
      }
      lexer.take();
      if (lexer.peek().kind == Token::Float64) {
        o.kind = Operand::Float64;
        o.value = static_cast<int64_t>(lexer.take().value ^ (1ull << 63));
        return o;
      }
      o.kind = Operand::Integer;
      o.value = static_cast<int64_t>(-static_cast<uint64_t>(integer()));
      return o;
    }
    if (token.kind == Token::Float32 || token.kind == Token::Float64) {
      o.kind = token.kind == Token::Float32 ? Operand::Float32 : Operand::Float64;
      o.value = static_cast<int64_t>(lexer.take().value);
      return o;
    }
    o.name = word("an operand");
    if (o.name == "_") {
      o.kind = Operand::Sink;
    } else if (lexer.peek().is("+")) {
      lexer.take();
      o.value = integer();
    } else if (lexer.peek().is("-")) {
      o.value = integer();
    }
    if (accept("|")) {
      Operand pair;
      pair.kind = Operand::Pair;
      pair.parts.push_back(std::move(o));
      pair.parts.push_back(operand());
      return pair;
    }
    return o;
  }

  Module &module;
  Lexer lexer;
  Status failure;
  Function *current = nullptr;
  uint32_t scope = 0, location = 0;
};

} // namespace

Result<std::unique_ptr<Module>> parse(std::string text, std::string name) {
  auto module = std::make_unique<Module>();
  module->text = std::move(text);
  module->name = std::move(name);
  if (Status status = Parser(*module).run(); !status.ok())
    return status;
  return module;
}

} // namespace hone::rt::sim
