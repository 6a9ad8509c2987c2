// Initializers and constants: small ones as hone.constant, large ones by their place in a file.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/Skeleton.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {
/// TensorProto.DataType by number: the newest are not in the library's enumeration. Null builders are not
/// built.
struct DataType {
  int64_t number;
  const char *name;
  Type (*build)(MLIRContext *);
};
template <unsigned bits, bool isUnsigned>
Type integer(MLIRContext *context) {
  return IntegerType::get(context, bits, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
}
template <typename T>
Type real(MLIRContext *context) {
  return T::get(context);
}
} // namespace

static const DataType dataTypes[] = {
    {1, "float", real<Float32Type>},
    {2, "uint8", integer<8, true>},
    {3, "int8", integer<8, false>},
    {4, "uint16", integer<16, true>},
    {5, "int16", integer<16, false>},
    {6, "int32", integer<32, false>},
    {7, "int64", integer<64, false>},
    {8, "string", nullptr},
    {9, "bool", integer<1, false>},
    {10, "float16", real<Float16Type>},
    {11, "double", real<Float64Type>},
    {12, "uint32", integer<32, true>},
    {13, "uint64", integer<64, true>},
    {14, "complex64", nullptr},
    {15, "complex128", nullptr},
    {16, "bfloat16", real<BFloat16Type>},
    {17, "float8e4m3fn", nullptr},
    {18, "float8e4m3fnuz", nullptr},
    {19, "float8e5m2", nullptr},
    {20, "float8e5m2fnuz", nullptr},
    {21, "uint4", integer<4, true>},
    {22, "int4", integer<4, false>},
    {23, "float4e2m1", nullptr},
    {24, "float8e8m0", nullptr},
    {25, "uint2", nullptr},
    {26, "int2", nullptr},
};

static const DataType *findType(int64_t number) {
  auto found = llvm::find_if(dataTypes, [&](const DataType &type) { return type.number == number; });
  return found == std::end(dataTypes) ? nullptr : found;
}
Type elementTypeOf(MLIRContext *context, int64_t dataType) {
  auto *type = findType(dataType);
  return type && type->build ? type->build(context) : Type();
}
std::string whyNoElementType(int64_t dataType) {
  auto *type = findType(dataType);
  return type ? std::string("element type ") + type->name + " is not built"
              : "element type " + std::to_string(dataType) + " is not known";
}

/// Bytes of `count` elements, packed for 4-bit types.
static int64_t bytesFor(int64_t count, unsigned bits) {
  return bits == 4 ? (count + 1) / 2 : count * ((bits + 7) / 8);
}

//===-- where the bytes are ------------------------------------------------------===//

bool GraphImporter::externalBytes(const onnx::TensorProto &proto, Bytes &at, std::string &error) {
  at.length = -1;
  for (const auto &entry : proto.external_data()) {
    if (entry.key() == "location")
      at.file = entry.value();
    else if ((entry.key() == "offset" && !llvm::to_integer(entry.value(), at.offset)) ||
             (entry.key() == "length" && !llvm::to_integer(entry.value(), at.length)))
      return error = "expected a number as " + entry.key() + " of external data, got '" + entry.value() + "'",
             false;
  }
  if (at.file.empty() || llvm::sys::path::is_absolute(at.file) || at.file.find('\0') != std::string::npos)
    return error = "expected external data in the model's folder, got '" + at.file + "'", false;
  auto known = externalSizes.find(at.file);
  if (known == externalSizes.end()) {
    llvm::SmallString<256> full(folder), real, realFolder;
    llvm::sys::path::append(full, at.file);
    llvm::sys::fs::file_status status;
    if (llvm::sys::fs::real_path(full, real) || llvm::sys::fs::real_path(folder, realFolder))
      return error = "external data '" + at.file + "' can't be found", false;
    if (!realFolder.ends_with("/"))
      realFolder += "/";
    if (!StringRef(real).starts_with(realFolder))
      return error = "external data '" + at.file + "' is outside the model's folder", false;
    if (llvm::sys::fs::status(real, status) || status.type() != llvm::sys::fs::file_type::regular_file)
      return error = "external data '" + at.file + "' is no file that can be read", false;
    known = externalSizes.try_emplace(at.file, int64_t(status.getSize())).first;
  }
  int64_t size = known->second;
  if (at.length < 0 && at.offset >= 0 && at.offset <= size &&
      llvm::none_of(proto.external_data(), [](auto &e) { return e.key() == "length"; }))
    at.length = size - at.offset;
  if (at.offset < 0 || at.length < 0 || at.offset > size || at.length > size - at.offset)
    return error = "expected external data within '" + at.file + "' (" + std::to_string(size) +
                   " bytes), got offset " + std::to_string(at.offset) + " and length " +
                   std::to_string(at.length),
           false;
  return true;
}

