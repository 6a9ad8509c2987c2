// Passes and dialects from shared libraries.
#ifndef HONE_TOOLS_COMMON_PLUGINS_H
#define HONE_TOOLS_COMMON_PLUGINS_H
#include <string>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace hone {
/// Loads a library and registers its passes. False, with a message of one line, when that fails.
bool loadPassPlugin(const std::string &path, std::string &error);
/// Loads a library and adds its dialects to the registry.
bool loadDialectPlugin(const std::string &path, mlir::DialectRegistry &registry, std::string &error);
} // namespace hone
#endif
