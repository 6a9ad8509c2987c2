// Matrix products of floats: by streaming the weight for few rows, by stages of tiles for many, and by pulled
// tiles where an operand does not lie in memory as a matrix of 16-bit floats.
#include "lowering/KernelToCuda/MatmulStaged.h"
#include "lowering/KernelToCuda/StreamedProduct.h"
#include "lowering/KernelToCuda/TileProduct.h"
#include "lowering/kernels/KernelFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <variant>

using namespace mlir;
using namespace mlir::hone;
using ::hone::CudaLaunch;
using ::hone::CudaStep;
using ::hone::isOneMatrix;
using ::hone::matmulOf;
using ::hone::MatmulPlace;
using ::hone::MatmulSizes;
using ::hone::MatmulStaged;
using ::hone::RegionBuilder;
using ::hone::StagedProduct;
using ::hone::StreamedProduct;
using ::hone::TileProduct;

namespace {

RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

//===-- pulled tiles -----------------------------------------------------------------===//

class MatmulTiles : public TileProduct {
public:
  MatmulTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : TileProduct(b, loc, kernel, buffers, matmulOf(kernel).getResult(), form), op(matmulOf(kernel)),
        place(b, loc, op, false) {}

private:
  Sizes sizes() override {
    RegionBuilder region(b, loc, kernel, buffers);
    auto [batch, m, n, k] = place.sizes(region);
    return {batch, m, n, k};
  }
  void enterBatch(Value position) override { place.enterBatch(position); }
  SmallVector<Value> resultIndices(Value row, Value column) override {
    return place.resultIndices(row, column);
  }
  Value left(RegionBuilder &region, Value row, Value k) override {
    return load(region, op.getLhs(), op.getTransposeA() ? k : row, op.getTransposeA() ? row : k);
  }
  Value right(RegionBuilder &region, Value k, Value column) override {
    return load(region, op.getRhs(), op.getTransposeB() ? column : k, op.getTransposeB() ? k : column);
  }
  bool leftRunsAlongRows() override { return op.getTransposeA(); }
  bool rightRunsAlongColumns() override { return !op.getTransposeB(); }
  Value load(RegionBuilder &region, Value operand, Value row, Value column) {
    SmallVector<Value> indices = place.leadingOf(region, operand);
    indices.append({row, column});
    return region.load(operand, indices);
  }

  MatmulOp op;
  MatmulPlace place;
};

//===-- streamed weights ---------------------------------------------------------------===//

/// A weight [n, k]: a lane reads 8 neighbours along k of two columns, as it does of a row.
class MatmulStreamed : public StreamedProduct {
public:
  MatmulStreamed(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : StreamedProduct(b, loc, kernel, buffers, matmulOf(kernel), form),
        weight(buffers[cast<BlockArgument>(matmulOf(kernel).getRhs()).getArgNumber()]) {}

private:
  /// By half of the chunk, column g and column g + 8. Columns behind the last are copies of it.
  SmallVector<Value> loadChunk(Value number) override {
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < 4; ++i) {
      Value column = add(multiply(tile, constant(columns)), add(g, constant(i % 2 * 8)));
      if (form.n % columns)
        column = minimum(column, constant(form.n - 1));
      loaded.push_back(loadSteps(weight, {column}, stepOf(number, i / 2)));
    }
    return loaded;
  }
  void accumulate(Value number, ArrayRef<Value> loaded, MutableArrayRef<Value> sums) override {
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<Value> rows = loadRows(number, half);
      Value upper = loaded[2 * half], lower = loaded[2 * half + 1];
      for (int64_t part = 0; part < 2; ++part)
        multiplyPart({registerOf(upper, 4 * part), registerOf(lower, 4 * part),
                      registerOf(upper, 4 * part + 2), registerOf(lower, 4 * part + 2)},
                     rows, part, sums);
    }
  }

  Value weight;
};

//===-- which of them --------------------------------------------------------------===//

using Form = std::variant<StreamedProduct::Form, StagedProduct::Form, TileProduct::Form>;

/// Whether lines of that many elements start at multiples of 16 bytes; a dynamic size may.
bool mayAlign(int64_t size) { return ShapedType::isDynamic(size) || size % 8 == 0; }

