// Checks the caller's tensors against the signature before generated code sees them: names,
// element types, ranks, fixed sizes, ranges, and equal sizes of equal names. No allocation when all is well.
#include "runtime/context/Context.h"
#include <cstring>

namespace hone::rt {

static std::string knownInputs(const Metadata &meta) {
  if (meta.inputs.empty())
    return "the model has no inputs";
  std::string out = "the inputs are ";
  for (size_t i = 0; i < meta.inputs.size(); ++i)
    out += text(i ? ", " : "", "'", meta.inputs[i].name, "' (", describe(meta.inputs[i]), ")");
  return out;
}

Status Context::bind(std::span<const TensorView> views) {
  const Metadata &meta = code->metadata();
  given.assign(meta.inputs.size(), false);
  for (Symbol &symbol : symbols)
    symbol.size = -1;
  for (const TensorView &view : views) {
    size_t index = 0;
    while (index < meta.inputs.size() && (!view.name || meta.inputs[index].name != view.name))
      ++index;
    if (index == meta.inputs.size())
      return invalid("input '", view.name ? view.name : "", "' does not exist; ", knownInputs(meta));
    if (given[index])
      return invalid("input '", view.name, "' is given twice");
    given[index] = true;
    if (Status status = bindOne(index, view); !status.ok())
      return {status.code, text("input '", view.name, "': ", status.message)};
  }
  for (size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      return invalid("input '", meta.inputs[i].name, "' is missing; ", knownInputs(meta));
  return {};
}

Status Context::bindOne(size_t index, const TensorView &view) {
  const TensorSpec &spec = code->metadata().inputs[index];
  if (view.dtype != spec.dtype) {
    const DTypeInfo *info = findDType(static_cast<int64_t>(view.dtype));
    return invalid("expected ", infoOf(spec.dtype).name, ", got ",
                   info ? info->name : "an unknown element type");
  }
  if (view.rank != static_cast<int>(spec.dims.size()))
    return invalid("expected rank ", spec.dims.size(), " (", describe(spec), "), got rank ", view.rank,
                   view.rank > 0 && view.rank <= 32 ? " (" + describe(view.dims, view.rank) + ")" : "");
  std::optional<int64_t> bytes = byteCount(view.dtype, view.dims, view.rank);
  if (!bytes)
    return invalid("the shape ", describe(view.dims, view.rank), " is not possible");
  for (size_t axis = 0; axis < spec.dims.size(); ++axis)
    if (Status status = bindDim(index, axis, view.dims[axis]); !status.ok())
      return status;
  if (*bytes && !view.data)
    return invalid("has no data");
  if (reinterpret_cast<uintptr_t>(view.data) % static_cast<uintptr_t>((infoOf(view.dtype).bits + 7) / 8))
    return invalid("the data is not aligned to its element size");
  HoneTensorRef &ref = inputRefs[index];
  ref.data = const_cast<void *>(view.data);
  for (int i = 0; i < view.rank; ++i)
    ref.dims[i] = view.dims[i];
  return {};
}

Status Context::bindDim(size_t input, size_t axis, int64_t size) {
  const Metadata &meta = code->metadata();
  const DimSpec &dim = meta.inputs[input].dims[axis];
  if (dim.fixed) {
    if (size != dim.min)
      return invalid("expected size ", dim.min, " in dimension ", axis, ", got ", size);
    return {};
  }
  if (size < dim.min || size > dim.max) {
    std::string range = dim.max == INT64_MAX ? text("at least ", dim.min)
                        : dim.min == dim.max ? text(dim.min)
                                             : text(dim.min, "..", dim.max);
    return invalid("expected ", dim.name.empty() ? "a size" : "'" + dim.name + "'", " (dimension ", axis,
                   ") to be ", range, ", got ", size);
  }
  if (dim.symbol < 0)
    return {};
  Symbol &symbol = symbols[static_cast<size_t>(dim.symbol)];
  if (symbol.size >= 0 && symbol.size != size)
    return invalid("expected '", dim.name, "' (dimension ", axis, ") to be ", symbol.size, " as in input '",
                   meta.inputs[symbol.input].name, "', got ", size);
  symbol = {size, input};
  return {};
}

} // namespace hone::rt
