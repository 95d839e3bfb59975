// SPDX-License-Identifier: Apache-2.0
// Convolution kernels against a direct double-precision convolution on plain tensors.
#include "ConvReference.h"

#include <algorithm>
#include <array>

using namespace wnnrt_test;

namespace {

class ConvTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(ConvTest);

enum class Kernel { C16, Matrix, First, Depthwise, Plain, Winograd2, Winograd4 };

/// Runs one kernel on one shape with the given fusions and checks values and canaries.
void check(const wnnrt_context &ctx, Kernel kernel, const Shape &s, wnnrt_act act, bool withBias,
           int residualMode, unsigned seed) {
  wnnrt_conv2d_params p = paramsOf(s);
  p.act = act;
  p.residual_after_act = residualMode == 2;
  ASSERT_GT(p.oh, 0);
  ASSERT_GT(p.ow, 0);
  Random random(seed);
  int ihw = p.ih * p.iw, ohw = p.oh * p.ow;
  auto x = random.reals(size_t(p.n) * p.ci * ihw);
  auto w = random.reals(size_t(p.co) * (p.ci / p.groups) * p.kh * p.kw);
  auto bias = withBias ? random.reals(p.co) : std::vector<float>();
  auto residual = residualMode ? random.reals(size_t(p.n) * p.co * ohw) : std::vector<float>();
  Exact exact = convolve(p, x, w, bias, residual);

  bool plain = kernel == Kernel::Plain;
  int outLayout = plain ? WNNRT_PLAIN : WNNRT_LAYOUT_C16;
  bool plainInput = plain || kernel == Kernel::First;
  std::vector<float> packed;
  wnnrt_status (*fn)(const wnnrt_context *, const wnnrt_conv2d_params *, const void *, const void *,
                     const void *, const void *, void *) = nullptr;
  int tile = kernel == Kernel::Winograd2 ? 2 : kernel == Kernel::Winograd4 ? 4 : 0;
  switch (kernel) {
  case Kernel::Winograd2:
  case Kernel::Winograd4:
    packed.resize(wnnrt_pack_conv2d_winograd_floats(&p, tile));
    wnnrt_pack_conv2d_winograd(&p, tile, w.data(), packed.data());
    break;
  case Kernel::C16:
    packed.resize(wnnrt_pack_conv2d_c16_floats(&p));
    wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
    fn = ctx.kernels->conv2d_c16;
    break;
  case Kernel::Matrix:
    packed.resize(wnnrt_pack_conv2d_c16_floats(&p));
    wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
    break;
  case Kernel::First:
    packed.resize(wnnrt_pack_conv2d_first_floats(&p));
    wnnrt_pack_conv2d_first(&p, w.data(), packed.data());
    fn = ctx.kernels->conv2d_first;
    break;
  case Kernel::Depthwise:
    packed.resize(wnnrt_pack_depthwise_c16_floats(&p));
    wnnrt_pack_depthwise_c16(&p, w.data(), packed.data());
    fn = ctx.kernels->depthwise_c16;
    break;
  case Kernel::Plain:
    packed = w;
    fn = ctx.kernels->conv2d_plain;
    break;
  }
  size_t skew = seed % 3; // also at addresses that are only element-aligned
  Guarded<float> gx(plainInput ? x : toC16(x, p.n, p.ci, ihw), skew), gw(packed, skew);
  Guarded<float> gb(plain ? bias : packBias(bias), skew);
  Guarded<float> gr(
      residualMode ? toLayout(outLayout, residual, p.n, p.co, ohw) : std::vector<float>(), skew);
  size_t outSize = plain ? size_t(p.n) * p.co * ohw : wnnrt_c16_bytes(p.n, p.co, p.oh, p.ow) / 4;
  Guarded<float> gy(outSize, skew);
  Guarded<float> gs(tile == 2                  ? wnnrt_conv2d_winograd2_c16_scratch_bytes(&p) / 4
                    : tile == 4                ? wnnrt_conv2d_winograd4_c16_scratch_bytes(&p) / 4
                    : kernel == Kernel::Matrix ? wnnrt_conv2d_matrix_c16_scratch_bytes(&p) / 4
                                               : 0);
  std::string what = "n" + std::to_string(s.n) + " " + std::to_string(s.ci) + "->" +
                     std::to_string(s.co) + " " + std::to_string(s.ih) + "x" +
                     std::to_string(s.iw) + " k" + std::to_string(s.k) + " s" +
                     std::to_string(s.stride) + " d" + std::to_string(s.dilation) + " g" +
                     std::to_string(s.groups) + " act" + std::to_string(act.op) + " residual" +
                     std::to_string(residualMode);
  // Twice: into a buffer of its own, and over the residual, which is allowed.
  for (bool inPlace : {false, true}) {
    if (inPlace && !residualMode)
      break;
    Guarded<float> &out = inPlace ? gr : gy;
    const float *b = withBias ? gb.data() : nullptr, *r = residualMode ? gr.data() : nullptr;
    ASSERT_EQ(tile == 2   ? ctx.kernels->conv2d_winograd2_c16(&ctx, &p, gx.data(), gw.data(), b, r,
                                                              out.data(), gs.data())
              : tile == 4 ? ctx.kernels->conv2d_winograd4_c16(&ctx, &p, gx.data(), gw.data(), b, r,
                                                              out.data(), gs.data())
              : kernel == Kernel::Matrix
                  ? ctx.kernels->conv2d_matrix_c16(&ctx, &p, gx.data(), gw.data(), b, r, out.data(),
                                                   gs.data())
                  : fn(&ctx, &p, gx.data(), gw.data(), b, r, out.data()),
              WNNRT_OK)
        << what;
    // Winograd's sums are of numbers that are up to tens of times as large.
    double rounding = tile == 4 ? 12 : tile == 2 ? 3 : 1;
    EXPECT_TRUE(closeTo(exact, fromLayout(outLayout, out.data(), p.n, p.co, ohw),
                        double(p.ci / p.groups) * p.kh * p.kw, rounding))
        << what << (inPlace ? " in place" : "");
    EXPECT_TRUE(out.intact()) << what;
    EXPECT_TRUE(gs.intact()) << what;
  }
}

const wnnrt_act none = {WNNRT_IDENTITY, 0, 0};
const wnnrt_act relu6 = {WNNRT_CLAMP, 0, 6};

TEST_P(ConvTest, WinogradEverySize) {
  unsigned seed = 0;
  for (Kernel k : {Kernel::Winograd2, Kernel::Winograd4}) {
    for (int c = 1; c <= 33; ++c)
      check(ctx, k, {1, c, 5, 6, 34 - c, 3, 1, 1, 1, 1, 1, 1, 1}, c % 2 ? relu6 : none, c % 3, 0,
            ++seed);
    for (int width = 1; width <= 30; ++width) {
      check(ctx, k, {1, 17, 1 + width % 7, width, 40, 3, 1, 1, 1, 1, 1, 1, 1}, none, true, 0,
            ++seed);
      check(ctx, k, {2, 5, width, 4, 3, 3, 1, 1, 2, 0, 1, 2, 1}, none, true, width % 3, ++seed);
    }
    // More than one pass of tiles, with a remainder; few tiles with many channels.
    check(ctx, k, {1, 40, 57, 55, 50, 3, 1, 1, 1, 1, 1, 1, 1}, relu6, true, 1, ++seed);
    check(ctx, k, {3, 200, 5, 7, 70, 3, 1, 1, 1, 1, 1, 1, 1}, relu6, true, 1, ++seed);
  }
}

TEST_P(ConvTest, WinogradEpiloguesAndThreads) {
  const wnnrt_act acts[] = {{WNNRT_RELU, 0, 0}, {WNNRT_SILU, 0, 0}, {WNNRT_ELU, 0.7f, 0}};
  ctx.parallel_for = [](void *, int32_t count, wnnrt_task body, void *arg) {
    for (int32_t i = count; i-- > 0;)
      body(arg, i);
  };
  unsigned seed = 100;
  for (Kernel k : {Kernel::Winograd2, Kernel::Winograd4})
    for (const wnnrt_act &act : acts)
      for (int residual : {0, 1, 2}) {
        ctx.num_threads = residual + 2;
        check(ctx, k, {2, 20, 9, 10, 36, 3, 1, 1, 1, 1, 1, 1, 1}, act, true, residual, ++seed);
      }
}

TEST_P(ConvTest, WinogradRejectsWhatItCannotDo) {
  float dummy[1] = {};
  auto status = [&](const Shape &s) {
    wnnrt_conv2d_params p = paramsOf(s);
    return ctx.kernels->conv2d_winograd4_c16(&ctx, &p, dummy, dummy, nullptr, nullptr, dummy,
                                             dummy);
  };
  EXPECT_EQ(status({1, 16, 9, 9, 16, 3, 2, 1, 1, 1, 1, 1, 1}), WNNRT_INVALID_ARGUMENT);
  EXPECT_EQ(status({1, 16, 9, 9, 16, 3, 1, 2, 1, 1, 1, 1, 1}), WNNRT_INVALID_ARGUMENT);
  EXPECT_EQ(status({1, 16, 9, 9, 16, 3, 1, 1, 1, 1, 1, 1, 2}), WNNRT_INVALID_ARGUMENT);
  EXPECT_EQ(status({1, 16, 9, 9, 16, 5, 1, 1, 1, 1, 1, 1, 1}), WNNRT_INVALID_ARGUMENT);
}

// ConvMatrixTest has those on the unit.
TEST_P(ConvTest, MatrixWithoutTheUnit) {
  check(ctx, Kernel::Matrix, {2, 24, 9, 11, 40, 3, 1, 1, 1, 1, 1, 1, 1}, relu6, true, 1, 1);
  check(ctx, Kernel::Matrix, {1, 24, 9, 11, 40, 3, 2, 2, 2, 2, 1, 1, 1}, none, true, 2, 2);
  check(ctx, Kernel::Matrix, {1, 24, 9, 11, 24, 3, 1, 1, 1, 1, 1, 1, 3}, none, false, 0, 3);
}

TEST_P(ConvTest, EveryChannelCount) {
  for (int c = 1; c <= 33; ++c) {
    check(ctx, Kernel::C16, {1, c, 5, 6, 34 - c, 3, 1, 1, 1, 1, 1, 1, 1}, none, true, 0,
          unsigned(c));
    check(ctx, Kernel::C16, {1, 34 - c, 3, 5, c, 1, 1, 1, 0, 0, 0, 0, 1}, relu6, c % 2, 0,
          unsigned(c));
  }
}

TEST_P(ConvTest, EveryWidth) {
  for (int width = 1; width <= 47; ++width) {
    check(ctx, Kernel::C16, {1, 17, 3, width, 40, 3, 1, 1, 1, 1, 1, 1, 1}, none, true, 0,
          unsigned(width));
    check(ctx, Kernel::C16, {1, 20, 4, width, 16, 1, 2, 1, 0, 0, 0, 0, 1}, none, true, 0,
          unsigned(width));
    check(ctx, Kernel::C16, {1, 16, 4, width, 33, 3, 2, 1, 1, 1, 1, 1, 1}, none, true, 0,
          unsigned(width));
  }
}

TEST_P(ConvTest, EveryHeight) {
  for (int height = 1; height <= 31; ++height)
    for (int stride : {1, 2}) {
      check(ctx, Kernel::C16, {1, 9, height, 18, 16, 3, stride, 1, 1, 1, 1, 1, 1}, none, true,
            height % 3, unsigned(height));
      check(ctx, Kernel::C16, {1, 7, height, 25, 20, 5, stride, 1, 2, 1, 2, 3, 1}, relu6, true, 0,
            unsigned(height));
    }
  check(ctx, Kernel::C16, {1, 10, 29, 31, 16, 3, 1, 2, 2, 2, 2, 2, 1}, none, true, 1, 1);
  check(ctx, Kernel::C16, {1, 10, 2, 31, 16, 3, 1, 1, 2, 1, 2, 1, 1}, none, true, 0, 2);
}

TEST_P(ConvTest, KernelsPadsAndDilation) {
  check(ctx, Kernel::C16, {2, 24, 9, 11, 40, 5, 1, 1, 2, 2, 2, 2, 1}, none, true, 0, 1);
  check(ctx, Kernel::C16, {2, 24, 9, 11, 40, 5, 3, 1, 0, 1, 2, 3, 1}, none, true, 0, 2);
  check(ctx, Kernel::C16, {1, 18, 13, 17, 20, 3, 1, 3, 3, 3, 3, 3, 1}, none, true, 0, 3);
  check(ctx, Kernel::C16, {1, 18, 13, 50, 20, 3, 1, 2, 2, 2, 2, 2, 1}, none, true, 0, 4);
  check(ctx, Kernel::C16, {1, 18, 3, 4, 20, 7, 1, 1, 3, 3, 3, 3, 1}, none, true, 0, 5);
  check(ctx, Kernel::C16, {1, 3, 4, 4, 5, 3, 1, 1, 4, 4, 4, 4, 1}, none, true, 0, 6);
  check(ctx, Kernel::C16, {1, 16, 12, 12, 16, 12, 1, 1, 5, 5, 6, 6, 1}, none, true, 0, 7);
  check(ctx, Kernel::C16, {1, 19, 6, 30, 21, 1, 1, 1, 0, 3, 0, 3, 1, 7}, none, true, 0, 8);
  check(ctx, Kernel::C16, {1, 19, 30, 6, 21, 7, 1, 1, 3, 0, 3, 0, 1, 1}, none, true, 0, 9);
  check(ctx, Kernel::C16, {1, 16, 5, 5, 16, 1, 1, 1, 1, 2, 1, 2, 1}, none, true, 0, 10);
}

TEST_P(ConvTest, LargeImageWithFewWeights) {
  check(ctx, Kernel::C16, {1, 16, 56, 56, 48, 3, 1, 1, 1, 1, 1, 1, 1}, relu6, true, 1, 1);
  check(ctx, Kernel::C16, {1, 24, 50, 61, 20, 1, 1, 1, 0, 0, 0, 0, 1}, none, true, 0, 2);
}

TEST_P(ConvTest, Groups) {
  const int groups[][3] = {{32, 32, 2},  {64, 64, 4},  {32, 32, 8},  {48, 48, 2},  {64, 96, 4},
                           {24, 36, 12}, {30, 20, 10}, {96, 32, 2},  {40, 72, 8},  {32, 64, 32},
                           {72, 72, 3},  {128, 64, 2}, {33, 33, 33}, {80, 160, 5}, {6, 9, 3}};
  unsigned seed = 0;
  for (auto &g : groups) {
    check(ctx, Kernel::C16, {1, g[0], 6, 7, g[1], 3, 1, 1, 1, 1, 1, 1, g[2]}, none, true, 0,
          ++seed);
    check(ctx, Kernel::C16, {2, g[0], 4, 15, g[1], 1, 1, 1, 0, 0, 0, 0, g[2]}, relu6, false, 1,
          ++seed);
  }
}

TEST_P(ConvTest, FusedActivationsAndResiduals) {
  const wnnrt_act acts[] = {none,
                            {WNNRT_RELU, 0, 0},
                            relu6,
                            {WNNRT_LEAKY_RELU, 0.1f, 0},
                            {WNNRT_SILU, 0, 0},
                            {WNNRT_HARDSWISH, 0, 0},
                            {WNNRT_GELU, 0, 0},
                            {WNNRT_ELU, 0.7f, 0}};
  unsigned seed = 0;
  for (const wnnrt_act &act : acts)
    for (int residual : {0, 1, 2})
      for (bool bias : {false, true}) {
        check(ctx, Kernel::C16, {2, 20, 5, 17, 40, 3, 1, 1, 1, 1, 1, 1, 1}, act, bias, residual,
              ++seed);
        check(ctx, Kernel::C16, {1, 20, 5, 9, 24, 1, 1, 1, 0, 0, 0, 0, 1}, act, bias, residual,
              ++seed);
        check(ctx, Kernel::First, {2, 3, 9, 17, 40, 3, 2, 1, 1, 1, 1, 1, 1}, act, bias, residual,
              ++seed);
        check(ctx, Kernel::Depthwise, {2, 20, 5, 17, 20, 3, 1, 1, 1, 1, 1, 1, 20}, act, bias,
              residual, ++seed);
        check(ctx, Kernel::Plain, {1, 5, 5, 7, 4, 3, 1, 1, 1, 1, 1, 1, 1}, act, bias, residual,
              ++seed);
      }
}

TEST_P(ConvTest, First) {
  for (int width = 1; width <= 35; ++width)
    for (int stride : {1, 2, 3})
      check(ctx, Kernel::First, {1, 3, 5, width, 20, 3, stride, 1, 1, 1, 1, 1, 1}, none, true, 0,
            unsigned(width));
  for (int c = 1; c <= 33; ++c)
    check(ctx, Kernel::First, {1, 1 + c % 8, 7, 19, c, 3, 2, 1, 0, 1, 1, 0, 1}, none, true, 0,
          unsigned(c));
  check(ctx, Kernel::First, {2, 3, 40, 37, 64, 7, 2, 1, 3, 3, 3, 3, 1}, relu6, true, 0, 1);
  check(ctx, Kernel::First, {1, 3, 32, 48, 24, 16, 16, 1, 0, 0, 0, 0, 1}, none, true, 0, 2);
  check(ctx, Kernel::First, {1, 4, 12, 14, 24, 3, 1, 2, 2, 2, 2, 2, 1}, none, true, 0, 3);
  check(ctx, Kernel::First, {1, 40, 12, 14, 24, 8, 1, 1, 2, 2, 2, 2, 1}, none, true, 0, 4);
}

TEST_P(ConvTest, DepthwiseEveryWidth) {
  unsigned seed = 0;
  for (int width = 1; width <= 42; ++width)
    for (int k : {3, 5, 7})
      for (int stride : {1, 2})
        check(ctx, Kernel::Depthwise,
              {1, 16, 4, width, 16, k, stride, 1, k / 2, k / 2, k / 2, k / 2, 16},
              width % 3 ? none : relu6, true, width % 5 == 0, ++seed);
}

TEST_P(ConvTest, Depthwise) {
  unsigned seed = 0;
  for (int c = 1; c <= 33; ++c)
    check(ctx, Kernel::Depthwise, {1, c, 6, 13, c, 3, 1 + c % 2, 1, 1, 1, 1, 1, c}, relu6, true, 0,
          ++seed);
  for (int width = 1; width <= 24; ++width)
    for (int k : {1, 2, 3, 5, 7, 9})
      for (int stride : {1, 2, 3})
        for (int dilation : {1, 2}) {
          int pad = k / 2 * dilation;
          if (width + 2 * pad < dilation * (k - 1) + 1)
            continue;
          check(ctx, Kernel::Depthwise,
                {1, 17, 4, width, 17, k, stride, dilation, pad, pad, pad, pad, 17}, none, true, 0,
                ++seed);
        }
  check(ctx, Kernel::Depthwise, {1, 16, 3, 3, 16, 3, 1, 1, 3, 5, 3, 4, 16}, none, true, 0, 1);
  check(ctx, Kernel::Depthwise, {2, 16, 9, 9, 16, 3, 1, 4, 4, 4, 4, 4, 16}, none, true, 1, 2);
}

TEST_P(ConvTest, DepthwiseBorders) {
  // Few rows, of which windows see some or none, and every padding on the right.
  unsigned seed = 0;
  for (int k : {3, 5, 7})
    for (int height = 1; height <= 9; ++height)
      for (int right = 0; right <= k / 2; ++right) {
        const int width = std::array<int, 6>{7, 14, 16, 28, 33, 64}[seed % 6];
        const int top = int(seed % 10), bottom = std::max(k - height - top, int(seed % 4));
        check(ctx, Kernel::Depthwise,
              {1, 16, height, width, 16, k, 1, 1, top, k / 2, bottom, right, 16},
              seed % 2 ? none : relu6, true, seed % 3 == 0, seed);
        ++seed;
      }
}

TEST_P(ConvTest, Plain) {
  check(ctx, Kernel::Plain, {2, 6, 7, 9, 9, 3, 2, 1, 1, 0, 1, 2, 3}, relu6, true, 1, 1);
  check(ctx, Kernel::Plain, {1, 5, 7, 9, 10, 3, 1, 2, 2, 2, 2, 2, 5}, none, true, 0, 2);
}

TEST_P(ConvTest, PlainEveryWidth) {
  unsigned seed = 0;
  for (int width = 1; width <= 40; ++width)
    for (int stride : {1, 2, 3})
      check(ctx, Kernel::Plain, {1, 2, 4, width, 3, 3, stride, 1 + width % 2, 2, 2, 2, 2, 1}, none,
            true, width % 3, ++seed);
}

TEST_P(ConvTest, BatchStridesSelectAChannelSlice) {
  // The tensors are channels [16, 36) of 64-channel ones.
  wnnrt_conv2d_params p = paramsOf({2, 20, 5, 6, 20, 3, 1, 1, 1, 1, 1, 1, 1});
  p.x_batch_stride = p.y_batch_stride = 4 * 16 * 30;
  Random random(7);
  auto x = random.reals(2 * 64 * 30), w = random.reals(20 * 20 * 9);
  std::vector<float> slice;
  for (int n = 0; n < 2; ++n)
    slice.insert(slice.end(), x.begin() + (n * 64 + 16) * 30, x.begin() + (n * 64 + 36) * 30);
  Exact exact = convolve(p, slice, w, {}, {});
  std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&p));
  wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
  Guarded<float> gx(toC16(x, 2, 64, 30)), gy(2 * 64 * 30);
  ASSERT_EQ(ctx.kernels->conv2d_c16(&ctx, &p, gx.data() + 16 * 30, packed.data(), nullptr, nullptr,
                                    gy.data() + 16 * 30),
            WNNRT_OK);
  auto y = fromC16(gy.data(), 2, 64, 30);
  std::vector<float> got;
  for (int n = 0; n < 2; ++n)
    got.insert(got.end(), y.begin() + (n * 64 + 16) * 30, y.begin() + (n * 64 + 36) * 30);
  EXPECT_TRUE(closeTo(exact, got, 180));
}

