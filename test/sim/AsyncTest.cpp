// cp.async groups, transaction barriers, bulk copies, proxies and clusters: right uses are clean, wrong ones
// are found.
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

using U = uint64_t;
using Delivery = SimOptions::Delivery;
const char *buffer = ".shared .align 1024 .b8 buffer[2048];\n.shared .align 8 .b64 bar;";

/// Every policy of delivery has to give the same.
void everywhere(const std::string &body, Start how, std::function<void(const Outcome &)> check) {
  for (Delivery delivery : {Delivery::Late, Delivery::Early, Delivery::Random}) {
    how.options.delivery = delivery;
    check(run(body, how, buffer));
  }
}
auto clean = [](const Outcome &o) { EXPECT_EQ(print(o), ""); };
auto found(Fault fault) {
  return [fault](const Outcome &o) { EXPECT_TRUE(has(o, fault)) << print(o); };
}

Start withInputs(uint32_t block) {
  Start how{.block = block, .out = block};
  for (U i = 0; i < 2 * block; ++i)
    how.in.push_back(i);
  return how;
}

const std::string copy = "mov.u32 %r20, buffer;\nmad.lo.u32 %r1, %r63, 16, %r20;\nmul.wide.u32 %d1, %r63, "
                         "16;\nadd.u64 %d2, %d30, %d1;\n"
                         "cp.async.cg.shared.global [%r1], [%d2], 16;\ncp.async.commit_group;\n";
const std::string give =
    "\nmul.wide.u32 %d29, %r63, 8;\nadd.u64 %d31, %d31, %d29;\nst.global.u64 [%d31], %d10;";

TEST(Async, CopiesAndGroups) {
  everywhere(copy + "cp.async.wait_group 0;\nld.shared.u64 %d10, [%r1+8];" + give, withInputs(32),
             [](const Outcome &o) {
               clean(o);
               EXPECT_EQ(o.out[5], 11u);
             });
  everywhere(copy + "ld.shared.u64 %d10, [%r1];", withInputs(32), found(Fault::Async)); // not waited for
  everywhere(copy + "cp.async.wait_group 1;\nld.shared.u64 %d10, [%r1];", withInputs(32),
             found(Fault::Async));
  everywhere(copy + "cp.async.ca.shared.global [%r1+1024], [%d2], "
                    "8;\ncp.async.commit_group;\ncp.async.wait_group 1;\nld.shared.u64 %d10, [%r1];",
             withInputs(32), clean);
  // Another thread needs a barrier besides.
  const std::string other = "xor.b32 %r2, %r1, 512;\nld.shared.u64 %d10, [%r2];";
  everywhere(copy + "cp.async.wait_all;\nbar.sync 0;\n" + other, withInputs(64), clean);
  everywhere(copy + "cp.async.wait_all;\n" + other, withInputs(64),
             [](const Outcome &o) { EXPECT_FALSE(o.findings.empty()); });
}

TEST(Async, SourceSizeFillsWithZeros) {
  everywhere(copy +
                 "mov.u32 %r3, 4;\ncp.async.ca.shared.global [%r1+1024], [%d2], 8, "
                 "%r3;\ncp.async.wait_all;\nld.shared.u64 %d10, [%r1+1024];" +
                 give,
             withInputs(32), [](const Outcome &o) {
               clean(o);
               EXPECT_EQ(o.out[3], 6u);
             });
}

const std::string init = "setp.eq.u32 %p1, %r63, 0;\n@%p1 mbarrier.init.shared.b64 [bar], 1;\nbar.sync 0;\n";
const std::string wait = "LOOP:\nmbarrier.try_wait.parity.shared.b64 %p2, [bar], 0;\n@!%p2 bra LOOP;\n";

TEST(Async, MbarriersOrder) {
  const std::string body = "@%p1 st.shared.u64 [buffer], 42;\n@%p1 mbarrier.arrive.shared.b64 %d5, [bar];\n";
  everywhere(init + body + wait + "ld.shared.u64 %d10, [buffer];" + give, withInputs(64),
             [](const Outcome &o) {
               clean(o);
               EXPECT_EQ(o.out[63], 42u);
             });
  everywhere(init + "@%p1 mbarrier.arrive.shared.b64 %d5, [bar];\n@%p1 st.shared.u64 [buffer], 42;\n" + wait +
                 "ld.shared.u64 %d10, [buffer];",
             withInputs(64), found(Fault::Race));
  everywhere("setp.eq.u32 %p1, %r63, 0;\n@%p1 mbarrier.init.shared.b64 [bar], 1;\n" + body + wait,
             withInputs(64), found(Fault::Race)); // initialized for thread 0 only
  everywhere("mbarrier.arrive.shared.b64 %d5, [bar];", withInputs(1),
             found(Fault::Async)); // never initialized
  everywhere(init + wait, withInputs(64), found(Fault::Deadlock));
  everywhere(init + "mbarrier.arrive.shared.b64 %d5, [bar];\n", withInputs(64), clean); // 64 phases
  everywhere(init + "@%p1 mbarrier.arrive.shared.b64 %d5, [bar], 2;\n", withInputs(64), found(Fault::Async));
}

