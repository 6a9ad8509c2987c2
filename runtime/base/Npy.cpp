// Reads and writes .npy files. The header is a Python dict literal; only the three known keys
// and plain literals are read, so a hostile header ends in one message and never in a large allocation.
#include "runtime/base/Npy.h"
#include "runtime/base/File.h"
#include <cstdlib>
#include <cstring>

namespace hone::rt {

static constexpr char magic[] = "\x93NUMPY";
static constexpr size_t magicSize = 6, longestHeader = 1 << 16;
static constexpr int highestRank = 32; // NumPy's own limit of old

namespace {

/// The header's text, read token by token.
class HeaderReader {
public:
  explicit HeaderReader(std::string_view header) : rest(header) {}

  /// Empty when all is well.
  std::string read(std::string &descr, bool &fortran, std::vector<int64_t> &dims) {
    bool haveDescr = false, haveOrder = false, haveShape = false;
    if (!take('{'))
      return "the header is not a dictionary";
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':'))
        return "the header is not a dictionary of strings";
      bool good = false, known = true;
      if (key == "descr")
        good = haveDescr = string(descr);
      else if (key == "fortran_order")
        good = haveOrder = boolean(fortran);
      else if (key == "shape")
        good = haveShape = tuple(dims);
      else
        known = false;
      if (!known)
        return "the header has an unknown key '" + key.substr(0, 40) + "'";
      if (!good)
        return "cannot read '" + key + "' of the header";
      if (!take(',') && peek() != '}')
        return "the header is not a dictionary";
    }
    if (!haveDescr || !haveOrder || !haveShape)
      return "the header lacks descr, fortran_order or shape";
    return {};
  }

private:
  void skipSpace() {
    while (!rest.empty() && strchr(" \t\r\n", rest.front()))
      rest.remove_prefix(1);
  }
  char peek() {
    skipSpace();
    return rest.empty() ? '\0' : rest.front();
  }
  bool take(char wanted) {
    if (peek() != wanted)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool string(std::string &value) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = rest.find(quote, 1);
    if (end == rest.npos)
      return false;
    value = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }
  bool boolean(bool &value) {
    skipSpace();
    value = rest.starts_with("True");
    if (!value && !rest.starts_with("False"))
      return false;
    rest.remove_prefix(value ? 4 : 5);
    return true;
  }
  bool tuple(std::vector<int64_t> &dims) {
    if (!take('('))
      return false;
    while (!take(')')) {
      int64_t value = 0;
      char digit = peek();
      if (digit < '0' || digit > '9')
        return false;
      while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, rest.front() - '0', &value))
          return false;
        rest.remove_prefix(1);
      }
      if (!rest.empty() && rest.front() == 'L') // NumPy on Python 2 wrote long integers
        rest.remove_prefix(1);
      dims.push_back(value);
      if (dims.size() > highestRank || (!take(',') && peek() != ')'))
        return false;
    }
    return true;
  }

  std::string_view rest;
};

} // namespace

/// False when the descr has no element type here.
static bool findDescr(const std::string &descr, NpyArray &array) {
  if (descr == "|V2" || descr == "<V2") {
    array.dtype = DType::BF16;
    array.isVoid = true;
    return true;
  }
  std::string wanted = descr;
  if (wanted.size() == 3 && wanted[2] == '1' && (wanted[0] == '<' || wanted[0] == '='))
    wanted[0] = '|'; // the order of single bytes does not matter
  if (wanted.size() == 3 && wanted[0] == '=')
    wanted[0] = '<';
  for (int64_t i = 0; const DTypeInfo *info = findDType(i); ++i)
    if (wanted == info->npy && info->dtype != DType::BF16) {
      array.dtype = info->dtype;
      return true;
    }
  return false;
}

static std::string shapeText(const std::vector<int64_t> &dims) {
  std::string out = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    out += (i ? ", " : "") + std::to_string(dims[i]);
  return out + "]";
}

