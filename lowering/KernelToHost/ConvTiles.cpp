// Any convolution as a product: rows are output channels (their weights are the left side as they are),
// columns are output pixels. The unit is (image, group, block of pixels, block of channels). Its pixels are
// gathered into scratch, panels of [depth][two registers], for a block of input channels at a time; then the
// tiles of all products go over them.
#include "lowering/KernelToHost/Conv.h"
#include "lowering/KernelToHost/MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

/// Sizes that the kernel and its launch agree on.
struct Plan {
  int64_t width, inputsAtOnce, panelsAtOnce, blocks, outputsAtOnce;
  Value pixels, pixelBlocks, units;

  Plan(VectorBuilder &v, const ConvWindow &window) {
    width = MatmulTiles::widthOf(v);
    // What is gathered for few outputs should stay in the first cache; where weights are many, they are the
    // ones to read seldom.
    int64_t steps = 24576 / (width * 4), outputs = window.outputsOfGroup(), most = 8;
    inputsAtOnce = std::clamp<int64_t>(steps / window.taps(), 1, window.channels);
    panelsAtOnce =
        outputs >= 128 ? most : std::clamp<int64_t>(steps / (inputsAtOnce * window.taps()), 1, most);
    // An even number of blocks, as threads are.
    blocks = outputs < 128 ? 1 : (outputs + 191) / 192 * 2;
    outputsAtOnce = (outputs + blocks * 8 - 1) / (blocks * 8) * 8;
    pixels = window.pixels(v);
    pixelBlocks = v.ceilDiv(pixels, width * panelsAtOnce);
    units = v.mul(v.mul(v.mul(window.images, window.group), pixelBlocks), blocks);
  }
  /// The numbers of output channels that units have.
  SmallVector<int64_t> outputCounts(const ConvWindow &window) const {
    int64_t outputs = window.outputsOfGroup(), last = outputs - (outputs - 1) / outputsAtOnce * outputsAtOnce;
    return {std::min(outputs, outputsAtOnce), last};
  }
  bool isBlocked(const ConvWindow &window) const { return inputsAtOnce < window.channels; }
  int64_t panelFloats(const ConvWindow &window) const {
    return panelsAtOnce * inputsAtOnce * window.taps() * width;
  }
  /// Sums that wait for the next block of input channels.
  int64_t sumFloats(const ConvWindow &window) const {
    return isBlocked(window) ? outputsAtOnce * panelsAtOnce * width : 0;
  }
};

class TileEmitter : MatmulTiles {
public:
  TileEmitter(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, const ConvWindow &window)
      : MatmulTiles(b, kernel, window.inner, buffers, window.weight, window.columnAxes), window(window),
        plan(v, window), input(v.asFlat(window.input)), plane(v.mul(window.rows, window.columns)) {
    auto view = [&](int64_t offset, ArrayRef<int64_t> shape) {
      return v.view(scratch, offset * 4, MemRefType::get(shape, b.getF32Type()));
    };
    panels = view(0, {plan.panelsAtOnce, plan.inputsAtOnce * window.taps(), plan.width});
    if (plan.isBlocked(window))
      waiting = view(plan.panelFloats(window), {plan.outputsAtOnce, plan.panelsAtOnce, plan.width});
  }

  void emit(Value lo, Value hi) {
    v.loop(lo, hi, 1, [&](Value unit) {
      Value block = v.rem(unit, plan.blocks), rest = v.div(unit, plan.blocks);
      Value place = v.div(rest, plan.pixelBlocks);
      Value group = v.rem(place, window.group), channel = v.mul(place, window.channels);
      image = v.div(place, window.group);
      firstPixel = v.mul(v.rem(rest, plan.pixelBlocks), plan.panelsAtOnce * plan.width);
      Value left = v.min(v.sub(plan.pixels, firstPixel), v.index(plan.panelsAtOnce * plan.width));
      count = v.ceilDiv(left, plan.width);
      Value outputs = v.mul(group, window.outputsOfGroup());
      top = v.add(outputs, v.mul(block, plan.outputsAtOnce));
      bottom = v.min(v.add(top, plan.outputsAtOnce), v.add(outputs, window.outputsOfGroup()));

      // All blocks of input channels but the last leave their sums in scratch.
      int64_t lastBlock = (window.channels - 1) / plan.inputsAtOnce * plan.inputsAtOnce;
      v.loop(v.index(0), v.index(lastBlock), plan.inputsAtOnce, [&](Value first) {
        pack(v.add(channel, first), plan.inputsAtOnce);
        tiles(first, plan.inputsAtOnce, false);
      });
      pack(v.add(channel, lastBlock), window.channels - lastBlock);
      tiles(v.index(lastBlock), window.channels - lastBlock, true);
    });
  }

private:
  /// A register of the panels.
  struct Place {
    Value panel, column;
  };

