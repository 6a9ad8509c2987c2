// Text files that appear whole or not at all.
#ifndef HONE_TOOLS_COMMON_OUTPUTFILE_H
#define HONE_TOOLS_COMMON_OUTPUTFILE_H
#include "llvm/ADT/StringRef.h"
#include <string>

namespace hone {
/// Writes under a temporary name beside `path`, then renames. False, with a message, when that fails. Devices
/// and pipes are written to as they are.
bool writeText(llvm::StringRef path, llvm::StringRef text, std::string &error);
} // namespace hone
#endif
