// bf16 on CPUs that have no instruction for it.
#ifndef HONE_LOWERING_PACKAGE_BFLOAT_H
#define HONE_LOWERING_PACKAGE_BFLOAT_H

namespace llvm {
class Module;
}

namespace hone {

/// Has bf16 loaded, stored, chosen between, merged and widened as integers. Without instructions for it LLVM
/// keeps such a value as f32 wherever it passes from one block to the next, and narrows it again by a
/// function of libgcc (__truncsfbf2), which is no part of libc. There are no other ops on it: ExpandMath.
void moveBFloatsAsBits(llvm::Module &module);

} // namespace hone
#endif
