// The structure of PTX text, and messages for what is wrong with it.
#include "runtime/devices/sim/Ptx.h"
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

using namespace rt::sim;

std::unique_ptr<Module> parsed(const std::string &text) {
  auto module = parse(".version 8.5\n.target sm_90a\n.address_size 64\n" + text, "t.ptx");
  EXPECT_TRUE(module.ok()) << module.status().message;
  return module.ok() ? std::move(*module) : nullptr;
}

TEST(Parser, HeaderAndVariables) {
  auto m = parsed(".visible .global .align 8 .b8 table[12] = {1, 2, 0xff};\n.const .f32 one = "
                  "0f3F800000;\n.extern .shared .align 1024 .b8 smem[];\n"
                  ".global .u64 where = table+4;\n.global .align 4 .u32 grid[2][3];\n");
  ASSERT_TRUE(m);
  EXPECT_EQ(m->chip, 90);
  EXPECT_TRUE(m->chipSpecific);
  EXPECT_EQ(m->major, 8);
  EXPECT_EQ(m->minor, 5);
  ASSERT_EQ(m->variables.size(), 5u);
  EXPECT_EQ(m->variables[0].bytes, 12u);
  EXPECT_EQ(m->variables[0].align, 8u);
  EXPECT_EQ(m->variables[0].initial[2], 0xff);
  EXPECT_EQ(m->variables[1].initial[3], 0x3f);
  EXPECT_TRUE(m->variables[2].external);
  EXPECT_EQ(m->variables[2].align, 1024u);
  ASSERT_EQ(m->variables[3].references.size(), 1u);
  EXPECT_EQ(m->variables[3].references[0].offset, 4);
  EXPECT_EQ(m->variables[4].bytes, 24u);
}

TEST(Parser, EntryWithDirectives) {
  auto m = parsed(".visible .entry k(\n.param .u64 .ptr .global .align 16 a,\n.param .align 64 .b8 "
                  "map[128]\n)\n.reqntid 128, 1, 1\n.maxntid 256\n"
                  ".minnctapersm 1\n{\n.pragma \"nounroll\";\nret;\n}\n");
  ASSERT_TRUE(m);
  const Function *k = m->find("k");
  ASSERT_TRUE(k && k->entry && k->defined);
  ASSERT_EQ(k->parameters.size(), 2u);
  EXPECT_EQ(k->parameters[0].bytes, 8u);
  EXPECT_EQ(k->parameters[1].bytes, 128u);
  EXPECT_EQ(k->parameters[1].align, 64u);
  EXPECT_EQ(k->required[0], 128u);
}

TEST(Parser, OperandsOfAllKinds) {
  auto m = parsed(".visible .entry k()\n{\n.reg .b32 %r<4>;\n.reg .pred p, q;\n.reg .b64 %rd<3>;\n"
                  "@!p ld.global.nc.L1::no_allocate.v2.u32 {%r0, _}, [%rd1+-8];\n"
                  "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%rd0], "
                  "[%rd1, {%r0, %r1}], [%rd2];\n"
                  "setp.ne.b32 p|q, 1, 0;\nret;\n}\n");
  ASSERT_TRUE(m);
  const auto &s = m->find("k")->statements;
  ASSERT_EQ(s.size(), 4u);
  EXPECT_EQ(s[0].guard, "p");
  EXPECT_TRUE(s[0].guardNegated);
  EXPECT_EQ(s[0].opcode, "ld");
  EXPECT_EQ(s[0].modifiers, (std::vector<std::string_view>{"global", "nc", "L1::no_allocate", "v2", "u32"}));
  EXPECT_EQ(s[0].operands[0].parts[1].kind, Operand::Sink);
  EXPECT_EQ(s[0].operands[1].parts[0].value, -8);
  EXPECT_EQ(s[1].operands[1].parts[1].kind, Operand::Vector);
  EXPECT_EQ(s[1].modifiers.back(), "mbarrier::complete_tx::bytes");
  EXPECT_EQ(s[2].operands[0].kind, Operand::Pair);
  EXPECT_EQ(s[2].operands[1].value, 1);
}

