// Rows of floats times a weight of 4 or 8 bits. Few rows of 16-bit floats stream the weight. Many read it as
// 16-bit floats, which a step in front unpacks into memory; where rows may be rounded to 8 bits, the step in
// front rounds them, and the tensor cores multiply 8 bits by 8.
#include "lowering/KernelToCuda/QuantTiles.h"
#include "lowering/KernelToCuda/RoundedRows.h"
#include "lowering/kernels/KernelFamily.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::CudaLaunch;
using ::hone::CudaStep;
using ::hone::matmulOf;
using ::hone::MatmulSizes;
using ::hone::MatmulStaged;
using ::hone::QuantForm;
using ::hone::QuantTiles;
using ::hone::RoundedProduct;
using ::hone::RowRounding;
using ::hone::StagedProduct;
using ::hone::StreamedProduct;

namespace {

/// One way to run such a product.
struct Way {
  enum Kind { streams, unpacks, rounds } kind;
  int64_t rows, most; // of a streamed tile; with how many it is used
};

class QuantMatmulCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp kernel) const override { return waysOf(kernel).size(); }
  unsigned steps(KernelOp kernel, unsigned variant) const override {
    return waysOf(kernel)[variant].kind == Way::streams ? 1 : 2;
  }
  SmallVector<MemRefType> workspaces(KernelOp kernel, unsigned variant) const override {
    QuantForm quant(kernel, 8);
    switch (waysOf(kernel)[variant].kind) {
    case Way::streams:
      return {};
    case Way::unpacks:
      return {::hone::onDevice(MemRefType::get({quant.n, quant.k}, elementOf(kernel)))};
    case Way::rounds:
      return llvm::to_vector<0>(::hone::roundedRows(kernel.getContext(), quant.k));
    }
    llvm_unreachable("a kind of way");
  }
  SmallVector<Value> workspaceSizes(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                                    TargetAttr, unsigned variant) const override {
    if (waysOf(kernel)[variant].kind != Way::rounds)
      return {};
    Value rows = MatmulSizes(b, loc, kernel, buffers, true).m;
    return {rows, rows};
  }
  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
               unsigned variant) const override {
    MatmulSizes sizes(b, loc, kernel, buffers, true);
    return sizes.compare(arith::CmpIPredicate::ule, sizes.m, waysOf(kernel)[variant].most);
  }

  SmallVector<::hone::CudaMap> maps(KernelOp kernel, CudaStep at) const override {
    Way way = waysOf(kernel)[at.variant];
    if (at.step == 0) // not the product
      return {};
    MatmulOp op = matmulOf(kernel);
    unsigned workspace = kernel.getNumOperands() + kernel.getNumResults();
    StagedProduct::Form stages = stagesOf(kernel, way);
    if (way.kind == Way::unpacks)
      return StagedProduct::maps(stages, cast<BlockArgument>(op.getLhs()).getArgNumber(), workspace);
    auto dequantize = op.getRhs().getDefiningOp<DequantizeOp>();
    return StagedProduct::maps(stages, workspace, ::hone::packedInput(dequantize.getInput()));
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     CudaStep at) const override {
    Location loc = kernel.getLoc();
    Way way = waysOf(kernel)[at.variant];
    StagedProduct::Form stages = stagesOf(kernel, way);
    auto dequantize = matmulOf(kernel).getRhs().getDefiningOp<DequantizeOp>();
    if (way.kind == Way::streams) {
      QuantTiles(b, loc, kernel, buffers, QuantForm(kernel, way.rows)).emit();
    } else if (way.kind == Way::unpacks) {
      if (at.step == 0)
        QuantTiles(b, loc, kernel, buffers, QuantForm(kernel, 8)).emitUnpacked(buffers.back());
      else
        MatmulStaged(b, loc, kernel, buffers, stages, buffers.back()).emit();
    } else {
      Value numbers = buffers.drop_back().back(), scales = buffers.back();
      if (at.step == 0)
        RowRounding(b, loc, QuantForm(kernel, 8).isFloat)
            .emit(buffers[::hone::packedInput(matmulOf(kernel).getLhs())], numbers, scales);
      else
        RoundedProduct(b, loc, kernel, buffers, stages, numbers, scales,
                       buffers[::hone::packedInput(dequantize.getInput())],
                       buffers[::hone::packedInput(dequantize.getScale())])
            .emit();
    }
    return success();
  }

  CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                    CudaStep at) const override {
    MatmulSizes sizes(b, loc, kernel, buffers, true);
    Way way = waysOf(kernel)[at.variant];
    QuantForm quant(kernel, way.kind == Way::streams ? way.rows : 8);
    if (way.kind == Way::streams)
      return StreamedProduct::launch(b, loc, sizes.m, quant);
    if (at.step == 1)
      return StagedProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, stagesOf(kernel, way),
                                   ::hone::targetOf(kernel).fact("sms"));
    return way.kind == Way::unpacks ? QuantTiles::launchUnpacked(b, loc, quant)
                                    : RowRounding::launch(b, loc, sizes.m);
  }

private:
  static Type elementOf(KernelOp kernel) {
    return cast<RankedTensorType>(matmulOf(kernel).getLhs().getType()).getElementType();
  }
  static SmallVector<Way> waysOf(KernelOp kernel) {
    SmallVector<Way> ways;
    if (!elementOf(kernel).isF32())
      ways = {{Way::streams, 8, 8}, {Way::streams, 32, 64}};
    ways.push_back({QuantForm(kernel, 8).roundsRows ? Way::rounds : Way::unpacks, 0, 0});
    return ways;
  }
  /// Large tiles where columns make many of them.
  static StagedProduct::Form stagesOf(KernelOp kernel, Way way) {
    QuantForm quant(kernel, 8);
    StagedProduct::Form form = quant.n < 2048                           ? StagedProduct::small
                               : ::hone::targetOf(kernel).fact("wgmma") ? StagedProduct::square
                                                                        : StagedProduct::large;
    if (way.kind != Way::rounds)
      return form;
    return form.of(quant.isFloat ? StagedProduct::Form::floats8 : StagedProduct::Form::integers);
  }
};

} // namespace

namespace hone {
const CudaFamily &getQuantMatmulCuda() {
  static QuantMatmulCuda family;
  return family;
}
} // namespace hone
