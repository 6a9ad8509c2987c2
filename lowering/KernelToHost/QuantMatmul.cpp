// f32 rows times 4- or 8-bit weights with a scale a block of K: products of integers, with the rows quantized
// to 16 or 8 bits (QuantRows.h). Few rows multiply straight from the packed stream. More rows unpack a panel
// once and go over it in register tiles. The unit is (block of rows, panel), rows outermost: a worker
// quantizes the rows it meets into its scratch.
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/QuantRows.h"
#include "lowering/KernelToHost/VectorEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::QuantPlan;
using ::hone::QuantRows;
using ::hone::VectorBuilder;
using ::hone::VectorEpilogue;

namespace {

/// The region argument at the start of a chain of steps.
BlockArgument sourceOf(Value value) {
  while (Operation *op = value.getDefiningOp())
    value = op->getOperand(0);
  return cast<BlockArgument>(value);
}

class Emitter {
public:
  Emitter(OpBuilder &b, KernelOp kernel, MatmulOp root, ValueRange buffers, Value scratch)
      : v(b, kernel.getLoc(), TargetAttr::of(kernel)), plan(kernel, v),
        epilogue(v, kernel, root.getResult(), buffers),
        lhs(v.asRows(buffers[sourceOf(root.getLhs()).getArgNumber()])), quantized(v, plan, lhs, scratch) {
    auto dequantize = root.getRhs().getDefiningOp<DequantizeOp>();
    packed = buffers[sourceOf(dequantize.getInput()).getArgNumber()];
    scales = buffers[sourceOf(dequantize.getScale()).getArgNumber()];
    if (!plan.zero)
      zeros = buffers[sourceOf(dequantize.getZero()).getArgNumber()];
    panelBytes =
        v.view(scratch, plan.panelAt(), MemRefType::get({plan.k / 2, 4 * plan.lanes}, b.getI8Type()));
  }

  void emit(Value lo, Value hi) {
    Value rows = v.dim(lhs, 0);
    v.branch(
        v.less(rows, v.index(plan.heights.front() + 1)), [&] { fewRows(rows, lo, hi); },
        [&] { manyRows(rows, lo, hi); });
  }

  static Value rowsOfBlock(VectorBuilder &v, const QuantPlan &plan, Value rows) {
    // Blocks of equal height, so that units cost the same.
    Value blocks = v.ceilDiv(rows, plan.rowBlock);
    Value atLeastOne = v.select(v.equal(blocks, 0), v.index(1), blocks);
    Value height = v.div(v.add(rows, v.sub(atLeastOne, v.index(1))), atLeastOne);
    Value rounded = v.mul(v.ceilDiv(height, plan.heights.front()), plan.heights.front());
    return v.select(v.equal(rounded, 0), v.index(plan.heights.front()), rounded);
  }

private:
  //===-- pieces of both forms -----------------------------------------------------------===//

  /// 8 products of 4-bit numbers with bytes add up in 16 bits.
  static constexpr int64_t mostRegisters = 8;

  VectorType words() { return v.vector(v.b.getI16Type(), 2 * plan.lanes); }
  VectorType bytes() { return v.vector(v.b.getI8Type(), 4 * plan.lanes); }
  Value packedWords(Value panel, Value step) {
    return v.bitcast(v.load(bytes(), packed, {panel, step, v.index(0)}), words());
  }
  Value zeroSum() { return v.constant(v.i32(), 0); }
  VectorBuilder::Values startsOf(ArrayRef<Value> rows, Value group) {
    VectorBuilder::Values starts;
    for (Value row : rows)
      starts.push_back(plan.zero && *plan.zero ? v.loadSplat(quantized.sums, {row, group}) : zeroSum());
    return starts;
  }

  /// sums + the products of `count` registers of numbers with lanes [start, start + count) of the rows.
  VectorBuilder::Values products(Value start, int64_t count, ArrayRef<Value> rows, ValueRange sums,
                                 function_ref<Value(int64_t)> numbers) {
    // Without VNNI, bytes add up in 16 bits first.
    bool isNarrow = quantized.bits == 8 && !v.vnni;
    VectorBuilder::Values next(sums);
    if (isNarrow)
      next.assign(rows.size(), v.constant(words(), 0));
    for (int64_t i = 0; i < count; ++i) {
      Value w = numbers(i);
      for (auto [sum, row] : llvm::zip(next, rows)) {
        Value splat = quantized.splat(row, v.add(start, i));
        sum = quantized.bits == 8 ? v.dot8(sum, v.bitcast(w, bytes()), v.bitcast(splat, bytes()))
                                  : v.dot16(sum, v.bitcast(w, words()), v.bitcast(splat, words()));
      }
    }
    if (isNarrow)
      for (auto [sum, before] : llvm::zip(next, sums))
        sum = v.dot16(before, sum, v.constant(words(), 1));
    return next;
  }

