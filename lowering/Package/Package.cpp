// Writes the artifact: code, weights straight into the mapped output, metadata, footer; then renames.
#include "lowering/Package/Package.h"
#include "dialects/exec/ExecDialect.h"
#include "lowering/Package/Codegen.h"
#include "lowering/Package/DeviceCode.h"
#include "lowering/Package/Weights.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "runtime/abi/Abi.h"
#include "runtime/abi/Artifact.h"
#include "runtime/abi/Checksum.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

void planWeights(ModuleOp module) {
  OpBuilder b(module.getContext());
  llvm::DenseSet<Attribute> onHost, onDevice;
  module.walk([&](exec::WeightOp op) {
    bool isOfDevice = cast<MemRefType>(op.getType()).getMemorySpaceAsInt() == 1;
    (isOfDevice ? onDevice : onHost).insert(op.getWeightAttr().getAttr());
  });
  std::map<std::tuple<std::string, int64_t, int64_t>, int64_t> placed;
  SmallVector<NamedAttribute> plan;
  int64_t at = 0;
  auto place = [&](mlir::hone::WeightOp weight) {
    int64_t size = bytesOf(cast<RankedTensorType>(weight.getType())), offset = at;
    if (weight.getFile()) {
      auto [same, isNew] = placed.try_emplace({weight.getFile()->str(), *weight.getOffset(), size}, at);
      offset = same->second;
    }
    plan.push_back(b.getNamedAttr(weight.getSymName(), b.getI64IntegerAttr(offset)));
    if (offset == at)
      at += (size + HONE_TENSOR_ALIGN - 1) / HONE_TENSOR_ALIGN * HONE_TENSOR_ALIGN;
  };
  // What the device reads comes first: that part of the segment is copied there.
  for (auto weight : module.getOps<mlir::hone::WeightOp>())
    if (onDevice.contains(weight.getSymNameAttr()))
      place(weight);
  module->setAttr("hone.device_weight_bytes", b.getI64IntegerAttr(at));
  for (auto weight : module.getOps<mlir::hone::WeightOp>())
    if (onHost.contains(weight.getSymNameAttr()) && !onDevice.contains(weight.getSymNameAttr()))
      place(weight);
  module->setAttr("hone.weight_plan", b.getDictionaryAttr(plan));
  module->setAttr("hone.weight_bytes", b.getI64IntegerAttr(at));
}

static std::string text(Type type) {
  std::string out;
  llvm::raw_string_ostream(out) << type;
  return out;
}

static llvm::json::Array describeTensors(ArrayAttr tensors, DictionaryAttr ranges) {
  llvm::json::Array out;
  for (Attribute entry : tensors) {
    auto dict = cast<DictionaryAttr>(entry);
    auto type = cast<RankedTensorType>(dict.getAs<TypeAttr>("type").getValue());
    auto name = dict.getAs<StringAttr>("hone.name");
    auto names = dict.getAs<ArrayAttr>("hone.dims");
    llvm::json::Array shape;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      if (!type.isDynamicDim(axis)) {
        shape.push_back(type.getDimSize(axis));
        continue;
      }
      auto dim = names && size_t(axis) < names.size() ? dyn_cast<StringAttr>(names[axis]) : StringAttr();
      llvm::json::Object object{{"dim", dim ? dim.getValue() : ""}, {"min", 0}};
      if (auto range = dim && ranges ? ranges.getAs<ArrayAttr>(dim.getValue()) : ArrayAttr()) {
        object["min"] = cast<IntegerAttr>(range[0]).getInt();
        object["max"] = cast<IntegerAttr>(range[1]).getInt();
      }
      shape.push_back(std::move(object));
    }
    out.push_back(llvm::json::Object{{"name", name ? name.getValue() : ""},
                                     {"dtype", text(type.getElementType())},
                                     {"shape", std::move(shape)}});
  }
  return out;
}