TEST_P(ConvTest, NanAndInfinityReachOnlyTheirWindow) {
  wnnrt_conv2d_params p = paramsOf({1, 16, 6, 20, 32, 3, 1, 1, 1, 1, 1, 1, 1});
  p.act = {WNNRT_RELU, 0, 0};
  Random random(3);
  auto x = random.reals(16 * 120), w = random.reals(32 * 16 * 9);
  x[2 * 20 + 7] = nan();
  std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&p));
  wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
  Guarded<float> gx(toC16(x, 1, 16, 120)), gy(32 * 120);
  ASSERT_EQ(
      ctx.kernels->conv2d_c16(&ctx, &p, gx.data(), packed.data(), nullptr, nullptr, gy.data()),
      WNNRT_OK);
  auto y = fromC16(gy.data(), 1, 32, 120);
  for (int co = 0; co < 32; ++co)
    for (int oy = 0; oy < 6; ++oy)
      for (int ox = 0; ox < 20; ++ox) {
        bool touched = oy >= 1 && oy <= 3 && ox >= 6 && ox <= 8;
        EXPECT_EQ(std::isnan(y[(co * 6 + oy) * 20 + ox]), touched) << co << " " << oy << " " << ox;
      }
}

/// The params of a transposed convolution whose stride may differ by axis.
wnnrt_conv2d_params transposedOf(const Shape &s, int strideW, int outputPadding) {
  wnnrt_conv2d_params p = paramsOf(s);
  p.stride_w = strideW;
  p.oh = (s.ih - 1) * s.stride - s.padTop - s.padBottom + s.dilation * (p.kh - 1) + 1 +
         std::min(outputPadding, std::max(s.stride, s.dilation) - 1);
  p.ow = (s.iw - 1) * strideW - s.padLeft - s.padRight + s.dilation * (p.kw - 1) + 1 +
         std::min(outputPadding, std::max(strideW, s.dilation) - 1);
  return p;
}

