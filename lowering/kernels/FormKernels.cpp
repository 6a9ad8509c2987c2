// Groups ops into kernel regions. Works from the last op to the first: each op starts a group or
// joins the group of its only reader, so that producers only ever move down to where they are read.
// Families say what they take (KernelFamily.h); whatever none takes becomes a loops kernel.
#include "dialects/hone/HoneDialect.h"
#include "lowering/kernels/KernelFamily.h"
#include "lowering/kernels/Passes.h"
#include "lowering/kernels/Refusal.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"

namespace hone {
#define GEN_PASS_DEF_FORMKERNELS
#include "lowering/kernels/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::KernelFamily;
using ::hone::KernelGroup;

namespace hone {
std::string refusesRowEpilogue(Operation *op, Value rootResult, Shapes &shapes, int64_t columnAxes,
                               bool perRow) {
  if (!isa<ElementwiseOpInterface>(op))
    return "only elementwise ops join behind the root";
  std::vector<DimExpr> rootDims = shapes.dims(rootResult);
  if (shapes.dims(op->getResult(0)) != rootDims)
    return "its result has another shape than the root's";
  auto isOnes = [](ArrayRef<DimExpr> dims) {
    return llvm::all_of(dims, [](const DimExpr &d) { return d.is(1); });
  };
  for (Value operand : op->getOperands()) {
    std::vector<DimExpr> dims = shapes.dims(operand);
    dims.insert(dims.begin(), rootDims.size() - dims.size(), DimExpr(1));
    ArrayRef<DimExpr> mine(dims), theirs(rootDims), rows = mine.drop_back(columnAxes);
    bool isRow = isOnes(rows) && mine.take_back(columnAxes) == theirs.take_back(columnAxes);
    ArrayRef<DimExpr> inner = rows.drop_while([](const DimExpr &d) { return d.is(1); });
    bool isColumn = perRow && isOnes(mine.take_back(columnAxes)) &&
                    inner == theirs.drop_back(columnAxes).take_back(inner.size());
    if (dims != rootDims && !isOnes(dims) && !isRow && !isColumn)
      return perRow
                 ? "an operand has neither the result's shape, nor a number for each channel, nor one in all"
                 : "an operand is neither of the result's shape, nor a row vector, nor a scalar";
  }
  return "";
}
} // namespace hone

namespace {

/// An op that a kernel can hold: it computes tensors and is not a leaf, a view or a library call.
bool computes(Operation *op) {
  return isa<ElementOpInterface, AttentionOp, LstmOp>(op) && !isa<ConstantOp, IndexTensorOp, ShapeOp>(op);
}

/// A constant small enough to stand in the code.
bool isImmediate(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && (constant.getValue().isSplat() || constant.getValue().getNumElements() <= 16);
}

constexpr size_t maxOps = 64;     // in one kernel: longer chains gain nothing and cost compile time
constexpr int64_t maxCopies = 32; // of one op's code

class Grouper {
public:
  Grouper(Shapes &shapes, bool fuse) : shapes(shapes), fuse(fuse) {}

  void run(Block &block) {
    for (Operation &op : llvm::reverse(block))
      if (computes(&op))
        place(&op);
  }

  std::vector<std::unique_ptr<KernelGroup>> groups;

private:
  /// Why an op can't join a kernel, and by whose rule; an empty reason: it can.
  struct Verdict {
    std::string reason, rule;
  };

  void place(Operation *op) {
    KernelGroup *home = nullptr;
    if (fuse && op->getNumResults() == 1)
      if (KernelGroup *reader = onlyReader(op)) {
        Verdict verdict = tryJoin(op, *reader);
        if (verdict.reason.empty())
          home = reader;
        else
          refuse(*reader, op, verdict);
      }
    if (!home && fuse && op->getNumResults() == 1)
      home = sharedReader(op);
    if (!home) {
      groups.push_back(std::make_unique<KernelGroup>());
      home = groups.back().get();
      takeRoot(op, *home);
    }
    home->ops.insert(op);
    groupOf[op] = home;
  }

