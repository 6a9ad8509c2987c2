// Attention on a GPU: which tiles for how many rows. Decoding has few rows and few heads, so blocks share the
// keys of a head, as far as there are multiprocessors and keys for them; a second step adds up.
#include "lowering/KernelToCuda/AttentionTiles.h"
#include "lowering/kernels/KernelFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::AttentionForm;
using ::hone::attentionOf;
using ::hone::AttentionTiles;
using ::hone::CudaLaunch;
using ::hone::CudaStep;

namespace {

/// The sizes of an attention in host code.
struct HostSizes {
  OpBuilder &b;
  Location loc;
  ValueRange buffers;
  AttentionOp op;
  AttentionForm form;

  HostSizes(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, AttentionForm form)
      : b(b), loc(loc), buffers(buffers), op(attentionOf(kernel)), form(form) {}

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  template <typename Op>
  Value make(Value x, Value y) {
    return b.createOrFold<Op>(loc, x, y);
  }
  Value dim(Value tensor, int64_t axis) {
    if (auto slice = tensor.getDefiningOp<SliceOp>())
      tensor = slice.getInput();
    return b.createOrFold<memref::DimOp>(loc, buffers[cast<BlockArgument>(tensor).getArgNumber()], axis);
  }
  /// Query rows that share a head of keys.
  Value rows() { return make<arith::MulIOp>(dim(op.getQuery(), 1), constant(form.group)); }
  Value heads() { return make<arith::MulIOp>(dim(op.getQuery(), 0), constant(form.kvHeads)); }
  Value keys() {
    Value fresh = dim(op.getKey(), 1);
    return op.getPastKey() ? make<arith::AddIOp>(fresh, dim(op.getPastKey(), 2)) : fresh;
  }
  /// Blocks for the keys of a head: each has a step for every warp, and all of them find a multiprocessor.
  Value sharers(TargetAttr device) {
    Value useful = make<arith::CeilDivUIOp>(keys(), constant(form.keys() * form.warpCount()));
    Value free =
        make<arith::DivUIOp>(constant(device.fact("sms")), make<arith::MaxUIOp>(heads(), constant(1)));
    return make<arith::MaxUIOp>(make<arith::MinUIOp>(useful, free), constant(1));
  }
  Value compare(arith::CmpIPredicate how, Value x, int64_t y) {
    return b.createOrFold<arith::CmpIOp>(loc, how, x, constant(y));
  }
};

class AttentionCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp) const override { return 3; }
  unsigned steps(KernelOp kernel, unsigned variant) const override {
    return formOf(kernel, variant).sharing == AttentionForm::blocks ? 2 : 1;
  }
  SmallVector<MemRefType> workspaces(KernelOp kernel, unsigned variant) const override {
    AttentionForm form = formOf(kernel, variant);
    if (form.sharing != AttentionForm::blocks)
      return {};
    return {form.partials(kernel.getContext())};
  }
  SmallVector<Value> workspaceSizes(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                                    TargetAttr device, unsigned variant) const override {
    HostSizes sizes(b, loc, kernel, buffers, formOf(kernel, variant));
    if (sizes.form.sharing != AttentionForm::blocks)
      return {};
    return {sizes.heads(), sizes.sharers(device)};
  }

  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr device,
               unsigned variant) const override {
    HostSizes sizes(b, loc, kernel, buffers, formOf(kernel, variant));
    Value fits = sizes.compare(arith::CmpIPredicate::ule, sizes.rows(), sizes.form.rows());
    if (sizes.form.sharing != AttentionForm::blocks)
      return fits;
    return sizes.make<arith::AndIOp>(fits,
                                     sizes.compare(arith::CmpIPredicate::ugt, sizes.sharers(device), 1));
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     CudaStep at) const override {
    AttentionTiles tiles(b, kernel.getLoc(), kernel, buffers, formOf(kernel, at.variant));
    at.step ? tiles.emitCombination() : tiles.emit();
    return success();
  }

  CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                    CudaStep at) const override {
    HostSizes sizes(b, loc, kernel, buffers, formOf(kernel, at.variant));
    Value cuts = sizes.form.sharing == AttentionForm::blocks
                     ? b.createOrFold<memref::DimOp>(loc, buffers.back(), 1)
                     : sizes.make<arith::CeilDivUIOp>(sizes.rows(), sizes.constant(sizes.form.rows()));
    Value blocks = at.step ? sizes.heads() : sizes.make<arith::MulIOp>(cuts, sizes.heads());
    return {blocks, sizes.constant(1), sizes.constant(1), 32 * sizes.form.warpCount(), 0};
  }

private:
  static AttentionForm formOf(KernelOp kernel, unsigned variant) {
    return AttentionForm(kernel, AttentionForm::Sharing(variant));
  }
};

} // namespace

namespace hone {
const CudaFamily &getAttentionCuda() {
  static AttentionCuda family;
  return family;
}
} // namespace hone
