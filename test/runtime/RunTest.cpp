// Running the sample: results, what is refused before it starts, failures inside, threads, memory.
#include "runtime/api/hone.h"
#include "test/runtime/Sample.h"
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

namespace {

class Run : public testing::Test {
protected:
  void SetUp() override { open(1); }
  void open(int threads) {
    HoneModuleOptions options{};
    options.threads = threads;
    HoneModule *m = nullptr;
    ASSERT_EQ(hone_module_open(sample::save(sample::build()).c_str(), &options, &m), HONE_OK) << hone_error();
    module.reset(m);
    HoneContext *c = nullptr;
    ASSERT_EQ(hone_context_create(m, &c), HONE_OK) << hone_error();
    context.reset(c);
  }
  void resize(int64_t batch, int64_t seq) {
    x.assign(static_cast<size_t>(batch * 4), 0);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i % 7) * 0.25f;
    ids.assign(static_cast<size_t>(batch * seq), 3);
    inputs[0] = {"x", HONE_F32, 2, {batch, 4}, x.data()};
    inputs[1] = {"ids", HONE_I64, 2, {batch, seq}, ids.data()};
  }
  HoneStatus run() { return hone_run(context.get(), inputs, 2); }
  std::string error() {
    EXPECT_EQ(run(), HONE_INVALID);
    HoneTensor none;
    EXPECT_EQ(hone_output(context.get(), 0, &none), HONE_INVALID);
    hone_run(context.get(), inputs, 2);
    return hone_error();
  }
  void expectError(const std::string &part) {
    std::string message = error();
    EXPECT_NE(message.find(part), std::string::npos) << "expected '" << part << "' in '" << message << "'";
  }
  HoneTensor output(size_t index) {
    HoneTensor tensor{};
    EXPECT_EQ(hone_output(context.get(), index, &tensor), HONE_OK) << hone_error();
    return tensor;
  }
  void expectResults(int64_t batch, int64_t seq) {
    HoneTensor y = output(0), e = output(1), total = output(2);
    ASSERT_EQ(y.rank, 2);
    EXPECT_EQ(y.dims[0], batch);
    EXPECT_EQ(y.dims[1], 4);
    EXPECT_STREQ(total.name, "total");
    for (int64_t i = 0; i < batch * 4; ++i) {
      float at = x[static_cast<size_t>(i)];
      ASSERT_EQ(static_cast<const float *>(y.data)[i], 2 * at + 0.5f + static_cast<float>(i % 4)) << i;
      ASSERT_EQ(static_cast<const float *>(e.data)[i], std::exp(at)) << i;
    }
    for (int64_t i = 0; i < batch; ++i)
      ASSERT_EQ(static_cast<const int64_t *>(total.data)[i], 3 * seq);
  }

  struct Close {
    void operator()(HoneModule *m) const { hone_module_close(m); }
    void operator()(HoneContext *c) const { hone_context_destroy(c); }
  };
  std::unique_ptr<HoneModule, Close> module;
  std::unique_ptr<HoneContext, Close> context;
  std::vector<float> x;
  std::vector<int64_t> ids;
  HoneTensor inputs[3] = {};
};

TEST_F(Run, GivesRightResultsAtManySizes) {
  for (int threads : {1, 2, 5}) {
    open(threads);
    for (int64_t batch : {1, 2, 3, 1000, 7, 0})
      for (int64_t seq : {1, 8}) {
        resize(batch, seq);
        ASSERT_EQ(run(), HONE_OK) << hone_error();
        expectResults(batch, seq);
      }
  }
}

TEST_F(Run, TakesInputsInAnyOrder) {
  resize(2, 2);
  std::swap(inputs[0], inputs[1]);
  ASSERT_EQ(run(), HONE_OK) << hone_error();
  expectResults(2, 2);
}

TEST_F(Run, OutlivesItsModule) {
  module.reset();
  resize(2, 2);
  ASSERT_EQ(run(), HONE_OK) << hone_error();
  expectResults(2, 2);
}

TEST_F(Run, NamesUnknownMissingAndDoubleInputs) {
  resize(2, 2);
  inputs[0].name = "z";
  expectError("input 'z' does not exist; the inputs are 'x' (f32 [batch, 4]), 'ids' (i64 [batch, seq])");
  inputs[0].name = "ids";
  expectError("input 'ids': expected i64, got f32");
  inputs[0] = inputs[1];
  expectError("input 'ids' is given twice");
  EXPECT_EQ(hone_run(context.get(), inputs, 1), HONE_INVALID);
  EXPECT_NE(std::string(hone_error()).find("input 'x' is missing"), std::string::npos) << hone_error();
  inputs[0].name = nullptr;
  expectError("input '' does not exist");
}

