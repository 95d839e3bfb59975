// SPDX-License-Identifier: Apache-2.0
// Pooling in both layouts against direct loops on plain tensors.
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class PoolTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(PoolTest);

struct Window {
  int y0, y1, x0, x1;
};

/// Largest of a window (NaN if it has one) and its first position; or the sum.
struct Folded {
  double largest = -INFINITY, sum = 0;
  int64_t at = 0;
};
Folded fold(const float *plane, int iw, const std::vector<std::pair<int, int>> &pixels) {
  Folded f;
  bool first = true;
  for (auto [y, x] : pixels) {
    double v = double(plane[y * iw + x]);
    f.sum += v;
    if (first || v > f.largest || (std::isnan(v) && !std::isnan(f.largest)))
      f.largest = v, f.at = y * iw + x, first = false;
  }
  return f;
}

TEST_P(PoolTest, WindowsInBothLayouts) {
  unsigned seed = 0;
  for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16})
    for (int c : {1, 7, 16, 17, 33})
      for (int k : {1, 2, 3, 5})
        for (int stride : {1, 2, 3})
          for (int variant = 0; variant < 4; ++variant) {
            Random random(++seed);
            wnnrt_pool2d_params p = {};
            p.layout = layout, p.n = 2, p.c = c, p.ih = 7, p.iw = 9;
            p.kh = k, p.kw = k + variant % 2, p.stride_h = stride, p.stride_w = stride;
            p.dilation_h = p.dilation_w = variant == 2 && k < 4 ? 2 : 1;
            p.pad_top = p.pad_bottom = variant ? k / 2 : 0;
            p.pad_left = p.pad_right = variant ? p.kw / 2 : 0;
            p.count_include_pad = variant == 1;
            p.divisor_override = variant == 3 ? 3 : 0;
            auto out = [&](int in, int pad, int kernel, bool ceil) {
              int span = in + 2 * pad - p.dilation_h * (kernel - 1) - 1;
              int o = (span + (ceil ? stride - 1 : 0)) / stride + 1;
              if (ceil && (o - 1) * stride >= in + pad)
                --o;
              return o;
            };
            p.oh = out(p.ih, p.pad_top, p.kh, variant == 1);
            p.ow = out(p.iw, p.pad_left, p.kw, variant == 1);
            auto x = random.reals(size_t(p.n) * c * 63);
            x[20] = nan();
            std::vector<double> largest, average;
            std::vector<int64_t> at;
            for (int plane = 0; plane < p.n * c; ++plane)
              for (int oy = 0; oy < p.oh; ++oy)
                for (int ox = 0; ox < p.ow; ++ox) {
                  std::vector<std::pair<int, int>> all, dense;
                  int y0 = oy * stride - p.pad_top, x0 = ox * stride - p.pad_left;
                  for (int r = 0; r < p.kh; ++r)
                    for (int s = 0; s < p.kw; ++s) {
                      int iy = y0 + r * p.dilation_h, ix = x0 + s * p.dilation_w;
                      if (iy >= 0 && iy < 7 && ix >= 0 && ix < 9)
                        all.push_back({iy, ix});
                      if (y0 + r >= 0 && y0 + r < 7 && x0 + s >= 0 && x0 + s < 9)
                        dense.push_back({y0 + r, x0 + s});
                    }
                  Folded f = fold(x.data() + plane * 63, 9, all);
                  largest.push_back(f.largest);
                  at.push_back(f.at);
                  int padded = (std::min(y0 + p.kh, 7 + p.pad_bottom) - y0) *
                               (std::min(x0 + p.kw, 9 + p.pad_right) - x0);
                  int divisor = p.divisor_override    ? p.divisor_override
                                : p.count_include_pad ? padded
                                                      : int(dense.size());
                  average.push_back(
                      dense.empty() ? 0 : fold(x.data() + plane * 63, 9, dense).sum / divisor);
                }
            size_t blocked =
                layout == WNNRT_PLAIN ? largest.size() : wnnrt_c16_bytes(2, c, p.oh, p.ow) / 4;
            Guarded<float> gx(toLayout(layout, x, 2, c, 63), seed % 2), gy(blocked, seed % 2);
            Guarded<int64_t> gi(largest.size());
            bool wantIndices = layout == WNNRT_PLAIN && variant % 2;
            ASSERT_EQ(ctx.kernels->max_pool2d(&ctx, &p, gx.data(), gy.data(),
                                              wantIndices ? gi.data() : nullptr),
                      WNNRT_OK);
            EXPECT_TRUE(near(fromLayout(layout, gy.data(), 2, c, p.oh * p.ow), largest, 0, 1e-30));
            if (wantIndices) {
              EXPECT_EQ(gi.values(), at);
            }
            if (p.dilation_h == 1) {
              ASSERT_EQ(ctx.kernels->avg_pool2d(&ctx, &p, gx.data(), gy.data()), WNNRT_OK);
              EXPECT_TRUE(
                  near(fromLayout(layout, gy.data(), 2, c, p.oh * p.ow), average, 1e-6, 1e-6))
                  << "k" << k << " stride " << stride << " variant " << variant;
            }
            EXPECT_TRUE(gy.intact());
            EXPECT_TRUE(gi.intact());
          }
}

