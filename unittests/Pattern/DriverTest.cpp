// SPDX-License-Identifier: Apache-2.0
//
// The driver and the rewriter: order, limits, loops, transactions, names and places.
#include "Helpers.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

static const char *chain = "(x: f32[2]) { a = relu(x); b = exp(a); c = neg(b); return c; }";

TEST(Driver, LoopsAreStoppedAndShown) {
  Result r =
      rewrite("rule up : s, class real { match { y = relu(x); } rewrite { y = clamp(x, min = "
              "0); } }\n"
              "rule down : s, class real { match { y = clamp(x, min = 0, max = none); } "
              "rewrite { y = relu(x); } }",
              chain);
  EXPECT_FALSE(r.ok);
  EXPECT_TRUE(has(r.errors, "rules feed each other for ever")) << r.errors;
  EXPECT_TRUE(has(r.errors, "down -> up -> down") || has(r.errors, "up -> down -> up")) << r.errors;
}

TEST(Driver, GrowthIsStoppedToo) {
  Result r = rewrite("rule grow : s, class real { match { y = relu(x); } rewrite { y = "
                     "relu(neg(neg(x))); } }",
                     chain);
  EXPECT_FALSE(r.ok);
  EXPECT_TRUE(has(r.errors, "grow -> grow")) << r.errors;
}

TEST(Driver, LongChainsThatShrinkAreNoLoops) {
  std::string g = "(x: f32[2,3]) { t0 = reshape(x, shape=[6]); ";
  for (int i = 1; i < 400; ++i)
    g += "t" + std::to_string(i) + " = reshape(t" + std::to_string(i - 1) +
         (i % 2 ? ", shape=[3, 2]); " : ", shape=[6]); ");
  g += "y = relu(t399); return y; }";
  Result r = rewrite("rule rr : s, class exact { match { y = reshape(x, shape = _); z = reshape(y, "
                     "shape = _); } let d = shape(z); rewrite { z = reshape(x, shape = d); } }",
                     g);
  EXPECT_TRUE(r.ok) << r.errors;
  EXPECT_EQ(r.report.nodesAfter, 2u);
}

TEST(Driver, RuleLimit) {
  const char *rule =
      "rule r : s, class real { match { y = f@elementwise_unary(x); } rewrite { y = x; } }";
  for (uint64_t limit : {0, 1, 2, 3, 9}) {
    RewriteOptions o;
    o.ruleLimit = limit;
    EXPECT_EQ(rewrite(rule, chain, o).report.applications, std::min<uint64_t>(limit, 3));
  }
}

TEST(Driver, HigherBenefitThenLargerPatternThenFileOrder) {
  auto winner = [](const std::string &rules) {
    RewriteOptions o;
    o.ruleLimit = 1;
    Result r = rewrite(rules, "(x: f32[2]) { a = relu(x); b = exp(a); return b; }", o);
    for (const RuleStats &s : r.report.rules) {
      if (s.fired)
        return s.rule;
    }
    return std::string();
  };
  std::string small =
      "rule small : s, class real { match { y = exp(x); } rewrite { y = neg(x); } }\n";
  std::string large =
      "rule large : s, class real { match { y = exp(relu(x)); } rewrite { y = neg(x); } }\n";
  std::string rich =
      "rule rich : s, benefit 9, class real { match { y = exp(x); } rewrite { y = abs(x); } }\n";
  EXPECT_EQ(winner(small + large), "large");
  EXPECT_EQ(winner(small + large + rich), "rich");
  EXPECT_EQ(winner("rule first : s, class real { match { y = exp(_); z = relu(y); } rewrite { z = "
                   "y; } }\n" +
                   small),
            "small");
}

TEST(Driver, RuleSetsRunInTheirOrder) {
  const char *rules =
      "ruleset late { after early; } ruleset early;\n"
      "rule b : late, class real { match { y = exp(x); } rewrite { y = abs(x); } }\n"
      "rule a : early, class real { match { y = exp(relu(x)); } rewrite { y = neg(x); } }";
  Result r = rewrite(rules, chain);
  EXPECT_EQ(r.report.find("a")->fired, 1u);
  EXPECT_EQ(r.report.find("b")->fired, 0u);
}

