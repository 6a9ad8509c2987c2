// Walks the wire format along the fields that can lead to a tensor (onnx.proto's numbers) and copies the
// rest.
#include "lowering/OnnxToHone/Skeleton.h"
#include <cstdint>

using llvm::StringRef;

namespace hone {

namespace {

enum class Kind { Model, Function, Graph, Node, Attribute, Tensor, Other };

/// What the message in field `number` of a message is.
Kind fieldKind(Kind kind, uint64_t number) {
  switch (kind) {
  case Kind::Model:
    return number == 7 ? Kind::Graph : number == 25 ? Kind::Function : Kind::Other;
  case Kind::Function:
    return number == 7 ? Kind::Node : Kind::Other;
  case Kind::Graph:
    return number == 1 ? Kind::Node : number == 5 ? Kind::Tensor : Kind::Other;
  case Kind::Node:
    return number == 5 ? Kind::Attribute : Kind::Other;
  case Kind::Attribute:
    return number == 5 || number == 10   ? Kind::Tensor
           : number == 6 || number == 11 ? Kind::Graph
                                         : Kind::Other;
  default:
    return Kind::Other;
  }
}

enum TensorField : uint64_t { DataType = 2, FloatData = 4, RawData = 9, DoubleData = 10, ExternalData = 13 };
enum { Float = 1, Double = 11 };

void putVarint(std::string &out, uint64_t value) {
  for (; value > 127; value >>= 7)
    out.push_back(char((value & 127) | 128));
  out.push_back(char(value));
}
void putField(std::string &out, uint64_t number, StringRef payload) {
  putVarint(out, number << 3 | 2);
  putVarint(out, payload.size());
  out.append(payload.data(), payload.size());
}

class Walker {
public:
  Walker(StringRef whole, std::string &error) : whole(whole), error(error) {}

  bool copy(StringRef in, Kind kind, int depth, std::string &out) {
    if (kind == Kind::Tensor)
      return copyTensor(in, out);
    return eachField(in, [&](uint64_t number, unsigned wire, StringRef field, StringRef payload) {
      Kind inner = wire == 2 ? fieldKind(kind, number) : Kind::Other;
      if (inner == Kind::Other) {
        out.append(field.data(), field.size());
        return true;
      }
      if (inner == Kind::Graph && depth >= maxGraphDepth)
        return fail("sub-graphs are nested more than " + std::to_string(maxGraphDepth) + " deep");
      std::string copied;
      if (!copy(payload, inner, depth + (inner == Kind::Graph), copied))
        return false;
      putField(out, number, copied);
      return true;
    });
  }

private:
  /// The last raw_data counts; packed floats lie in the file as they do in memory.
  bool copyTensor(StringRef in, std::string &out) {
    StringRef raw, packed;
    uint64_t type = 0, packedNumber = 0;
    int packedCount = 0;
    bool ok = eachField(in, [&](uint64_t number, unsigned wire, StringRef field, StringRef payload) {
      if (number == DataType && wire == 0)
        type = lastVarint;
      if (wire == 2 && number == RawData) {
        raw = payload;
        return true;
      }
      if (number == FloatData || number == DoubleData) {
        ++packedCount;
        if (wire == 2 && payload.size() > maxConstantBytes) {
          packed = payload;
          packedNumber = number;
          return true;
        }
      }
      out.append(field.data(), field.size());
      return true;
    });
    if (!ok)
      return false;
    if (!packed.empty()) {
      if (packedCount == 1 && raw.empty() && type == (packedNumber == FloatData ? Float : Double))
        putPlace(out, packed);
      else
        putField(out, packedNumber, packed);
    }
    if (raw.size() > maxConstantBytes)
      putPlace(out, raw);
    else if (raw.data())
      putField(out, RawData, raw);
    return true;
  }

  void putPlace(std::string &out, StringRef payload) {
    std::string entry;
    putField(entry, 1, payloadKey);
    putField(entry, 2, std::to_string(payload.data() - whole.data()) + " " + std::to_string(payload.size()));
    putField(out, ExternalData, entry);
  }

  template <typename Body>
  bool eachField(StringRef in, Body &&body) {
    size_t at = 0;
    while (at < in.size()) {
      size_t begin = at;
      uint64_t key = 0, length = 0;
      if (!varint(in, at, key))
        return broken();
      StringRef payload;
      switch (key & 7) {
      case 0:
        if (!varint(in, at, lastVarint))
          return broken();
        break;
      case 1:
        length = 8;
        break;
      case 2:
        if (!varint(in, at, length))
          return broken();
        break;
      case 5:
        length = 4;
        break;
      default:
        return broken();
      }
      if (length > in.size() - at)
        return broken();
      payload = in.substr(at, length);
      at += length;
      if (!body(key >> 3, unsigned(key & 7), in.slice(begin, at), payload))
        return false;
    }
    return true;
  }

  static bool varint(StringRef in, size_t &at, uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; at < in.size() && shift < 70; shift += 7) {
      uint8_t byte = uint8_t(in[at++]);
      value |= shift < 64 ? uint64_t(byte & 127) << shift : 0;
      if (byte < 128)
        return true;
    }
    return false;
  }

  bool broken() { return fail("not a complete ONNX model: the file is truncated, altered or no protobuf"); }
  bool fail(const std::string &why) {
    if (error.empty())
      error = why;
    return false;
  }

  StringRef whole;
  std::string &error;
  uint64_t lastVarint = 0;
};

} // namespace

std::string skeletonOf(StringRef bytes, std::string &error) {
  std::string out;
  if (!Walker(bytes, error).copy(bytes, Kind::Model, 0, out))
    return {};
  return out;
}

} // namespace hone
