// Runs pieces of PTX: a body for one warp with three inputs and one result a lane, or a whole kernel.
#ifndef HONE_TEST_SIM_HARNESS_H
#define HONE_TEST_SIM_HARNESS_H
#include "runtime/devices/sim/Sim.h"
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace hone::simtest {

using rt::sim::Fault;
using rt::sim::Finding;
using rt::sim::SimOptions;

struct Outcome {
  std::string error; ///< of loading or launching
  std::vector<Finding> findings;
  std::vector<uint64_t> out;
};

struct Start {
  uint32_t grid = 1, block = 32, cluster = 1, shared = 0;
  SimOptions options{};
  std::vector<uint64_t> in = {}; ///< the kernel's first parameter points to it
  size_t out = 0;                ///< 64-bit words of the second
};

/// A kernel `k(.param .u64 in, .param .u64 out)`; `text` is the body with its declarations. Registers %p<8>
/// %h<32> %r<64> %f<64> %d<32> %g<8> are declared; %d30 and %d31 hold the parameters, %r63 the thread.
Outcome run(const std::string &body, const Start &how, const std::string &before = "");

/// %d0 %d1 %d2 (and their low parts %r0.. %h0.. %f0.. %g0..) are the lane's inputs; `result` names the
/// register with the result.
std::vector<uint64_t> lanes(const std::string &body, const std::string &result,
                            const std::vector<uint64_t> &in);

/// One instruction against a function of the inputs, on values of all kinds.
struct Row {
  const char *body;
  const char *result;
  std::function<uint64_t(uint64_t a, uint64_t b, uint64_t c)> expected;
};
void checkRows(const std::vector<Row> &rows, bool floats);

bool has(const Outcome &outcome, Fault fault);
/// All findings, for messages.
std::string print(const Outcome &outcome);

} // namespace hone::simtest
#endif
