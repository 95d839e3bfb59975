// SPDX-License-Identifier: Apache-2.0
//
// What the matcher accepts, seen through rewrites.
#include "Helpers.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

static uint64_t fired(const std::string &rules, const std::string &graph) {
  return rewrite(rules, graph).report.applications;
}

TEST(Matcher, CommutativeOpsMatchBothOrdersAndOrderedOnesOne) {
  const char *both = "rule r : s, class real { match { y = mul(x, sigmoid(x)); } rewrite { y = "
                     "silu(x); } }";
  const char *one = "rule r : s, class real { match { y = ordered mul(x, sigmoid(x)); } rewrite { "
                    "y = silu(x); } }";
  std::string g1 = "(x: f32[2]) { s = sigmoid(x); y = mul(x, s); return y; }";
  std::string g2 = "(x: f32[2]) { s = sigmoid(x); y = mul(s, x); return y; }";
  EXPECT_EQ(fired(both, g1), 1u);
  EXPECT_EQ(fired(both, g2), 1u);
  EXPECT_EQ(fired(one, g1), 1u);
  EXPECT_EQ(fired(one, g2), 0u);
}

TEST(Matcher, ALaterOperandSendsAnEarlierChoiceBack) {
  // Only the second order of the inner sum fits the outer operand.
  const char *rule = "rule r : s, class real { match { y = sub(add(a, b), mul(a, a)); } "
                     "rewrite { y = add(b, exp(a)); } }";
  EXPECT_EQ(fired(rule, "(p: f32[2], q: f32[2]) { s = add(p, q); m = mul(q, q); y = sub(s, m); "
                        "return y; }"),
            1u);
  EXPECT_EQ(fired(rule, "(p: f32[2], q: f32[2], r: f32[2]) { s = add(p, q); m = mul(r, r); "
                        "y = sub(s, m); return y; }"),
            0u);
}

TEST(Matcher, AlternativesAreTriedAfterALaterFailure) {
  const char *rule = "frag f(x) = relu(x) | relu(neg(x));\n"
                     "rule r : s, class real { match { y = add(f(x), exp(x)); } "
                     "rewrite { y = exp(x); } }";
  EXPECT_EQ(fired(rule, "(x: f32[2]) { n = neg(x); a = relu(n); e = exp(x); y = add(a, e); "
                        "return y; }"),
            1u);
}

TEST(Matcher, AlternativesConditionsChooseToo) {
  const char *rule =
      "frag f(x) -> { k: int } = clamp(x, min = a, max = none) where (a ?? 0) > 1 => { k = 1 }\n"
      "  | clamp(x, min = a, max = none) where (a ?? 0) < 0 => { k = 2 };\n"
      "rule r : s, class real { match { y = f(x) as t; } rewrite { y = softmax(x, dim = t.k); } }";
  EXPECT_TRUE(has(rewrite(rule, "(x: f32[2,2,2]) { y = clamp(x, min=-1.0); return y; }").text,
                  "softmax(x, dim=2)"));
  EXPECT_TRUE(has(rewrite(rule, "(x: f32[2,2,2]) { y = clamp(x, min=3.0); return y; }").text,
                  "softmax(x, dim=1)"));
  EXPECT_EQ(fired(rule, "(x: f32[2,2,2]) { y = clamp(x, min=0.5); return y; }"), 0u);
}

TEST(Matcher, OptionalOpsMayBeMissing) {
  const char *rule = "rule r : s, class real { match { y = relu(dropout?(exp(x), p = _)); } "
                     "rewrite { y = exp(x); } }";
  EXPECT_EQ(fired(rule, "(x: f32[2]) { e = exp(x); y = relu(e); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2]) { e = exp(x); d = dropout(e); y = relu(d); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2]) { e = neg(x); d = dropout(e); y = relu(d); return y; }"), 0u);
  const char *capture =
      "rule r : s, class real { match { y = relu(leaky_relu?(x, negative_slope = n)); } "
      "where has(n) ? n > 0 : rank(x) == 1; rewrite { y = exp(x); } }";
  EXPECT_EQ(fired(capture, "(x: f32[2]) { y = relu(x); return y; }"), 1u);
  EXPECT_EQ(fired(capture, "(x: f32[2,2]) { y = relu(x); return y; }"), 0u);
  EXPECT_EQ(fired(capture, "(x: f32[2,2]) { l = leaky_relu(x); y = relu(l); return y; }"), 1u);
}

