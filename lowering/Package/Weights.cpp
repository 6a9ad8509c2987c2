// Weights one at a time. A recipe is compiled like a model whose inputs are the weights it reads and
// whose output is the weight; recipes that print alike are compiled once. Pages of the model file are given
// back after use, so that memory holds about one weight.
#include "lowering/Package/Weights.h"
#include "lowering/HoneToExec/HostBuilder.h"
#include "lowering/Package/Codegen.h"
#include "lowering/Package/KnownTargets.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "runtime/abi/Abi.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

int64_t bytesOf(RankedTensorType type) {
  // 4-bit rows are packed each by itself.
  if (type.getElementTypeBitWidth() == 4 && type.getRank())
    return type.getNumElements() / std::max<int64_t>(type.getShape().back(), 1) *
           ((type.getShape().back() + 1) / 2);
  return type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8);
}

WeightSource::~WeightSource() {
  for (auto &file : files)
    munmap(file.second.data, file.second.size);
  for (Mapping &mapping : outgrown)
    munmap(mapping.data, mapping.size);
  for (void *library : libraries)
    dlclose(library);
}

FailureOr<WeightSource::Mapping> WeightSource::map(WeightOp weight) {
  Mapping &mapping = files[*weight.getFile()];
  uint64_t offset = *weight.getOffset(), length = *weight.getLength();
  if (mapping.data && offset <= mapping.size && length <= mapping.size - offset)
    return mapping;
  llvm::SmallString<256> path(*weight.getFile());
  if (!llvm::sys::path::is_absolute(path)) {
    path = options.modelDir;
    llvm::sys::path::append(path, *weight.getFile());
  }
  // O_NONBLOCK: a pipe without a writer must be refused, not waited for.
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  if (file >= 0 && fstat(file, &info) == 0 && !S_ISREG(info.st_mode)) {
    close(file);
    return weight.emitError("weight file '") << path << "' is not a regular file";
  }
  if (file < 0 || fstat(file, &info) != 0) {
    if (file >= 0)
      close(file);
    return weight.emitError("can't open weight file '") << path << "': " << strerror(errno);
  }
  void *data = info.st_size ? mmap(nullptr, info.st_size, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  if (data == MAP_FAILED)
    return weight.emitError("can't map weight file '") << path << "'";
  if (mapping.data)
    outgrown.push_back(mapping);
  mapping = {static_cast<char *>(data), size_t(info.st_size)};
  return mapping;
}

FailureOr<const char *> WeightSource::bytes(WeightOp weight, std::vector<char> &owned) {
  int64_t size = bytesOf(cast<RankedTensorType>(weight.getType()));
  if (!weight.getFile()) {
    owned.resize(size);
    if (failed(run(weight, owned.data())))
      return failure();
    return const_cast<const char *>(owned.data());
  }
  auto mapping = map(weight);
  if (failed(mapping))
    return failure();
  uint64_t offset = *weight.getOffset(), length = *weight.getLength();
  if (length != uint64_t(size))
    return weight.emitError("expected a length of ") << size << " bytes, got " << int64_t(length);
  if (offset > mapping->size || length > mapping->size - offset)
    return weight.emitError("expected ") << size << " bytes at offset " << offset << " of '"
                                         << *weight.getFile() << "', which has " << mapping->size;
  return const_cast<const char *>(mapping->data + offset);
}

LogicalResult WeightSource::write(WeightOp weight, char *to) {
  if (!weight.getFile())
    return run(weight, to);
  std::vector<char> owned;
  auto from = bytes(weight, owned);
  if (failed(from))
    return failure();
  size_t size = bytesOf(cast<RankedTensorType>(weight.getType()));
  memcpy(to, *from, size);
  // Whole pages behind us are not needed again soon.
  uintptr_t first = (uintptr_t(*from) + 4095) & ~uintptr_t(4095),
            last = (uintptr_t(*from) + size) & ~uintptr_t(4095);
  if (last > first)
    madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
  return success();
}

//===-- recipes ----------------------------------------------------------------===//

namespace {
/// The runtime of one recipe: plain memory, all cores, one output.
struct RecipeRuntime : HoneRuntime {
  char *result = nullptr;
  std::string error;

  explicit RecipeRuntime(int wanted) {
    abiVersion = HONE_ABI_VERSION;
    threads = wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
    weights = nullptr;
    HoneRuntime::alloc = [](HoneRuntime *, int64_t bytes) -> void * {
      return aligned_alloc(64, (bytes + 127) & ~int64_t(63));
    };
    HoneRuntime::release = [](HoneRuntime *, void *memory) { free(memory); };
    HoneRuntime::output = [](HoneRuntime *self, int32_t, int64_t) -> void * {
      return static_cast<RecipeRuntime *>(self)->result;
    };
    HoneRuntime::dispatch = [](HoneRuntime *self, HoneKernel kernel, const void *args, int64_t units,
                               int64_t cost, int64_t scratch, int32_t) {
      int64_t workers = units * cost < 200000 ? 1 : std::min<int64_t>(self->threads, units);
      auto work = [&](int64_t worker) {
        void *memory = scratch ? aligned_alloc(64, (scratch + 63) & ~int64_t(63)) : nullptr;
        kernel(args, static_cast<uint8_t *>(memory), units * worker / workers,
               units * (worker + 1) / workers);
        free(memory);
      };
      std::vector<std::thread> others;
      for (int64_t worker = 1; worker < workers; ++worker)
        others.emplace_back(work, worker);
      work(0);
      for (std::thread &other : others)
        other.join();
    };
    HoneRuntime::library = [](HoneRuntime *self, int32_t, HoneTensorRef *, const int64_t *,
                              int32_t) -> int32_t {
      static_cast<RecipeRuntime *>(self)->error = "library functions are not for recipes";
      return 1;
    };
    HoneRuntime::fail = [](HoneRuntime *self, const char *message, int32_t) -> int32_t {
      static_cast<RecipeRuntime *>(self)->error = message;
      return 1;
    };
  }
};
} // namespace

FailureOr<WeightSource::Entry> WeightSource::compile(WeightOp weight, ArrayRef<WeightOp> sources) {
  // The recipe as a model: weights become arguments.
  OpBuilder b(module.getContext());
  OwningOpRef<ModuleOp> recipe = ModuleOp::create(weight.getLoc());
  std::string error;
  auto target = findTarget(*module.getContext(), "host", error);
  if (failed(target))
    return weight.emitError() << error;
  (*recipe)->setAttr("hone.target", *target);
  b.setInsertionPointToStart(recipe->getBody());
  SmallVector<Type> types;
  for (WeightOp source : sources)
    types.push_back(source.getType());
  auto main = func::FuncOp::create(b, weight.getLoc(), "main", b.getFunctionType(types, {weight.getType()}));
  b.setInsertionPointToStart(main.addEntryBlock());
  IRMapping map;
  for (Operation &op : weight.getRecipe().front()) {
    if (auto get = dyn_cast<GetWeightOp>(op)) {
      for (size_t i = 0; i < sources.size(); ++i)
        if (WeightOp(sources[i]).getSymName() == get.getWeight())
          map.map(get.getResult(), main.getArgument(i));
    } else if (auto yield = dyn_cast<YieldOp>(op)) {
      func::ReturnOp::create(b, weight.getLoc(), map.lookup(yield.getOperand(0)));
    } else {
      b.clone(op, map);
    }
  }
  std::string key;
  llvm::raw_string_ostream stream(key);
  recipe->print(stream, OpPrintingFlags().useLocalScope());
  auto [known, isNew] = recipes.try_emplace(key, nullptr);
  if (!isNew)
    return known->second;

  if (failed(options.lower(*recipe)))
    return failure();
  auto objects = compileObjects(*recipe, *target);
  if (failed(objects))
    return failure();
  llvm::SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("hone-recipe", "so", path))
    return weight.emitError("can't make a temporary file: ") << code.message();
  bool linked = succeeded(linkObjects(*objects, path, true, error));
  void *library = linked ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  llvm::sys::fs::remove(path);
  if (!library)
    return weight.emitError("a recipe could not be loaded: ") << (linked ? dlerror() : error);
  libraries.push_back(library);
  known->second = reinterpret_cast<Entry>(dlsym(library, HONE_ENTRY_SYMBOL));
  return known->second;
}

