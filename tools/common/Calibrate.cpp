// Pieces of a graph as models of their own, and moments of what they yield.
#include "tools/common/Calibrate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Threading.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>
#include <map>

using namespace mlir;

namespace hone {

StagedCalibration::StagedCalibration(ModuleOp module, CalibrationSetup given)
    : module(module), setup(std::move(given)), main(module.lookupSymbol<func::FuncOp>("main")),
      weights(module, setup.package) {
  parallelFor = [context = module.getContext()](int64_t n, const std::function<void(int64_t)> &body) {
    mlir::parallelFor(context, 0, n, body);
  };
}

bool StagedCalibration::fail(const Twine &message) {
  module.emitError(message);
  return false;
}

/// Inputs of all samples, as the arguments of @main have them.
bool StagedCalibration::readSamples() {
  // The whole model tells what its inputs are called; it is never run.
  std::string file = setup.folder + "/signature.hone", error;
  OwningOpRef<ModuleOp> copy = module.clone();
  Runner runner;
  if (!setup.compile(*copy, file))
    return false;
  if (!runner.open(file, setup.threads))
    return fail(hone_error());
  std::vector<Sample> read;
  if (!setup.sources.folder.empty())
    read = samplesOfFolder(setup.sources.folder, runner.module, error);
  if (error.empty() && !setup.sources.tokens.empty())
    for (Sample &sample : samplesOfTokens(setup.sources.tokens, runner.module, error))
      read.push_back(std::move(sample));
  llvm::sys::fs::remove(file);
  if (!error.empty())
    return fail(error);
  samples = read.size();
  for (auto [i, argument] : llvm::enumerate(main.getArguments())) {
    StringRef name = main.getArgAttrOfType<StringAttr>(i, "hone.name").getValue();
    for (Sample &sample : read)
      for (auto [tensor, memory] : llvm::zip(sample.inputs, sample.memory))
        if (name == tensor.name)
          stored[argument].push_back({tensor, memory});
    if (stored[argument].size() != samples)
      return fail("a sample has no input '" + name + "'");
  }
  inputs = stored;
  return true;
}

void StagedCalibration::rewind() {
  reached = nullptr;
  stored = inputs;
  known.clear();
}

bool StagedCalibration::isKnown(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions())
    return false;
  if (auto it = known.find(op); it != known.end())
    return it->second;
  bool all = llvm::all_of(op->getOperands(), [&](Value operand) { return isKnown(operand); });
  return known[op] = all;
}

static Operation *inBlock(Operation *op, Block *block) { return block->findAncestorOpInBlock(*op); }

bool StagedCalibration::advance(Value to) {
  Block *body = &main.getBody().front();
  if (!samples && !readSamples())
    return false;
  Operation *last = to.getDefiningOp();
  if (!last || (reached && !reached->isBeforeInBlock(last)))
    return stored.contains(to) || fail("samples were asked for a value out of order");
  // What ops up to `last` read and define, and which of it the rest reads.
  llvm::SetVector<Value> inputs, outputs;
  auto isNew = [&](Operation *op) {
    return !(reached && !reached->isBeforeInBlock(op)) && !last->isBeforeInBlock(op);
  };
  auto isReadLater = [&](Value value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      Operation *at = inBlock(user, body);
      return at && last->isBeforeInBlock(at) && !at->hasTrait<OpTrait::IsTerminator>();
    });
  };
  for (Operation &op : *body) {
    if (!isNew(&op))
      continue;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (stored.contains(operand))
          inputs.insert(operand);
    });
    for (Value result : op.getResults())
      if (!isKnown(result) && (result == to || isReadLater(result)))
        outputs.insert(result);
  }
  if (!run(last, Values(inputs.getArrayRef()), Values(outputs.getArrayRef())))
    return false;
  SmallVector<Value> done;
  for (auto &[value, tensors] : stored)
    if (value != to && !isReadLater(value))
      done.push_back(value);
  for (Value value : done)
    stored.erase(value);
  reached = last;
  return true;
}

