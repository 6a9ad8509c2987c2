// The kernel's parameters from --arg: buffers on the device, scalars, tensor maps.
#ifndef HONE_TOOLS_HONE_SIM_ARGUMENTS_H
#define HONE_TOOLS_HONE_SIM_ARGUMENTS_H
#include "runtime/base/DType.h"
#include "runtime/devices/sim/Sim.h"
#include <memory>
#include <string>
#include <vector>

namespace hone::simtool {

struct Buffer {
  std::string name;
  rt::DType dtype = rt::DType::F32;
  std::vector<int64_t> dims;
  std::vector<uint8_t> initial; ///< empty: starts uninitialized
  int64_t bytes = 0;
  uint64_t address = 0;
};

/// One parameter: the bytes that are passed; of a buffer its address.
struct Argument {
  std::string text;
  int buffer = -1;
  alignas(64) uint8_t value[128] = {};
  size_t bytes = 8;
  bool map = false;
  rt::TensorMap tensorMap;
};

struct Arguments {
  std::vector<Buffer> buffers;
  std::vector<std::unique_ptr<Argument>> list;

  /// `parameters` in the order of the kernel's; `others` are buffers that tensor maps name.
  rt::Status parse(const std::vector<std::string> &parameters, const std::vector<std::string> &others);
  /// Compares numbers and sizes with the kernel's parameters.
  rt::Status check(const std::vector<uint64_t> &parameters, const std::string &kernel) const;
  /// Makes the buffers, or sets them back to their first values, and fills in the addresses.
  rt::Status place(rt::sim::SimDevice &device);
  void release(rt::sim::SimDevice &device);
  const Buffer *find(const std::string &name) const;

private:
  rt::Status parseBuffer(const std::string &text);
};

/// The value of an element as a double.
double elementOf(rt::DType dtype, const uint8_t *data, int64_t index);

struct Difference {
  bool good = true;
  int64_t index = 0;
  double got = 0, expected = 0, error = 0;
};
/// NaN equals NaN; infinities must be equal.
Difference compare(const Buffer &buffer, const uint8_t *got, rt::DType dtype, const uint8_t *expected,
                   int64_t count, double rtol, double atol);

} // namespace hone::simtool
#endif
