// Every op gets the device it runs on, as an attribute that the cut goes by. Without a `hone.partition` that
// is the GPU where kernels are made for one, else the host. With one the program is divided so that it is
// predicted to take least: by what ops cost on either side, what it costs to move tensors, and the memory for
// weights.
#include "dialects/hone/Costs.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/compress/Names.h"
#include "passes/partition/Cut.h"
#include "passes/partition/Passes.h"
#include "llvm/Support/Format.h"

namespace hone {
#define GEN_PASS_DEF_ASSIGNDEVICES
#include "passes/partition/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Cut;
using ::hone::CutProblem;
using ::hone::NodeFilter;
using ::hone::Place;

namespace {

/// Ops that become kernels; views, constants and calls of the runtime's library are the host's business.
bool computes(Operation *op) {
  return isa<ElementOpInterface, AttentionOp, LstmOp>(op) && !isa<ConstantOp>(op);
}

/// Has the memory of its operand, wherever that is.
bool isView(Operation *op) { return isa<ReshapeOp, SqueezeOp, UnsqueezeOp>(op); }

constexpr StringRef names[] = {"host", "cuda"};

std::string printed(double value, const char *unit) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g ", value) << unit;
  return text;
}
std::string micros(int64_t nanoseconds) { return printed(double(nanoseconds) / 1e3, "us"); }
std::string megabytes(double bytes) {
  return bytes < 1e5 ? printed(bytes / 1e3, "KB") : printed(bytes / 1e6, "MB");
}

/// The model as a problem of cuts: what `hone.partition` asks, ops as tasks, tensors as data, weights as what
/// is stored. What is no kernel is a task that costs nothing and is pinned to the host, so what it reads
/// comes there.
class Partition {
public:
  Partition(ModuleOp module, func::FuncOp main, DictionaryAttr wanted)
      : module(module), main(main), wanted(wanted), rates{Rates(TargetAttr::of(module)), Rates(gpu())},
        sizes(shapes, sizesOf(wanted)) {}

  LogicalResult run() {
    if (failed(readPins()) || failed(shapes.inferFunction(main)))
      return failure();
    host = addTask({{0, 0}, Place::host});
    main.walk([&](Operation *op) {
      if (op != main)
        addOp(op);
    });
    for (const Pin &pin : pins)
      if (!pin.isUsed)
        return main.emitError("--partition: no node that becomes a kernel matches '") << pin.pattern << "'";
    main.walk([&](Operation *op) { addResults(op); });
    main.walk(
        [&](Block *block) { llvm::for_each(block->getArguments(), [&](Value x) { addDatum(x, host); }); });
    for (auto &[name, readers] : readersOf) {
      auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(main, cast<SymbolRefAttr>(name));
      auto type = cast<RankedTensorType>(weight.getType());
      problem.stored.push_back({{readers.begin(), readers.end()},
                                (type.getNumElements() * type.getElementTypeBitWidth() + 7) / 8});
    }
    if (auto memory = wanted.getAs<IntegerAttr>("memory"))
      problem.memory = memory.getInt();
    std::optional<Cut> cut = ::hone::findCut(problem);
    if (!cut)
      return main.emitError("the weights of nodes that are pinned to cuda do not fit its memory of ")
             << megabytes(double(problem.memory)) << ": pin fewer, or give more (--device-memory)";
    for (auto [op, task] : taskOf)
      if (computes(op))
        op->setAttr("hone.device", StringAttr::get(op->getContext(), names[int(cut->places[task])]));
    explain(*cut);
    return success();
  }

private:
  struct Pin {
    std::string pattern;
    NodeFilter nodes;
    Place place;
    bool isUsed = false;
  };

  TargetAttr gpu() { return module->getAttrOfType<TargetAttr>("hone.device_target"); }

  static std::map<std::string, int64_t> sizesOf(DictionaryAttr wanted) {
    std::map<std::string, int64_t> sizes;
    if (auto given = wanted.getAs<DictionaryAttr>("sizes"))
      for (NamedAttribute size : given)
        if (auto number = dyn_cast<IntegerAttr>(size.getValue()))
          sizes[size.getName().str()] = number.getInt();
    return sizes;
  }

