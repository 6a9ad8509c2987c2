// The ONNX protobuf classes, the only place that includes them.
#ifndef HONE_LOWERING_ONNXTOHONE_PROTO_H
#define HONE_LOWERING_ONNXTOHONE_PROTO_H
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/onnx_pb.h>
#pragma GCC diagnostic pop
#include "mlir/IR/BuiltinTypes.h"

namespace hone {
/// The element type of an ONNX data type number; null for those that are not built.
mlir::Type elementTypeOf(mlir::MLIRContext *context, int64_t dataType);
/// Why elementTypeOf gives null, for messages: "element type string is not built".
std::string whyNoElementType(int64_t dataType);
} // namespace hone
#endif
