// ldmatrix, stmatrix, movmatrix: 8x8 matrices of 16-bit elements between shared memory and the fragments of a
// warp. Lane l holds elements 2(l % 4) and the next of row l / 4; the address of row r of matrix m comes from
// lane 8m + r.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <cstring>

namespace hone::rt::sim {
namespace {

/// flags[0]: transposed; count: matrices; list: a register each.
void loadMatrices(Warp &w, const Op &o, uint32_t) {
  uint64_t addresses[32];
  std::byte *rows[32];
  addressesOf(w, o, addresses);
  uint32_t lanes = o.count == 4 ? everyLane : (1u << (8 * o.count)) - 1;
  uint32_t good = resolve(w, o, lanes, o.space, addresses, 16, {Use::Read, false}, rows);
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  for (uint32_t m = 0; m < o.count; ++m) {
    alignas(16) uint16_t matrix[8][8];
    for (uint32_t r = 0; r < 8; ++r)
      if (good >> (8 * m + r) & 1)
        memcpy(matrix[r], rows[8 * m + r], 16);
      else
        memset(matrix[r], 0xff, 16);
    uint32_t *d = w.at<uint32_t>(slots[m]);
    if (!o.flags[0]) {
      memcpy(d, matrix, 128);
      continue;
    }
    for (uint32_t l = 0; l < 32; ++l)
      d[l] = matrix[2 * (l % 4)][l / 4] | static_cast<uint32_t>(matrix[2 * (l % 4) + 1][l / 4]) << 16;
  }
}

void storeMatrices(Warp &w, const Op &o, uint32_t) {
  uint64_t addresses[32];
  std::byte *rows[32];
  addressesOf(w, o, addresses);
  uint32_t lanes = o.count == 4 ? everyLane : (1u << (8 * o.count)) - 1;
  // The values come from all lanes, but the rows count as written by the lanes that name them.
  uint32_t good = resolve(w, o, lanes, o.space, addresses, 16, {Use::Write, false}, rows);
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  for (uint32_t m = 0; m < o.count; ++m) {
    alignas(16) uint16_t matrix[8][8];
    const uint32_t *a = w.at<uint32_t>(slots[m]);
    for (uint32_t l = 0; l < 32; ++l)
      for (uint32_t e = 0; e < 2; ++e) {
        uint32_t row = l / 4, column = 2 * (l % 4) + e;
        (o.flags[0] ? matrix[column][row] : matrix[row][column]) = static_cast<uint16_t>(a[l] >> (16 * e));
      }
    for (uint32_t r = 0; r < 8; ++r)
      if (good >> (8 * m + r) & 1)
        memcpy(rows[8 * m + r], matrix[r], 16);
  }
  ++w.group->changes;
}

void transpose(Warp &w, const Op &o, uint32_t) {
  const uint32_t *a = w.at<uint32_t>(o.a);
  uint32_t out[32];
  for (uint32_t l = 0; l < 32; ++l) {
    uint32_t two[2];
    for (uint32_t e = 0; e < 2; ++e) { // element (l / 4, c) of the result is (c, l / 4) of the source
      uint32_t row = 2 * (l % 4) + e, column = l / 4;
      two[e] = a[row * 4 + column / 2] >> (16 * (column & 1)) & 0xffff;
    }
    out[l] = two[0] | two[1] << 16;
  }
  memcpy(w.at<uint32_t>(o.d), out, sizeof out);
}

bool decodeShape(Decoding &d) {
  d.takeAny({"sync", "aligned"});
  d.op.kind = Kind::Aligned;
  if (!d.take("m8n8")) {
    d.fail("expected shape m8n8");
    return false;
  }
  int number = d.takeOneOf({"x1", "x2", "x4"});
  d.op.count = static_cast<uint8_t>(number < 0 ? 1 : 1 << number);
  d.op.flags[0] = d.take("trans");
  d.op.space = d.takeSpace(Space::Generic);
  if (d.takeType() != Type::B16)
    d.fail("expected type .b16");
  return d.failure.empty() && d.expectOperands(2, 2);
}

void decodeLdmatrix(Decoding &d) {
  if (!decodeShape(d))
    return;
  d.op.list = d.writeList(d.s.operands[0], 4, d.op.count);
  d.address(1);
  d.op.run = loadMatrices;
}
void decodeStmatrix(Decoding &d) {
  if (!decodeShape(d))
    return;
  d.address(size_t(0));
  d.op.list = d.readList(d.s.operands[1], 4, d.op.count);
  d.op.run = storeMatrices;
}
void decodeMovmatrix(Decoding &d) {
  if (!d.take("trans"))
    d.fail("expected .trans");
  if (!decodeShape(d))
    return;
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, 4);
  d.op.run = transpose;
}

} // namespace

std::span<const Instruction> matrixMoveInstructions() {
  static constexpr Instruction table[] = {
      {"ldmatrix", decodeLdmatrix}, {"stmatrix", decodeStmatrix}, {"movmatrix", decodeMovmatrix}};
  return table;
}

} // namespace hone::rt::sim