TEST(Driver, SchedulesRepeatAndGroup) {
  const char *rules = "ruleset t;\n"
                      "schedule back = t*; s*; t*;\nschedule none = t{1};\n"
                      "rule a : s, class real { match { y = relu(x); } rewrite { y = abs(x); } }\n"
                      "rule b : t, class real { match { y = abs(x); } rewrite { y = tanh(x); } }";
  RewriteOptions o;
  o.schedule = "back";
  EXPECT_EQ(rewrite(rules, chain, o).report.applications, 2u);
  o.schedule = "none";
  EXPECT_EQ(rewrite(rules, chain, o).report.applications, 0u);
  o.schedule = "bck";
  Result r = rewrite(rules, chain, o);
  EXPECT_FALSE(r.ok);
  EXPECT_TRUE(has(r.errors, "did you mean `back`?")) << r.errors;
}

TEST(Driver, AScheduleNamedDefaultRunsByItself) {
  // `a` makes abs, which only a second turn of `t` sees; `u` is not named and comes where `after`
  // says.
  const char *rules = "ruleset t; ruleset u; ruleset w { after u; }\n"
                      "schedule default = (t*; s*)*; w*;\n"
                      "rule b : t, class real { match { y = abs(x); } rewrite { y = tanh(x); } }\n"
                      "rule a : s, class real { match { y = relu(x); } rewrite { y = abs(x); } }\n"
                      "rule c : u, class real { match { y = tanh(x); } rewrite { y = sin(x); } }\n"
                      "rule d : w, class real { match { y = sin(x); } rewrite { y = cos(x); } }";
  RewriteOptions o;
  Result r = rewrite(rules, chain, o);
  for (const char *rule : {"a", "b", "c", "d"})
    EXPECT_EQ(r.report.find(rule)->fired, 1u) << rule;
  // One round of each: `t` has run when `s` does.
  std::string once = rules;
  once += "\nschedule once = t*; s*;";
  o.schedule = "once";
  r = rewrite(once.c_str(), chain, o);
  EXPECT_EQ(r.report.find("a")->fired, 1u);
  EXPECT_EQ(r.report.applications, 1u);
}

TEST(Driver, ARightSideThatDoesNotFitLeavesTheGraphAlone) {
  Result r = rewrite("rule r : s, class real { match { y = exp(x); } rewrite { y = sum(x, dim = "
                     "[0]); } }",
                     chain);
  EXPECT_TRUE(r.ok);
  EXPECT_EQ(r.report.applications, 0u);
  EXPECT_EQ(r.report.find("r")->rejected, 1u);
  ASSERT_EQ(r.report.notes.size(), 1u);
  EXPECT_TRUE(has(r.report.notes[0], "`y` is f32[2], and its replacement f32[]"))
      << r.report.notes[0];
  EXPECT_EQ(r.graph->numNodes(), 3u);
  Result wrong =
      rewrite("rule r : s, class real { match { y = exp(x); } rewrite { y = relu(matmul(x, "
              "permute(x, dims = [5]))); } }",
              chain);
  EXPECT_EQ(wrong.report.applications, 0u);
  EXPECT_EQ(wrong.graph->numNodes(), 3u);
}

TEST(Driver, FailuresOfExpressionsDropTheRewrite) {
  for (const char *e : {"zeros([3])", "full([1 / (rank(x) - 1)], 0)", "reshape(zeros([2]), [3])",
                        "[1, 2][rank(x) + 9] * ones([2])", "cat([ones([1]), ones([1, 1])], 0)",
                        "zeros([1000000, 1000000, rank(x)])", "arange(9223372036854775807)",
                        "eye(4000000000)", "einsum(\"ij->\", [ones([2])])"}) {
    Result r = rewrite(std::string("rule r : s, class real { match { y = exp(x); } rewrite { y = "
                                   "add(x, ") +
                           e + "); } }",
                       chain);
    EXPECT_TRUE(r.ok);
    EXPECT_EQ(r.report.applications, 0u) << e;
    EXPECT_EQ(r.report.notes.size(), 1u) << e;
  }
}

