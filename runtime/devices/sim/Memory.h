// Device memory: allocations of the host with their exact sizes, and what is known of their bytes.
#ifndef HONE_RUNTIME_DEVICES_SIM_MEMORY_H
#define HONE_RUNTIME_DEVICES_SIM_MEMORY_H
#include "runtime/devices/sim/Shadow.h"
#include <memory>
#include <string>
#include <vector>

namespace hone::rt::sim {

struct Region {
  uint64_t base = 0, bytes = 0;
  std::string name;
  bool readOnly = false;
  std::unique_ptr<uint8_t[]> written;  ///< a flag a byte; none: all of it counts as written
  std::unique_ptr<Shadow> shadow;      ///< while a kernel runs with races on global memory looked for
  std::unique_ptr<std::byte[]> memory; ///< none: memory of somebody else
};

/// Changed by the host between kernels only; any thread may look things up while one runs.
class Memory {
public:
  /// Null when the system has no such memory. Every byte is 0xff at first, NaN in all float types.
  Region *allocate(uint64_t bytes, std::string name, bool uninitialized);
  /// Memory that exists already.
  Region *adopt(void *memory, uint64_t bytes, std::string name, bool readOnly);
  bool release(uint64_t base);
  /// The region that holds the address; null: none.
  Region *find(uint64_t address) const;
  /// The region that ends closest before or begins closest after; null: there is none at all.
  Region *nearest(uint64_t address) const;
  const std::vector<std::unique_ptr<Region>> &all() const { return regions; }

private:
  std::vector<std::unique_ptr<Region>> regions; // by base
  Region *insert(std::unique_ptr<Region> region);
};

} // namespace hone::rt::sim
#endif
