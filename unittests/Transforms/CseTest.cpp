// SPDX-License-Identifier: Apache-2.0
//
// Common subexpressions: what is merged, and what only looks alike.
#include "PassTest.h"

using namespace wnnx;

namespace {

class Cse : public PassTest {};

TEST_F(Cse, MergesTransitively) {
  parse("graph t(x: f32[2]) { a = relu(x); b = relu(x); c = exp(a); d = exp(b); y = sub(c, d); "
        "return y; }");
  EXPECT_TRUE(run("cse"));
  EXPECT_EQ(ops(), "relu exp sub");
  EXPECT_EQ(output()->node()->operand(0), output()->node()->operand(1));
  EXPECT_TRUE(graph->lookup("a") && graph->lookup("c"));
  EXPECT_FALSE(run("cse"));
}

TEST_F(Cse, CommutativeOperandsInEitherOrder) {
  parse("graph t(x: f32[2], z: f32[2]) { a = add(x, z); b = add(z, x); c = sub(x, z); "
        "d = sub(z, x); return a, b, c, d; }");
  EXPECT_TRUE(run("cse"));
  EXPECT_EQ(ops(), "add sub sub");
  EXPECT_EQ(output(0), output(1));
}

TEST_F(Cse, AttributesTypesAndOptionalOperandsCount) {
  parse("graph t(x: f32[2,2], z: f32[2,2]) { a = sum(x, dim=[0]); b = sum(x, dim=[1]); "
        "c = clamp(x, min=0.0); d = clamp(x, min=-0.0); e = to(x, dtype=f16); "
        "f = to(x, dtype=f64); g = linear(x, z); h = linear(x, z, none, z); "
        "return a, b, c, d, e, f, g, h; }");
  EXPECT_FALSE(run("cse"));
}

TEST_F(Cse, ConstantsByTypeAndBytes) {
  parse("graph t(x: f32[2]) { const a: f32[2] = dense [1.0, nan]; const b: f32[2] = dense [1.0, "
        "nan]; "
        "const c: f32[1,2] = dense [1.0, nan]; const p: f32[] = dense [0.0]; "
        "const m: f32[] = dense [-0.0]; return a, b, c, p, m; }");
  EXPECT_TRUE(run("cse"));
  EXPECT_EQ(graph->numNodes(), 4u);
  EXPECT_EQ(output(0), output(1));
}

/// Equal at both ends, which is what the hash looks at.
TEST_F(Cse, LargeConstantsThatDifferInTheMiddle) {
  parse("graph t() { const a: f32[400] = splat 1.0; return a; }");
  std::vector<float> values(400, 1);
  values[200] = 2;
  graph->addOutput("b", graph->addConstant(Tensor::fromFloats({400}, values), "b"));
  graph->addOutput("c", graph->addConstant(Tensor::fromFloats({400}, values), "c"));
  EXPECT_TRUE(run("cse"));
  EXPECT_EQ(graph->numNodes(), 2u);
  EXPECT_EQ(output(1), output(2));
  EXPECT_NE(output(0), output(1));
}

TEST_F(Cse, SeveralResults) {
  parse("graph t(x: f32[4]) { a, b = split(x, sizes=[1, 3]); c, d = split(x, sizes=[1, 3]); "
        "e, f = split(x, sizes=[3, 1]); return a, d, e; }");
  EXPECT_TRUE(run("cse"));
  EXPECT_EQ(ops(), "split split");
  EXPECT_EQ(output(0)->node(), output(1)->node());
}

} // namespace
