// Activations that other operators of ONNX Runtime carry as attributes.
#ifndef HONE_LOWERING_ONNXTOHONE_ACTIVATIONS_H
#define HONE_LOWERING_ONNXTOHONE_ACTIVATIONS_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

/// The activation named `name` with its parameters in the order of its own attributes; x itself for none.
/// Fails the node for one that isn't built.
mlir::Value activated(Node &n, mlir::Value x, llvm::StringRef name, llvm::ArrayRef<float> parameters);

} // namespace hone
#endif
