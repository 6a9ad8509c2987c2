// Lists of targets, and pairs of chip and PTX version that LLVM must not see.
#include "lowering/Package/KnownTargets.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

namespace {
struct Targets : testing::Test {
  mlir::MLIRContext context;
  std::string error;
  Targets() { context.loadDialect<mlir::hone::HoneDialect>(); }

  std::string refusal(llvm::StringRef cpu, llvm::StringRef features) {
    mlir::Builder b(&context);
    return hone::refusesPtx(mlir::hone::TargetAttr::get(&context, b.getStringAttr(cpu), b.getStringAttr(cpu),
                                                        b.getStringAttr(features), b.getDictionaryAttr({})));
  }
};
} // namespace

TEST_F(Targets, PtxIsForTheOldestChip) {
  auto found = hone::findTargets(context, "sm_90a,x86-64-v3,sm_80,sm_86,sm_80", error);
  ASSERT_TRUE(succeeded(found)) << error;
  EXPECT_EQ(found->host.getName().getValue(), "x86-64-v3");
  EXPECT_EQ(found->device.getName().getValue(), "sm_80");
  EXPECT_EQ(found->device.fact("sms"), 108);
  EXPECT_EQ(found->chips.size(), 3u);
}

TEST_F(Targets, HostAloneHasNoDevice) {
  auto found = hone::findTargets(context, "x86-64-v4", error);
  ASSERT_TRUE(succeeded(found));
  EXPECT_FALSE(found->device);
}

TEST_F(Targets, EveryChipsOwnPtxVersionIsPossible) {
  for (const char *name : {"sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_120a"}) {
    auto target = hone::findTarget(context, name, error);
    ASSERT_TRUE(succeeded(target)) << error;
    EXPECT_EQ(hone::refusesPtx(*target), "") << name;
  }
}

TEST_F(Targets, ImpossiblePairsHaveAReason) {
  EXPECT_EQ(refusal("sm_100a", "+ptx85"), "PTX 8.5 for sm_100a: expected 8.6 to 9.0");
  EXPECT_EQ(refusal("sm_80", "+ptx99"), "PTX 9.9 for sm_80: expected 7.0 to 9.0");
  EXPECT_EQ(refusal("sm_42", "+ptx85"), "no GPU 'sm_42' is known");
  EXPECT_EQ(refusal("sm_80", ""), "expected one feature '+ptxNN' for a GPU, got ''");
}
