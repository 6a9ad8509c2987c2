// Reading of partition files; what keys mean is the pass's business.
#include "tools/common/PartitionFile.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using llvm::json::Array;
using llvm::json::Object;

namespace hone {

std::optional<int64_t> readSize(StringRef text) {
  static const std::pair<StringRef, int64_t> units[] = {
      {"KiB", 1 << 10}, {"MiB", 1 << 20},   {"GiB", 1 << 30}, {"KB", 1000},
      {"MB", 1000000},  {"GB", 1000000000}, {"", 1}};
  for (auto [unit, factor] : units)
    if (StringRef number = text; unit.empty() || number.consume_back(unit)) {
      double value = 0;
      if (number.trim().getAsDouble(value) || !(value >= 0) || value * double(factor) > 9e18)
        return std::nullopt;
      return int64_t(value * double(factor));
    }
  return std::nullopt;
}

namespace {

class Reader {
public:
  Reader(MLIRContext &context, std::string &error) : b(&context), error(error) {}

  bool readMemory(StringRef text, const Twine &where) {
    std::optional<int64_t> bytes = readSize(text);
    if (!bytes)
      return fail(where + ": expected a size such as 4GB or 512MiB, got '" + text + "'");
    memory = *bytes;
    return true;
  }

  bool readFile(const std::string &file) {
    auto text = llvm::MemoryBuffer::getFile(file);
    if (!text)
      return fail("--partition: '" + file + "' can't be read: " + text.getError().message());
    llvm::Expected<llvm::json::Value> json = llvm::json::parse((*text)->getBuffer());
    if (!json)
      return fail("--partition: " + file + ": " + llvm::toString(json.takeError()));
    const Object *all = json->getAsObject();
    if (!all)
      return fail("--partition: " + file + ": expected an object with pin, memory, sizes");
    for (auto &[key, value] : *all) {
      bool ok = key == "pin" ? readPins(file, value.getAsArray())
                : key == "memory"
                    ? value.getAsString() && readMemory(*value.getAsString(), "--partition: memory")
                : key == "sizes" ? readSizes(value.getAsObject())
                                 : fail("--partition: " + file + ": unknown key '" + StringRef(key) +
                                        "'; keys: pin memory sizes");
      if (!ok)
        return fail("--partition: " + file + ": '" + StringRef(key) +
                    "' is not of the form that --help shows");
    }
    return true;
  }

  DictionaryAttr result() {
    NamedAttrList attributes;
    if (memory)
      attributes.set("memory", b.getI64IntegerAttr(*memory));
    attributes.set("pins", b.getArrayAttr(pins));
    attributes.set("sizes", sizes.getDictionary(b.getContext()));
    return attributes.getDictionary(b.getContext());
  }

private:
  /// The first error stays.
  bool fail(const Twine &why) {
    if (error.empty())
      error = why.str();
    return false;
  }

  bool readPins(const std::string &file, const Array *entries) {
    if (!entries)
      return false;
    for (const llvm::json::Value &entry : *entries) {
      const Object *pin = entry.getAsObject();
      auto node = pin ? pin->getString("node") : std::nullopt,
           device = pin ? pin->getString("device") : std::nullopt;
      if (!node || !device || pin->size() != 2)
        return fail("--partition: " + file +
                    ": expected pins of the form {\"node\": PATTERN, \"device\": \"host\"}");
      if (*device != "host" && *device != "cuda")
        return fail("--partition: " + file + ": pin '" + *node + "': expected device host or cuda, got '" +
                    *device + "'");
      pins.push_back(b.getArrayAttr({b.getStringAttr(*node), b.getStringAttr(*device)}));
    }
    return true;
  }

  bool readSizes(const Object *given) {
    if (!given)
      return false;
    for (auto &[name, value] : *given) {
      std::optional<int64_t> number = value.getAsInteger();
      if (!number || *number < 1)
        return fail("--partition: sizes: expected a number of at least 1 for '" + StringRef(name) + "'");
      sizes.set(StringRef(name), b.getI64IntegerAttr(*number));
    }
    return true;
  }

  Builder b;
  std::string &error;
  std::optional<int64_t> memory;
  SmallVector<Attribute> pins;
  NamedAttrList sizes;
};

} // namespace

DictionaryAttr readPartition(MLIRContext &context, const std::string &file, const std::string &memory,
                             std::string &error) {
  Reader reader(context, error);
  if (!file.empty() && !reader.readFile(file))
    return {};
  if (!memory.empty() && !reader.readMemory(memory, "--device-memory"))
    return {};
  return reader.result();
}

} // namespace hone
