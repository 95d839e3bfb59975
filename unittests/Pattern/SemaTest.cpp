// SPDX-License-Identifier: Apache-2.0
//
// The checker: each kind of mistake is found, and named by its code.
#include "Helpers.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

namespace {
struct Case {
  const char *name, *text, *codes;
};
std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << c.name;
}

const Case cases[] = {
    {"UnknownOp", "rule r : s, class real { match { y = rleu(x); } rewrite { y = x; } }",
     "pat-unknown-op"},
    {"UnknownAttr",
     "rule r : s, class real { match { y = cat([a, b], dmi = 1); } rewrite { y = a; } }",
     "pat-unknown-attr pat-loss"},
    {"TooManyOperands", "rule r : s, class real { match { y = relu(x, z); } rewrite { y = x; } }",
     "pat-arity"},
    {"MissingOperand", "rule r : s, class real { match { y = add(x); } rewrite { y = x; } }",
     "pat-arity"},
    {"MissingAttr", "rule r : s, class real { match { y = softmax(x); } rewrite { y = x; } }",
     "pat-arity"},
    {"Unbound", "rule r : s, class real { match { y = relu(x); } rewrite { y = q; } }",
     "pat-unbound"},
    {"OptionalUnchecked",
     "rule r : s, class real { match { y = linear(x, w: const, b?: const); }"
     " rewrite { y = linear(x, w, b * 2); } }",
     "pat-optional"},
    {"OptionalChecked",
     "rule r : s, class real { match { y = linear(x, w: const, b?: const, act = \"relu\"); }"
     " rewrite { y = linear(x, w, has(b) ? b * 2 : none); } }",
     ""},
    {"CoalesceOfWhatIsThere",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = x ?? x; } }", "pat-optional"},
    {"LossByDots", "rule r : s, class real { match { y = leaky_relu(x, ..); } rewrite { y = x; } }",
     "pat-loss"},
    {"LossByCapture",
     "rule r : s, class real { match { y = leaky_relu(x, negative_slope = n); } rewrite { y = x; } "
     "}",
     "pat-loss"},
    {"LossByBareName",
     "rule r : s, class real { match { y = leaky_relu(x, negative_slope); } rewrite { y = x; } }",
     "pat-loss"},
    {"NoLossByUnderscore",
     "rule r : s, class real { match { y = leaky_relu(x, negative_slope = _); }"
     " rewrite { y = x; } }",
     ""},
    {"LossOfAnOperand", "rule r : s, class real { match { y = add(x, z); } rewrite { y = x; } }",
     "pat-loss"},
    {"WhenDoesNotCount",
     "rule r : s, class real { match { y = leaky_relu(x, negative_slope = n); } when n > 0;"
     " rewrite { y = x; } }",
     "pat-loss"},
    {"WhereCounts",
     "rule r : s, class real { match { y = leaky_relu(x, negative_slope = n); } where n == 1;"
     " rewrite { y = x; } }",
     ""},
    {"RightEqualsLeft",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = relu(x); } }", "pat-trivial"},
    {"Disconnected",
     "rule r : s, class real { match { y = relu(x); z = exp(q); } rewrite { y = x; z = q; } }",
     "pat-disconnected"},
    {"ConstantCondition",
     "rule r : s, class real { match { y = relu(x); } where 1 < 2; rewrite { y = x; } }",
     "pat-constant"},
    {"ConditionNotBool",
     "rule r : s, class real { match { y = relu(x); } where rank(x); rewrite { y = x; } }",
     "pat-type"},
    {"NeverEqual",
     "rule r : s, class real { match { y = relu(x); } where shape(x) == 3; rewrite { y = x; } }",
     "pat-type"},
    {"RuntimeArithmetic",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = x * 2; } }", "pat-type"},
    {"AttrType",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = softmax(x, dim = 0.5); } }",
     "pat-type"},
    {"SpreadForeignAttrs",
     "rule r : s, class real { match { y = softmax(x, ..a); } rewrite { y = relu(x, ..a); } }",
     "pat-spread"},
    {"PartialName",
     "rule r : s, class real { match { y = (relu(x) | exp(z)); } rewrite { y = x; } }",
     "pat-partial pat-loss"},
    {"AlternativesShare",
     "rule r : s, class real { match { y = (relu(x) | exp(x)); } rewrite { y = x; } }", ""},
    {"MultiResultNested",
     "rule r : s, class real { match { y = relu(topk(x, k = 1)); } rewrite { y = x; } }",
     "pat-arity"},
    {"ResultsMiscounted",
     "rule r : s, class real { match { y = topk(x, k = 1); } rewrite { y = x; } }", "pat-arity"},
    {"NoClass", "rule r : s { match { y = relu(x); } rewrite { y = x; } }", "pat-class"},
    {"RelaxedNeedsReason",
     "rule r : s, class relaxed { match { y = relu(x); } rewrite { y = x; } }", "pat-class"},
    {"UnknownRuleset", "rule r : t, class real { match { y = relu(x); } rewrite { y = x; } }",
     "pat-unknown-ruleset"},
    {"ReplacesNothing", "rule r : s, class real { match { y = relu(x); } rewrite { z = exp(x); } }",
     "pat-rewrite"},
    {"ReplacesAnOperand",
     "rule r : s, class real { match { y = relu(x); } rewrite { x = exp(x); } }", "pat-name"},
    {"UsesWhatItReplaces",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = exp(y); } }",
     "pat-replaced pat-loss"},
    {"ReplacesKept",
     "rule r : s, class real { match { keep y = relu(x); z = relu(y); } rewrite { y = x; } }",
     "pat-keep"},
    {"AssignedTwice",
     "rule r : s, class real { match { y = relu(x); y = exp(x); } rewrite { y = x; } }",
     "pat-name"},
    {"DuplicateRule",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = x; } }\n"
     "rule r : s, class real { match { y = exp(x); } rewrite { y = x; } }",
     "pat-duplicate"},
    {"Shadowed",
     "rule r : s, class real { match { y = relu(x); } rewrite { y = x; } }\n"
     "rule q : s, class real { match { y = relu(x); } rewrite { y = exp(x); } }",
     "pat-shadowed"},
    {"RecursiveFragment",
     "frag f(x) = relu(f(x));\n"
     "rule r : s, class real { match { y = f(x); } rewrite { y = x; } }",
     "pat-recursion pat-call"},
    {"RecursiveFunction", "fn f(n: int) = f(n);", "pat-recursion"},
    {"FunctionBody", "fn f(n: int) = m + 1;", "pat-unbound"},
    {"BuiltinAsFunction", "fn zeros(n: int) = n;", "pat-duplicate"},
    {"OpAsFragment", "frag relu(x) = exp(x);", "pat-duplicate"},
    {"UnknownTrait", "rule r : s, class real { match { y = f@unary(x); } rewrite { y = x; } }",
     "pat-trait"},
    {"UnknownPredicate",
     "rule r : s, class real { match { y = relu(x: const & pos); } rewrite { y = x; } }",
     "pat-predicate"},
    {"PredicateOfAValue",
     "rule r : s, class real { match { y = relu(x: f32[2] & splat); } rewrite { y = x; } }",
     "pat-predicate"},
    {"StatementCycle",
     "rule r : s, class real { match { y = relu(z); z = relu(y); } rewrite { y = z; } }",
     "pat-cycle"},
    {"NotAnOp", "rule r : s, class real { match { y = x; } rewrite { y = x; } }", "pat-match"},
    {"RecordLacksField",
     "frag f(x) -> { a: int } = relu(x) => { a = 1 } | exp(x) => { b = 2 };\n"
     "rule r : s, class real { match { y = f(x) as k; } where k.a == 1; rewrite { y = x; } }",
     "pat-fragment"},
    {"BuiltinArity",
     "rule r : s, class real { match { y = relu(x); } where norm(1) == rank(x); rewrite { y = x; } "
     "}",
     "pat-arity"},
    {"UnknownFunction",
     "rule r : s, class real { match { y = relu(x); } where rnak(x) == 1; rewrite { y = x; } }",
     "pat-unknown-function"},
    {"OpInCondition",
     "rule r : s, class real { match { y = relu(x); } where has(silu(x)); rewrite { y = x; } }",
     "pat-build"},
    {"GroupWithoutList",
     "rule r : s, class real { match { y = cat(x, dim = 0); } rewrite { y = x; } }", "pat-list"},
    {"SetReplacedAsOne",
     "rule r : s, class real { match { ys[i in 2..] = relu(x); } rewrite { ys = x; } }", "pat-set"},
    {"SetWithoutCount",
     "rule r : s, class real { match { ys[i in 2] = relu(x); } rewrite { ys[i] = x; } }",
     "pat-set"},
    {"SetWithNothingInCommon",
     "rule r : s, class real { match { ys[i in 2..] = relu(xs[i]); } rewrite { ys[i] = xs[i]; } }",
     "pat-set"},
    {"SetNameWithoutIndex",
     "rule r : s, class real { match { ys[i in 2..] = add(x, ws[i]: [C[i], C]); } "
     "rewrite { ys[i] = exp(ws[i]); } }",
     "pat-set pat-loss"},
    {"SetIndexOfAnother",
     "rule r : s, class real { match { ys[i in 2..] = add(x, ws[k]); } "
     "rewrite { ys[i] = sub(x, ws[i]); } }",
     "pat-set"},
    {"IndexOutsideOfASet",
     "rule r : s, class real { match { y = relu(xs[i]); } rewrite { y = x; } }",
     "pat-set pat-unbound"},
    {"SetPartsAreListsElsewhere",
     "rule r : s, class real { match { ys[i in 2..] = add(x, ws[i]); } "
     "rewrite { ys[i] = sub(x, ws); } }",
     "pat-type"},
    {"AllWithoutASet", "rule r : s, class real { match { all y = relu(x); } rewrite { y = x; } }",
     "pat-set"},
    {"LossInAFragmentsArgument",
     "frag f(t) = relu(t) | tanh(t);\nrule r : s, class real { match { y = f(linear(x, w, b?)); } "
     "rewrite { y = relu(linear(x, w)); } }",
     "pat-loss"},
    {"FlatForgets", "rule r : s, class real { match { y = add{a, b}; } rewrite { y = a; } }",
     "pat-loss"},
    {"FlatOfASubtraction",
     "rule r : s, class real { match { y = sub{a, b}; } rewrite { y = add{a, b}; } }", "pat-flat"},
    {"FlatOptionalUsedPlainly",
     "rule r : s, class real { match { y = add{a, relu(b)?}; } rewrite { y = sub(a, b); } }",
     "pat-optional"},
    {"ChainForgets",
     "rule r : s, class real { match { y = exp(c@movement*(x)); } rewrite { y = x; } }",
     "pat-loss"},
    {"ChainOfTwo",
     "rule r : s, class real { match { y = exp(c@movement*(x, z)); } rewrite { y = c(x); } }",
     "pat-chain"},
    {"ChainOfATensor",
     "rule r : s, class real { match { y = exp(c@movement+(x)); } rewrite { y = c(ones([2])); } }",
     "pat-type pat-loss"},
};
} // namespace

