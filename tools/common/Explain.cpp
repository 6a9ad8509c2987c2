// Reads off the module what became of a model, after the phases that decide it. ExplainText.cpp prints it.
#include "tools/common/Explain.h"
#include "dialects/exec/ExecDialect.h"
#include "dialects/hone/Costs.h"
#include "lowering/kernels/KernelFamily.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void collectNames(Location location, llvm::SmallSetVector<StringRef, 4> &names) {
  if (auto named = dyn_cast<NameLoc>(location))
    names.insert(named.getName());
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectNames(part, names);
}

static std::string nodeOf(Operation *op) {
  llvm::SmallSetVector<StringRef, 4> names;
  collectNames(op->getLoc(), names);
  std::string text = llvm::join(names, ", ");
  // Names are the model's and may hold anything; here each is part of one line.
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = '?';
  return text;
}

static std::map<std::string, int> countComposites(ModuleOp module) {
  std::map<std::string, int> counts;
  module.walk([&](Operation *op) {
    if (op->hasTrait<Composite>())
      ++counts[op->getName().stripDialect().str()];
  });
  return counts;
}

void Explanation::noteImported(ModuleOp module) {
  if (auto name = module->getAttrOfType<StringAttr>("hone.model"))
    model = name.str();
  if (TargetAttr attr = TargetAttr::of(module))
    target = attr.getName().str();
  if (auto chips = module->getAttrOfType<ArrayAttr>("hone.device_chips"))
    target = llvm::join(chips.getAsValueRange<StringAttr>(), ", ") + " (host code: " + target + ")";
  for (auto &[name, count] : countComposites(module))
    composites[name] = {count, count};
}

void Explanation::noteSimplified(ModuleOp module) {
  for (auto &[name, count] : countComposites(module))
    composites[name].all = count;
}

void Explanation::noteRemarks(const std::vector<Remark> &all) {
  for (const Remark &remark : all) {
    auto [pattern, reason] = StringRef(remark.message).split(" not raised: ");
    if (reason.empty())
      remarks.push_back(remark);
    else
      misses.push_back({pattern.str(), remark.node, reason.str()});
  }
}

//===-- kernels ----------------------------------------------------------------===//

/// Whether an op computes its row, or more, for one element: what a kernel is built around.
static bool isCostly(Operation *op) {
  auto element = dyn_cast<ElementOpInterface>(op);
  return !element || !element.isCheapElement();
}

/// What each op of a kernel is to its root.
static std::map<Operation *, std::string> rolesIn(KernelOp kernel) {
  std::map<Operation *, std::string> roles;
  Block &body = kernel.getBody().front();
  llvm::DenseSet<Value> fixed; // weights, constants and what is computed from them only
  for (auto [argument, input] : llvm::zip(body.getArguments(), kernel.getInputs()))
    if (input.getDefiningOp<GetWeightOp>())
      fixed.insert(argument);
  Operation *root = nullptr;
  for (Operation &op : body.without_terminator()) {
    if (llvm::all_of(op.getOperands(), [&](Value v) { return fixed.contains(v); })) {
      fixed.insert_range(op.getResults());
      roles[&op] = "weight";
    } else if (isCostly(&op) && isa<ShapeOpInterface>(op) && !isa<ReshapeOp, SqueezeOp, UnsqueezeOp>(op)) {
      root = &op; // the last one: a family may take several, as a norm's two sums
    }
  }
  if (!root)
    return roles;
  llvm::SetVector<Operation *> behind;
  behind.insert(root);
  for (Operation &op : body.without_terminator()) {
    if (llvm::any_of(op.getOperands(), [&](Value v) { return behind.contains(v.getDefiningOp()); }))
      behind.insert(&op);
    if (!roles.count(&op))
      roles[&op] = &op == root ? "root" : behind.contains(&op) ? "behind" : "front";
  }
  return roles;
}

static std::string configOf(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (std::optional<DictionaryAttr> config = kernel.getConfig())
    for (NamedAttribute entry : *config) {
      stream << (text.empty() ? "" : ", ") << entry.getName().getValue() << " ";
      if (auto number = dyn_cast<IntegerAttr>(entry.getValue()))
        stream << number.getInt();
      else
        stream << entry.getValue();
    }
  return text;
}

