// SPDX-License-Identifier: Apache-2.0
// First convolutions with few outputs, whose vectors are of pixels (first_pixels), and those of
// narrow images (first_image), against a direct double-precision convolution: every width, kernel,
// stride and number of outputs.
#include "ConvReference.h"
#include "wnnrt_first.h"
#include "wnnrt_threads.h"

#include <algorithm>

using namespace wnnrt_test;

namespace {

class FirstConvTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(FirstConvTest);

const wnnrt_act none = {WNNRT_IDENTITY, 0, 0}, relu = {WNNRT_RELU, 0, 0},
                clamp = {WNNRT_CLAMP, -1, 1}, hardswish = {WNNRT_HARDSWISH, 0, 0},
                silu = {WNNRT_SILU, 0, 0}, elu = {WNNRT_ELU, 1, 0};
const wnnrt_act acts[] = {none, relu, clamp, hardswish, silu, elu};

bool pixelVectors(const wnnrt_conv2d_params &p, bool residual) {
  return wnnrt::firstHasPixelVectors(p.ci, p.kh * p.kw, p.co, p.ow, p.stride_w, residual);
}

/// All lanes of the result. `special` goes to some pixels, unless it is 0.
std::vector<float> run(const wnnrt_context &ctx, const Shape &s, const wnnrt_act &act,
                       int residualMode, unsigned seed, float special = 0) {
  wnnrt_conv2d_params p = paramsOf(s);
  p.act = act, p.residual_after_act = residualMode == 2;
  const int hw = p.oh * p.ow;
  Random random(seed);
  auto x = random.reals(size_t(p.n) * p.ci * p.ih * p.iw);
  auto w = random.reals(size_t(p.co) * p.ci * p.kh * p.kw);
  auto bias = seed % 4 ? random.reals(p.co) : std::vector<float>();
  auto residual = residualMode ? random.reals(size_t(p.n) * p.co * hw) : std::vector<float>();
  for (size_t i = x.size() / 3; special != 0 && i < x.size(); i += x.size() / 3)
    x[i] = special;
  std::vector<float> packed(wnnrt_pack_conv2d_first_floats(&p));
  wnnrt_pack_conv2d_first(&p, w.data(), packed.data());
  Guarded<float> gx(x, seed % 3), gw(packed, seed % 3), gb(packBias(bias), seed % 3);
  Guarded<float> gr(residualMode ? toC16(residual, p.n, p.co, hw) : std::vector<float>());
  Guarded<float> gy(wnnrt_c16_bytes(p.n, p.co, p.oh, p.ow) / 4, seed % 3);
  const std::string what = "n" + std::to_string(s.n) + " " + std::to_string(s.ci) + "->" +
                           std::to_string(s.co) + " " + std::to_string(s.ih) + "x" +
                           std::to_string(s.iw) + " by " + std::to_string(p.kh) + "x" +
                           std::to_string(p.kw) + "/" + std::to_string(s.stride) + " dilation " +
                           std::to_string(s.dilation) + " act " + std::to_string(act.op);
  EXPECT_EQ(ctx.kernels->conv2d_first(&ctx, &p, gx.data(), gw.data(),
                                      bias.empty() ? nullptr : gb.data(),
                                      residualMode ? gr.data() : nullptr, gy.data()),
            WNNRT_OK)
      << what;
  EXPECT_TRUE(gy.intact()) << what;
  auto y = fromC16(gy.data(), p.n, p.co, hw);
  Exact e = convolve(p, x, w, bias, residual);
  if (special == 0) {
    EXPECT_TRUE(closeTo(e, y, double(p.ci) * p.kh * p.kw)) << what;
  } else {
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_EQ(std::isnan(y[i]), std::isnan(e.y[i])) << what << ", " << special << " at " << i;
      EXPECT_EQ(std::isinf(y[i]), std::isinf(float(e.y[i]))) << what << ", " << special << " " << i;
    }
  }
  return gy.values();
}

TEST_P(FirstConvTest, EveryWidth) {
  int many = 0;
  for (int width = 1; width <= 70; ++width)
    for (int stride : {1, 2, 3}) {
      Shape s = {1, 3, 5 + width % 5, width, 1 + width % 16, 3, stride, 1, 1, 1, 1, 1, 1};
      many += pixelVectors(paramsOf(s), false);
      run(ctx, s, acts[width % 6], 0, unsigned(width));
      s.co = 8, s.padLeft = s.padTop = 0;
      s.iw += 2;
      run(ctx, s, relu, 0, unsigned(width + stride));
    }
  EXPECT_GT(many, 50);
}