/// Writes a recipe that is nothing but a constant; false when it is more.
static bool writeConstant(WeightOp weight, char *to) {
  Block &recipe = weight.getRecipe().front();
  auto constant = dyn_cast<ConstantOp>(recipe.front());
  if (!constant || recipe.getTerminator()->getOperand(0) != constant.getResult())
    return false;
  DenseElementsAttr elements = storedElements(constant);
  ArrayRef<char> raw = elements.getRawData();
  int64_t bytes = bytesOf(cast<RankedTensorType>(weight.getType()));
  for (int64_t at = 0; at < bytes; at += raw.size()) // a splat holds one element
    memcpy(to + at, raw.data(), raw.size());
  return true;
}

LogicalResult WeightSource::run(WeightOp weight, char *to) {
  if (writeConstant(weight, to))
    return success();
  if (!running.insert(weight).second)
    return weight.emitError("weight '") << weight.getSymName() << "' is computed from itself";
  llvm::scope_exit done([&] { running.erase(weight); });
  SmallVector<WeightOp> sources;
  bool missing = false;
  weight.getRecipe().walk([&](GetWeightOp get) {
    auto source = module.lookupSymbol<WeightOp>(get.getWeight());
    if (!source)
      missing = true;
    else if (!llvm::is_contained(sources, source))
      sources.push_back(source);
  });
  if (missing)
    return weight.emitError("a recipe reads a weight that isn't there");
  auto entry = compile(weight, sources);
  if (failed(entry))
    return failure();
  std::vector<std::vector<char>> owned(sources.size());
  std::vector<HoneTensorRef> inputs(std::max<size_t>(sources.size(), 1));
  for (size_t i = 0; i < sources.size(); ++i) {
    WeightOp source = sources[i];
    auto data = bytes(source, owned[i]);
    if (failed(data))
      return failure();
    auto type = cast<RankedTensorType>(source.getType());
    inputs[i].data = const_cast<char *>(*data);
    if (type.getRank() > HONE_MAX_RANK)
      return weight.emitError("expected weights of rank ") << HONE_MAX_RANK << " at most";
    llvm::copy(type.getShape(), inputs[i].dims);
  }
  RecipeRuntime runtime(options.threads);
  runtime.result = to;
  HoneTensorRef output;
  if ((*entry)(&runtime, inputs.data(), &output) != 0)
    return weight.emitError("its recipe failed: ") << runtime.error;
  for (size_t i = 0; i < sources.size(); ++i)
    if (WeightOp source = sources[i]; owned[i].empty()) {
      uintptr_t first = (uintptr_t(inputs[i].data) + 4095) & ~uintptr_t(4095);
      uintptr_t last =
          (uintptr_t(inputs[i].data) + bytesOf(cast<RankedTensorType>(source.getType()))) & ~uintptr_t(4095);
      if (last > first)
        madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
    }
  return success();
}

} // namespace hone
