// What the convolution kernels share: the window, its sizes, where an output pixel reads.
#ifndef HONE_LOWERING_KERNELTOHOST_CONV_H
#define HONE_LOWERING_KERNELTOHOST_CONV_H
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/VectorEpilogue.h"

namespace hone {

/// A convolution over rows and columns; one spatial dimension has one row.
struct ConvWindow {
  ConvWindow(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers);

  /// One input channel for every output channel.
  bool isDepthwise() const { return channels == 1 && group > 1; }
  /// Output pixels are input pixels.
  bool isPointwise() const { return taps() == 1 && row.isPlain() && column.isPlain(); }
  int64_t taps() const { return tapRows * tapColumns; }
  /// Numbers of the input that make up one output element.
  int64_t depth() const { return channels * taps(); }
  int64_t outputsOfGroup() const { return outputs / group; }
  /// Calls `body` for each row of pixels that a register of `count` pixels from `start` on reaches into:
  /// lanes [from, to) are of `row`, and lane 0 would stand in its column `column`, which may be negative.
  struct Part {
    mlir::Value isFirst, row, column, from, to;
  };
  void overRows(VectorBuilder &v, mlir::Value start, mlir::Value count,
                llvm::function_ref<void(const Part &)> body) const;
  mlir::Value pixels(VectorBuilder &v) const { return v.mul(outRows, outColumns); }

  struct Axis {
    int64_t stride = 1, dilation = 1, pad = 0, padBehind = 0;
    bool isPlain() const { return stride == 1 && pad == 0 && padBehind == 0; }
  };
  int64_t outputs, channels, group; // channels: of one group
  int64_t tapRows = 1, tapColumns = 1, columnAxes;
  Axis row, column;
  mlir::Value input, weight, bias, result; // buffers; bias may be null
  /// The value behind which elementwise ops stand.
  mlir::Value inner;
  mlir::hone::InterleaveOp interleave; // may be null; the pixels are those in front of it
  mlir::Value images, rows, columns, outRows, outColumns;
};

/// Stores tiles whose rows are the phases of output channels, by twos side by side.
class InterleavedStore {
public:
  InterleavedStore(VectorBuilder &v, VectorEpilogue &epilogue, const ConvWindow &window)
      : v(v), epilogue(epilogue), window(window) {}
  /// A tile of an image from `channel` (even) and pixel `first` on.
  void finish(mlir::Value image, mlir::Value channel, mlir::Value first, mlir::ArrayRef<mlir::Value> tile,
              int64_t registers);

private:
  VectorBuilder &v;
  VectorEpilogue &epilogue;
  const ConvWindow &window;
};

/// Any convolution as a product of the weight and columns that are gathered panel by panel.
void emitConvTiles(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                   mlir::Value scratch, mlir::Value lo, mlir::Value hi);
Launch launchConvTiles(VectorBuilder &v, const ConvWindow &window);

/// One input channel for every output channel.
void emitDepthwise(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                   mlir::Value scratch, mlir::Value lo, mlir::Value hi);
Launch launchDepthwise(VectorBuilder &v, const ConvWindow &window);

} // namespace hone
#endif