const std::string bulk =
    "@%p1 mbarrier.arrive.expect_tx.shared.b64 %d5, [bar], 256;\nmov.u32 %r20, buffer;\nmov.u32 %r21, bar;\n"
    "@%p1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r20], [%d30], 256, [%r21];\n";

TEST(Async, BulkCopies) {
  const std::string read = "mad.lo.u32 %r1, %r63, 8, %r20;\nld.shared.u64 %d10, [%r1];";
  Start how = withInputs(32);
  everywhere(init + bulk + wait + read + give, how, [](const Outcome &o) {
    clean(o);
    EXPECT_EQ(o.out[31], 31u);
  });
  everywhere(init + bulk + read, how, [](const Outcome &o) { EXPECT_FALSE(o.findings.empty()) << print(o); });
  // Too few bytes arrive.
  std::string less = bulk;
  less.replace(less.find("], 256, ["), 9, "], 128, [");
  everywhere(init + less + wait, how, found(Fault::Deadlock));
}

TEST(Async, BulkStoresNeedAProxyFenceAndAWait) {
  auto body = [](const std::string &fence, const std::string &end) {
    return "mov.u32 %r20, buffer;\nmad.lo.u32 %r1, %r63, 8, %r20;\nmov.u64 %d1, 7;\nst.shared.u64 [%r1], "
           "%d1;\n" +
           fence +
           "\nbar.sync 0;\nsetp.eq.u32 %p1, %r63, 0;\n@%p1 cp.async.bulk.global.shared::cta.bulk_group "
           "[%d31], [%r20], 256;\n@%p1 cp.async.bulk.commit_group;\n" +
           end;
  };
  Start how = withInputs(32);
  everywhere(body("fence.proxy.async.shared::cta;", "@%p1 cp.async.bulk.wait_group.read 0;"), how,
             [](const Outcome &o) {
               clean(o);
               EXPECT_EQ(o.out[9], 7u);
             });
  everywhere(body("", "@%p1 cp.async.bulk.wait_group.read 0;"), how, found(Fault::Async));
  everywhere(body("fence.proxy.async;", ""), how, found(Fault::Async)); // ends while it reads
  everywhere(body("fence.proxy.async;",
                  "bar.sync 0;\nst.shared.u64 [%r1], %d1;\n@%p1 cp.async.bulk.wait_group.read 0;"),
             how, found(Fault::Async));
  everywhere(body("fence.proxy.async;",
                  "@%p1 cp.async.bulk.wait_group.read 0;\nbar.sync 0;\nst.shared.u64 [%r1], %d1;"),
             how, clean);
}

TEST(Async, CopiesThatArriveAtBarriers) {
  const std::string start =
      "setp.eq.u32 %p1, %r63, 0;\n@%p1 mbarrier.init.shared.b64 [bar], 32;\nbar.sync 0;\n" + copy;
  everywhere(start + "cp.async.mbarrier.arrive.noinc.shared.b64 [bar];\n" + wait +
                 "xor.b32 %r2, %r1, 16;\nld.shared.u64 %d10, [%r2];" + give,
             withInputs(32), [](const Outcome &o) {
               clean(o);
               EXPECT_EQ(o.out[4], 10u);
             });
}

TEST(Async, ClustersShareMemory) {
  const std::string body =
      "mov.u32 %r1, %cluster_ctarank;\nst.shared.u32 [buffer], "
      "%r1;\nbarrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;\n"
      "xor.b32 %r2, %r1, 1;\nmov.u32 %r3, buffer;\nmapa.shared::cluster.u32 %r4, %r3, "
      "%r2;\nld.shared::cluster.u32 %r5, [%r4];\nmov.u32 %r6, %ctaid.x;\n"
      "cvt.u64.u32 %d10, %r5;\nmul.wide.u32 %d29, %r6, 8;\nadd.u64 %d31, %d31, %d29;\nst.global.u64 [%d31], "
      "%d10;\nbarrier.cluster.arrive;\nbarrier.cluster.wait;";
  Start how{.grid = 4, .block = 1, .cluster = 2, .out = 4};
  everywhere(body, how, [](const Outcome &o) {
    clean(o);
    EXPECT_EQ(o.out, (std::vector<U>{1, 0, 1, 0}));
  });
  std::string without = body;
  without.replace(without.find("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;"), 61, "");
  everywhere(without, how, [](const Outcome &o) { EXPECT_FALSE(o.findings.empty()); });
}

} // namespace
} // namespace hone::simtest
