// SPDX-License-Identifier: Apache-2.0
//
// Ranges of values: what is claimed, and that runs on random inputs, infinities and NaN stay inside
// what is claimed.
#include "Helpers.h"

#include "wnnx/Pattern/RangeFacts.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

struct Case {
  const char *body; // of a graph with x: f32[2,3,4,5], i: i64[7], u: u8[4], assumed p in [0.5, 2]
  double lo, hi;
};

const Case cases[] = {
    {"y = relu(x);", 0, inf},
    {"y = abs(x);", 0, inf},
    {"y = mul(x, x);", 0, inf},
    {"a = mul(x, x); y = neg(a);", -inf, 0},
    {"y = sigmoid(x);", 0, 1},
    {"y = softmax(x, dim=1);", 0, 1},
    {"a = softmax(x, dim=1); y = amax(a, dim=[1]);", 0, 1},
    {"a = relu(x); y = max_pool2d(a, kernel_size=[2,2], stride=[1,1]);", 0, inf},
    {"a = relu(x); b = permute(a, dims=[0,2,3,1]); y = reshape(b, shape=[-1, 3]);", 0, inf},
    {"y = clamp(x, min=-1.0, max=0.5);", -1, 0.5},
    {"a = tanh(x); y = relu(a);", 0, 1},
    {"y = argmax(x, dim=1);", 0, 120},
    {"y = to(u, dtype=f32);", 0, 255},
    {"a = sigmoid(x); b = relu(x); y = cat(a, b, dim=0);", 0, inf},
    {"a = sigmoid(x); y = pad(a, pad=[1,1], value=-3.0);", -3, 1},
    {"y = leaky_relu(x, negative_slope=-0.5);", -inf, inf},
    {"a = relu(x); y = sum(a, dim=[1]);", 0, inf},
    {"a = relu(x); y = mean(a, dim=[1]);", 0, inf},
    {"y = exp(x);", 0, inf},
    {"y = sub(x, x);", -inf, inf},
    {"a = gt(x, x); y = to(a, dtype=f32);", 0, 1},
    {"a = abs(x); b = neg(a); y = clamp(b, min=-2.0);", -2, 0},
    {"a = conv2d(x, w, act=\"relu\"); y = sqrt(a);", 0, inf},
    {"y = mul(p, p);", 0.25, 4},
    {"y = reciprocal(p);", 0.5, 2},
    {"y = log(p);", -0.6931472, 0.6931472},
    {"y = elu(x, alpha=2.0, scale=0.5);", -1, inf},
    {"y = hardsigmoid(x);", 0, 1},
    {"a = sigmoid(x); y = avg_pool2d(a, kernel_size=[2,2], stride=[1,1], padding=[1,1]);", 0, 1},
    {"a = clamp(x, min=2.0, max=3.0); y = avg_pool2d(a, kernel_size=[2,2], stride=[1,1], "
     "padding=[1,1]);",
     0, 3},
};

std::unique_ptr<Graph> graph(const char *body, Diagnostics &diags) {
  return graphOf("(x: f32[2,3,4,5], i: i64[7], u: u8[4], p: f32[6]) {\n"
                 "  const w: f32[4,3,1,1] = file(\"w\", \"w\");\n  " +
                     std::string(body) + "\n  return y; }",
                 diags);
}

} // namespace

TEST(RangeFacts, WhatIsClaimed) {
  InputRanges assumed;
  assumed["p"].lo = 0.5;
  assumed["p"].hi = 2;
  assumed["p"].noNan = true;
  for (const Case &c : cases) {
    Diagnostics diags;
    auto g = graph(c.body, diags);
    ASSERT_TRUE(g);
    ValueRange r = rangeOf(g->outputs()[0].value, &assumed);
    EXPECT_LE(r.lo, c.lo) << c.body;
    EXPECT_GE(r.hi, c.hi) << c.body;
    if (std::isfinite(c.lo))
      EXPECT_NEAR(r.lo, c.lo, 1e-3) << c.body;
    else
      EXPECT_EQ(r.lo, c.lo) << c.body;
    if (std::isfinite(c.hi))
      EXPECT_NEAR(r.hi, c.hi, 1e-3) << c.body;
    else
      EXPECT_EQ(r.hi, c.hi) << c.body;
  }
}

TEST(RangeFacts, RunsStayInside) {
  InputRanges assumed;
  assumed["p"] = {0.5, 2, false, true};
  for (const Case &c : cases) {
    for (int round = 0; round < 4; ++round) {
      Diagnostics diags;
      auto g = graph(c.body, diags);
      ASSERT_TRUE(g);
      ValueRange r = rangeOf(g->outputs()[0].value, &assumed);
      std::vector<Tensor> in;
      for (const auto &v : g->inputs()) {
        bool p = v->name() == "p";
        double scale = round == 1 ? 1e30 : 4;
        Tensor t = randomTensor(v->type(), 7 + unsigned(round), p ? 0.5 : -scale, p ? 2 : scale);
        if (v->name() == "x" && round >= 2) {
          std::vector<double> d = t.toDoubles();
          d[0] = inf, d[1] = -inf;
          if (round == 3)
            d[2] = std::nan("");
          t = Tensor::fromDoubles(v->type(), d);
        }
        in.push_back(t);
      }
      FailureOr<std::vector<Tensor>> out = interpret(*g, in, diags);
      ASSERT_TRUE(succeeded(out)) << c.body;
      for (double y : (*out)[0].toDoubles()) {
        if (std::isnan(y)) {
          EXPECT_FALSE(r.noNan) << c.body;
          continue;
        }
        EXPECT_TRUE(y >= r.lo && y <= r.hi) << c.body << " " << y;
        EXPECT_TRUE(!r.finite() || std::isfinite(y)) << c.body;
      }
    }
  }
}

TEST(RangeFacts, LongChainsAreGivenUpNotFollowed) {
  Diagnostics diags;
  Graph g;
  Value *v = g.addInput("x", {DType::F32, {2}});
  FailureOr<Node *> first = buildNode(g, OpKind::Relu, {v}, {}, {}, diags);
  g.append(*first);
  v = (*first)->result();
  for (int i = 0; i < 100000; ++i) {
    FailureOr<Node *> n = buildNode(g, OpKind::Add, {v, v}, {}, {}, diags);
    g.append(*n);
    v = (*n)->result();
  }
  EXPECT_EQ(rangeOf(v, nullptr).lo, -inf);
}
