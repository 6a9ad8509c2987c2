// Symbolic shapes: bookkeeping of what ops say about their results.
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::hone;

static constexpr int64_t maxArgumentElements = 16;

//===-- what is known ----------------------------------------------------===//

std::vector<DimExpr> Shapes::dims(Value tensor) {
  auto found = knownDims.find(tensor);
  if (found != knownDims.end())
    return found->second;
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type)
    return {};
  std::vector<DimExpr> dims;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    dims.push_back(type.isDynamicDim(axis) ? symbolOf({SymbolDef::Dim, tensor, axis, {}, {}, {}})
                                           : DimExpr(type.getDimSize(axis)));
  return knownDims[tensor] = dims;
}

DimExpr Shapes::numElements(Value tensor) {
  DimExpr count(1);
  for (const DimExpr &dim : dims(tensor))
    count = count * dim;
  return count;
}

std::optional<std::vector<DimExpr>> Shapes::contents(Value tensor) {
  auto found = knownContents.find(tensor);
  if (found != knownContents.end())
    return found->second;
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  DenseIntElementsAttr elements;
  if (!type || !type.hasStaticShape() || type.getNumElements() > maxContents)
    return std::nullopt;
  // A few numbers that the caller gives may become sizes: they are symbols of their own.
  if (isa<BlockArgument>(tensor) && isa<IntegerType>(type.getElementType()) &&
      type.getNumElements() <= maxArgumentElements) {
    std::vector<DimExpr> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      values.push_back(symbolOf({SymbolDef::Element, tensor, i, {}, {}, {}}));
    return values;
  }
  if (!matchPattern(tensor, m_Constant(&elements)))
    return std::nullopt;
  bool isUnsigned = type.getElementType().isUnsignedInteger() || type.getElementType().isInteger(1);
  std::vector<DimExpr> values;
  for (const APInt &value : elements.getValues<APInt>())
    values.push_back(isUnsigned ? int64_t(value.getZExtValue()) : value.getSExtValue());
  return knownContents[tensor] = values;
}

std::optional<std::vector<int64_t>> Shapes::constants(Value tensor) {
  auto known = contents(tensor);
  if (!known)
    return std::nullopt;
  std::vector<int64_t> values;
  for (const DimExpr &element : *known) {
    if (!element.constant())
      return std::nullopt;
    values.push_back(*element.constant());
  }
  return values;
}

DimExpr Shapes::index(Value index) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  if (auto dimOp = index.getDefiningOp<DimOp>())
    return dim(dimOp.getInput(), dimOp.getAxis());
  if (auto select = index.getDefiningOp<arith::SelectOp>())
    if (auto compare = select.getCondition().getDefiningOp<arith::CmpIOp>();
        compare && compare.getLhs().getType().isIndex()) {
      DimExpr a = this->index(compare.getLhs()), b = this->index(compare.getRhs()),
              yes = this->index(select.getTrueValue()), no = this->index(select.getFalseValue());
      // How a broadcast is materialized: a == 1 ? b : a.
      if (compare.getPredicate() == arith::CmpIPredicate::eq)
        return b.is(1) && a == no ? broadcast(a, yes) : this->select(equal(a, b), yes, no);
      if (compare.getPredicate() == arith::CmpIPredicate::slt)
        return this->select(less(a, b), yes, no);
    }
  if (Operation *op = index.getDefiningOp(); op && op->getNumOperands() == 2) {
    DimExpr (Shapes::*combine)(const DimExpr &, const DimExpr &) = nullptr;
    if (isa<arith::AddIOp>(op))
      return this->index(op->getOperand(0)) + this->index(op->getOperand(1));
    if (isa<arith::SubIOp>(op))
      return this->index(op->getOperand(0)) - this->index(op->getOperand(1));
    if (isa<arith::MulIOp>(op))
      return this->index(op->getOperand(0)) * this->index(op->getOperand(1));
    if (isa<arith::FloorDivSIOp>(op))
      combine = &Shapes::floorDiv;
    else if (isa<arith::CeilDivSIOp>(op))
      combine = &Shapes::ceilDiv;
    else if (isa<arith::MinSIOp>(op))
      combine = &Shapes::min;
    else if (isa<arith::MaxSIOp>(op))
      combine = &Shapes::max;
    if (combine)
      return (this->*combine)(this->index(op->getOperand(0)), this->index(op->getOperand(1)));
  }
  return symbolOf({SymbolDef::Index, index, 0, {}, {}, {}});
}

