// Reading, mapping and writing files with plain system calls.
#include "runtime/base/File.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hone::rt {

Result<OpenFile> OpenFile::open(const std::string &path) {
  OpenFile file;
  // O_NONBLOCK: a pipe without a writer must be refused, not waited for.
  file.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  if (file.fd < 0 || fstat(file.fd, &info) != 0)
    return invalid(path, ": cannot open: ", strerror(errno));
  if (!S_ISREG(info.st_mode))
    return invalid(path, ": is not a regular file");
  file.bytes = static_cast<uint64_t>(info.st_size);
  return file;
}

OpenFile::~OpenFile() {
  if (fd >= 0)
    ::close(fd);
}

bool OpenFile::read(uint64_t offset, void *to, size_t length) const {
  auto *at = static_cast<char *>(to);
  while (length) {
    ssize_t got = ::pread(fd, at, length, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    at += got, offset += static_cast<uint64_t>(got), length -= static_cast<size_t>(got);
  }
  return true;
}

Result<Mapping> Mapping::map(const OpenFile &file, uint64_t offset, uint64_t length) {
  Mapping mapping;
  if (length == 0)
    return mapping;
  void *base = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file.descriptor(), static_cast<off_t>(offset));
  if (base == MAP_FAILED)
    return invalid("cannot map ", length, " bytes: ", strerror(errno));
  mapping.base = static_cast<const uint8_t *>(base);
  mapping.length = length;
  return mapping;
}

Mapping::~Mapping() {
  if (base)
    munmap(const_cast<uint8_t *>(base), length);
}

static bool writeAll(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    bytes = bytes.subspan(static_cast<size_t>(done));
  }
  return true;
}

Status writeWhole(const std::string &path, std::span<const std::span<const uint8_t>> parts) {
  std::string temporary = path + ".XXXXXX";
  int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0)
    return invalid(path, ": cannot write: ", strerror(errno));
  bool good = true;
  for (std::span<const uint8_t> part : parts)
    good = good && writeAll(fd, part);
  mode_t mask = umask(0); // mkostemp makes the file private; give it the usual mode
  umask(mask);
  good = good && fchmod(fd, 0666 & ~mask) == 0;
  int why = errno;
  if (::close(fd) != 0 && good)
    good = false, why = errno;
  if (good && ::rename(temporary.c_str(), path.c_str()) != 0)
    good = false, why = errno;
  if (good)
    return {};
  ::unlink(temporary.c_str());
  return invalid(path, ": cannot write: ", strerror(why));
}

} // namespace hone::rt
