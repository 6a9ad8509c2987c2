// Strides, pads and dilations of windows over [batch, channels, ...], for convolution and pooling.
#ifndef HONE_LOWERING_ONNXTOHONE_WINDOW_H
#define HONE_LOWERING_ONNXTOHONE_WINDOW_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

struct Window {
  std::vector<int64_t> kernel, strides, dilations, pads;
};

/// Reads the attributes, with automatic padding worked out. False after failing.
bool takeWindow(Node &n, mlir::Value x, llvm::ArrayRef<int64_t> kernel, Window &w);
std::vector<int64_t> kernelOf(Node &n, mlir::Value weight);
/// An average pooling with the node's attributes.
mlir::Value averaged(Node &n, mlir::Value x);
/// The numbers of a max pooling's maxima among the elements of x.
mlir::Value maximaOf(Node &n, mlir::Value x, mlir::Value pooled, const Window &w);
/// A convolution with the node's attributes.
mlir::Value convolve(Node &n, mlir::Value x, mlir::Value weight, mlir::Value bias);

} // namespace hone
#endif
