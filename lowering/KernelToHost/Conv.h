// What the convolution kernels share: the window, its sizes, where an output pixel reads.
#ifndef HONE_LOWERING_KERNELTOHOST_CONV_H
#define HONE_LOWERING_KERNELTOHOST_CONV_H
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/VectorBuilder.h"

namespace hone {

/// A convolution over rows and columns; one spatial dimension has one row.
struct ConvWindow {
  ConvWindow(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers);

  static mlir::hone::ConvOp rootOf(mlir::hone::KernelOp kernel);
  /// One input channel for every output channel.
  bool isDepthwise() const { return channels == 1 && group > 1; }
  /// Output pixels are input pixels.
  bool isPointwise() const { return taps() == 1 && row.isPlain() && column.isPlain(); }
  int64_t taps() const { return tapRows * tapColumns; }
  /// Numbers of the input that make up one output element.
  int64_t depth() const { return channels * taps(); }
  int64_t outputsOfGroup() const { return outputs / group; }
  mlir::Value pixels(VectorBuilder &v) const { return v.mul(outRows, outColumns); }

  struct Axis {
    int64_t stride = 1, dilation = 1, pad = 0, padBehind = 0;
    bool isPlain() const { return stride == 1 && pad == 0 && padBehind == 0; }
  };
  int64_t outputs, channels, group; // channels: of one group
  int64_t tapRows = 1, tapColumns = 1, columnAxes;
  Axis row, column;
  mlir::Value input, weight, bias, result; // buffers; bias may be null
  mlir::Value images, rows, columns, outRows, outColumns;
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
