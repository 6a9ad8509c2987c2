// f32 products with a weight whose zeros are not stored. A few rows spread the values of 16 columns over a
// register by the mask (vexpandps) on their way from memory; many rows spread a panel once, into scratch, for
// the tiles of dense products. Measurements: docs/rationale/host-matmul.md.
#include "lowering/KernelToHost/MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t width = 32;       // columns of a panel
constexpr int64_t mostFewRows = 4;  // that read the weight as it lies
constexpr int64_t panelsAtOnce = 2; // of few rows: several streams from memory
constexpr int64_t rowBlock = 128;   // rows that share a panel in scratch

DecompressOp weightOf(KernelOp kernel) {
  return MatmulTiles::rootOf(kernel).getRhs().getDefiningOp<DecompressOp>();
}

struct Plan {
  int64_t n, k, values, panels;

  explicit Plan(KernelOp kernel) {
    DecompressOp weight = weightOf(kernel);
    auto type = cast<RankedTensorType>(weight.getType());
    k = type.getDimSize(0), n = type.getDimSize(1), panels = (n + width - 1) / width;
    values = cast<RankedTensorType>(weight.getValues().getType()).getDimSize(0);
  }
  int64_t groups() const { return (panels + panelsAtOnce - 1) / panelsAtOnce; }
};

class Emitter : MatmulTiles {
public:
  Emitter(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch)
      : MatmulTiles(b, kernel, rootOf(kernel), buffers), plan(kernel), n(v.index(plan.n)) {
    auto bufferOf = [&](Value part) { return buffers[cast<BlockArgument>(part).getArgNumber()]; };
    DecompressOp weight = weightOf(kernel);
    values = bufferOf(weight.getValues()), mask = bufferOf(weight.getMask()),
    starts = bufferOf(weight.getStarts());
    dense = v.view(scratch, 0, MemRefType::get({plan.k, width}, b.getF32Type()));
  }

  void emit(Value lo, Value hi) {
    Value rows = v.dim(lhs, 0);
    v.branch(
        v.less(v.index(mostFewRows), rows), [&] { manyRows(rows, lo, hi); }, [&] { fewRows(rows, lo, hi); });
  }

private:
  bool isAligned() const { return plan.n % width == 0; }

  /// Row k of a panel, as two registers.
  Values spread(Value panel, Value k) {
    OpBuilder &b = v.b;
    Location loc = v.loc;
    Value bits = memref::LoadOp::create(b, loc, mask, ValueRange{panel, k});
    Value start = memref::LoadOp::create(b, loc, starts, ValueRange{panel, k});
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value);
    };
    // Whatever the file says, nothing behind the values is read.
    start = arith::MinUIOp::create(b, loc, start, number(plan.values - width));
    Values registers;
    for (int64_t r = 0; r < registersOfPanel; ++r) {
      Value at = arith::IndexCastOp::create(b, loc, b.getIndexType(), start);
      Value own = r ? arith::ShRUIOp::create(b, loc, bits, number(v.lanes)).getResult() : bits;
      Value narrow = arith::TruncIOp::create(b, loc, b.getI16Type(), own);
      Value lanes = v.bitcast(v.splat(narrow, 1), v.vector(b.getI1Type()));
      registers.push_back(v.call("llvm.x86.avx512.mask.expand.v16f32", v.f32(),
                                 {v.load(v.f32(), values, at), v.constant(v.f32(), 0), lanes}));
      if (!r)
        start = arith::AddIOp::create(
            b, loc, start,
            math::CtPopOp::create(b, loc, arith::AndIOp::create(b, loc, bits, number(0xffff))));
    }
    return registers;
  }

  void fewRows(Value rows, Value lo, Value hi) {
    for (int64_t count = 1; count <= mostFewRows; ++count)
      v.branch(v.equal(rows, count), [&] {
        v.loop(lo, hi, 1, [&](Value group) {
          Value panel = v.mul(group, panelsAtOnce);
          int64_t rest = plan.panels % panelsAtOnce;
          if (!rest)
            return rowsTimesPanels(count, panel, panelsAtOnce);
          v.branch(
              v.less(group, v.index(plan.panels / panelsAtOnce)),
              [&] { rowsTimesPanels(count, panel, panelsAtOnce); },
              [&] { rowsTimesPanels(count, panel, rest); });
        });
      });
  }

  void rowsTimesPanels(int64_t rows, Value panel, int64_t count) {
    int64_t columns = count * registersOfPanel;
    Values panels, zeros(rows * columns, v.constant(v.f32(), 0));
    for (int64_t p = 0; p < count; ++p)
      panels.push_back(v.add(panel, p));
    Values sums = overK(v.index(0), v.index(plan.k), 2, zeros, [&](Value k, ValueRange now) {
      Values weights, next;
      for (Value p : panels)
        weights.append(spread(p, k));
      for (int64_t row = 0; row < rows; ++row) {
        Value x = v.loadSplat(lhs, {v.index(row), k});
        for (int64_t c = 0; c < columns; ++c)
          next.push_back(v.fma(x, weights[c], now[row * columns + c]));
      }
      return next;
    });
    for (int64_t p = 0; p < count; ++p)
      for (int64_t row = 0; row < rows; ++row)
        finish(v.index(row), v.mul(panels[p], width), n, isAligned(),
               ArrayRef<Value>(sums).slice(row * columns + p * registersOfPanel, registersOfPanel));
  }

  void manyRows(Value rows, Value lo, Value hi) {
    Value blocks = v.ceilDiv(rows, rowBlock);
    v.loop(lo, hi, 1, [&](Value unit) {
      Value panel = v.div(unit, blocks), from = v.mul(v.rem(unit, blocks), rowBlock);
      Value to = v.min(v.add(from, rowBlock), rows);
      v.loop(v.index(0), v.index(plan.k), 1, [&](Value k) {
        for (auto [r, part] : llvm::enumerate(spread(panel, k)))
          v.store(part, dense, {k, v.index(r * v.lanes)});
      });
      v.tileRows(from, to, heightsOf(v), [&](Value row, int64_t height) {
        prefetch(row, height, v.mul(panel, width), n, isAligned());
        finish(row, v.mul(panel, width), n, isAligned(),
               product(row, height, v.index(0), v.index(plan.k), [&](Value k, int64_t r) {
                 return v.load(v.f32(), dense, {k, v.index(r * v.lanes)});
               }));
      });
    });
  }

  Plan plan;
  Value n, values, mask, starts, dense;
};

class SparseMatmulHost : public HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    Emitter(b, kernel, arguments, scratch).emit(lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    Plan plan(kernel);
    Value lhs = buffers[MatmulTiles::sourceOf(MatmulTiles::rootOf(kernel).getLhs()).getArgNumber()];
    Value rows = v.product(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1);
    Value isFew = v.less(rows, v.index(mostFewRows + 1));
    Value units = v.select(isFew, v.index(plan.groups()), v.mul(v.ceilDiv(rows, rowBlock), plan.panels));
    // Spreading takes two nanoseconds for 32 columns, or as long as the values take from memory.
    int64_t spread = std::max(2 * plan.k, (plan.values * 4 / plan.panels + plan.k * 8) / 20);
    Value cost = v.select(isFew, v.index(spread * panelsAtOnce),
                          v.add(v.mul(v.min(rows, v.index(rowBlock)), plan.k * width * 2 / 90), spread));
    return {units, cost, v.index(plan.k * width * 4)};
  }
};

} // namespace

const HostFamily &getSparseMatmulHost() {
  static SparseMatmulHost family;
  return family;
}

} // namespace hone