bool Shapes::isNonNegative(const DimExpr &expr) const {
  return llvm::all_of(expr.getTerms(), [&](auto &term) {
    return term.second >= 0 && llvm::all_of(term.first, [&](int symbol) {
             const SymbolDef &def = symbols[symbol];
             switch (def.kind) {
             case SymbolDef::Dim:
             case SymbolDef::Position:
             case SymbolDef::Equal:
             case SymbolDef::Less:
               return true;
             case SymbolDef::Element:
             case SymbolDef::Index:
               return false;
             case SymbolDef::Mod:
               return isNonNegative(def.b);
             case SymbolDef::Max:
               return isNonNegative(def.a) || isNonNegative(def.b);
             case SymbolDef::FloorDiv:
             case SymbolDef::CeilDiv:
             case SymbolDef::Min:
             case SymbolDef::Broadcast:
             case SymbolDef::Select:
               return isNonNegative(def.a) && isNonNegative(def.b);
             }
             return false;
           });
  });
}

bool Shapes::isVisible(const DimExpr &expr, Operation *op) const {
  return llvm::all_of(expr.getTerms(), [&](auto &term) {
    return llvm::all_of(term.first, [&](int number) {
      const SymbolDef &def = symbols[number];
      Value value = def.value;
      if (!value)
        return isVisible(def.a, op) && isVisible(def.b, op) && isVisible(def.c, op);
      return value.getParentRegion()->isAncestor(op->getParentRegion());
    });
  });
}

//===-- arithmetic ---------------------------------------------------------===//

DimExpr Shapes::symbolOf(SymbolDef def) {
  if (Value outer = aliases.lookup(def.value))
    def.value = outer;
  auto key = std::make_tuple(int(def.kind), def.value.getAsOpaquePointer(), def.index, def.a, def.b, def.c);
  auto [at, isNew] = numbers.try_emplace(key, symbols.size());
  if (isNew) {
    def.weight = 1 + weight(def.a) + weight(def.b) + weight(def.c);
    symbols.push_back(def);
  }
  return DimExpr::symbol(at->second);
}

int64_t Shapes::weight(const DimExpr &expr) const {
  int64_t sum = 0;
  for (auto &[monomial, factor] : expr.getTerms())
    for (int symbol : monomial)
      sum = std::min<int64_t>(sum + symbols[symbol].weight, 1 << 30);
  return sum;
}

static int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

DimExpr Shapes::floorDiv(const DimExpr &a, const DimExpr &b) {
  auto constantA = a.constant(), constantB = b.constant();
  if (constantB == 0)
    return DimExpr(0);
  if (constantA && constantB && *constantB > 0)
    return floorDivide(*constantA, *constantB);
  if (auto quotient = a.dividedBy(b))
    return *quotient;
  // Multiples of a constant divisor come out: (d*x + r) / d = x + r / d.
  if (constantB && *constantB > 0) {
    DimExpr whole, rest;
    for (auto &[monomial, factor] : a.getTerms()) {
      DimExpr term(1);
      for (int symbol : monomial)
        term = term * DimExpr::symbol(symbol);
      whole = whole + term * DimExpr(floorDivide(factor, *constantB));
      rest = rest + term * DimExpr(factor - floorDivide(factor, *constantB) * *constantB);
    }
    if (auto constantRest = rest.constant())
      return whole + DimExpr(floorDivide(*constantRest, *constantB));
    return whole + symbolOf({SymbolDef::FloorDiv, {}, 0, rest, b, {}});
  }
  return symbolOf({SymbolDef::FloorDiv, {}, 0, a, b, {}});
}

DimExpr Shapes::ceilDiv(const DimExpr &a, const DimExpr &b) {
  if (auto divisor = b.constant(); divisor && *divisor > 0)
    return floorDiv(a + DimExpr(*divisor - 1), b);
  if (auto quotient = a.dividedBy(b))
    return *quotient;
  return symbolOf({SymbolDef::CeilDiv, {}, 0, a, b, {}});
}

