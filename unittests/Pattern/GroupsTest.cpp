// SPDX-License-Identifier: Apache-2.0
//
// Sets of users, flattened ops, chains of ops and lists with parts that may be missing.
#include "Helpers.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

namespace {

uint64_t fired(const std::string &rules, const std::string &graph) {
  return rewrite(rules, graph).report.applications;
}

/// Rewrites, and compares the results before and after.
std::string sameResults(const std::string &rules, const std::string &graph,
                        RewriteOptions options = {}) {
  Diagnostics diags;
  std::unique_ptr<Graph> before = graphOf(graph, diags);
  Result r = rewrite(rules, graph, options);
  EXPECT_EQ(r.report.applications, 1u) << r.text;
  if (before && r.graph) {
    EXPECT_LT(difference(*before, *r.graph), 1e-5) << r.text;
  }
  return r.text;
}

const char *merge =
    "rule r : s, class real { match { ys[i in 2..3] = matmul(x, ws[i]: [K, ns[i]]); } "
    "when K > 1; let off = prefix_sum(ns[*]); "
    "rewrite { m = matmul(x, cat(ws, dim = 1)); "
    "ys[i] = slice(m, dim = -1, start = off[i], end = off[i] + ns[i]); } }";

} // namespace

TEST(Sets, MembersAreInGraphOrderAndAtMostSoMany) {
  RewriteOptions once;
  once.ruleLimit = 1;
  std::string text =
      sameResults(merge,
                  "(x: f32[4,3], a: f32[3,1], b: f32[3,2], c: f32[3,5], d: f32[3,4]) {"
                  " p = matmul(x, a); q = matmul(x, b); r = matmul(x, c); t = matmul(x, d);"
                  " u = neg(r); return p, q, u, t; }",
                  once);
  EXPECT_TRUE(has(text, "cat(a, b, c, dim=1)")) << text;
  EXPECT_TRUE(has(text, "matmul(x, d)")) << text;
}

TEST(Sets, AMemberThatNeedsAnotherIsNone) {
  // The third product's weight depends on the first product.
  const char *graph = "(x: f32[3,3], a: f32[3,3], b: f32[3,3]) {"
                      " p = matmul(x, a); e = exp(p); q = matmul(x, e); r = matmul(x, b);"
                      " return q, r; }";
  std::string text = sameResults(merge, graph);
  EXPECT_TRUE(has(text, "cat(a, b, dim=1)")) << text;
  EXPECT_EQ(fired(merge, "(x: f32[3,3], a: f32[3,3]) { p = matmul(x, a); q = matmul(x, p);"
                         " return q; }"),
            0u);
}

TEST(Sets, NamesWithoutIndexAgree) {
  const char *rule =
      "rule r : s, class real { match { ys[i in 2..] = slice(x, dim = d, start = b[i], "
      "end = b[i] + n, step = 1); } where n > 0, d == 1; "
      "rewrite { ys[i] = neg(neg(slice(x, dim = d, start = b[i], end = b[i] + n))); } }";
  // `n` is not bound by itself.
  EXPECT_FALSE(bool(Rules(rule)));
  const char *right =
      "rule r : s, class real { match { ys[i in 2..] = slice(x, dim = d, start = b[i], "
      "end = b[i] + 2, step = 1); } where d == 1; rewrite { zs[i] = neg(slice(x, dim = d, "
      "start = b[i], end = b[i] + 2)); ys[i] = neg(zs[i]); } when len(b) < 3; }";
  Result r = rewrite(right,
                     "(x: f32[6,6]) { a = slice(x, dim=1, start=0, end=2);"
                     " b = slice(x, dim=0, start=0, end=2); c = slice(x, dim=1, start=3, "
                     "end=5); d = slice(x, dim=1, start=1, end=5); return a, b, c, d; }",
                     [] {
                       RewriteOptions o;
                       o.ruleLimit = 1;
                       return o;
                     }());
  EXPECT_EQ(r.report.applications, 1u);
  EXPECT_TRUE(has(r.text, "b = slice(x, dim=0")) << r.text;
  EXPECT_TRUE(has(r.text, "c = neg(")) << r.text;
  EXPECT_TRUE(has(r.text, "d = slice(x, dim=1, start=1, end=5)")) << r.text;
}

