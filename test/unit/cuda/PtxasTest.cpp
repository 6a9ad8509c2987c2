// What is read from ptxas -v, word for word from release 13.0.
#include "lowering/Package/Ptxas.h"
#include <gtest/gtest.h>

using hone::PtxasReport;
using hone::readPtxas;

TEST(Ptxas, ReadsRegistersSharedMemoryAndSpills) {
  PtxasReport report =
      readPtxas("ptxas info    : 0 bytes gmem\n"
                "ptxas info    : Compiling entry function 'k' for 'sm_80'\n"
                "ptxas info    : Function properties for k\n"
                "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
                "ptxas info    : Used 40 registers, used 1 barriers, 8192 bytes smem, 400 bytes cmem[0]\n"
                "ptxas info    : Compile time = 23.047 ms\n");
  EXPECT_EQ(report.registers, 40);
  EXPECT_EQ(report.sharedBytes, 8192);
  EXPECT_EQ(report.spillBytes, 0);
  EXPECT_TRUE(report.findings.empty());
}

TEST(Ptxas, SpillsAreFindings) {
  PtxasReport report = readPtxas("    64 bytes stack frame, 96 bytes spill stores, 104 bytes spill loads\n"
                                 "ptxas info    : Used 255 registers, 500 bytes cmem[0]\n");
  EXPECT_EQ(report.spillBytes, 200);
  EXPECT_EQ(report.sharedBytes, 0);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0],
            "spills registers: 64 bytes stack frame, 96 bytes spill stores, 104 bytes spill loads");
}

TEST(Ptxas, SerialisedTensorCoresAreFindings) {
  PtxasReport report = readPtxas(
      "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized "
      "due to insufficient register resources for the wgmma pipeline in function 'k'\n");
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_NE(report.findings[0].find("(C7510)"), std::string::npos);
}

TEST(Ptxas, SilenceSaysNothing) {
  PtxasReport report = readPtxas("");
  EXPECT_EQ(report.registers, -1);
  EXPECT_EQ(report.spillBytes, -1);
}
