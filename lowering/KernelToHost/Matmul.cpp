// f32 matrix products in register tiles: `height` rows times two registers of columns. Weights come packed as
// [N / 2 registers][K][2 registers]. The unit is (panel, block of rows), panels outermost, so that a panel
// stays in cache; one row alone takes two panels at a time. Recipes and measurements:
// docs/rationale/host-matmul.md.
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/VectorEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::VectorBuilder;
using ::hone::VectorEpilogue;

namespace {

constexpr int64_t registersOfPanel = 2;
constexpr int64_t longestK = 1536; // longer products of many rows go through K in blocks
constexpr int64_t blockOfK = 512;
constexpr int64_t panelsAtOnce = 2; // of one row

/// Sizes that the kernel and its launch agree on.
struct Plan {
  int64_t n, k, width, panels, rowBlock;
  SmallVector<int64_t> heights;

  Plan(KernelOp kernel, const VectorBuilder &v) {
    n = cast<IntegerAttr>(kernel.getConfig()->get("n")).getInt();
    k = cast<IntegerAttr>(kernel.getConfig()->get("k")).getInt();
    width = registersOfPanel * v.lanes;
    panels = (n + width - 1) / width;
    heights = v.avx512 ? SmallVector<int64_t>{8, 4, 2, 1} : SmallVector<int64_t>{6, 4, 2, 1};
    // With few panels, rows are what can be split.
    rowBlock = heights.front() * (panels >= 8 ? 16 : 4);
  }
  int64_t groups() const { return (panels + panelsAtOnce - 1) / panelsAtOnce; }
};

/// The region argument at the start of a chain of one-operand steps.
BlockArgument sourceOf(Value value) {
  while (Operation *op = value.getDefiningOp())
    value = op->getOperand(0);
  return cast<BlockArgument>(value);
}

class PackedEmitter {
public:
  PackedEmitter(OpBuilder &b, KernelOp kernel, MatmulOp root, ValueRange buffers, Value scratch)
      : v(b, kernel.getLoc(), TargetAttr::of(kernel)), plan(kernel, v),
        epilogue(v, kernel, root.getResult(), buffers), scratch(scratch) {
    lhs = v.asRows(buffers[sourceOf(root.getLhs()).getArgNumber()]);
    packed = buffers[sourceOf(root.getRhs()).getArgNumber()];
  }

  void emit(Value lo, Value hi) {
    Value rows = v.dim(lhs, 0);
    v.branch(v.equal(rows, 1), [&] { oneRow(lo, hi); }, [&] { manyRows(rows, lo, hi); });
  }

private:
  //===-- one row: `count` panels at once --------------------------------------------===//

  void oneRow(Value lo, Value hi) {
    v.loop(lo, hi, 1, [&](Value group) {
      Value panel = v.mul(group, panelsAtOnce);
      int64_t full = plan.panels / panelsAtOnce, rest = plan.panels % panelsAtOnce;
      v.branch(
          v.less(group, v.index(full)), [&] { rowTimesPanels(panel, panelsAtOnce); },
          rest ? llvm::function_ref<void()>([&] { rowTimesPanels(panel, rest); }) : nullptr);
    });
  }

  void rowTimesPanels(Value panel, int64_t count) {
    int64_t size = count * registersOfPanel;
    Value row = v.index(0);
    SmallVector<Value> zeros(size, v.constant(v.f32(), 0)), panels;
    for (int64_t p = 0; p < count; ++p)
      panels.push_back(v.add(panel, p));
    auto step = [&](Value k, ValueRange sums) {
      Value x = v.loadSplat(lhs, {row, k});
      VectorBuilder::Values next;
      for (int64_t i = 0; i < size; ++i)
        next.push_back(
            v.fma(x,
                  v.load(v.f32(), packed,
                         {panels[i / registersOfPanel], k, v.index(i % registersOfPanel * v.lanes)}),
                  sums[i]));
      return next;
    };
    auto sums = overK(v.index(0), v.index(plan.k), 4, zeros, step);
    for (int64_t i = 0; i < size; ++i)
      epilogue.finish(v.add(v.mul(panels[i / registersOfPanel], plan.width), i % registersOfPanel * v.lanes),
                      plan.n, plan.width, {row}, {sums[i]});
  }

  //===-- many rows --------------------------------------------------------------------===//

