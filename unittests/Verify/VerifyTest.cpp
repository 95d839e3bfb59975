// SPDX-License-Identifier: Apache-2.0
//
// Verdicts on right and wrong rules, and that they do not depend on anything but rule and seed.
#include "wnnx/Verify/Verify.h"
#include "wnnx/Verify/LoadCheck.h"
#include "wnnx/Verify/Mutate.h"
#include "wnnx/Verify/Termination.h"
#include "wnnx/Verify/Validate.h"

#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"

#include "fmt/format.h"
#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

using namespace wnnx;
using verify::RuleVerdict;

namespace {

struct Loaded {
  Diagnostics diags;
  std::optional<pat::RuleSet> rules;
  explicit Loaded(const std::string &text) {
    FailureOr<pat::RuleSet> r = pat::loadRulesFromText("t.pat", "pat 1; ruleset s; " + text, diags);
    EXPECT_TRUE(succeeded(r)) << diags.render();
    if (succeeded(r))
      rules = *r;
  }
  RuleVerdict verdict(unsigned instances = 100, uint64_t seed = 1) {
    verify::VerifyOptions o;
    o.instances = instances;
    o.seed = seed;
    if (!rules)
      return {};
    return verify::verifyRules(*rules, o).at(0);
  }
};

RuleVerdict verdictOf(const std::string &rule) {
  return Loaded(rule).verdict();
}

} // namespace

TEST(VerifyTest, rightRulesPass) {
  RuleVerdict v =
      verdictOf("rule r : s, class real { match { y = linear(linear(x, u: const[M, _]), "
                "v: const[_, M]); } rewrite { y = linear(x, matmul(v, u)); } }");
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
  EXPECT_EQ(v.instances, 100u);
  EXPECT_GT(v.inField, 50u);
}

TEST(VerifyTest, coverageReachesEveryDecision) {
  RuleVerdict v = verdictOf(
      "rule r : s, class exact { match { y = conv2d(x, w, b?, ..a); z = slice(y, dim = 0, ..r); } "
      "rewrite { z = conv2d(slice(x, dim = 0, ..r), w, b, ..a); } }");
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
  for (const char *attr : {"stride", "padding", "dilation", "groups", "act"})
    EXPECT_GT(v.coverage["conv2d." + std::string(attr)]["other"], 4u) << attr;
  EXPECT_GT(v.coverage["`b`"]["absent"], 10u);
  EXPECT_GT(v.coverage["`b`"]["present"], 10u);
}

TEST(VerifyTest, counterexamplesAreSmallAndFailAsTests) {
  Loaded l(
      "rule r : s, class real { match { y = sub(x, u); } where shape(x) == shape(u); rewrite { "
      "y = sub(u, x); } }");
  RuleVerdict v = l.verdict();
  ASSERT_EQ(v.status, RuleVerdict::Wrong);
  EXPECT_NE(v.counterexample->instance.find("[1]"), std::string::npos)
      << v.counterexample->instance;
  // The test that is printed, behind the rule, fails.
  Loaded again("rule r : s, class real { match { y = sub(x, u); } where shape(x) == shape(u); "
               "rewrite { y = sub(u, x); } }\n" +
               v.counterexample->test);
  Diagnostics diags;
  auto results = pat::runRuleTests(*again.rules, diags);
  ASSERT_TRUE(succeeded(results)) << diags.render();
  ASSERT_EQ(results->size(), 1u);
  EXPECT_FALSE(results->at(0).passed);
}

TEST(VerifyTest, rightOnlyThanksToWhenIsWrong) {
  RuleVerdict v = verdictOf(
      "rule r : s, class real { match { y = add(x, c: const); } when is_splat(c, 0); where "
      "shape(x) == shape(y), rank(c) >= 0; rewrite { y = x; } }");
  EXPECT_EQ(v.status, RuleVerdict::Wrong);
  v = verdictOf("rule r : s, class real { match { y = mul(x, u); } when shape(u) == [77]; "
                "rewrite { y = mul(u, x); } }");
  EXPECT_EQ(v.status, RuleVerdict::Passed);
}

TEST(VerifyTest, nothingFoundIsNoPass) {
  RuleVerdict v = verdictOf("rule r : s, class real { match { y = relu(x); } where rank(x) == 0, "
                            "numel(x) == 2; rewrite { y = x; } }");
  EXPECT_EQ(v.status, RuleVerdict::Vacuous);
  EXPECT_FALSE(v.why.empty());
}

