// hone-compile --emit=exe writes this program with an artifact behind it; such a program runs its own model.
#include "runtime/abi/Artifact.h"
#include "tools/hone-run/Options.h"
#include <cstring>
#include <filesystem>
#include <fstream>

namespace hone::run {

std::optional<std::string> embeddedModel() {
  static constexpr const char *self = "/proc/self/exe";
  std::ifstream file(self, std::ios::binary);
  HoneFooter footer;
  if (!file.seekg(-static_cast<std::streamoff>(sizeof footer), std::ios::end) ||
      !file.read(reinterpret_cast<char *>(&footer), sizeof footer) ||
      memcmp(footer.magic, HONE_FOOTER_MAGIC, sizeof footer.magic) != 0)
    return std::nullopt;
  // The real path reads better in messages; it is gone when the file was replaced meanwhile.
  std::error_code problem;
  std::filesystem::path path = std::filesystem::read_symlink(self, problem);
  return !problem && std::filesystem::exists(path) ? path.string() : self;
}

} // namespace hone::run