DimExpr Shapes::mod(const DimExpr &a, const DimExpr &b) {
  auto constantA = a.constant(), constantB = b.constant();
  if (constantA && constantB && *constantB > 0)
    return *constantA - floorDivide(*constantA, *constantB) * *constantB;
  if (a.dividedBy(b))
    return DimExpr(0);
  return symbolOf({SymbolDef::Mod, {}, 0, a, b, {}});
}

DimExpr Shapes::min(const DimExpr &a, const DimExpr &b) {
  if (isNonNegative(b - a))
    return a;
  if (isNonNegative(a - b))
    return b;
  return symbolOf({SymbolDef::Min, {}, 0, a < b ? a : b, a < b ? b : a, {}});
}

DimExpr Shapes::max(const DimExpr &a, const DimExpr &b) {
  if (isNonNegative(b - a))
    return b;
  if (isNonNegative(a - b))
    return a;
  return symbolOf({SymbolDef::Max, {}, 0, a < b ? a : b, a < b ? b : a, {}});
}

DimExpr Shapes::broadcast(const DimExpr &a, const DimExpr &b) {
  if (a == b || b.is(1))
    return a;
  if (a.is(1))
    return b;
  // A static size other than 1 wins: the dynamic one is that or 1.
  if (a.constant())
    return a;
  if (b.constant())
    return b;
  // min(x, c) broadcasts with x only where they are equal, or where it is 1, and so is x when c is more.
  auto isCapOf = [&](const DimExpr &cap, const DimExpr &x) {
    auto symbol = cap.asSymbol();
    const SymbolDef *def = symbol ? &symbols[*symbol] : nullptr;
    if (!def || def->kind != SymbolDef::Min || (def->a != x && def->b != x))
      return false;
    auto most = (def->a == x ? def->b : def->a).constant();
    return most && *most > 1;
  };
  if (isCapOf(a, b))
    return b;
  if (isCapOf(b, a))
    return a;
  return symbolOf({SymbolDef::Broadcast, {}, 0, a < b ? a : b, a < b ? b : a, {}});
}

DimExpr Shapes::position(const DimExpr &index, const DimExpr &size) {
  if (auto constant = index.constant()) {
    // From the end: size + index, at least 0. Huge values stand for "to the end".
    if (*constant < 0)
      return *constant <= INT32_MIN ? DimExpr(0) : max(size + DimExpr(*constant), DimExpr(0));
    if (*constant == 0)
      return DimExpr(0);
    return *constant >= INT32_MAX ? size : min(DimExpr(*constant), size);
  }
  if (isNonNegative(index))
    return min(index, size);
  return symbolOf({SymbolDef::Position, {}, 0, index, size, {}});
}

DimExpr Shapes::equal(const DimExpr &a, const DimExpr &b) {
  DimExpr difference = a - b;
  if (auto constant = difference.constant())
    return DimExpr(*constant == 0);
  // x + c with x >= 0 and c > 0 is never 0.
  if (isNonNegative(difference - DimExpr(1)) || isNonNegative(b - a - DimExpr(1)))
    return DimExpr(0);
  return symbolOf({SymbolDef::Equal, {}, 0, a, b, {}});
}

DimExpr Shapes::less(const DimExpr &a, const DimExpr &b) {
  if (isNonNegative(a - b))
    return DimExpr(0);
  if (isNonNegative(b - a - DimExpr(1)))
    return DimExpr(1);
  return symbolOf({SymbolDef::Less, {}, 0, a, b, {}});
}

DimExpr Shapes::select(const DimExpr &condition, const DimExpr &a, const DimExpr &b) {
  if (auto constant = condition.constant())
    return *constant ? a : b;
  if (a == b)
    return a;
  return symbolOf({SymbolDef::Select, {}, 0, a, b, condition});
}

DimExpr Shapes::element(Value tensor, int64_t index) {
  if (auto known = contents(tensor); known && index < int64_t(known->size()))
    return (*known)[index];
  return symbolOf({SymbolDef::Element, tensor, index, {}, {}, {}});
}

FailureOr<std::vector<DimExpr>> Shapes::broadcastShapes(ArrayRef<DimExpr> a, ArrayRef<DimExpr> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  std::vector<DimExpr> result(a.begin(), a.end());
  size_t shift = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    if (!require(a[shift + i], b[i], /*orOne=*/true))
      return failure();
    result[shift + i] = broadcast(a[shift + i], b[i]);
  }
  return result;
}