TEST(VerifyTest, exactMeansBits) {
  const char *rule =
      "match { y = mul(mul(x, a: const & scalar), b: const & scalar); } where shape(x) "
      "== shape(y); rewrite { y = mul(x, item(a) * item(b)); } }";
  EXPECT_EQ(verdictOf(std::string("rule r : s, class real { ") + rule).status, RuleVerdict::Passed);
  EXPECT_EQ(verdictOf(std::string("rule r : s, class exact { ") + rule).status, RuleVerdict::Wrong);
}

TEST(VerifyTest, ordersAllowTies) {
  EXPECT_EQ(
      verdictOf("rule r : s, class order { match { y = argmax(sigmoid(x), dim = d, keepdim = k); "
                "} rewrite { y = argmax(x, dim = d, keepdim = k); } }")
          .status,
      RuleVerdict::Passed);
  EXPECT_EQ(
      verdictOf("rule r : s, class order { match { y = argmax(abs(x), dim = d, keepdim = k); } "
                "rewrite { y = argmax(x, dim = d, keepdim = k); } }")
          .status,
      RuleVerdict::Wrong);
}

TEST(VerifyTest, setsAndSums) {
  RuleVerdict v = verdictOf(
      "rule r : s, class real { match { ys[i in 2..] = linear(x, ws[i]: const[_, I]); } "
      "let sizes = [dim(w, 0) for w in ws]; "
      "rewrite { m = linear(x, cat([..ws], 0)); ys[*] = split(m, sizes = sizes, dim = -1); } }");
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
  v = verdictOf("rule r : s, class real { match { y = add{ relu(a), ..rest }; } where shape(a) == "
                "shape(y); rewrite { y = add{ ..rest, relu(a) }; } }");
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
}

TEST(VerifyTest, verdictsDependOnRuleAndSeedOnly) {
  const char *rule = "rule r : s, class real { match { y = slice(softmax(x, dim = d), ..r); } "
                     "rewrite { y = softmax(slice(x, ..r), dim = d); } }";
  RuleVerdict a = Loaded(rule).verdict(100, 5), b = Loaded(rule).verdict(100, 5);
  ASSERT_EQ(a.status, RuleVerdict::Wrong);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.counterexample->test, b.counterexample->test);
}

TEST(VerifyTest, mutantsAreFound) {
  Loaded l(
      "rule r : s, class real { match { y = linear(x, w: const[O, _], b?: const[O]); z = mul(y, "
      "c: const[O]); } where shape(y) == shape(z); rewrite { z = linear(x, w * c[:, None], "
      "has(b) ? b * c : none); } }");
  verify::VerifyOptions o;
  o.instances = 60;
  auto reports = verify::mutateRules(*l.rules, o);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_GE(reports[0].killed, 4u);
  EXPECT_GT(reports[0].mutants, reports[0].killed);
  EXPECT_EQ(l.verdict().status, RuleVerdict::Passed); // all were taken back
}

TEST(VerifyTest, loopsAreSeen) {
  Loaded l("rule a : s, class real { match { y = mul(x, 2); } rewrite { y = add(x, x); } } "
           "rule b : s, class real { match { y = add(x, x); } rewrite { y = mul(x, 2); } }");
  verify::VerifyOptions o;
  o.instances = 20;
  verify::TerminationReport r =
      verify::checkTermination(*l.rules, verify::verifyRules(*l.rules, o), o);
  EXPECT_TRUE(r.loops);
  EXPECT_NE(r.text.find("for ever"), std::string::npos) << r.text;
}

TEST(VerifyTest, measuresMustGoDown) {
  Loaded l("rule a : s, class real { match { y = neg(x); } rewrite { y = sub(0, x); } decreases "
           "nodes; }");
  verify::VerifyOptions o;
  o.instances = 20;
  verify::TerminationReport r =
      verify::checkTermination(*l.rules, verify::verifyRules(*l.rules, o), o);
  EXPECT_TRUE(r.loops);
  EXPECT_NE(r.text.find("`nodes` stays 1"), std::string::npos) << r.text;
}

