// Stores of transposed convolutions: rows 2i and 2i + 1 of a tile are the even and the odd columns of one
// output row. A register of pixels reaches over parts of several rows; each part goes to an output row of its
// own.
#include "lowering/KernelToHost/Conv.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

void InterleavedStore::finish(Value image, Value channel, Value first, ArrayRef<Value> tile,
                              int64_t registers) {
  InterleaveOp op = window.interleave; // a copy: its getters are not const
  bool hasRows = window.columnAxes == 2;
  int64_t rowStride = hasRows ? op.getStrides()[0] : 1, phases = 2 * rowStride;
  int64_t cropTop = hasRows ? op.getPads()[0] : 0, cropLeft = op.getPads()[window.columnAxes - 1];
  bool isCropped = hasRows && (cropTop || op.getPads()[2]);
  Value outRows = hasRows ? v.dim(window.result, 2) : v.index(1);
  Value outColumns = v.dim(window.result, window.columnAxes + 1);
  Value pixels = window.pixels(v), zero = v.index(0);

  SmallVector<int64_t> halves[2];
  for (int64_t i = 0; i < 2 * v.lanes; ++i)
    halves[i / v.lanes].push_back(i / 2 + i % 2 * v.lanes);
  for (int64_t r = 0; r < registers; ++r) {
    Value start = v.add(first, r * v.lanes);
    Value count = v.min(v.index(v.lanes), v.sub(pixels, start));
    window.overRows(v, start, count, [&](const ConvWindow::Part &part) {
      Value left = v.sub(v.mul(part.column, 2), v.index(cropLeft)); // where lane 0 would go
      Value from = v.signedMax(v.mul(part.from, 2), v.sub(zero, left));
      Value to = v.signedMin(v.mul(part.to, 2), v.sub(outColumns, left));
      Value masks[] = {v.maskOf(from, to), v.maskOf(from, to, v.lanes)};
      for (size_t i = 0; i < tile.size() / registers; i += 2) {
        Value phase = v.add(channel, i), output = v.div(phase, phases);
        Value y = v.add(v.mul(part.row, rowStride), v.div(v.rem(phase, phases), 2));
        y = v.sub(y, v.index(cropTop));
        Value position = v.add(v.mul(y, outColumns), left);
        Value resultRow = v.add(v.mul(image, window.outputs / phases), output);
        Value even = tile[i * registers + r], odd = tile[(i + 1) * registers + r];
        auto store = [&] {
          for (int64_t half = 0; half < 2; ++half) {
            Value made = vector::ShuffleOp::create(v.b, v.loc, even, odd, halves[half]);
            epilogue.finish(v.add(position, half * v.lanes), masks[half], resultRow, made);
          }
        };
        if (isCropped)
          v.branch(v.less(y, outRows), store);
        else
          store();
      }
    });
  }
}

} // namespace hone