  /// `pins`: [[pattern, device], ...], the first that matches counts.
  LogicalResult readPins() {
    auto given = wanted.getAs<ArrayAttr>("pins");
    for (Attribute entry : given ? given.getValue() : ArrayRef<Attribute>()) {
      auto pair = dyn_cast<ArrayAttr>(entry);
      auto pattern = pair && pair.size() == 2 ? dyn_cast<StringAttr>(pair[0]) : StringAttr();
      auto device = pattern ? dyn_cast<StringAttr>(pair[1]) : StringAttr();
      const StringRef *place = device ? llvm::find(names, device.getValue()) : std::end(names);
      if (place == std::end(names))
        return module.emitError("hone.partition: expected pins of a pattern and 'host' or 'cuda', got ")
               << entry;
      std::string why;
      NodeFilter nodes = NodeFilter::make(pattern.str(), {}, why);
      if (!why.empty())
        return module.emitError("--partition: ") << why;
      pins.push_back({pattern.str(), std::move(nodes), Place(place - names)});
    }
    return success();
  }

  int addTask(CutProblem::Task task) {
    problem.tasks.push_back(task);
    return int(problem.tasks.size()) - 1;
  }

  /// Computed from weights only: a kernel that reads the result absorbs it.
  static bool isFixed(Value x) {
    Operation *op = x.getDefiningOp();
    return op &&
           (isa<GetWeightOp, ConstantOp>(op) || (computes(op) && llvm::all_of(op->getOperands(), isFixed)));
  }
  /// Bytes in memory of an operand: of a weight what it is made from.
  double bytesBehind(OpOperand &operand) {
    Operation *op = operand.get().getDefiningOp();
    if (!isFixed(operand.get()) || isa<GetWeightOp, ConstantOp>(op))
      return sizes.of(bytesRead(operand, operand.get(), shapes));
    double bytes = 0;
    for (OpOperand &source : op->getOpOperands())
      bytes += bytesBehind(source);
    return bytes;
  }

  void addOp(Operation *op) {
    if (isa<GetWeightOp, ConstantOp, ShapeOp, DimOp, IndexTensorOp>(op))
      return;
    if (isView(op) || !computes(op)) {
      taskOf[op] = addTask({{0, 0}, isView(op) ? std::nullopt : std::optional(Place::host)});
      return;
    }
    CutProblem::Task task{{0, 0}, std::nullopt};
    auto element = dyn_cast<ElementOpInterface>(op);
    bool isRoot = !element || !element.isCheapElement();
    if (!llvm::all_of(op->getOperands(), isFixed)) {
      double moved = 0, flops = sizes.of(flopsOf(op, shapes));
      for (Value result : op->getResults())
        moved += sizes.of(bytesOf(result, shapes));
      // What is cheap joins a kernel that has its operands at hand.
      for (OpOperand &operand : op->getOpOperands())
        if (isRoot && isa<RankedTensorType>(operand.get().getType()))
          moved += bytesBehind(operand);
      bool isF16 = op->hasTrait<SumsProducts>() &&
                   cast<RankedTensorType>(op->getResult(0).getType()).getElementTypeBitWidth() == 16;
      for (int place : {0, 1})
        task.cost[place] =
            int64_t(1e9 * (rates[place].seconds(moved, flops, isF16) + (isRoot ? rates[place].launch : 0)));
    }
    if (auto given = op->getAttrOfType<StringAttr>("hone.device"))
      task.pinned = given == "host" ? Place::host : Place::device;
    for (Pin &pin : pins)
      if (pin.nodes.takes(op)) {
        pin.isUsed = true;
        if (!task.pinned)
          task.pinned = pin.place;
      }
    taskOf[op] = addTask(task);
  }

  void addResults(Operation *op) {
    if (auto get = dyn_cast<GetWeightOp>(op)) {
      for (Operation *user : op->getUsers())
        if (auto reader = taskOf.find(user); reader != taskOf.end())
          readersOf[get.getWeightAttr()].insert(reader->second);
    } else if (auto task = taskOf.find(op); task != taskOf.end()) {
      for (Value result : op->getResults())
        addDatum(result, task->second);
    }
  }

  void addDatum(Value x, int producer) {
    auto type = dyn_cast<RankedTensorType>(x.getType());
    // Numbers that the shape analysis follows are computed by host code in any case.
    if (!type || isFixed(x) || shapes.contents(x))
      return;
    CutProblem::Datum datum{producer, {}, 0};
    for (Operation *user : x.getUsers())
      if (auto reader = taskOf.find(user); reader != taskOf.end())
        datum.readers.push_back(reader->second);
    if (datum.readers.empty())
      return;
    double bytes = sizes.of(bytesOf(x, shapes));
    const Rates &device = rates[int(Place::device)];
    datum.transfer = int64_t(1e9 * (device.latency + bytes / device.link));
    problem.data.push_back(datum);
    values.push_back(x);
  }