TEST(VerifyTest, loadedRulesAreRemembered) {
  llvm::SmallString<128> dir;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("verify", dir));
  verify::LoadCheckOptions o;
  o.cache = std::string(dir.str()) + "/deep/verdicts";
  Loaded good("rule r : s, class exact { match { y = relu(relu(x)); } rewrite { y = relu(x); } }");
  auto all = [](const pat::Rule &) { return true; };
  EXPECT_TRUE(succeeded(verify::checkLoadedRules(*good.rules, o, all, good.diags)));
  uint64_t size = 0;
  ASSERT_FALSE(llvm::sys::fs::file_size(o.cache, size));
  EXPECT_EQ(size, 65u);
  EXPECT_TRUE(succeeded(verify::checkLoadedRules(*good.rules, o, all, good.diags)));
  ASSERT_FALSE(llvm::sys::fs::file_size(o.cache, size));
  EXPECT_EQ(size, 65u);
  Loaded bad("rule r : s, class exact { match { y = relu(x); } rewrite { y = x; } }");
  EXPECT_TRUE(failed(verify::checkLoadedRules(*bad.rules, o, all, bad.diags)));
  EXPECT_TRUE(bad.diags.hasErrors());
  Loaded skipped("rule r : s, class exact { match { y = relu(x); } rewrite { y = x; } }");
  EXPECT_TRUE(succeeded(verify::checkLoadedRules(
      *skipped.rules, o, [](const pat::Rule &) { return false; }, skipped.diags)));
  llvm::sys::fs::remove_directories(dir);
}

TEST(VerifyTest, pairsOfAttributesOccurTogether) {
  Loaded l(
      "rule r : s, class exact { match { y = conv2d(x, w, b?, ..a); z = slice(y, dim = 0, ..r); "
      "} rewrite { z = conv2d(slice(x, dim = 0, ..r), w, b, ..a); } }");
  for (uint64_t seed : {1, 2, 3}) {
    RuleVerdict v = l.verdict(60, seed);
    EXPECT_EQ(v.status, RuleVerdict::Passed);
    EXPECT_GE(v.attributePairs, 28u); // of stride, padding, dilation, groups, act and the slice's
    std::string missing;
    for (const std::string &pair : v.neverTogether)
      missing += pair + "; ";
    EXPECT_LE(v.neverTogether.size(), 2u) << missing;
  }
}

TEST(VerifyTest, witnessesExcuseTies) {
  // The first of equal ones on the left, the last on the right: as good where the rule says so.
  auto rule = [](const char *eqClass, const char *hint) {
    return std::string("rule r : s, class ") + eqClass +
           " { match { i = argmax(x: [N], dim = 0, keepdim = false); y = add(i, k: const i64[] & "
           "zero); } rewrite { y = sub(N - 1, argmax(flip(x, dims = [0]), dim = 0)); } verify { N "
           "in "
           "{3, 4, 5}; " +
           hint + " } }";
  };
  EXPECT_EQ(verdictOf(rule("order", "")).status, RuleVerdict::Wrong);
  RuleVerdict v = verdictOf(rule("order", "compare y by witness x;"));
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
  // A witness excuses nothing else.
  std::string wrong = rule("order", "compare y by witness x;");
  wrong.replace(wrong.find("argmax(flip"), 6, "argmin");
  EXPECT_EQ(verdictOf(wrong).status, RuleVerdict::Wrong);
}

TEST(VerifyTest, membersThatASumIsMadeOf) {
  RuleVerdict v =
      verdictOf("rule r : s, class real { match { y = mul{..ys}; ys[i in 2..] = "
                "relu(xs[i]); } rewrite { zs[i] = clamp(xs[i], min = 0); y = mul{..zs}; "
                "} }");
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
  EXPECT_EQ(v.instances, 100u);
  EXPECT_EQ(
      verdictOf("rule r : s, class real { match { y = mul{..ys}; ys[i in 2..] = relu(xs[i]); } "
                "rewrite { zs[i] = clamp(xs[i], min = 0); y = add{..zs}; } }")
          .status,
      RuleVerdict::Wrong);
}

TEST(VerifyTest, functionsOfWeightsAreKnownToTheField) {
  for (const char *fn : {"sign", "erf", "sin", "cos", "log1p", "expm1"}) {
    RuleVerdict v = verdictOf(fmt::format("rule r : s, class real {{ match {{ y = mul(x, {0}(c: "
                                          "const & positive)); }} rewrite {{ y = "
                                          "mul(x, {0}(c)); }} }}",
                                          fn));
    EXPECT_EQ(v.status, RuleVerdict::Passed) << fn << verify::describe(v, true);
    EXPECT_GT(v.inField, 40u) << fn;
  }
  RuleVerdict v =
      verdictOf("rule r : s, class real { match { y = mul(x, sin(c: const)); } rewrite { "
                "y = mul(x, cos(1.5707963267948966 - c)); } }");
  EXPECT_EQ(v.status, RuleVerdict::Passed) << verify::describe(v, true);
  EXPECT_LT(v.inField, 30u);
}