/// What a kernel moves and computes, and how long that takes at least.
static void predict(Explanation::Kernel &entry, KernelOp kernel,
                    const std::map<Operation *, std::string> &roles, Shapes &shapes, ExampleSizes &sizes) {
  double fastFlops = 0;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (isa<ConstantOp>(op))
      continue;
    double flops = sizes.of(flopsOf(&op, shapes));
    entry.flops += flops;
    if (op.hasTrait<SumsProducts>() &&
        cast<RankedTensorType>(op.getResult(0).getType()).getElementTypeBitWidth() == 16)
      fastFlops += flops;
    // A weight is unpacked inside of whatever reads it.
    if (auto role = roles.find(&op); role == roles.end() || role->second != "weight")
      if (std::optional<DimExpr> moved = bytesMoved(&op, shapes))
        entry.bytesAlone += sizes.of(*moved);
  }
  if (std::optional<DimExpr> moved = bytesMoved(kernel, shapes))
    entry.bytes = sizes.of(*moved);
  entry.bytesAlone = std::max(entry.bytesAlone, entry.bytes);
  Rates rates(::hone::targetOf(kernel));
  double memory = rates.seconds(entry.bytes, 0, false),
         arithmetic = rates.seconds(0, fastFlops, true) + rates.seconds(0, entry.flops - fastFlops, false);
  entry.seconds = std::max(memory, arithmetic) + rates.launch;
  entry.bound = rates.launch > std::max(memory, arithmetic) ? "launch"
                : memory >= arithmetic                      ? "memory"
                                                            : "arithmetic";
}

/// Dimensions that have a name and no number.
static std::vector<std::string> openSizes(func::FuncOp main) {
  llvm::SmallSetVector<StringRef, 4> names;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (auto dims = main.getArgAttrOfType<ArrayAttr>(i, "hone.dims"))
      for (Attribute dim : dims)
        if (auto name = dyn_cast<StringAttr>(dim))
          names.insert(name.getValue());
  return {names.begin(), names.end()};
}

double Explanation::total(double Kernel::*what) const {
  double sum = 0;
  for (const Kernel &kernel : kernels)
    sum += kernel.*what;
  return sum;
}

void Explanation::noteKernels(ModuleOp module) {
  hasKernels = true;
  module.walk([&](func::FuncOp function) {
    Shapes shapes;
    bool isKnown = succeeded(shapes.inferFunction(function));
    ExampleSizes sizes(shapes, {});
    if (function.getName() == "main")
      openSizes = ::hone::openSizes(function);
    function.walk([&](Operation *op) {
      auto kernel = dyn_cast<KernelOp>(op);
      if (!kernel) {
        bool isPart = op->getParentOfType<KernelOp>() || op->hasTrait<OpTrait::IsTerminator>();
        if (!isPart && isa<HoneDialect>(op->getDialect()) &&
            !isa<ConstantOp, GetWeightOp, DimOp, IndexTensorOp>(op))
          ++outside[op->getName().stripDialect().str()];
        return;
      }
      Kernel &entry = kernels.emplace_back();
      entry.family = kernel.getFamily().str();
      entry.config = configOf(kernel);
      std::map<Operation *, std::string> roles = rolesIn(kernel);
      if (isKnown)
        predict(entry, kernel, roles, shapes, sizes);
      for (Operation &inner : kernel.getBody().front().without_terminator()) {
        if (isa<ConstantOp>(inner))
          continue;
        if (auto device = inner.getAttrOfType<StringAttr>("hone.device")) {
          entry.device = device.str();
          ++devices[entry.device];
        }
        // One line a node and role: a decomposed op has many ops of one node.
        std::string node = nodeOf(&inner), name = inner.getName().stripDialect().str();
        auto part = llvm::find_if(entry.parts,
                                  [&](const Part &p) { return p.role == roles[&inner] && p.node == node; });
        if (part == entry.parts.end())
          part = entry.parts.insert(part, Part{roles[&inner], {}, node});
        if (!llvm::is_contained(part->ops, name))
          part->ops.push_back(name);
      }
      if (std::optional<ArrayAttr> refused = kernel.getRefused())
        for (auto text : refused->getAsRange<StringAttr>())
          entry.refused.push_back(Refusal::parse(text.getValue()));
    });
  });
  // Weights that only recipes read are not in the artifact.
  llvm::DenseSet<Attribute> used;
  module.walk([&](GetWeightOp get) {
    if (!get->getParentOfType<WeightOp>() && !get->use_empty())
      used.insert(get.getWeightAttr().getAttr());
  });
  for (auto weight : module.getOps<WeightOp>()) {
    if (!used.contains(weight.getSymNameAttr()))
      continue;
    auto type = cast<RankedTensorType>(weight.getType());
    ++weights.count;
    weights.bytes += (type.getNumElements() * type.getElementTypeBitWidth() + 7) / 8;
    weights.computed += !weight.getRecipe().empty();
  }
}