bool Shapes::require(const DimExpr &a, const DimExpr &b, bool orOne) {
  if (a == b || (orOne && (a.is(1) || b.is(1))))
    return true;
  if (a.constant() && b.constant())
    return false;
  required.push_back({current, a, b, orOne});
  return true;
}

//===-- what ops say ---------------------------------------------------------===//

void Shapes::setResult(OpResult result, Type elementType, ArrayRef<DimExpr> dims) {
  SmallVector<int64_t> shape;
  for (const DimExpr &dim : dims)
    shape.push_back(dim.constant().value_or(ShapedType::kDynamic));
  // A size below zero can only come from a model that asks for the impossible; the caller checks what it can.
  for (int64_t &size : shape)
    if (size < 0 && size != ShapedType::kDynamic)
      size = 0;
  result.setType(RankedTensorType::get(shape, elementType));
  knownDims[result] = std::vector<DimExpr>(dims.begin(), dims.end());
}

void Shapes::setContents(Value tensor, ArrayRef<DimExpr> elements) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (int64_t(elements.size()) <= maxContents && type && type.hasStaticShape() &&
      type.getNumElements() == int64_t(elements.size()) &&
      llvm::all_of(elements, [&](const DimExpr &e) { return weight(e) <= maxWeight; }))
    knownContents[tensor] = std::vector<DimExpr>(elements.begin(), elements.end());
}

DimExpr Shapes::unknownDim(OpResult result, int64_t axis) {
  return symbolOf({SymbolDef::Dim, result, axis, {}, {}, {}});
}

//===-- running it ---------------------------------------------------------===//

LogicalResult Shapes::infer(Operation *op) {
  if (auto shaped = dyn_cast<ShapeOpInterface>(op)) {
    for (Value operand : op->getOperands())
      if (isa<UnrankedTensorType>(operand.getType()))
        return op->emitError("expected operands of known rank, got ") << operand.getType();
    Operation *outer = std::exchange(current, op);
    LogicalResult result = shaped.inferShapes(*this);
    current = outer;
    return result;
  }
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block)
        if (failed(infer(&inner)))
          return failure();
  return success();
}

void Shapes::bindArgument(BlockArgument argument, ArrayAttr names) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type || !names || int64_t(names.size()) != type.getRank())
    return;
  auto lookup = [&](StringRef name, int64_t axis) -> DimExpr {
    auto [at, isNew] = named.try_emplace(name.str());
    if (isNew)
      at->second = symbolOf({SymbolDef::Dim, argument, axis, {}, {}, {}});
    return at->second;
  };
  std::vector<DimExpr> dims;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    auto name = dyn_cast<StringAttr>(names[axis]);
    if (!type.isDynamicDim(axis) || !name) {
      dims.push_back(type.isDynamicDim(axis) ? symbolOf({SymbolDef::Dim, argument, axis, {}, {}, {}})
                                             : DimExpr(type.getDimSize(axis)));
      continue;
    }
    // "a + b" is the sum of sizes that other arguments have; the entry checks that it holds.
    SmallVector<StringRef> parts;
    name.getValue().split(parts, '+');
    bool isSum = parts.size() > 1 &&
                 llvm::all_of(parts, [&](StringRef part) { return named.count(part.trim().str()); });
    if (isSum) {
      DimExpr sum;
      for (StringRef part : parts)
        sum = sum + named[part.trim().str()];
      dims.push_back(sum);
    } else {
      dims.push_back(lookup(name.getValue(), axis));
    }
  }
  knownDims[argument] = dims;
}

LogicalResult Shapes::inferFunction(Operation *function) {
  auto interface = cast<FunctionOpInterface>(function);
  if (interface.isExternal())
    return success();
  // Sums need the names of later arguments: two rounds, the plain names first.
  for (bool sums : {false, true})
    for (BlockArgument argument : interface.getArguments()) {
      auto names = interface.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hone.dims");
      bool hasSum = names && llvm::any_of(names, [](Attribute name) {
                      return isa<StringAttr>(name) && cast<StringAttr>(name).getValue().contains('+');
                    });
      if (hasSum == sums)
        bindArgument(argument, names);
    }
  return infer(function);
}

