// Rotary embedding in vectors: a unit is a token; its cosines and sines are read once for all heads.
#include "lowering/KernelToHost/RowwiseEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {
class RopeEmitter {
public:
  RopeEmitter(VectorBuilder &v, RopeOp op, ValueRange buffers) : v(v), b(v.b), loc(v.loc), op(op) {
    auto at = [&](Value operand) { return buffers[cast<BlockArgument>(operand).getArgNumber()]; };
    auto slice = op.getInput().getDefiningOp<SliceOp>();
    Value source = slice ? slice.getInput() : op.getInput();
    input = at(source);
    inputColumns = cast<RankedTensorType>(source.getType()).getDimSize(2);
    firstColumn = slice ? *firstColumnOf(slice) : 0;
    cosines = at(op.getCos());
    sines = at(op.getSin());
    if (op.getPositions())
      positions = at(op.getPositions());
    from = v.asFlat(input);
    to = v.asFlat(buffers.back());
    half = cast<RankedTensorType>(op.getCos().getType()).getShape().back();
    size = cast<RankedTensorType>(op.getInput().getType()).getDimSize(2) / int64_t(op.getHeads());
  }

  void emit(Value token) {
    Value table = tableRow(token);
    Value flatCos = v.asFlat(cosines), flatSin = v.asFlat(sines);
    for (int64_t column = 0; column < half; column += v.lanes) {
      Value mask = half - column < v.lanes ? v.maskOf(v.index(half - column)) : Value();
      Value at = v.add(table, column);
      Value cos = v.load(v.f32(), flatCos, at, mask), sin = v.load(v.f32(), flatSin, at, mask);
      overHeads(token, [&](Value read, Value written) {
        if (op.getInterleaved())
          turnPairs(v.add(read, 2 * column), v.add(written, 2 * column), cos, sin);
        else
          turnHalves(v.add(read, column), v.add(written, column), cos, sin, mask);
      });
    }
    if (2 * half < size)
      overHeads(token, [&](Value read, Value written) {
        for (int64_t column = 2 * half; column < size; column += v.lanes) {
          Value mask = size - column < v.lanes ? v.maskOf(v.index(size - column)) : Value();
          v.store(v.load(v.f32(), from, v.add(read, column), mask), to, v.add(written, column), mask);
        }
      });
  }

private:
  /// `body(read, written)` gets where a head of the token starts in the input and in the result.
  void overHeads(Value token, function_ref<void(Value, Value)> body) {
    Value read = v.add(v.mul(token, inputColumns), firstColumn);
    Value written = v.mul(token, int64_t(op.getHeads()) * size);
    v.loop(v.index(0), v.index(int64_t(op.getHeads())), 1, [&](Value head) {
      Value offset = v.mul(head, size);
      body(v.add(read, offset), v.add(written, offset));
    });
  }

  std::pair<Value, Value> turn(Value x, Value y, Value cos, Value sin) {
    Value back = arith::NegFOp::create(b, loc, arith::MulFOp::create(b, loc, y, sin));
    return {v.fma(x, cos, back), v.fma(y, cos, arith::MulFOp::create(b, loc, x, sin))};
  }

  void turnHalves(Value read, Value written, Value cos, Value sin, Value mask) {
    auto [x, y] =
        turn(v.load(v.f32(), from, read, mask), v.load(v.f32(), from, v.add(read, half), mask), cos, sin);
    v.store(x, to, written, mask);
    v.store(y, to, v.add(written, half), mask);
  }

  void turnPairs(Value read, Value written, Value cos, Value sin) {
    Value low = v.load(v.f32(), from, read), high = v.load(v.f32(), from, v.add(read, v.lanes));
    SmallVector<int64_t> even, odd, first, last;
    for (int64_t i = 0; i < v.lanes; ++i) {
      even.push_back(2 * i);
      odd.push_back(2 * i + 1);
      int64_t lane = i / 2 + i % 2 * v.lanes;
      first.push_back(lane);
      last.push_back(lane + v.lanes / 2);
    }
    auto shuffle = [&](Value x, Value y, ArrayRef<int64_t> lanes) -> Value {
      return vector::ShuffleOp::create(b, loc, x, y, lanes);
    };
    auto [x, y] = turn(shuffle(low, high, even), shuffle(low, high, odd), cos, sin);
    v.store(shuffle(x, y, first), to, written);
    v.store(shuffle(x, y, last), to, v.add(written, v.lanes));
  }

  /// Where the token's row of the tables starts.
  Value tableRow(Value token) {
    Value length = v.dim(input, 1), row = v.div(token, length), column = v.rem(token, length);
    // Rows or columns may be one for all.
    auto flatIndex = [&](Value of) {
      auto along = [&](int64_t axis, Value index) {
        return v.select(v.equal(v.dim(of, axis), 1), v.index(0), index);
      };
      return v.add(v.mul(along(0, row), v.dim(of, 1)), along(1, column));
    };
    if (!positions)
      return v.mul(flatIndex(cosines), half);
    Value given = memref::LoadOp::create(b, loc, v.asFlat(positions), flatIndex(positions));
    bool isUnsigned =
        cast<RankedTensorType>(op.getPositions().getType()).getElementType().isUnsignedInteger();
    Value position = isUnsigned ? arith::IndexCastUIOp::create(b, loc, b.getIndexType(), given).getResult()
                                : arith::IndexCastOp::create(b, loc, b.getIndexType(), given).getResult();
    // Negative ones count from the end; none reads outside.
    Value count = v.dim(cosines, 0);
    Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, position, v.index(0));
    position = v.select(isNegative, v.add(position, count), position);
    position = v.signedMax(v.signedMin(position, v.sub(count, v.index(1))), v.index(0));
    return v.mul(position, half);
  }

  VectorBuilder &v;
  OpBuilder &b;
  Location loc;
  RopeOp op;
  Value input, cosines, sines, positions, from, to;
  int64_t half, size, inputColumns, firstColumn;
};
} // namespace

void emitRope(VectorBuilder &v, KernelOp kernel, ValueRange buffers, Value lo, Value hi) {
  RopeEmitter rope(v, *kernel.getBody().front().getOps<RopeOp>().begin(), buffers);
  v.loop(lo, hi, 1, [&](Value token) { rope.emit(token); });
}

} // namespace hone
