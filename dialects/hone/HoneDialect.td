#ifndef HONE_DIALECT_TD
#define HONE_DIALECT_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "dialects/hone/HoneInterfaces.td"

def Hone_Dialect : Dialect {
  let name = "hone";
  let cppNamespace = "::mlir::hone";
  let summary = "what a model computes, on tensors";
  let description = [{
    Values are ranked tensors of builtin element types; unsigned integers keep their sign in
    the type (`ui8`). Elementwise ops broadcast as numpy does. Weights are symbols that refer
    to bytes of the model file or to a recipe; they never stand in the IR.
  }];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = "void registerAttributes();";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::memref::MemRefDialect"];
}

// Unranked only in hand-written IR, until hone-infer-shapes ran.
def Hone_Tensor : AnyTypeOf<[AnyRankedTensor, AnyUnrankedTensor], "tensor">;

// An op that models also spell out as many: raising looks for these, --explain counts them.
def Hone_SumsProducts : NativeOpTrait<"SumsProducts"> {
  let cppNamespace = "::mlir::hone";
}
// Makes a dense tensor of what is stored in another form: it stands next to its reader, whose kernel may read that form itself.
def Hone_Reconstructs : NativeOpTrait<"Reconstructs"> {
  let cppNamespace = "::mlir::hone";
}
def Hone_Composite : NativeOpTrait<"Composite"> {
  let cppNamespace = "::mlir::hone";
}

class Hone_Op<string mnemonic, list<Trait> traits = []> : Op<Hone_Dialect, mnemonic, traits>;

// An op on tensors whose results come from ShapeOpInterface.
class Hone_TensorOp<string mnemonic, list<Trait> traits = []>
    : Hone_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<ShapeOpInterface>], traits)>;

// ... that can also be pulled element by element.
class Hone_ElementOp<string mnemonic, list<Trait> traits = []>
    : Hone_TensorOp<mnemonic, !listconcat([DeclareOpInterfaceMethods<ElementOpInterface>], traits)>;

// ... one element of which costs much more than a load: pulling it twice is to be avoided.
class Hone_CostlyElementOp<string mnemonic, list<Trait> traits = []>
    : Hone_TensorOp<mnemonic, !listconcat([DeclareOpInterfaceMethods<ElementOpInterface, ["isCheapElement"]>], traits)> {
  let extraClassDefinition = "bool $cppClass::isCheapElement() { return false; }";
}

#endif
