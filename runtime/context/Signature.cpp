// Reads an artifact's metadata. The file may be damaged or hostile, so every value is checked for
// its type and range; what this runtime does not use is left alone (newer writers may add keys).
#include "runtime/context/Signature.h"
#include <cctype>
#include <cstring>
#include <nlohmann/json.hpp>

namespace hone::rt {

using nlohmann::json;

namespace {

/// Carries a message out of the nested readers of this file; never leaves it.
struct Bad {
  std::string message;
};

const json &member(const json &object, const char *key) {
  if (!object.is_object() || !object.contains(key))
    throw Bad{text("'", key, "' is missing")};
  return object.at(key);
}

std::string stringOf(const json &value, const char *what) {
  if (!value.is_string())
    throw Bad{text("expected a string for '", what, "'")};
  return value.get<std::string>();
}

int64_t sizeOf(const json &value, const char *what) {
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) ||
      value.get<int64_t>() < 0)
    throw Bad{text("expected a size for '", what, "'")};
  return value.get<int64_t>();
}

const json &arrayOf(const json &value, const char *what) {
  if (!value.is_array())
    throw Bad{text("expected a list for '", what, "'")};
  return value;
}

/// Sizes of one name must agree; an expression of names is computed by the model itself.
bool isIdentifier(const std::string &name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])))
    return false;
  for (char c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && !strchr("_.:/", c))
      return false;
  return true;
}

DimSpec readDim(const json &value, Metadata &meta) {
  DimSpec dim;
  if (value.is_number()) {
    dim.fixed = true;
    dim.min = dim.max = sizeOf(value, "shape");
    return dim;
  }
  dim.name = stringOf(member(value, "dim"), "dim");
  if (value.contains("min"))
    dim.min = sizeOf(value["min"], "min");
  if (value.contains("max") && !value["max"].is_null())
    dim.max = sizeOf(value["max"], "max");
  if (!isIdentifier(dim.name))
    return dim;
  for (size_t i = 0; i < meta.symbols.size(); ++i)
    if (meta.symbols[i] == dim.name)
      dim.symbol = static_cast<int>(i);
  if (dim.symbol < 0) {
    dim.symbol = static_cast<int>(meta.symbols.size());
    meta.symbols.push_back(dim.name);
  }
  return dim;
}

std::vector<TensorSpec> readTensors(const json &list, const char *what, Metadata &meta) {
  std::vector<TensorSpec> tensors;
  for (const json &value : arrayOf(list, what)) {
    TensorSpec tensor;
    tensor.name = stringOf(member(value, "name"), "name");
    std::string dtype = stringOf(member(value, "dtype"), "dtype");
    const DTypeInfo *info = findDType(dtype);
    if (!info)
      throw Bad{text("tensor '", tensor.name, "' has the unknown element type '", dtype, "'")};
    tensor.dtype = info->dtype;
    for (const json &dim : arrayOf(member(value, "shape"), "shape"))
      tensor.dims.push_back(readDim(dim, meta));
    if (tensor.dims.size() > HONE_MAX_RANK)
      throw Bad{text("tensor '", tensor.name, "': expected a rank of at most ", HONE_MAX_RANK, ", got ",
                     tensor.dims.size())};
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

void readCalls(const json &root, Metadata &meta) {
  const json &kernels = arrayOf(member(root, "kernels"), "kernels");
  for (const json &value : arrayOf(member(root, "calls"), "calls")) {
    CallSpec call;
    const json kernel = value.is_object() && value.contains("kernel") ? value["kernel"] : json();
    if (kernel.is_string()) { // a library call
      call.kernelName = kernel.get<std::string>();
    } else if (kernel.is_number_integer() && kernel.get<int64_t>() >= 0) {
      call.kernel = kernel.get<int64_t>();
      if (static_cast<uint64_t>(call.kernel) >= kernels.size())
        throw Bad{text("call ", meta.calls.size(), " names kernel ", call.kernel, " of ", kernels.size())};
      call.kernelName = stringOf(member(kernels[static_cast<size_t>(call.kernel)], "name"), "name");
    }
    if (value.contains("nodes"))
      for (const json &node : arrayOf(value["nodes"], "nodes"))
        call.nodes += (call.nodes.empty() ? "" : ", ") + stringOf(node, "nodes");
    meta.calls.push_back(std::move(call));
  }
}

void read(const json &root, uint64_t weightBytes, Metadata &meta) {
  meta.model = stringOf(member(root, "model"), "model");
  if (root.contains("hone"))
    meta.compiler = stringOf(root["hone"], "hone");
  if (const json &target = member(root, "target"); target.is_object() && target.contains("features"))
    for (const json &feature : arrayOf(target["features"], "features"))
      if (std::string name = stringOf(feature, "features"); !name.empty() && name[0] != '-') // '-': not used
        meta.features.push_back(name);
  if (root.contains("device") && !root["device"].is_null())
    meta.device = stringOf(root["device"], "device");
  if (root.contains("plan") && root["plan"].is_object() && root["plan"].contains("device_weight_bytes"))
    meta.deviceWeightBytes =
        static_cast<uint64_t>(sizeOf(root["plan"]["device_weight_bytes"], "device_weight_bytes"));
  meta.inputs = readTensors(member(root, "inputs"), "inputs", meta);
  meta.outputs = readTensors(member(root, "outputs"), "outputs", meta);
  readCalls(root, meta);
  if (root.contains("weights"))
    for (const json &weight : arrayOf(root["weights"], "weights")) {
      int64_t offset = sizeOf(member(weight, "offset"), "offset"),
              bytes = sizeOf(member(weight, "bytes"), "bytes");
      if (static_cast<uint64_t>(offset) > weightBytes || static_cast<uint64_t>(bytes) > weightBytes - offset)
        throw Bad{text("weight '", weight.contains("name") ? stringOf(weight["name"], "name") : "",
                       "' lies outside the weight segment")};
    }
}

} // namespace

Result<Metadata> parseMetadata(std::string text, uint64_t weightBytes) {
  Metadata meta;
  try {
    json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (root.is_discarded())
      return invalid("the metadata is not JSON");
    read(root, weightBytes, meta);
  } catch (const Bad &bad) {
    return invalid("the metadata is wrong: ", bad.message);
  } catch (const json::exception &bad) {
    return invalid("the metadata is wrong: ", bad.what());
  }
  meta.json = std::move(text);
  return meta;
}

std::string describe(const int64_t *dims, int rank) {
  std::string out = "[";
  for (int i = 0; i < rank; ++i)
    out += text(i ? ", " : "", dims[i]);
  return out + "]";
}

std::string describe(const TensorSpec &tensor) {
  std::string out = text(infoOf(tensor.dtype).name, " [");
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    const DimSpec &dim = tensor.dims[i];
    out += i ? ", " : "";
    out += dim.fixed ? std::to_string(dim.min) : dim.name.empty() ? "?" : dim.name;
  }
  return out + "]";
}

} // namespace hone::rt