  //===-- reasons ----------------------------------------------------------------------===//

  void explain(const Cut &cut) {
    size_t count[2] = {}, crossing = 0;
    for (auto [op, task] : taskOf)
      count[int(cut.places[task])] += computes(op);
    for (auto [datum, value] : llvm::zip(problem.data, values)) {
      Place from = cut.places[datum.producer];
      if (llvm::all_of(datum.readers, [&](int reader) { return cut.places[reader] == from; }))
        continue;
      ++crossing;
      // Inputs and outputs of the model are the host's in any case.
      Operation *producer = value.getDefiningOp();
      bool isOutput =
          llvm::all_of(value.getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
      if (producer && !isOutput)
        producer->emitRemark("partition: its result (")
            << megabytes(sizes.of(bytesOf(value, shapes))) << ") goes from " << names[int(from)] << " to "
            << names[1 - int(from)] << ", predicted " << micros(datum.transfer);
    }
    std::vector<Place> free = cut.places;
    if (problem.memory != CutProblem::unlimited) {
      CutProblem unlimited = problem;
      unlimited.memory = CutProblem::unlimited;
      free = ::hone::findCut(unlimited)->places;
    }
    for (auto [op, task] : taskOf)
      if (computes(op) && (op->hasTrait<SumsProducts>() || isa<QuantizableOpInterface>(op)) &&
          cut.places[task] == Place::host)
        op->emitRemark("partition: runs on the host: ")
            << (problem.tasks[task].pinned    ? "it is pinned there"
                : free[task] == Place::device ? "with its weights the device's memory would be exceeded"
                                              : "moving what it reads and makes would take longer");
    InFlightDiagnostic remark = main.emitRemark("partition: ");
    remark << count[1] << " ops on cuda with " << megabytes(double(problem.bytesOf(cut.places)))
           << " of weights, " << count[0] << " on the host, " << crossing << " tensors cross; predicted "
           << micros(cut.cost) << alternatives();
    if (cut.bound < cut.cost)
      remark << "; no cut takes less than " << micros(cut.bound);
  }

  std::string alternatives() {
    std::string text;
    for (Place place : {Place::device, Place::host}) {
      std::vector<Place> all;
      bool isAllowed = true;
      for (const CutProblem::Task &task : problem.tasks)
        all.push_back(task.pinned.value_or(place));
      for (auto [op, task] : taskOf)
        if (computes(op))
          isAllowed &= all[task] == place;
      if (!isAllowed || problem.bytesOf(all) > problem.memory)
        text += ", all on " + names[int(place)].str() + " is not allowed";
      else
        text += ", all on " + names[int(place)].str() + " " + micros(problem.costOf(all));
    }
    return text;
  }

  ModuleOp module;
  func::FuncOp main;
  DictionaryAttr wanted;
  Shapes shapes;
  Rates rates[2]; // by place
  ExampleSizes sizes;
  std::vector<Pin> pins;
  CutProblem problem;
  int host = 0; // the task that inputs and what control flow hands in come from
  llvm::MapVector<Operation *, int> taskOf;
  llvm::MapVector<Attribute, llvm::SetVector<int>> readersOf; // of weights
  std::vector<Value> values;                                  // of problem.data
};

struct AssignDevices : ::hone::impl::AssignDevicesBase<AssignDevices> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool hasGpu = module->hasAttr("hone.device_target");
    auto wanted = module->getAttrOfType<DictionaryAttr>("hone.partition");
    auto main = module.lookupSymbol<func::FuncOp>("main");
    WalkResult walked = module.walk([&](Operation *op) {
      // Recipes run while the artifact is written; they have no place in the partition.
      if (!computes(op) || !op->getParentOfType<func::FuncOp>())
        return WalkResult::advance();
      auto given = op->getAttrOfType<StringAttr>("hone.device");
      if (given && given != "host" && (given != "cuda" || !hasGpu)) {
        op->emitError("expected device 'host'")
            << (hasGpu ? " or 'cuda'" : "") << ", got '" << given.getValue() << "'"
            << (hasGpu ? "" : ": code is made for the host only");
        return WalkResult::interrupt();
      }
      if (!given && !(wanted && hasGpu && main))
        op->setAttr("hone.device", StringAttr::get(&getContext(), hasGpu ? "cuda" : "host"));
      return WalkResult::advance();
    });
    if (walked.wasInterrupted() ||
        (wanted && hasGpu && main && failed(Partition(module, main, wanted).run())))
      signalPassFailure();
  }
};
} // namespace
