// SPDX-License-Identifier: Apache-2.0
//
// The shipped rules: their own tests, a network in which most of them meet, weights large enough to
// be computed late, and the power of the numerical check itself.
#include "Helpers.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

static const std::string fuse = WNNX_SOURCE_DIR "/patterns/fuse.pat";

TEST(Shipped, TheirTestsPass) {
  Diagnostics diags;
  FailureOr<RuleSet> rules = loadRules({fuse}, diags);
  ASSERT_TRUE(succeeded(rules)) << diags.render();
  FailureOr<std::vector<RuleTestResult>> results = runRuleTests(*rules, diags);
  ASSERT_TRUE(succeeded(results)) << diags.render();
  EXPECT_GT(results->size(), 100u);
  for (const RuleTestResult &r : *results)
    EXPECT_TRUE(r.passed) << r.place << " " << r.name << ": " << r.why;
}

/// Every rule has a test in which it fires and one in which it must not.
TEST(Shipped, EveryRuleIsTestedBothWays) {
  Diagnostics diags;
  FailureOr<RuleSet> rules = loadRules({fuse}, diags);
  ASSERT_TRUE(succeeded(rules));
  const Program &p = rules->program();
  for (const auto &r : p.rules) {
    bool fires = false, blocks = false;
    for (const ast::TestDecl &t : p.tests) {
      if (t.rule.text == r->name)
        (t.fired ? fires : blocks) = true;
    }
    EXPECT_TRUE(fires && blocks) << r->name;
  }
}

TEST(Shipped, AWrongRuleFailsItsNumericalTest) {
  Rules rules(
      "rule bad : s, class real { match { y = conv2d(x, w: const[O, _, _, _], b?: const[O], "
      "..a); z = mul(y, 2); } rewrite { z = conv2d(x, w * 2, b, ..a); } }\n"
      "test \"t\" for bad { graph (x: f32[1,2,3,3]) { const w: f32[2,2,1,1] = "
      "file(\"random\", \"w\"); const b: f32[2] = file(\"random\", \"b\"); const two: f32[] = "
      "dense[2]; y = conv2d(x, w, b); z = mul(y, two); return z; } expect fired 1; }");
  ASSERT_TRUE(bool(rules)) << rules.diags.render();
  Diagnostics diags;
  FailureOr<std::vector<RuleTestResult>> results = runRuleTests(*rules.set, diags);
  ASSERT_TRUE(succeeded(results)) << diags.render();
  ASSERT_EQ(results->size(), 1u);
  EXPECT_FALSE((*results)[0].passed);
  EXPECT_TRUE(has((*results)[0].why, "differs by")) << (*results)[0].why;
}

TEST(Shipped, AResidualNetwork) {
  std::string g =
      "(x: f32[2,3,17,13]) {"
      "const w1: f32[16,3,3,3] = file(\"w1\", \"\"); const m1: f32[16] = file(\"m1\", \"\");"
      "const v1: f32[16] = file(\"+v1\", \"\"); const g1: f32[16] = file(\"g1\", \"\");"
      "const b1: f32[16] = file(\"b1\", \"\"); const w2: f32[16,16,3,3] = file(\"w2\", \"\");"
      "const m2: f32[16] = file(\"m2\", \"\"); const v2: f32[16] = file(\"+v2\", \"\");"
      "const w3: f32[16,1,3,3] = file(\"w3\", \"\"); const w4: f32[32,16,1,1] = file(\"w4\", \"\");"
      "const v4: f32[32] = file(\"+v4\", \"\"); const m4: f32[32] = file(\"m4\", \"\");"
      "const wl: f32[10,32] = file(\"wl\", \"\"); const bl: f32[10] = file(\"bl\", \"\");"
      "p0 = pad(x, pad=[1, 0, 0, 1]); c1 = conv2d(p0, w1, stride=[2, 2], padding=[1, 1]);"
      "n1 = batch_norm(c1, m1, v1, g1, b1); r1 = relu(n1);"
      "c2 = conv2d(r1, w2, padding=[1, 1]); n2 = batch_norm(c2, m2, v2); a2 = add(n2, r1);"
      "r2 = relu(a2); d2 = dropout(r2);"
      "c3 = conv2d(d2, w3, padding=[2, 2], dilation=[2, 2], groups=16); s3 = sigmoid(c3);"
      "y3 = mul(c3, s3); c4 = conv2d(y3, w4); n4 = batch_norm(c4, m4, v4);"
      "k4 = hardswish(n4); q = mean(k4, dim=[2, 3]); f = reshape(q, shape=[2, 32]);"
      "l = linear(f, wl, bl); t = leaky_relu(l, negative_slope=0.3); return t; }";
  Diagnostics diags;
  std::unique_ptr<Graph> before = graphOf(g, diags), after = graphOf(g, diags);
  FailureOr<RuleSet> rules = loadRules({fuse}, diags);
  ASSERT_TRUE(succeeded(rules)) << diags.render();
  RewriteReport report;
  RewriteOptions options;
  options.verifyEach = true;
  ASSERT_TRUE(succeeded(applyRules(*after, *rules, options, report, diags))) << diags.render();
  EXPECT_EQ(report.find("conv_bn")->fired, 3u) << summarize(report);
  EXPECT_EQ(report.find("conv_residual")->fired, 1u);
  EXPECT_EQ(report.find("conv_act")->fired, 4u);
  EXPECT_EQ(report.find("pad_conv")->fired, 1u);
  EXPECT_EQ(report.find("linear_act")->fired, 1u);
  EXPECT_EQ(report.nodesAfter, 6u) << printGraph(*after); // 4 convolutions, mean, linear
  EXPECT_TRUE(report.notes.empty()) << report.notes[0];
  EXPECT_LT(difference(*before, *after), 1e-5);
  // Weights keep their names, new biases stand beside them.
  EXPECT_TRUE(after->lookup("w1") && after->lookup("t"));
}

TEST(Shipped, LargeWeightsAreComputedLate) {
  std::string g =
      "(x: f32[1,32,6,5]) { const w: f32[64,32,3,3] = file(\"w\", \"\");"
      "const m: f32[64] = file(\"m\", \"\"); const v: f32[64] = file(\"+v\", \"\");"
      "y = conv2d(x, w, padding=[1, 1]); z = batch_norm(y, m, v, eps=0.01); return z; }";
  Diagnostics diags;
  std::unique_ptr<Graph> before = graphOf(g, diags), after = graphOf(g, diags);
  FailureOr<RuleSet> rules = loadRules({fuse}, diags);
  RewriteReport report;
  ASSERT_TRUE(succeeded(applyRules(*after, *rules, {}, report, diags)));
  EXPECT_EQ(report.find("conv_bn")->fired, 1u);
  EXPECT_LT(difference(*before, *after), 1e-6);
}
