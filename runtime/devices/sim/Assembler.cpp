// Lays out registers, local and shared memory of a kernel and of the functions it calls, and decodes their
// statements.
#include "runtime/devices/sim/Decode.h"
#include <charconv>
#include <unordered_map>

namespace hone::rt::sim {

const Instruction *findInstruction(std::string_view opcode) {
  static const std::unordered_map<std::string_view, const Instruction *> all = [] {
    std::unordered_map<std::string_view, const Instruction *> map;
    for (std::span<const Instruction> family :
         {integerInstructions(), bitInstructions(), floatInstructions(), moveInstructions(),
          compareInstructions(), convertInstructions(), memoryInstructions(), atomicInstructions(),
          warpInstructions(), controlInstructions(), barrierInstructions(), tensorInstructions(),
          matrixMoveInstructions(), copyInstructions(), mbarrierInstructions(), warpgroupInstructions(),
          clusterInstructions()})
      for (const Instruction &instruction : family)
        map.emplace(instruction.opcode, &instruction);
    return map;
  }();
  auto at = all.find(opcode);
  return at == all.end() ? nullptr : at->second;
}

uint32_t Assembler::allocate(uint32_t &total, uint64_t bytes, uint64_t align) {
  auto at = static_cast<uint32_t>((total + align - 1) / align * align);
  total = at + static_cast<uint32_t>(bytes);
  return at;
}

/// Predicates take a byte a lane, 8-bit registers two, so that a slot of one byte is always a predicate.
static int slotBytes(Type type) {
  int bits = infoOf(type).bits;
  return bits == 1 ? 1 : bits <= 16 ? 2 : bits / 8;
}

uint32_t Assembler::slot(int bytes) {
  return allocate(program.frameBytes, static_cast<uint64_t>(bytes) * 32, 64);
}

uint32_t Assembler::scratch(int bytes) {
  auto [at, added] = scratches.try_emplace(bytes, 0);
  if (added)
    at->second = slot(bytes);
  return at->second;
}

uint32_t Assembler::preset(Preset::Kind kind, int bytes, uint64_t value) {
  auto [at, added] = presets.try_emplace({static_cast<int>(kind), bytes, value}, 0);
  if (added) {
    at->second = slot(bytes);
    program.presets.push_back({kind, static_cast<uint8_t>(bytes), at->second, value});
  }
  return at->second;
}

std::optional<Slot> Assembler::findRegister(uint32_t scope, std::string_view name) {
  std::string_view stem = name;
  while (!stem.empty() && stem.back() >= '0' && stem.back() <= '9')
    stem.remove_suffix(1);
  int number = -1;
  if (stem.size() != name.size())
    std::from_chars(name.data() + stem.size(), name.data() + name.size(), number);
  for (;; scope = place->function->scopes[scope].parent) {
    for (const RegisterSet &set : place->function->scopes[scope].registers) {
      bool single = set.count < 0 && set.name == name;
      bool ranged = set.count >= 0 && set.name == stem && number >= 0 && number < set.count;
      if (!single && !ranged)
        continue;
      auto [at, added] = registers.try_emplace({&set, ranged ? number : -1});
      if (added)
        at->second = {slot(slotBytes(set.type)), slotBytes(set.type)};
      return at->second;
    }
    if (place->function->scopes[scope].parent == scope)
      return std::nullopt;
  }
}

uint32_t Assembler::sharedAddress(uint64_t offset) {
  uint32_t slot = preset(Preset::Constant, 8, offset);
  sharedAddresses[slot] = offset;
  return slot;
}

std::optional<uint64_t> Assembler::symbolValue(uint32_t slot) const {
  auto at = sharedAddresses.find(slot);
  return at == sharedAddresses.end() ? std::nullopt : std::optional(at->second);
}

std::optional<uint32_t> Assembler::symbolSlot(uint32_t scope, std::string_view name, int64_t offset) {
  auto add = static_cast<uint64_t>(offset);
  for (;; scope = place->function->scopes[scope].parent) {
    const auto &variables = place->function->scopes[scope].variables;
    if (auto at = variables.find(name); at != variables.end()) {
      bool shared = place->function->variables[at->second].space == Space::Shared;
      uint64_t value = place->variables[at->second] + add;
      return shared ? sharedAddress(value) : preset(Preset::Local, 8, value);
    }
    if (place->function->scopes[scope].parent == scope)
      break;
  }
  if (auto at = place->parameters.find(name); at != place->parameters.end())
    return preset(place->function->entry ? Preset::Parameter : Preset::Local, 8, at->second + add);
  if (auto at = sharedVariables.find(name); at != sharedVariables.end())
    return sharedAddress(at->second + add);
  if (auto at = symbols.find(name); at != symbols.end())
    return preset(Preset::Constant, 8, at->second + add);
  return std::nullopt;
}

std::optional<uint32_t> Assembler::labelStatement(uint32_t scope, std::string_view name) const {
  for (;; scope = place->function->scopes[scope].parent) {
    const Scope &s = place->function->scopes[scope];
    if (auto at = s.labels.find(name); at != s.labels.end())
      return at->second;
    if (s.parent == scope)
      return std::nullopt;
  }
}

const std::vector<std::string_view> *Assembler::table(uint32_t scope, std::string_view name) const {
  for (;; scope = place->function->scopes[scope].parent) {
    const Scope &s = place->function->scopes[scope];
    if (auto at = s.tables.find(name); at != s.tables.end())
      return &at->second;
    if (s.parent == scope)
      return nullptr;
  }
}

std::optional<std::pair<uint32_t, uint32_t>> Assembler::callVariable(uint32_t scope,
                                                                     std::string_view name) const {
  for (;; scope = place->function->scopes[scope].parent) {
    const Scope &s = place->function->scopes[scope];
    if (auto at = s.variables.find(name); at != s.variables.end())
      return std::pair(place->variables[at->second],
                       static_cast<uint32_t>(place->function->variables[at->second].bytes));
    if (s.parent == scope)
      return std::nullopt;
  }
}

void Assembler::layOut(Place &where) {
  const Function &f = *where.function;
  for (const std::vector<Variable> *list : {&f.parameters, &f.results})
    for (const Variable &v : *list)
      where.parameters[v.name] =
          allocate(f.entry ? program.parameterBytes : program.localBytes, v.bytes, v.align);
  for (const Variable &v : f.variables) {
    bool shared = v.space == Space::Shared;
    where.variables.push_back(allocate(shared ? program.sharedBytes : program.localBytes, v.bytes, v.align));
    if (shared)
      addShared(v, where.variables.back());
  }
}

Assembler::Place *Assembler::placeOf(const Function &function) {
  std::unique_ptr<Place> &where = places[&function];
  if (!where) {
    where = std::make_unique<Place>();
    where->function = &function;
    layOut(*where);
    order.push_back(where.get());
  }
  return where.get();
}

Status Assembler::decode(Place &where) {
  place = &where;
  where.begin = static_cast<uint32_t>(program.ops.size());
  const Function &f = *where.function;
  std::vector<bool> joins(f.statements.size() + 1);
  for (const Scope &scope : f.scopes)
    for (const auto &[name, statement] : scope.labels)
      joins[statement] = true;
  for (const Statement &s : f.statements) {
    auto wrong = [&](const std::string &why) {
      std::string opcode(s.opcode);
      for (std::string_view modifier : s.modifiers)
        opcode += "." + std::string(modifier);
      return invalid(module.name, ":", s.line, ": '", opcode, "': ", why);
    };
    const Instruction *instruction = findInstruction(s.opcode);
    if (!instruction)
      return wrong("unknown instruction");
    Decoding d(*this, s);
    if (!s.guard.empty()) {
      Operand guard;
      guard.name = s.guard;
      d.op.guard = d.read(guard, 1);
      d.op.guardNegated = s.guardNegated;
    }
    instruction->decode(d);
    if (d.failure.empty())
      d.allTaken();
    if (!d.failure.empty())
      return wrong(d.failure);
    std::string opcode(s.opcode);
    for (std::string_view modifier : s.modifiers)
      (opcode += '.') += modifier;
    auto index = static_cast<size_t>(&s - f.statements.data());
    where.opOf.push_back(static_cast<uint32_t>(program.ops.size()));
    after.insert(after.begin(), d.op);
    after[0].joins = joins[index];
    for (Op &op : after) {
      op.line = s.line;
      op.location = s.location;
      op.statement = static_cast<uint32_t>(program.opcodes.size());
      program.ops.push_back(op);
    }
    after.clear();
    program.opcodes.push_back(std::move(opcode));
  }
  // A body that runs off its end returns.
  where.opOf.push_back(static_cast<uint32_t>(program.ops.size()));
  Op end;
  end.kind = Kind::Return;
  end.joins = joins.back();
  end.statement = static_cast<uint32_t>(program.opcodes.size());
  end.line = f.statements.empty() ? f.line : f.statements.back().line;
  program.ops.push_back(end);
  program.opcodes.push_back("ret");
  for (size_t i = where.begin; i < program.ops.size(); ++i) {
    Op &op = program.ops[i];
    if (op.kind == Kind::Branch)
      op.target = where.opOf[op.target];
    else if (op.kind == Kind::Table)
      for (int64_t t = 0; t < op.imm; ++t)
        program.lists[op.target + static_cast<size_t>(t)] =
            where.opOf[program.lists[op.target + static_cast<size_t>(t)]];
  }
  return {};
}

std::vector<const Function *> Assembler::calleesOf(const Function &function) const {
  std::vector<const Function *> callees;
  for (const Statement &s : function.statements)
    if (s.opcode == "call")
      for (const Operand &operand : s.operands)
        if (operand.kind == Operand::Name)
          if (const Function *callee = module.find(operand.name); callee && callee->defined)
            callees.push_back(callee);
  return callees;
}

uint32_t Assembler::addShared(const Variable &v, uint32_t at) {
  uint32_t bytes = v.external ? ~0u - at : static_cast<uint32_t>(v.bytes);
  program.sharedSymbols.push_back({std::string(v.name), at, bytes});
  return at;
}

/// A function that can reach itself would need registers for each call.
const Function *Assembler::findRecursion(const Function *at, std::map<const Function *, int> &state) const {
  int &mine = state[at];
  if (mine)
    return mine == 1 ? at : nullptr;
  mine = 1;
  for (const Function *callee : calleesOf(*at))
    if (const Function *found = findRecursion(callee, state))
      return found;
  state[at] = 2;
  return nullptr;
}

Status Assembler::run(const Function &entry) {
  program.module = &module;
  program.entry = &entry;
  for (const Variable &v : module.variables)
    if (v.space == Space::Shared && !v.external)
      sharedVariables[v.name] = addShared(v, allocate(program.sharedBytes, v.bytes, v.align));
  placeOf(entry);
  for (size_t i = 0; i < order.size(); ++i)
    for (const Function *callee : calleesOf(*order[i]->function))
      placeOf(*callee);
  // Dynamic shared memory begins after all that is static.
  uint64_t align = 16;
  for (const Variable &v : module.variables)
    if (v.space == Space::Shared && v.external)
      align = std::max(align, v.align);
  program.dynamicShared = static_cast<uint32_t>((program.sharedBytes + align - 1) / align * align);
  for (const Variable &v : module.variables)
    if (v.space == Space::Shared && v.external)
      sharedVariables[v.name] = addShared(v, program.dynamicShared);
  for (size_t i = 0; i < order.size(); ++i)
    if (Status status = decode(*order[i]); !status.ok())
      return status;
  for (const Patch &call : calls)
    program.ops[call.op].target = places[call.callee]->begin;
  std::map<const Function *, int> state;
  if (const Function *f = findRecursion(&entry, state))
    return invalid(module.name, ":", f->line, ": function '", f->name,
                   "' calls itself, which is not supported");
  program.localBytes = (program.localBytes + 15) / 16 * 16;
  return {};
}

} // namespace hone::rt::sim