TEST_P(FirstConvTest, EveryKernelAndOutput) {
  unsigned seed = 0;
  for (int kh = 1; kh <= 7; ++kh)
    for (int kw = 1; kw <= 7; ++kw)
      for (int stride : {1, 2, 3}) {
        const int co = 1 + int(seed % 16), dilation = seed % 5 == 4 ? 2 : 1;
        Shape s = {1 + int(seed % 2),
                   1 + int(seed % 4),
                   30 + int(seed % 9),
                   31 + int(seed % 35),
                   co,
                   kh,
                   stride,
                   dilation,
                   kh / 2,
                   int(seed) % (kw + 1),
                   int(seed) % (kh + 2),
                   kw / 2,
                   1,
                   kw};
        run(ctx, s, acts[seed % 6], int(seed % 7 > 4 ? seed % 3 : 0), seed);
        ++seed;
      }
}

TEST_P(FirstConvTest, LargeRowsAndWindows) {
  // Rows that are worked on in parts; padding wider than a vector; windows that are mostly padding.
  run(ctx, {1, 4, 9, 1500, 5, 7, 2, 1, 3, 3, 3, 3, 1}, relu, 0, 1);
  run(ctx, {1, 3, 4, 3001, 16, 5, 1, 1, 2, 2, 2, 2, 1}, hardswish, 0, 2);
  run(ctx, {2, 3, 12, 50, 7, 3, 2, 1, 40, 40, 40, 40, 1}, none, 0, 3);
  run(ctx, {1, 1, 30, 40, 9, 3, 1, 9, 9, 9, 9, 9, 1}, clamp, 0, 5);
  run(ctx, {1, 512, 5, 40, 4, 1, 1, 1, 0, 0, 0, 0, 1}, none, 0, 6);     // the most taps
  run(ctx, {1, 10, 40, 48, 8, 7, 1, 9, 27, 27, 27, 27, 1}, none, 0, 7); // rows far apart
  run(ctx, {1, 3, 224, 16, 8, 3, 2, 1, 1, 1, 1, 1, 1}, relu, 0, 9);
}

TEST_P(FirstConvTest, NarrowImages) {
  unsigned seed = 0;
  int copied = 0;
  for (int width = 1; width <= 13; ++width) // of the output, with every kernel and padding
    for (int k = 1; k <= 5; ++k)
      for (int stride : {1, 2, 3}) {
        const int kw = 1 + int(seed % 5), left = int(seed % 4), right = int(seed % 3);
        const int iw = std::max((width - 1) * stride + kw - left - right, 1);
        Shape s = {1 + int(seed % 2),
                   1 + int(seed % 4),
                   9 + int(seed % 20),
                   iw,
                   1 + int(seed * 7 % 70),
                   k,
                   stride,
                   1,
                   int(seed % 5),
                   left,
                   k,
                   right,
                   1,
                   kw};
        const wnnrt_conv2d_params p = paramsOf(s);
        copied += wnnrt::firstOnCopiedImage(p.ci, p.kh, p.kw, p.oh, p.ow, p.stride_h, p.stride_w,
                                            p.dilation_h, p.dilation_w);
        run(ctx, s, acts[seed % 6], int(seed % 7 > 3 ? seed % 3 : 0), seed);
        ++seed;
      }
  EXPECT_GT(copied, 50);
  run(ctx, {1, 1, 49, 10, 64, 10, 2, 1, 4, 1, 5, 1, 1, 4}, relu, 0, 1);
  run(ctx, {2, 3, 20, 7, 33, 3, 1, 1, 30, 40, 30, 3, 1}, silu, 2, 2); // mostly padding
}

TEST_P(FirstConvTest, Specials) {
  unsigned seed = 1;
  for (float special : {inf(), -inf(), nan()})
    for (int stride : {1, 2})
      for (const wnnrt_act &act : {none, relu, clamp})
        run(ctx, {1, 3, 17, 33, 3 + int(seed % 9), 3, stride, 1, 1, 1, 1, 1, 1}, act, 0, ++seed,
            special);
}

TEST_P(FirstConvTest, SameBitsWithThreads) {
  for (int co : {3, 8, 16, 50})
    for (int stride : {1, 2}) {
      const Shape s = {2, 3, 41, co == 50 ? 12 : 64, co, 3, stride, 1, 1, 1, 1, 1, 1};
      const auto one = run(ctx, s, silu, 0, 7);
      for (int threads : {2, 5}) {
        wnnrt::ThreadPool pool(threads);
        wnnrt_context own = ctx;
        pool.attach(own);
        const auto several = run(own, s, silu, 0, 7);
        EXPECT_EQ(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)), 0)
            << co << " outputs, " << threads << " threads";
      }
    }
}

} // namespace
