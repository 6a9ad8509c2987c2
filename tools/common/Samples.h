// Inputs of a model from files: folders of .npy, or rows of token ids.
#ifndef HONE_TOOLS_COMMON_SAMPLES_H
#define HONE_TOOLS_COMMON_SAMPLES_H
#include "runtime/api/hone.h"
#include <memory>
#include <string>
#include <vector>

namespace hone {

/// Tensors with their memory. Names live as long as the module they were made for.
struct Sample {
  std::string name; // for messages
  std::vector<HoneTensor> inputs;
  std::vector<std::shared_ptr<void>> memory;
  std::vector<int64_t> tokens; // of a row of token ids
};

/// One sample for each sub-folder, in the order of their names. A sample names all inputs of the model: a
/// missing or unknown file, and elements that are not numbers, are errors. Empty `error`: success.
std::vector<Sample> samplesOfFolder(const std::string &folder, const HoneModule *module, std::string &error);

/// One sample a row: the tokens go to the integer input whose name has "input_ids", ones to masks, 0, 1, 2
/// ... to positions; inputs with a dimension that no token has, as caches of earlier tokens do, are empty
/// there.
std::vector<Sample> samplesOfTokens(const std::string &file, const HoneModule *module, std::string &error);

} // namespace hone
#endif
