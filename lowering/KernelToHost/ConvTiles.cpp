// Any convolution as a product: rows are output channels (their weights are the left side as they are),
// columns are output pixels. A panel of two registers of pixels is gathered into scratch, [depth][pixels],
// then the tiles of all products go over it. The unit is (image, group, panel, block of channels); a worker
// gathers each panel that it meets once.
#include "lowering/KernelToHost/Conv.h"
#include "lowering/KernelToHost/MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t blockOfChannels = 64;

struct Sizes {
  Value pixels, panels, units;
  int64_t blocks;

  Sizes(VectorBuilder &v, const ConvWindow &window) {
    pixels = window.pixels(v);
    panels = v.ceilDiv(pixels, MatmulTiles::widthOf(v));
    blocks = (window.outputsOfGroup() + blockOfChannels - 1) / blockOfChannels;
    units = v.mul(v.mul(v.mul(window.images, panels), window.group), blocks);
  }
};

class TileEmitter : MatmulTiles {
public:
  TileEmitter(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, const ConvWindow &window)
      : MatmulTiles(b, kernel, ConvWindow::rootOf(kernel).getResult(), buffers, window.weight,
                    window.columnAxes),
        window(window), sizes(v, window), input(v.asFlat(window.input)),
        panel(v.view(scratch, 0, MemRefType::get({window.depth(), widthOf(v)}, b.getF32Type()))),
        plane(v.mul(window.rows, window.columns)) {}

  void emit(Value lo, Value hi) {
    v.branch(v.less(lo, hi), [&] {
      v.loop(v.div(lo, sizes.blocks), v.ceilDiv(hi, sizes.blocks), 1, [&](Value index) {
        Value place = v.div(index, sizes.panels), first = v.mul(v.rem(index, sizes.panels), widthOf(v));
        Value image = v.div(place, window.group), group = v.rem(place, window.group);
        Value inputChannel = v.mul(place, window.channels);
        if (window.isPointwise())
          copy(inputChannel, first);
        else
          v.loop(v.index(0), v.index(widthOf(v)), v.lanes, [&](Value column) {
            Value start = v.add(first, column);
            v.branch(v.less(start, sizes.pixels), [&] { gather(inputChannel, start, column); });
          });

        Value unit = v.mul(index, sizes.blocks), outputs = v.index(window.outputsOfGroup());
        Value from = v.sub(v.select(v.less(unit, lo), lo, unit), unit),
              to = v.min(v.sub(hi, unit), v.index(sizes.blocks));
        Value base = v.mul(group, window.outputsOfGroup());
        Value top = v.add(base, v.mul(from, blockOfChannels)),
              bottom = v.add(base, v.min(v.mul(to, blockOfChannels), outputs));
        Value resultRow = v.mul(image, window.outputs);
        v.tileRows(top, bottom, heightsOf(v), [&](Value channel, int64_t height) {
          Values tile =
              product(channel, height, v.index(0), v.index(window.depth()),
                      [&](Value k, int64_t r) { return v.load(v.f32(), panel, {k, v.index(r * v.lanes)}); });
          if (window.bias)
            for (auto [i, sum] : llvm::enumerate(tile))
              sum = arith::AddFOp::create(
                  v.b, v.loc, sum, v.loadSplat(window.bias, v.add(channel, int64_t(i) / registersOfPanel)));
          finish(v.add(resultRow, channel), first, sizes.pixels, isAligned(), tile);
        });
      });
    });
  }

private:
  bool isAligned() {
    auto pixels = getConstantIntValue(sizes.pixels);
    return pixels && *pixels % widthOf(v) == 0;
  }

  /// The panel of a pointwise convolution: rows of the input.
  void copy(Value channel, Value first) {
    auto rows = [&](bool isWhole) {
      Values masks;
      for (int64_t r = 0; r < registersOfPanel; ++r)
        masks.push_back(isWhole ? Value()
                                : v.maskOf(v.index(0), v.sub(sizes.pixels, v.add(first, r * v.lanes))));
      Value source = v.add(v.mul(channel, plane), first);
      v.loop(v.index(0), v.index(window.depth()), 1, [&](Value k) {
        Value at = v.add(source, v.mul(k, plane));
        for (int64_t r = 0; r < registersOfPanel; ++r)
          v.store(v.load(v.f32(), input, v.add(at, r * v.lanes), masks[r]), panel, {k, v.index(r * v.lanes)});
      });
    };
    if (isAligned())
      return rows(true);
    v.branch(v.less(sizes.pixels, v.add(first, widthOf(v))), [&] { rows(false); }, [&] { rows(true); });
  }

