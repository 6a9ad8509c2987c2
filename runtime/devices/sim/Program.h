// A kernel made ready to run: one Op per statement with its handler, and a frame of registers. A register is
// a slot of 32 lanes; immediates, addresses of symbols and special registers are slots too, filled before a
// block starts, so that handlers have one form.
#ifndef HONE_RUNTIME_DEVICES_SIM_PROGRAM_H
#define HONE_RUNTIME_DEVICES_SIM_PROGRAM_H
#include "runtime/devices/sim/Ptx.h"

namespace hone::rt::sim {

struct Warp;
struct Op;
using Handler = void (*)(Warp &, const Op &, uint32_t mask);

/// How the engine treats an instruction.
enum class Kind : uint8_t {
  Plain,      ///< every lane for itself
  Collective, ///< lanes named by the mask in slot `e` execute it together
  Aligned,    ///< all lanes of the warp that have not exited execute it together
  Blocking,   ///< the handler sets Warp::blocked to be called again later
  Branch,     ///< to `target`
  Table,      ///< to lists[target + index in slot a], `imm` entries
  Call,       ///< to `target`, the handler has copied the arguments
  Return,
  Exit,
};

constexpr uint32_t none = ~0u;

struct Op {
  Handler run = nullptr, inner = nullptr; ///< inner: what `run` wraps
  Kind kind = Kind::Plain;
  bool guardNegated = false, joins = false; ///< joins: splits may merge here
  bool aligned = false;                     ///< a Blocking op that all lanes of the warp must reach together
  uint8_t count = 1, bytes = 0;             ///< elements of a vector, bytes of an element
  uint8_t flags[4] = {};                    ///< of the handler's family
  Space space = Space::Generic;
  uint32_t guard = none;
  uint32_t d = none, a = none, b = none, c = none, e = none; ///< slots: offsets in the frame
  uint32_t target = 0, list = 0;                             ///< list: index in Program::lists
  uint16_t listed = 0;                                       ///< slots there
  bool moves = false;                                        ///< copies register a to d, and nothing else
  int64_t imm = 0;
  uint32_t statement = 0, line = 0, location = 0;
};

/// A slot whose value is known before the program runs.
struct Preset {
  enum Kind : uint8_t { Constant, Special, Local, Parameter };
  Kind kind;
  uint8_t bytes;
  uint32_t slot;
  uint64_t value; ///< bits; index of the special register; offset in local or parameter memory
};

struct Program {
  const Module *module = nullptr;
  const Function *entry = nullptr;
  std::vector<Op> ops;
  std::vector<uint32_t> lists;
  std::vector<Preset> presets;
  std::vector<std::string> opcodes; ///< of each op, for messages and counts
  uint32_t frameBytes = 0, localBytes = 0, parameterBytes = 0;
  uint32_t sharedBytes = 0, dynamicShared = 0; ///< static ones, and where dynamic ones begin
  struct Symbol {
    std::string name;
    uint32_t offset, bytes;
  };
  std::vector<Symbol> sharedSymbols;
};

} // namespace hone::rt::sim
#endif