OwningOpRef<ModuleOp> StagedCalibration::piece(Operation *last, const Values &inputs, const Values &outputs,
                                               size_t sample) {
  OwningOpRef<ModuleOp> result = ModuleOp::create(module.getLoc());
  result->getOperation()->setAttrs(module->getAttrDictionary());
  OpBuilder b = OpBuilder::atBlockBegin(result->getBody());
  for (auto weight : module.getOps<mlir::hone::WeightOp>())
    b.clone(*weight);
  SmallVector<Type> types, results;
  for (Value input : inputs)
    if (auto type = dyn_cast<RankedTensorType>(input.getType())) {
      const HoneTensor &tensor = stored[input][sample].view;
      types.push_back(type.clone(ArrayRef<int64_t>(tensor.dims, tensor.rank)));
    }
  for (Value output : outputs)
    results.push_back(isa<IndexType>(output.getType()) ? RankedTensorType::get(1, b.getI64Type())
                                                       : output.getType());
  auto function = func::FuncOp::create(b, main.getLoc(), "main", b.getFunctionType(types, results));
  Block *block = function.addEntryBlock();
  b.setInsertionPointToStart(block);
  IRMapping map;
  int count = 0;
  for (Value input : inputs) {
    // Sizes are known here, as those of the inputs are.
    if (isa<IndexType>(input.getType())) {
      auto size = *static_cast<const int64_t *>(stored[input][sample].view.data);
      map.map(input, arith::ConstantIndexOp::create(b, main.getLoc(), size).getResult());
      continue;
    }
    map.map(input, block->getArgument(count));
    SmallVector<Attribute> dims;
    for (int64_t size : cast<RankedTensorType>(types[count]).getShape())
      dims.push_back(b.getI64IntegerAttr(size));
    function.setArgAttr(count, "hone.name", b.getStringAttr("in" + Twine(count)));
    function.setArgAttr(count, "hone.dims", b.getArrayAttr(dims));
    ++count;
  }
  // Known values are computed again where they are read, however far in front they stand.
  std::function<void(Operation *)> clone = [&](Operation *op) {
    if (op->getNumResults() && map.contains(op->getResult(0)))
      return;
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!map.contains(operand) && isKnown(operand))
          clone(operand.getDefiningOp());
    });
    b.clone(*op, map);
  };
  for (Operation &op : main.getBody().front())
    if (!(reached && !reached->isBeforeInBlock(&op)) && !last->isBeforeInBlock(&op))
      clone(&op);
  SmallVector<Value> returned;
  for (auto [i, output] : llvm::enumerate(outputs)) {
    Value value = map.lookup(output);
    if (isa<IndexType>(output.getType()))
      value = mlir::hone::IndexTensorOp::create(b, main.getLoc(), results[i], value);
    returned.push_back(value);
    // Sizes are inferred from those of the inputs.
    SmallVector<Attribute> dims;
    dims.append(cast<RankedTensorType>(results[i]).getRank(), b.getStringAttr(""));
    function.setResultAttr(i, "hone.name", b.getStringAttr("out" + Twine(i)));
    function.setResultAttr(i, "hone.dims", b.getArrayAttr(dims));
  }
  func::ReturnOp::create(b, main.getLoc(), returned);
  return result;
}

bool StagedCalibration::run(Operation *last, const Values &inputs, const Values &outputs) {
  // A piece for each combination of sizes.
  std::map<std::string, std::unique_ptr<Runner>> runners;
  std::string file = setup.folder + "/piece" + std::to_string(pieces++) + ".hone";
  for (size_t i = 0; i < samples; ++i) {
    std::string sizes;
    for (Value input : inputs) {
      const HoneTensor &tensor = stored[input][i].view;
      if (isa<IndexType>(input.getType()))
        sizes += std::to_string(*static_cast<const int64_t *>(tensor.data)) + ",";
      else
        for (int d = 0; d < tensor.rank; ++d)
          sizes += std::to_string(tensor.dims[d]) + ",";
    }
    std::unique_ptr<Runner> &runner = runners[sizes];
    if (!runner) {
      OwningOpRef<ModuleOp> made = piece(last, inputs, outputs, i);
      if (!setup.compile(*made, file))
        return false;
      runner = std::make_unique<Runner>();
      if (!runner->open(file, setup.threads))
        return fail(hone_error());
      llvm::sys::fs::remove(file); // it stays mapped
    }
    std::vector<HoneTensor> tensors;
    for (Value input : inputs)
      if (!isa<IndexType>(input.getType()))
        tensors.push_back(stored[input][i].view);
    for (size_t k = 0; k < tensors.size(); ++k)
      tensors[k].name = hone_module_input(runner->module, k)->name;
    if (!runner->run(tensors))
      return fail(hone_error());
    for (auto [k, output] : llvm::enumerate(outputs)) {
      HoneTensor tensor = runner->output(k);
      int64_t bytes = hone_tensor_bytes(&tensor);
      void *copy = std::aligned_alloc(64, (bytes + 64) / 64 * 64);
      if (!copy)
        return fail("out of memory for the values of samples");
      memcpy(copy, tensor.data, bytes);
      tensor.data = copy;
      stored[output].push_back({tensor, std::shared_ptr<void>(copy, std::free)});
    }
  }
  return true;
}

const std::vector<StagedCalibration::Stored> *StagedCalibration::samplesOf(Value value, int64_t &k) {
  auto type = cast<RankedTensorType>(value.getType());
  k = type.getShape().back();
  if (!type.getElementType().isF32() || ShapedType::isDynamic(k)) {
    fail("samples are taken of values of f32 with a known last axis, got one that is not");
    return nullptr;
  }
  return advance(value) ? &stored[value] : nullptr;
}

