#ifndef HONE_INTERFACES_TD
#define HONE_INTERFACES_TD
include "mlir/IR/OpBase.td"

def ShapeOpInterface : OpInterface<"ShapeOpInterface"> {
  let cppNamespace = "::mlir::hone";
  let description = [{
    The one place where an op says what its results look like: `inferShapes` gives
    element types, symbolic dimensions and, for small integer tensors, the elements.
    The importer types new ops with it and the shape analysis runs it again.
  }];
  let methods = [
    InterfaceMethod<"Gives every result its type and dimensions through `shapes`. "
                    "Fails, with an error at the op, when the operands do not fit.",
      "::llvm::LogicalResult", "inferShapes", (ins "::mlir::hone::Shapes &":$shapes)>
  ];
}

def ElementOpInterface : OpInterface<"ElementOpInterface"> {
  let cppNamespace = "::mlir::hone";
  let description = [{
    An op that can say what one element of its result is, in terms of elements of its
    operands. Such ops compile on every target without a kernel of their own, and any
    chain of them fuses: a loop nest pulls the element it needs through the chain.
  }];
  let methods = [
    InterfaceMethod<"The value at `indices` (one index value a result dimension), as a scalar of "
                    "`storageType(element type)`.",
      "::mlir::Value", "buildElement", (ins "::mlir::hone::ElementBuilder &":$b, "::mlir::ValueRange":$indices)>,
    InterfaceMethod<"Whether pulling one element costs about one load, so that fusing it into several users "
                    "or a user that reads it many times pays. A reduction says false.",
      "bool", "isCheapElement", (ins), "", "return true;">
  ];
}

def ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface", [ElementOpInterface]> {
  let cppNamespace = "::mlir::hone";
  let description = [{
    result[i...] = f(operands[i...]) with numpy broadcasting. `buildScalar` works on
    scalars and on vectors alike, so emitters use it for accumulator registers too.
  }];
  let methods = [
    InterfaceMethod<"f on values of storage type (or vectors of it).",
      "::mlir::Value", "buildScalar", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc, "::mlir::ValueRange":$operands)>
  ];
}

def IndexingOpInterface : OpInterface<"IndexingOpInterface"> {
  let cppNamespace = "::mlir::hone";
  let description = [{
    An op that reads a tensor at places which another operand names. Its elements clamp an index that is out of range, so that
    nothing reads outside; where the indices stand in memory, host code ends the run with an error before the kernel starts.
  }];
  let methods = [
    InterfaceMethod<"Which indices meet which axes; no indices when the op was given none.",
      "::mlir::hone::IndexUse", "getIndexUse", (ins)>
  ];
}

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::mlir::hone";
  let description = [{
    An op whose arithmetic is more than its elements: what it computes at least, whatever the kernel. Elementwise ops count as
    one flop an element without it, and what only moves elements as none.
  }];
  let methods = [
    InterfaceMethod<"Multiplications and additions, over the dimensions of the model.",
      "::mlir::hone::DimExpr", "getFlops", (ins "::mlir::hone::Shapes &":$shapes), "",
      "return shapes.numElements($_op->getOperand(0)); // each element that is read, once">
  ];
}

def QuantizableOpInterface : OpInterface<"QuantizableOpInterface"> {
  let cppNamespace = "::mlir::hone";
  let description = [{
    An op that reads a matrix which may be a weight, and computes with numbers of fewer bits as well when a reconstruction op
    (`hone.dequantize`) stands in front of it.
  }];
  let methods = [
    InterfaceMethod<"The operand that may be a weight.",
      "::mlir::OpOperand &", "getWeightOperand", (ins)>,
    InterfaceMethod<"The axis of the weight that the op sums over, or reads whole rows along: elements that share a scale are "
                    "neighbours on it.",
      "int64_t", "getGroupAxis", (ins)>,
    InterfaceMethod<"The operand whose last axis meets that axis in a product; null when the op only picks rows.",
      "::mlir::Value", "getActivation", (ins)>
  ];
}

#endif
