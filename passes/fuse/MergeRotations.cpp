// Rotations of queries and keys that stand beside each other in a merged projection become one: heads turn by
// themselves, so it does not matter whose they are.
#include "dialects/hone/Slices.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/fuse/Passes.h"

namespace hone {
#define GEN_PASS_DEF_MERGEROTATIONS
#include "passes/fuse/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

/// A rotation of neighbouring columns.
struct Rotation {
  RopeOp rope;
  Value source;
  int64_t first, columns;

  static std::optional<Rotation> of(RopeOp rope) {
    auto slice = rope.getInput().getDefiningOp<SliceOp>();
    auto type = cast<RankedTensorType>(rope.getType());
    std::optional<int64_t> first = slice ? ::hone::firstColumnOf(slice) : std::nullopt;
    if (!first || type.isDynamicDim(type.getRank() - 1))
      return std::nullopt;
    return Rotation{rope, slice.getInput(), *first, type.getShape().back()};
  }
  int64_t headSize() { return columns / int64_t(rope.getHeads()); }
  bool isBeside(Rotation &next) {
    return source == next.source && first + columns == next.first && headSize() == next.headSize() &&
           rope->getBlock() == next.rope->getBlock() &&
           rope->getOperands().drop_front() == next.rope->getOperands().drop_front() &&
           rope.getInterleaved() == next.rope.getInterleaved();
  }
  /// Attention reads columns of a wider tensor in place; others would copy them.
  bool isForAttention() {
    return llvm::all_of(rope->getUsers(), [](Operation *user) { return isa<AttentionOp>(user); });
  }
};

struct MergeRotations : ::hone::impl::MergeRotationsBase<MergeRotations> {
  void runOnOperation() override {
    SmallVector<Rotation> rotations;
    getOperation().walk([&](RopeOp rope) {
      if (auto rotation = Rotation::of(rope); rotation && rotation->isForAttention())
        rotations.push_back(*rotation);
    });
    for (Rotation &rotation : rotations)
      for (Rotation &next : rotations)
        if (rotation.rope && next.rope && rotation.isBeside(next)) {
          merge(rotation, next);
          rotation.rope = next.rope = {};
        }
  }

  static void merge(Rotation &a, Rotation &c) {
    OpBuilder b(a.rope->isBeforeInBlock(c.rope) ? a.rope : c.rope);
    auto type = cast<RankedTensorType>(a.rope.getType());
    int64_t axis = type.getRank() - 1, columns = a.columns + c.columns;
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = columns;
    Location loc = b.getFusedLoc({a.rope.getLoc(), c.rope.getLoc()});
    auto slice = [&](Location loc, Value x, int64_t from, int64_t size) -> Value {
      auto number = [&](int64_t value) {
        return ConstantOp::create(b, loc,
                                  DenseElementsAttr::get(RankedTensorType::get({1}, b.getI64Type()), value));
      };
      SmallVector<int64_t> part(type.getShape());
      part.back() = size;
      return SliceOp::create(b, loc, type.clone(part), x, number(from), number(from + size), number(1),
                             ArrayRef<int64_t>{axis});
    };
    Value both = slice(loc, a.source, a.first, columns);
    Value turned =
        RopeOp::create(b, loc, type.clone(shape), both, a.rope.getCos(), a.rope.getSin(),
                       a.rope.getPositions(), a.rope.getHeads() + c.rope.getHeads(), a.rope.getInterleaved());
    Value mine[] = {slice(a.rope.getLoc(), turned, 0, a.columns),
                    slice(c.rope.getLoc(), turned, a.columns, c.columns)};
    for (auto [part, result] : {std::pair(&a, mine[0]), {&c, mine[1]}}) {
      Operation *old = part->rope.getInput().getDefiningOp();
      part->rope.getResult().replaceAllUsesWith(result);
      part->rope.erase();
      if (old->use_empty())
        old->erase();
    }
  }
};

} // namespace
