// wgmma: each of the four warps computes its 16 rows when it issues the op, but the result stays hidden and
// the operands in shared memory count as being read until the warp has waited for the group.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Copy.h"
#include "runtime/devices/sim/ops/Fragments.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace hone::rt::sim {
namespace {

/// The matrix descriptor of PTX: start, leading and stride offsets in units of 16 bytes, swizzle mode.
struct Descriptor {
  uint64_t start, leading, stride, swizzle; ///< swizzle: bytes of a row, 0: none
  explicit Descriptor(uint64_t bits)
      : start((bits & 0x3fff) << 4), leading((bits >> 16 & 0x3fff) << 4), stride((bits >> 32 & 0x3fff) << 4) {
    static constexpr uint64_t rows[] = {0, 128, 64, 32};
    swizzle = rows[bits >> 62];
  }
  uint64_t swizzled(uint64_t at) const { return swizzle ? at ^ ((at >> 7 & (swizzle / 16 - 1)) << 4) : at; }
  /// The 16 bytes with row (or column) `mn` from byte `k` of the reduction on.
  uint64_t kMajor(uint64_t mn, uint64_t k) const {
    if (!swizzle)
      return start + mn / 8 * stride + k / 16 * leading + mn % 8 * 16;
    return swizzled(start + mn / 8 * stride + mn % 8 * swizzle + k);
  }
  /// The 16 bytes with step k of the reduction and eight rows from `mn` on, of 16-bit elements.
  uint64_t mnMajor(uint64_t mn, uint64_t k) const {
    if (!swizzle)
      return start + mn / 8 * stride + k / 8 * leading + k % 8 * 16;
    uint64_t wide = swizzle / 2;
    return swizzled(start + mn / wide * leading + k / 8 * stride + k % 8 * swizzle + mn % wide * 2);
  }
};

/// count: k; bytes: bits of an element; flags[0..2]: types of A, B, D; imm: the bits below; target: n; list:
/// D, then A's registers or its descriptor; b: B's descriptor; c: the scale-d predicate.
enum Bits : int64_t {
  RegisterA = 1,
  TransposeA = 2,
  TransposeB = 4,
  NegateA = 8,
  NegateB = 16,
  ScaleConstant = 32,
  ScaleZero = 64
};

/// 16 bytes that the tensor core reads, checked and marked as in use.
const std::byte *chunk(Warp &w, const Op &o, uint64_t address) {
  static constexpr std::byte missing[16] = {};
  uint64_t at;
  if (!sharedOffset(w, Space::Shared, address, 16, at)) {
    reportBounds(w, o, 0, Space::Shared, address, 16, Use::Read);
    return missing;
  }
  readByProxy(w, o, 0, at, 16);
  if (!w.group->shadow.empty()) {
    auto op = static_cast<uint32_t>(&o - w.group->launch->program->ops.data());
    w.group->shadow.use(at, 16, 1, op);
    w.async.mmaReads.push_back({at, 16, op, w.async.mmaCommitted});
  }
  return w.group->shared + at;
}

/// out[k][rows], from row `first` of the operand on.
template <class T>
void gather(Warp &w, const Op &o, uint64_t bits, bool transposed, Type type, uint32_t first, uint32_t rows,
            uint32_t k, T sign, T *out) {
  Descriptor d(bits);
  uint32_t width = static_cast<uint32_t>(infoOf(type).bits), each = 128 / width, perWord = 32 / width;
  withElements<T>(type, [&](auto element) {
    auto values = [&](const std::byte *from, auto put) {
      uint32_t words[4];
      memcpy(words, from, 16);
      for (uint32_t i = 0; i < each; ++i)
        put(i, static_cast<T>(element(words[i / perWord], static_cast<int>(i % perWord)) * sign));
    };
    if (!transposed) {
      for (uint32_t r = 0; r < rows; ++r)
        for (uint32_t c = 0; c < k / each; ++c)
          values(chunk(w, o, d.kMajor(first + r, c * 16)),
                 [&](uint32_t i, T v) { out[(c * each + i) * rows + r] = v; });
    } else {
      for (uint32_t step = 0; step < k; ++step)
        for (uint32_t r = 0; r < rows; r += each)
          values(chunk(w, o, d.mnMajor(first + r, step)),
                 [&](uint32_t i, T v) { out[step * rows + r + i] = v; });
    }
  });
}

AsyncState::Accumulator *findAccumulator(Warp &w, uint32_t slot) {
  for (AsyncState::Accumulator &a : w.async.accumulators)
    if (a.slot == slot)
      return &a;
  return nullptr;
}

/// All four warps of a group have to issue the same ops on the same operands.
void agree(Warp &w, const Op &o, uint64_t a, uint64_t b) {
  uint64_t what = (static_cast<uint64_t>(o.line) * 0x9e3779b97f4a7c15ull ^ a) * 31 ^ b;
  std::vector<uint64_t> &issued = w.block->warpgroups[w.index / 4];
  size_t mine = w.async.mmaIssued++;
  if (mine == issued.size())
    issued.push_back(what);
  else if (issued[mine] != what && w.group->launch->options->checks.divergence)
    reportLane(w, o, 0, Fault::Divergence, "issued",
               "the warps of a warpgroup issue different wgmma ops or operands");
}

template <class T>
void multiply(Warp &w, const Op &o, uint32_t) {
  const uint32_t *list = w.group->launch->program->lists.data() + o.list;
  auto aType = static_cast<Type>(o.flags[0]), bType = static_cast<Type>(o.flags[1]),
       dType = static_cast<Type>(o.flags[2]);
  uint32_t n = o.target, k = o.count, registers = dType == Type::F16 ? n / 4 : n / 2;
  auto op = static_cast<uint32_t>(&o - w.group->launch->program->ops.data());
  if (!w.async.mmaFenced && w.group->launch->options->checks.async)
    reportLane(w, o, 0, Fault::Async, "issued",
               "wgmma without a wgmma.fence after the last access to its registers");
  uint64_t descriptorB = w.at<uint64_t>(o.b)[0],
           descriptorA = o.imm & RegisterA ? 0 : w.at<uint64_t>(list[registers])[0];
  agree(w, o, descriptorA, descriptorB);

  std::vector<T> a(16 * k), b(static_cast<size_t>(n) * k), sum(static_cast<size_t>(n) * 16);
  uint32_t row0 = w.index % 4 * 16;
  T signA = o.imm & NegateA ? T(-1) : T(1), signB = o.imm & NegateB ? T(-1) : T(1);
  if (o.imm & RegisterA) {
    std::vector<T> rows(16 * k);
    loadA(w, list + registers, 4, aType, 32 / infoOf(aType).bits, static_cast<int>(k), rows.data());
    for (uint32_t r = 0; r < 16; ++r)
      for (uint32_t i = 0; i < k; ++i)
        a[i * 16 + r] = static_cast<T>(rows[r * k + i] * signA);
  } else {
    gather(w, o, descriptorA, o.imm & TransposeA, aType, row0, 16, k, signA, a.data());
  }
  gather(w, o, descriptorB, o.imm & TransposeB, bType, 0, n, k, signB, b.data());

  bool keeps = o.imm & ScaleConstant ? !(o.imm & ScaleZero) : w.at<uint8_t>(o.c)[0] != 0;
  auto at = [&](uint32_t lane, uint32_t i) {
    return (lane / 4 + i / 2 % 2 * 8) * n + i / 4 * 8 + lane % 4 * 2 + i % 2;
  };
  if (keeps)
    for (uint32_t r = 0; r < registers; ++r) {
      AsyncState::Accumulator *pending = findAccumulator(w, list[r]);
      const uint32_t *words = pending ? pending->values : w.at<uint32_t>(list[r]);
      for (uint32_t l = 0; l < 32; ++l) {
        if (dType == Type::F16) {
          sum[at(l, 2 * r)] = static_cast<T>(fromHalf(static_cast<uint16_t>(words[l])));
          sum[at(l, 2 * r + 1)] = static_cast<T>(fromHalf(static_cast<uint16_t>(words[l] >> 16)));
        } else {
          memcpy(&sum[at(l, r)], words + l, 4);
        }
      }
    }
  for (uint32_t r = 0; r < 16; ++r)
    for (uint32_t i = 0; i < k; ++i) {
      T left = a[i * 16 + r], *to = sum.data() + r * n;
      const T *right = b.data() + static_cast<size_t>(i) * n;
      for (uint32_t c = 0; c < n; ++c)
        to[c] += left * right[c];
    }
  for (uint32_t r = 0; r < registers; ++r) {
    AsyncState::Accumulator *pending = findAccumulator(w, list[r]);
    if (!pending)
      pending = &w.async.accumulators.emplace_back();
    pending->slot = list[r];
    pending->group = w.async.mmaCommitted;
    pending->op = op;
    for (uint32_t l = 0; l < 32; ++l) {
      if (dType == Type::F16)
        pending->values[l] = toHalf(static_cast<float>(sum[at(l, 2 * r)])) |
                             static_cast<uint32_t>(toHalf(static_cast<float>(sum[at(l, 2 * r + 1)]))) << 16;
      else
        memcpy(pending->values + l, &sum[at(l, r)], 4);
    }
    memset(w.at<uint32_t>(list[r]), 0xff, 128);
  }
}

void fenceRegisters(Warp &w, const Op &, uint32_t) { w.async.mmaFenced = true; }
void commit(Warp &w, const Op &, uint32_t) { ++w.async.mmaCommitted; }
void waitGroup(Warp &w, const Op &o, uint32_t) {
  auto keep = static_cast<uint32_t>(o.imm);
  uint32_t done = w.async.mmaCommitted > keep ? w.async.mmaCommitted - keep : 0;
  std::erase_if(w.async.mmaReads, [&](const AsyncRead &read) {
    if (read.group >= done)
      return false;
    w.group->shadow.use(read.at, read.bytes, -1, read.op);
    return true;
  });
  std::erase_if(w.async.accumulators, [&](const AsyncState::Accumulator &a) {
    if (a.group >= done)
      return false;
    memcpy(w.at<uint32_t>(a.slot), a.values, sizeof a.values);
    return true;
  });
  w.async.mmaFenced = false;
  ++w.group->changes;
}

/// m64n128k16
bool readShape(std::string_view text, uint32_t &n, uint32_t &k) {
  if (!text.starts_with("m64n"))
    return false;
  text.remove_prefix(4);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end == text.data() + text.size() || *end != 'k')
    return false;
  auto [stop, wrong] = std::from_chars(end + 1, text.data() + text.size(), k);
  return wrong == std::errc() && stop == text.data() + text.size();
}