  /// Makes `op` the group's root when a family wants it.
  void takeRoot(Operation *op, KernelGroup &group) {
    TargetAttr target = ::hone::targetOf(op);
    for (const KernelFamily *family : ::hone::kernelFamilies(target)) {
      std::string reason = family->refusesRoot(op, shapes, target);
      if (reason.empty()) {
        group.root = op;
        group.family = family;
        return;
      }
      if (reason != "another op")
        refuse(group, op, {reason, family->name().str() + " root"});
    }
    if (auto element = dyn_cast<ElementOpInterface>(op); element && !element.isCheapElement())
      group.root = op;
  }

  KernelGroup *onlyReader(Operation *op) {
    KernelGroup *reader = nullptr;
    for (Operation *user : op->getUsers()) {
      KernelGroup *group = groupOf.lookup(user);
      if (!group || user->getBlock() != op->getBlock() || (reader && reader != group))
        return nullptr;
      reader = group;
    }
    return reader;
  }

  /// A reader whose family takes `op` in front of its root although others read it too: the kernel then
  /// yields both, as with the sum of a residual and its norm. Or only casts, behind which `op` is stored in
  /// two element types. The others must stand behind the kernel.
  KernelGroup *sharedReader(Operation *op) {
    for (Operation *user : op->getUsers()) {
      KernelGroup *group = groupOf.lookup(user);
      if (!group || user->getBlock() != op->getBlock() || isElsewhere(op, *group))
        continue;
      Operation *last = lastOf(*group);
      bool othersFollow = llvm::all_of(op->getUsers(), [&](Operation *other) {
        KernelGroup *theirs = groupOf.lookup(other);
        if (theirs == group)
          return true;
        Operation *at = op->getBlock()->findAncestorOpInBlock(*other);
        return last->isBeforeInBlock(theirs && other->getBlock() == op->getBlock() ? lastOf(*theirs) : at) &&
               last->isBeforeInBlock(at);
      });
      if (othersFollow && takesShared(op, *group))
        return group;
    }
    return nullptr;
  }

  /// Asked last: the group may get its root by it.
  bool takesShared(Operation *op, KernelGroup &group) {
    if (group.family)
      return group.family->refusesPrologue(op, group, shapes).empty();
    return llvm::all_of(group.ops, [](Operation *member) { return isa<CastOp>(member); }) &&
           tryJoin(op, group).reason.empty();
  }

  static bool isElsewhere(Operation *op, KernelGroup &group) {
    Attribute mine = op->getAttr("hone.device"), theirs = (*group.ops.begin())->getAttr("hone.device");
    return mine && theirs && mine != theirs;
  }

  static Operation *lastOf(KernelGroup &group) {
    Operation *last = *group.ops.begin();
    for (Operation *op : group.ops)
      if (last->isBeforeInBlock(op))
        last = op;
    return last;
  }

  /// Whether `op` joins `group`.
  Verdict tryJoin(Operation *op, KernelGroup &group) {
    if (isElsewhere(op, group))
      return {"it runs on another device", "grouping"};
    if (group.ops.size() >= maxOps)
      return {"the kernel has " + std::to_string(maxOps) + " ops already", "grouping"};
    copies[op] = timesWritten(op);
    if (copies[op] > maxCopies)
      return {"its code would stand in the kernel " + std::to_string(copies[op]) + " times", "grouping"};
    // A root joins a group of elementwise ops that becomes its epilogue.
    KernelGroup alone;
    takeRoot(op, alone);
    if (alone.root) {
      if (group.root)
        return {"the kernel already has a root", "one root"};
      if (alone.family) {
        alone.ops.insert(op);
        std::string reason;
        forEachInOrder(group, [&](Operation *member) {
          if (reason.empty())
            reason = alone.family->refusesEpilogue(member, alone, shapes);
          alone.ops.insert(member);
        });
        if (!reason.empty())
          return {reason, alone.family->name().str() + " epilogue"};
      } else if (!sameSize(op, group)) {
        return {"a costly element would be computed more than once", "grouping"};
      } else if (!isa<ElementOpInterface>(op)) {
        return {"it has no element form", "grouping"};
      }
      group.root = alone.root;
      group.family = alone.family;
      return {};
    }
    if (!isa<ElementOpInterface>(op))
      return {"it has no element form", "grouping"};
    if (group.family) {
      bool beforeRoot =
          llvm::all_of(op->getUsers(), [&](Operation *user) { return isBeforeOrRoot(user, group); });
      return beforeRoot ? Verdict{group.family->refusesPrologue(op, group, shapes),
                                  group.family->name().str() + " prologue"}
                        : Verdict{group.family->refusesEpilogue(op, group, shapes),
                                  group.family->name().str() + " epilogue"};
    }
    if (group.root && !isa<ReduceOp>(group.root) && readsRoot(op, group) && !isFree(op))
      return {"the root reads each element more than once", "grouping"};
    if (!sameSize(op, group) && !isFree(op) &&
        !(group.root && isa<ReduceOp>(group.root) && readsRoot(op, group)))
      return {"it would be computed once for each broadcast copy", "grouping"};
    return {};
  }