TEST_P(PoolTest, MaximaOfWideRowsWithNaNs) {
  unsigned seed = 0;
  for (int k : {2, 3, 5, 13})
    for (int stride : {1, 2, 4})
      for (int iw : {13, 14, 31, 129, 300}) {
        Random random(++seed);
        wnnrt_pool2d_params p = {};
        p.layout = WNNRT_LAYOUT_C16, p.n = 1, p.c = 18, p.ih = 14, p.iw = iw;
        p.kh = p.kw = k, p.stride_h = p.stride_w = stride, p.dilation_h = p.dilation_w = 1;
        p.pad_top = p.pad_left = p.pad_bottom = p.pad_right = k / 2;
        p.oh = (14 + 2 * (k / 2) - k) / stride + 1, p.ow = (iw + 2 * (k / 2) - k) / stride + 1;
        auto x = random.reals(size_t(18) * 14 * iw);
        for (int i = 0; i < iw / 4; ++i)
          x[size_t(random.whole(0, int64_t(x.size()) - 1))] =
              i % 3 ? (i % 2 ? -nan() : nan()) : -inf();
        std::vector<double> largest;
        for (int plane = 0; plane < 18; ++plane)
          for (int oy = 0; oy < p.oh; ++oy)
            for (int ox = 0; ox < p.ow; ++ox) {
              std::vector<std::pair<int, int>> pixels;
              for (int y = oy * stride - k / 2; y < oy * stride - k / 2 + k; ++y)
                for (int i = ox * stride - k / 2; i < ox * stride - k / 2 + k; ++i)
                  if (y >= 0 && y < 14 && i >= 0 && i < iw)
                    pixels.push_back({y, i});
              largest.push_back(fold(x.data() + plane * 14 * iw, iw, pixels).largest);
            }
        Guarded<float> gx(toC16(x, 1, 18, 14 * iw), seed % 2);
        Guarded<float> gy(wnnrt_c16_bytes(1, 18, p.oh, p.ow) / 4, seed % 2);
        ASSERT_EQ(ctx.kernels->max_pool2d(&ctx, &p, gx.data(), gy.data(), nullptr), WNNRT_OK);
        EXPECT_TRUE(near(fromC16(gy.data(), 1, 18, p.oh * p.ow), largest, 0, 1e-30))
            << "k" << k << " stride " << stride << " width " << iw;
        EXPECT_TRUE(gy.intact());
      }
}

TEST_P(PoolTest, AdaptiveInBothLayouts) {
  unsigned seed = 0;
  for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16})
    for (int c : {3, 16, 20})
      for (int oh : {1, 2, 5, 7, 10})
        for (int ow : {1, 3, 9}) {
          Random random(++seed);
          wnnrt_adaptive_pool2d_params p = {layout, 2, c, 7, 9, oh, ow};
          auto x = random.reals(size_t(2) * c * 63);
          std::vector<double> largest, average;
          std::vector<int64_t> at;
          for (int plane = 0; plane < 2 * c; ++plane)
            for (int oy = 0; oy < oh; ++oy)
              for (int ox = 0; ox < ow; ++ox) {
                std::vector<std::pair<int, int>> pixels;
                for (int y = 0; y < 7; ++y)
                  for (int i = 0; i < 9; ++i)
                    if (y >= std::floor(oy * 7.0 / oh) && y < std::ceil((oy + 1) * 7.0 / oh) &&
                        i >= std::floor(ox * 9.0 / ow) && i < std::ceil((ox + 1) * 9.0 / ow))
                      pixels.push_back({y, i});
                Folded f = fold(x.data() + plane * 63, 9, pixels);
                largest.push_back(f.largest);
                at.push_back(f.at);
                average.push_back(f.sum / double(pixels.size()));
              }
          size_t blocked =
              layout == WNNRT_PLAIN ? largest.size() : wnnrt_c16_bytes(2, c, oh, ow) / 4;
          Guarded<float> gx(toLayout(layout, x, 2, c, 63)), gy(blocked);
          Guarded<int64_t> gi(largest.size());
          ASSERT_EQ(ctx.kernels->adaptive_avg_pool2d(&ctx, &p, gx.data(), gy.data()), WNNRT_OK);
          EXPECT_TRUE(near(fromLayout(layout, gy.data(), 2, c, oh * ow), average, 1e-6, 1e-6));
          ASSERT_EQ(ctx.kernels->adaptive_max_pool2d(&ctx, &p, gx.data(), gy.data(),
                                                     layout == WNNRT_PLAIN ? gi.data() : nullptr),
                    WNNRT_OK);
          EXPECT_TRUE(near(fromLayout(layout, gy.data(), 2, c, oh * ow), largest, 0, 1e-30));
          if (layout == WNNRT_PLAIN) {
            EXPECT_EQ(gi.values(), at);
          }
          EXPECT_TRUE(gy.intact());
        }
}

TEST_P(PoolTest, GlobalAverage) {
  for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16})
    for (int c = 1; c <= 33; ++c)
      for (int hw : {1, 3, 49, 50, 200}) {
        Random random(unsigned(c * 1000 + hw));
        wnnrt_global_avg_pool_params p = {layout, 2, c, hw};
        auto x = random.reals(size_t(2) * c * hw);
        std::vector<double> mean(size_t(2) * c);
        for (size_t i = 0; i < x.size(); ++i)
          mean[i / hw] += double(x[i]) / hw;
        Guarded<float> gx(toLayout(layout, x, 2, c, hw)), gy(size_t(2) * c);
        ASSERT_EQ(ctx.kernels->global_avg_pool(&ctx, &p, gx.data(), gy.data()), WNNRT_OK);
        EXPECT_TRUE(near(gy.values(), mean, 1e-6, 1e-6));
        EXPECT_TRUE(gy.intact());
      }
}

TEST_P(PoolTest, IndicesNeedThePlainLayout) {
  wnnrt_pool2d_params p = {};
  p.layout = WNNRT_LAYOUT_C16;
  float data[16] = {};
  int64_t indices[16];
  EXPECT_EQ(ctx.kernels->max_pool2d(&ctx, &p, data, data, indices), WNNRT_UNSUPPORTED);
}

} // namespace
