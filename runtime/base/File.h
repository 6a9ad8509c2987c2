// Files of the operating system: opened for reading, mapped, and written whole or not at all.
#ifndef HONE_RUNTIME_BASE_FILE_H
#define HONE_RUNTIME_BASE_FILE_H
#include "runtime/base/Status.h"
#include <cstddef>
#include <cstdint>
#include <span>

namespace hone::rt {

/// A regular file, open for reading.
class OpenFile {
public:
  static Result<OpenFile> open(const std::string &path);
  OpenFile(OpenFile &&other) noexcept { *this = std::move(other); }
  OpenFile &operator=(OpenFile &&other) noexcept {
    std::swap(fd, other.fd);
    bytes = other.bytes;
    return *this;
  }
  ~OpenFile();

  int descriptor() const { return fd; }
  uint64_t size() const { return bytes; }
  /// Exactly `length` bytes at `offset`; false when the file has no such bytes or can't be read.
  bool read(uint64_t offset, void *to, size_t length) const;

private:
  OpenFile() = default;
  int fd = -1;
  uint64_t bytes = 0;
};

/// A read-only mapping of a part of a file; shared with the page cache, nothing is copied.
class Mapping {
public:
  Mapping() = default;
  Mapping(Mapping &&other) noexcept { *this = std::move(other); }
  Mapping &operator=(Mapping &&other) noexcept {
    std::swap(base, other.base);
    std::swap(length, other.length);
    return *this;
  }
  ~Mapping();
  /// `offset` is a multiple of the page size. No bytes: a mapping without data.
  static Result<Mapping> map(const OpenFile &file, uint64_t offset, uint64_t length);

  const uint8_t *data() const { return base; }
  uint64_t size() const { return length; }

private:
  const uint8_t *base = nullptr;
  uint64_t length = 0;
};

/// Writes the parts one after the other under a temporary name beside `path`, then renames it.
Status writeWhole(const std::string &path, std::span<const std::span<const uint8_t>> parts);

} // namespace hone::rt
#endif
