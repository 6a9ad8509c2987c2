// Sizes as polynomials: equal sizes compare equal however they were written.
#include "dialects/hone/DimExpr.h"
#include <gtest/gtest.h>

using mlir::hone::DimExpr;

namespace {
const DimExpr a = DimExpr::symbol(0), b = DimExpr::symbol(1);
}

TEST(DimExpr, SumsAndProductsAreCanonical) {
  EXPECT_EQ((a + b) * (a + b), a * a + a * b * DimExpr(2) + b * b);
  EXPECT_EQ(a + b - a, b);
  EXPECT_TRUE((a - a).is(0));
  EXPECT_NE(a * b, a + b);
}

TEST(DimExpr, KnowsConstantsAndSymbols) {
  EXPECT_EQ((DimExpr(3) * DimExpr(4)).constant(), 12);
  EXPECT_EQ(DimExpr().constant(), 0);
  EXPECT_FALSE(a.constant());
  EXPECT_EQ(b.asSymbol(), 1);
  EXPECT_FALSE((a + DimExpr(1)).asSymbol());
  EXPECT_FALSE((a * DimExpr(2)).asSymbol());
}

TEST(DimExpr, DividesTermByTerm) {
  EXPECT_EQ((a * b * DimExpr(6) + a * DimExpr(2)).dividedBy(a * DimExpr(2)), b * DimExpr(3) + DimExpr(1));
  EXPECT_EQ((a + b).dividedBy(a + b), DimExpr(1));
  EXPECT_FALSE((a + DimExpr(1)).dividedBy(a));
  EXPECT_FALSE((a * DimExpr(3)).dividedBy(DimExpr(2)));
}

TEST(DimExpr, OverflowWrapsAndDividesNoMinimumByMinusOne) {
  DimExpr large(INT64_MAX);
  EXPECT_EQ((large + DimExpr(1)).constant(), INT64_MIN);
  EXPECT_FALSE(DimExpr(INT64_MIN).dividedBy(DimExpr(-1)));
}
