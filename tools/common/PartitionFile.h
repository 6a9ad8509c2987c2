// What --partition and --device-memory ask of the phase partition.
#ifndef HONE_TOOLS_COMMON_PARTITIONFILE_H
#define HONE_TOOLS_COMMON_PARTITIONFILE_H
#include "mlir/IR/BuiltinAttributes.h"
#include <string>

namespace hone {

/// "4GB", "512MiB", "20000000": bytes; nothing when it is no such size.
std::optional<int64_t> readSize(llvm::StringRef text);

/// The module attribute `hone.partition` from a file (empty: none) and a size (empty: none, else it goes
/// before the file's). The file: {"pin": [{"node": PATTERN, "device": "host" | "cuda"}], "memory": SIZE,
/// "sizes": {DIMENSION: NUMBER}}, all of them optional. Null: `error` says why.
mlir::DictionaryAttr readPartition(mlir::MLIRContext &context, const std::string &file,
                                   const std::string &memory, std::string &error);

} // namespace hone
#endif