void Shapes::alias(Value inner, Value outer) {
  if (Value outermost = aliases.lookup(outer))
    outer = outermost;
  aliases[inner] = outer;
  if (!isa<RankedTensorType>(inner.getType()))
    return;
  knownDims[inner] = dims(outer);
  knownContents.erase(inner);
  if (auto known = contents(outer))
    knownContents[inner] = *known;
}

void Shapes::assume(Value value, ArrayRef<DimExpr> dims) {
  forget(value);
  knownDims[value] = std::vector<DimExpr>(dims.begin(), dims.end());
}

void Shapes::forget(Value value) {
  knownDims.erase(value);
  knownContents.erase(value);
}

Value Shapes::materialize(OpBuilder &b, Location loc, const DimExpr &expr,
                          function_ref<Value(const SymbolDef &)> leaf) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  auto nested = [&](const DimExpr &inner) { return materialize(b, loc, inner, leaf); };
  auto symbolValue = [&](const SymbolDef &def) -> Value {
    switch (def.kind) {
    case SymbolDef::Dim:
    case SymbolDef::Element:
    case SymbolDef::Index:
      return leaf(def);
    case SymbolDef::FloorDiv:
      return b.createOrFold<arith::FloorDivSIOp>(loc, nested(def.a), nested(def.b));
    case SymbolDef::CeilDiv:
      return b.createOrFold<arith::CeilDivSIOp>(loc, nested(def.a), nested(def.b));
    case SymbolDef::Mod: {
      // Sizes divide by sizes: a positive divisor, so that x - floor(x/d)*d is the mathematical remainder.
      Value a = nested(def.a), d = nested(def.b);
      return b.createOrFold<arith::SubIOp>(
          loc, a, b.createOrFold<arith::MulIOp>(loc, b.createOrFold<arith::FloorDivSIOp>(loc, a, d), d));
    }
    case SymbolDef::Min:
      return b.createOrFold<arith::MinSIOp>(loc, nested(def.a), nested(def.b));
    case SymbolDef::Max:
      return b.createOrFold<arith::MaxSIOp>(loc, nested(def.a), nested(def.b));
    case SymbolDef::Broadcast: {
      Value a = nested(def.a),
            isOne = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, a, constant(1));
      return b.createOrFold<arith::SelectOp>(loc, isOne, nested(def.b), a);
    }
    case SymbolDef::Position: {
      Value i = nested(def.a), size = nested(def.b);
      Value negative = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, i, constant(0));
      Value wrapped =
          b.createOrFold<arith::SelectOp>(loc, negative, b.createOrFold<arith::AddIOp>(loc, i, size), i);
      return b.createOrFold<arith::MinSIOp>(loc, b.createOrFold<arith::MaxSIOp>(loc, wrapped, constant(0)),
                                            size);
    }
    case SymbolDef::Equal:
    case SymbolDef::Less: {
      auto predicate = def.kind == SymbolDef::Equal ? arith::CmpIPredicate::eq : arith::CmpIPredicate::slt;
      Value bit = b.createOrFold<arith::CmpIOp>(loc, predicate, nested(def.a), nested(def.b));
      return b.createOrFold<arith::IndexCastUIOp>(loc, b.getIndexType(), bit);
    }
    case SymbolDef::Select: {
      Value c = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, nested(def.c), constant(0));
      return b.createOrFold<arith::SelectOp>(loc, c, nested(def.a), nested(def.b));
    }
    }
    return {};
  };
  Value sum;
  for (auto &[monomial, factor] : expr.getTerms()) {
    Value term;
    for (int symbol : monomial) {
      Value value = symbolValue(symbols[symbol]);
      term = term ? b.createOrFold<arith::MulIOp>(loc, term, value) : value;
    }
    if (!term)
      term = constant(factor);
    else if (factor != 1)
      term = b.createOrFold<arith::MulIOp>(loc, term, constant(factor));
    sum = sum ? b.createOrFold<arith::AddIOp>(loc, sum, term) : term;
  }
  return sum ? sum : constant(0);
}

std::string Shapes::toString(const DimExpr &expr) const {
  std::string text;
  for (auto &[monomial, factor] : expr.getTerms()) {
    text += text.empty() ? "" : " + ";
    text += monomial.empty() || factor != 1 ? std::to_string(factor) : "";
    for (int symbol : monomial)
      text += (text.empty() || text.back() == ' ' ? "s" : "*s") + std::to_string(symbol);
  }
  return text.empty() ? "0" : text;
}
