// Attributes of the hone dialect.
#ifndef HONE_ATTRS_TD
#define HONE_ATTRS_TD
include "dialects/hone/HoneDialect.td"
def Hone_TargetAttr : AttrDef<Hone_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "what the chip that code is made for can do";
  let description = "`name` as given to --target, the LLVM cpu and features, and facts (`vector_bits`, `vnni`, `bf16`, ...) that passes ask for.";
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::StringAttr":$cpu, "::mlir::StringAttr":$features, "::mlir::DictionaryAttr":$facts);
  let assemblyFormat = "`<` $name `,` $cpu `,` $features `,` $facts `>`";
  let extraClassDeclaration = [{
    /// An integer fact, or 0.
    int64_t fact(::llvm::StringRef name) const;
    /// The module's `hone.target`; null when none is set.
    static TargetAttr of(::mlir::Operation *op);
  }];
}
#endif