  /// totals + sums * scale of the weight * scale of the row
  VectorBuilder::Values scaled(ArrayRef<Value> sums, Value panel, Value group, ArrayRef<Value> rows,
                               ValueRange totals) {
    Value block = plan.block == plan.group ? group : v.div(group, plan.block / plan.group);
    Value scale = v.load(v.f32(), scales, {panel, block, v.index(0)}), zero;
    if (zeros)
      zero = arith::NegFOp::create(v.b, v.loc, v.load(v.f32(), zeros, {panel, block, v.index(0)}));
    VectorBuilder::Values next;
    for (auto [sum, row, total] : llvm::zip(sums, rows, totals)) {
      Value x = arith::SIToFPOp::create(v.b, v.loc, v.f32(), sum);
      if (zero)
        x = v.fma(zero, v.loadSplat(quantized.sums, {row, group}), x);
      Value factor = arith::MulFOp::create(v.b, v.loc, scale, v.loadSplat(quantized.scales, {row, group}));
      next.push_back(v.fma(x, factor, total));
    }
    return next;
  }

  //===-- few rows: straight from the packed stream -----------------------------------------===//

  void fewRows(Value rows, Value lo, Value hi) {
    quantized.quantize(v.index(0), rows);
    v.loop(lo, hi, 1, [&](Value panel) {
      v.tileRows(v.index(0), rows, plan.heights,
                 [&](Value row, int64_t count) { packedTile(panel, row, count); });
    });
  }

  void packedTile(Value panel, Value row, int64_t count) {
    VectorBuilder::Values results;
    for (int64_t i = 0; i < count; ++i)
      results.push_back(v.add(row, i));
    auto totals =
        quantized.overGroups(row, count, [&](Value group, ArrayRef<Value> rows, ValueRange carried) {
          VectorBuilder::Values sums = startsOf(rows, group);
          if (plan.bits == 4 && quantized.bits == 16 && count == 1)
            sums = {factoredProducts(panel, group, rows[0], sums[0])};
          else
            sums = packedProducts(panel, group, rows, sums);
          return scaled(sums, panel, group, rows, carried);
        });
    epilogue.finish(v.mul(panel, plan.lanes), v.index(plan.n), plan.n % plan.lanes == 0, results, totals);
  }

  VectorBuilder::Values packedProducts(Value panel, Value group, ArrayRef<Value> rows,
                                       VectorBuilder::Values sums) {
    int64_t registers = quantized.registersOf(plan.group), perWord = quantized.registersOf(plan.depth);
    Value first = v.mul(group, registers), word = v.mul(group, plan.group / plan.depth), w;
    for (int64_t from = 0; from < registers; from += mostRegisters)
      sums =
          products(v.add(first, from), std::min(registers - from, mostRegisters), rows, sums, [&](int64_t i) {
            int64_t s = (from + i) % perWord;
            if (s == 0)
              w = packedWords(panel, v.add(word, (from + i) / perWord));
            return numbersOf(w, s);
          });
    return sums;
  }

  /// The same for one row of 16 bits: numbers in the middle of a word are not shifted down, their own sum
  /// carries the factor.
  Value factoredProducts(Value panel, Value group, Value row, Value start) {
    VectorBuilder::Values sums(plan.pairs - 1, zeroSum());
    sums[0] = start;
    int64_t count = plan.group / plan.depth;
    for (int64_t i = 0; i < count; ++i) {
      Value at = v.add(v.mul(group, count), i), w = packedWords(panel, at);
      for (int64_t s = 0; s < plan.pairs; ++s) {
        bool isFactored = s > 0 && s + 1 < plan.pairs;
        Value number = isFactored ? masked(w, ((1 << plan.bits) - 1) << s * plan.bits) : numberOf(w, s);
        Value splat = quantized.splat(row, v.add(v.mul(at, plan.pairs), s));
        Value &sum = sums[isFactored ? s : 0];
        sum = v.dot16(sum, number, v.bitcast(splat, words()));
      }
    }
    for (int64_t s = 1; s + 1 < plan.pairs; ++s)
      sums[0] = arith::AddIOp::create(
          v.b, v.loc, sums[0],
          arith::ShRSIOp::create(v.b, v.loc, sums[s], v.constant(v.i32(), s * plan.bits)));
    return sums[0];
  }