TEST(Sets, TheFirstMemberMayBeMatchedInAnotherWay) {
  // add(p, x) with both orders: only x is shared by two.
  const char *rule = "rule r : s, class real { match { ys[i in 2..] = add(x, zs[i]); } "
                     "rewrite { ys[i] = sub(x, neg(zs[i])); } }";
  std::string text = sameResults(
      rule, "(p: f32[2], x: f32[2], q: f32[2]) { a = add(p, x); b = add(q, x); return a, b; }");
  EXPECT_TRUE(has(text, "sub(x, ")) << text;
}

TEST(Sets, AllAsksForEveryUse) {
  const char *rule = "rule r : s, class real { match { x = exp(t); all ys[i in 1..] = neg(x); } "
                     "rewrite { ys[i] = sub(0.0, exp(t)); } }";
  EXPECT_EQ(fired(rule, "(t: f32[2]) { x = exp(t); a = neg(x); b = neg(x); c = exp(b); return a, "
                        "c; }"),
            1u);
  const char *input = "rule r : s, class real { match { all ys[i in 1..] = neg(x); } "
                      "rewrite { ys[i] = sub(0.0, x); } }";
  EXPECT_EQ(fired(input, "(x: f32[2]) { a = neg(x); b = neg(x); c = exp(b); return a, c; }"), 1u);
  EXPECT_EQ(fired(input, "(x: f32[2]) { a = neg(x); b = exp(x); return a, b; }"), 0u);
  EXPECT_EQ(fired(input, "(x: f32[2]) { a = neg(x); return a, x; }"), 0u);
}

TEST(Sets, HangOnAValueOfAnotherStatement) {
  const char *rule = "rule r : s, class real { match { a = relu(x); ys[i in 0..] = neg(x); } "
                     "rewrite { a = clamp(x, min = 0.0); ys[i] = sub(0.0, x); } }";
  EXPECT_EQ(fired(rule, "(x: f32[2]) { a = relu(x); b = neg(x); return a, b; }"), 1u);
  std::string text = sameResults(rule, "(x: f32[2]) { a = relu(x); return a; }");
  EXPECT_TRUE(has(text, "clamp(x")) << text;
}

TEST(Sets, NestedMembersAndTheirInnerValues) {
  const char *rule =
      "rule r : s, class real { match { ys[i in 2..] = relu(add(x, bs[i])) as y[i]; } "
      "where all([rank(y[i]) == 1 for i]); rewrite { ys[i] = clamp(add(bs[i], x), min = 0.0); } }";
  sameResults(rule, "(x: f32[2], p: f32[2], q: f32[2]) { a = add(x, p); b = add(q, x); c = relu(a);"
                    " d = relu(b); return c, d; }");
  // An inner value is used elsewhere.
  EXPECT_EQ(fired(rule, "(x: f32[2], p: f32[2], q: f32[2]) { a = add(x, p); b = add(q, x);"
                        " c = relu(a); d = relu(b); return c, d, b; }"),
            0u);
}

TEST(Sets, FragmentsRecordsAreEachMembersOwn) {
  const char *rule =
      "frag act(t) -> { k: float } = leaky_relu(t, negative_slope = n) where n > 0 => { k = n } "
      "| relu(t) => { k = 0.0 };\n"
      "rule r : s, class real { match { ys[i in 2..] = act(x) as a[i]; } "
      "rewrite { ys[i] = leaky_relu(x, negative_slope = a[i].k + 1); } "
      "when all([k < 1 for k in [a[i].k for i]]); }";
  Result r = rewrite(rule, "(x: f32[2]) { p = relu(x); q = leaky_relu(x, negative_slope=0.5); "
                           "return p, q; }");
  EXPECT_EQ(r.report.applications, 1u);
  EXPECT_TRUE(has(r.text, "negative_slope=1.0") && has(r.text, "negative_slope=1.5")) << r.text;
}

TEST(Sets, MembersFromAList) {
  const char *rule = "rule r : s, class real { match { c = cat([..ys], dim = d); "
                     "ys[i in 1..] = relu(xs[i]); } rewrite { c = relu(cat(xs, dim = d)); } }";
  std::string text = sameResults(
      rule, "(a: f32[2], b: f32[3]) { p = relu(a); q = relu(b); c = cat(p, q); return c; }");
  EXPECT_TRUE(has(text, "cat(a, b")) << text;
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[3]) { p = relu(a); q = exp(b); c = cat(p, q); "
                        "return c; }"),
            0u);
}