static llvm::json::Object describeDeviceKernel(DictionaryAttr kernel) {
  llvm::json::Object chips;
  for (NamedAttribute chip : kernel.getAs<DictionaryAttr>("chips")) {
    llvm::json::Object facts;
    for (NamedAttribute fact : cast<DictionaryAttr>(chip.getValue()))
      facts[fact.getName().getValue()] = cast<IntegerAttr>(fact.getValue()).getInt();
    chips[chip.getName().getValue()] = std::move(facts);
  }
  return llvm::json::Object{
      {"name", kernel.getAs<StringAttr>("name").getValue()},
      {"family", kernel.getAs<StringAttr>("family").getValue()},
      {"device", "cuda"},
      {"ptx", llvm::json::Object{{"for", kernel.getAs<StringAttr>("ptx_for").getValue()},
                                 {"bytes", kernel.getAs<IntegerAttr>("ptx_bytes").getInt()}}},
      {"chips", std::move(chips)}};
}

static std::string metadata(ModuleOp module, const PackageOptions &options) {
  TargetAttr target = TargetAttr::of(module);
  SmallVector<StringRef> features;
  target.getFeatures().getValue().split(features, ',');
  llvm::json::Array featureNames;
  for (StringRef feature : features)
    featureNames.push_back(feature.ltrim('+'));
  auto signature = module->getAttrOfType<DictionaryAttr>("hone.signature");
  auto ranges = module->getAttrOfType<DictionaryAttr>("hone.dim_ranges");
  auto model = module->getAttrOfType<StringAttr>("hone.model");

  llvm::json::Array kernels, calls, weights, arguments;
  llvm::StringMap<int64_t> kernelNumbers;
  auto kernelNumber = [&](StringRef name, StringRef family) {
    auto [at, isNew] = kernelNumbers.try_emplace(name, kernels.size());
    if (isNew)
      kernels.push_back(llvm::json::Object{{"name", name}, {"family", family}});
    return at->second;
  };
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (auto family = function->getAttrOfType<StringAttr>("hone.family"))
      kernelNumber(function.getName(), family.getValue());
  llvm::StringSet<> deviceKernels;
  auto device = module->getAttrOfType<TargetAttr>("hone.device_target");
  if (auto facts = module->getAttrOfType<ArrayAttr>("hone.device_kernels"))
    for (Attribute kernel : facts) {
      auto dict = cast<DictionaryAttr>(kernel);
      StringRef name = dict.getAs<StringAttr>("name");
      deviceKernels.insert(name);
      kernelNumber(name, dict.getAs<StringAttr>("family"));
      *kernels.back().getAsObject() = describeDeviceKernel(dict);
    }
  for (Attribute call : module->getAttrOfType<ArrayAttr>("hone.calls")) {
    auto dict = cast<DictionaryAttr>(call);
    llvm::json::Array nodes;
    for (Attribute node : dict.getAs<ArrayAttr>("nodes"))
      nodes.push_back(cast<StringAttr>(node).getValue());
    StringRef name = dict.getAs<StringAttr>("kernel");
    llvm::json::Object row{{"kernel", kernelNumber(name, "library")},
                           {"nodes", std::move(nodes)},
                           {"device", deviceKernels.contains(name) ? "cuda" : "host"}};
    for (StringRef fact : {"flops", "weight_bytes", "bytes", "arithmetic"})
      if (auto text = dict.getAs<StringAttr>(fact); text && !text.empty())
        row[fact] = text.getValue();
    calls.push_back(std::move(row));
  }
  auto plan = module->getAttrOfType<DictionaryAttr>("hone.weight_plan");
  for (NamedAttribute entry : plan) {
    auto weight = module.lookupSymbol<mlir::hone::WeightOp>(entry.getName());
    auto type = cast<RankedTensorType>(weight.getType());
    llvm::json::Array shape, from;
    for (int64_t size : type.getShape())
      shape.push_back(size);
    weight.getRecipe().walk([&](GetWeightOp get) { from.push_back(get.getWeight()); });
    weights.push_back(llvm::json::Object{{"name", entry.getName().getValue()},
                                         {"dtype", text(type.getElementType())},
                                         {"shape", std::move(shape)},
                                         {"offset", cast<IntegerAttr>(entry.getValue()).getInt()},
                                         {"bytes", bytesOf(type)},
                                         {"from", std::move(from)}});
  }
  for (const std::string &argument : options.arguments)
    arguments.push_back(argument);
  llvm::json::Object root{
      {"format", HONE_FORMAT_VERSION},
      {"hone", options.version},
      {"model", model ? model.getValue() : ""},
      {"target",
       llvm::json::Object{{"name", target.getName().getValue()}, {"features", std::move(featureNames)}}},
      {"device", device ? llvm::json::Value(device.getName().getValue()) : llvm::json::Value(nullptr)},
      {"options", std::move(arguments)},
      {"inputs", describeTensors(signature.getAs<ArrayAttr>("inputs"), ranges)},
      {"outputs", describeTensors(signature.getAs<ArrayAttr>("outputs"), ranges)},
      {"kernels", std::move(kernels)},
      {"calls", std::move(calls)},
      {"weights", std::move(weights)},
      {"plan",
       llvm::json::Object{
           {"arena", "dynamic"},
           {"device_weight_bytes", module->getAttrOfType<IntegerAttr>("hone.device_weight_bytes").getInt()},
           {"weight_bytes", module->getAttrOfType<IntegerAttr>("hone.weight_bytes").getInt()}}}};
  if (auto board = device ? device.getFacts().getAs<StringAttr>("board") : StringAttr())
    root["board"] = llvm::json::Object{{"name", board.getValue()},
                                       {"gb_per_s", device.fact("bandwidth")},
                                       {"tflops_f32", device.fact("f32")},
                                       {"tflops_f16", device.fact("tensor")}};
  std::string out;
  llvm::raw_string_ostream(out) << llvm::json::Value(std::move(root));
  return out;
}