void decodeMultiply(Decoding &d) {
  uint32_t n = 0, k = 0;
  for (std::string_view m : d.s.modifiers)
    if (readShape(m, n, k))
      d.take(m);
  if (d.take("sp"))
    return d.fail("sparse wgmma is not supported");
  d.take("satfinite");
  Type dType = d.takeType(), aType = d.takeType(), bType = d.takeType();
  if (bType == Type::None)
    return;
  int bits = infoOf(aType).bits;
  bool integer = !isFloat(aType);
  if (n < 8 || n > 256 || n % 8 || bits != infoOf(bType).bits || bits < 8 || aType == Type::F32 ||
      k != 256u / static_cast<uint32_t>(bits) ||
      (integer ? dType != Type::S32 : dType != Type::F32 && dType != Type::F16))
    return d.fail("this shape does not exist with these types");
  uint32_t registers = dType == Type::F16 ? n / 4 : n / 2;
  size_t least = integer ? 4 : 6;
  if (!d.expectOperands(least, least + 2))
    return;
  d.op.list = d.writeList(d.s.operands[0], 4, registers);
  const Operand &a = d.s.operands[1];
  if (a.kind == Operand::Vector) {
    d.op.imm |= RegisterA;
    d.readList(a, 4, 4);
  } else {
    uint32_t slot = d.read(a, 8);
    d.addList(std::span(&slot, 1));
  }
  d.op.b = d.read(2, 8);
  const Operand &scale = d.s.operands[3];
  if (scale.kind == Operand::Integer)
    d.op.imm |= ScaleConstant | (scale.value ? 0 : ScaleZero);
  else
    d.op.c = d.read(3, 1);
  if (!integer) {
    d.op.imm |= (d.immediate(4) < 0 ? NegateA : 0) | (d.immediate(5) < 0 ? NegateB : 0);
    size_t next = 6;
    if (bits == 16 && a.kind != Operand::Vector)
      d.op.imm |= d.immediate(next++) ? TransposeA : 0;
    if (bits == 16)
      d.op.imm |= d.immediate(next++) ? TransposeB : 0;
    d.expectOperands(next, next);
  }
  d.op.flags[0] = static_cast<uint8_t>(aType);
  d.op.flags[1] = static_cast<uint8_t>(bType);
  d.op.flags[2] = static_cast<uint8_t>(dType);
  d.op.count = static_cast<uint8_t>(k);
  d.op.target = n;
  d.op.run = integer ? multiply<int32_t> : multiply<float>;
}