TEST(Sets, AllMembersFromOneOp) {
  const char *rule =
      "rule r : s, class real { match { ys[i in 2..] = matmul(x, ws[i]: [_, ns[i]]); } "
      "rewrite { ys[*] = split(matmul(x, cat(ws, dim = 1)), sizes = ns[*], dim = -1); } }";
  Result r = rewrite(rule, "(x: f32[4,3], a: f32[3,1], b: f32[3,2]) { p = matmul(x, a);"
                           " q = matmul(x, b); return p, q; }");
  EXPECT_EQ(r.report.applications, 1u) << (r.report.notes.empty() ? "" : r.report.notes[0]);
}

TEST(Sets, StepsAreBounded) {
  std::string graph = "(x: f32[2]) {";
  for (int i = 0; i < 50; ++i)
    graph += " a" + std::to_string(i) + " = neg(x);";
  graph += " y = relu(x); return y; }";
  RewriteOptions few;
  few.stepBudget = 20;
  Result r = rewrite("rule r : s, class real { match { y = relu(x); ys[i in 0..] = exp(x); } "
                     "rewrite { y = exp(x); ys[i] = neg(x); } }",
                     graph, few);
  EXPECT_EQ(r.report.applications, 0u);
  EXPECT_EQ(r.report.rules[0].overBudget, 1u);
}

TEST(Flat, ElementsInAnyOrderAndTree) {
  const char *rule = "rule r : s, class real { match { y = add{exp(a), neg(b), ..rest}; } "
                     "rewrite { y = sub(add{exp(a), ..rest}, b); } }";
  for (const char *tree : {"s = add(e, n); t = add(s, c); y = add(t, d);",
                           "s = add(c, n); t = add(d, e); y = add(t, s);",
                           "s = add(n, d); t = add(c, s); y = add(e, t);"}) {
    std::string text = sameResults(rule, "(a: f32[2], b: f32[2], c: f32[2,2], d: f32[1,2]) {"
                                         " e = exp(a); n = neg(b); " +
                                             std::string(tree) + " return y; }");
    EXPECT_TRUE(has(text, "sub(")) << text;
  }
}

TEST(Flat, InnerSumsWithOtherUsesAreLeaves) {
  const char *rule = "rule r : s, class real { match { y = add{exp(a), exp(b)}; } "
                     "rewrite { y = exp(add(a, b)); } }";
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[2]) { p = exp(a); q = exp(b); y = add(p, q); return y; "
                        "}"),
            1u);
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[2]) { p = exp(a); q = exp(b); s = add(p, q); "
                        "y = add(s, a); return y, s; }"),
            1u);
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[2]) { p = exp(a); q = exp(b); s = add(p, a); "
                        "y = add(s, q); return y; }"),
            0u);
}

TEST(Flat, OptionalElementsAreThereIfTheyCan) {
  const char *rule = "rule r : s, class real { match { y = mul{relu(a), exp(b)? as e}; } "
                     "rewrite { y = has(b) ? mul(b ?? a, a) : a; } when has(e) || true; }";
  EXPECT_TRUE(has(rewrite(rule, "(a: f32[2], b: f32[2]) { p = exp(b); q = relu(a); y = mul(p, q); "
                                "return y; }")
                      .text,
                  "mul(b, a)"));
}

TEST(Flat, LeavesBacktrack) {
  // The first leaf fits both elements, the second only the first.
  const char *rule = "rule r : s, class real { match { y = add{relu(a), relu(exp(b))}; } "
                     "rewrite { y = sub(a, b); } }";
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[2]) { e = exp(b); p = relu(e); q = relu(a); "
                        "y = add(p, q); return y; }"),
            1u);
}

TEST(Flat, StepsAreBounded) {
  std::string pattern, graph = "(x: f32[2], z: f32[2]) {";
  for (int i = 0; i < 12; ++i) {
    pattern += (i ? ", exp(a" : "exp(a") + std::to_string(i) + ")";
    graph += " e" + std::to_string(i) + " = exp(x);";
  }
  graph += " s0 = add(e0, z);";
  for (int i = 1; i < 12; ++i)
    graph += " s" + std::to_string(i) + " = add(s" + std::to_string(i - 1) + ", e" +
             std::to_string(i) + ");";
  graph += " return s11; }";
  Result r = rewrite("rule r : s, class real { match { y = add{" + pattern +
                         ", neg(n)}; } where n == n; rewrite { y = add{a0, a1, a2, a3, a4, a5, a6, "
                         "a7, a8, a9, a10, a11}; } }",
                     graph);
  EXPECT_EQ(r.report.applications, 0u);
  EXPECT_GE(r.report.rules[0].overBudget, 1u);
}

