// Reads samples and checks them against what the model takes.
#include "tools/common/Samples.h"
#include "runtime/api/npy.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <cstdlib>

namespace hone {
namespace {

bool isFloat(HoneDType dtype) {
  return dtype == HONE_F16 || dtype == HONE_BF16 || dtype == HONE_F32 || dtype == HONE_F64;
}

int64_t countOf(const HoneTensor &tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor.rank; ++i)
    count *= tensor.dims[i];
  return count;
}

/// As hone-run names files of tensors.
std::string fileOf(llvm::StringRef name) {
  std::string file = name.str();
  for (char &c : file)
    if (c == '/' || c == ':')
      c = '_';
  return file + ".npy";
}

void *allocate(size_t bytes) { return std::aligned_alloc(64, (bytes + 64) / 64 * 64); }

/// Adds a file's tensor; returns why it can't.
std::string addFile(Sample &sample, const std::string &path, const HoneTensorInfo &info) {
  HoneTensor tensor{};
  if (hone_npy_read(path.c_str(), &tensor) != HONE_OK)
    return hone_error();
  sample.memory.emplace_back(const_cast<void *>(tensor.data), std::free);
  tensor.name = info.name;
  if (tensor.dtype == HONE_U16 && info.dtype == HONE_BF16)
    tensor.dtype = HONE_BF16;
  if (isFloat(tensor.dtype))
    for (int64_t i = 0, count = countOf(tensor); i < count; ++i)
      if (!std::isfinite(hone_element(tensor.dtype, tensor.data, i)))
        return path + ": element " + std::to_string(i) + " is not a finite number";
  sample.inputs.push_back(tensor);
  return "";
}

/// A tensor of an input, its elements from `value`.
template <typename Value>
void addMade(Sample &sample, const HoneTensorInfo &info, llvm::ArrayRef<int64_t> dims, const Value &value) {
  HoneTensor tensor{};
  tensor.name = info.name, tensor.dtype = info.dtype, tensor.rank = int(dims.size());
  llvm::copy(dims, tensor.dims);
  void *data = allocate(hone_tensor_bytes(&tensor));
  sample.memory.emplace_back(data, std::free);
  for (int64_t i = 0, count = countOf(tensor); i < count; ++i)
    hone_set_element(info.dtype, data, i, value(i));
  tensor.data = data;
  sample.inputs.push_back(tensor);
}

std::string addTokens(Sample &sample, const HoneModule *module) {
  int64_t length = sample.tokens.size();
  bool found = false;
  for (size_t i = 0; const HoneTensorInfo *info = hone_module_input(module, i); ++i) {
    llvm::StringRef name = info->name;
    bool isIds = name.contains("input_ids"), isMask = name.contains("mask"),
         isPosition = name.contains("position");
    llvm::SmallVector<int64_t> dims;
    for (int d = 0; d < info->rank; ++d) {
      const HoneDimInfo &dim = info->dims[d];
      llvm::StringRef size = dim.name ? dim.name : "";
      if (!dim.name)
        dims.push_back(dim.min);
      else if (d == 0)
        dims.push_back(1); // the batch
      else if (isIds || isMask || isPosition)
        dims.push_back(length);
      else if (size.contains("past") || size.contains("cache_len"))
        dims.push_back(0);
      else
        return ("input '" + name + "' has an open dimension '" + size + "': fix it, as in --dim " + size +
                "=64")
            .str();
    }
    if (isIds)
      addMade(sample, *info, dims, [&](int64_t at) { return double(sample.tokens[at]); });
    else if (isPosition)
      addMade(sample, *info, dims, [&](int64_t at) { return double(at); });
    else
      addMade(sample, *info, dims, [&](int64_t) { return isMask ? 1.0 : 0.0; });
    found |= isIds;
  }
  return found ? "" : "the model has no input whose name has 'input_ids'";
}

} // namespace

std::vector<Sample> samplesOfFolder(const std::string &folder, const HoneModule *module, std::string &error) {
  std::vector<std::string> folders;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
    if (llvm::sys::fs::is_directory(it->path()))
      folders.push_back(it->path());
  llvm::sort(folders);
  if (code)
    error = "can't read the folder '" + folder + "': " + code.message();
  else if (folders.empty())
    error = "'" + folder + "' has no sub-folder: expected one a sample, with NAME.npy for each input";
  std::vector<Sample> samples;
  for (const std::string &path : folders) {
    Sample sample;
    sample.name = path;
    llvm::SmallVector<std::string> expected;
    for (size_t i = 0; const HoneTensorInfo *info = hone_module_input(module, i); ++i) {
      expected.push_back(fileOf(info->name));
      std::string file = path + "/" + expected.back();
      if (!llvm::sys::fs::exists(file))
        error = path + ": no file " + expected.back() + " for input '" + info->name + "'";
      else
        error = addFile(sample, file, *info);
      if (!error.empty())
        return {};
    }
    for (llvm::sys::fs::directory_iterator it(path, code), end; it != end && !code; it.increment(code))
      if (llvm::StringRef name = llvm::sys::path::filename(it->path());
          name.ends_with(".npy") && !llvm::is_contained(expected, name)) {
        error = it->path() + ": the model has no input of this name; it has: " + llvm::join(expected, " ");
        return {};
      }
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::vector<Sample> samplesOfTokens(const std::string &file, const HoneModule *module, std::string &error) {
  HoneTensor table{};
  if (hone_npy_read(file.c_str(), &table) != HONE_OK) {
    error = hone_error();
    return {};
  }
  std::shared_ptr<void> memory(const_cast<void *>(table.data), std::free);
  if (isFloat(table.dtype) || table.rank != 2 || table.dims[0] < 1 || table.dims[1] < 2) {
    error = file + ": expected token ids [rows, length] of integers, with a length of 2 or more";
    return {};
  }
  std::vector<Sample> samples;
  for (int64_t row = 0; row < table.dims[0]; ++row) {
    Sample sample;
    sample.name = file + " row " + std::to_string(row);
    for (int64_t i = 0; i < table.dims[1]; ++i)
      sample.tokens.push_back(int64_t(hone_element(table.dtype, table.data, row * table.dims[1] + i)));
    if (error = addTokens(sample, module); !error.empty())
      return {};
    samples.push_back(std::move(sample));
  }
  return samples;
}

} // namespace hone
