// The hone dialect: ops, enums, interfaces.
#ifndef HONE_DIALECTS_HONE_HONEDIALECT_H
#define HONE_DIALECTS_HONE_HONEDIALECT_H
#include "dialects/hone/ElementBuilder.h"
#include "dialects/hone/Shapes.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::hone {
/// Tuples of indices, one component an axis of `indexed`: the last axis of `indices` when there are several.
struct IndexUse {
  Value indices, indexed;
  SmallVector<int64_t> axes;
};
} // namespace mlir::hone

#include "dialects/hone/HoneInterfaces.h.inc"

namespace mlir::hone {
/// An op that models also spell out as many: raising looks for these, --explain counts them.
template <typename ConcreteType>
class Composite : public OpTrait::TraitBase<ConcreteType, Composite> {};

/// An op whose work is sums of products: tensor cores compute it with operands of 16-bit floats and sums of
/// f32.
template <typename ConcreteType>
class SumsProducts : public OpTrait::TraitBase<ConcreteType, SumsProducts> {};

/// An op that makes a dense tensor of what is stored in another form: it stands next to its reader, whose
/// kernel may read that form itself.
template <typename ConcreteType>
class Reconstructs : public OpTrait::TraitBase<ConcreteType, Reconstructs> {};
} // namespace mlir::hone

#include "dialects/hone/HoneDialect.h.inc"
#include "dialects/hone/HoneEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/hone/HoneAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/hone/HoneOps.h.inc"

#endif
