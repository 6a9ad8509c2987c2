// What an artifact says about itself: tensors with named dimensions, kernels, calls.
#ifndef HONE_RUNTIME_CONTEXT_SIGNATURE_H
#define HONE_RUNTIME_CONTEXT_SIGNATURE_H
#include "runtime/abi/Abi.h"
#include "runtime/base/DType.h"
#include "runtime/base/Status.h"
#include <string>
#include <vector>

namespace hone::rt {

struct DimSpec {
  bool fixed = false; ///< the size is `min`
  std::string name;   ///< of a free size; may be empty, or an expression of names
  int64_t min = 0, max = INT64_MAX;
  int symbol = -1; ///< number of the name when it is a plain identifier
};

struct TensorSpec {
  std::string name;
  DType dtype;
  std::vector<DimSpec> dims;
};

/// A dispatch: what runs, for which nodes of the source model.
struct CallSpec {
  int64_t kernel = -1;
  std::string kernelName, nodes; ///< nodes joined by ", "
};

struct Metadata {
  std::string model, compiler;
  std::string device;             ///< the GPU its kernels are for; empty: the host
  uint64_t deviceWeightBytes = 0; ///< the first bytes of the weight segment, which kernels of the device read
  std::vector<std::string> features; ///< of the CPU that the code needs
  std::vector<TensorSpec> inputs, outputs;
  std::vector<std::string> symbols; ///< names of dims that are plain identifiers
  std::vector<CallSpec> calls;
  std::string json; ///< the text itself
};

/// Reads the JSON text of docs/artifact.md; `weightBytes` bounds the weights it lists.
Result<Metadata> parseMetadata(std::string json, uint64_t weightBytes);

/// "f32 [batch, 4]"
std::string describe(const TensorSpec &tensor);
/// "[1, 2]"
std::string describe(const int64_t *dims, int rank);

} // namespace hone::rt
#endif