  void manyRows(Value rows, Value lo, Value hi) {
    Value blocks = v.ceilDiv(rows, plan.rowBlock);
    v.loop(lo, hi, 1, [&](Value unit) {
      Value panel = v.div(unit, blocks), from = v.mul(v.rem(unit, blocks), plan.rowBlock);
      Value to = v.min(v.add(from, plan.rowBlock), rows);
      // Long K: a block of it at a time for all rows, so that the panel's part stays in cache; sums wait in
      // scratch.
      int64_t whole = plan.k > longestK ? (plan.k - 1) / blockOfK * blockOfK : 0;
      Value sums;
      if (whole) {
        sums = v.view(scratch, 0, MemRefType::get({plan.rowBlock, plan.width}, v.b.getF32Type()));
        v.loop(v.index(0), v.index(whole), blockOfK, [&](Value k) {
          Value isFirst = v.equal(k, 0);
          v.tileRows(from, to, plan.heights, [&](Value row, int64_t height) {
            auto tile = product(panel, row, height, k, v.add(k, blockOfK));
            Value at = v.sub(row, from);
            for (auto [i, sum] : llvm::enumerate(tile)) {
              SmallVector<Value> place = {v.add(at, i / registersOfPanel),
                                          v.index(i % registersOfPanel * v.lanes)};
              Value before = v.select(isFirst, v.constant(v.f32(), 0), v.load(v.f32(), sums, place));
              v.store(arith::AddFOp::create(v.b, v.loc, before, sum), sums, place);
            }
          });
        });
      }
      v.tileRows(from, to, plan.heights, [&](Value row, int64_t height) {
        auto tile = product(panel, row, height, v.index(whole), v.index(plan.k));
        if (sums)
          for (auto [i, sum] : llvm::enumerate(tile))
            sum = arith::AddFOp::create(v.b, v.loc, sum,
                                        v.load(v.f32(), sums,
                                               {v.add(v.sub(row, from), i / registersOfPanel),
                                                v.index(i % registersOfPanel * v.lanes)}));
        SmallVector<Value> tileRows;
        for (int64_t i = 0; i < height; ++i)
          tileRows.push_back(v.add(row, i));
        for (int64_t r = 0; r < registersOfPanel; ++r) {
          SmallVector<Value> column;
          for (int64_t i = 0; i < height; ++i)
            column.push_back(tile[i * registersOfPanel + r]);
          epilogue.finish(v.add(v.mul(panel, plan.width), r * v.lanes), plan.n, plan.width, tileRows, column);
        }
      });
    });
  }

  /// Rows [row, row + height) times the panel over k in [from, to): by row, then register.
  VectorBuilder::Values product(Value panel, Value row, int64_t height, Value from, Value to) {
    Value tile = v.rowsFrom(lhs, row, height);
    SmallVector<Value> zeros(height * registersOfPanel, v.constant(v.f32(), 0));
    return overK(from, to, 2, zeros, [&](Value k, ValueRange sums) {
      SmallVector<Value> columns;
      for (int64_t r = 0; r < registersOfPanel; ++r)
        columns.push_back(v.load(v.f32(), packed, {panel, k, v.index(r * v.lanes)}));
      VectorBuilder::Values next;
      for (int64_t i = 0; i < height; ++i) {
        Value x = v.loadSplat(tile, {v.index(i), k});
        for (int64_t r = 0; r < registersOfPanel; ++r)
          next.push_back(v.fma(x, columns[r], sums[i * registersOfPanel + r]));
      }
      return next;
    });
  }

  /// The loop over K, `unroll` steps at a time, then the steps that are left.
  VectorBuilder::Values overK(Value from, Value to, int64_t unroll, ValueRange zeros,
                              llvm::function_ref<VectorBuilder::Values(Value, ValueRange)> step) {
    Value main = v.add(from, v.roundDown(v.sub(to, from), unroll));
    auto sums = v.loop(from, main, unroll, zeros, [&](Value k, ValueRange carried) {
      VectorBuilder::Values now(carried);
      for (int64_t u = 0; u < unroll; ++u)
        now = step(v.add(k, u), now);
      return now;
    });
    return v.loop(main, to, 1, sums, step);
  }

  VectorBuilder v;
  Plan plan;
  VectorEpilogue epilogue;
  Value lhs, packed, scratch;
};

class MatmulHost : public ::hone::HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    PackedEmitter(b, kernel, rootOf(kernel), arguments, scratch).emit(lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  ::hone::Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    Plan plan(kernel, v);
    Value lhs = buffers[sourceOf(rootOf(kernel).getLhs()).getArgNumber()];
    Value rows = v.product(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1);
    Value isOne = v.equal(rows, 1);
    Value units = v.select(isOne, v.index(plan.groups()), v.mul(v.ceilDiv(rows, plan.rowBlock), plan.panels));
    // One row streams its panels from memory; tiles run at most of the multiply-add rate.
    int64_t streamed = plan.k * plan.width * panelsAtOnce * 4 / 20, perRow = plan.k * plan.width * 2 / 90;
    Value cost = v.select(isOne, v.index(std::max<int64_t>(streamed, 1)),
                          v.add(v.mul(v.min(rows, v.index(plan.rowBlock)), perRow), 20));
    return {units, cost, v.index(plan.k > longestK ? plan.rowBlock * plan.width * 4 : 0)};
  }

private:
  static MatmulOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }
};

} // namespace

namespace hone {
const HostFamily &getMatmulHost() {
  static MatmulHost family;
  return family;
}
} // namespace hone
