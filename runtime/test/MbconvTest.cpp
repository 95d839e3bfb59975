// SPDX-License-Identifier: Apache-2.0
// Blocks of mobile networks against the three convolutions that they are made of, each run by the
// reference kernel on whole tensors.
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class MbconvTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(MbconvTest);

struct Shape {
  int n, ci, ih, iw, ce, co, k, stride;
  int padTop, padLeft, padBottom, padRight;
  bool expand = true, project = true;
};

struct Weights {
  std::vector<float> packed, bias;
  const float *w() const { return packed.empty() ? nullptr : packed.data(); }
  const float *b() const { return bias.empty() ? nullptr : bias.data(); }
};

wnnrt_conv2d_params pointwiseOf(int n, int ci, int co, int h, int w, wnnrt_act act) {
  wnnrt_conv2d_params c = {};
  c.n = n, c.ci = ci, c.co = co, c.ih = c.oh = h, c.iw = c.ow = w;
  c.kh = c.kw = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = c.groups = 1;
  c.act = act;
  return c;
}

void check(const wnnrt_context &ctx, const Shape &s, wnnrt_act act, int residualMode,
           unsigned seed) {
  wnnrt_mbconv_params p = {};
  p.n = s.n, p.ci = s.ci, p.ih = s.ih, p.iw = s.iw;
  p.ce = s.expand ? s.ce : s.ci;
  p.co = s.project ? s.co : p.ce;
  p.kh = p.kw = s.k, p.stride_h = p.stride_w = s.stride;
  p.pad_top = s.padTop, p.pad_left = s.padLeft;
  p.oh = (s.ih + s.padTop + s.padBottom - s.k) / s.stride + 1;
  p.ow = (s.iw + s.padLeft + s.padRight - s.k) / s.stride + 1;
  p.act_expand = p.act_depthwise = act;
  p.act = residualMode == 2 ? act : wnnrt_act{WNNRT_IDENTITY, 0, 0};
  p.residual_after_act = residualMode == 2;
  ASSERT_GT(p.oh, 0);
  ASSERT_GT(p.ow, 0);
  Random random(seed);
  const wnnrt_kernels *ref = wnnrt_kernels_for(WNNRT_ISA_REF);
  int ihw = p.ih * p.iw, ohw = p.oh * p.ow;
  Guarded<float> x(toC16(random.reals(size_t(p.n) * p.ci * ihw), p.n, p.ci, ihw), seed % 3);
  auto residual = residualMode ? toC16(random.reals(size_t(p.n) * p.co * ohw), p.n, p.co, ohw)
                               : std::vector<float>();
  Guarded<float> gr(residual, seed % 3);
  const float *r = residualMode ? gr.data() : nullptr;

  wnnrt_conv2d_params expand = pointwiseOf(p.n, p.ci, p.ce, p.ih, p.iw, p.act_expand);
  wnnrt_conv2d_params project = pointwiseOf(p.n, p.ce, p.co, p.oh, p.ow, p.act);
  project.residual_after_act = p.residual_after_act;
  wnnrt_conv2d_params depthwise = expand;
  depthwise.ci = depthwise.co = depthwise.groups = p.ce;
  depthwise.oh = p.oh, depthwise.ow = p.ow, depthwise.kh = depthwise.kw = s.k;
  depthwise.stride_h = depthwise.stride_w = s.stride;
  depthwise.pad_top = s.padTop, depthwise.pad_left = s.padLeft;
  depthwise.act = p.act_depthwise;
  auto pointwise = [&](const wnnrt_conv2d_params &c) {
    Weights w{std::vector<float>(wnnrt_pack_conv2d_c16_floats(&c)), packBias(random.reals(c.co))};
    auto plain = random.reals(size_t(c.co) * c.ci, -0.5f, 0.5f);
    wnnrt_pack_conv2d_c16(&c, plain.data(), w.packed.data());
    return w;
  };
  Weights we, wp, wd;
  if (s.expand)
    we = pointwise(expand);
  if (s.project)
    wp = pointwise(project);
  if (seed % 4 == 3)
    we.bias.clear(), wp.bias.clear();
  wd.packed.resize(wnnrt_pack_depthwise_c16_floats(&depthwise));
  auto plain = random.reals(size_t(p.ce) * s.k * s.k);
  wnnrt_pack_depthwise_c16(&depthwise, plain.data(), wd.packed.data());
  wd.bias = packBias(random.reals(p.ce));

  std::vector<float> middle(x.values()), out;
  if (s.expand) {
    out.assign(wnnrt_c16_bytes(p.n, p.ce, p.ih, p.iw) / 4, nan());
    ASSERT_EQ(ref->conv2d_c16(&ctx, &expand, middle.data(), we.w(), we.b(), nullptr, out.data()),
              WNNRT_OK);
    middle = out;
  }
  out.assign(wnnrt_c16_bytes(p.n, p.ce, p.oh, p.ow) / 4, nan());
  ASSERT_EQ(
      ref->depthwise_c16(&ctx, &depthwise, middle.data(), wd.w(), wd.b(), nullptr, out.data()),
      WNNRT_OK);
  if (s.project) {
    middle = out;
    out.assign(wnnrt_c16_bytes(p.n, p.co, p.oh, p.ow) / 4, nan());
    ASSERT_EQ(ref->conv2d_c16(&ctx, &project, middle.data(), wp.w(), wp.b(), r, out.data()),
              WNNRT_OK);
  }
  auto want = fromC16(out.data(), p.n, p.co, ohw);
  std::vector<double> expected(want.begin(), want.end());

  Guarded<float> gy(out.size(), seed % 3), gs(wnnrt_mbconv_c16_scratch_bytes(&p) / 4);
  std::string what = "n" + std::to_string(p.n) + " " + std::to_string(p.ci) + "->" +
                     std::to_string(p.ce) + "->" + std::to_string(p.co) + " " +
                     std::to_string(p.ih) + "x" + std::to_string(p.iw) + " k" +
                     std::to_string(s.k) + " s" + std::to_string(s.stride);
  for (bool inPlace : {false, true}) {
    if (inPlace && !residualMode)
      break;
    Guarded<float> &y = inPlace ? gr : gy;
    ASSERT_EQ(ctx.kernels->mbconv_c16(&ctx, &p, x.data(), we.w(), we.b(), wd.w(), wd.b(), wp.w(),
                                      wp.b(), r, y.data(), gs.data()),
              WNNRT_OK)
        << what;
    EXPECT_TRUE(near(fromC16(y.data(), p.n, p.co, ohw), expected, 2e-5, 2e-5 * std::sqrt(p.ce)))
        << what;
    EXPECT_TRUE(y.intact()) << what;
    EXPECT_TRUE(gs.intact()) << what;
  }
}