  bool isAligned() {
    auto pixels = getConstantIntValue(plan.pixels);
    return pixels && *pixels % plan.width == 0;
  }

  void pack(Value channel, int64_t channels) {
    inputs = channels;
    v.loop(v.index(0), count, 1, [&](Value panel) {
      Value first = v.add(firstPixel, v.mul(panel, plan.width));
      if (window.isPointwise())
        return copy(panel, channel, first);
      v.loop(v.index(0), v.index(plan.width), v.lanes, [&](Value column) {
        Value start = v.add(first, column);
        v.branch(v.less(start, plan.pixels), [&] { gather({panel, column}, channel, start); });
      });
    });
  }

  /// Products over the packed input channels from `first` of the group on; the last ones finish.
  void tiles(Value first, int64_t channels, bool isLast) {
    Value from = v.mul(first, window.taps()), to = v.add(from, channels * window.taps());
    // Phases that lie side by side come in pairs.
    ArrayRef<int64_t> heights = heightsOf(v).drop_back(window.interleave ? 1 : 0);
    auto row = [&](Value channel, int64_t height) {
      v.loop(v.index(0), count, 1, [&](Value panel) {
        auto tile = [&](int64_t registers) {
          auto place = [&](size_t i) -> SmallVector<Value> {
            return {v.add(v.sub(channel, top), i / registers), panel, v.index(i % registers * v.lanes)};
          };
          Values start;
          for (size_t i = 0; waiting && i < size_t(height * registers); ++i)
            start.push_back(
                v.select(v.equal(first, 0), v.constant(v.f32(), 0), v.load(v.f32(), waiting, place(i))));
          Values sums = product(
              channel, height, from, to,
              [&](Value k, int64_t r) {
                return v.load(v.f32(), panels, {panel, v.sub(k, from), v.index(r * v.lanes)});
              },
              registers, start);
          if (!isLast) {
            for (auto [i, sum] : llvm::enumerate(sums))
              v.store(sum, waiting, place(i));
            return;
          }
          if (window.bias)
            for (auto [i, sum] : llvm::enumerate(sums))
              sum = arith::AddFOp::create(v.b, v.loc, sum,
                                          v.loadSplat(window.bias, v.add(channel, int64_t(i) / registers)));
          Value column = v.add(firstPixel, v.mul(panel, plan.width));
          if (window.interleave)
            InterleavedStore(v, epilogue, window).finish(image, channel, column, sums, registers);
          else
            finish(v.add(v.mul(image, window.outputs), channel), column, plan.pixels, isAligned(), sums,
                   registers);
        };
        if (isAligned())
          return tile(registersOfPanel);
        Value second = v.add(firstPixel, v.add(v.mul(panel, plan.width), v.lanes));
        v.branch(v.less(second, plan.pixels), [&] { tile(registersOfPanel); }, [&] { tile(1); });
      });
    };
    v.tileRows(top, bottom, heights, row, plan.outputCounts(window));
  }

  /// A panel of a pointwise convolution: rows of the input.
  void copy(Value panel, Value channel, Value first) {
    auto rows = [&](bool isWhole) {
      Values masks;
      for (int64_t r = 0; r < registersOfPanel; ++r)
        masks.push_back(isWhole ? Value()
                                : v.maskOf(v.index(0), v.sub(plan.pixels, v.add(first, r * v.lanes))));
      Value source = v.add(v.mul(channel, plane), first);
      v.loop(v.index(0), v.index(inputs), 1, [&](Value k) {
        Value at = v.add(source, v.mul(k, plane));
        for (int64_t r = 0; r < registersOfPanel; ++r)
          v.store(v.load(v.f32(), input, v.add(at, r * v.lanes), masks[r]), panels,
                  {panel, k, v.index(r * v.lanes)});
      });
    };
    if (isAligned())
      return rows(true);
    v.branch(v.less(plan.pixels, v.add(first, plan.width)), [&] { rows(false); }, [&] { rows(true); });
  }