/// By scattering, as PyTorch describes it.
Exact scatter(const wnnrt_conv2d_params &p, const std::vector<float> &x,
              const std::vector<float> &w, const std::vector<float> &bias,
              const std::vector<float> &residual) {
  int icg = p.ci / p.groups, ocg = p.co / p.groups;
  size_t ohw = size_t(p.oh) * p.ow;
  Exact e;
  e.y.resize(size_t(p.n) * p.co * ohw);
  e.magnitude.assign(e.y.size(), 1);
  for (size_t i = 0; i < e.y.size() && !bias.empty(); ++i)
    e.y[i] = double(bias[i / ohw % size_t(p.co)]);
  for (int n = 0; n < p.n; ++n)
    for (int ci = 0; ci < p.ci; ++ci)
      for (int iy = 0; iy < p.ih; ++iy)
        for (int ix = 0; ix < p.iw; ++ix)
          for (int o = 0; o < ocg; ++o)
            for (int r = 0; r < p.kh; ++r)
              for (int t = 0; t < p.kw; ++t) {
                int oy = iy * p.stride_h - p.pad_top + r * p.dilation_h;
                int ox = ix * p.stride_w - p.pad_left + t * p.dilation_w;
                if (oy < 0 || oy >= p.oh || ox < 0 || ox >= p.ow)
                  continue;
                int co = ci / icg * ocg + o;
                double product = double(x[((size_t(n) * p.ci + ci) * p.ih + iy) * p.iw + ix]) *
                                 double(w[((size_t(ci) * ocg + o) * p.kh + r) * p.kw + t]);
                size_t at = (size_t(n) * p.co + co) * ohw + size_t(oy) * p.ow + ox;
                e.y[at] += product;
                e.magnitude[at] += std::fabs(product);
              }
  for (size_t i = 0; i < e.y.size(); ++i) {
    double r = residual.empty() ? 0 : double(residual[i]);
    e.magnitude[i] += std::fabs(r);
    e.y[i] = p.residual_after_act ? exactAct(p.act, e.y[i]) + r : exactAct(p.act, e.y[i] + r);
  }
  return e;
}

