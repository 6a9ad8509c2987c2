// Convolutions with one input channel for every output channel. The unit is a block of output rows of one
// channel. The rows that it reads are copied into scratch with their pads as zeros and split by the remainder
// of their column by the stride, so that every tap of a register of pixels is one load.
#include "lowering/KernelToHost/Conv.h"
#include "lowering/KernelToHost/VectorEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t rowsOfUnit = 32;

struct Sizes {
  Value blocks, length; // length: of one phase of a row in scratch
  int64_t reach, phases;

  Sizes(VectorBuilder &v, const ConvWindow &window) {
    phases = window.column.stride;
    blocks = v.ceilDiv(window.outRows, rowsOfUnit);
    int64_t tail = (window.tapColumns - 1) * window.column.dilation / phases + v.lanes;
    length = v.add(v.mul(v.ceilDiv(window.outColumns, v.lanes), v.lanes), tail / v.lanes * v.lanes);
    reach = rowsRead(window, rowsOfUnit);
  }
  static int64_t rowsRead(const ConvWindow &window, int64_t outputs) {
    return (outputs - 1) * window.row.stride + (window.tapRows - 1) * window.row.dilation + 1;
  }
};

class DepthwiseEmitter {
  using Values = VectorBuilder::Values;

public:
  DepthwiseEmitter(VectorBuilder &v, KernelOp kernel, ValueRange buffers, Value scratch,
                   const ConvWindow &window)
      : v(v), window(window), sizes(v, window), epilogue(v, kernel, window.inner, buffers, window.columnAxes),
        input(v.asFlat(window.input)), weight(v.asFlat(window.weight)) {
    auto type = MemRefType::get({ShapedType::kDynamic}, v.b.getF32Type());
    Value size = v.mul(sizes.length, sizes.reach * sizes.phases);
    copied = memref::ViewOp::create(v.b, v.loc, type, scratch, v.index(0), ValueRange{size});
  }

  void emit(Value lo, Value hi) {
    v.loop(lo, hi, 1, [&](Value unit) {
      Value resultRow = v.div(unit, sizes.blocks), top = v.mul(v.rem(unit, sizes.blocks), rowsOfUnit);
      Value image = v.div(resultRow, window.outputs), channel = v.rem(resultRow, window.outputs);
      Value inputChannel = v.add(v.mul(image, window.group), v.div(channel, window.outputs / window.group));
      Value bottom = v.min(v.add(top, rowsOfUnit), window.outRows);
      copy(inputChannel, top, bottom);
      static const int64_t heights[] = {4, 2, 1};
      v.tileRows(top, bottom, heights, [&](Value row, int64_t height) {
        v.loop(v.index(0), window.outColumns, v.lanes, [&](Value column) {
          Values sums = product(channel, v.sub(row, top), column, height);
          finish(resultRow, row, column, sums);
        });
      });
    });
  }

private:
  Value rowInScratch(Value row, int64_t phase) {
    return v.mul(v.add(v.mul(row, sizes.phases), phase), sizes.length);
  }

  void copy(Value channel, Value top, Value bottom) {
    int64_t phases = sizes.phases;
    Value count = v.add(v.mul(v.sub(bottom, top), window.row.stride), Sizes::rowsRead(window, 0));
    v.loop(v.index(0), count, 1, [&](Value row) {
      Value y = v.sub(v.add(v.mul(top, window.row.stride), row), v.index(window.row.pad));
      Value source = v.mul(v.add(v.mul(channel, window.rows), y), window.columns);
      Value end = v.select(v.less(y, window.rows), window.columns, v.index(0));
      v.loop(v.index(0), sizes.length, v.lanes, [&](Value column) {
        Value x = v.sub(v.mul(column, phases), v.index(window.column.pad));
        Value at = v.add(source, x), from = v.sub(v.index(0), x), to = v.sub(end, x);
        Values loaded;
        for (int64_t i = 0; i < phases; ++i)
          loaded.push_back(v.load(v.f32(), input, v.add(at, i * v.lanes), v.maskOf(from, to, i * v.lanes)));
        for (int64_t phase = 0; phase < phases; ++phase)
          v.store(everyOther(loaded, phase), copied, v.add(rowInScratch(row, phase), column));
      });
    });
  }

