// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo 2^61 - 1 and the laws of its functions.
#include "wnnx/Ops/Scalar.h"

#include <gtest/gtest.h>

using namespace wnnx;

TEST(FieldTest, arithmetic) {
  Field a(123456789.0), b(-0.375), c(1e-5);
  EXPECT_EQ(a + b - a, b);
  EXPECT_EQ((a + b) * c, a * c + b * c);
  EXPECT_EQ(a * a.inverse(), Field(1));
  EXPECT_EQ(scalar::div(a, c) * c, a);
  EXPECT_EQ(-(-b), b);
  EXPECT_EQ(Field(0) - a, -a);
}

TEST(FieldTest, doublesAreDyadicRationals) {
  EXPECT_EQ(Field(0.5) + Field(0.5), Field(1));
  EXPECT_EQ(Field(0.75) * Field(4.0), Field(3));
  EXPECT_EQ(Field(-2.0), Field(-2));
  EXPECT_EQ(Field(0x1p100) * Field(0x1p-100), Field(1));
  EXPECT_NE(Field(0.1) + Field(0.2), Field(0.3)); // nor are they in double
}

TEST(FieldTest, ordersSmallNumbers) {
  EXPECT_LT(Field(-3), Field(2));
  EXPECT_EQ(scalar::max(Field(-3), Field(2)), Field(2));
  EXPECT_LT(Field::minusInfinity(), Field(-3));
  EXPECT_EQ(scalar::exp(Field::minusInfinity()), Field(0));
  EXPECT_TRUE((Field::infinity() + Field::minusInfinity()).isNaN());
  EXPECT_TRUE(Field(0).inverse().isNaN());
}

TEST(FieldTest, functionsKeepTheirLaws) {
  for (uint64_t seed : {1, 2, 3}) {
    seedFieldFunctions(seed);
    Field x(1.25), y(-7.5);
    EXPECT_EQ(scalar::exp(x) * scalar::exp(-x), Field(1));
    EXPECT_EQ(scalar::log(scalar::exp(x)), x);
    EXPECT_EQ(scalar::exp(scalar::log(y)), y);
    EXPECT_EQ(scalar::tanh(-x), -scalar::tanh(x));
    EXPECT_EQ(scalar::erf(-x), -scalar::erf(x));
    EXPECT_EQ(scalar::sigmoid(x) + scalar::sigmoid(-x), Field(1));
    EXPECT_EQ(scalar::pow(x, Field(3)), x * x * x);
    EXPECT_EQ(scalar::rsqrt(y) * scalar::sqrt(y), Field(1));
    EXPECT_EQ(scalar::sqrt(x * y), scalar::sqrt(x) * scalar::sqrt(y));
    EXPECT_EQ(scalar::floor(Field(4)), Field(4));
    // A law that does not hold over the reals does not hold here.
    EXPECT_NE(scalar::exp(x + y), scalar::exp(x) + scalar::exp(y));
    EXPECT_NE(scalar::sigmoid(x), scalar::tanh(x));
  }
}

TEST(FieldTest, seedsChooseFunctions) {
  seedFieldFunctions(1);
  Field a = scalar::exp(Field(2));
  seedFieldFunctions(2);
  EXPECT_NE(scalar::exp(Field(2)), a);
  seedFieldFunctions(1);
  EXPECT_EQ(scalar::exp(Field(2)), a);
}
