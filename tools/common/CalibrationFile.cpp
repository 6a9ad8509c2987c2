// Written by hand, a line a value, so that files compare well; read as any JSON.
#include "tools/common/CalibrationFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

namespace hone {
namespace {

constexpr llvm::StringRef format = "hone-calibration-1", again = "; write it anew with --calibrate=DIR";

std::string hex(uint64_t number) { return llvm::formatv("{0:x-16}", number).str(); }

std::string digits(float x) { return llvm::formatv("{0}", llvm::format("%.9g", x)).str(); }

/// A finite number of 0 or more; none: `error` says what it is.
std::optional<float> size(const llvm::json::Value *value, const llvm::Twine &where, std::string &error) {
  auto number = value ? value->getAsNumber() : std::nullopt;
  if (number && std::isfinite(float(*number)) && *number >= 0)
    return float(*number);
  std::string got = value ? llvm::formatv("{0}", *value).str() : "nothing";
  error = (where + ": expected a finite number of 0 or more, got " + got).str();
  return std::nullopt;
}

} // namespace

bool CalibrationFile::read(const std::string &file, std::string &error) {
  path = file;
  std::string where = "--calibration-file: " + file + ": ";
  auto fail = [&](const llvm::Twine &why) {
    error = (where + why).str();
    return false;
  };
  auto text = llvm::MemoryBuffer::getFile(file);
  if (!text)
    return fail("can't be read: " + text.getError().message() + again);
  llvm::Expected<llvm::json::Value> json = llvm::json::parse((*text)->getBuffer());
  if (!json)
    return fail(llvm::toString(json.takeError()));
  const llvm::json::Object *all = json->getAsObject();
  const llvm::json::Array *lines = all ? all->getArray("values") : nullptr;
  if (!lines || all->getString("format") != format)
    return fail("expected an object with \"format\": \"" + format +
                "\" and \"values\", as --calibrate=DIR writes it");
  for (const llvm::json::Value &line : *lines) {
    const llvm::json::Object *object = line.getAsObject();
    auto node = object ? object->getString("node") : std::nullopt,
         weight = object ? object->getString("weight") : std::nullopt;
    if (!node || !weight)
      return fail("value " + llvm::Twine(entries.size() + 1) + " has no \"node\" and \"weight\"");
    Entry &entry = entries.emplace_back(Entry{node->str(), weight->str(), {}, {}});
    std::string at = where + "node '" + entry.node + "', ";
    if (const llvm::json::Value *channels = object->get("channels")) {
      const llvm::json::Array *numbers = channels->getAsArray();
      if (!numbers)
        return fail("node '" + entry.node + "': expected a list of channels");
      for (const llvm::json::Value &number : *numbers)
        if (auto peak = size(&number, at + "channel " + llvm::Twine(entry.channels.size()), error))
          entry.channels.push_back(*peak);
        else
          return false;
      continue;
    }
    Ranges &ranges = entry.ranges.emplace();
    for (const RangeKind &kind : rangeKinds)
      if (auto limit = size(object->get(kind.name), at + kind.name, error))
        ranges.*kind.value = *limit;
      else
        return false;
  }
  return true;
}

std::string CalibrationFile::text() const {
  std::string text;
  llvm::raw_string_ostream to(text);
  to << "{\n\"format\": \"" << format << "\",\n\"values\": [";
  for (const Entry &entry : entries) {
    to << (&entry == &entries.front() ? "\n" : ",\n") << "{\"node\": " << llvm::json::Value(entry.node)
       << ", \"weight\": \"" << entry.weight << "\"";
    if (entry.ranges)
      for (const RangeKind &kind : rangeKinds)
        to << ", \"" << kind.name << "\": " << digits((*entry.ranges).*(kind.value));
    else
      to << ", \"channels\": [" << llvm::join(llvm::map_range(entry.channels, digits), ", ") << "]";
    to << "}";
  }
  to << "\n]\n}\n";
  return text;
}

void CalibrationFile::add(const Calibration::Reader &reader, const Ranges &ranges) {
  entries.push_back({reader.node, hex(reader.weight), ranges, {}});
}

void CalibrationFile::add(const Calibration::Reader &reader, const Eigen::VectorXf &peaks) {
  entries.push_back({reader.node, hex(reader.weight), {}, {peaks.begin(), peaks.end()}});
}

CalibrationFile::Entry *CalibrationFile::find(const Calibration::Reader &reader, bool wantsRanges,
                                              std::string &error) {
  std::string weight = hex(reader.weight), at = path + ": node '" + reader.node + "' ";
  bool isNamed = false;
  for (Entry &entry : entries)
    if (entry.node == reader.node && entry.ranges.has_value() == wantsRanges) {
      isNamed = true;
      if (entry.weight == weight && !std::exchange(entry.isUsed, true))
        return &entry;
    }
  error =
      isNamed
          ? at + "had another weight when the file was written: it is of another model or another --compress"
          : at + "has no " + (wantsRanges ? "ranges" : "channels") +
                " in the file: it is of another model or another --compress";
  error += again;
  return nullptr;
}

std::optional<Ranges> CalibrationFile::ranges(const Calibration::Reader &reader, std::string &error) {
  Entry *entry = find(reader, true, error);
  return entry ? entry->ranges : std::nullopt;
}

std::optional<Eigen::VectorXf> CalibrationFile::peaks(const Calibration::Reader &reader, std::string &error) {
  Entry *entry = find(reader, false, error);
  if (!entry)
    return std::nullopt;
  int64_t wanted = llvm::cast<mlir::RankedTensorType>(reader.value.getType()).getShape().back();
  if (int64_t(entry->channels.size()) != wanted) {
    error = llvm::formatv("{0}: node '{1}': expected {2} channels, got {3}", path, reader.node, wanted,
                          entry->channels.size());
    error += again;
    return std::nullopt;
  }
  return Eigen::Map<const Eigen::VectorXf>(entry->channels.data(), wanted);
}

} // namespace hone
