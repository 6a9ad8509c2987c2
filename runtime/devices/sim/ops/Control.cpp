// Branches, calls and returns: what they do to the flow is the engine's; here they are decoded. Arguments of
// calls are copied between variables in local memory.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <bit>
#include <cstring>

namespace hone::rt::sim {
namespace {

void nothing(Warp &, const Op &, uint32_t) {}

void decodeBra(Decoding &d) {
  d.take("uni");
  if (!d.expectOperands(1, 1))
    return;
  d.op.kind = Kind::Branch;
  d.op.target = d.label(d.s.operands[0]);
}

void decodeBrx(Decoding &d) {
  d.takeAny({"idx", "uni"});
  if (!d.expectOperands(2, 2))
    return;
  const std::vector<std::string_view> *table = d.in().table(d.s.scope, d.s.operands[1].name);
  if (!table)
    return d.fail("unknown .branchtargets '", d.s.operands[1].name, "'");
  std::vector<uint32_t> targets;
  for (std::string_view name : *table) {
    Operand label;
    label.name = name;
    targets.push_back(d.label(label));
  }
  d.op.kind = Kind::Table;
  d.op.a = d.read(size_t(0), 4);
  d.op.target = d.addList(targets);
  d.op.imm = static_cast<int64_t>(targets.size());
}

/// Lists of (from, to, bytes), offsets in each lane's local memory; imm: how many.
void copyLocals(Warp &w, const Op &o, uint32_t mask) {
  const Program &program = *w.group->launch->program;
  const uint32_t *list = program.lists.data() + o.list;
  for (int64_t i = 0; i < o.imm; ++i, list += 3)
    forLanes(mask, [&](uint32_t l) {
      std::byte *local = w.local + static_cast<size_t>(l) * program.localBytes;
      memcpy(local + list[1], local + list[0], list[2]);
    });
}

/// call (results), function, (arguments);
void decodeCall(Decoding &d) {
  d.take("uni");
  const Operand *results = nullptr, *arguments = nullptr, *name = nullptr;
  for (const Operand &operand : d.s.operands) {
    if (operand.kind == Operand::List)
      (name ? arguments : results) = &operand;
    else if (!name)
      name = &operand;
    else
      return d.fail("indirect calls are not supported");
  }
  if (!name || name->kind != Operand::Name)
    return d.fail("expected a function");
  const Function *callee = d.in().module.find(name->name);
  if (!callee && d.in().findRegister(d.s.scope, name->name))
    return d.fail("indirect calls are not supported");
  if (!callee)
    return d.fail("unknown function '", name->name, "'");
  auto variables = [&](const Operand *list) {
    std::vector<std::pair<uint32_t, uint32_t>> found;
    if (list)
      for (const Operand &operand : list->parts) {
        if (auto at = d.in().callVariable(d.s.scope, operand.name))
          found.push_back(*at);
        else
          d.fail("expected a .param variable, got '", operand.name, "'");
      }
    return found;
  };
  auto given = variables(arguments), taken = variables(results);
  if (!callee->defined) {
    // What the driver provides: the handler reads its arguments and writes its result in local memory.
    d.op.run = findBuiltin(callee->name);
    if (!d.op.run)
      return d.fail("function '", callee->name, "' has no body");
    std::vector<uint32_t> places;
    for (auto [at, bytes] : given)
      places.push_back(at);
    places.push_back(taken.empty() ? none : taken[0].first);
    d.op.list = d.addList(places);
    d.op.count = static_cast<uint8_t>(given.size());
    return;
  }
  if (given.size() != callee->parameters.size() || taken.size() != callee->results.size())
    return d.fail("'", callee->name, "' takes ", callee->parameters.size(), " arguments and returns ",
                  callee->results.size(), " values, got ", given.size(), " and ", taken.size());
  Assembler::Place *place = d.in().placeOf(*callee);
  std::vector<uint32_t> in, out;
  for (size_t i = 0; i < given.size(); ++i)
    in.insert(in.end(), {given[i].first, place->parameters[callee->parameters[i].name],
                         std::min(given[i].second, static_cast<uint32_t>(callee->parameters[i].bytes))});
  for (size_t i = 0; i < taken.size(); ++i)
    out.insert(out.end(), {place->parameters[callee->results[i].name], taken[i].first,
                           std::min(taken[i].second, static_cast<uint32_t>(callee->results[i].bytes))});
  d.op.kind = Kind::Call;
  d.op.run = copyLocals;
  d.op.list = d.addList(in);
  d.op.imm = static_cast<int64_t>(given.size());
  d.in().calls.push_back({static_cast<uint32_t>(d.in().program.ops.size()), callee});
  Op back;
  back.run = copyLocals;
  back.list = d.addList(out);
  back.imm = static_cast<int64_t>(taken.size());
  back.guard = d.op.guard;
  back.guardNegated = d.op.guardNegated;
  back.joins = true; // lanes that were elsewhere in the function come together again
  d.in().after.push_back(back);
}

template <Kind kind>
void decodeEnd(Decoding &d) {
  d.take("uni");
  d.expectOperands(0, 0);
  d.op.kind = kind;
}

void trap(Warp &w, const Op &o, uint32_t mask) {
  w.failed = true;
  reportLane(w, o, static_cast<uint32_t>(std::countr_zero(mask)), Fault::Trap, "executed",
             "the kernel stopped itself");
}
void decodeTrap(Decoding &d) { d.op.run = trap; }
void decodeNothing(Decoding &d) { d.op.run = nothing; }

void sleep(Warp &w, const Op &, uint32_t) { ++w.group->spins; }
void decodeNanosleep(Decoding &d) {
  d.take("u32");
  d.read(size_t(0), 4);
  d.op.run = sleep;
}

/// setmaxnreg, griddepcontrol, pmevent: resources and launches that do not exist here. Kernels of a stream
/// run one after the other, so a dependent grid's wait is over before it begins.
void decodeResource(Decoding &d) {
  d.takeAny({"inc", "dec", "sync", "aligned", "u32", "wait", "launch_dependents", "mask"});
  if (d.s.opcode == "setmaxnreg") {
    d.op.kind = Kind::Aligned;
    int64_t n = d.immediate(0);
    if (n < 24 || n > 256 || n % 8)
      d.fail("expected a number of registers from 24 to 256 that is a multiple of 8, got ", n);
  }
  d.op.run = nothing;
}

// ---- functions of the driver

/// The bytes of the lane's argument.
uint64_t argument(Warp &w, const Op &o, uint32_t lane, int index) {
  const Program &program = *w.group->launch->program;
  uint64_t value;
  memcpy(&value,
         w.local + static_cast<size_t>(lane) * program.localBytes +
             program.lists[o.list + static_cast<size_t>(index)],
         8);
  return value;
}

/// Text in memory, as far as it can be read.
std::string textAt(Warp &w, uint64_t address) {
  std::string out;
  const Region *region = w.group->launch->memory->find(address);
  for (; region && address < region->base + region->bytes; ++address) {
    char c = *reinterpret_cast<const char *>(address);
    if (!c)
      break;
    out += c;
  }
  return out;
}

/// printf: the arguments lie one after the other, each aligned to its size.
void print(Warp &w, const Op &o, uint32_t mask) {
  const Program &program = *w.group->launch->program;
  forLanes(mask, [&](uint32_t l) {
    std::string format = textAt(w, argument(w, o, l, 0)), out;
    uint64_t at = argument(w, o, l, 1);
    auto next = [&](uint64_t bytes) {
      uint64_t value = 0;
      at = (at + bytes - 1) / bytes * bytes;
      uint64_t from = at - reinterpret_cast<uint64_t>(w.local);
      if (from < 32ull * program.localBytes && bytes <= 32ull * program.localBytes - from)
        memcpy(&value, reinterpret_cast<void *>(at), bytes);
      at += bytes;
      return value;
    };
    for (size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%') {
        out += format[i];
        continue;
      }
      size_t end = format.find_first_of("diouxXcsfFeEgGaAp%", i + 1);
      if (end == format.npos)
        break;
      std::string one = format.substr(i, end - i + 1);
      char kind = format[end], buffer[256];
      i = end;
      bool wide = one.find('l') != one.npos;
      if (kind == '%') {
        out += '%';
        continue;
      }
      if (std::strchr("fFeEgGaA", kind))
        snprintf(buffer, sizeof buffer, one.c_str(), std::bit_cast<double>(next(8)));
      else if (kind == 's')
        snprintf(buffer, sizeof buffer, one.c_str(), textAt(w, next(8)).c_str());
      else if (kind == 'p' || wide)
        snprintf(buffer, sizeof buffer, one.c_str(), next(8));
      else
        snprintf(buffer, sizeof buffer, one.c_str(), static_cast<uint32_t>(next(4)));
      out += buffer;
    }
    fputs(out.c_str(), stdout);
  });
}

/// __assertfail(message, file, line, function, size of a character)
void assertFail(Warp &w, const Op &o, uint32_t mask) {
  auto lane = static_cast<uint32_t>(std::countr_zero(mask));
  w.failed = true;
  reportLane(w, o, lane, Fault::Trap, "executed",
             text("assertion '", textAt(w, argument(w, o, lane, 0)), "' failed at ",
                  textAt(w, argument(w, o, lane, 1)), ":", static_cast<uint32_t>(argument(w, o, lane, 2))));
}

} // namespace

Handler findBuiltin(std::string_view name) {
  static constexpr std::pair<std::string_view, Handler> table[] = {{"vprintf", print},
                                                                   {"__assertfail", assertFail}};
  for (auto [n, handler] : table)
    if (n == name)
      return handler;
  return nullptr;
}

std::span<const Instruction> controlInstructions() {
  static constexpr Instruction table[] = {{"bra", decodeBra},
                                          {"brx", decodeBrx},
                                          {"call", decodeCall},
                                          {"ret", decodeEnd<Kind::Return>},
                                          {"exit", decodeEnd<Kind::Exit>},
                                          {"trap", decodeTrap},
                                          {"brkpt", decodeNothing},
                                          {"nanosleep", decodeNanosleep},
                                          {"setmaxnreg", decodeResource},
                                          {"griddepcontrol", decodeResource},
                                          {"pmevent", decodeResource}};
  return table;
}

} // namespace hone::rt::sim