Result<NpyArray> readNpy(const std::string &path) {
  Result<OpenFile> opened = OpenFile::open(path);
  if (!opened.ok())
    return opened.status();
  OpenFile &file = *opened;
  uint8_t start[12];
  size_t startSize = file.size() < sizeof start ? 10 : 12;
  if (file.size() < 10 || !file.read(0, start, startSize) || memcmp(start, magic, magicSize) != 0)
    return invalid(path, ": is not a .npy file");
  int version = start[6];
  if (version < 1 || version > 3)
    return invalid(path, ": expected .npy version 1 to 3, got ", version);
  uint64_t headerAt = version == 1 ? 10 : 12, headerSize = start[8] | start[9] << 8;
  if (version > 1) {
    if (startSize < 12)
      return invalid(path, ": is truncated: the header is not complete");
    headerSize |= static_cast<uint64_t>(start[10]) << 16 | static_cast<uint64_t>(start[11]) << 24;
  }
  if (headerSize > longestHeader)
    return invalid(path, ": expected a header of at most ", longestHeader, " bytes, got ", headerSize);
  std::string header(headerSize, '\0');
  if (headerAt + headerSize > file.size() || !file.read(headerAt, header.data(), header.size()))
    return invalid(path, ": is truncated: the header is not complete");

  NpyArray array;
  std::string descr;
  bool fortran = false;
  if (std::string why = HeaderReader(header).read(descr, fortran, array.dims); !why.empty())
    return invalid(path, ": ", why);
  if (!findDescr(descr, array))
    return invalid(path, ": element type '", descr.substr(0, 40),
                   "' is not supported (little-endian f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 are)");
  if (fortran && array.dims.size() > 1)
    return invalid(path, ": is in Fortran order: save it with numpy.ascontiguousarray");
  std::optional<int64_t> bytes =
      byteCount(array.dtype, array.dims.data(), static_cast<int>(array.dims.size()));
  if (!bytes)
    return invalid(path, ": the shape ", shapeText(array.dims), " overflows");
  uint64_t have = file.size() - headerAt - headerSize;
  if (static_cast<uint64_t>(*bytes) > have)
    return invalid(path, ": is truncated: expected ", *bytes, " bytes for shape ", shapeText(array.dims),
                   ", got ", have);
  array.bytes = *bytes;
  void *data = nullptr;
  if (posix_memalign(&data, 64, static_cast<size_t>(*bytes) + 64) != 0)
    return invalid(path, ": out of memory for ", *bytes, " bytes");
  array.data.reset(static_cast<uint8_t *>(data));
  if (!file.read(headerAt + headerSize, data, static_cast<size_t>(*bytes)))
    return invalid(path, ": cannot read");
  return array;
}

Status writeNpy(const std::string &path, DType dtype, const int64_t *dims, int rank, const void *data) {
  const DTypeInfo &info = infoOf(dtype);
  if (!*info.npy)
    return invalid(path, ": ", info.name, " has no .npy form");
  std::optional<int64_t> bytes = byteCount(dtype, dims, rank);
  if (!bytes)
    return invalid(path, ": the shape overflows");
  std::string header = text("{'descr': '", info.npy, "', 'fortran_order': False, 'shape': (");
  for (int i = 0; i < rank; ++i)
    header += text(i ? ", " : "", dims[i]);
  header += rank == 1 ? ",), }" : "), }";
  constexpr size_t before = 10;
  header.append(63 - (before + header.size()) % 64, ' '); // data starts at a multiple of 64
  header += '\n';
  std::string start(magic, magicSize);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  start += header;
  std::span<const uint8_t> parts[] = {{reinterpret_cast<const uint8_t *>(start.data()), start.size()},
                                      {static_cast<const uint8_t *>(data), static_cast<size_t>(*bytes)}};
  return writeWhole(path, parts);
}

} // namespace hone::rt