bool GraphImporter::readBytes(const Bytes &at, std::vector<char> &out) const {
  llvm::SmallString<256> full(folder);
  llvm::sys::path::append(full, at.file);
  auto slice = llvm::MemoryBuffer::getFileSlice(full, uint64_t(at.length), at.offset);
  if (!slice)
    return false;
  out.assign((*slice)->getBufferStart(), (*slice)->getBufferEnd());
  return true;
}

/// Elements from the typed fields, as raw bytes in memory order.
static std::vector<char> typedBytes(const onnx::TensorProto &proto, unsigned bits) {
  std::vector<char> out;
  auto append = [&](auto value) {
    const char *from = reinterpret_cast<const char *>(&value);
    out.insert(out.end(), from, from + sizeof value);
  };
  for (float value : proto.float_data())
    append(value);
  for (double value : proto.double_data())
    append(value);
  for (int64_t value : proto.int64_data())
    append(value);
  for (uint64_t value : proto.uint64_data()) {
    if (bits == 32)
      append(uint32_t(value));
    else
      append(value);
  }
  for (int32_t value : proto.int32_data()) {
    if (bits <= 8)
      append(int8_t(value));
    else if (bits == 16)
      append(int16_t(value));
    else
      append(value);
  }
  return out;
}

//===-- values -----------------------------------------------------------------------===//

Value GraphImporter::weight(StringRef name, RankedTensorType type, const Bytes &at) {
  Location loc = NameLoc::get(b.getStringAttr(name));
  // Booleans take a byte each in the file.
  bool isBool = type.getElementType().isInteger(1);
  if (isBool)
    type = type.clone(IntegerType::get(b.getContext(), 8, IntegerType::Unsigned));
  // The same bytes as the same type are one weight, whatever names they go by.
  WeightOp &op = weights[{at.file, at.offset, type.getAsOpaquePointer()}];
  if (!op) {
    OpBuilder detached(b.getContext());
    op = WeightOp::create(detached, loc, name.empty() ? "weight" : name, type, b.getStringAttr(at.file),
                          b.getI64IntegerAttr(at.offset), b.getI64IntegerAttr(at.length));
    symbols.insert(op, Block::iterator(function));
  }
  auto get = GetWeightOp::create(b, loc, type, FlatSymbolRefAttr::get(op));
  (void)shapes.infer(get);
  if (!isBool)
    return get;
  auto flags =
      CastOp::create(b, loc, UnrankedTensorType::get(b.getI1Type()), get, TypeAttr::get(b.getI1Type()));
  (void)shapes.infer(flags);
  return flags;
}

