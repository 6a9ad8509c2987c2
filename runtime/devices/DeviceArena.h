// Memory of one context on a device: blocks cut from slabs, which are asked for as runs need them. After
// warm-up it asks the device for nothing.
#ifndef HONE_RUNTIME_DEVICES_DEVICEARENA_H
#define HONE_RUNTIME_DEVICES_DEVICEARENA_H
#include "runtime/devices/Device.h"
#include <vector>

namespace hone::rt {

/// One thread uses an arena at a time. Blocks are aligned to 256 bytes and not cleared.
class DeviceArena {
public:
  /// `oneByOne`: every block is an allocation of the device, so that it can watch its bounds.
  DeviceArena(Device &device, bool oneByOne) : device(device), oneByOne(oneByOne) {}
  ~DeviceArena();
  DeviceArena(const DeviceArena &) = delete;

  Result<uint64_t> allocate(int64_t bytes);
  /// False when `address` is no block in use, and then nothing happens.
  bool release(uint64_t address);
  /// Takes every block back.
  void reset();

  uint64_t committed() const { return asked; }  ///< bytes asked of the device
  uint64_t used() const { return inUse; }       ///< bytes of blocks in use
  uint64_t growths() const { return requests; } ///< how often the device was asked

private:
  struct Block {
    uint64_t at, size;
    bool free, starts; // the first one of a slab is not joined with what lies in front
  };
  Device &device;
  bool oneByOne;
  std::vector<Block> blocks; // of all slabs, by address
  uint64_t asked = 0, inUse = 0, requests = 0;
};

} // namespace hone::rt
#endif
