// SPDX-License-Identifier: Apache-2.0
//
// The compile-time tensor library, element by element.
#include "Helpers.h"

#include "wnnx/Pattern/TensorExpr.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

static TensorRef counting(TensorBuilder &b, std::vector<int64_t> shape) {
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  return b.reshape(b.iota(n), shape);
}

using V = std::vector<double>;

TEST(Tensor, Broadcasting) {
  TensorBuilder b;
  TensorRef t = b.map(TensorFn::Add, counting(b, {2, 1}),
                      b.map(TensorFn::Mul, counting(b, {3}), b.number(10, false)));
  EXPECT_EQ(t->shape, (Shape{2, 3}));
  EXPECT_EQ(t->values(), (V{0, 10, 20, 1, 11, 21}));
  EXPECT_FALSE(b.map(TensorFn::Add, counting(b, {2}), counting(b, {3})));
  EXPECT_TRUE(has(b.why, "broadcast")) << b.why;
}

TEST(Tensor, ViewsSlicesAndJoins) {
  TensorBuilder b;
  TensorRef t = counting(b, {2, 3});
  EXPECT_EQ(b.permute(t, {1, 0})->values(), (V{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(b.slice(t, 1, -2, INT64_MAX, 1)->values(), (V{1, 2, 4, 5}));
  EXPECT_EQ(b.slice(t, 1, 0, 3, 2)->values(), (V{0, 2, 3, 5}));
  EXPECT_EQ(b.slice(t, 0, 5, 9, 1)->shape, (Shape{0, 3}));
  EXPECT_EQ(b.flip(t, {0, 1})->values(), (V{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(b.at(t, 0, -1)->values(), (V{3, 4, 5}));
  EXPECT_EQ(b.select(t, 1, {2, 0, 2})->values(), (V{2, 0, 2, 5, 3, 5}));
  EXPECT_EQ(b.cat({t, t}, 1)->values(), (V{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(b.cat({t, t}, 0)->shape, (Shape{4, 3}));
  EXPECT_EQ(b.pad(counting(b, {1, 2}), {1, 0, 0, 1}, 9)->values(), (V{9, 9, 9, 0, 1, 9}));
  EXPECT_EQ(b.expand(counting(b, {2, 1}), {2, 2})->values(), (V{0, 0, 1, 1}));
  EXPECT_EQ(b.why, "");
  EXPECT_FALSE(b.permute(t, {0, 0}));
  EXPECT_FALSE(b.reshape(t, {4, -1}));
  EXPECT_FALSE(b.select(t, 0, {2}));
}

TEST(Tensor, ReductionsAndProducts) {
  TensorBuilder b;
  TensorRef t = counting(b, {2, 3});
  EXPECT_EQ(b.reduce(TensorFn::Sum, t, {1}, false)->values(), (V{3, 12}));
  EXPECT_EQ(b.reduce(TensorFn::Mean, t, {}, true)->shape, (Shape{1, 1}));
  EXPECT_EQ(b.reduce(TensorFn::Mean, t, {}, true)->values(), (V{2.5}));
  EXPECT_EQ(b.reduce(TensorFn::Amax, t, {-2}, false)->values(), (V{3, 4, 5}));
  EXPECT_EQ(b.matmul(t, b.permute(t, {1, 0}))->values(), (V{5, 14, 14, 50}));
  EXPECT_EQ(b.contract("ij->ji", {t})->values(), (V{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(b.contract("ij,ij->", {t, t})->values(), (V{55}));
  EXPECT_EQ(b.contract("ii->i", {counting(b, {2, 2})})->values(), (V{0, 3}));
  EXPECT_EQ(b.eye(2)->values(), (V{1, 0, 0, 1}));
  EXPECT_EQ(b.eye(0)->shape, (Shape{0, 0}));
}

TEST(Tensor, RoundedOnceToItsType) {
  TensorBuilder b;
  // In f16 alone 2049 is 2048; the sum is exact in between.
  TensorRef big = b.leaf(Tensor::scalar(DType::F16, 2048), "w");
  TensorRef t =
      b.map(TensorFn::Sub, b.map(TensorFn::Add, big, b.number(1, false)), b.number(2048, false));
  EXPECT_EQ(*t->dtype, DType::F16);
  EXPECT_EQ(t->evaluate({*t->dtype, t->shape}).getDouble(0), 1.0);
  // Fractions of integers are f32.
  TensorRef i = b.leaf(Tensor::fromInts({2}, {1, 3}), "i");
  EXPECT_EQ(*b.map(TensorFn::Div, i, b.number(2, false))->dtype, DType::F32);
  EXPECT_EQ(*b.map(TensorFn::Mul, i, b.number(2, false))->dtype, DType::I64);
  EXPECT_EQ(*b.map(TensorFn::Mul, i, b.number(0.5, true))->dtype, DType::F32);
}

TEST(Tensor, WhatIsOnlyPassedOnIsNotCopied) {
  TensorBuilder b;
  Tensor w = randomTensor({DType::F32, {4, 6}}, 1);
  TensorRef t = b.reshape(b.leaf(w, "w"), {6, 4});
  EXPECT_EQ(t->evaluate({DType::F32, {6, 4}}).data(), w.data());
  EXPECT_EQ(b.map(TensorFn::Mul, b.leaf(w, "w"), b.fill({4, 6}, 1, false))
                ->evaluate({DType::F32, {4, 6}})
                .data(),
            w.data());
}

TEST(Tensor, IdentityKernelIsOne) {
  for (int64_t groups : {1, 2, 6}) {
    TensorBuilder b;
    TensorRef k = b.identityKernel(6, groups, 3, 5);
    ASSERT_TRUE(k);
    Graph g;
    Value *x = g.addInput("x", {DType::F32, {2, 6, 4, 7}});
    Value *w = g.addConstant(k->evaluate({DType::F32, k->shape}), "w");
    Diagnostics diags;
    FailureOr<Node *> n =
        buildNode(g, OpKind::Conv2d, {x, w},
                  {{"padding", std::vector<int64_t>{1, 2}}, {"groups", groups}}, {}, diags);
    ASSERT_TRUE(succeeded(n)) << diags.render();
    g.append(*n);
    g.addOutput("y", (*n)->result());
    Tensor in = randomTensor(x->type(), 3);
    FailureOr<std::vector<Tensor>> out = interpret(g, {in}, diags);
    ASSERT_TRUE(succeeded(out));
    EXPECT_TRUE((*out)[0].identical(in)) << groups;
  }
}
