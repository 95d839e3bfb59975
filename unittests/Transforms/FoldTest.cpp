// SPDX-License-Identifier: Apache-2.0
//
// Constant folding: results, names, the budget, and what must stay.
#include "PassTest.h"

using namespace wnnx;

namespace {

class Fold : public PassTest {};

TEST_F(Fold, ChainsBecomeOneConstantWithItsNameAndPlace) {
  parse("graph t(x: f32[2]) { const c: f32[2] = dense [1.0, 2.0]; const k: f32[] = dense [3.0]; "
        "s = add(c, k); scaled = mul(s, s) @(\"net.py\":4:0, \"fc\"); y = add(x, scaled); "
        "return y; }");
  EXPECT_TRUE(run("fold"));
  EXPECT_EQ(ops(), "constant add");
  Value *folded = graph->lookup("scaled");
  ASSERT_TRUE(folded && folded->constant());
  EXPECT_TRUE(folded->constant()->identical(Tensor::fromFloats({2}, {16, 25})));
  EXPECT_EQ(folded->node()->loc().str(), "net.py:4 (fc)");
  EXPECT_FALSE(run("fold"));
}

TEST_F(Fold, ConstantsUsedElsewhereStay) {
  parse("graph t(x: f32[2]) { const c: f32[2] = dense [1.0, 2.0]; n = neg(c); y = add(x, c); "
        "z = add(y, n); return z; }");
  EXPECT_TRUE(run("fold"));
  EXPECT_EQ(ops(), "constant constant add add");
  EXPECT_TRUE(graph->lookup("c"));
}

TEST_F(Fold, SeveralResultsOfWhichSomeAreUsed) {
  parse("graph t() { const c: f32[3] = dense [3.0, 1.0, 2.0]; v, i = sort(c); "
        "a, b = split(c, sizes=[1, 2]); return i, b, again = b; }");
  EXPECT_TRUE(run("fold"));
  EXPECT_EQ(ops(), "constant constant");
  EXPECT_TRUE(output(0)->constant()->identical(Tensor::fromInts({3}, {1, 2, 0})));
  EXPECT_TRUE(output(1)->constant()->identical(Tensor::fromFloats({2}, {1, 2})));
  EXPECT_EQ(output(1), output(2));
  EXPECT_EQ(output(1)->name(), "b");
}

TEST_F(Fold, AbsentOperandsDoNotHinder) {
  parse("graph t() { const x: f32[1,2] = dense [1.0, 2.0]; const w: f32[1,2] = dense [3.0, 4.0]; "
        "y = linear(x, w); return y; }");
  EXPECT_TRUE(run("fold"));
  EXPECT_TRUE(output()->constant() && output()->constant()->getDouble(0) == 11);
}

TEST_F(Fold, ReshapeSharesTheBytes) {
  parse("graph t(x: f32[2,1]) { const c: f32[1,2] = dense [1.0, 2.0]; "
        "r = reshape(c, shape=[2, 1]); y = add(x, r); return y; }");
  const uint8_t *bytes = graph->lookup("c")->constant()->data();
  EXPECT_TRUE(run("fold"));
  ASSERT_TRUE(graph->lookup("r")->constant());
  EXPECT_EQ(graph->lookup("r")->constant()->data(), bytes);
}

TEST_F(Fold, StaysWithinTheBudget) {
  const char *text = "graph t(x: f32[64]) { const c: f32[1] = dense [1.0]; "
                     "a = expand(c, shape=[64]); b = expand(c, shape=[32]); y = add(x, a); "
                     "return y, b; }";
  parse(text);
  options.foldGrowthLimit = 300; // enough for either expand, not for both
  EXPECT_TRUE(run("fold"));
  EXPECT_EQ(ops(), "constant constant expand add");
  EXPECT_TRUE(graph->lookup("a")->constant());
  parse(text);
  options.foldGrowthLimit = 0;
  EXPECT_FALSE(run("fold"));
  // A result that is smaller than what it replaces costs nothing.
  parse("graph t() { const c: f32[64] = splat 1.0; s = sum(c); return s; }");
  EXPECT_TRUE(run("fold"));
  EXPECT_EQ(ops(), "constant");
  // Nodes that are too large to evaluate stay, whatever they would save.
  parse("graph t() { const c: f32[64] = splat 1.0; s = sum(c); return s; }");
  options.foldNodeLimit = 100;
  EXPECT_FALSE(run("fold"));
}

TEST_F(Fold, StaysWithinItsWork) {
  parse("graph t() { const a: f32[64,64] = splat 1.0; b = matmul(a, a); c = sum(b); return c; }");
  options.foldWorkLimit = 200000; // the product takes 64^3 steps
  EXPECT_FALSE(run("fold"));
  options.foldWorkLimit = 300000;
  EXPECT_TRUE(run("fold"));
  EXPECT_EQ(output()->constant()->getDouble(0), 64 * 64 * 64);
}

TEST_F(Fold, HugeResultsAreNotEvaluated) {
  parse("graph t() { const c: f32[1] = dense [1.0]; a = expand(c, shape=[1099511627776]); "
        "s = sum(a); return s; }");
  EXPECT_FALSE(run("fold"));
  EXPECT_EQ(ops(), "constant expand sum");
}

TEST_F(Fold, NodesWithoutAResultAreLeftWithAWarning) {
  // Inference reports indices that are constants; these become constant by folding.
  parse("graph t() { const c: f32[3] = dense [1.0, 2.0, 3.0]; const k: i64[1] = dense [1]; "
        "i = add(k, k); j = add(i, i); y = index_select(c, j, dim=0); return y; }");
  options.verify = false; // which would report the index as an error
  EXPECT_TRUE(run("fold"));
  EXPECT_NE(diags.render().find("warning: index 4 in `index` is out of range"), std::string::npos)
      << diags.render();
  EXPECT_EQ(output()->node()->kind(), OpKind::IndexSelect);
  EXPECT_FALSE(run("fold"));
  EXPECT_EQ(diags.all().size(), 1u) << diags.render(); // said once
}

TEST_F(Fold, DeadNodesAreNotEvaluated) {
  parse(
      "graph t(x: f32[1]) { const c: f32[1] = dense [1.0]; dead = neg(c); y = neg(x); return y; }");
  EXPECT_FALSE(run("fold"));
}

} // namespace