/// Runs one transposed kernel and checks values and canaries.
void checkTransposed(const wnnrt_context &ctx, int layout, wnnrt_conv2d_params p, wnnrt_act act,
                     bool withBias, int residualMode, unsigned seed) {
  p.act = act;
  p.residual_after_act = residualMode == 2;
  ASSERT_GT(p.oh, 0);
  ASSERT_GT(p.ow, 0);
  Random random(seed);
  int ihw = p.ih * p.iw, ohw = p.oh * p.ow;
  bool plain = layout == WNNRT_PLAIN;
  auto x = random.reals(size_t(p.n) * p.ci * ihw);
  auto w = random.reals(size_t(p.ci) * (p.co / p.groups) * p.kh * p.kw);
  auto bias = withBias ? random.reals(p.co) : std::vector<float>();
  auto residual = residualMode ? random.reals(size_t(p.n) * p.co * ohw) : std::vector<float>();
  Exact exact = scatter(p, x, w, bias, residual);
  std::vector<float> packed = w;
  if (!plain) {
    packed.resize(wnnrt_pack_conv_transpose2d_c16_floats(&p));
    wnnrt_pack_conv_transpose2d_c16(&p, w.data(), packed.data());
  }
  size_t skew = seed % 3;
  Guarded<float> gx(toLayout(layout, x, p.n, p.ci, ihw), skew), gw(packed, skew);
  Guarded<float> gb(plain ? bias : packBias(bias), skew);
  Guarded<float> gr(
      residualMode ? toLayout(layout, residual, p.n, p.co, ohw) : std::vector<float>(), skew);
  Guarded<float> gy(plain ? size_t(p.n) * p.co * ohw : wnnrt_c16_bytes(p.n, p.co, p.oh, p.ow) / 4,
                    skew);
  std::string what =
      "n" + std::to_string(p.n) + " " + std::to_string(p.ci) + "->" + std::to_string(p.co) + " " +
      std::to_string(p.ih) + "x" + std::to_string(p.iw) + " k" + std::to_string(p.kh) + "x" +
      std::to_string(p.kw) + " s" + std::to_string(p.stride_h) + "x" + std::to_string(p.stride_w) +
      " d" + std::to_string(p.dilation_h) + " g" + std::to_string(p.groups);
  for (bool inPlace : {false, true}) {
    if (inPlace && !residualMode)
      break;
    Guarded<float> &out = inPlace ? gr : gy;
    const float *b = withBias ? gb.data() : nullptr, *r = residualMode ? gr.data() : nullptr;
    ASSERT_EQ((plain ? ctx.kernels->conv_transpose2d_plain : ctx.kernels->conv_transpose2d_c16)(
                  &ctx, &p, gx.data(), gw.data(), b, r, out.data()),
              WNNRT_OK)
        << what;
    EXPECT_TRUE(closeTo(exact, fromLayout(layout, out.data(), p.n, p.co, ohw),
                        double(p.ci / p.groups) * p.kh * p.kw))
        << what;
    EXPECT_TRUE(out.intact()) << what;
  }
}

