// Passes and dialects from shared libraries.
#ifndef HONE_TOOLS_COMMON_PLUGINS_H
#define HONE_TOOLS_COMMON_PLUGINS_H
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace hone {
/// Loads a library and registers its passes. False, with a message of one line, when that fails.
bool loadPassPlugin(const std::string &path, std::string &error);
/// Loads a library and adds its dialects to the registry.
bool loadDialectPlugin(const std::string &path, mlir::DialectRegistry &registry, std::string &error);

/// Whether `words[i]` is `--flag=VALUE` or, with the next word, `--flag VALUE`; i moves over that one.
bool takeFlag(const std::vector<std::string> &words, size_t &i, llvm::StringRef flag, std::string &value);
/// Loads what --load-pass-plugin and --load-dialect-plugin name, and takes them out of a command line. For
/// tools whose own parser would come too late.
bool loadPlugins(std::vector<std::string> &words, mlir::DialectRegistry &registry, std::string &error);
} // namespace hone
#endif