class Sema : public testing::TestWithParam<Case> {};

TEST_P(Sema, FindsIt) {
  Rules rules(GetParam().text);
  EXPECT_EQ(rules.codes(), GetParam().codes) << rules.diags.render();
}
INSTANTIATE_TEST_SUITE_P(Codes, Sema, testing::ValuesIn(cases),
                         [](const auto &i) { return std::string(i.param.name); });

TEST(SemaText, MessagesNameTheSchemaAndTheNearestName) {
  Rules rules("rule r : s, class real { match { y = conv2d(x, w, strid = [1, 1]); z = relu(y); }"
              " rewrite { z = conv2d(x, w); } }");
  std::string text = rules.diags.render();
  EXPECT_TRUE(has(text, "did you mean `stride`?")) << text;
  EXPECT_TRUE(has(text, "conv2d(input, weight, bias?, residual?;")) << text;
  EXPECT_TRUE(has(text, "test.pat:2:51")) << text;
}

TEST(SemaText, ExpansionIsBounded) {
  // Each fragment doubles the one before: 2^40 patterns.
  std::string text = "frag f0(x) = add(x, x);\n";
  for (int i = 1; i < 40; ++i)
    text += "frag f" + std::to_string(i) + "(x) = add(f" + std::to_string(i - 1) + "(x), f" +
            std::to_string(i - 1) + "(x));\n";
  text += "rule r : s, class real { match { y = f39(x); } rewrite { y = x; } }";
  Rules frags(text);
  EXPECT_TRUE(has(frags.codes(), "pat-size"));
  text = "fn f0(x: int) = x + x;\n";
  for (int i = 1; i < 40; ++i)
    text += "fn f" + std::to_string(i) + "(x: int) = f" + std::to_string(i - 1) + "(x) + f" +
            std::to_string(i - 1) + "(x);\n";
  text += "rule r : s, class real { match { y = relu(x); } where f39(rank(x)) == 1;"
          " rewrite { y = x; } }";
  Rules fns(text);
  EXPECT_TRUE(has(fns.codes(), "pat-size"));
}