TEST(Matcher, OptionalOperandsAreAbsentOrThere) {
  const char *rule = "rule r : s, class real { match { y = linear(x, w, b?); } "
                     "rewrite { y = matmul(x, permute(w, dims = [1, 0])); } where !has(b); }";
  EXPECT_EQ(fired(rule, "(x: f32[2,3], w: f32[4,3]) { y = linear(x, w); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2,3], w: f32[4,3], b: f32[4]) { y = linear(x, w, b); return y; }"),
            0u);
  const char *closed = "rule r : s, class real { match { y = linear(x, w); } "
                       "rewrite { y = matmul(x, permute(w, dims = [1, 0])); } }";
  EXPECT_EQ(
      fired(closed, "(x: f32[2,3], w: f32[4,3], b: f32[4]) { y = linear(x, w, b); return y; }"),
      0u);
}

TEST(Matcher, AttributesAreClosedUnlessOpened) {
  std::string g = "(x: f32[2,3]) { y = sum(x, dim=[1], keepdim=true); return y; }";
  EXPECT_EQ(fired("rule r : s, class real { match { y = sum(x, dim = [1]); } rewrite { y = "
                  "mean(x, dim = [1], keepdim = true); } }",
                  g),
            0u);
  EXPECT_EQ(fired("rule r : s, class real { match { y = sum(x, dim = d, ..a); } rewrite { y = "
                  "mean(x, dim = d, ..a); } }",
                  g),
            1u);
  EXPECT_EQ(fired("rule r : s, class real { match { y = sum(x, dim = {[0], [1]}, keepdim = k); } "
                  "where k; rewrite { y = mean(x, dim = [1], keepdim = k); } }",
                  g),
            1u);
  EXPECT_EQ(fired("rule r : s, class real { match { y = sum(x, dim = [d], keepdim = true); } "
                  "rewrite { y = mean(x, dim = [d], keepdim = true); } }",
                  g),
            1u);
  EXPECT_EQ(fired("rule r : s, class real { match { y = sum(x: [A, B], dim = [A - 1], keepdim = "
                  "true); } where B == 3; rewrite { y = mean(x, dim = [1], keepdim = true); } }",
                  g),
            1u);
}

TEST(Matcher, DimensionsUnify) {
  const char *rule = "rule r : s, class real { match { y = relu(x: [A, .., A]); } rewrite { y = "
                     "exp(x); } where A > 1; }";
  EXPECT_EQ(fired(rule, "(x: f32[2,7,2]) { y = relu(x); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2,2]) { y = relu(x); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2,7,3]) { y = relu(x); return y; }"), 0u);
  EXPECT_EQ(fired(rule, "(x: f32[2]) { y = relu(x); return y; }"), 0u);
  const char *rest = "rule r : s, class real { match { y = relu(x: f32[..d, _]); } where len(d) == "
                     "2, d[1] == 7; rewrite { y = exp(x); } }";
  EXPECT_EQ(fired(rest, "(x: f32[2,7,3]) { y = relu(x); return y; }"), 1u);
  EXPECT_EQ(fired(rest, "(x: f64[2,7,3]) { y = relu(x); return y; }"), 0u);
}

TEST(Matcher, VariadicOperands) {
  const char *rule = "rule r : s, class real { match { y = cat([relu(a), ..r], dim = d); } "
                     "rewrite { y = cat([a, ..r], dim = d); } }";
  Result r = rewrite(rule, "(a: f32[2], b: f32[3], c: f32[1]) { u = relu(a); y = cat(u, b, c); "
                           "return y; }");
  EXPECT_TRUE(has(r.text, "cat(a, b, c)")) << r.text;
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[3]) { u = relu(a); y = cat(b, u); return y; }"), 0u);
  const char *fixed = "rule r : s, class real { match { y = cat([a, b], dim = 0); } "
                      "rewrite { y = cat([b, a], dim = 0); } when rank(a) == 1 && dim(a, 0) > "
                      "dim(b, 0); }";
  EXPECT_EQ(fired(fixed, "(a: f32[3], b: f32[2]) { y = cat(a, b); return y; }"), 1u);
  EXPECT_EQ(fired(fixed, "(a: f32[3], b: f32[2]) { y = cat(a, b, a); return y; }"), 0u);
}

