// Passes from shared libraries and patterns from PDL files.
#ifndef HONE_TOOLS_COMMON_PLUGINS_H
#define HONE_TOOLS_COMMON_PLUGINS_H
#include <string>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace hone {
/// Loads a library and registers its passes. False, with a message, when that fails.
bool loadPassPlugin(const std::string &path, std::string &error);
/// Applies the `pdl.pattern`s of a file to a module until nothing changes.
bool applyPdlPatterns(mlir::ModuleOp module, const std::string &path, std::string &error);
} // namespace hone
#endif
