// Checks before the passes run, which may then rely on it.
#include "lowering/HoneToExec/Signature.h"
#include "lowering/HoneToExec/HostBuilder.h"
#include "runtime/abi/Abi.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace hone {

static LogicalResult checkTensor(func::FuncOp main, bool isInput, const Twine &which, Type type,
                                 DictionaryAttr attributes) {
  auto fail = [&](const Twine &message) { return main.emitError() << which.str() << ": " << message.str(); };
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!isInput && isa<UnrankedTensorType>(type))
    return success(); // hand-written: inference finds its shape
  std::string text;
  llvm::raw_string_ostream(text) << type;
  if (!tensor)
    return fail("expected a tensor of known rank, got " + text);
  if (dtypeNumber(tensor.getElementType()) < 0)
    return fail("expected an element type of the runtime, got " + text);
  if (tensor.getRank() > HONE_MAX_RANK)
    return fail("expected a rank of at most " + Twine(HONE_MAX_RANK) + ", got " + text);
  int64_t bytes = 8;
  for (int64_t size : tensor.getShape())
    if (!ShapedType::isDynamic(size) && __builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes))
      return fail("expected a size that memory can have, got " + text);
  if (!attributes)
    return success();
  if (Attribute name = attributes.get("hone.name"); name && !isa<StringAttr>(name))
    return fail("expected text as hone.name");
  Attribute given = attributes.get("hone.dims");
  auto dims = dyn_cast_or_null<ArrayAttr>(given);
  if (given && (!dims || int64_t(dims.size()) != tensor.getRank()))
    return fail("expected hone.dims with one entry for each of " + Twine(tensor.getRank()) + " dimensions");
  for (auto [axis, dim] : llvm::enumerate(dims ? dims.getValue() : ArrayRef<Attribute>())) {
    auto size = dyn_cast<IntegerAttr>(dim);
    if (!size && !isa<StringAttr>(dim))
      return fail("expected names and sizes in hone.dims");
    if (size && size.getValue().getSExtValue() != tensor.getDimSize(axis))
      return fail("hone.dims says " + Twine(size.getValue().getSExtValue()) + " for dimension " +
                  Twine(axis) + " of " + text);
  }
  return success();
}

LogicalResult checkSignature(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return module.emitError("expected a function named main, with a body");
  if (main.getNumResults() == 0)
    return main.emitError("expected at least one output");
  llvm::StringSet<> names[2];
  auto check = [&](bool isInput, unsigned index, Type type, DictionaryAttr attributes) -> LogicalResult {
    auto name = attributes ? attributes.getAs<StringAttr>("hone.name") : StringAttr();
    std::string which = isInput ? "input " : "output ";
    which += name ? "'" + name.str() + "'" : std::to_string(index);
    if (failed(checkTensor(main, isInput, which, type, attributes)))
      return failure();
    if (name && !name.empty() && !names[isInput].insert(name.getValue()).second)
      return main.emitError() << which << ": expected a name of its own, got '" << name.getValue()
                              << "' again";
    return success();
  };
  for (auto [i, type] : llvm::enumerate(main.getArgumentTypes()))
    if (failed(check(true, i, type, main.getArgAttrDict(i))))
      return failure();
  for (auto [i, type] : llvm::enumerate(main.getResultTypes()))
    if (failed(check(false, i, type, main.getResultAttrDict(i))))
      return failure();
  return success();
}

} // namespace hone