TEST(Matcher, InteriorValuesAreExclusiveUnlessKept) {
  const char *rule = "rule r : s, class real { match { y = exp(x); z = log(y); } rewrite { z = x; "
                     "} }";
  const char *keep = "rule r : s, class real { match { keep y = exp(x); z = log(y); } rewrite { z "
                     "= x; } }";
  std::string shared = "(x: f32[2]) { y = exp(x); z = log(y); u = relu(y); v = relu(z); return u, "
                       "v; }";
  std::string output = "(x: f32[2]) { y = exp(x); z = log(y); v = relu(z); return y, v; }";
  EXPECT_EQ(fired(rule, shared), 0u);
  EXPECT_EQ(fired(rule, output), 0u);
  EXPECT_EQ(fired(keep, shared), 1u);
  EXPECT_EQ(fired(keep, output), 1u);
}

TEST(Matcher, SeveralOutputsAndRoots) {
  const char *rule =
      "rule r : s, class real { match { a = linear(x, u: const[P, I]); b = linear(x, v: const[Q, "
      "I]); } rewrite { m = linear(x, cat([u, v], 0)); a = slice(m, dim = -1, start = 0, end = P); "
      "b = slice(m, dim = -1, start = P, end = P + Q); } }";
  std::string g =
      "(x: f32[2,3]) { const u: f32[4,3] = file(\"u\", \"u\"); const v: f32[5,3] = "
      "file(\"v\", \"v\"); a = linear(x, u); e = exp(a); b = linear(x, v); return e, b; }";
  Diagnostics diags;
  std::unique_ptr<Graph> before = graphOf(g, diags);
  Result r = rewrite(rule, g);
  EXPECT_EQ(r.report.applications, 1u) << r.text << r.report.notes.size();
  EXPECT_LT(difference(*before, *r.graph), 1e-6);
  // Both statements need a node of their own.
  EXPECT_EQ(fired(rule, "(x: f32[2,3]) { const u: f32[4,3] = file(\"u\", \"u\"); a = linear(x, u); "
                        "return a; }"),
            0u);
}

TEST(Matcher, ARightSideThatNeedsWhatItReplacesIsDropped) {
  // y feeds the other root's weight: merging would make a cycle.
  const char *rule = "rule r : s, class real { match { a = exp(x); b = add(x, w); } rewrite { m = "
                     "add(x, w); a = exp(m); b = neg(m); } }";
  Result r = rewrite(rule, "(x: f32[2]) { a = exp(x); c = relu(a); b = add(x, c); return b; }");
  EXPECT_EQ(r.report.applications, 0u);
  ASSERT_EQ(r.report.notes.size(), 1u);
  EXPECT_TRUE(has(r.report.notes[0], "depend on themselves")) << r.report.notes[0];
}

TEST(Matcher, MultipleResultsOfOneOp) {
  const char *rule = "rule r : s, class real { match { (v, i) = topk(x, k = 1, dim = d); } rewrite "
                     "{ v = amax(x, dim = [d], keepdim = true); i = argmax(x, dim = d, keepdim = "
                     "true); } }";
  Result r = rewrite(rule, "(x: f32[3,4]) { v, i = topk(x, k=1, dim=0); return v, i; }");
  EXPECT_EQ(r.report.applications, 1u);
  EXPECT_TRUE(has(r.text, "amax(x, dim=[0], keepdim=true)")) << r.text;
  // One result is enough for a rule that replaces it, if the other is not used.
  const char *one = "rule r : s, class real { match { (v, _) = topk(x, k = 1, dim = d); } rewrite "
                    "{ v = amax(x, dim = [d], keepdim = true); } }";
  EXPECT_EQ(fired(one, "(x: f32[3,4]) { v, i = topk(x, k=1, dim=0); return v; }"), 1u);
  EXPECT_EQ(fired(one, "(x: f32[3,4]) { v, i = topk(x, k=1, dim=0); return v, i; }"), 0u);
}

TEST(Matcher, LiteralsRoundAndTolerate) {
  auto with = [](const char *literal, const char *type, const char *value) {
    std::string rule = std::string("rule r : s, class real { match { y = mul(x, ") + literal +
                       "); } rewrite { y = neg(x); } }";
    return fired(rule, std::string("(x: ") + type + "[2]) { const c: " + type + "[] = dense[" +
                           value + "]; y = mul(x, c); return y; }");
  };
  EXPECT_EQ(with("0.1", "f32", "0.1"), 1u); // not representable: equal once rounded
  EXPECT_EQ(with("0.1", "f16", "0.1"), 1u);
  EXPECT_EQ(with("0.1", "f32", "0.1001"), 0u);
  EXPECT_EQ(with("0.1 tol 1e-2", "f32", "0.1001"), 1u);
  EXPECT_EQ(with("0 tol 1e-3", "f32", "0.0001"), 1u);
  EXPECT_EQ(with("2", "i64", "2"), 1u);
  EXPECT_EQ(with("2.5", "i64", "2"), 0u);
  EXPECT_EQ(with("-inf", "f32", "-inf"), 1u);
}