  /// One register of pixels from `start` on, for all channels and taps. Pixels of one output row read one
  /// input row, so a register that reaches over several is filled a row at a time.
  void gather(Value channel, Value start, Value column) {
    Value row = v.div(start, window.outColumns), shift = v.rem(start, window.outColumns);
    Value count = v.min(v.index(v.lanes), v.sub(sizes.pixels, start));
    Value parts = v.add(v.div(v.add(shift, v.sub(count, v.index(1))), window.outColumns), 1);
    v.loop(v.index(0), parts, 1, [&](Value part) {
      Value before = v.sub(v.mul(part, window.outColumns), shift); // lanes of the rows in front
      Part p = {v.signedMax(before, v.index(0)), v.min(v.add(before, window.outColumns), count), {}, part};
      v.loop(v.index(0), v.index(window.tapRows), 1, [&](Value i) {
        Value y = inputAt(window.row, v.add(row, part), i);
        v.loop(v.index(0), v.index(window.tapColumns), 1, [&](Value j) {
          // The input column of lane 0, which may lie in another row.
          p.x = inputAt(window.column, v.sub(v.index(0), before), j);
          Value source = v.add(v.mul(v.add(v.mul(channel, window.rows), y), window.columns), p.x);
          Value depth = v.add(v.mul(i, window.tapColumns), j);
          Value isInside = v.less(y, window.rows); // unsigned: also from below
          p.bottom = v.signedMax(v.mul(p.from, window.column.stride), v.sub(v.index(0), p.x));
          p.top =
              v.select(isInside, v.signedMin(v.mul(p.to, window.column.stride), v.sub(window.columns, p.x)),
                       v.index(0));
          fill(p, source, depth, column);
        });
      });
    });
  }

  /// Lanes [from, to) of a register, which read the input columns [bottom, top) counted from x, that of lane
  /// 0.
  struct Part {
    Value from, to, x, number, bottom, top;
  };

  Value inputAt(const ConvWindow::Axis &axis, Value output, Value tap) {
    return v.sub(v.add(v.mul(output, axis.stride), v.mul(tap, axis.dilation)), v.index(axis.pad));
  }

  void fill(const Part &p, Value source, Value depth, Value column) {
    int64_t stride = window.column.stride;
    auto overChannels = [&](llvm::function_ref<void(Value, Value)> body) {
      v.loop(v.index(0), v.index(window.channels), 1, [&](Value channel) {
        body(v.add(source, v.mul(channel, plane)), v.add(v.mul(channel, window.taps()), depth));
      });
    };
    if (stride > 2) {
      v.loop(p.from, p.to, 1, [&](Value lane) {
        Value x = v.mul(lane, stride);
        Value isInside = arith::AndIOp::create(v.b, v.loc, v.less(v.add(p.x, x), window.columns),
                                               v.less(v.index(0), p.top));
        Value zero = v.constant(v.b.getF32Type(), 0);
        v.branch(
            isInside,
            [&] {
              overChannels([&](Value at, Value k) {
                Value element = memref::LoadOp::create(v.b, v.loc, input, v.add(at, x));
                memref::StoreOp::create(v.b, v.loc, element, panel, ValueRange{k, v.add(column, lane)});
              });
            },
            [&] {
              overChannels([&](Value, Value k) {
                memref::StoreOp::create(v.b, v.loc, zero, panel, ValueRange{k, v.add(column, lane)});
              });
            });
      });
      return;
    }
    Value mask = v.maskOf(p.bottom, p.top), high, mine;
    SmallVector<int64_t> even;
    if (stride == 2) {
      high = v.maskOf(p.bottom, p.top, v.lanes);
      mine = v.maskOf(p.from, p.to);
      for (int64_t lane = 0; lane < v.lanes; ++lane)
        even.push_back(2 * lane);
    }
    auto lanes = [&](bool isFirst) {
      overChannels([&](Value at, Value k) {
        Value others = isFirst ? Value() : v.load(v.f32(), panel, {k, column}), made;
        if (stride == 1) {
          made = v.load(v.f32(), input, at, mask, others);
        } else {
          Value x = v.load(v.f32(), input, at, mask), y = v.load(v.f32(), input, v.add(at, v.lanes), high);
          made = vector::ShuffleOp::create(v.b, v.loc, x, y, even);
          if (others)
            made = v.select(mine, made, others);
        }
        v.store(made, panel, {k, column});
      });
    };
    v.branch(v.equal(p.number, 0), [&] { lanes(true); }, [&] { lanes(false); });
  }

  const ConvWindow &window;
  Sizes sizes;
  Value input, panel, plane;
};

} // namespace

void emitConvTiles(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, Value lo, Value hi) {
  VectorBuilder v(b, kernel.getLoc(), TargetAttr::of(kernel));
  ConvWindow window(v, kernel, buffers);
  TileEmitter(b, kernel, buffers, scratch, window).emit(lo, hi);
}

Launch launchConvTiles(VectorBuilder &v, const ConvWindow &window) {
  Sizes sizes(v, window);
  // Tiles do about 90 operations a nanosecond; a row of the panel is gathered in about 3.
  int64_t width = MatmulTiles::widthOf(v), outputs = std::min(window.outputsOfGroup(), blockOfChannels);
  int64_t cost = window.depth() * (width * outputs * 2 / 90 + 3) + 20;
  return {sizes.units, v.index(cost), v.index(window.depth() * width * 4)};
}

} // namespace hone
