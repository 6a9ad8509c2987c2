// How an op is asked for one element of its result (ElementOpInterface). Emitters subclass
// this: `load` either reads a buffer or pulls through the op that makes the tensor.
#ifndef HONE_DIALECTS_HONE_ELEMENTBUILDER_H
#define HONE_DIALECTS_HONE_ELEMENTBUILDER_H
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::hone {

/// The type that holds one element at run time: signless, i8 for 4-bit integers and floats of 8 bits, i1
/// stays i1.
Type storageType(Type elementType);

class ElementBuilder {
public:
  ElementBuilder(OpBuilder &b, Location loc) : b(b), loc(loc) {}
  virtual ~ElementBuilder() = default;

  /// The element of `tensor` at `indices` (index values, in range), as storageType.
  virtual Value load(Value tensor, ValueRange indices) = 0;
  /// A dimension of `tensor`, as index.
  virtual Value dim(Value tensor, int64_t axis) = 0;
  /// Whether two dimensions are known to be equal.
  virtual bool sameDim(Value a, int64_t axisA, Value c, int64_t axisC) = 0;

  OpBuilder &b;
  Location loc;

  // Helpers in terms of the above (ElementBuilder.cpp).
  Value constant(int64_t value);            // index
  Value scalar(Type storage, double value); // float or integer constant
  Value add(Value a, Value c), sub(Value a, Value c), mul(Value a, Value c);
  Value floorDiv(Value a, Value c), mod(Value a, Value c), minimum(Value a, Value c),
      maximum(Value a, Value c); // index, signed
  Value less(Value a, Value c), equal(Value a, Value c);
  /// An integer element as index (sign by its tensor's element type).
  Value toIndex(Value element, Type elementType);
  /// An index that may be negative (counts from the end) made to [0, size), clamped so that no input reads
  /// outside.
  Value wrapIndex(Value index, Value size);
  /// The element of `operand` that numpy broadcasting pairs with `indices` of `result`.
  Value loadBroadcast(Value operand, Value result, ValueRange indices);
  /// for (i = 0; i < count; ++i) carried = body(i, carried); returns the last carried.
  SmallVector<Value> loop(Value count, ValueRange carried,
                          function_ref<SmallVector<Value>(Value i, ValueRange carried)> body);
};

} // namespace mlir::hone
#endif