TEST(Matcher, ClassesOfOps) {
  const char *rule =
      "rule r : s, class real { match { y = f@elementwise_unary(x, ..a); z = slice(y, "
      "..r); } when numel(z) < numel(y); rewrite { z = f(slice(x, ..r), ..a); } }";
  Result r = rewrite(rule, "(x: f32[4,4]) { y = leaky_relu(x, negative_slope=0.5); e = exp(y); "
                           "z = slice(e, dim=0, end=1); return z; }");
  EXPECT_EQ(r.report.applications, 2u);
  EXPECT_TRUE(has(r.text, "slice(x, dim=0, end=1)")) << r.text;
  EXPECT_TRUE(has(r.text, "negative_slope=0.5")) << r.text;
}

TEST(Matcher, EqualConstantsAreOneName) {
  const char *rule = "rule r : s, class real { match { y = add(mul(a, c: const), mul(b, c)); } "
                     "rewrite { y = mul(add(a, b), c); } }";
  std::string g = "(a: f32[2], b: f32[2]) { const c: f32[2] = dense[1, 2]; const d: f32[2] = "
                  "dense[1, 2]; const e: f32[2] = dense[1, 3]; ";
  EXPECT_EQ(fired(rule, g + "p = mul(a, c); q = mul(b, d); y = add(p, q); return y; }"), 1u);
  EXPECT_EQ(fired(rule, g + "p = mul(a, c); q = mul(b, e); y = add(p, q); return y; }"), 0u);
}

TEST(Matcher, TheStepBudgetIsReported) {
  // Sums of sums with free leaves: each level doubles the orders to try.
  std::string pattern = "a";
  for (int i = 0; i < 14; ++i)
    pattern = "add(" + pattern + ", x" + std::to_string(i) + ")";
  std::string uses = "rank(a) + rank(q) == 0";
  for (int i = 0; i < 14; ++i)
    uses += ", rank(x" + std::to_string(i) + ") >= 0";
  std::string graph = "(v: f32[2]) { e = exp(v); t0 = add(e, e); ";
  for (int i = 1; i < 14; ++i)
    graph += "t" + std::to_string(i) + " = add(t" + std::to_string(i - 1) + ", t" +
             std::to_string(i - 1) + "); ";
  graph += "y = mul(t13, v); return y; }";
  RewriteOptions options;
  options.stepBudget = 20000;
  Result r = rewrite("rule r : s, class real { match { y = mul(" + pattern + ", q); } where " +
                         uses + "; rewrite { y = a; } }",
                     graph, options);
  EXPECT_EQ(r.report.applications, 0u);
  ASSERT_FALSE(r.report.notes.empty());
  EXPECT_TRUE(has(r.report.notes[0], "more than 20000 steps")) << r.report.notes[0];
  EXPECT_EQ(r.report.find("r")->overBudget, 1u);
}

TEST(Matcher, TheFirstFailingConditionIsNamed) {
  Rules rules("rule r : s, class real { match { y = exp(x); z = log(y); } where rank(x) == 2, "
              "dim(x, 0) == 5; rewrite { z = x; } }");
  Diagnostics diags;
  auto reason = [&](const std::string &text) {
    std::unique_ptr<Graph> g = graphOf(text, diags);
    NearMiss miss;
    Match m;
    RewriteOptions options;
    Matcher matcher(*rules.set->program().rules[0], options);
    for (Node *n : g->nodes()) {
      if (n->kind() == OpKind::Log)
        matcher.match(n, m, &miss);
    }
    return miss.reason;
  };
  EXPECT_TRUE(has(reason("(x: f32[2]) { y = exp(x); z = log(y); return z; }"), "rank(x) == 2"));
  EXPECT_TRUE(has(reason("(x: f32[2,1]) { y = exp(x); z = log(y); return z; }"), "dim(x, 0) == 5"));
  EXPECT_TRUE(has(reason("(x: f32[5,1]) { y = relu(x); z = log(y); return z; }"), "not a exp"));
  EXPECT_TRUE(
      has(reason("(x: f32[5,1]) { y = exp(x); z = log(y); return z, y; }"), "graph output"));
}