TEST(SemaText, ImportsAreResolvedAndCyclesShown) {
  Diagnostics diags;
  EXPECT_TRUE(succeeded(
      loadRulesFromText(WNNX_SOURCE_DIR "/patterns/t.pat", "pat 1; import \"fuse.pat\";", diags)))
      << diags.render();
  Diagnostics missing;
  EXPECT_TRUE(failed(loadRulesFromText("/nowhere/t.pat", "pat 1; import \"x.pat\";", missing)));
  EXPECT_EQ(missing.all()[0].code, "pat-import");
  Diagnostics folder;
  EXPECT_TRUE(failed(loadRules({std::string("/")}, folder)));
  EXPECT_EQ(folder.all()[0].code, "pat-file");
}

TEST(SemaText, RuleSetsMayBeReopened) {
  Rules rules("ruleset t; ruleset s { after t; }\n"
              "rule a : s, class real { match { y = relu(x); } rewrite { y = x; } }\n"
              "rule b : t, class real { match { y = exp(x); } rewrite { y = x; } }");
  ASSERT_TRUE(bool(rules)) << rules.diags.render();
  const Program &p = rules.set->program();
  ASSERT_EQ(p.rulesets.size(), 2u);
  EXPECT_EQ(p.rulesets[0].name, "t");
  Rules cycle("ruleset t { after s; } ruleset s { after t; }\n");
  EXPECT_EQ(cycle.codes(), "pat-cycle");
}
