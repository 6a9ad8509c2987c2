// Makes inputs that models accept: floats from a normal distribution, small integers, and for the
// well-known integer inputs of language and speech models (masks, positions, sample rate) values that make
// sense.
#include "tools/hone-run/Formula.h"
#include "tools/hone-run/Session.h"
#include <algorithm>
#include <cctype>
#include <cstring>
#include <random>

namespace hone::run {

namespace {

/// Sizes by name: what --dim says, what the given inputs have, and else the least that is allowed.
Sizes knownSizes(const HoneModule *module, const std::vector<HoneTensor> &views, const Options &options) {
  Sizes sizes;
  Sizes least;
  for (size_t i = 0; const HoneTensorInfo *info = hone_module_input(module, i); ++i) {
    auto given = std::find_if(views.begin(), views.end(),
                              [&](const HoneTensor &v) { return !strcmp(v.name, info->name); });
    for (int d = 0; d < info->rank; ++d) {
      const HoneDimInfo &dim = info->dims[d];
      if (!dim.name || !*dim.name)
        continue;
      if (given != views.end() && d < given->rank)
        sizes[dim.name] = given->dims[d];
      int64_t &smallest = least[dim.name];
      smallest = std::max({smallest, dim.min, int64_t(1)});
    }
  }
  for (const auto &[name, size] : options.dims) {
    if (!least.contains(name))
      fail("--dim: no input has a dimension '", name, "'");
    sizes[name] = size;
  }
  for (const auto &[name, smallest] : least)
    if (!sizes.contains(name) && name.find_first_of("+-*/( ") == name.npos)
      sizes[name] = smallest;
  return sizes;
}

int64_t sizeOf(const HoneDimInfo &dim, const Sizes &sizes) {
  if (!dim.name)
    return dim.min;
  if (auto known = sizes.find(dim.name); known != sizes.end())
    return known->second;
  return evaluate(dim.name, sizes).value_or(std::max<int64_t>(dim.min, 1));
}

bool isFloat(HoneDType dtype) {
  return dtype == HONE_F32 || dtype == HONE_F64 || dtype == HONE_F16 || dtype == HONE_BF16;
}

/// Integers stay below this.
int64_t limitOf(HoneDType dtype) {
  switch (dtype) {
  case HONE_Bool:
    return 2;
  case HONE_I4:
    return 8;
  case HONE_U4:
    return 16;
  case HONE_I8:
    return 128;
  case HONE_U8:
    return 256;
  default:
    return 1000;
  }
}

void fill(HoneTensor &tensor, int64_t count, std::mt19937_64 &random) {
  void *data = const_cast<void *>(tensor.data);
  auto each = [&](auto value) {
    for (int64_t i = 0; i < count; ++i)
      hone_set_element(tensor.dtype, data, i, static_cast<double>(value(i)));
  };
  std::string name = tensor.name;
  std::transform(name.begin(), name.end(), name.begin(), ::tolower);
  if (isFloat(tensor.dtype)) {
    std::normal_distribution<double> normal;
    each([&](int64_t) { return normal(random); });
  } else if (name.find("mask") != name.npos) {
    each([](int64_t) { return 1; });
  } else if (name.find("type_ids") != name.npos) {
    each([](int64_t) { return 0; });
  } else if (name.find("position") != name.npos) {
    int64_t last = tensor.rank ? std::max<int64_t>(tensor.dims[tensor.rank - 1], 1) : 1;
    each([last](int64_t i) { return i % last; });
  } else if (name == "sr" && count == 1) {
    each([](int64_t) { return 16000; });
  } else {
    uint64_t limit = static_cast<uint64_t>(limitOf(tensor.dtype));
    each([&](int64_t) { return random() % limit; });
  }
}

} // namespace

std::vector<OwnedTensor> randomInputs(const HoneModule *module, const std::vector<HoneTensor> &views,
                                      const Options &options) {
  Sizes sizes = knownSizes(module, views, options);
  std::mt19937_64 random(*options.randomSeed);
  std::vector<OwnedTensor> tensors;
  for (size_t i = 0; const HoneTensorInfo *info = hone_module_input(module, i); ++i) {
    if (std::any_of(views.begin(), views.end(),
                    [&](const HoneTensor &v) { return !strcmp(v.name, info->name); }))
      continue;
    OwnedTensor tensor;
    tensor.view.name = info->name;
    tensor.view.dtype = info->dtype;
    tensor.view.rank = info->rank;
    int64_t count = 1;
    for (int d = 0; d < info->rank; ++d)
      tensor.view.dims[d] = sizeOf(info->dims[d], sizes);
    int64_t bytes = hone_tensor_bytes(&tensor.view);
    void *data = nullptr;
    if (bytes < 0 || posix_memalign(&data, 64, static_cast<size_t>(bytes) + 64) != 0)
      fail("--random-inputs: no memory for input '", info->name, "' of ", describe(tensor.view));
    for (int d = 0; d < info->rank; ++d)
      count *= tensor.view.dims[d];
    tensor.memory.reset(data);
    tensor.view.data = data;
    fill(tensor.view, count, random);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

} // namespace hone::run
