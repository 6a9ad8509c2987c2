// Initializers and constants: small ones as hone.constant, large ones by their place in a file.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr int64_t maxConstantBytes = 1024;

Type elementTypeOf(MLIRContext *context, int dataType) {
  Builder b(context);
  auto integer = [&](unsigned bits, bool isUnsigned) {
    return IntegerType::get(context, bits, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
  };
  // Numbers of TensorProto.DataType; the newest are not in the library's enumeration.
  switch (dataType) {
  case 1:
    return b.getF32Type();
  case 2:
    return integer(8, true);
  case 3:
    return integer(8, false);
  case 4:
    return integer(16, true);
  case 5:
    return integer(16, false);
  case 6:
    return integer(32, false);
  case 7:
    return integer(64, false);
  case 9:
    return integer(1, false);
  case 10:
    return b.getF16Type();
  case 11:
    return b.getF64Type();
  case 12:
    return integer(32, true);
  case 13:
    return integer(64, true);
  case 16:
    return b.getBF16Type();
  case 21:
    return integer(4, true);
  case 22:
    return integer(4, false);
  default:
    return {};
  }
}

/// Bytes of `count` elements, packed for 4-bit types; -1 when that overflows.
static int64_t bytesFor(int64_t count, unsigned bits) {
  if (bits == 4)
    return (count + 1) / 2;
  int64_t width = (bits + 7) / 8;
  return count > INT64_MAX / width ? -1 : count * width;
}

bool GraphImporter::externalRange(const onnx::TensorProto &proto, std::string &file, int64_t &offset, int64_t &length, std::string &error) {
  offset = 0;
  length = -1;
  for (const auto &entry : proto.external_data()) {
    if (entry.key() == "location")
      file = entry.value();
    else if ((entry.key() == "offset" && !llvm::to_integer(entry.value(), offset)) ||
             (entry.key() == "length" && !llvm::to_integer(entry.value(), length)))
      return error = "expected a number as " + entry.key() + " of external data, got '" + entry.value() + "'", false;
  }
  if (file.empty() || llvm::sys::path::is_absolute(file))
    return error = "expected external data in the model's folder, got '" + file + "'", false;
  llvm::SmallString<256> full(folder), real, realFolder;
  llvm::sys::path::append(full, file);
  if (llvm::sys::fs::real_path(full, real) || llvm::sys::fs::real_path(folder, realFolder))
    return error = "external data '" + file + "' can't be found", false;
  if (!StringRef(real).starts_with((realFolder + "/").str()))
    return error = "external data '" + file + "' is outside the model's folder", false;
  uint64_t size = 0;
  if (llvm::sys::fs::file_size(full, size))
    return error = "external data '" + file + "' can't be read", false;
  if (length < 0)
    length = int64_t(size) - offset;
  if (offset < 0 || length < 0 || uint64_t(offset) > size || uint64_t(length) > size - uint64_t(offset))
    return error = "expected external data within '" + file + "' (" + std::to_string(size) + " bytes), got offset " + std::to_string(offset) +
                   " and length " + std::to_string(length),
           false;
  return true;
}

/// Elements from the typed fields, as raw bytes in memory order.
static bool typedBytes(const onnx::TensorProto &proto, unsigned bits, std::vector<char> &out) {
  auto append = [&](auto value) {
    const char *from = reinterpret_cast<const char *>(&value);
    out.insert(out.end(), from, from + sizeof value);
  };
  if (proto.float_data_size())
    for (float value : proto.float_data())
      append(value);
  else if (proto.double_data_size())
    for (double value : proto.double_data())
      append(value);
  else if (proto.int64_data_size())
    for (int64_t value : proto.int64_data())
      append(value);
  else if (proto.uint64_data_size())
    for (uint64_t value : proto.uint64_data()) {
      if (bits == 32)
        append(uint32_t(value));
      else
        append(value);
    }
  else
    for (int32_t value : proto.int32_data()) {
      if (bits <= 8)
        append(int8_t(value));
      else if (bits == 16)
        append(int16_t(value));
      else
        append(value);
    }
  return true;
}

Value GraphImporter::tensor(const onnx::TensorProto &proto, StringRef name, std::string &error) {
  Type element = elementTypeOf(b.getContext(), proto.data_type());
  if (!element)
    return error = "element type " + std::to_string(proto.data_type()) + " is not built", Value();
  int64_t count = 1;
  for (int64_t dim : proto.dims()) {
    if (dim < 0)
      return error = "expected sizes that are not negative, got " + std::to_string(dim), Value();
    if (dim && count > (int64_t(1) << 48) / dim)
      return error = "its dimensions overflow", Value();
    count *= dim;
  }
  auto type = RankedTensorType::get(SmallVector<int64_t>(proto.dims().begin(), proto.dims().end()), element);
  unsigned bits = element.getIntOrFloatBitWidth();
  int64_t expected = bytesFor(count, bits);
  Location loc = NameLoc::get(b.getStringAttr(name));
  auto makeWeight = [&](StringRef file, int64_t offset) -> Value {
    mlir::hone::WeightOp op;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      op = mlir::hone::WeightOp::create(b, loc, name.empty() ? "weight" : name, type, b.getStringAttr(file), b.getI64IntegerAttr(offset),
                                        b.getI64IntegerAttr(expected));
      symbols.insert(op);
    }
    auto get = GetWeightOp::create(b, loc, type, FlatSymbolRefAttr::get(op));
    (void)shapes.infer(get);
    return get.getResult();
  };
  auto makeConstant = [&](ArrayRef<char> raw) -> Value {
    DenseElementsAttr value;
    if (bits == 1) {
      SmallVector<bool> flags(llvm::map_range(raw, [](char c) { return c != 0; }));
      value = DenseElementsAttr::get(type, ArrayRef<bool>(flags));
    } else if (bits == 4) {
      SmallVector<APInt> values;
      for (int64_t i = 0; i < count; ++i)
        values.push_back(APInt(4, (uint8_t(raw[i / 2]) >> (i % 2 * 4)) & 15));
      value = DenseElementsAttr::get(type, values);
    } else {
      value = DenseElementsAttr::getFromRawBuffer(type, raw);
    }
    auto op = ConstantOp::create(b, loc, cast<ElementsAttr>(value));
    (void)shapes.infer(op);
    return op.getResult();
  };
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    std::string file;
    int64_t offset, length;
    if (!externalRange(proto, file, offset, length, error))
      return {};
    if (length < expected)
      return error = "expected " + std::to_string(expected) + " bytes of external data, got " + std::to_string(length), Value();
    return makeWeight(file, offset);
  }
  if (proto.has_raw_data()) {
    const std::string &raw = proto.raw_data();
    if (int64_t(raw.size()) != expected)
      return error = "expected " + std::to_string(expected) + " bytes, got " + std::to_string(raw.size()), Value();
    if (expected > maxConstantBytes && bits != 1) {
      // The bytes stand in the model file: find where, so that nothing is copied.
      size_t at = bytes.find(StringRef(raw.data(), std::min<size_t>(raw.size(), bytes.size())), searchFrom);
      if (at == StringRef::npos)
        at = bytes.find(StringRef(raw));
      if (at != StringRef::npos) {
        searchFrom = at;
        return makeWeight(llvm::sys::path::filename(path), int64_t(at));
      }
    }
    return makeConstant(ArrayRef<char>(raw.data(), raw.size()));
  }
  std::vector<char> typed;
  typedBytes(proto, bits, typed);
  int64_t stored = typed.size();
  if (stored != expected)
    return error = "expected " + std::to_string(expected) + " bytes of data, got " + std::to_string(stored), Value();
  return makeConstant(typed);
}

} // namespace hone
