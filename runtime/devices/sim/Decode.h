// From statements to ops. The instructions stand in tables of their families (ops/*.cpp): an opcode with a
// function that takes the modifiers and operands it knows. A modifier that nobody took is an error, as is an
// unknown opcode.
#ifndef HONE_RUNTIME_DEVICES_SIM_DECODE_H
#define HONE_RUNTIME_DEVICES_SIM_DECODE_H
#include "runtime/devices/sim/Memory.h"
#include "runtime/devices/sim/Program.h"
#include <initializer_list>
#include <span>
#include <tuple>

namespace hone::rt::sim {

class Assembler;

struct Slot {
  uint32_t at = none;
  int bytes = 0;
};

/// One statement on its way to an op.
class Decoding {
public:
  Decoding(Assembler &assembler, const Statement &statement)
      : s(statement), assembler(assembler), taken(statement.modifiers.size()) {}

  const Statement &s;
  Op op;
  std::string failure;
  template <typename... Parts>
  void fail(const Parts &...parts) {
    if (failure.empty())
      failure = text(parts...);
  }

  // Modifiers.
  bool take(std::string_view modifier);
  /// The index of the one that is there, -1: none.
  int takeOneOf(std::initializer_list<std::string_view> modifiers);
  void takeAny(std::initializer_list<std::string_view> modifiers);
  /// The first type that was not taken yet; fails when there is none.
  Type takeType();
  Type takeTypeOr(Type other);
  Space takeSpace(Space other);
  /// What changes nothing here: round to nearest is the default, approximate ops are exact, subnormals stay.
  void takeRounding() { takeAny({"rn", "approx", "full", "ftz", "noftz"}); }
  bool allTaken();

  // Operands.
  size_t count() const { return s.operands.size(); }
  bool expectOperands(size_t least, size_t most);
  bool isVector(size_t i) const { return i < count() && s.operands[i].kind == Operand::Vector; }
  /// A slot of `bytes` a lane (1: predicate) that holds the operand.
  uint32_t read(const Operand &operand, int bytes);
  uint32_t read(size_t i, int bytes) { return i < count() ? read(s.operands[i], bytes) : (missing(i), none); }
  uint32_t write(const Operand &operand, int bytes);
  uint32_t write(size_t i, int bytes) {
    return i < count() ? write(s.operands[i], bytes) : (missing(i), none);
  }
  /// A register of any width; immediates take `bytes`.
  Slot readAny(const Operand &operand, int bytes);
  Slot writeAny(const Operand &operand, int bytes);
  /// [a+8]: fills op.a, op.imm and op.flags[3].
  void address(size_t i);
  void address(const Operand &operand);
  /// The elements of {a, b}, or the operand itself, each a slot of `bytes`; the index in Program::lists.
  uint32_t readList(const Operand &operand, int bytes, size_t expected);
  uint32_t writeList(const Operand &operand, int bytes, size_t expected);
  uint32_t constant(uint64_t value, int bytes);
  int64_t immediate(size_t i);
  /// "r|p": the second part is none when it is not there.
  std::pair<const Operand *, const Operand *> pair(size_t i) const;
  bool isNegated(size_t i) const { return i < count() && s.operands[i].negated; }
  uint32_t label(const Operand &operand);
  uint32_t addList(std::span<const uint32_t> slots);
  Assembler &in() { return assembler; }

private:
  void missing(size_t i) { fail("expected an operand ", i + 1); }
  Assembler &assembler;
  std::vector<bool> taken;
};

struct Instruction {
  std::string_view opcode;
  void (*decode)(Decoding &);
};
/// The families' tables.
std::span<const Instruction> integerInstructions(), bitInstructions(), floatInstructions(),
    moveInstructions(), compareInstructions(), convertInstructions(), memoryInstructions(),
    atomicInstructions(), warpInstructions(), controlInstructions(), barrierInstructions(),
    tensorInstructions(), matrixMoveInstructions(), copyInstructions(), mbarrierInstructions(),
    warpgroupInstructions(), clusterInstructions();
/// Null when there is none.
const Instruction *findInstruction(std::string_view opcode);

/// Special registers, in Special.cpp. -1: no such register.
int findSpecial(std::string_view name);
int specialBytes(int special);
/// Changes while the kernel runs, so only mov can read it.
bool specialChanges(int special);
uint64_t specialValue(int special, const Warp &warp, uint32_t lane);

/// Functions that the driver provides: vprintf, __assertfail. Null: none of this name.
Handler findBuiltin(std::string_view name);

/// Addresses of a module's variables.
using Symbols = std::unordered_map<std::string_view, uint64_t>;

/// Collects the ops of a kernel and the functions it calls.
class Assembler {
public:
  Assembler(const Module &module, const Symbols &symbols, Program &program)
      : module(module), symbols(symbols), program(program) {}
  Status run(const Function &entry);

  struct Place {
    const Function *function;
    std::unordered_map<std::string_view, uint32_t>
        parameters;                  ///< offsets in local memory, or of a kernel's parameters
    std::vector<uint32_t> variables; ///< offsets in local or shared memory
    std::vector<uint32_t> opOf;      ///< by statement
    uint32_t begin = none;
  };

  const Module &module;
  const Symbols &symbols;
  Program &program;
  Place *place = nullptr;

  std::optional<Slot> findRegister(uint32_t scope, std::string_view name);
  uint32_t slot(int bytes);
  uint32_t preset(Preset::Kind kind, int bytes, uint64_t value);
  /// The address of a variable, parameter or function; nothing when there is none.
  std::optional<uint32_t> symbolSlot(uint32_t scope, std::string_view name, int64_t offset);
  /// The offset that such a slot holds, when it is that of a shared variable.
  std::optional<uint64_t> symbolValue(uint32_t slot) const;
  std::optional<uint32_t> labelStatement(uint32_t scope, std::string_view name) const;
  const std::vector<std::string_view> *table(uint32_t scope, std::string_view name) const;
  /// Offset in local memory of a call's argument or result, with its bytes.
  std::optional<std::pair<uint32_t, uint32_t>> callVariable(uint32_t scope, std::string_view name) const;
  Place *placeOf(const Function &function);
  uint32_t scratch(int bytes);

  struct Patch {
    uint32_t op;
    const Function *callee;
  };
  std::vector<Patch> calls;
  uint32_t carry = 0;    ///< slot of the carry flag, 0: none yet
  std::vector<Op> after; ///< ops that follow the one being decoded

private:
  Status decode(Place &where);
  void layOut(Place &where);
  uint32_t sharedAddress(uint64_t offset);
  std::vector<const Function *> calleesOf(const Function &function) const;
  const Function *findRecursion(const Function *at, std::map<const Function *, int> &state) const;
  uint32_t addShared(const Variable &v, uint32_t at);
  std::unordered_map<std::string_view, uint32_t> sharedVariables; // of the module
  uint32_t allocate(uint32_t &total, uint64_t bytes, uint64_t align);
  std::map<const Function *, std::unique_ptr<Place>> places;
  std::vector<Place *> order;
  std::map<std::pair<const RegisterSet *, int>, Slot> registers;
  std::map<std::tuple<int, int, uint64_t>, uint32_t> presets;
  std::map<int, uint32_t> scratches;
  std::map<uint32_t, uint64_t> sharedAddresses; // by slot
};

} // namespace hone::rt::sim
#endif