TEST(Chain, IsMadeAgainOnAnotherValue) {
  const char *rule = "rule r : s, class real { match { y = c@movement+(relu(x)); } "
                     "rewrite { y = relu(c(x)); } }";
  std::string text =
      sameResults(rule, "(x: f32[2,3,4]) { r = relu(x); p = permute(r, dims=[2, 0, 1]);"
                        " q = slice(p, dim=0, start=1, end=3); f = flip(q, dims=[1]); return f; }");
  EXPECT_TRUE(has(text, "= relu(")) << text;
  EXPECT_TRUE(has(text, "permute(x, dims=[2, 0, 1])")) << text;
}

TEST(Chain, IsShorterWhereTheRestFits) {
  // The permute is another rule part's: the chain must leave it alone.
  const char *rule =
      "rule r : s, class real { match { y = exp(c@movement*(permute(x, dims = d))); } "
      "rewrite { y = c(exp(permute(x, dims = d))); } where len(c) == 1; }";
  EXPECT_EQ(fired(rule, "(x: f32[2,3]) { p = permute(x, dims=[1, 0]); y = exp(p); return y; }"),
            0u);
  std::string text = sameResults(rule, "(x: f32[2,3]) { p = permute(x, dims=[1, 0]);"
                                       " q = slice(p, dim=0, start=1); y = exp(q); return y; }");
  EXPECT_TRUE(has(text, "exp(")) << text;
}

TEST(Chain, KeepsOtherOperands) {
  const char *rule = "rule r : s, class real { match { y = c@{mul, add}+(neg(x)); } "
                     "rewrite { y = c(sub(0.0, x)); } }";
  sameResults(rule, "(x: f32[2], k: f32[2]) { n = neg(x); a = mul(n, k); b = add(a, k); return b; "
                    "}");
}

TEST(Chain, ZeroOrOne) {
  const char *rule = "rule r : s, class real { match { y = neg(c@elementwise_unary?(exp(x))); } "
                     "rewrite { y = sub(0.0, c(exp(x))); } when len(c) <= 1; }";
  EXPECT_EQ(fired(rule, "(x: f32[2]) { e = exp(x); y = neg(e); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2]) { e = exp(x); r = relu(e); y = neg(r); return y; }"), 1u);
  EXPECT_EQ(fired(rule, "(x: f32[2]) { e = exp(x); r = relu(e); t = tanh(r); y = neg(t); return y; "
                        "}"),
            0u);
}

TEST(Lists, ElementsMayBeMissing) {
  const char *rule = "rule r : s, class real { match { y = cat([relu(a), exp(b)?, c], dim = 0); } "
                     "rewrite { y = cat([a, b ?? a, c], dim = 0); } when has(b); }";
  EXPECT_EQ(fired(rule, "(a: f32[2], b: f32[2], c: f32[2]) { p = relu(a); q = exp(b); "
                        "y = cat(p, q, c); return y; }"),
            1u);
  const char *without =
      "rule r : s, class real { match { y = cat([relu(a), exp(b)?, c], dim = 0); } "
      "rewrite { y = cat([exp(a), c], dim = 0); } where !has(b); }";
  EXPECT_EQ(fired(without, "(a: f32[2], c: f32[2]) { p = relu(a); y = cat(p, c); return y; }"), 1u);
}

TEST(Lists, OfAttributesWithRest) {
  const char *rule =
      "rule r : s, class real { match { y = sum(x, dim = [..front, a], keepdim = k); "
      "} where a > 0; rewrite { y = mean(x, dim = [a, ..front], keepdim = k); } }";
  EXPECT_TRUE(has(rewrite(rule, "(x: f32[2,3,4]) { y = sum(x, dim=[0, 1, 2]); return y; }").text,
                  "dim=[2, 0, 1]"));
  EXPECT_TRUE(
      has(rewrite(rule, "(x: f32[2,3,4]) { y = sum(x, dim=[2]); return y; }").text, "dim=[2]"));
  const char *maybe =
      "rule r : s, class real { match { y = sum(x, dim = [a, b?], keepdim = true); } "
      "where !has(b); rewrite { y = mean(x, dim = [a], keepdim = true); } }";
  EXPECT_EQ(fired(maybe, "(x: f32[2,3]) { y = sum(x, dim=[1], keepdim=true); return y; }"), 1u);
  EXPECT_EQ(fired(maybe, "(x: f32[2,3]) { y = sum(x, dim=[0, 1], keepdim=true); return y; }"), 0u);
}