Value GraphImporter::reinterpret(Value value, RankedTensorType type) {
  // Views keep the bytes where they are.
  while (isa_and_nonnull<ReshapeOp, SqueezeOp, UnsqueezeOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  auto get = value.getDefiningOp<GetWeightOp>();
  auto source = get ? symbols.lookup<WeightOp>(get.getWeight()) : WeightOp();
  int64_t length = bytesFor(type.getNumElements(), type.getElementTypeBitWidth());
  if (source && source.getFile() && int64_t(*source.getLength()) == length)
    return weight((source.getSymName() + ".view").str(), type,
                  {source.getFile()->str(), int64_t(*source.getOffset()), length});
  auto known = value.getDefiningOp<ConstantOp>();
  auto elements = known ? dyn_cast<DenseElementsAttr>(known.getValue()) : DenseElementsAttr();
  if (!elements || elements.getElementType().getIntOrFloatBitWidth() % 8)
    return {};
  auto from = cast<RankedTensorType>(elements.getType());
  std::vector<char> raw(elements.getRawData().begin(), elements.getRawData().end());
  if (elements.isSplat()) {
    std::vector<char> one = raw;
    for (int64_t i = 1; i < from.getNumElements(); ++i)
      raw.insert(raw.end(), one.begin(), one.end());
  }
  return int64_t(raw.size()) == length ? constant(type, raw, value.getLoc()) : Value();
}

Value GraphImporter::constant(RankedTensorType type, ArrayRef<char> raw, Location loc) {
  DenseElementsAttr value;
  unsigned bits = type.getElementTypeBitWidth();
  if (bits == 1) {
    SmallVector<bool> flags(llvm::map_range(raw, [](char c) { return c != 0; }));
    value = DenseElementsAttr::get(type, ArrayRef<bool>(flags));
  } else if (bits == 4) {
    SmallVector<APInt> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      values.push_back(APInt(4, (uint8_t(raw[i / 2]) >> (i % 2 * 4)) & 15));
    value = DenseElementsAttr::get(type, values);
  } else {
    value = DenseElementsAttr::getFromRawBuffer(type, raw);
  }
  auto op = ConstantOp::create(b, loc, cast<ElementsAttr>(value));
  (void)shapes.infer(op);
  return op;
}

Value GraphImporter::tensor(const onnx::TensorProto &proto, StringRef name, std::string &error) {
  Type element = elementTypeOf(b.getContext(), proto.data_type());
  if (!element)
    return error = whyNoElementType(proto.data_type()), Value();
  if (proto.has_segment())
    return error = "expected a whole tensor, got a segment of one", Value();
  int64_t count = 1;
  for (int64_t dim : proto.dims()) {
    if (dim < 0)
      return error = "expected sizes that are not negative, got " + std::to_string(dim), Value();
    if (dim > 0 && count > (int64_t(1) << 48) / dim)
      return error = "its dimensions overflow", Value();
    count *= std::max<int64_t>(dim, 1);
  }
  auto type = RankedTensorType::get(SmallVector<int64_t>(proto.dims().begin(), proto.dims().end()), element);
  unsigned bits = element.getIntOrFloatBitWidth();
  Bytes at;
  at.length = -1;
  bool isExternal = proto.data_location() == onnx::TensorProto::EXTERNAL, isPlaced = isExternal;
  if (isExternal) {
    if (!externalBytes(proto, at, error))
      return {};
  } else {
    for (const auto &entry : proto.external_data())
      if (entry.key() == payloadKey.str()) {
        auto [offset, length] = StringRef(entry.value()).split(' ');
        isPlaced = !offset.getAsInteger(10, at.offset) && !length.getAsInteger(10, at.length) &&
                   at.offset >= 0 && at.length >= 0 && uint64_t(at.offset) <= fileSize &&
                   uint64_t(at.length) <= fileSize - uint64_t(at.offset);
        at.file = shown;
      }
  }
  int64_t expected = bytesFor(type.getNumElements(), bits);
  std::vector<char> typed;
  ArrayRef<char> raw;
  if (!isPlaced) {
    if (proto.has_raw_data()) {
      raw = ArrayRef<char>(proto.raw_data().data(), proto.raw_data().size());
    } else {
      typed = typedBytes(proto, bits);
      raw = typed;
    }
    at.length = int64_t(raw.size());
  }
  if (at.length != expected)
    return error =
               "expected " + std::to_string(expected) + " bytes of data, got " + std::to_string(at.length),
           Value();
  if (isPlaced && expected > int64_t(maxConstantBytes))
    return weight(prefix + name.str(), type, at);
  if (isPlaced) {
    if (!readBytes(at, typed) || int64_t(typed.size()) != expected)
      return error = "its data in '" + at.file + "' can't be read", Value();
    raw = typed;
  }
  return constant(type, raw, NameLoc::get(b.getStringAttr(name)));
}

} // namespace hone
