// PTX text as data: a module of variables and functions, a function as a flat list of statements with scopes
// of names. Nothing is interpreted here; names of statements and operands point into Module::text.
#ifndef HONE_RUNTIME_DEVICES_SIM_PTX_H
#define HONE_RUNTIME_DEVICES_SIM_PTX_H
#include "runtime/base/Status.h"
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hone::rt::sim {

enum class Type : uint8_t {
  None,
#define HONE_PTX_TYPE(id, name, bits, kind) id,
#include "runtime/devices/sim/Type.def"
};
enum class TypeClass : uint8_t { Predicate, Bits, Unsigned, Signed, Float };

struct TypeInfo {
  const char *name;
  int bits;
  TypeClass kind;
};
const TypeInfo &infoOf(Type type);
/// Type::None when it is no name of a type.
Type findType(std::string_view name);

enum class Space : uint8_t { Generic, Global, Shared, SharedCluster, Local, Param, Const };
const char *nameOf(Space space);

/// One operand as written.
struct Operand {
  enum Kind : uint8_t { Name, Integer, Float32, Float64, Vector, Address, Pair, List, Sink };
  Kind kind = Name;
  bool negated = false;       ///< !p
  std::string_view name;      ///< Name: a register, symbol, label or special register
  int64_t value = 0;          ///< Integer; bits of Float32 and Float64; offset of a Name inside an Address
  std::vector<Operand> parts; ///< Vector {a,b}, Address [a+8, {c,d}], Pair a|b, List (a, b)
};

struct Statement {
  uint32_t line = 0, location = 0; ///< line of the text; index in Module::locations, 0: none
  uint32_t scope = 0;
  std::string_view guard; ///< @p, empty: none
  bool guardNegated = false;
  std::string_view opcode;                 ///< "ld"
  std::vector<std::string_view> modifiers; ///< "global", "v4", "f32"
  std::vector<Operand> operands;
};

struct Variable {
  std::string_view name;
  Space space = Space::Global;
  Type type = Type::B8;
  uint64_t bytes = 0, align = 1;
  bool external = false; ///< .extern: `.extern .shared x[]` is the dynamic shared memory
  std::vector<uint8_t> initial;
  struct Reference {
    uint64_t at;
    std::string_view symbol;
    int64_t offset;
  };
  std::vector<Reference> references; ///< addresses in the initial value
  uint32_t line = 0;
};

/// `.reg .b32 %r<12>` is count 12, `.reg .pred p` is count -1.
struct RegisterSet {
  std::string_view name;
  Type type;
  int count;
};

struct Scope {
  uint32_t parent = 0; ///< its own index for the outermost
  std::vector<RegisterSet> registers;
  std::unordered_map<std::string_view, uint32_t> variables; ///< index in Function::variables
  std::unordered_map<std::string_view, uint32_t> labels;    ///< index of the statement that follows
  std::unordered_map<std::string_view, std::vector<std::string_view>> tables; ///< .branchtargets
};

struct Function {
  std::string_view name;
  bool entry = false, defined = false;
  std::vector<Variable> parameters, results, variables;
  std::vector<Scope> scopes;
  std::vector<Statement> statements;
  uint32_t line = 0;
  uint32_t required[3] = {}, most[3] = {},
           cluster[3] = {}; ///< .reqntid, .maxntid, .reqnctapercluster; 0: not said
};

struct Location {
  uint32_t file = 0, line = 0;
};

struct Module {
  std::string text, name;
  std::string_view target;
  int major = 0, minor = 0, chip = 0; ///< .version; 80 of sm_80
  bool chipSpecific = false;          ///< sm_90a
  std::vector<Variable> variables;
  std::vector<std::unique_ptr<Function>> functions;
  std::map<uint32_t, std::string> files; ///< .file
  std::vector<Location> locations{{}};

  const Function *find(std::string_view function) const;
};

/// `name` is the file for messages: "name:line: what is wrong".
Result<std::unique_ptr<Module>> parse(std::string text, std::string name);

} // namespace hone::rt::sim
#endif