namespace {
/// A file under a temporary name: kept by commit(), gone otherwise, also when a signal ends the process.
struct PendingFile {
  std::string name, final;
  bool committed = false;
  explicit PendingFile(const Twine &path)
      : name((path + ".part" + Twine(getpid())).str()), final(path.str()) {
    llvm::sys::RemoveFileOnSignal(name);
  }
  ~PendingFile() {
    llvm::sys::DontRemoveFileOnSignal(name);
    if (!committed)
      llvm::sys::fs::remove(name);
  }
  std::error_code commit() {
    std::error_code code = llvm::sys::fs::rename(name, final);
    committed = !code;
    return code;
  }
};

/// The pending file mapped for writing.
struct MappedOutput {
  char *data = nullptr;
  size_t size = 0;
  ~MappedOutput() {
    if (data)
      munmap(data, size);
  }
};
} // namespace

/// Makes a file of `size` bytes with blocks that exist: a full disk is found here and not as a fault while
/// writing.
static LogicalResult mapOutput(ModuleOp module, const std::string &path, size_t size, mode_t mode,
                               MappedOutput &out) {
  int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0)
    return module.emitError("can't write '") << path << "': " << strerror(errno);
  int code = posix_fallocate(file, 0, size);
  void *data = code ? MAP_FAILED : mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (data == MAP_FAILED)
    return module.emitError("can't write ") << size << " bytes: " << strerror(code ? code : errno);
  out.data = static_cast<char *>(data);
  out.size = size;
  return success();
}

/// Pages that are done with need not stay in memory; the kernel keeps what it has not stored yet.
static void releasePages(const char *data, size_t bytes) {
  uintptr_t first = uintptr_t(data) & ~uintptr_t(4095);
  madvise(reinterpret_cast<void *>(first), uintptr_t(data) + bytes - first, MADV_DONTNEED);
}

/// The bytes of a file; null after an error at the module.
static std::unique_ptr<llvm::MemoryBuffer> readWhole(ModuleOp module, const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (buffer)
    return std::move(*buffer);
  module.emitError("can't read '") << path << "': " << buffer.getError().message();
  return nullptr;
}

/// Evaluates every weight of the plan into the weight segment at `segment`.
static LogicalResult writeWeights(ModuleOp module, const PackageOptions &options, char *segment) {
  WeightSource source(module, options);
  auto plan = module->getAttrOfType<DictionaryAttr>("hone.weight_plan");
  llvm::DenseSet<int64_t> written;
  for (auto [done, entry] : llvm::enumerate(plan)) {
    options.progress("weights", done + 1, plan.size());
    int64_t offset = cast<IntegerAttr>(entry.getValue()).getInt();
    auto weight = module.lookupSymbol<mlir::hone::WeightOp>(entry.getName());
    int64_t bytes = bytesOf(cast<RankedTensorType>(weight.getType()));
    if (!written.insert(offset).second && bytes)
      continue;
    if (failed(source.write(weight, segment + offset)))
      return failure();
    releasePages(segment + offset, bytes);
  }
  return success();
}