  /// How often the code of `op` would be written out: once for each place that movement reads it at.
  int64_t timesWritten(Operation *op) {
    int64_t same = 0, others = 0;
    for (OpOperand &use : op->getUses())
      if (int64_t times = std::max<int64_t>(copies.lookup(use.getOwner()), 1);
          isa<ElementwiseOpInterface>(use.getOwner()))
        same = std::max(same, times);
      else
        others += times;
    return std::max<int64_t>(same + others, 1);
  }

  bool readsRoot(Operation *op, KernelGroup &group) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) { return isBeforeOrRoot(user, group); });
  }

  bool isBeforeOrRoot(Operation *op, KernelGroup &group) {
    if (op == group.root)
      return true;
    return llvm::any_of(op->getUsers(), [&](Operation *user) {
      return group.ops.contains(user) && isBeforeOrRoot(user, group);
    });
  }

  /// Only moves elements: recomputing it costs no more than a load.
  static bool isFree(Operation *op) { return !isa<ElementwiseOpInterface>(op) || isa<CastOp>(op); }

  bool sameSize(Operation *op, KernelGroup &group) {
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      return shapes.numElements(user->getResult(0)) == shapes.numElements(op->getResult(0));
    });
  }

  template <typename Fn>
  static void forEachInOrder(KernelGroup &group, Fn &&visit) {
    SmallVector<Operation *> sorted(group.ops.begin(), group.ops.end());
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : sorted)
      visit(op);
  }

  static void refuse(KernelGroup &group, Operation *op, const Verdict &verdict) {
    auto name = dyn_cast<NameLoc>(op->getLoc());
    group.refused.push_back(::hone::Refusal{op->getName().stripDialect().str(),
                                            name ? name.getName().str() : "", verdict.reason, verdict.rule}
                                .str());
  }

  Shapes &shapes;
  bool fuse;
  llvm::DenseMap<Operation *, KernelGroup *> groupOf;
  llvm::DenseMap<Operation *, int64_t> copies;
};