  /// The s-th number of each 16-bit half.
  Value numberOf(Value w, int64_t s) {
    Value number = shifted(w, s * plan.bits);
    return s + 1 < plan.pairs ? masked(number, (1 << plan.bits) - 1) : number;
  }
  /// Four bytes a lane.
  Value bytesOf(Value w, int64_t s) { return plan.bits == 8 ? w : masked(shifted(w, s * 4), 0x0f0f); }
  /// The s-th register of numbers of a packed one, as the rows' lanes hold them.
  Value numbersOf(Value w, int64_t s) { return quantized.bits == 16 ? numberOf(w, s) : bytesOf(w, s); }
  Value masked(Value w, int64_t mask) {
    return arith::AndIOp::create(v.b, v.loc, w, v.constant(words(), mask));
  }
  Value shifted(Value w, int64_t by) {
    return by ? arith::ShRUIOp::create(v.b, v.loc, w, v.constant(words(), by)).getResult() : w;
  }

  //===-- many rows ------------------------------------------------------------------------===//

  void manyRows(Value rows, Value lo, Value hi) {
    Value height = rowsOfBlock(v, plan, rows), panels = v.index(plan.panels);
    v.branch(v.less(lo, hi), [&] {
      v.loop(v.div(lo, plan.panels), v.ceilDiv(hi, plan.panels), 1, [&](Value blockOfRows) {
        Value from = v.mul(blockOfRows, height), to = v.min(v.add(from, height), rows),
              unit = v.mul(blockOfRows, plan.panels);
        quantized.quantize(from, to);
        Value first = v.sub(v.select(v.less(unit, lo), lo, unit), unit),
              last = v.min(v.sub(hi, unit), panels);
        v.loop(first, last, 1, [&](Value panel) {
          unpack(panel);
          v.tileRows(from, to, plan.heights,
                     [&](Value row, int64_t count) { tile(panel, from, row, count); });
        });
      });
    });
  }

  /// The panel as pairs of 16 bits, or as bytes, one register for as many steps of K.
  void unpack(Value panel) {
    v.loop(v.index(0), v.index(plan.k / plan.depth), 1, [&](Value step) {
      Value w = packedWords(panel, step);
      int64_t count = quantized.registersOf(plan.depth);
      for (int64_t s = 0; s < count; ++s) {
        v.store(v.bitcast(numbersOf(w, s), bytes()), panelBytes, {v.add(v.mul(step, count), s), v.index(0)});
      }
    });
  }

  void tile(Value panel, Value from, Value row, int64_t count) {
    VectorBuilder::Values rows;
    for (int64_t i = 0; i < count; ++i)
      rows.push_back(v.add(row, i));
    Value first = v.mul(panel, plan.lanes), n = v.index(plan.n);
    bool isAligned = plan.n % plan.lanes == 0;
    epilogue.prefetch(first, n, isAligned, rows);
    int64_t registers = quantized.registersOf(plan.group), unroll = std::min(registers, mostRegisters);
    auto totals = quantized.overGroups(
        v.sub(row, from), count, [&](Value group, ArrayRef<Value> at, ValueRange carried) {
          Value first = v.mul(group, registers);
          auto sums = v.loop(first, v.add(first, registers), unroll, startsOf(at, group),
                             [&](Value start, ValueRange now) {
                               return products(start, unroll, at, now, [&](int64_t i) {
                                 return v.load(bytes(), panelBytes, {v.add(start, i), v.index(0)});
                               });
                             });
          return scaled(sums, panel, group, at, carried);
        });
    epilogue.finish(first, n, isAligned, rows, totals);
  }

  VectorBuilder v;
  QuantPlan plan;
  VectorEpilogue epilogue;
  Value lhs;
  QuantRows quantized;
  Value packed, scales, zeros, panelBytes;
};

class QuantMatmulHost : public ::hone::HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    Emitter(b, kernel, rootOf(kernel), arguments, scratch).emit(lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  ::hone::Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    QuantPlan plan(kernel, v);
    Value lhs = buffers[sourceOf(rootOf(kernel).getLhs()).getArgNumber()];
    Value rows = v.product(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1);
    Value height = Emitter::rowsOfBlock(v, plan, rows);
    Value isOne = v.equal(rows, 1), blocks = v.div(v.add(rows, v.sub(height, v.index(1))), height);
    Value units = v.select(isOne, v.index(plan.panels), v.mul(blocks, plan.panels));
    // One row streams the panel; tiles run at most of the rate of integer products.
    int64_t streamed = plan.k * plan.lanes * plan.bits / 8 / 25,
            perRow = plan.k * plan.lanes * plan.rowBits / 1200;
    Value cost = v.select(isOne, v.index(std::max<int64_t>(streamed, 1)),
                          v.add(v.mul(v.min(rows, height), perRow), streamed));
    return {units, cost, v.index(plan.scratchBytes())};
  }

  /// Its reassociation makes integer kernels spill.
  bool wantsOptimizer() const override { return false; }

private:
  static MatmulOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }
};

} // namespace

namespace hone {
const HostFamily &getQuantMatmulHost() {
  static QuantMatmulHost family;
  return family;
}
} // namespace hone