TEST(Parser, ScopesReuseLabels) {
  auto m = parsed(
      ".visible .entry k()\n{\n{\n.reg .pred p;\nL:\nbra L;\n}\n{\n.reg .pred p;\nL:\nbra L;\n}\nret;\n}\n");
  ASSERT_TRUE(m);
  const Function *k = m->find("k");
  ASSERT_EQ(k->scopes.size(), 3u);
  EXPECT_EQ(k->scopes[1].labels.at("L"), 0u);
  EXPECT_EQ(k->scopes[2].labels.at("L"), 1u);
}

TEST(Parser, SourceLines) {
  auto m = parsed(".file 1 \"dir/kernel.cu\"\n.visible .entry k()\n{\n.loc 1 12 3\nret;\n.loc 1 0 3\nret;\n"
                  ".loc 1 14 3, function_name $L__info_string0, inlined_at 1 5 2\nret;\n}\n.section "
                  ".debug_str\n{\n.b8 1,2\n}\n");
  ASSERT_TRUE(m);
  const auto &s = m->find("k")->statements;
  EXPECT_EQ(m->locations[s[0].location].line, 12u);
  EXPECT_EQ(m->locations[s[1].location].line, 12u); // line 0 says nothing
  EXPECT_EQ(m->locations[s[2].location].line, 14u);
  EXPECT_EQ(m->files.at(1), "dir/kernel.cu");
}

TEST(Parser, MessagesNameTheLine) {
  const std::pair<const char *, const char *> wrong[] = {
      {"", "t.ptx:1: expected a .target directive"},
      {".target sm_80\n.entry k( {", "t.ptx:2: expected .param, got '{'"},
      {".target sm_80\n.entry k() {\nadd.s32 %r1, %r2\n}", "t.ptx:4: expected ';', got '}'"},
      {".target sm_80\n.address_size 32", "expected .address_size 64"},
      {".target sm_80\n.entry k() {\nL: ret;\nL: ret;\n}", "label 'L' is defined twice"},
      {".target sm_80\n.entry k() {\nret;", "expected an instruction, got the end of the file"},
      {".target sm_80\n@", "expected a directive of a module, got '@'"}};
  for (auto [text, message] : wrong) {
    auto module = parse(text, "t.ptx");
    ASSERT_FALSE(module.ok()) << text;
    EXPECT_NE(module.status().message.find(message), std::string::npos) << module.status().message;
  }
}

TEST(Parser, UnknownInstructionsAndModifiersAreErrors) {
  const std::pair<const char *, const char *> wrong[] = {
      {"frobnicate.b32 %r1, %r2;", "'frobnicate.b32': unknown instruction"},
      {"add.wobbly.s32 %r1, %r2, %r3;", "unknown modifier '.wobbly'"},
      {"add.s32 %r1, %r2;", "expected 3 operands, got 2"},
      {"add.s32 %r1, %r2, %d3;", "operand '%d3' has 64 bits, expected 32"},
      {"add.s32 %r1, %r2, %q3;", "unknown name '%q3'"},
      {"add.s32 %r1, %r2, %r99;", "unknown name '%r99'"},
      {"bra nowhere;", "unknown label 'nowhere'"},
      {"ld.global.v3.u32 {%r1,%r2,%r3}, [%d1];", "expected a vector of 1, got 3"},
      {"mma.sync.aligned.m16n8k7.row.col.f32.f16.f16.f32 {%f0}, {%r0}, {%r1}, {%f1};", "expected a shape"},
      {"shfl.idx.b32 %r1, %r2, 0, 31;", "expected .sync"}};
  for (auto [body, message] : wrong) {
    Outcome outcome = run(body, {});
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    EXPECT_EQ(outcome.error.rfind("test.ptx:", 0), 0u) << outcome.error;
  }
}

} // namespace
} // namespace hone::simtest
