// A dialect of a user's own, written without TableGen: `note.mark` says something about a tensor.
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"

namespace note {
struct MarkOp : mlir::Op<MarkOp, mlir::OpTrait::ZeroResults, mlir::OpTrait::OneOperand> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MarkOp)
  using Op::Op;
  static llvm::StringRef getOperationName() { return "note.mark"; }
  static llvm::ArrayRef<llvm::StringRef> getAttributeNames() { return {}; }
};

struct NoteDialect : mlir::Dialect {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(NoteDialect)
  explicit NoteDialect(mlir::MLIRContext *context)
      : Dialect("note", context, mlir::TypeID::get<NoteDialect>()) {
    addOperations<MarkOp>();
  }
  static llvm::StringRef getDialectNamespace() { return "note"; }
};
} // namespace note

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Note", "0.1",
          [](mlir::DialectRegistry *registry) { registry->insert<note::NoteDialect>(); }};
}