const wnnrt_act relu6 = {WNNRT_CLAMP, 0, 6}, silu = {WNNRT_SILU, 0, 0};

TEST_P(MbconvTest, EveryChannelCountAndWidth) {
  unsigned seed = 0;
  for (int c = 1; c <= 33; ++c)
    check(ctx, {1, c, 5, 6, 34 - c, 1 + c / 2, 3, 1, 1, 1, 1, 1}, relu6, 0, ++seed);
  for (int width = 2; width <= 31; ++width)
    for (int k : {3, 5})
      for (int stride : {1, 2})
        check(ctx, {1, 5, 7, width, 20, 17, k, stride, k / 2, k / 2, k / 2, k / 2}, relu6, 0,
              ++seed);
}

TEST_P(MbconvTest, PartsMayBeMissing) {
  unsigned seed = 100;
  for (bool expand : {false, true})
    for (bool project : {false, true})
      for (wnnrt_act act : {relu6, silu})
        for (int k : {1, 2, 3, 4, 7}) {
          check(ctx, {2, 18, 11, 9, 40, 24, k, 1, k / 2, k / 2, k / 2, k / 2, expand, project}, act,
                project ? seed % 3 : 0, seed + 1);
          check(ctx, {1, 20, 8, 13, 33, 16, k, 3, 0, 1, 2, k / 2, expand, project}, act, 0,
                seed + 2);
          seed += 2;
        }
}

TEST_P(MbconvTest, ManyStrips) {
  if (GetParam() == WNNRT_ISA_REF)
    return;
  check(ctx, {1, 16, 112, 112, 96, 24, 3, 2, 1, 1, 0, 0}, relu6, 0, 1);
  check(ctx, {1, 24, 57, 56, 144, 24, 3, 1, 1, 1, 1, 1}, relu6, 1, 2);
  check(ctx, {2, 24, 61, 61, 150, 40, 5, 2, 2, 2, 2, 2}, silu, 2, 3);
  check(ctx, {1, 8, 300, 7, 500, 8, 3, 1, 1, 1, 1, 1}, relu6, 0, 4);
  check(ctx, {1, 32, 112, 112, 32, 16, 3, 1, 1, 1, 1, 1, false}, relu6, 0, 5);
  check(ctx, {1, 16, 112, 112, 96, 16, 3, 2, 1, 1, 1, 1, true, false}, silu, 0, 6);
}

TEST_P(MbconvTest, Threads) {
  ctx.parallel_for = [](void *, int32_t count, wnnrt_task body, void *arg) {
    for (int32_t i = count; i-- > 0;)
      body(arg, i);
  };
  unsigned seed = 0;
  for (int threads : {2, 3, 9})
    for (int stride : {1, 2}) {
      ctx.num_threads = threads;
      check(ctx, {1, 12, 23, 30, 40, 20, 3, stride, 1, 1, 1, 1}, relu6, 1, ++seed);
      check(ctx, {2, 12, 3, 30, 40, 20, 5, stride, 2, 2, 2, 2}, silu, 0, ++seed);
    }
}

TEST_P(MbconvTest, RejectsWhatDoesNotFit) {
  wnnrt_mbconv_params p = {};
  p.n = 1, p.ci = 16, p.ce = 32, p.co = 16, p.ih = p.iw = p.oh = p.ow = 4;
  p.kh = p.kw = p.stride_h = p.stride_w = 1;
  float dummy[1] = {};
  // No expansion, although the channels differ.
  EXPECT_EQ(ctx.kernels->mbconv_c16(&ctx, &p, dummy, nullptr, nullptr, dummy, nullptr, dummy,
                                    nullptr, nullptr, dummy, dummy),
            WNNRT_INVALID_ARGUMENT);
  // No projection, but a residual.
  p.co = 32;
  EXPECT_EQ(ctx.kernels->mbconv_c16(&ctx, &p, dummy, dummy, nullptr, dummy, nullptr, nullptr,
                                    nullptr, dummy, dummy, dummy),
            WNNRT_INVALID_ARGUMENT);
  p.stride_h = 0;
  EXPECT_EQ(ctx.kernels->mbconv_c16(&ctx, &p, dummy, dummy, nullptr, dummy, nullptr, nullptr,
                                    nullptr, nullptr, dummy, dummy),
            WNNRT_INVALID_ARGUMENT);
}

} // namespace
