// Runs ptxas on files of a temporary name and reads what it prints.
#include "lowering/Package/Ptxas.h"
#include "runtime/abi/Checksum.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace hone {

static int64_t numberBefore(StringRef text, StringRef word) {
  size_t at = text.find(word);
  if (at == StringRef::npos)
    return -1;
  StringRef digits = text.take_front(at).rtrim();
  digits = digits.take_back(digits.size() - (digits.find_last_not_of("0123456789") + 1));
  int64_t value = -1;
  return digits.getAsInteger(10, value) ? -1 : value;
}

PtxasReport readPtxas(StringRef output) {
  PtxasReport report;
  for (StringRef line : split(output, '\n')) {
    line = line.trim();
    if (line.contains("spill stores")) {
      int64_t stores = numberBefore(line, "bytes spill stores"),
              loads = numberBefore(line, "bytes spill loads");
      report.spillBytes = std::max<int64_t>(stores, 0) + std::max<int64_t>(loads, 0);
      if (report.spillBytes)
        report.findings.push_back("spills registers: " + line.str());
    } else if (line.contains(" registers")) {
      report.registers = numberBefore(line, "registers");
      report.sharedBytes = std::max<int64_t>(numberBefore(line, "bytes smem"), 0);
    } else if (line.contains("(C75")) {
      report.findings.push_back(line.str());
    }
  }
  return report;
}

static bool read(const Twine &path, std::string &text) {
  auto file = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return false;
  text = (*file)->getBuffer().str();
  return true;
}

/// Under a temporary name first: others may read the cache at the same time.
static void keep(const Twine &path, StringRef text) {
  SmallString<128> name;
  int file;
  if (sys::fs::createUniqueFile(path + ".%%%%%%", file, name))
    return; // without the cache the work is done again, that is all
  raw_fd_ostream out(file, true);
  out << text;
  out.close();
  if (out.has_error() || sys::fs::rename(name, path))
    sys::fs::remove(name);
  out.clear_error();
}

Ptxas::Ptxas(std::string path, std::string folder) : program(std::move(path)), cache(std::move(folder)) {
  sys::fs::file_status status;
  if (!sys::fs::status(program, status))
    identity = std::to_string(status.getSize()) + " " +
               std::to_string(status.getLastModificationTime().time_since_epoch().count());
  if (!cache.empty() && sys::fs::create_directories(cache))
    cache.clear();
}

std::optional<Cubin> Ptxas::assemble(StringRef ptx, StringRef chip, std::string &error) const {
  std::string key = (ptx + chip + identity).str();
  std::string kept = cache + "/" + utohexstr(honeChecksum(key.data(), key.size()), true);
  Cubin cubin;
  std::string said;
  if (!cache.empty() && read(kept + ".cubin", cubin.code) && read(kept + ".txt", said)) {
    cubin.report = readPtxas(said);
    return cubin;
  }
  SmallString<128> files[3];
  StringRef endings[3] = {"ptx", "cubin", "txt"};
  auto cleanup = llvm::scope_exit([&] {
    for (auto &file : files)
      if (!file.empty())
        sys::fs::remove(file);
  });
  for (int i = 0; i < 3; ++i)
    if (std::error_code code = sys::fs::createTemporaryFile("hone-kernel", endings[i], files[i])) {
      error = "can't make a temporary file: " + code.message();
      return std::nullopt;
    }
  {
    std::error_code code;
    raw_fd_ostream out(files[0], code);
    out << ptx;
  }
  std::string arch = ("-arch=" + chip).str();
  StringRef arguments[] = {program, arch, "-O3", "-v", files[0], "-o", files[1]};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(files[2]), StringRef(files[2])};
  int code = sys::ExecuteAndWait(program, arguments, std::nullopt, redirects, 0, 0, &error);
  read(files[2], said);
  if (code != 0 || !read(files[1], cubin.code) || cubin.code.empty()) {
    for (StringRef line : split(said, '\n'))
      if (error.empty() && (line.contains("error") || line.contains("fatal")))
        error = line.trim().str();
    if (error.empty())
      error = "ptxas ended with " + std::to_string(code);
    return std::nullopt;
  }
  if (!cache.empty()) {
    keep(kept + ".txt", said);
    keep(kept + ".cubin", cubin.code);
  }
  cubin.report = readPtxas(said);
  return cubin;
}

} // namespace hone
