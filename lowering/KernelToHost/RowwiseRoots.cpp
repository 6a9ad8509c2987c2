// What roots do with a row. Statistics are f32; variances take two passes, so that a large mean costs
// nothing.
#include "lowering/ExecToLLVM/VectorMath.h"
#include "lowering/KernelToHost/RowwiseEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

using vector::CombiningKind;
static constexpr double infinity = std::numeric_limits<double>::infinity();

/// The larger of two registers in one instruction; which of a number and NaN is left open.
static Value larger(OpBuilder &b, Location loc, Value x, Value y) {
  return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y), x,
                                 y);
}

Value RowwiseEmitter::combine(CombiningKind kind, Values accumulators) {
  while (accumulators.size() > 1) {
    Value last = accumulators.pop_back_val();
    Value &first = accumulators[accumulators.size() / 2];
    first = vector::makeArithReduction(b, loc, kind, first, last);
  }
  return vector::ReductionOp::create(b, loc, kind, accumulators[0], arith::FastMathFlags::reassoc);
}

/// The largest lane of all registers, in every lane.
Value RowwiseEmitter::largest(Values registers) {
  while (registers.size() > 1) {
    Value last = registers.pop_back_val();
    Value &first = registers[registers.size() / 2];
    first = larger(b, loc, first, last);
  }
  Value top = registers[0];
  for (int64_t distance = v.lanes / 2; distance; distance /= 2) {
    SmallVector<int64_t> moved;
    for (int64_t lane = 0; lane < v.lanes; ++lane)
      moved.push_back(lane ^ distance);
    top = larger(b, loc, top, vector::ShuffleOp::create(b, loc, top, top, moved));
  }
  return top;
}

void RowwiseEmitter::softmax(SoftmaxOp op) {
  VectorMath math(b, loc, v.avx512);
  Values tops =
      overRow(repeat(v.constant(v.f32(), -infinity)), [&](MutableArrayRef<Place> places, Values now) {
        for (auto [i, place] : llvm::enumerate(places)) {
          Value x = outside(place, firstInput(place), -infinity);
          if (slots)
            keep(place, x);
          now[i % accumulators] = larger(b, loc, x, now[i % accumulators]);
        }
        return now;
      });
  // NaN need not survive here: its power is NaN, and so is the sum.
  Value top = largest(tops);
  Values sums = overRow(repeat(v.constant(v.f32(), 0)), [&](MutableArrayRef<Place> places, Values now) {
    for (auto [i, place] : llvm::enumerate(places)) {
      Value shifted = arith::SubFOp::create(b, loc, input(place), top);
      Value power = outside(place, math.expNotPositive(shifted), 0);
      if (!op.getLog())
        keep(place, power);
      now[i % accumulators] = arith::AddFOp::create(b, loc, now[i % accumulators], power);
    }
    return now;
  });
  Value sum = combine(CombiningKind::ADD, sums);
  Value factor = op.getLog() ? v.splat(math::LogOp::create(b, loc, sum))
                             : v.splat(arith::DivFOp::create(b, loc, v.constant(b.getF32Type(), 1), sum));
  overRow({}, [&](MutableArrayRef<Place> places, Values now) {
    for (Place &place : places)
      if (op.getLog())
        finish(place,
               arith::SubFOp::create(b, loc, arith::SubFOp::create(b, loc, input(place), top), factor));
      else
        finish(place, arith::MulFOp::create(b, loc, kept(place), factor));
    return now;
  });
}

void RowwiseEmitter::normalize(Value scale, Value bias, double epsilon, bool isCentered) {
  Type f32 = b.getF32Type();
  Value zero = v.constant(v.f32(), 0);
  Value count =
      arith::UIToFPOp::create(b, loc, f32, arith::IndexCastOp::create(b, loc, b.getI64Type(), p.columns));
  Value mean;
  if (isCentered) {
    Values sums = overRow(repeat(zero), [&](MutableArrayRef<Place> places, Values now) {
      for (auto [i, place] : llvm::enumerate(places))
        now[i % accumulators] =
            arith::AddFOp::create(b, loc, now[i % accumulators], outside(place, firstInput(place), 0));
      return now;
    });
    mean = v.splat(arith::DivFOp::create(b, loc, combine(CombiningKind::ADD, sums), count));
  }
  auto centered = [&](Value x) { return mean ? arith::SubFOp::create(b, loc, x, mean).getResult() : x; };
  Values squares = overRow(repeat(zero), [&](MutableArrayRef<Place> places, Values now) {
    for (auto [i, place] : llvm::enumerate(places)) {
      Value x = outside(place, centered(mean ? input(place) : firstInput(place)), 0);
      now[i % accumulators] = v.fma(x, x, now[i % accumulators]);
    }
    return now;
  });
  Value variance = arith::DivFOp::create(b, loc, combine(CombiningKind::ADD, squares), count);
  Value root =
      math::SqrtOp::create(b, loc, arith::AddFOp::create(b, loc, variance, v.constant(f32, epsilon)));
  Value factor = v.splat(arith::DivFOp::create(b, loc, v.constant(f32, 1), root));
  overRow({}, [&](MutableArrayRef<Place> places, Values now) {
    for (Place &place : places) {
      Value x = arith::MulFOp::create(b, loc, centered(input(place)), factor);
      Value gain = widen(evaluate(scale, place));
      finish(place, bias ? v.fma(x, gain, widen(evaluate(bias, place)))
                         : arith::MulFOp::create(b, loc, x, gain).getResult());
    }
    return now;
  });
}

