// Modifiers and operands of one statement.
#include "runtime/devices/sim/Decode.h"
#include <bit>
#include <charconv>

namespace hone::rt::sim {

bool Decoding::take(std::string_view modifier) {
  for (size_t i = 0; i < taken.size(); ++i)
    if (!taken[i] && s.modifiers[i] == modifier)
      return taken[i] = true;
  return false;
}

int Decoding::takeOneOf(std::initializer_list<std::string_view> modifiers) {
  int index = 0;
  for (std::string_view modifier : modifiers) {
    if (take(modifier))
      return index;
    ++index;
  }
  return -1;
}

void Decoding::takeAny(std::initializer_list<std::string_view> modifiers) {
  for (std::string_view modifier : modifiers)
    take(modifier);
}

Type Decoding::takeTypeOr(Type other) {
  for (size_t i = 0; i < taken.size(); ++i)
    if (Type type = findType(s.modifiers[i]); !taken[i] && type != Type::None) {
      taken[i] = true;
      return type;
    }
  return other;
}

Type Decoding::takeType() {
  Type type = takeTypeOr(Type::None);
  if (type == Type::None)
    fail("expected a type");
  return type;
}

Space Decoding::takeSpace(Space other) {
  static constexpr std::pair<std::string_view, Space> spaces[] = {
      {"global", Space::Global},      {"shared", Space::Shared},
      {"shared::cta", Space::Shared}, {"shared::cluster", Space::SharedCluster},
      {"local", Space::Local},        {"param", Space::Param},
      {"const", Space::Const},        {"param::entry", Space::Param},
      {"param::func", Space::Param}};
  for (auto [name, space] : spaces)
    if (take(name))
      return space;
  return other;
}

bool Decoding::allTaken() {
  for (size_t i = 0; i < taken.size(); ++i)
    if (!taken[i]) {
      fail("unknown modifier '.", s.modifiers[i], "'");
      return false;
    }
  return true;
}

bool Decoding::expectOperands(size_t least, size_t most) {
  if (count() >= least && count() <= most)
    return true;
  if (least == most)
    fail("expected ", least, " operands, got ", count());
  else
    fail("expected ", least, " to ", most, " operands, got ", count());
  return false;
}

uint32_t Decoding::constant(uint64_t value, int bytes) {
  if (bytes < 8)
    value &= (1ull << (8 * bytes)) - 1;
  return assembler.preset(Preset::Constant, bytes, value);
}

Slot Decoding::readAny(const Operand &operand, int bytes) {
  switch (operand.kind) {
  case Operand::Integer:
    // A predicate is a byte of 0 or 1, whatever the number that says true.
    return {constant(bytes == 1 ? operand.value != 0 : static_cast<uint64_t>(operand.value), bytes), bytes};
  case Operand::Float32:
    if (bytes == 8)
      return {constant(std::bit_cast<uint64_t>(
                           static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(operand.value)))),
                       8),
              8};
    return {constant(static_cast<uint64_t>(operand.value), bytes), bytes};
  case Operand::Float64:
    if (bytes == 4)
      return {constant(std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(operand.value))), 4),
              4};
    return {constant(static_cast<uint64_t>(operand.value), bytes), bytes};
  case Operand::Name:
    break;
  default:
    fail("expected a register or an immediate value");
    return {};
  }
  if (operand.name.empty())
    return {};
  if (std::optional<Slot> found = assembler.findRegister(s.scope, operand.name))
    return *found;
  if (operand.name == "WARP_SZ")
    return {constant(32, bytes), bytes};
  if (int special = findSpecial(operand.name); special >= 0) {
    if (specialChanges(special))
      fail("'", operand.name, "' can be read by mov only");
    return {assembler.preset(Preset::Special, specialBytes(special), static_cast<uint64_t>(special)),
            specialBytes(special)};
  }
  if (std::optional<uint32_t> address = assembler.symbolSlot(s.scope, operand.name, operand.value))
    return {*address, 8};
  fail("unknown name '", operand.name, "'");
  return {};
}