TEST(Benefit, MayDependOnTheMatch) {
  const char *rules = "rule wide : s, class real, benefit dim(x, -1) { match { y = relu(x); } "
                      "rewrite { y = exp(x); } }\n"
                      "rule other : s, class real, benefit 3 { match { y = relu(x); } "
                      "rewrite { y = neg(x); } }";
  EXPECT_TRUE(has(rewrite(rules, "(x: f32[2,5]) { y = relu(x); return y; }").text, "exp(x)"));
  EXPECT_TRUE(has(rewrite(rules, "(x: f32[5,2]) { y = relu(x); return y; }").text, "neg(x)"));
}

/// Sets, flattened ops and chains of several shapes, on graphs where values have many users:
/// results stay, whatever was tried and given up on the way.
TEST(Groups, RandomGraphsKeepTheirResults) {
  const char *rules =
      "rule merge : s, class real { match { ys[i in 2..3] = mul(relu(x), ws[i]) as p[i]; } "
      "when len(p) > 1; rewrite { m = relu(x); ys[i] = mul(ws[i], m); } }\n"
      "rule parts : s, class real { match { c = cat([..ys], dim = d); ys[i in 1..] = relu(xs[i]); "
      "} "
      "rewrite { c = relu(cat(xs, dim = d)); } }\n"
      "rule factor : s, class real { match { y = add{mul(a, k), mul(b, k), neg(n)?, ..rest}; } "
      "rewrite { y = add{mul(add(a, b), k), has(n) ? neg(n ?? a) : sub(a, a), ..rest}; } }\n"
      "rule chain : s, class real { match { y = c@{flip, permute}+(neg(x)); } "
      "rewrite { y = neg(c(x)); } }\n"
      "rule alls : s, class real { match { e = exp(x); all ys[i in 1..] = flip(e, dims = d[i]); } "
      "rewrite { ys[i] = exp(flip(x, dims = d[i])); } }";
  uint64_t fires = 0;
  for (unsigned seed = 0; seed < 800; ++seed) {
    std::mt19937 random(seed);
    auto pick = [&](size_t n) { return size_t(random() % n); };
    std::vector<std::string> values = {"x", "z"};
    std::string body = "(x: f32[2,2], z: f32[2,2]) {";
    for (int i = 0; i < 14; ++i) {
      // Recent values more often, so that chains and trees grow.
      auto value = [&] {
        size_t back = std::min(values.size() - 1, pick(3) ? pick(3) : pick(values.size()));
        return values[values.size() - 1 - back];
      };
      std::string name = "v" + std::to_string(i);
      switch (pick(8)) {
      case 0:
      case 1:
        body += " " + name + " = add(" + value() + ", " + value() + ");";
        break;
      case 2:
      case 3:
        body += " " + name + " = mul(" + value() + ", " + value() + ");";
        break;
      case 4:
        body += " " + name + " = relu(" + value() + ");";
        break;
      case 5:
        body += " " + name + " = neg(" + value() + ");";
        break;
      case 6:
        body += " " + name + " = flip(" + value() + ", dims=[" + std::to_string(pick(2)) + "]);";
        break;
      default:
        body += " e" + name + " = tanh(" + value() + "); " + name + " = exp(e" + name + ");";
      }
      values.push_back(name);
    }
    size_t n = values.size();
    body += " c = cat(" + values[n - 1] + ", " + values[n - 2] + "); return c, " + values[n - 3] +
            ", " + values[n - 4] + "; }";
    RewriteOptions options;
    options.ruleLimit = 12;
    Diagnostics diags;
    std::unique_ptr<Graph> before = graphOf(body, diags);
    Result r = rewrite(rules, body, options);
    ASSERT_TRUE(before && r.graph) << body;
    ASSERT_TRUE(r.ok) << r.errors << body;
    fires += r.report.applications;
    options.prefilter = false;
    EXPECT_EQ(rewrite(rules, body, options).text, r.text);
    // Numbers grow without bound in some graphs; those say nothing.
    double d = difference(*before, *r.graph);
    ASSERT_TRUE(d < 1e-3 || std::isnan(d)) << d << "\n" << body << "\n" << r.text;
  }
  EXPECT_GT(fires, 100u);
}