void decodeWgmma(Decoding &d) {
  d.op.kind = Kind::Aligned;
  int what = d.takeOneOf({"mma_async", "fence", "commit_group", "wait_group"});
  d.takeAny({"sync", "aligned"});
  if (what == 0)
    return decodeMultiply(d);
  if (what < 0)
    return d.fail("expected mma_async, fence, commit_group or wait_group");
  if (what == 3)
    d.op.imm = d.immediate(0);
  d.op.run = what == 1 ? fenceRegisters : what == 2 ? commit : waitGroup;
}

} // namespace

bool touchAccumulators(Warp &w, const Op &o, uint32_t mask) {
  AsyncState &async = w.async;
  if (o.moves) {
    AsyncState::Accumulator *from = findAccumulator(w, o.a), *to = findAccumulator(w, o.d);
    if (!from && !to)
      return false;
    // What is under way moves on to the other register, as the assembler's renaming would.
    if (from && mask == w.alive()) {
      AsyncState::Accumulator copy = *from;
      copy.slot = o.d;
      if (to)
        *to = copy;
      else
        async.accumulators.push_back(copy);
      return true;
    }
  }
  auto busy = [&](uint32_t slot) { return slot != none && findAccumulator(w, slot); };
  const uint32_t *list = w.group->launch->program->lists.data() + o.list;
  uint32_t slot = none;
  for (uint32_t s : {o.a, o.b, o.c, o.e, o.d})
    if (busy(s))
      slot = s;
  for (uint32_t i = 0; i < o.listed; ++i)
    if (busy(list[i]))
      slot = list[i];
  if (slot == none)
    return false;
  const AsyncState::Accumulator *a = findAccumulator(w, slot);
  if (slot == o.d && slot != o.a && slot != o.b && slot != o.c) {
    // Overwritten without being read: the old value is of no use any more.
    uint32_t gone = slot;
    std::erase_if(async.accumulators, [gone](const AsyncState::Accumulator &x) { return x.slot == gone; });
    return false;
  }
  if (w.group->launch->options->checks.async)
    reportLane(w, o, static_cast<uint32_t>(std::countr_zero(mask)), Fault::Async, "executed",
               text("a register is used while the wgmma at ptx line ",
                    w.group->launch->program->ops[a->op].line, " may still write it"));
  return false;
}

std::span<const Instruction> warpgroupInstructions() {
  static constexpr Instruction table[] = {{"wgmma", decodeWgmma}};
  return table;
}

} // namespace hone::rt::sim