TEST_P(ConvTest, TransposedScattersEveryInput) {
  const Shape shapes[] = {
      {2, 6, 4, 5, 8, 3, 2, 1, 1, 1, 1, 1, 2},    {1, 3, 5, 4, 4, 4, 2, 1, 1, 1, 1, 1, 1},
      {1, 4, 3, 3, 4, 3, 1, 2, 0, 0, 0, 0, 4},    {1, 2, 3, 4, 3, 2, 3, 1, 0, 1, 0, 0, 1},
      {1, 20, 4, 16, 40, 2, 2, 1, 0, 0, 0, 0, 1}, {1, 17, 3, 31, 33, 3, 2, 1, 1, 1, 1, 1, 1},
      {1, 16, 5, 9, 16, 4, 2, 2, 3, 2, 3, 2, 1},  {2, 24, 4, 4, 36, 3, 2, 1, 1, 1, 1, 1, 12},
      {1, 64, 2, 3, 96, 5, 3, 1, 2, 1, 1, 2, 4},  {1, 40, 3, 3, 72, 2, 3, 1, 0, 0, 0, 0, 8},
      {1, 18, 1, 1, 20, 4, 1, 1, 0, 0, 0, 0, 1}};
  unsigned seed = 40;
  for (const Shape &s : shapes)
    for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16})
      for (int outputPadding : {0, 2})
        for (int strideW : {s.stride, s.stride + 1})
          checkTransposed(ctx, layout, transposedOf(s, strideW, outputPadding), none, strideW % 2,
                          0, ++seed);
}