TEST(VerifyTest, whatFloatEvidenceAloneShowsIsSaid) {
  RuleVerdict v;
  v.rule = "r";
  v.eqClass = "real";
  v.instances = 10;
  EXPECT_NE(verify::describe(v, false).find("floating point only"), std::string::npos);
  v.inField = 1;
  EXPECT_EQ(verify::describe(v, false).find("floating point only"), std::string::npos);
}

TEST(VerifyTest, polynomialsThatDifferByLittleAreWrong) {
  // 1e-10 of the larger operand: nothing that rounding in double explains.
  EXPECT_EQ(
      verdictOf("rule r : s, class real { match { y = add(x, u); } where shape(x) == shape(u); "
                "rewrite { y = add(x, mul(u, 1.0000000001)); } }")
          .status,
      RuleVerdict::Wrong);
  // A number that the rule computes is rounded, which is no fault.
  EXPECT_EQ(
      verdictOf("rule r : s, class real { match { y = div(x, 3.0); } rewrite { y = mul(x, 1.0 / "
                "3.0); } }")
          .status,
      RuleVerdict::Passed);
}

TEST(ValidateTest, inputsStayWithinWhatIsKnown) {
  // Right only for what sigmoid gives, for what is asserted of x, and for positions.
  const char *text = "wnnx 1; graph g(x: f32[40], k: i64[9]) { s = sigmoid(x); t = abs(s); "
                     "u = clamp(x, min=3, max=5); v = abs(k); return t, u, v; }";
  Loaded l(
      "rule a : s, class exact { match { y = abs(x); } where range(x).lo >= 0; rewrite { y = x; "
      "} } rule c : s, class exact { match { y = clamp(x, min = lo, max = hi); } where has(lo), "
      "has(hi), range(x).lo >= (lo ?? 0), range(x).hi <= (hi ?? 0); rewrite { y = x; } }");
  ParseOptions parse;
  parse.infer = [](Node &n, Diagnostics &d) { return inferNode(n, d); };
  for (uint64_t seed = 1; seed < 30; ++seed) {
    Diagnostics diags;
    std::unique_ptr<Graph> g = parseGraph(diags.addFile("g", text), diags, parse);
    ASSERT_TRUE(g) << diags.render();
    pat::RewriteOptions options;
    pat::ValueRange &x = options.inputRanges["x"], &k = options.inputRanges["k"];
    x.lo = 3.25;
    x.hi = 4.75;
    k.lo = 11;
    k.hi = 13;
    verify::RewriteValidator validator(diags, seed);
    validator.attach(options);
    pat::RewriteReport report;
    (void)pat::applyRules(*g, *l.rules, options, report, diags);
    EXPECT_EQ(report.applications, 3u);
    EXPECT_EQ(validator.checked, 3u);
    ASSERT_FALSE(diags.hasErrors()) << diags.render();
  }
}

TEST(ValidateTest, wrongRewritesAreDropped) {
  const char *text =
      "wnnx 1; graph g(x: f32[2,3]) { const c: f32[3] = dense[1, 2, 3]; y = sub(x, c); "
      "z = relu(y); return z; }";
  for (bool right : {true, false}) {
    Loaded l(right
                 ? "rule r : s, class real { match { y = sub(x, c: const); } rewrite { y = add(x, "
                   "-c); } }"
                 : "rule r : s, class real { match { y = sub(x, c: const); } rewrite { y = add(x, "
                   "c); } }");
    ParseOptions parse;
    parse.infer = [](Node &n, Diagnostics &d) { return inferNode(n, d); };
    Diagnostics diags;
    std::unique_ptr<Graph> g = parseGraph(diags.addFile("g", text), diags, parse);
    ASSERT_TRUE(g) << diags.render();
    pat::RewriteOptions options;
    verify::RewriteValidator validator(diags);
    validator.attach(options);
    pat::RewriteReport report;
    (void)pat::applyRules(*g, *l.rules, options, report, diags);
    EXPECT_EQ(report.applications, right ? 1u : 0u);
    EXPECT_EQ(validator.checked, right ? 1u : 0u);
    EXPECT_EQ(diags.hasErrors(), !right);
  }
}