/// The checksum of the weight segment, read block by block and let go at once.
static uint64_t checksumAndRelease(const char *segment, uint64_t bytes) {
  std::vector<uint64_t> sums;
  for (uint64_t at = 0; at < bytes; at += HONE_CHECKSUM_BLOCK) {
    uint64_t length = std::min<uint64_t>(bytes - at, HONE_CHECKSUM_BLOCK);
    sums.push_back(honeChecksum(segment + at, length));
    releasePages(segment + at, length);
  }
  return honeChecksum(sums.data(), sums.size() * sizeof(uint64_t));
}

/// Lays out and fills the file: the program if there is one, then the artifact (runtime/abi/Artifact.h).
static LogicalResult writeParts(ModuleOp module, const PackageOptions &options, const std::string &path,
                                StringRef code) {
  std::unique_ptr<llvm::MemoryBuffer> program;
  if (!options.program.empty() && !(program = readWhole(module, options.program)))
    return failure();
  auto align = [](uint64_t at, uint64_t to) { return (at + to - 1) / to * to; };
  uint64_t start = program ? align(program->getBufferSize(), HONE_WEIGHT_ALIGN) : 0;
  std::string meta = metadata(module, options);
  HoneFooter footer = {};
  footer.codeSize = code.size();
  footer.weightOffset = align(code.size(), HONE_WEIGHT_ALIGN);
  footer.weightSize = module->getAttrOfType<IntegerAttr>("hone.weight_bytes").getInt();
  footer.metaOffset = align(footer.weightOffset + footer.weightSize, 8);
  footer.metaSize = meta.size();
  uint64_t footerOffset = align(footer.metaOffset + footer.metaSize, 8);
  MappedOutput out;
  if (failed(mapOutput(module, path, start + footerOffset + sizeof footer, program ? 0777 : 0666, out)))
    return failure();
  if (program)
    llvm::copy(program->getBuffer(), out.data);
  char *artifact = out.data + start;
  llvm::copy(code, artifact);
  if (failed(writeWeights(module, options, artifact + footer.weightOffset)))
    return failure();
  llvm::copy(meta, artifact + footer.metaOffset);
  footer.formatVersion = HONE_FORMAT_VERSION;
  footer.abiVersion = HONE_ABI_VERSION;
  memcpy(footer.magic, HONE_FOOTER_MAGIC, sizeof footer.magic);
  footer.codeChecksum = honeChecksum(code.data(), code.size());
  footer.weightChecksum = checksumAndRelease(artifact + footer.weightOffset, footer.weightSize);
  footer.metaChecksum = honeChecksum(meta.data(), meta.size());
  footer.footerChecksum = honeChecksum(&footer, offsetof(HoneFooter, footerChecksum));
  memcpy(artifact + footerOffset, &footer, sizeof footer);
  return success();
}

LogicalResult writeArtifact(ModuleOp module, const PackageOptions &options) {
  options.progress("machine code", 0, 1);
  if (failed(packDeviceCode(module, options)))
    return failure();
  auto objects = compileObjects(module, TargetAttr::of(module), options.saveTemps);
  if (failed(objects))
    return failure();
  PendingFile pending(options.output), linked(options.output + ".so");
  std::string error;
  if (failed(
          linkObjects(*objects, options.objectOnly ? pending.name : linked.name, !options.objectOnly, error)))
    return module.emitError() << error;
  objects->clear();
  if (!options.objectOnly) {
    std::unique_ptr<llvm::MemoryBuffer> code = readWhole(module, linked.name);
    if (!code || failed(writeParts(module, options, pending.name, code->getBuffer())))
      return failure();
  }
  if (std::error_code code = pending.commit())
    return module.emitError("can't rename to '") << options.output << "': " << code.message();
  return success();
}

} // namespace hone
