// What symbolic shapes fold and prove, on sizes of a tensor.
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/Block.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::hone;

namespace {
struct ShapesTest : testing::Test {
  MLIRContext context;
  Block block;
  Shapes shapes;
  DimExpr n, m; // sizes: never negative
  DimExpr k;    // a number that the caller gives: may be

  ShapesTest() {
    context.loadDialect<HoneDialect>();
    Builder b(&context);
    Location loc = b.getUnknownLoc();
    constexpr int64_t open = ShapedType::kDynamic;
    Value tensor = block.addArgument(RankedTensorType::get({open, open}, b.getF32Type()), loc);
    Value number = block.addArgument(RankedTensorType::get({1}, b.getI64Type()), loc);
    n = shapes.dim(tensor, 0);
    m = shapes.dim(tensor, 1);
    k = shapes.element(number, 0);
  }
};
} // namespace

TEST_F(ShapesTest, DivisionTakesMultiplesOut) {
  EXPECT_EQ(shapes.floorDiv(n * DimExpr(6), DimExpr(3)), n * DimExpr(2));
  EXPECT_EQ(shapes.floorDiv(n * DimExpr(4) + DimExpr(3), DimExpr(4)), n);
  EXPECT_EQ(shapes.floorDiv(DimExpr(-7), DimExpr(2)).constant(), -4);
  EXPECT_EQ(shapes.ceilDiv(DimExpr(7), DimExpr(2)).constant(), 4);
  EXPECT_EQ(shapes.floorDiv(n * m, m), n);
  EXPECT_EQ(shapes.floorDiv(n, DimExpr(0)).constant(), 0) << "no division by zero in the compiler";
  EXPECT_EQ(shapes.floorDiv(n, DimExpr(2)), shapes.floorDiv(n, DimExpr(2))) << "one symbol for one quotient";
}

TEST_F(ShapesTest, RemaindersOfMultiplesAreZero) {
  EXPECT_TRUE(shapes.mod(n * DimExpr(8), DimExpr(4)).is(0));
  EXPECT_EQ(shapes.mod(DimExpr(-1), DimExpr(4)).constant(), 3);
  EXPECT_FALSE(shapes.mod(n, DimExpr(4)).constant());
}

TEST_F(ShapesTest, OrderIsProvedFromSizes) {
  EXPECT_TRUE(shapes.isNonNegative(n * m + DimExpr(1)));
  EXPECT_FALSE(shapes.isNonNegative(n - DimExpr(1)));
  EXPECT_FALSE(shapes.isNonNegative(k)) << "the caller may give a negative number";
  EXPECT_EQ(shapes.min(n, n + DimExpr(3)), n);
  EXPECT_EQ(shapes.max(n, n + m), n + m);
  EXPECT_EQ(shapes.min(n, m), shapes.min(m, n));
  EXPECT_EQ(shapes.less(n + m, n).constant(), 0);
  EXPECT_EQ(shapes.less(n, n + DimExpr(1)).constant(), 1);
  EXPECT_EQ(shapes.equal(n, n + DimExpr(2)).constant(), 0);
  EXPECT_FALSE(shapes.equal(n, m).constant());
}

TEST_F(ShapesTest, BroadcastingTakesTheKnownSize) {
  EXPECT_EQ(shapes.broadcast(n, DimExpr(1)), n);
  EXPECT_EQ(shapes.broadcast(DimExpr(1), n), n);
  EXPECT_EQ(shapes.broadcast(n, DimExpr(7)).constant(), 7);
  EXPECT_EQ(shapes.broadcast(n, n), n);
  auto both = shapes.broadcastShapes({n, DimExpr(4)}, {DimExpr(4)});
  ASSERT_TRUE(succeeded(both));
  EXPECT_EQ(both->size(), 2u);
  EXPECT_TRUE(failed(shapes.broadcastShapes({DimExpr(3)}, {DimExpr(4)})));
}

TEST_F(ShapesTest, PositionsAreClampedToTheDimension) {
  EXPECT_EQ(shapes.position(DimExpr(INT64_MAX), n), n);
  EXPECT_TRUE(shapes.position(DimExpr(INT64_MIN), n).is(0));
  EXPECT_EQ(shapes.position(DimExpr(-1), DimExpr(5)).constant(), 4);
  EXPECT_EQ(shapes.position(DimExpr(9), DimExpr(5)).constant(), 5);
}

TEST_F(ShapesTest, SelectFoldsWhatIsKnown) {
  EXPECT_EQ(shapes.select(DimExpr(1), n, m), n);
  EXPECT_EQ(shapes.select(DimExpr(0), n, m), m);
  EXPECT_EQ(shapes.select(shapes.equal(n, m), n, n), n);
}

TEST_F(ShapesTest, WhatOnlyTheRunKnowsIsRequired) {
  EXPECT_TRUE(shapes.require(n, n));
  EXPECT_TRUE(shapes.requirements().empty()) << "equal sizes need no check";
  EXPECT_TRUE(shapes.require(n, m));
  EXPECT_EQ(shapes.requirements().size(), 1u);
  EXPECT_FALSE(shapes.require(DimExpr(3), DimExpr(4)));
  EXPECT_TRUE(shapes.require(DimExpr(1), DimExpr(4), /*orOne=*/true));
}