/// The forms that sizes can call for: each but the last has to be asked (`serves`). Every result has the
/// product's shape, and types of the kernel may say more than those in its region.
SmallVector<Form> formsOf(KernelOp kernel) {
  MatmulOp op = matmulOf(kernel);
  auto typeAt = [&](Value operand) {
    auto argument = dyn_cast<BlockArgument>(operand);
    return typeOf(argument ? kernel.getOperand(argument.getArgNumber()) : operand);
  };
  auto left = typeAt(op.getLhs()), right = typeAt(op.getRhs()), result = typeOf(kernel.getResult(0));
  Type element = typeOf(op.getResult()).getElementType();
  int64_t rows = result.getDimSize(result.getRank() - 2), n = result.getShape().back();
  int64_t k = left.getShape().back(), line = right.getShape().back();
  SmallVector<Form> forms;
  bool isPlain = isa<BlockArgument>(op.getLhs()) && isa<BlockArgument>(op.getRhs()) && !op.getTransposeA();
  if (isPlain && element.getIntOrFloatBitWidth() == 16 && mayAlign(k) && mayAlign(line)) {
    if (isOneMatrix(op) && op.getTransposeB() && right.hasStaticShape() && n && k) {
      bool areKnown = llvm::none_of(result.getShape().drop_back(), ShapedType::isDynamic);
      int64_t all = areKnown ? result.getNumElements() / n : ShapedType::kDynamic;
      for (int64_t tile : {8, 32})
        if (!areKnown || all <= tile) {
          forms.push_back(StreamedProduct::Form{n, k, tile, 8});
          if (areKnown)
            return forms;
        }
    }
    if (op.getTransposeB() && ::hone::targetOf(kernel).fact("wgmma"))
      forms.append({StagedProduct::wide, StagedProduct::square});
    else
      forms.push_back(StagedProduct::large);
    forms.push_back(StagedProduct::small);
    if (!ShapedType::isDynamic(k) && !ShapedType::isDynamic(line))
      return forms;
  }
  forms.push_back(TileProduct::formOf(element, ShapedType::isDynamic(rows) || rows > 16));
  return forms;
}

class MatmulCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp kernel) const override { return formsOf(kernel).size(); }

  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr device,
               unsigned variant) const override {
    MatmulSizes sizes(b, loc, kernel, buffers, isOneMatrix(matmulOf(kernel)));
    Form form = formsOf(kernel)[variant];
    if (auto *streamed = std::get_if<StreamedProduct::Form>(&form))
      return sizes.compare(arith::CmpIPredicate::ule, sizes.m, streamed->rows);
    const auto &staged = std::get<StagedProduct::Form>(form);
    if (staged.rows == StagedProduct::small.rows)
      return sizes.areAligned();
    // Large tiles where there is one for every multiprocessor.
    int64_t processors = ::hone::targetOf(kernel).fact("sms");
    CudaLaunch launch = StagedProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, staged, processors);
    return arith::AndIOp::create(b, loc, sizes.areAligned(),
                                 sizes.compare(arith::CmpIPredicate::uge, launch.x, processors));
  }

  SmallVector<::hone::CudaMap> maps(KernelOp kernel, CudaStep at) const override {
    Form form = formsOf(kernel)[at.variant];
    auto *staged = std::get_if<StagedProduct::Form>(&form);
    if (!staged)
      return {};
    MatmulOp op = matmulOf(kernel);
    return StagedProduct::maps(*staged, cast<BlockArgument>(op.getLhs()).getArgNumber(),
                               cast<BlockArgument>(op.getRhs()).getArgNumber());
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     CudaStep at) const override {
    Location loc = kernel.getLoc();
    Form form = formsOf(kernel)[at.variant];
    if (auto *streamed = std::get_if<StreamedProduct::Form>(&form))
      MatmulStreamed(b, loc, kernel, buffers, *streamed).emit();
    else if (auto *staged = std::get_if<StagedProduct::Form>(&form))
      MatmulStaged(b, loc, kernel, buffers, *staged).emit();
    else
      MatmulTiles(b, loc, kernel, buffers, std::get<TileProduct::Form>(form)).emit();
    return success();
  }

  CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                    CudaStep at) const override {
    Form form = formsOf(kernel)[at.variant];
    bool isPulled = std::holds_alternative<TileProduct::Form>(form);
    MatmulSizes sizes(b, loc, kernel, buffers, !isPulled && isOneMatrix(matmulOf(kernel)));
    if (auto *streamed = std::get_if<StreamedProduct::Form>(&form))
      return StreamedProduct::launch(b, loc, sizes.m, *streamed);
    if (auto *staged = std::get_if<StagedProduct::Form>(&form))
      return StagedProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, *staged,
                                   ::hone::targetOf(kernel).fact("sms"));
    return TileProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, std::get<TileProduct::Form>(form));
  }
};

} // namespace

namespace hone {
const CudaFamily &getMatmulCuda() {
  static MatmulCuda family;
  return family;
}
} // namespace hone