uint32_t Decoding::read(const Operand &operand, int bytes) {
  Slot slot = readAny(operand, bytes);
  if (slot.at == none)
    return none;
  // Addresses have 8 bytes; that of a shared variable also fits 4.
  if (slot.bytes == 8 && bytes == 4)
    if (std::optional<uint64_t> offset = assembler.symbolValue(slot.at))
      return constant(*offset, 4);
  if (slot.bytes != bytes) {
    fail("operand '", operand.name, "' has ", slot.bytes * 8, " bits, expected ", bytes * 8);
    return none;
  }
  return slot.at;
}

Slot Decoding::writeAny(const Operand &operand, int bytes) {
  if (operand.kind == Operand::Sink)
    return {assembler.scratch(bytes), bytes};
  if (operand.kind == Operand::Name)
    if (std::optional<Slot> found = assembler.findRegister(s.scope, operand.name))
      return *found;
  fail("expected a register to write to, got '", operand.name, "'");
  return {};
}

uint32_t Decoding::write(const Operand &operand, int bytes) {
  Slot slot = writeAny(operand, bytes);
  if (slot.at != none && slot.bytes != bytes) {
    fail("'", operand.name, "' has ", slot.bytes * 8, " bits, expected ", bytes * 8);
    return none;
  }
  return slot.at;
}

void Decoding::address(const Operand &operand) {
  if (operand.kind != Operand::Address || operand.parts.empty())
    return fail("expected an address in brackets");
  const Operand &base = operand.parts[0];
  if (base.kind == Operand::Integer) {
    op.a = constant(static_cast<uint64_t>(base.value), 8);
    op.flags[3] = 8;
    return;
  }
  Operand plain = base;
  plain.value = 0;
  Slot slot = readAny(plain, 8);
  if (slot.at != none && slot.bytes != 8 && slot.bytes != 4)
    return fail("expected an address of 32 or 64 bits, '", base.name, "' has ", slot.bytes * 8);
  op.a = slot.at;
  op.flags[3] = static_cast<uint8_t>(slot.bytes);
  op.imm = base.value;
}

void Decoding::address(size_t i) {
  if (i >= count())
    return missing(i);
  address(s.operands[i]);
}

uint32_t Decoding::addList(std::span<const uint32_t> slots) {
  std::vector<uint32_t> &lists = assembler.program.lists;
  lists.insert(lists.end(), slots.begin(), slots.end());
  op.listed = static_cast<uint16_t>(op.listed + slots.size());
  return static_cast<uint32_t>(lists.size() - slots.size());
}

static std::span<const Operand> elementsOf(const Operand &operand) {
  return operand.kind == Operand::Vector ? std::span(operand.parts) : std::span(&operand, 1);
}

uint32_t Decoding::readList(const Operand &operand, int bytes, size_t expected) {
  std::vector<uint32_t> slots;
  for (const Operand &element : elementsOf(operand))
    slots.push_back(read(element, bytes));
  if (slots.size() != expected)
    fail("expected a vector of ", expected, ", got ", slots.size());
  return addList(slots);
}

uint32_t Decoding::writeList(const Operand &operand, int bytes, size_t expected) {
  std::vector<uint32_t> slots;
  for (const Operand &element : elementsOf(operand))
    slots.push_back(write(element, bytes));
  if (slots.size() != expected)
    fail("expected a vector of ", expected, ", got ", slots.size());
  return addList(slots);
}

int64_t Decoding::immediate(size_t i) {
  if (i < count() && s.operands[i].kind == Operand::Integer)
    return s.operands[i].value;
  fail("expected an integer as operand ", i + 1);
  return 0;
}

std::pair<const Operand *, const Operand *> Decoding::pair(size_t i) const {
  const Operand &operand = s.operands[i];
  if (operand.kind == Operand::Pair)
    return {&operand.parts[0], &operand.parts[1]};
  return {&operand, nullptr};
}

uint32_t Decoding::label(const Operand &operand) {
  std::optional<uint32_t> statement =
      operand.kind == Operand::Name ? assembler.labelStatement(s.scope, operand.name) : std::nullopt;
  if (!statement) {
    fail("unknown label '", operand.name, "'");
    return 0;
  }
  return *statement;
}

} // namespace hone::rt::sim
