// What is known of every word of a memory: who wrote it last, who has read it since, whether it was written
// at all, and whether an asynchronous copy or tensor-core op still uses it. A word that is accessed in parts
// is split into four cells of a byte, so that neighbours in one word are told apart.
#ifndef HONE_RUNTIME_DEVICES_SIM_SHADOW_H
#define HONE_RUNTIME_DEVICES_SIM_SHADOW_H
#include "runtime/devices/sim/Clock.h"
#include <array>
#include <cstddef>

namespace hone::rt::sim {

/// What one access looks like to the detector.
struct Accessor {
  const Clocks *clocks = nullptr;
  uint32_t thread = 0; ///< in the group
  uint32_t op = 0;
  bool strong = false; ///< atomic, volatile, relaxed, acquire or release: does not race with its like
  bool async = false;  ///< by the async proxy: bulk copies, wgmma
};

enum class Clash : uint8_t {
  None,
  ReadAfterWrite,
  WriteAfterWrite,
  WriteAfterRead,
  Uninitialized,
  Pending,
  InUse,
  Proxy
};

/// The other side of a clash.
struct Other {
  uint32_t group = 0, actor = 0, op = 0;
};

/// Accesses since the last write that was ordered after all before it: reads, and strong writes (atomics)
/// which nothing orders with the cell's last one.
struct ShadowReader {
  uint32_t clock, lanes, op, group;
  uint16_t warp;
  bool strong, wrote;
};

struct ShadowCell {
  enum State : uint8_t { Uninitialized, Ready, Pending };
  uint32_t writeClock = 0, writeOp = 0, writer = 0, writeGroup = 0;
  State state = Uninitialized;
  bool strong = false, split = false, async = false;
  uint8_t readers = 0; ///< of `reader`
  uint16_t inUse = 0;  ///< asynchronous reads under way
  uint32_t more = 0;   ///< index of a split word, or of further readers; 0: none
  ShadowReader reader[2];
};

class Shadow {
public:
  /// All uninitialized, or all written before the kernel.
  void reset(size_t bytes, bool ready);
  bool empty() const { return cells.empty(); }

  struct Checks {
    bool races = true, poison = true, async = true;
  } checks;

  Clash read(size_t at, size_t bytes, const Accessor &by, Other &other);
  /// `to`: Ready, or Pending for what an asynchronous copy will write.
  Clash write(size_t at, size_t bytes, const Accessor &by, Other &other,
              ShadowCell::State to = ShadowCell::Ready);
  /// A pending copy has landed: written by `actor` at `clock`.
  void land(size_t at, size_t bytes, uint32_t group, uint32_t actor, uint32_t clock, uint32_t op, bool async);
  /// An asynchronous read begins (+1) or ends (-1); `op` is who reads.
  void use(size_t at, size_t bytes, int change, uint32_t op);
  /// The async proxy reads: plain writes need a proxy fence in between. Calls `fenced(writer, clock)`.
  template <class F>
  Clash proxyRead(size_t at, size_t bytes, const Accessor &by, Other &other, F fenced) {
    Clash worst = Clash::None;
    for (size_t word = at / 4; word < (at + bytes + 3) / 4; ++word) {
      ShadowCell &cell = cells[word].split ? splits[cells[word].more][0] : cells[word];
      if (cell.state == ShadowCell::Ready && !cell.async && cell.writeOp &&
          !fenced(cell.writer, cell.writeClock)) {
        other = {cell.writeGroup, cell.writer, cell.writeOp - 1};
        worst = Clash::Proxy;
      }
    }
    return worst;
  }

private:
  template <class F>
  Clash each(size_t at, size_t bytes, F f);
  Clash readCell(ShadowCell &cell, const Accessor &by, Other &other);
  Clash writeCell(ShadowCell &cell, const Accessor &by, Other &other, ShadowCell::State to);
  bool orderedReader(const ShadowReader &reader, const Accessor &by, Other &other) const;
  void add(ShadowCell &cell, const ShadowReader &record, const Accessor &by);
  void keepWriters(ShadowCell &cell, const Accessor &by);
  void forget(ShadowCell &cell);
  void splitWord(ShadowCell &cell);

  std::vector<ShadowCell> cells;
  std::vector<std::array<ShadowCell, 4>> splits;
  std::vector<std::vector<ShadowReader>> overflow;
  std::vector<uint32_t> freeOverflow;
};

} // namespace hone::rt::sim
#endif
