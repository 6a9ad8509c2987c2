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

void RowwiseEmitter::reduce(ReduceOp op) {
  ReduceKind kind = op.getKind();
  CombiningKind combining = CombiningKind::ADD;
  double neutral = 0;
  if (kind == ReduceKind::max || kind == ReduceKind::min) {
    combining = kind == ReduceKind::max ? CombiningKind::MAXIMUMF : CombiningKind::MINIMUMF;
    neutral = kind == ReduceKind::max ? -infinity : infinity;
  } else if (kind == ReduceKind::prod) {
    combining = CombiningKind::MUL;
    neutral = 1;
  }
  Values totals =
      overRow(repeat(v.constant(v.f32(), neutral)), [&](MutableArrayRef<Place> places, Values now) {
        for (auto [i, place] : llvm::enumerate(places)) {
          Value x = outside(place, widen(evaluate(op.getInput(), place)), neutral),
                &total = now[i % accumulators];
          yieldPrologue(place);
          if (kind == ReduceKind::l1)
            x = math::AbsFOp::create(b, loc, x);
          total = kind == ReduceKind::sum_square ? v.fma(x, x, total)
                                                 : vector::makeArithReduction(b, loc, combining, total, x);
        }
        return now;
      });
  Value total = combine(combining, totals);
  if (kind == ReduceKind::mean)
    total = arith::DivFOp::create(
        b, loc, total,
        arith::UIToFPOp::create(b, loc, b.getF32Type(),
                                arith::IndexCastOp::create(b, loc, b.getI64Type(), p.columns)));
  finishRow(v.splat(total));
}

/// The epilogue of a reduction: a row is one number, computed in every lane.
void RowwiseEmitter::finishRow(Value total) {
  Place place;
  place.column = v.index(0);
  place.mask = v.maskOf(v.index(1));
  place.known[p.root->getResult(0)] = narrow(total, p.root->getResult(0).getType());
  bool keepsAxes = cast<ReduceOp>(p.root).getKeepdims();
  for (BlockArgument argument : body.getArguments())
    if (llvm::any_of(argument.getUsers(), [&](Operation *user) { return isBehindRoot(user); })) {
      std::vector<DimExpr> dims = p.shapes.dims(argument);
      if (!keepsAxes)
        dims.insert(dims.end(), p.space.columns, DimExpr(1));
      place.known[argument] = splatOf(argument, offsetOf(dims, false, row));
    }
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    if (dependsOnRoot(value)) {
      Value x = vector::ExtractOp::create(b, loc, evaluate(value, place), 0);
      if (x.getType().isInteger(1))
        x = arith::ExtUIOp::create(b, loc, b.getI8Type(), x);
      memref::StoreOp::create(b, loc, x, results[i], row);
    }
}

} // namespace hone
