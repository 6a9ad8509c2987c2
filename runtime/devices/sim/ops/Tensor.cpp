// mma.sync and mma.sp: the fragments of a warp become matrices of floats or integers, are multiplied, and go
// back. Products are exact in f32 but for tf32 and f64, sums run in the order of k; the hardware's order and
// its truncation are not modelled.
#include "runtime/devices/sim/ops/Fragments.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <cstring>

namespace hone::rt::sim {
namespace {

/// m16n8k?: flags[0], [1]: types of A and B; [2]: type of C and D; bytes: bits of an element of A; count: k;
/// imm: sparse, satfinite. Lists: D, A, B, C, then the metadata's slot and the selector.
struct Shape {
  int k, aBits, bBits;
  uint32_t nd, na, nb, nc;
};

/// As rows of k elements for each of the 8 columns.
template <class T>
void loadB(const Warp &w, const uint32_t *slots, uint32_t registers, Type type, int perWord, int k, T *b) {
  withElements<T>(type, [&](auto element) {
    for (uint32_t i = 0; i < registers; ++i) {
      const uint32_t *words = w.at<uint32_t>(slots[i]);
      for (uint32_t l = 0; l < 32; ++l) {
        uint32_t column = l / 4, row = static_cast<uint32_t>(perWord) * (l % 4 + i * 4);
        for (int e = 0; e < perWord; ++e)
          b[column * static_cast<uint32_t>(k) + row + static_cast<uint32_t>(e)] = element(words[l], e);
      }
    }
  });
}

constexpr int maxK = 256;

/// c[16][8] += a[16][k] * b[8][k]
template <class T>
void multiply(const T *a, const T *b, T *c, int k) {
  // Columns of B side by side, so that the eight sums of a row are one vector.
  T across[maxK][8];
  for (int i = 0; i < k; ++i)
    for (int n = 0; n < 8; ++n)
      across[i][n] = b[n * k + i];
  for (int m = 0; m < 16; ++m) {
    T sum[8];
    memcpy(sum, c + m * 8, sizeof sum);
    for (int i = 0; i < k; ++i) {
      T left = a[m * k + i];
      for (int n = 0; n < 8; ++n)
        sum[n] += left * across[i][n];
    }
    memcpy(c + m * 8, sum, sizeof sum);
  }
}

/// 2:4 sparse A: of each group of four (tf32: two) columns, those that the metadata names are there.
template <class T>
void expand(const Warp &w, const Op &o, uint32_t metadataSlot, uint32_t selector, Type type, int k,
            const T *packed, T *a) {
  std::fill(a, a + 16 * k, T(0));
  const uint32_t *metadata = w.at<uint32_t>(metadataSlot);
  int packedK = k / 2;
  // Bits of metadata of a row: 4 for every group of four; they lie in the lanes of a quad that the selector
  // names.
  for (int row = 0; row < 16; ++row)
    for (int group = 0; group < k / 4; ++group) {
      uint32_t bits = 0;
      auto g = static_cast<uint32_t>(row % 8);
      if (infoOf(type).bits == 16) {
        // 32 bits of a lane: 16 for row g, 16 for row g + 8; k = 16: one lane a quad by selector; k = 32:
        // lanes 2s, 2s + 1.
        uint32_t lane = k == 16 ? g * 4 + selector : g * 4 + selector * 2 + static_cast<uint32_t>(group / 4);
        bits = metadata[lane] >> ((row >= 8 ? 16 : 0) + 4 * (group % 4)) & 15;
      } else { // 8 bits
        // k = 32: as above with two lanes; k = 64: all four lanes of the quad, t = 0, 1 for the rows g, 2, 3
        // for g + 8.
        uint32_t lane;
        int shift;
        if (k == 32) {
          lane = g * 4 + selector * 2 + static_cast<uint32_t>(group / 4);
          shift = (row >= 8 ? 16 : 0) + 4 * (group % 4);
        } else {
          lane = g * 4 + (row >= 8 ? 2u : 0u) + static_cast<uint32_t>(group / 8);
          shift = 4 * (group % 8);
        }
        bits = metadata[lane] >> shift & 15;
      }
      for (int which = 0; which < 2; ++which)
        a[row * k + group * 4 + static_cast<int>(bits >> (2 * which) & 3)] =
            packed[row * packedK + group * 2 + which];
    }
}

template <class T>
void multiplyWarp(Warp &w, const Op &o, uint32_t) {
  auto aType = static_cast<Type>(o.flags[0]), bType = static_cast<Type>(o.flags[1]),
       cType = static_cast<Type>(o.flags[2]);
  const uint32_t *list = w.group->launch->program->lists.data() + o.list;
  bool sparse = o.imm & 1;
  int k = static_cast<int>(o.target), perWord = 32 / infoOf(aType).bits, packedK = sparse ? k / 2 : k;
  uint32_t rows = o.bytes, nd = list[0], na = list[1], nb = list[2];
  const uint32_t *d = list + 4, *aSlots = d + nd, *bSlots = aSlots + na, *cSlots = bSlots + nb;
  alignas(64) T a[16 * maxK], packed[16 * maxK], b[8 * maxK], c[16 * 8];
  if (rows == 8)
    std::fill(a, a + 16 * k, T(0));
  loadA(w, aSlots, na, aType, perWord, packedK, sparse ? packed : a);
  loadB(w, bSlots, nb, bType, perWord, k, b);
  if (sparse)
    expand(w, o, o.e, static_cast<uint32_t>(o.imm >> 8), aType, k, packed, a);
  for (uint32_t l = 0; l < 32; ++l) {
    uint32_t g = l / 4, t = l % 4;
    for (uint32_t i = 0; i < rows / 4; ++i) {
      T &to = c[(g + (i >> 1) * 8) * 8 + 2 * t + (i & 1)];
      if (cType == Type::F16)
        to = static_cast<T>(
            fromHalf(static_cast<uint16_t>(w.at<uint32_t>(cSlots[i / 2])[l] >> (16 * (i & 1)))));
      else
        memcpy(&to, w.frame + cSlots[i] + l * 4, 4);
    }
    if (rows == 8)
      c[(g + 8) * 8 + 2 * t] = c[(g + 8) * 8 + 2 * t + 1] = T(0);
  }
  // Products of integers fit; adding C may not: the sum wraps around or saturates.
  T start[16 * 8];
  if constexpr (std::is_integral_v<T>) {
    memcpy(start, c, sizeof start);
    std::fill(c, c + 16 * 8, T(0));
  }
  multiply(a, b, c, k);
  if constexpr (std::is_integral_v<T>)
    for (int i = 0; i < 16 * 8; ++i) {
      int64_t sum = int64_t(start[i]) + c[i];
      c[i] = static_cast<T>(o.imm & 2 ? std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX) : sum);
    }
  for (uint32_t l = 0; l < 32; ++l) {
    uint32_t g = l / 4, t = l % 4, half = 0;
    for (uint32_t i = 0; i < rows / 4; ++i) {
      T from = c[(g + (i >> 1) * 8) * 8 + 2 * t + (i & 1)];
      if (cType != Type::F16) {
        memcpy(w.frame + d[i] + l * 4, &from, 4);
        continue;
      }
      auto bits = static_cast<uint32_t>(toHalf(static_cast<float>(from)));
      half = i & 1 ? half | bits << 16 : bits;
      if (i & 1)
        w.at<uint32_t>(d[i / 2])[l] = half;
    }
  }
}

/// m8n8k4.f64: lane l = 4g + t holds A[g][t], B[t][g], C[g][2t], C[g][2t + 1].
void multiplyDouble(Warp &w, const Op &o, uint32_t) {
  const uint32_t *list = w.group->launch->program->lists.data() + o.list + 4;
  const double *a = w.at<double>(list[2]), *b = w.at<double>(list[3]);
  double out[2][32];
  for (uint32_t l = 0; l < 32; ++l)
    for (uint32_t e = 0; e < 2; ++e) {
      double sum = w.at<double>(list[4 + e])[l];
      for (uint32_t k = 0; k < 4; ++k)
        sum += a[l / 4 * 4 + k] * b[(2 * (l % 4) + e) * 4 + k];
      out[e][l] = sum;
    }
  memcpy(w.at<double>(list[0]), out[0], sizeof out[0]);
  memcpy(w.at<double>(list[1]), out[1], sizeof out[1]);
}

/// Forms that exist: dimensions and the bits of an element.
struct Form {
  std::string_view shape;
  uint32_t rows, k;
};
constexpr Form forms[] = {{"m16n8k4", 16, 4},   {"m16n8k8", 16, 8},   {"m16n8k16", 16, 16},
                          {"m16n8k32", 16, 32}, {"m16n8k64", 16, 64}, {"m16n8k128", 16, 128},
                          {"m8n8k16", 8, 16},   {"m8n8k32", 8, 32},   {"m8n8k4", 8, 4}};

void decodeMma(Decoding &d) {
  bool sparse = d.take("sp");
  if (d.take("sp::ordered_metadata"))
    sparse = true;
  d.takeAny({"sync", "aligned", "row", "col"});
  d.op.imm = d.take("satfinite") ? 2 : 0;
  const Form *form = nullptr;
  for (const Form &f : forms)
    if (d.take(f.shape))
      form = &f;
  if (!form)
    return d.fail("expected a shape that is supported: m16n8k4 to m16n8k128, m8n8k16, m8n8k32, m8n8k4");
  Type dType = d.takeType(), aType = d.takeType(), bType = d.takeType(), cType = d.takeType();
  if (cType == Type::None || !d.expectOperands(sparse ? 6 : 4, sparse ? 6 : 4))
    return;
  d.op.kind = Kind::Aligned;
  if (aType == Type::F64) {
    if (form->shape != "m8n8k4")
      return d.fail("of f64 only m8n8k4 is supported");
    std::vector<uint32_t> counts{2, 1, 1, 2};
    d.op.list = d.addList(counts);
    d.writeList(d.s.operands[0], 8, 2);
    d.readList(d.s.operands[1], 8, 1);
    d.readList(d.s.operands[2], 8, 1);
    d.readList(d.s.operands[3], 8, 2);
    d.op.run = multiplyDouble;
    return;
  }
  bool integer = !isFloat(aType);
  int bits = infoOf(aType).bits;
  if (bits != infoOf(bType).bits || bits < 4 || dType != cType ||
      (integer ? cType != Type::S32 : cType != Type::F32 && cType != Type::F16) || aType == Type::F32 ||
      form->shape == "m8n8k4" || aType == Type::B1)
    return d.fail("these types are not supported together");
  uint32_t k = form->k, perWord = 32u / static_cast<uint32_t>(bits);
  // A word is four lanes wide: fewer elements than that do not exist.
  uint32_t na = form->rows * (sparse ? k / 2 : k) / perWord / 32, nb = 8 * k / perWord / 32,
           nd = form->rows * 8 / 32;
  if (!na || !nb || k > 128 || (sparse && bits < 8))
    return d.fail("this shape does not exist for '.", infoOf(aType).name, "'");
  if (sparse && bits == 32)
    return d.fail("sparse tf32 is not supported");
  uint32_t registers = cType == Type::F16 ? nd / 2 : nd;
  std::vector<uint32_t> counts{registers, na, nb, registers};
  d.op.list = d.addList(counts);
  d.writeList(d.s.operands[0], 4, registers);
  d.readList(d.s.operands[1], 4, na);
  d.readList(d.s.operands[2], 4, nb);
  d.readList(d.s.operands[3], 4, registers);
  d.op.flags[0] = static_cast<uint8_t>(aType);
  d.op.flags[1] = static_cast<uint8_t>(bType);
  d.op.flags[2] = static_cast<uint8_t>(cType);
  d.op.bytes = static_cast<uint8_t>(form->rows);
  d.op.target = k;
  if (sparse) {
    d.op.e = d.read(4, 4);
    d.op.imm |= d.immediate(5) << 8 | 1;
  }
  d.op.run = integer ? multiplyWarp<int32_t> : multiplyWarp<float>;
}

} // namespace

std::span<const Instruction> tensorInstructions() {
  static constexpr Instruction table[] = {{"mma", decodeMma}};
  return table;
}

} // namespace hone::rt::sim
