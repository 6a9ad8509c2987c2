// The library functions called as generated code calls them.
#include "runtime/library/Library.h"
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>

using namespace hone::rt;

namespace {

/// A runtime of which only memory and messages work.
struct FakeRuntime : HoneRuntime {
  FakeRuntime() : HoneRuntime{} {
    alloc = [](HoneRuntime *, int64_t bytes) { return malloc(static_cast<size_t>(bytes)); };
    release = [](HoneRuntime *, void *block) { free(block); };
    fail = [](HoneRuntime *self, const char *message, int32_t) {
      static_cast<FakeRuntime *>(self)->message = message;
      return 1;
    };
  }
  std::string message;
};

enum { topkId, nonzeroCountId, nonzeroId, scatterElementsId, scatterNdId, nmsId };
constexpr int64_t f32 = int64_t(DType::F32), i64 = int64_t(DType::I64), i32 = int64_t(DType::I32),
                  f16 = int64_t(DType::F16), boolean = int64_t(DType::Bool), i8 = int64_t(DType::I8);
enum Kind : int64_t { set, add, multiply, minimum, maximum };

struct Library : testing::Test {
  FakeRuntime runtime;
  int32_t call(int32_t id, std::vector<HoneTensorRef> tensors, std::vector<int64_t> params) {
    return callLibrary(&runtime, id, tensors.data(), params.data(), 0);
  }
  void topk(std::vector<float> input, std::vector<int64_t> dims, int64_t axis, int64_t k, bool smallest,
            const std::vector<int64_t> &expected) {
    HoneTensorRef in{input.data(), {}}, out{}, at{};
    std::copy(dims.begin(), dims.end(), in.dims);
    std::vector<float> values(expected.size());
    std::vector<int64_t> indices(expected.size(), -1);
    out.data = values.data();
    at.data = indices.data();
    ASSERT_EQ(call(topkId, {in, out, at}, {f32, int64_t(dims.size()), axis, k, smallest}), 0)
        << runtime.message;
    EXPECT_EQ(indices, expected);
    if (dims.size() == 1)
      for (size_t i = 0; i < values.size(); ++i) {
        float want = input[static_cast<size_t>(indices[i])];
        EXPECT_TRUE(values[i] == want || (std::isnan(values[i]) && std::isnan(want)));
      }
  }
};

TEST_F(Library, TopKKeepsTheOrderOfEqualValues) {
  topk({1, 3, 3, 2, 3}, {5}, 0, 3, false, {1, 2, 4});
  topk({1, 3, 1, 2, 3}, {5}, 0, 3, true, {0, 2, 3});
  topk({1, 3, 1, 2, 3}, {5}, 0, 5, false, {1, 4, 3, 0, 2});
}

TEST_F(Library, TopKPutsNaNAboveAllNumbers) {
  topk({1, NAN, INFINITY, NAN}, {4}, 0, 3, false, {1, 3, 2});
  topk({NAN, 1, -INFINITY}, {3}, 0, 3, true, {2, 1, 0});
}

TEST_F(Library, TopKWorksAlongAnyAxis) {
  topk({1, 5, 4, 2, 3, 6}, {2, 3}, 1, 2, false, {1, 2, 2, 1});
  topk({1, 5, 4, 2, 3, 6}, {2, 3}, 0, 1, false, {1, 0, 1});
  topk({}, {0, 3}, 1, 2, false, {});
}

TEST_F(Library, TopKOfManyIsSorted) {
  std::vector<float> input;
  std::vector<int64_t> expected;
  for (int i = 0; i < 500; ++i)
    input.push_back(static_cast<float>(i * 7919 % 500));
  for (int i = 0; i < 200; ++i)
    expected.push_back(std::find(input.begin(), input.end(), static_cast<float>(499 - i)) - input.begin());
  topk(input, {500}, 0, 200, false, expected);
}

TEST_F(Library, TopKRefusesABadK) {
  float value = 0;
  int64_t index = 0;
  EXPECT_NE(call(topkId, {{&value, {1}}, {&value, {}}, {&index, {}}}, {f32, 1, 0, 2, 0}), 0);
  EXPECT_EQ(runtime.message, "expected k of at most the axis's size");
}

TEST_F(Library, NonZeroGivesCoordinatesByRow) {
  std::vector<float> input{0, 1, NAN, -0.0f, 2, 0};
  int64_t count = -1;
  HoneTensorRef in{input.data(), {2, 3}};
  ASSERT_EQ(call(nonzeroCountId, {in, {&count, {1}}}, {f32, 2}), 0);
  ASSERT_EQ(count, 3);
  std::vector<int64_t> at(6);
  ASSERT_EQ(call(nonzeroId, {in, {at.data(), {2, 3}}}, {f32, 2}), 0);
  EXPECT_EQ(at, (std::vector<int64_t>{0, 0, 1, 1, 2, 1}));
}

TEST_F(Library, NonZeroOfNothingAndOfAScalar) {
  uint8_t one = 1;
  int64_t count = -1;
  ASSERT_EQ(call(nonzeroCountId, {{nullptr, {0, 3}}, {&count, {1}}}, {boolean, 2}), 0);
  EXPECT_EQ(count, 0);
  ASSERT_EQ(call(nonzeroCountId, {{&one, {}}, {&count, {1}}}, {boolean, 0}), 0);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(call(nonzeroId, {{&one, {}}, {nullptr, {0, 1}}}, {boolean, 0}), 0);
}

TEST_F(Library, NmsKeepsTheBestOfThoseThatOverlap) {
  // The first two overlap by 9/11, the third lies apart, the fourth scores too little.
  std::vector<float> boxes{0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 3, 3, 2, 2, 5, 5, 6, 6},
      scores{0.5f, 0.9f, 0.5f, 0.1f};
  int64_t most = 4;
  float overlap = 0.5f, least = 0.2f;
  std::vector<int64_t> order(4, 7);
  auto run = [&](int64_t isCentred) {
    return call(nmsId,
                {{boxes.data(), {1, 4, 4}},
                 {scores.data(), {1, 1, 4}},
                 {&most, {}},
                 {&overlap, {}},
                 {&least, {}},
                 {order.data(), {1, 1, 4}}},
                {isCentred});
  };
  ASSERT_EQ(run(0), 0);
  EXPECT_EQ(order, (std::vector<int64_t>{1, 2, -1, -1}));
  overlap = 0.9f;
  ASSERT_EQ(run(0), 0);
  EXPECT_EQ(order, (std::vector<int64_t>{1, 0, 2, -1})); // equal scores: the lower index first
  most = 1;
  ASSERT_EQ(run(1), 0);
  EXPECT_EQ(order, (std::vector<int64_t>{1, -1, -1, -1}));
}

TEST_F(Library, ScatterElementsFollowsTheAxis) {
  std::vector<float> data(9, 0), updates{1, 2, 3, 4, 5, 6};
  std::vector<int64_t> indices{1, 0, 2, 0, 2, -2};
  ASSERT_EQ(call(scatterElementsId,
                 {{data.data(), {3, 3}}, {indices.data(), {2, 3}}, {updates.data(), {2, 3}}},
                 {f32, i64, 2, 0, set}),
            0)
      << runtime.message;
  EXPECT_EQ(data, (std::vector<float>{4, 2, 0, 1, 0, 6, 0, 5, 3}));
}

TEST_F(Library, ScatterElementsReduces) {
  auto reduce = [&](Kind kind, std::vector<float> expected) {
    std::vector<float> data{10, 20}, updates{3, 30, 4};
    std::vector<int32_t> indices{0, 1, 0};
    ASSERT_EQ(call(scatterElementsId, {{data.data(), {2}}, {indices.data(), {3}}, {updates.data(), {3}}},
                   {f32, i32, 1, 0, kind}),
              0);
    EXPECT_EQ(data, expected) << kind;
  };
  reduce(set, {4, 30});
  reduce(add, {17, 50});
  reduce(multiply, {120, 600});
  reduce(minimum, {3, 20});
  reduce(maximum, {10, 30});
}

TEST_F(Library, ScatterWorksOnOtherTypes) {
  Half half[1] = {Half::from(1.5f)}, addHalf[1] = {Half::from(2.25f)};
  int64_t zero = 0;
  ASSERT_EQ(call(scatterElementsId, {{half, {1}}, {&zero, {1}}, {addHalf, {1}}}, {f16, i64, 1, 0, add}), 0);
  EXPECT_EQ(half[0].value(), 3.75f);
  int8_t small[1] = {100}, more[1] = {100};
  ASSERT_EQ(call(scatterElementsId, {{small, {1}}, {&zero, {1}}, {more, {1}}}, {i8, i64, 1, 0, add}), 0);
  EXPECT_EQ(small[0], static_cast<int8_t>(-56)); // wraps
}

TEST_F(Library, ScatterNdWritesSlices) {
  std::vector<float> data(8, 0), updates{1, 2, 3, 4};
  std::vector<int64_t> indices{1, 0, -1, 1};
  ASSERT_EQ(call(scatterNdId, {{data.data(), {2, 2, 2}}, {indices.data(), {2, 2}}, {updates.data(), {2, 2}}},
                 {f32, i64, 3, 2, set}),
            0)
      << runtime.message;
  EXPECT_EQ(data, (std::vector<float>{0, 0, 0, 0, 1, 2, 3, 4}));
  std::vector<int64_t> whole{0};
  std::vector<float> half{1, 1, 1, 1};
  ASSERT_EQ(call(scatterNdId, {{data.data(), {2, 2, 2}}, {whole.data(), {1, 1}}, {half.data(), {1, 2, 2}}},
                 {f32, i64, 3, 2, add}),
            0);
  EXPECT_EQ(data, (std::vector<float>{1, 1, 1, 1, 1, 2, 3, 4}));
}

TEST_F(Library, ScatterChecksEveryIndex) {
  std::vector<float> data(4, 0), updates{1, 1};
  for (int64_t bad : {2, -3}) {
    std::vector<int64_t> indices{0, bad};
    EXPECT_NE(call(scatterElementsId,
                   {{data.data(), {2, 2}}, {indices.data(), {2, 1}}, {updates.data(), {2, 1}}},
                   {f32, i64, 2, 1, set}),
              0);
    EXPECT_EQ(runtime.message, "expected an index of axis 1 in -2..1, got " + std::to_string(bad));
    EXPECT_NE(call(scatterNdId, {{data.data(), {2, 2}}, {indices.data(), {1, 2}}, {updates.data(), {1}}},
                   {f32, i64, 2, 2, set}),
              0);
  }
}

TEST_F(Library, RefusesUnknownFunctions) {
  EXPECT_NE(call(99, {}, {}), 0);
  EXPECT_NE(call(-1, {}, {}), 0);
}

} // namespace
