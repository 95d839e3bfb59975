// SPDX-License-Identifier: Apache-2.0
//
// What planning promises: views and concatenations cost nothing, results go in place only where
// nobody reads the operand later, equal weights are stored once, all errors are reported.
#include "wnnx/Plan/Plan.h"

#include "wnnx/Ops/Infer.h"

#include <gtest/gtest.h>

using namespace wnnx;

namespace {

class PlanTest : public testing::Test {
protected:
  Graph g;
  Diagnostics diags;
  using Ints = std::vector<int64_t>;

  Value *input(Shape s, DType t = DType::F32) { return g.addInput("x", {t, s}); }
  Node *node(OpKind k, std::vector<Value *> operands, std::vector<NamedAttr> attrs = {}) {
    FailureOr<Node *> n = buildNode(g, k, operands, std::move(attrs), {}, diags);
    EXPECT_TRUE(succeeded(n)) << diags.render();
    g.append(*n);
    return *n;
  }
  Value *add(OpKind k, std::vector<Value *> operands, std::vector<NamedAttr> attrs = {}) {
    return node(k, std::move(operands), std::move(attrs))->result();
  }
  Value *conv(Value *x, int64_t channels, double weight = 0.5) {
    Value *w =
        g.addConstant(Tensor::splat({DType::F32, Shape{channels, x->dim(1), 1, 1}}, weight), "w");
    return add(OpKind::Conv2d, {x, w});
  }
  Plan plan() {
    g.nameAll();
    FailureOr<Plan> p = makePlan(g, {}, diags);
    EXPECT_TRUE(succeeded(p)) << diags.render();
    return std::move(*p);
  }
  static unsigned count(const Plan &p, wnnrt_kernel_id k) {
    unsigned n = 0;
    for (const KernelCall &c : p.calls)
      n += c.kernel == k;
    return n;
  }
  /// How many steps are shared out of a network of short ones with a long one behind them.
  unsigned stepsSharedBehind(int others) {
    Value *x = input(Shape{1, 32, 8, 8});
    for (int i = 0; i < others; ++i)
      x = conv(x, 32);
    g.addOutput("y", conv(x, 480));
    unsigned n = 0;
    const Plan p = plan();
    for (const KernelCall &c : p.calls)
      n += !c.alone;
    return n;
  }
  static unsigned copies(const Plan &p) {
    return count(p, WNNRT_K_copy_strided) + count(p, WNNRT_K_copy_channels_c16);
  }
};

TEST_F(PlanTest, ElementwiseChainRunsInTheOutput) {
  Value *y = input(Shape{100});
  for (int i = 0; i < 5; ++i)
    y = add(OpKind::Sin, {y});
  g.addOutput("y", y);
  Plan p = plan();
  EXPECT_EQ(p.calls.size(), 5u);
  EXPECT_EQ(p.arenaBytes, 0) << printPlan(p);
}

TEST_F(PlanTest, AnOperandThatIsReadLaterIsNotOverwritten) {
  Value *a = add(OpKind::Sin, {input(Shape{16})});
  Value *b = add(OpKind::Cos, {a});
  Value *c = add(OpKind::Sub, {b, a});
  g.addOutput("c", c);
  Plan p = plan();
  ASSERT_EQ(p.calls.size(), 3u);
  auto place = [&](int call, int arg) {
    const PlanTensor &t = p.tensors[size_t(p.calls[size_t(call)].args[size_t(arg)].refs[0].tensor)];
    return std::pair(t.buffer, t.offset);
  };
  EXPECT_NE(place(1, 0), place(1, 1)) << printPlan(p);
}

TEST_F(PlanTest, AnOutputIsNotOverwritten) {
  Value *a = add(OpKind::Sin, {input(Shape{16})});
  Value *b = add(OpKind::Cos, {a});
  g.addOutput("a", a);
  g.addOutput("c", add(OpKind::Exp, {b}));
  Plan p = plan();
  ASSERT_EQ(p.calls.size(), 3u) << printPlan(p);
  auto bufferOf = [&](int call, int arg) {
    return p.tensors[size_t(p.calls[size_t(call)].args[size_t(arg)].refs[0].tensor)].buffer;
  };
  EXPECT_NE(bufferOf(1, 0), bufferOf(1, 1)) << printPlan(p);
}

TEST_F(PlanTest, StepsAreOrderedToNeedLessMemory) {
  // Both branches are widened before either is narrowed: in this order two wide tensors live at
  // once, although one at a time is enough.
  Value *x = conv(input(Shape{1, 16, 8, 8}), 16, 0.25);
  std::vector<Value *> wide, narrow;
  for (int i = 0; i < 4; ++i)
    wide.push_back(conv(x, 256, 0.5 + i));
  for (int i = 0; i < 4; ++i)
    narrow.push_back(conv(wide[size_t(i)], 16, 0.125 + i));
  g.addOutput("y", add(OpKind::Cat, narrow, {{"dim", int64_t(1)}}));
  Plan p = plan();
  int64_t one = 256 * 64 * 4;
  EXPECT_GE(p.arenaBytesAsWritten, 4 * one) << printArena(p);
  EXPECT_LT(p.arenaBytes, 2 * one) << printArena(p);
  EXPECT_EQ(p.arenaBytes, p.arenaLowerBound);
  EXPECT_NE(printArena(p).find("steps reordered"), std::string::npos);
}

TEST_F(PlanTest, ConcatenationsOfConcatenationsCopyNothing) {
  // As in DenseNet: each layer reads everything made before it.
  Value *x = conv(input(Shape{1, 16, 4, 4}), 16, 0.25);
  std::vector<Value *> features{x};
  for (int i = 0; i < 4; ++i) {
    Value *all =
        features.size() == 1 ? features[0] : add(OpKind::Cat, features, {{"dim", int64_t(1)}});
    features.push_back(conv(all, 32, 0.5 + i));
  }
  g.addOutput("y", add(OpKind::Relu, {add(OpKind::Cat, features, {{"dim", int64_t(1)}})}));
  Plan p = plan();
  EXPECT_EQ(copies(p), 0u) << printPlan(p);
}

TEST_F(PlanTest, SplittingAlignedChannelsIsFree) {
  Value *x = conv(input(Shape{1, 16, 4, 4}), 48);
  Node *split = node(OpKind::Split, {x}, {{"sizes", Ints{16, 32}}, {"dim", int64_t(1)}});
  Value *a = conv(split->result(0), 16, 0.1), *b = conv(split->result(1), 16, 0.2);
  g.addOutput("y", add(OpKind::Add, {a, b}));
  EXPECT_EQ(copies(plan()), 0u);
}

TEST_F(PlanTest, SqueezeExciteNeedsNoReorder) {
  Value *x = conv(input(Shape{2, 3, 8, 8}), 24);
  Value *s = add(OpKind::AdaptiveAvgPool2d, {x}, {{"output_size", Ints{1, 1}}});
  s = add(OpKind::Hardsigmoid, {conv(add(OpKind::Relu, {conv(s, 8, 0.1)}), 24, 0.2)});
  Value *y = conv(add(OpKind::Mul, {x, s}), 16, 0.3);
  y = add(OpKind::AdaptiveAvgPool2d, {y}, {{"output_size", Ints{1, 1}}});
  g.addOutput("y", add(OpKind::Reshape, {y}, {{"shape", Ints{2, 16}}}));
  Plan p = plan();
  EXPECT_EQ(copies(p), 0u) << printPlan(p);
  EXPECT_EQ(count(p, WNNRT_K_plain_to_c16) + count(p, WNNRT_K_c16_to_plain), 0u) << printPlan(p);
  EXPECT_EQ(count(p, WNNRT_K_linear), 2u);
}

TEST_F(PlanTest, DetectionHeadsAreRowsAtOnce) {
  Value *x = conv(input(Shape{1, 8, 8, 8}), 16), *heads[2];
  for (int i = 0; i < 2; ++i) {
    Value *v = conv(x, 21, 0.1 + i);
    heads[i] = add(OpKind::Reshape, {v}, {{"shape", Ints{1, 21, v->dim(2) * v->dim(3)}}});
    x = add(OpKind::MaxPool2d, {x}, {{"kernel_size", Ints{2, 2}}, {"stride", Ints{2, 2}}});
  }
  Value *all = add(OpKind::Cat, {heads[0], heads[1]}, {{"dim", int64_t(2)}});
  Value *rows = add(OpKind::Permute, {all}, {{"dims", Ints{0, 2, 1}}});
  Value *box = add(OpKind::Slice, {rows}, {{"dim", int64_t(2)}, {"end", int64_t(4)}});
  Value *rest = add(OpKind::Slice, {rows}, {{"dim", int64_t(2)}, {"start", int64_t(4)}});
  Value *y = add(OpKind::Cat, {add(OpKind::Exp, {box}), rest}, {{"dim", int64_t(2)}});
  g.addOutput("y", y);
  Plan p = plan();
  EXPECT_EQ(count(p, WNNRT_K_c16_to_plain), 0u) << printPlan(p);
  // Whole blocks and the rest of each head, the box made dense, and put in its place.
  EXPECT_EQ(copies(p), 6u) << printPlan(p);
}

TEST_F(PlanTest, WhatIsReadLaterDoesNotBecomeItsCopy) {
  Value *x = add(OpKind::Sin, {input(Shape{8, 6})});
  Value *left = add(OpKind::Slice, {x}, {{"dim", int64_t(1)}, {"end", int64_t(2)}});
  Value *right = add(OpKind::Slice, {x}, {{"dim", int64_t(1)}, {"start", int64_t(2)}});
  Value *exp = add(OpKind::Exp, {left});
  Value *y = add(OpKind::Cat, {exp, right}, {{"dim", int64_t(1)}});
  g.addOutput("y", y);
  g.addOutput("z", add(OpKind::Mul, {x, y}));
  Plan p = plan();
  const PlanTensor *in = nullptr, *out = nullptr;
  for (const PlanTensor &t : p.tensors) {
    in = t.name == x->name() ? &t : in;
    out = t.name == y->name() ? &t : out;
  }
  ASSERT_TRUE(in && out);
  EXPECT_NE(in->buffer, out->buffer) << printPlan(p);
}

TEST_F(PlanTest, PatchesAreOneProduct) {
  Value *w = g.addConstant(Tensor::splat({DType::F32, Shape{64, 3, 8, 8}}, 0.5), "w");
  Value *x = input(Shape{1, 3, 34, 40});
  Value *y = add(OpKind::Conv2d, {x, w}, {{"stride", Ints{8, 8}}});
  y = add(OpKind::Permute, {y}, {{"dims", Ints{0, 2, 3, 1}}});
  g.addOutput("y", add(OpKind::Reshape, {y}, {{"shape", Ints{1, 20, 64}}}));
  Plan p = plan();
  EXPECT_EQ(p.calls.size(), 2u) << printPlan(p);
  EXPECT_EQ(count(p, WNNRT_K_copy_strided), 1u);
  EXPECT_EQ(count(p, WNNRT_K_linear), 1u);
}

TEST_F(PlanTest, PatchesInFrontOfConvolutionsStayBlocked) {
  Value *w = g.addConstant(Tensor::splat({DType::F32, Shape{64, 3, 8, 8}}, 0.5), "w");
  Value *y = add(OpKind::Conv2d, {input(Shape{1, 3, 34, 40}), w}, {{"stride", Ints{8, 8}}});
  g.addOutput("y", conv(y, 16));
  Plan p = plan();
  EXPECT_EQ(count(p, WNNRT_K_conv2d_first), 1u) << printPlan(p);
  EXPECT_EQ(count(p, WNNRT_K_linear), 0u);
}

TEST_F(PlanTest, ConvolutionsScaleTheirInput) {
  Value *x = conv(input(Shape{1, 8, 14, 14}), 40);
  auto channels = [&](double v) {
    return g.addConstant(Tensor::splat({DType::F32, Shape{40}}, v), "c");
  };
  Value *n = add(OpKind::BatchNorm, {x, channels(0.1), channels(1.5), channels(2), channels(1)});
  Value *y = conv(add(OpKind::Relu, {n}), 24);
  Value *gate = add(OpKind::AdaptiveAvgPool2d, {y}, {{"output_size", Ints{1, 1}}});
  g.addOutput("y", conv(add(OpKind::Mul, {gate, y}), 16));
  Plan p = plan();
  EXPECT_EQ(count(p, WNNRT_K_conv2d_scaled_c16), 2u);
  EXPECT_EQ(count(p, WNNRT_K_batch_norm) + count(p, WNNRT_K_binary) + count(p, WNNRT_K_unary), 0u);
}

TEST_F(PlanTest, PiecesOfAShuffleAreGatheredFromTheConcatenatedParts) {
  Value *x = input(Shape{1, 16, 9, 9});
  Value *cat = add(OpKind::Cat, {conv(x, 29), conv(x, 29, 0.25)}, {{"dim", int64_t(1)}});
  Value *five = add(OpKind::Reshape, {cat}, {{"shape", Ints{1, 2, 29, 9, 9}}});
  five = add(OpKind::Permute, {five}, {{"dims", Ints{0, 2, 1, 3, 4}}});
  Value *shuffled = add(OpKind::Reshape, {five}, {{"shape", Ints{1, 58, 9, 9}}});
  Node *pieces = node(OpKind::Split, {shuffled}, {{"sizes", Ints{29, 29}}, {"dim", int64_t(1)}});
  g.addOutput("y", conv(pieces->result(0), 16));
  g.addOutput("z", conv(pieces->result(1), 16));
  Plan p = plan();
  EXPECT_EQ(count(p, WNNRT_K_gather_channels_c16), 2u);
  EXPECT_EQ(copies(p), 0u);
}

TEST_F(PlanTest, LayerNormAndLinearsBetweenPermutesStayBlocked) {
  Value *x = conv(input(Shape{1, 16, 7, 7}), 40);
  auto linear = [&](Value *v, int64_t to) {
    Value *w = g.addConstant(Tensor::splat({DType::F32, Shape{to, v->shape().back()}}, 0.1), "w");
    return add(OpKind::Linear, {v, w});
  };
  Value *last = add(OpKind::Permute, {x}, {{"dims", Ints{0, 2, 3, 1}}});
  last = add(OpKind::LayerNorm, {last}, {{"normalized_shape", Ints{40}}});
  last = linear(linear(last, 100), 40);
  Value *back = add(OpKind::Permute, {last}, {{"dims", Ints{0, 3, 1, 2}}});
  Value *scale = g.addConstant(Tensor::splat({DType::F32, Shape{40, 1, 1}}, 0.5), "s");
  g.addOutput("y", conv(add(OpKind::Add, {add(OpKind::Mul, {scale, back}), x}), 8));
  Plan p = plan();
  EXPECT_EQ(count(p, WNNRT_K_layer_norm_c16), 1u);
  EXPECT_EQ(count(p, WNNRT_K_conv2d_c16), 4u);
  EXPECT_EQ(count(p, WNNRT_K_binary) + copies(p), 0u);
}

TEST_F(PlanTest, ResidualIsAddedInPlace) {
  Value *x = conv(input(Shape{1, 16, 4, 4}), 16);
  Value *w = g.addConstant(Tensor::splat({DType::F32, Shape{16, 16, 1, 1}}, 0.1), "w2");
  Value *y = add(OpKind::Conv2d, {conv(x, 16, 0.7), w, nullptr, x}, {{"act", "relu"}});
  g.addOutput("y", conv(y, 16, 0.9));
  Plan p = plan();
  const KernelCall *fused = nullptr;
  for (const KernelCall &c : p.calls)
    if (c.kernel == WNNRT_K_conv2d_c16 && c.args[3].refs[0].tensor >= 0)
      fused = &c;
  ASSERT_NE(fused, nullptr);
  const PlanTensor &r = p.tensors[size_t(fused->args[3].refs[0].tensor)];
  const PlanTensor &out = p.tensors[size_t(fused->args[4].refs[0].tensor)];
  EXPECT_EQ(std::pair(r.buffer, r.offset), std::pair(out.buffer, out.offset)) << printPlan(p);
}

TEST_F(PlanTest, EqualWeightsAreStoredOnceAligned) {
  Value *x = input(Shape{1, 16});
  Tensor w = Tensor::splat({DType::F32, Shape{16, 16}}, 0.5);
  Value *y = add(OpKind::Linear, {x, g.addConstant(w, "a")});
  y = add(OpKind::Linear, {y, g.addConstant(w, "b")});
  g.addOutput("y", y);
  Plan p = plan();
  EXPECT_EQ(p.weights.size(), 1u);
  EXPECT_EQ(p.weightBytes, 16 * 16 * 4);
  for (const PackedWeight &each : p.weights)
    EXPECT_EQ(each.offset % 64, 0);
}

TEST_F(PlanTest, DeadNodesAreNotPlanned) {
  Value *x = input(Shape{4});
  add(OpKind::Sin, {x});
  g.addOutput("y", add(OpKind::Cos, {x}));
  EXPECT_EQ(plan().calls.size(), 1u);
}

TEST_F(PlanTest, AllErrorsAreReported) {
  Value *x = input(Shape{2, 3}, DType::F64);
  add(OpKind::Softmax, {x}, {{"dim", int64_t(0)}});
  Value *a = g.back()->result();
  Value *b = add(OpKind::LogSoftmax, {x}, {{"dim", int64_t(1)}});
  g.addOutput("a", a);
  g.addOutput("b", b);
  g.nameAll();
  EXPECT_TRUE(failed(makePlan(g, {}, diags)));
  EXPECT_EQ(diags.errorCount(), 2u) << diags.render();
}

TEST_F(PlanTest, StepsAreSharedOutWhereThatPays) {
  // A long step, short ones that cut the same rows, and one behind them that needs all channels
  // of a small image and is too short to fetch them.
  Value *x = conv(input(Shape{1, 64, 56, 56}), 64);
  for (int i = 0; i < 3; ++i)
    x = conv(x, 16);
  Value *y = add(OpKind::AdaptiveAvgPool2d, {x}, {{"output_size", Ints{2, 2}}});
  g.addOutput("y", conv(conv(y, 16), 16));
  Plan p = plan();
  for (const KernelCall &c : p.calls) {
    if (c.kernel == WNNRT_K_conv2d_c16) {
      EXPECT_EQ(c.alone, c.macs < 2000) << printPlan(p);
    }
  }
}

TEST_F(PlanTest, StepsOfATinyNetworkRunAlone) {
  Value *x = input(Shape{1, 32, 8, 8});
  for (int i = 0; i < 6; ++i)
    x = conv(x, 32);
  g.addOutput("y", x);
  for (const KernelCall &c : plan().calls)
    EXPECT_TRUE(c.alone);
}

TEST_F(PlanTest, OneStepIsSharedOutWhereItIsMostOfTheNetwork) {
  EXPECT_GE(stepsSharedBehind(1), 1u);
}

TEST_F(PlanTest, OneStepAmongManyIsNotSharedOut) {
  EXPECT_EQ(stepsSharedBehind(60), 0u); // threads would wake for it alone
}

TEST_F(PlanTest, WithoutSharingAndBlocksThereIsStillAPlan) {
  Value *y = add(OpKind::Relu, {conv(conv(input(Shape{1, 3, 4, 4}), 16), 16, 0.1)});
  g.addOutput("y", y);
  g.nameAll();
  PlanOptions options;
  options.blockedLayout = options.shareBuffers = false;
  FailureOr<Plan> p = makePlan(g, options, diags);
  ASSERT_TRUE(succeeded(p));
  EXPECT_EQ(count(*p, WNNRT_K_conv2d_plain), 2u);
  EXPECT_EQ(count(*p, WNNRT_K_plain_to_c16) + count(*p, WNNRT_K_c16_to_plain), 0u);
}

} // namespace
