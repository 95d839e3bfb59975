// SPDX-License-Identifier: Apache-2.0
//
// The two spellings of activations: nodes with attributes, and `act` with numbers.
#include "wnnx/Ops/Activation.h"
#include "wnnx/Ops/Infer.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace wnnx;

namespace {

TEST(Activation, EveryActivationOpHasAFunctionAndBothSpellings) {
  for (const OpInfo &op : allOps()) {
    if (!op.has(Trait::Activation))
      continue;
    SCOPED_TRACE(std::string(op.name));
    bool clamp = op.kind == OpKind::Clamp; // has no defaults
    FailureOr<Activation> a = parseActivation(op.name, clamp ? std::vector<double>{-INFINITY, 6.0}
                                                             : std::vector<double>{});
    ASSERT_TRUE(succeeded(a));
    EXPECT_EQ(a->params.size(), op.attrs.size());
    FailureOr<Activation> again = parseActivation(op.name, a->params);
    ASSERT_TRUE(succeeded(again));
    EXPECT_EQ(a->params, again->params);

    Graph g;
    Diagnostics diags;
    Value *x = g.addInput("x", {DType::F32, {1}});
    std::vector<NamedAttr> attrs;
    std::vector<Attribute> values = activationAttrs(*a);
    for (size_t i = 0; i < values.size(); ++i)
      attrs.emplace_back(op.attrs[i].name, values[i]);
    FailureOr<Node *> n = buildNode(g, op.kind, {x}, std::move(attrs), {}, diags);
    ASSERT_TRUE(succeeded(n)) << diags.render();
    g.append(*n);
    EXPECT_EQ(activationOf(**n).params, a->params);
    for (unsigned i = 0; i < op.attrs.size() && !clamp; ++i)
      EXPECT_EQ((*n)->attr(i), op.attrs[i].defaultValue);
    EXPECT_TRUE(std::isnan(applyActivation(*a, std::nan("")))) << "NaN passes through";
    EXPECT_TRUE(std::isfinite(applyActivation(*a, -3.5)));
  }
}

TEST(Activation, None) {
  FailureOr<Activation> a = parseActivation("none", {});
  ASSERT_TRUE(succeeded(a));
  EXPECT_EQ(applyActivation(*a, -2.5), -2.5);
}

TEST(Activation, SaysWhatIsWrong) {
  std::string why;
  EXPECT_TRUE(failed(parseActivation("softmax", {}, &why)));
  EXPECT_NE(why.find("`softmax` is not an activation"), std::string::npos) << why;
  EXPECT_TRUE(failed(parseActivation("relu", {1.0}, &why)));
  EXPECT_NE(why.find("takes 0 parameters; found 1"), std::string::npos) << why;
  EXPECT_TRUE(failed(parseActivation("clamp", {}, &why)));
  EXPECT_NE(why.find("takes 2 parameters; found 0"), std::string::npos) << why;
}

TEST(Activation, AbsentLimitsAreInfinite) {
  Activation a = *parseActivation("clamp", {-INFINITY, 6.0});
  std::vector<Attribute> attrs = activationAttrs(a);
  ASSERT_EQ(attrs.size(), 2u);
  EXPECT_TRUE(attrs[0].isNone());
  EXPECT_EQ(attrs[1], Attribute(6.0));
  EXPECT_EQ(applyActivation(a, -1e30), -1e30);
  EXPECT_EQ(applyActivation(a, 7.0), 6.0);
  attrs = activationAttrs(*parseActivation("clamp", {-INFINITY, INFINITY}));
  EXPECT_TRUE(attrs[0].isNone());
  EXPECT_EQ(attrs[1], Attribute(double(INFINITY))) << "clamp needs a limit";
}

} // namespace