struct FormKernels : ::hone::impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      giveEachReaderItsOwn(function);
      Shapes shapes;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      SmallVector<Block *> blocks;
      function.walk([&](Block *block) {
        if (!isa<KernelOp>(block->getParentOp()))
          blocks.push_back(block);
      });
      for (Block *block : blocks) {
        Grouper grouper(shapes, !noFusion);
        grouper.run(*block);
        for (auto &group : grouper.groups) {
          if (!group->root && !noFusion)
            takeChain(*group, shapes);
          form(*group, shapes, symbols);
        }
      }
      for (Operation *op : dead)
        op->dropAllReferences();
      for (Operation *op : dead)
        op->erase();
      dead.clear();
    }
  }

  /// A reconstruction op belongs next to its reader: shared by two (tied embeddings), no kernel could absorb
  /// it and the dense tensor would be written out.
  static void giveEachReaderItsOwn(func::FuncOp function) {
    SmallVector<Operation *> shared;
    function.walk([&](Operation *op) {
      if (op->hasTrait<Reconstructs>() && !op->hasOneUse())
        shared.push_back(op);
    });
    for (Operation *op : shared)
      for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op->getUses()))) {
        OpBuilder b(use.getOwner());
        use.set(b.clone(*op)->getResult(0));
      }
  }

  /// A group without a root gets the family that takes chains of its kind.
  static void takeChain(KernelGroup &group, Shapes &shapes) {
    TargetAttr target = ::hone::targetOf(*group.ops.begin());
    for (const KernelFamily *family : ::hone::kernelFamilies(target))
      if (family->refusesChain(group, shapes, target).empty()) {
        group.family = family;
        return;
      }
  }

  /// Replaces the group's ops by one kernel where the last of them stands.
  void form(KernelGroup &group, Shapes &shapes, SymbolTable &symbols) {
    OpBuilder b(*group.ops.begin());
    DictionaryAttr config = b.getDictionaryAttr({});
    if (group.root && group.family) {
      b.setInsertionPoint(group.root);
      config = group.family->prepare(b, group, symbols, ::hone::targetOf(group.root));
    }
    SmallVector<Operation *> ops(group.ops.begin(), group.ops.end());
    llvm::sort(ops, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });

    llvm::SetVector<Value> inputs, outputs;
    for (Operation *op : ops) {
      for (Value operand : op->getOperands())
        if (!group.ops.contains(operand.getDefiningOp()) && !standsInCode(op, operand, group))
          inputs.insert(operand);
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !group.ops.contains(user); }))
          outputs.insert(result);
    }
    // Unused results of the last op keep their place: a kernel has at least one result.
    if (outputs.empty())
      outputs.insert(ops.back()->getResult(0));

    b.setInsertionPoint(ops.back());
    SmallVector<Location> locations;
    for (Operation *op : ops)
      locations.push_back(op->getLoc());
    Location loc = ops.size() == 1 ? ops.front()->getLoc() : FusedLoc::get(b.getContext(), locations);
    SmallVector<Type> types(llvm::map_range(outputs, [](Value v) { return v.getType(); }));
    SmallVector<Attribute> refused;
    for (const std::string &reason : group.refused)
      refused.push_back(b.getStringAttr(reason));
    auto kernel = KernelOp::create(b, loc, types, inputs.getArrayRef(),
                                   b.getStringAttr(group.family ? group.family->name() : "loops"),
                                   config.empty() ? DictionaryAttr() : config,
                                   dimNumbers(b, shapes, inputs.getArrayRef(), outputs.getArrayRef()),
                                   refused.empty() ? ArrayAttr() : b.getArrayAttr(refused));
    // Regions never cross devices; the host is not named.
    // Ops that unpack a weight were made for the root.
    Operation *placed = group.root ? group.root : ops.front();
    if (auto device = placed->getAttrOfType<StringAttr>("hone.device"); device && device != "host")
      kernel->setAttr("hone.device", device);
    Block *body = b.createBlock(&kernel.getBody());
    IRMapping map;
    for (Value input : inputs)
      map.map(input, body->addArgument(input.getType(), input.getLoc()));
    b.setInsertionPointToStart(body);
    for (Operation *op : ops) {
      for (Value operand : op->getOperands())
        if (!map.contains(operand))
          map.map(operand, b.clone(*operand.getDefiningOp())->getResult(0));
      b.clone(*op, map);
    }
    YieldOp::create(b, loc, llvm::map_to_vector(outputs, [&](Value v) { return map.lookup(v); }));
    for (auto [index, result] : llvm::enumerate(kernel.getResults())) {
      Value output = outputs[index];
      output.replaceAllUsesWith(result);
      shapes.alias(result, output);
    }
    // The analysis knows values by address: ops go only when it is no longer asked.
    dead.append(ops);
    dead.append(group.replaced);
  }

  static bool standsInCode(Operation *reader, Value operand, const KernelGroup &group) {
    return isImmediate(operand) &&
           (!group.family ||
            group.family->keepsInCode(
                reader, cast<DenseElementsAttr>(operand.getDefiningOp<ConstantOp>().getValue())));
  }

  SmallVector<Operation *> dead;

  /// The `dims` attribute: sizes that are equal get one number, in order of appearance.
  static ArrayAttr dimNumbers(OpBuilder &b, Shapes &shapes, ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
    std::map<DimExpr, int64_t> numbers;
    SmallVector<Attribute> all;
    auto add = [&](Value value) {
      SmallVector<int64_t> mine;
      if (isa<RankedTensorType>(value.getType()))
        for (const DimExpr &dim : shapes.dims(value))
          mine.push_back(dim.constant() ? -*dim.constant() - 1
                                        : numbers.try_emplace(dim, numbers.size()).first->second);
      all.push_back(b.getI64ArrayAttr(mine));
    };
    llvm::for_each(inputs, add);
    llvm::for_each(outputs, add);
    return b.getArrayAttr(all);
  }
};

} // namespace