TEST_P(ConvTest, TransposedEverySize) {
  unsigned seed = 0;
  for (int c = 1; c <= 33; ++c)
    checkTransposed(ctx, WNNRT_LAYOUT_C16, transposedOf({1, c, 2, 5, 34 - c, 2, 2, 1}, 2, 0), none,
                    true, 0, ++seed);
  for (int width = 1; width <= 32; ++width)
    for (int k : {2, 3, 4})
      checkTransposed(ctx, WNNRT_LAYOUT_C16,
                      transposedOf({1, 5, 2, width, 17, k, 2, 1, k / 4, k / 3, 0, k / 3}, 2, 0),
                      relu6, true, width % 3, ++seed);
  // Rows outermost, and more panels than one.
  checkTransposed(ctx, WNNRT_LAYOUT_C16, transposedOf({2, 20, 23, 23, 70, 2, 2, 1}, 2, 0), relu6,
                  true, 1, ++seed);
  checkTransposed(ctx, WNNRT_LAYOUT_C16, transposedOf({1, 300, 4, 5, 130, 3, 2, 1, 1, 1}, 2, 1),
                  none, true, 0, ++seed);
}

TEST_P(ConvTest, TransposedEpiloguesAndThreads) {
  const wnnrt_act acts[] = {
      none, {WNNRT_RELU, 0, 0}, relu6, {WNNRT_SILU, 0, 0}, {WNNRT_ELU, 0.7f, 0}};
  ctx.parallel_for = [](void *, int32_t count, wnnrt_task body, void *arg) {
    for (int32_t i = count; i-- > 0;)
      body(arg, i);
  };
  unsigned seed = 100;
  for (const wnnrt_act &act : acts)
    for (int residual : {0, 1, 2})
      for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16}) {
        ctx.num_threads = residual + 1;
        checkTransposed(ctx, layout, transposedOf({2, 20, 9, 17, 36, 3, 2, 1, 1, 1, 1, 1}, 2, 1),
                        act, residual % 2, residual, ++seed);
        checkTransposed(ctx, layout, transposedOf({1, 20, 3, 7, 136, 2, 2, 1}, 2, 0), act, true,
                        residual, ++seed);
      }
}