  /// One register of pixels from `start` on, for all channels and taps. Pixels of one output row read one
  /// input row, so a register that reaches over several is filled a row at a time.
  void gather(Place to, Value channel, Value start) {
    Value count = v.min(v.index(v.lanes), v.sub(plan.pixels, start));
    window.overRows(v, start, count, [&](const ConvWindow::Part &part) {
      v.loop(v.index(0), v.index(window.tapRows), 1, [&](Value i) {
        Value y = inputAt(window.row, part.row, i);
        v.loop(v.index(0), v.index(window.tapColumns), 1, [&](Value j) {
          Value x = inputAt(window.column, part.column, j), below = v.sub(v.index(0), x);
          Value source = v.add(v.mul(v.add(v.mul(channel, window.rows), y), window.columns), x);
          Value isInside = v.less(y, window.rows); // unsigned: also from below
          Value bottom = v.signedMax(v.mul(part.from, window.column.stride), below);
          Value top = v.select(
              isInside, v.signedMin(v.mul(part.to, window.column.stride), v.add(window.columns, below)),
              v.index(0));
          fill(part, {x, bottom, top}, source, v.add(v.mul(i, window.tapColumns), j), to);
        });
      });
    });
  }

  /// Input columns [bottom, top) counted from x, that of lane 0.
  struct Source {
    Value x, bottom, top;
  };

  Value inputAt(const ConvWindow::Axis &axis, Value output, Value tap) {
    return v.sub(v.add(v.mul(output, axis.stride), v.mul(tap, axis.dilation)), v.index(axis.pad));
  }

  void fill(const ConvWindow::Part &part, Source from, Value source, Value depth, Place to) {
    int64_t stride = window.column.stride;
    auto overChannels = [&](llvm::function_ref<void(Value, Value)> body) {
      v.loop(v.index(0), v.index(inputs), 1, [&](Value channel) {
        body(v.add(source, v.mul(channel, plane)), v.add(v.mul(channel, window.taps()), depth));
      });
    };
    if (stride > 2) {
      v.loop(part.from, part.to, 1, [&](Value lane) {
        Value x = v.mul(lane, stride);
        Value isInside = arith::AndIOp::create(v.b, v.loc, v.less(v.add(from.x, x), window.columns),
                                               v.less(v.index(0), from.top));
        Value zero = v.constant(v.b.getF32Type(), 0);
        v.branch(
            isInside,
            [&] {
              overChannels([&](Value at, Value k) {
                Value element = memref::LoadOp::create(v.b, v.loc, input, v.add(at, x));
                memref::StoreOp::create(v.b, v.loc, element, panels,
                                        ValueRange{to.panel, k, v.add(to.column, lane)});
              });
            },
            [&] {
              overChannels([&](Value, Value k) {
                memref::StoreOp::create(v.b, v.loc, zero, panels,
                                        ValueRange{to.panel, k, v.add(to.column, lane)});
              });
            });
      });
      return;
    }
    Value mask = v.maskOf(from.bottom, from.top), high, mine;
    SmallVector<int64_t> even;
    if (stride == 2) {
      high = v.maskOf(from.bottom, from.top, v.lanes);
      mine = v.maskOf(part.from, part.to);
      for (int64_t lane = 0; lane < v.lanes; ++lane)
        even.push_back(2 * lane);
    }
    auto lanes = [&](bool isFirst) {
      overChannels([&](Value at, Value k) {
        Value others = isFirst ? Value() : v.load(v.f32(), panels, {to.panel, k, to.column}), made;
        if (stride == 1) {
          made = v.load(v.f32(), input, at, mask, others);
        } else {
          Value x = v.load(v.f32(), input, at, mask), y = v.load(v.f32(), input, v.add(at, v.lanes), high);
          made = vector::ShuffleOp::create(v.b, v.loc, x, y, even);
          if (others)
            made = v.select(mine, made, others);
        }
        v.store(made, panels, {to.panel, k, to.column});
      });
    };
    v.branch(part.isFirst, [&] { lanes(true); }, [&] { lanes(false); });
  }

  const ConvWindow &window;
  Plan plan;
  Value input, plane, panels, waiting;
  // Of the unit.
  Value image, firstPixel, count, top, bottom;
  int64_t inputs = 0; // that are packed
};

} // namespace

void emitConvTiles(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, Value lo, Value hi) {
  VectorBuilder v(b, kernel.getLoc(), TargetAttr::of(kernel));
  ConvWindow window(v, kernel, buffers);
  TileEmitter(b, kernel, buffers, scratch, window).emit(lo, hi);
}

Launch launchConvTiles(VectorBuilder &v, const ConvWindow &window) {
  Plan plan(v, window);
  // Tiles do about 90 operations a nanosecond; a row of a panel is gathered in about 3.
  int64_t perPanel = window.depth() * (plan.width * plan.outputsAtOnce * 2 / 90 + 3) + 20;
  Value panels = v.min(v.ceilDiv(plan.pixels, plan.width), v.index(plan.panelsAtOnce));
  int64_t scratch = (plan.panelFloats(window) + plan.sumFloats(window)) * 4;
  return {plan.units, v.mul(panels, perPanel), v.index(scratch)};
}

} // namespace hone