FailureOr<Eigen::VectorXf> StagedCalibration::peaks(const Reader &reader) {
  if (setup.file && setup.file->isRead()) {
    std::string error;
    auto known = setup.file->peaks(reader, error);
    if (!known)
      return fail(error), failure();
    return std::move(*known);
  }
  int64_t k;
  const std::vector<Stored> *tensors = samplesOf(reader.value, k);
  if (!tensors)
    return failure();
  Eigen::VectorXf largest = Eigen::VectorXf::Zero(k);
  for (const Stored &tensor : *tensors) {
    int64_t rows = hone_tensor_bytes(&tensor.view) / 4 / k;
    Eigen::Map<const Matrix> x(static_cast<const float *>(tensor.view.data), rows, k);
    if (!x.allFinite())
      return fail("node '" + reader.node + "' reads a value that is not finite on samples"), failure();
    if (rows)
      largest = largest.cwiseMax(x.cwiseAbs().colwise().maxCoeff().transpose());
  }
  if (setup.file)
    setup.file->add(reader, largest);
  return largest;
}

FailureOr<Ranges> StagedCalibration::ranges(const Reader &reader) {
  if (setup.file && setup.file->isRead()) {
    std::string error;
    auto known = setup.file->ranges(reader, error);
    if (!known)
      return fail(error), failure();
    return *known;
  }
  int64_t k;
  const std::vector<Stored> *tensors = samplesOf(reader.value, k);
  if (!tensors)
    return failure();
  SmallVector<ArrayRef<float>> parts;
  for (const Stored &tensor : *tensors)
    parts.emplace_back(static_cast<const float *>(tensor.view.data), hone_tensor_bytes(&tensor.view) / 4);
  auto found = rangesOf(parts);
  if (!found)
    return fail("node '" + reader.node + "' reads a value that is not finite on samples"), failure();
  if (setup.file)
    setup.file->add(reader, *found);
  return *found;
}

FailureOr<Eigen::MatrixXf> StagedCalibration::moments(Value value) {
  int64_t k;
  const std::vector<Stored> *tensors = samplesOf(value, k);
  if (!tensors)
    return failure();
  // Threads add up samples of their own.
  constexpr int64_t parts = 4;
  std::vector<Eigen::MatrixXf> sums(parts, Eigen::MatrixXf::Zero(k, k));
  parallelFor(parts, [&](int64_t part) {
    for (size_t i = part; i < tensors->size(); i += parts) {
      const HoneTensor &tensor = (*tensors)[i].view;
      int64_t rows = hone_tensor_bytes(&tensor) / 4 / k;
      Eigen::Map<const Matrix> x(static_cast<const float *>(tensor.data), rows, k);
      sums[part].selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
    }
  });
  for (int64_t part = 1; part < parts; ++part)
    sums[0] += sums[part];
  return Eigen::MatrixXf(sums[0].selfadjointView<Eigen::Lower>());
}

FailureOr<Calibration::PairSums> StagedCalibration::pairs(Value value) {
  int64_t width;
  const std::vector<Stored> *tensors = samplesOf(value, width);
  if (!tensors)
    return failure();
  int64_t n = width / 2;
  PairSums sums;
  for (Eigen::ArrayXd *sum : {&sums.x, &sums.y, &sums.xx, &sums.xy})
    *sum = Eigen::ArrayXd::Zero(n);
  for (const Stored &tensor : *tensors) {
    int64_t rows = hone_tensor_bytes(&tensor.view) / 4 / width;
    Eigen::Map<const Matrix> both(static_cast<const float *>(tensor.view.data), rows, width);
    sums.rows += rows;
    for (int64_t row = 0; row < rows; ++row) {
      Eigen::ArrayXd x = both.row(row).head(n).transpose().cast<double>(),
                     y = both.row(row).tail(n).transpose().cast<double>();
      sums.x += x, sums.y += y, sums.xx += x * x, sums.xy += x * y;
    }
  }
  return sums;
}

void StagedCalibration::note(Operation *layer, double lostShare) {
  noted.push_back({nodeName(layer), -10 * std::log10(std::max(lostShare, 1e-30))});
}

FailureOr<std::vector<float>> StagedCalibration::elements(mlir::hone::WeightOp weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  std::vector<float> result(type.getNumElements());
  if (failed(weights.write(weight, reinterpret_cast<char *>(result.data()))))
    return failure();
  return result;
}

FailureOr<Calibration::Place> StagedCalibration::keep(ArrayRef<char> bytes) {
  std::error_code code;
  llvm::raw_fd_ostream file(setup.weightFile, code, kept ? llvm::sys::fs::OF_Append : llvm::sys::fs::OF_None);
  int64_t offset = kept;
  if (!code) {
    file.write(bytes.data(), bytes.size());
    file.close();
    code = file.error();
    file.clear_error();
    kept += bytes.size();
  }
  if (code) {
    fail("can't write '" + setup.weightFile + "': " + code.message());
    return failure();
  }
  return Place{setup.weightFile, offset};
}

} // namespace hone
