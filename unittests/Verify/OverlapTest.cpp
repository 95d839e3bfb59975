// SPDX-License-Identifier: Apache-2.0
//
// Pairs of rules that meet in a node, and what is said of them.
#include "wnnx/Verify/Overlaps.h"

#include <gtest/gtest.h>

using namespace wnnx;
using verify::Overlap;

namespace {

verify::OverlapReport overlapsOf(const std::string &rules) {
  Diagnostics diags;
  FailureOr<pat::RuleSet> r = pat::loadRulesFromText("t.pat", "pat 1; ruleset s; " + rules, diags);
  EXPECT_TRUE(succeeded(r)) << diags.render();
  return succeeded(r) ? verify::findOverlaps(*r, {}) : verify::OverlapReport();
}

} // namespace

TEST(OverlapTest, differentOpsDoNotMeet) {
  verify::OverlapReport r =
      overlapsOf("rule a : s, class exact { match { y = relu(relu(x)); } rewrite { y = relu(x); } }"
                 "rule b : s, class exact { match { y = abs(neg(x)); } rewrite { y = abs(x); } }");
  EXPECT_EQ(r.met, r.joins);
  EXPECT_TRUE(r.open.empty());
}

TEST(OverlapTest, twoWaysThatEndInOne) {
  verify::OverlapReport r =
      overlapsOf("rule a : s, class exact { match { y = abs(neg(x)); } rewrite { y = abs(x); } }"
                 "rule b : s, class exact { match { y = neg(neg(x)); } rewrite { y = x; } }");
  EXPECT_GE(r.met, 1u);
  EXPECT_EQ(r.joins, r.met);
}

TEST(OverlapTest, theFirstRuleDecidesWhatIsLeft) {
  verify::OverlapReport r = overlapsOf(
      "rule a : s, benefit 9, class exact { match { y = abs(neg(x)); } rewrite { y = abs(x); } }"
      "rule b : s, class exact { match { y = abs(neg(relu(x))); } rewrite { y = relu(x); } }");
  ASSERT_EQ(r.open.size(), 1u);
  const Overlap &o = r.open[0];
  EXPECT_EQ(o.outcome, Overlap::Differs);
  EXPECT_EQ(o.outer.rule, "a");
  EXPECT_EQ(o.wins, 0);
  EXPECT_EQ(o.outer.nodes, 2);
  EXPECT_EQ(o.inner.nodes, 1);
  EXPECT_TRUE(o.worse);
  EXPECT_NE(o.graph.find("relu"), std::string::npos);
}

TEST(OverlapTest, rulesThatDisagree) {
  verify::OverlapReport r = overlapsOf("rule a : s, class relaxed \"drops it\" { match { y = "
                                       "relu(sigmoid(x)); } rewrite { y = x; } }"
                                       "rule b : s, class exact { match { y = sigmoid(neg(x)); } "
                                       "rewrite { y = sub(1, sigmoid(x)); } }");
  ASSERT_EQ(r.open.size(), 1u);
  EXPECT_EQ(r.open[0].outcome, Overlap::Disagrees);
}

TEST(OverlapTest, attributesAreThoseOfBoth) {
  // They meet only in a convolution with stride 2 and padding 1.
  verify::OverlapReport r =
      overlapsOf("rule a : s, class real { match { c = conv2d(x, w: const, stride = [2, 2], ..a); "
                 "y = relu(c); } "
                 "rewrite { y = clamp(conv2d(x, w, stride = [2, 2], ..a), min = 0); } }"
                 "rule b : s, class real { match { c = conv2d(x, w, padding = [1, q], ..a); } "
                 "rewrite { c = conv2d(pad(x, pad = [q, q, 1, 1]), w, padding = [0, 0], ..a); } }");
  ASSERT_GE(r.met, 1u);
  Diagnostics diags;
  unsigned strided = 0;
  for (const Overlap &o : r.open)
    strided += o.graph.find("stride=[2, 2]") != std::string::npos &&
               o.graph.find("padding=[1,") != std::string::npos;
  EXPECT_EQ(strided, r.open.size());
}

TEST(OverlapTest, rulesThatAreLeftOutDoNotCount) {
  verify::OverlapReport r =
      overlapsOf("ruleset t { after s; }"
                 "rule a : s, class exact { match { y = abs(neg(x)); } rewrite { y = abs(x); } }"
                 "rule b : t, class exact { match { y = neg(neg(x)); } rewrite { y = x; } }");
  EXPECT_EQ(r.candidates, 1u); // b with itself: a runs in another set
}
