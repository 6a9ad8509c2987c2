// A model without its tensor data: large payloads are replaced by their place in the file, so that
// what protobuf parses is small and weights stay where they are, whatever the file's size.
#ifndef HONE_LOWERING_ONNXTOHONE_SKELETON_H
#define HONE_LOWERING_ONNXTOHONE_SKELETON_H
#include "llvm/ADT/StringRef.h"
#include <string>

namespace hone {

constexpr int maxGraphDepth = 64;         // sub-graphs within sub-graphs
constexpr size_t maxConstantBytes = 1024; // larger tensors are weights

/// Key of the external_data entry that stands for a payload; its value is "OFFSET LENGTH" in the model file.
constexpr llvm::StringLiteral payloadKey = "hone.payload";

/// Copies the protobuf `bytes` of an ONNX model without payloads. Empty with `error` when the bytes are
/// no complete message or graphs are nested too deeply.
std::string skeletonOf(llvm::StringRef bytes, std::string &error);

} // namespace hone
#endif