  /// Elements phase, phase + n, ... of n registers.
  Value everyOther(ArrayRef<Value> loaded, int64_t phase) {
    if (loaded.size() == 1)
      return loaded[0];
    int64_t stride = loaded.size();
    Value made = loaded[0];
    for (int64_t i = 0; i < stride; i += i ? 1 : 2) {
      // Lanes that registers up to i hold come from them.
      SmallVector<int64_t> pick;
      int64_t next = i ? i : 1;
      for (int64_t lane = 0; lane < v.lanes; ++lane) {
        int64_t element = lane * stride + phase, home = element / v.lanes, place = element % v.lanes;
        pick.push_back(home == next ? v.lanes + place : i ? lane : home == 0 ? place : 0);
      }
      made = vector::ShuffleOp::create(v.b, v.loc, made, loaded[next], pick);
    }
    return made;
  }

  /// Output rows [row, row + height), counted in scratch, from `column` on.
  Values product(Value channel, Value row, Value column, int64_t height) {
    Value bias = window.bias ? v.loadSplat(window.bias, channel) : v.constant(v.f32(), 0);
    Values sums(height, bias);
    Value first = v.mul(row, window.row.stride), weights = v.mul(channel, window.taps());
    for (int64_t y = 0; y < Sizes::rowsRead(window, height); ++y)
      for (int64_t j = 0; j < window.tapColumns; ++j) {
        Value pixels;
        for (int64_t r = 0; r < height; ++r) {
          int64_t below = y - r * window.row.stride, i = below / window.row.dilation;
          if (below < 0 || below % window.row.dilation || i >= window.tapRows)
            continue;
          if (!pixels) {
            int64_t x = j * window.column.dilation;
            Value at = rowInScratch(v.add(first, y), x % sizes.phases);
            pixels = v.load(v.f32(), copied, v.add(v.add(at, column), x / sizes.phases));
          }
          Value tap = v.loadSplat(weight, v.add(weights, i * window.tapColumns + j));
          sums[r] = v.fma(pixels, tap, sums[r]);
        }
      }
    return sums;
  }

  void finish(Value resultRow, Value row, Value column, ArrayRef<Value> sums) {
    auto storeAll = [&](Value mask) {
      for (auto [r, sum] : llvm::enumerate(sums))
        epilogue.finish(v.add(v.mul(v.add(row, r), window.outColumns), column), mask, resultRow, sum);
    };
    Value left = v.sub(window.outColumns, column);
    v.branch(v.less(left, v.index(v.lanes)), [&] { storeAll(v.maskOf(left)); }, [&] { storeAll({}); });
  }

  VectorBuilder &v;
  const ConvWindow &window;
  Sizes sizes;
  VectorEpilogue epilogue;
  Value input, weight, copied;
};

} // namespace

void emitDepthwise(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, Value lo, Value hi) {
  VectorBuilder v(b, kernel.getLoc(), TargetAttr::of(kernel));
  ConvWindow window(v, kernel, buffers);
  DepthwiseEmitter(v, kernel, buffers, scratch, window).emit(lo, hi);
}

Launch launchDepthwise(VectorBuilder &v, const ConvWindow &window) {
  Sizes sizes(v, window);
  Value units = v.mul(v.mul(window.images, window.outputs), sizes.blocks);
  // About 50 operations a nanosecond; four pixels are copied in one.
  Value perRow = v.add(v.mul(sizes.length, window.taps() * 2 / 50 + window.row.stride * sizes.phases / 4), 5);
  Value scratch = v.mul(sizes.length, sizes.reach * sizes.phases * 4);
  return {units, v.mul(perRow, v.min(window.outRows, v.index(rowsOfUnit))), scratch};
}

} // namespace hone