//===-- reductions -----------------------------------------------------------------===//

namespace {
/// How a register joins an accumulator.
struct Reduction {
  explicit Reduction(ReduceKind kind) : kind(kind) {
    if (kind == ReduceKind::max || kind == ReduceKind::min) {
      combining = kind == ReduceKind::max ? CombiningKind::MAXIMUMF : CombiningKind::MINIMUMF;
      neutral = kind == ReduceKind::max ? -infinity : infinity;
    } else if (kind == ReduceKind::prod) {
      combining = CombiningKind::MUL;
      neutral = 1;
    }
  }
  Value join(VectorBuilder &v, Value total, Value x) const {
    if (kind == ReduceKind::sum_square)
      return v.fma(x, x, total);
    if (kind == ReduceKind::l1)
      x = math::AbsFOp::create(v.b, v.loc, x);
    return vector::makeArithReduction(v.b, v.loc, combining, total, x);
  }
  Value finish(VectorBuilder &v, Value total, Value count) const {
    if (kind != ReduceKind::mean)
      return total;
    Value n = arith::IndexCastOp::create(v.b, v.loc, v.b.getI64Type(), count);
    return arith::DivFOp::create(v.b, v.loc, total,
                                 v.splat(arith::UIToFPOp::create(v.b, v.loc, v.b.getF32Type(), n)));
  }

  ReduceKind kind;
  CombiningKind combining = CombiningKind::ADD;
  double neutral = 0;
};
} // namespace

/// A row becomes a number: the epilogue computes it in every lane.
void RowwiseEmitter::reduceRow(ReduceOp op) {
  Reduction reduction(op.getKind());
  Value neutral = v.constant(v.f32(), reduction.neutral);
  Values totals = overRow(repeat(neutral), [&](MutableArrayRef<Place> places, Values now) {
    for (auto [i, place] : llvm::enumerate(places)) {
      Value x = outside(place, widen(evaluate(op.getInput(), place)), reduction.neutral);
      yieldPrologue(place);
      now[i % accumulators] = reduction.join(v, now[i % accumulators], x);
    }
    return now;
  });
  Value total = reduction.finish(v, v.splat(combine(reduction.combining, totals)), p.columns);
  enterBehind(row);
  Place place;
  place.isBehind = true;
  place.known[op.getResult()] = narrow(total, op.getResult().getType());
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    if (dependsOnRoot(value)) {
      Value x = vector::ExtractOp::create(b, loc, evaluate(value, place), 0);
      if (x.getType().isInteger(1))
        x = arith::ExtUIOp::create(b, loc, b.getI8Type(), x);
      memref::StoreOp::create(b, loc, x, results[i], row);
    }
}

/// Rows become one: a unit is a block of a few registers of columns.
void RowwiseEmitter::reduceRows(ReduceOp op, Value unit) {
  Reduction reduction(op.getKind());
  Value blocks = p.blocks(), result = v.div(unit, blocks);
  Value first = v.mul(v.rem(unit, blocks), RowwisePlan::width * v.lanes);
  auto emitBlock = [&](bool isWhole) {
    SmallVector<Place> columns(RowwisePlan::width);
    for (auto [i, place] : llvm::enumerate(columns)) {
      place.column = v.add(first, int64_t(i) * v.lanes);
      if (!isWhole)
        place.mask = v.maskOf(v.sub(p.columns, place.column));
    }
    Values totals(RowwisePlan::width, v.constant(v.f32(), reduction.neutral));
    totals = v.loop(v.index(0), p.depth, 1, totals, [&](Value t, ValueRange now) {
      enterRow(v.add(v.mul(result, p.depth), t));
      Values next;
      for (auto [place, total] : llvm::zip(columns, now)) {
        Place here = place;
        Value x = widen(evaluate(op.getInput(), here));
        yieldPrologue(here);
        next.push_back(reduction.join(v, total, x));
      }
      return next;
    });
    enterBehind(result);
    for (auto [place, total] : llvm::zip(columns, totals)) {
      place.isBehind = true;
      finish(place, reduction.finish(v, total, p.depth));
    }
  };
  Value isWhole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule,
                                        v.add(first, RowwisePlan::width * v.lanes), p.columns);
  v.branch(isWhole, [&] { emitBlock(true); }, [&] { emitBlock(false); });
}

} // namespace hone
