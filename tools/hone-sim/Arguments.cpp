// Reads --arg and makes the buffers.
#include "tools/hone-sim/Arguments.h"
#include "runtime/base/Npy.h"
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <random>

namespace hone::simtool {

using rt::invalid;
using rt::Status;

static std::vector<std::string> split(const std::string &text, char at) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

/// u32 is as good a name as ui32, b16 is ui16.
static const rt::DTypeInfo *findType(std::string name) {
  if (name.size() > 1 && (name[0] == 'u' || name[0] == 'b') && name[1] >= '0' && name[1] <= '9')
    name = "ui" + name.substr(1);
  else if (name.size() > 1 && name[0] == 's' && name[1] >= '0' && name[1] <= '9')
    name[0] = 'i';
  return rt::findDType(name);
}

static bool readShape(const std::string &text, std::vector<int64_t> &dims) {
  for (const std::string &part : split(text, 'x')) {
    int64_t size = 0;
    auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), size);
    if (error != std::errc() || stop != part.data() + part.size() || size < 1)
      return false;
    dims.push_back(size);
  }
  return true;
}

static bool isFloat(rt::DType t) {
  return t == rt::DType::F16 || t == rt::DType::BF16 || t == rt::DType::F32 || t == rt::DType::F64;
}

static void put(rt::DType dtype, uint8_t *to, double value) {
  auto store = [&](auto v) { memcpy(to, &v, sizeof v); };
  auto f = static_cast<float>(value);
  switch (dtype) {
  case rt::DType::F16:
    return store(static_cast<_Float16>(f));
  case rt::DType::BF16:
    return store(static_cast<uint16_t>(std::bit_cast<uint32_t>(f) >> 16)); // multiples of 1/4 are exact
  case rt::DType::F32:
    return store(f);
  case rt::DType::F64:
    return store(value);
  default:
    break;
  }
  auto i = static_cast<int64_t>(value);
  memcpy(to, &i, static_cast<size_t>(rt::infoOf(dtype).bits / 8));
}