TEST_P(ConvTest, WorkIsSplitOverThreads) {
  // Tasks run backwards: their order must not matter.
  ctx.parallel_for = [](void *user, int32_t count, wnnrt_task body, void *arg) {
    ++*static_cast<int *>(user);
    for (int32_t i = count; i-- > 0;)
      body(arg, i);
  };
  int calls = 0;
  ctx.user = &calls;
  for (int threads : {2, 3, 7}) {
    ctx.num_threads = threads;
    check(ctx, Kernel::C16, {2, 20, 9, 17, 200, 3, 1, 1, 1, 1, 1, 1, 1}, relu6, true, 1, 1);
    check(ctx, Kernel::C16, {1, 20, 9, 17, 24, 3, 1, 1, 1, 1, 1, 1, 1}, none, true, 0, 2);
    check(ctx, Kernel::C16, {1, 64, 6, 7, 64, 3, 1, 1, 1, 1, 1, 1, 4}, none, true, 0, 3);
    check(ctx, Kernel::C16, {1, 16, 56, 56, 32, 1, 1, 1, 0, 0, 0, 0, 1}, none, true, 0, 4);
    check(ctx, Kernel::Depthwise, {2, 40, 9, 17, 40, 3, 1, 1, 1, 1, 1, 1, 40}, none, true, 0, 5);
    check(ctx, Kernel::First, {2, 3, 9, 17, 40, 3, 2, 1, 1, 1, 1, 1, 1}, none, true, 0, 6);
  }
  if (GetParam() != WNNRT_ISA_REF) {
    EXPECT_GT(calls, 0);
  }
}

TEST_P(ConvTest, RejectsBadParameters) {
  wnnrt_conv2d_params p = paramsOf({1, 16, 4, 4, 16, 3, 1, 1, 1, 1, 1, 1, 1});
  float dummy[1] = {};
  p.groups = 3;
  EXPECT_EQ(ctx.kernels->conv2d_c16(&ctx, &p, dummy, dummy, nullptr, nullptr, dummy),
            WNNRT_INVALID_ARGUMENT);
  p.groups = 1;
  p.act.op = WNNRT_ISNAN;
  EXPECT_EQ(ctx.kernels->conv2d_first(&ctx, &p, dummy, dummy, nullptr, nullptr, dummy),
            WNNRT_INVALID_ARGUMENT);
}

} // namespace
