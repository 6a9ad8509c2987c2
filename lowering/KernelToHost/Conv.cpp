// The convolution family: reads the window and chooses the kernel.
#include "lowering/KernelToHost/Conv.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

ConvWindow::ConvWindow(VectorBuilder &v, KernelOp kernel, ValueRange buffers) {
  Block &body = kernel.getBody().front();
  ConvOp root = *body.getOps<ConvOp>().begin();
  inner = root.getResult();
  for (InterleaveOp op : body.getOps<InterleaveOp>()) {
    interleave = op;
    inner = op.getResult();
  }
  auto bufferOf = [&](Value value) { return buffers[cast<BlockArgument>(value).getArgNumber()]; };
  input = bufferOf(root.getInput());
  weight = bufferOf(root.getWeight());
  if (root.getBias())
    bias = bufferOf(root.getBias());
  result = buffers[kernel.getInputs().size()];

  ArrayRef<int64_t> shape = cast<RankedTensorType>(root.getWeight().getType()).getShape();
  outputs = shape[0], channels = shape[1], group = root.getGroup();
  columnAxes = int64_t(shape.size()) - 2;
  tapColumns = shape.back();
  auto axis = [&](int64_t i) -> Axis {
    return {root.getStrides()[i], root.getDilations()[i], root.getPads()[i], root.getPads()[i + columnAxes]};
  };
  auto outputs = [&](int64_t i, Value size) {
    if (!interleave)
      return v.dim(result, i + 2);
    Axis a = axis(i);
    int64_t reach = a.dilation * (shape[i + 2] - 1) + 1;
    return v.add(v.div(v.add(size, a.pad + a.padBehind - reach), a.stride), 1);
  };
  column = axis(columnAxes - 1);
  images = v.dim(input, 0), rows = outRows = v.index(1);
  columns = v.dim(input, columnAxes + 1), outColumns = outputs(columnAxes - 1, columns);
  if (columnAxes == 2) {
    tapRows = shape[2];
    row = axis(0);
    rows = v.dim(input, 2), outRows = outputs(0, rows);
  }
}

void ConvWindow::overRows(VectorBuilder &v, Value start, Value count,
                          llvm::function_ref<void(const Part &)> body) const {
  Value row = v.div(start, outColumns), shift = v.rem(start, outColumns);
  Value parts = v.add(v.div(v.add(shift, v.sub(count, v.index(1))), outColumns), 1);
  v.loop(v.index(0), parts, 1, [&](Value part) {
    Value before = v.sub(v.mul(part, outColumns), shift); // lanes of the rows in front
    body({v.equal(part, 0), v.add(row, part), v.sub(v.index(0), before), v.signedMax(before, v.index(0)),
          v.min(v.add(before, outColumns), count)});
  });
}

namespace {
class ConvHost : public HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    VectorBuilder v(b, kernel.getLoc(), TargetAttr::of(kernel));
    bool isDepthwise = ConvWindow(v, kernel, arguments).isDepthwise();
    (isDepthwise ? emitDepthwise : emitConvTiles)(b, kernel, arguments, scratch, lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    ConvWindow window(v, kernel, buffers);
    return window.isDepthwise() ? launchDepthwise(v, window) : launchConvTiles(v, window);
  }
};
} // namespace

const HostFamily &getConvHost() {
  static ConvHost family;
  return family;
}

} // namespace hone