TEST_F(Run, RefusesWrongTypesAndShapes) {
  resize(2, 2);
  inputs[0].dtype = HONE_F64;
  expectError("input 'x': expected f32, got f64");
  resize(2, 2);
  inputs[0].rank = 1;
  expectError("input 'x': expected rank 2 (f32 [batch, 4]), got rank 1 ([2])");
  inputs[0].rank = 1000;
  expectError("got rank 1000");
  inputs[0].rank = -1;
  expectError("got rank -1");
  resize(2, 2);
  inputs[0].dims[1] = 5;
  expectError("input 'x': expected size 4 in dimension 1, got 5");
  inputs[0].dims[1] = -4;
  expectError("is not possible");
  resize(2, 9);
  expectError("input 'ids': expected 'seq' (dimension 1) to be 1..8, got 9");
  resize(2, 2);
  inputs[1].dims[0] = 1;
  expectError("input 'ids': expected 'batch' (dimension 0) to be 2 as in input 'x', got 1");
  resize(2, 2);
  inputs[0].data = nullptr;
  expectError("input 'x': has no data");
  inputs[0].data = reinterpret_cast<const char *>(x.data()) + 1;
  expectError("is not aligned");
  resize(2, 2);
  EXPECT_EQ(run(), HONE_OK) << hone_error();
}

TEST_F(Run, FailuresNameTheNodeAndLeaveTheContextUsable) {
  struct Case {
    int64_t id;
    const char *message;
  };
  for (Case c : {Case{-1, ".hone: node 'check/ids' (twice): expected ids that are not negative"},
                 Case{-2, "out of memory: asked for 1152921504606846976 bytes"},
                 Case{-3, ".hone: node 'layer1/scatter': expected an index of axis 0 in -4..3, got 9"}}) {
    resize(2, 2);
    ids[0] = c.id;
    expectError(c.message);
    ids[0] = 3;
    ASSERT_EQ(run(), HONE_OK) << hone_error();
    expectResults(2, 2);
  }
  ids[0] = -4;
  EXPECT_EQ(run(), HONE_INTERNAL);
  EXPECT_NE(std::string(hone_error()).find("failed with 7"), std::string::npos) << hone_error();
}

TEST_F(Run, AsksTheSystemForNothingAfterWarmUp) {
  open(3);
  auto requests = [&] {
    HoneStats stats;
    hone_context_stats(context.get(), &stats);
    return stats.memory_requests;
  };
  resize(5000, 8);
  ASSERT_EQ(run(), HONE_OK) << hone_error();
  uint64_t before = requests();
  for (int64_t batch : {5000, 1, 4999, 5000}) {
    resize(batch, 8);
    ASSERT_EQ(run(), HONE_OK) << hone_error();
  }
  EXPECT_EQ(requests(), before);
}

TEST_F(Run, OutputsFeedTheNextRunWithoutACopy) {
  resize(3, 1);
  ASSERT_EQ(run(), HONE_OK) << hone_error();
  std::vector<float> expected = x;
  for (int step = 0; step < 4; ++step) {
    for (size_t i = 0; i < expected.size(); ++i)
      expected[i] = 2 * expected[i] + 0.5f + static_cast<float>(i % 4);
    HoneTensor y = output(0);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(static_cast<const float *>(y.data)[i], expected[i]) << step << " " << i;
    y.name = "x";
    inputs[0] = y;
    ASSERT_EQ(run(), HONE_OK) << hone_error();
  }
}

TEST_F(Run, ProfilesEachDispatch) {
  resize(10, 1);
  hone_context_profile(context.get(), 1);
  ASSERT_EQ(run(), HONE_OK) << hone_error();
  size_t count = 0;
  const HoneSlice *slices = hone_context_slices(context.get(), &count);
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(slices[0].call, 0);
  EXPECT_GE(slices[0].end_ns, slices[0].start_ns);
}

TEST_F(Run, ContextsOfOneModuleRunAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      HoneContext *own = nullptr;
      if (hone_context_create(module.get(), &own) != HONE_OK)
        return;
      std::vector<float> mine(400, static_cast<float>(t));
      std::vector<int64_t> numbers(100, t);
      HoneTensor in[2] = {{"x", HONE_F32, 2, {100, 4}, mine.data()},
                          {"ids", HONE_I64, 2, {100, 1}, numbers.data()}};
      bool right = true;
      for (int i = 0; i < 200; ++i) {
        HoneTensor y{};
        right = right && hone_run(own, in, 2) == HONE_OK && hone_output(own, 0, &y) == HONE_OK &&
                static_cast<const float *>(y.data)[397] == 2.0f * static_cast<float>(t) + 1.5f;
      }
      good += right;
      hone_context_destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, 4);
}

} // namespace