TEST(Driver, NewNodesCarryPlacesAndNames) {
  Result r = rewrite("rule rr : s, class real { match { b = exp(a); a = relu(x); } rewrite { b = "
                     "sigmoid(x); } }",
                     "(x: f32[2]) { first = relu(x) @(\"net.py\":3:1, \"act\"); "
                     "second = exp(first) @(\"net.py\":4:1, \"head\"); return out = second; }");
  Value *v = r.graph->outputs()[0].value;
  EXPECT_EQ(v->name(), "second");
  ASSERT_TRUE(v->node()->loc().isFused());
  EXPECT_EQ(v->node()->loc().ruleName(), "rr");
  EXPECT_EQ(v->node()->loc().rulePlace(), "test.pat:2");
  EXPECT_EQ(v->node()->loc().parts().size(), 2u);
  EXPECT_EQ(r.graph->outputs()[0].name, "out");
}

TEST(Driver, EqualNewNodesAndWeightsAreShared) {
  Result r = rewrite("rule rr : s, class real { match { y = exp(x); } rewrite { y = mul(neg(x), "
                     "full([2], 3.0)); } }",
                     "(x: f32[2]) { a = exp(x); b = exp(x); y = add(a, b); return y; }");
  EXPECT_EQ(r.report.applications, 2u);
  EXPECT_EQ(r.report.nodesAfter, 3u) << r.text; // neg, mul, add
  EXPECT_EQ(r.graph->numNodes(), 4u) << r.text;
}

TEST(Driver, StatisticsCountWork) {
  Result r =
      rewrite("rule drop : s, class real { match { y = linear(linear(x, v: const), w: const); "
              "} rewrite { y = linear(x, matmul(w, v)); } }",
              "(x: f32[5,8]) { const v: f32[4,8] = file(\"v\", \"\"); const w: f32[2,4] = "
              "file(\"w\", \"\"); a = linear(x, v); y = linear(a, w); return y; }");
  const RuleStats &s = *r.report.find("drop");
  EXPECT_EQ(s.fired, 1u);
  EXPECT_EQ(s.nodesRemoved, 2u);
  EXPECT_EQ(s.nodesAdded, 1u);
  EXPECT_EQ(s.removed.macs, 5 * (4 * 8 + 2 * 4));
  EXPECT_EQ(s.added.macs, 5 * 2 * 8);
  EXPECT_EQ(r.report.before.macs - r.report.after.macs, s.removed.macs - s.added.macs);
  std::string text = summarize(r.report);
  EXPECT_TRUE(has(text, "drop")) << text;
  EXPECT_TRUE(has(text, "nodes 2 -> 1")) << text;
}

TEST(Driver, RelaxedAndSwitchedOffRulesDoNotRun) {
  const char *rules =
      "rule a : s, class relaxed \"drops\" { match { y = exp(x); } rewrite { y = x; "
      "} }\nrule b : s, off, class real { match { y = neg(x); } rewrite { y = x; } }";
  EXPECT_EQ(rewrite(rules, chain).report.applications, 0u);
  RewriteOptions o;
  o.allow = EqPolicy::everything();
  EXPECT_EQ(rewrite(rules, chain, o).report.applications, 1u);
}

TEST(Driver, TheSameInputGivesTheSameBytes) {
  std::string first;
  for (int i = 0; i < 3; ++i) {
    Result r =
        rewrite("rule r : s, class real { match { y = mul(a, b); } rewrite { y = exp(add(log(a), "
                "log(b))); } }",
                "(a: f32[2], b: f32[2]) { p = mul(a, b); q = mul(p, a); y = mul(q, p); return "
                "y; }");
    EXPECT_EQ(r.report.applications, 3u);
    if (i == 0)
      first = r.text;
    EXPECT_EQ(r.text, first);
  }
}