std::string Explanation::familyOf(const Refusal &refusal) const {
  for (const Kernel &kernel : kernels)
    for (const Part &part : kernel.parts)
      if (part.node == refusal.node && llvm::is_contained(part.ops, refusal.op))
        return kernel.family;
  return "";
}

BufferNote explainBuffers(ModuleOp module) {
  BufferNote note;
  module.walk([&](mlir::exec::AllocOp alloc) {
    auto type = cast<MemRefType>(alloc.getResult().getType());
    ++note.count;
    if (type.hasStaticShape())
      note.fixedBytes += type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8);
    else
      ++note.open;
  });
  return note;
}

std::string sourceOf(StringRef rule) {
  static const std::pair<StringRef, StringRef> families[] = {
#define HONE_FAMILY(cls, name) {name, #cls},
#include "lowering/kernels/Families.def"
  };
  for (auto [family, cls] : families)
    if (rule.starts_with((family + " ").str()))
      return ("lowering/kernels/" + cls + ".cpp").str();
  return "lowering/kernels/FormKernels.cpp";
}

//===-- JSON ---------------------------------------------------------------------===//

llvm::json::Object Explanation::json() const {
  using llvm::json::Array;
  using llvm::json::Object;
  Object ops, byDevice, rest;
  for (auto &[name, count] : composites)
    ops[name] = Object{{"count", count.all}, {"in_model", count.inModel}, {"raised", count.raised()}};
  for (auto &[name, count] : devices)
    byDevice[name] = Object{
        {"ops", count},
        {"kernels", llvm::count_if(kernels, [&, name = name](const Kernel &k) { return k.device == name; })}};
  for (auto &[name, count] : outside)
    rest[name] = count;
  Array near, said, regions;
  for (const Miss &miss : misses)
    near.push_back(Object{{"pattern", miss.pattern}, {"node", miss.node}, {"reason", miss.reason}});
  for (const Remark &remark : remarks)
    said.push_back(Object{{"node", remark.node}, {"remark", remark.message}});
  for (const Kernel &kernel : kernels) {
    Array parts, refused;
    for (const Part &part : kernel.parts)
      parts.push_back(Object{{"role", part.role}, {"ops", Array(part.ops)}, {"node", part.node}});
    for (const Refusal &no : kernel.refused)
      refused.push_back(Object{{"op", no.op},
                               {"node", no.node},
                               {"reason", no.reason},
                               {"rule", no.rule},
                               {"source", sourceOf(no.rule)},
                               {"went_to", familyOf(no)}});
    regions.push_back(Object{{"family", kernel.family},
                             {"config", kernel.config},
                             {"device", kernel.device},
                             {"bytes", kernel.bytes},
                             {"bytes_of_single_ops", kernel.bytesAlone},
                             {"flops", kernel.flops},
                             {"predicted_seconds", kernel.seconds},
                             {"bound", kernel.bound},
                             {"parts", std::move(parts)},
                             {"refused", std::move(refused)}});
  }
  return Object{{"composites", std::move(ops)},
                {"almost_raised", std::move(near)},
                {"remarks", std::move(said)},
                {"devices", std::move(byDevice)},
                {"kernels", std::move(regions)},
                {"prediction", Object{{"bytes", total(&Kernel::bytes)},
                                      {"bytes_of_single_ops", total(&Kernel::bytesAlone)},
                                      {"seconds", total(&Kernel::seconds)},
                                      {"open_sizes", Array(openSizes)},
                                      {"example_size", ExampleSizes::usual}}},
                {"outside_kernels", std::move(rest)},
                {"weights",
                 Object{{"count", weights.count}, {"bytes", weights.bytes}, {"computed", weights.computed}}}};
}

} // namespace hone
