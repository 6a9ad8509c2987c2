// Each instruction beside one on i16, with casts around it that meet those of its neighbours.
#include "lowering/Package/BFloat.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace hone {
namespace {

class Mover {
public:
  explicit Mover(Function &function) : function(function) {}

  void run() {
    // Definitions in front of their uses, but for those of loops: merges are filled at the end.
    for (BasicBlock *block : ReversePostOrderTraversal<Function *>(&function))
      for (Instruction &instruction : make_early_inc_range(*block))
        if (Value *made = replacement(instruction)) {
          if (auto *access = dyn_cast<Instruction>(made))
            access->copyMetadata(instruction);
          if (!instruction.getType()->isVoidTy())
            instruction.replaceAllUsesWith(likeOld(made, instruction));
          if (!isa<PHINode>(instruction))
            instruction.eraseFromParent();
        }
    for (auto [old, made] : merges) {
      for (unsigned i = 0; i < old->getNumIncomingValues(); ++i) {
        BasicBlock *from = old->getIncomingBlock(i);
        IRBuilder<> b(from->getTerminator());
        int known = made->getBasicBlockIndex(from); // a block may lead here twice, with one value
        made->addIncoming(known < 0 ? bits(b, old->getIncomingValue(i)) : made->getIncomingValue(known),
                          from);
      }
      old->eraseFromParent();
    }
  }

private:
  static bool isBFloat(const Value *value) { return value->getType()->getScalarType()->isBFloatTy(); }
  static Type *withScalar(Type *like, Type *scalar) { return like->getWithNewType(scalar); }
  Type *bitsType(const Value *value) {
    return withScalar(value->getType(), Type::getInt16Ty(function.getContext()));
  }
  Value *bits(IRBuilder<> &b, Value *value) {
    auto *cast = dyn_cast<BitCastInst>(value);
    return cast && cast->getSrcTy() == bitsType(value) ? cast->getOperand(0)
                                                       : b.CreateBitCast(value, bitsType(value));
  }
  static Value *likeOld(Value *made, Instruction &old) {
    IRBuilder<> b(&old);
    if (isa<PHINode>(old))
      b.SetInsertPoint(old.getParent()->getFirstInsertionPt());
    return b.CreateBitCast(made, old.getType());
  }

  /// What takes the place of `old`, in bits; null where it stays.
  Value *replacement(Instruction &old) {
    IRBuilder<> b(&old);
    if (auto *widened = dyn_cast<FPExtInst>(&old); widened && isBFloat(widened->getOperand(0))) {
      Type *i32 = withScalar(old.getType(), b.getInt32Ty());
      if (!old.getType()->getScalarType()->isFloatTy())
        return nullptr;
      return b.CreateShl(b.CreateZExt(bits(b, widened->getOperand(0)), i32), 16);
    }
    if (auto *store = dyn_cast<StoreInst>(&old); store && isBFloat(store->getValueOperand()))
      return b.CreateAlignedStore(bits(b, store->getValueOperand()), store->getPointerOperand(),
                                  store->getAlign(), store->isVolatile());
    if (auto *call = dyn_cast<IntrinsicInst>(&old);
        call && call->getIntrinsicID() == Intrinsic::masked_store && isBFloat(call->getArgOperand(0)))
      return b.CreateMaskedStore(bits(b, call->getArgOperand(0)), call->getArgOperand(1),
                                 call->getParamAlign(1).valueOrOne(), call->getArgOperand(2));
    if (!isBFloat(&old))
      return nullptr;
    if (auto *call = dyn_cast<IntrinsicInst>(&old); call && call->getIntrinsicID() == Intrinsic::masked_load)
      return b.CreateMaskedLoad(bitsType(&old), call->getArgOperand(0), call->getParamAlign(0).valueOrOne(),
                                call->getArgOperand(1), bits(b, call->getArgOperand(2)));
    if (auto *load = dyn_cast<LoadInst>(&old))
      return b.CreateAlignedLoad(bitsType(&old), load->getPointerOperand(), load->getAlign(),
                                 load->isVolatile());
    if (auto *choice = dyn_cast<SelectInst>(&old))
      return b.CreateSelect(choice->getCondition(), bits(b, choice->getTrueValue()),
                            bits(b, choice->getFalseValue()));
    if (auto *merge = dyn_cast<PHINode>(&old)) {
      auto *made = b.CreatePHI(bitsType(&old), merge->getNumIncomingValues());
      merges.push_back({merge, made});
      return made;
    }
    return nullptr;
  }

  Function &function;
  SmallVector<std::pair<PHINode *, PHINode *>> merges;
};

} // namespace

void moveBFloatsAsBits(Module &module) {
  for (Function &function : module)
    if (!function.isDeclaration())
      Mover(function).run();
}

} // namespace hone