double elementOf(rt::DType dtype, const uint8_t *data, int64_t index) {
  auto load = [&](auto v) {
    memcpy(&v, data + index * static_cast<int64_t>(sizeof v), sizeof v);
    return static_cast<double>(v);
  };
  switch (dtype) {
  case rt::DType::F32:
    return load(float());
  case rt::DType::F64:
    return load(double());
  case rt::DType::F16:
    return load(_Float16());
  case rt::DType::BF16: {
    uint16_t bits;
    memcpy(&bits, data + 2 * index, 2);
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
  case rt::DType::I8:
    return load(int8_t());
  case rt::DType::I16:
    return load(int16_t());
  case rt::DType::I32:
    return load(int32_t());
  case rt::DType::I64:
    return load(int64_t());
  case rt::DType::U16:
    return load(uint16_t());
  case rt::DType::U32:
    return load(uint32_t());
  case rt::DType::U64:
    return load(uint64_t());
  default:
    return load(uint8_t());
  }
}

static Status fill(Buffer &b, const std::vector<std::string> &parts, const std::string &text) {
  const std::string &init = parts[3];
  if (init == "uninit")
    return {};
  b.initial.assign(static_cast<size_t>(b.bytes), init == "nan" ? 0xff : 0);
  if (init == "zeros" || init == "nan")
    return {};
  if (init == "q4") {
    uint64_t seed = 14695981039346656037ull; // FNV-1a of the name, the same on every machine
    if (parts.size() == 5) {
      auto [stop, error] = std::from_chars(parts[4].data(), parts[4].data() + parts[4].size(), seed);
      if (error != std::errc() || stop != parts[4].data() + parts[4].size())
        return invalid("--arg=", text, ": expected a seed after q4, got '", parts[4], "'");
    } else {
      for (char c : b.name)
        seed = (seed ^ static_cast<uint8_t>(c)) * 1099511628211ull;
    }
    std::mt19937_64 random(seed);
    bool real = isFloat(b.dtype), sign = rt::infoOf(b.dtype).name[0] == 'i';
    auto element = static_cast<size_t>(rt::infoOf(b.dtype).bits / 8);
    for (size_t at = 0; at < b.initial.size(); at += element) {
      auto value = static_cast<double>(random() % 17) - 8;
      put(b.dtype, b.initial.data() + at, real ? value / 4 : sign ? value : value + 8);
    }
    return {};
  }
  auto array = rt::readNpy(init);
  if (!array.ok())
    return array.status();
  // bf16 is stored as uint16, and signs are the kernel's affair.
  if (array->bytes != b.bytes)
    return invalid("--arg=", text, ": ", init, " has ", array->bytes, " bytes, the buffer has ", b.bytes);
  memcpy(b.initial.data(), array->data.get(), static_cast<size_t>(b.bytes));
  return {};
}

static Status readScalar(const std::vector<std::string> &parts, const std::string &text, Argument &a) {
  const rt::DTypeInfo *type = findType(parts[0]);
  if (!type || type->bits < 8)
    return invalid("--arg=", text, ": '", parts[0], "' is no type of a scalar");
  a.bytes = static_cast<size_t>(type->bits / 8);
  const std::string &value = parts[1];
  bool good = false;
  if (isFloat(type->dtype)) {
    char *stop = nullptr;
    put(type->dtype, a.value, std::strtod(value.c_str(), &stop));
    good = !value.empty() && !*stop;
  } else {
    bool negative = value.starts_with("-"), hex = value.starts_with("0x");
    const char *begin = value.data() + (negative ? 1 : hex ? 2 : 0), *end = value.data() + value.size();
    uint64_t bits = 0;
    auto [stop, error] = std::from_chars(begin, end, bits, hex ? 16 : 10);
    good = error == std::errc() && stop == end;
    if (negative)
      bits = 0 - bits;
    memcpy(a.value, &bits, a.bytes);
  }
  return good ? Status()
              : invalid("--arg=", text, ": expected a value of type ", parts[0], ", got '", value, "'");
}

static Status readMap(const std::vector<std::string> &parts, const std::string &text,
                      const std::vector<Buffer> &buffers, Argument &a) {
  auto at = std::find_if(buffers.begin(), buffers.end(), [&](const Buffer &b) { return b.name == parts[2]; });
  if (at == buffers.end())
    return invalid("--arg=", text, ": there is no buffer '", parts[2], "' before it");
  a.map = true;
  a.bytes = 128;
  a.buffer = static_cast<int>(at - buffers.begin());
  rt::TensorMap &m = a.tensorMap;
  m.elementBytes = rt::infoOf(at->dtype).bits / 8;
  std::vector<int64_t> sizes = at->dims, strides, box;
  for (size_t i = 3; i < parts.size(); ++i) {
    std::vector<int64_t> *list = parts[i].starts_with("box=")       ? &box
                                 : parts[i].starts_with("shape=")   ? &sizes
                                 : parts[i].starts_with("strides=") ? &strides
                                                                    : nullptr;
    if (parts[i].starts_with("swizzle="))
      m.swizzleBytes = std::atoi(parts[i].c_str() + 8);
    else if (list)
      list->clear();
    if (list ? !readShape(parts[i].substr(parts[i].find('=') + 1), *list) : !parts[i].starts_with("swizzle="))
      return invalid("--arg=", text,
                     ": expected box=AxB, shape=AxB, strides=BYTES or swizzle=0|32B|64B|128B, got '",
                     parts[i], "'");
  }
  m.rank = static_cast<int>(sizes.size());
  if (m.rank > 5)
    return invalid("--arg=", text, ": expected 1 to 5 dimensions");
  if (box.size() != sizes.size() || (!strides.empty() && strides.size() + 1 != sizes.size()))
    return invalid("--arg=", text, ": expected box=AxB of ", m.rank, " sizes",
                   strides.empty() ? "" : " and a stride less");
  // A map counts from the innermost dimension on; without strides, rows stand next to each other.
  auto dense = static_cast<uint64_t>(m.elementBytes);
  for (size_t d = 0, last = sizes.size() - 1; d <= last; ++d) {
    m.sizes[d] = static_cast<uint64_t>(sizes[last - d]);
    m.box[d] = static_cast<uint32_t>(std::min<int64_t>(box[last - d], UINT32_MAX));
    dense *= m.sizes[d];
    if (d < last)
      m.strides[d] = strides.empty() ? dense : static_cast<uint64_t>(strides[last - 1 - d]);
  }
  return {};
}

Status Arguments::parseBuffer(const std::string &text) {
  std::vector<std::string> parts = split(text, ':');
  Buffer b;
  b.name = parts[0];
  const rt::DTypeInfo *type = parts.size() == 4 || parts.size() == 5 ? findType(parts[1]) : nullptr;
  if (!type || type->bits < 8 || !readShape(parts[2], b.dims))
    return invalid("--arg=", text,
                   ": expected NAME:TYPE:SHAPE:INIT, TYPE:VALUE or NAME:tensormap:BUFFER:box=AxB");
  if (find(b.name))
    return invalid("--arg=", text, ": there is a buffer '", b.name, "' already");
  b.dtype = type->dtype;
  auto bytes = rt::byteCount(b.dtype, b.dims.data(), static_cast<int>(b.dims.size()));
  if (!bytes)
    return invalid("--arg=", text, ": the buffer is too large");
  b.bytes = *bytes;
  if (parts.size() == 5 && parts[3] != "q4") // a path with a colon
    return invalid("--arg=", text, ": expected zeros, nan, uninit, q4[:SEED] or a .npy file");
  if (Status status = fill(b, parts, text); !status.ok())
    return status;
  buffers.push_back(std::move(b));
  return {};
}

Status Arguments::parse(const std::vector<std::string> &parameters, const std::vector<std::string> &others) {
  for (const std::string &text : others)
    if (Status status = parseBuffer(text); !status.ok())
      return status;
  for (const std::string &text : parameters) {
    std::vector<std::string> parts = split(text, ':');
    auto a = std::make_unique<Argument>();
    a->text = text;
    Status status;
    if (parts.size() == 2) {
      status = readScalar(parts, text, *a);
    } else if (parts.size() >= 3 && parts[1] == "tensormap") {
      status = readMap(parts, text, buffers, *a);
    } else {
      a->buffer = static_cast<int>(buffers.size());
      status = parseBuffer(text);
    }
    if (!status.ok())
      return status;
    list.push_back(std::move(a));
  }
  return {};
}

const Buffer *Arguments::find(const std::string &name) const {
  for (const Buffer &b : buffers)
    if (b.name == name)
      return &b;
  return nullptr;
}

Status Arguments::check(const std::vector<uint64_t> &parameters, const std::string &kernel) const {
  if (parameters.size() != list.size())
    return invalid("'", kernel, "' has ", parameters.size(), " parameters, got ", list.size(), " of --arg");
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i]->bytes != parameters[i])
      return invalid("--arg=", list[i]->text, ": parameter ", i, " of '", kernel, "' has ", parameters[i],
                     " bytes, this has ", list[i]->bytes);
  return {};
}

void Arguments::release(rt::sim::SimDevice &device) {
  for (Buffer &b : buffers)
    if (b.address)
      device.release(std::exchange(b.address, 0));
}

Status Arguments::place(rt::sim::SimDevice &device) {
  release(device);
  for (Buffer &b : buffers) {
    auto address = device.allocate(b.bytes, b.name, b.initial.empty());
    if (!address.ok())
      return address.status();
    b.address = *address;
    if (!b.initial.empty())
      if (Status status = device.copyIn(b.address, b.initial.data(), b.bytes); !status.ok())
        return status;
  }
  for (auto &a : list) {
    if (a->map) {
      a->tensorMap.address = buffers[static_cast<size_t>(a->buffer)].address;
      if (Status status = device.encode(a->tensorMap, a->value); !status.ok())
        return invalid("--arg=", a->text, ": ", status.message);
    } else if (a->buffer >= 0) {
      memcpy(a->value, &buffers[static_cast<size_t>(a->buffer)].address, 8);
    }
  }
  return {};
}

} // namespace hone::simtool
