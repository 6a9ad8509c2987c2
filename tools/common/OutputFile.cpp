// Plain system calls: LLVM's streams end the process when a disk is full.
#include "tools/common/OutputFile.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hone {

static bool writeAll(int file, llvm::StringRef text) {
  while (!text.empty()) {
    ssize_t done = write(file, text.data(), text.size());
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    text = text.drop_front(done);
  }
  return true;
}

bool writeText(llvm::StringRef path, llvm::StringRef text, std::string &error) {
  struct stat info;
  std::string final = path.str();
  bool direct = stat(final.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  std::string name = direct ? final : final + ".part" + std::to_string(getpid());
  int file = open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (direct ? 0 : O_TRUNC), 0666);
  bool good = file >= 0 && writeAll(file, text);
  int why = errno;
  if (file >= 0 && close(file) != 0 && good)
    good = false, why = errno;
  if (good && !direct && rename(name.c_str(), final.c_str()) != 0)
    good = false, why = errno;
  if (good)
    return true;
  if (file >= 0 && !direct)
    unlink(name.c_str());
  error = "can't write '" + final + "': " + strerror(why);
  return false;
}

} // namespace hone
