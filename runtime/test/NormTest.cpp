// SPDX-License-Identifier: Apache-2.0
// Softmax and normalisations against double-precision formulas.
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class NormTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(NormTest);

TEST_P(NormTest, SoftmaxEverySize) {
  for (int dim = 1; dim <= 70; ++dim)
    for (int inner : {1, 3, 21})
      for (int log : {0, 1}) {
        Random random(static_cast<unsigned>(dim));
        const int outer = 3;
        auto x = random.reals(size_t(outer) * dim * inner, -20, 20);
        std::vector<double> y(x.size());
        for (int o = 0; o < outer; ++o)
          for (int i = 0; i < inner; ++i) {
            auto at = [&](int d) { return (size_t(o) * dim + d) * inner + i; };
            double largest = -INFINITY, sum = 0;
            for (int d = 0; d < dim; ++d)
              largest = std::fmax(largest, double(x[at(d)]));
            for (int d = 0; d < dim; ++d)
              sum += std::exp(double(x[at(d)]) - largest);
            for (int d = 0; d < dim; ++d)
              y[at(d)] = log ? double(x[at(d)]) - largest - std::log(sum)
                             : std::exp(double(x[at(d)]) - largest) / sum;
          }
        wnnrt_softmax_params p = {outer, dim, inner, log};
        Guarded<float> g(x, size_t(dim % 2)), gy(x.size());
        ASSERT_EQ(ctx.kernels->softmax(&ctx, &p, g.data(), gy.data()), WNNRT_OK);
        EXPECT_TRUE(near(gy.values(), y, 3e-6, log ? 4e-6 : 1e-9)) << dim << " log " << log;
        EXPECT_TRUE(gy.intact());
        ASSERT_EQ(ctx.kernels->softmax(&ctx, &p, g.data(), g.data()), WNNRT_OK);
        EXPECT_EQ(g.values(), gy.values()) << "in place";
        EXPECT_TRUE(g.intact());
      }
}

TEST_P(NormTest, SoftmaxOfExtremes) {
  wnnrt_softmax_params p = {4, 3, 1, 0};
  std::vector<float> x = {-inf(), 0,     -inf(), -inf(), -inf(), -inf(),
                          1,      nan(), 2,      1e30f,  1e30f,  -1e30f};
  Guarded<float> g(x);
  ASSERT_EQ(ctx.kernels->softmax(&ctx, &p, g.data(), g.data()), WNNRT_OK);
  double n = std::nan("");
  EXPECT_TRUE(near(g.values(), {0, 1, 0, n, n, n, n, n, n, 0.5, 0.5, 0}, 1e-6, 1e-12));
}

TEST_P(NormTest, LayerAndRmsNormEverySize) {
  for (int size = 1; size <= 70; ++size)
    for (int affine = 0; affine < 3; ++affine) {
      Random random(static_cast<unsigned>(size));
      const int rows = 3;
      auto x = random.reals(size_t(rows) * size, 9, 11);
      auto weight = random.reals(size), bias = random.reals(size);
      std::vector<double> layer(x.size()), rms(x.size());
      const double eps = 1e-5;
      for (int r = 0; r < rows; ++r) {
        double mean = 0, squares = 0, var = 0;
        for (int i = 0; i < size; ++i) {
          mean += double(x[size_t(r) * size + i]) / size;
          squares += std::pow(double(x[size_t(r) * size + i]), 2) / size;
        }
        for (int i = 0; i < size; ++i)
          var += std::pow(double(x[size_t(r) * size + i]) - mean, 2) / size;
        for (int i = 0; i < size; ++i) {
          double v = double(x[size_t(r) * size + i]), w = affine ? double(weight[i]) : 1;
          layer[size_t(r) * size + i] =
              (v - mean) / std::sqrt(var + eps) * w + (affine == 2 ? double(bias[i]) : 0);
          rms[size_t(r) * size + i] = v / std::sqrt(squares + eps) * w;
        }
      }
      wnnrt_row_norm_params p = {rows, size, 1e-5f};
      Guarded<float> gx(x, size_t(size % 2)), gw(weight), gb(bias), gy(x.size());
      ASSERT_EQ(ctx.kernels->layer_norm(&ctx, &p, gx.data(), affine ? gw.data() : nullptr,
                                        affine == 2 ? gb.data() : nullptr, gy.data()),
                WNNRT_OK);
      // Inputs around 10 with a spread of 1 lose about 1e-6 in x - mean.
      EXPECT_TRUE(near(gy.values(), layer, 1e-5, size == 1 ? 4e-4 : 1e-5)) << size;
      ASSERT_EQ(ctx.kernels->rms_norm(&ctx, &p, gx.data(), affine ? gw.data() : nullptr, gy.data()),
                WNNRT_OK);
      EXPECT_TRUE(near(gy.values(), rms, 1e-6, 1e-6)) << size;
      EXPECT_TRUE(gy.intact());
    }
}

TEST_P(NormTest, GroupNormAndBatchNormInBothLayouts) {
  unsigned seed = 0;
  const wnnrt_act acts[] = {
      {WNNRT_IDENTITY, 0, 0}, {WNNRT_SILU, 0, 0}, {WNNRT_ELU, 1, 0}, {WNNRT_RELU, 0, 0}};
  for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16})
    for (int c : {1, 6, 12, 18, 32, 36})
      for (int hw : {1, 7, 40})
        for (int variant = 0; variant < 4; ++variant) {
          Random random(++seed);
          wnnrt_act act = acts[variant];
          int groups = variant == 0 ? 1 : variant == 1 ? c : c % 3 == 0 ? 3 : 1;
          auto x = random.reals(size_t(2) * c * hw), weight = random.reals(c),
               bias = random.reals(c);
          std::vector<double> group(x.size()), batch(x.size());
          int size = c / groups * hw;
          for (int g = 0; g < 2 * groups; ++g) {
            double mean = 0, var = 0;
            for (int i = 0; i < size; ++i)
              mean += double(x[size_t(g) * size + i]) / size;
            for (int i = 0; i < size; ++i)
              var += std::pow(double(x[size_t(g) * size + i]) - mean, 2) / size;
            for (int i = 0; i < size; ++i) {
              size_t at = size_t(g) * size + i, channel = at / hw % c;
              group[at] = (double(x[at]) - mean) / std::sqrt(var + 1e-5);
              if (variant)
                group[at] = group[at] * double(weight[channel]) + double(bias[channel]);
              group[at] = exactAct(act, group[at]);
              batch[at] =
                  exactAct(act, double(x[at]) * double(weight[channel]) + double(bias[channel]));
            }
          }
          wnnrt_group_norm_params p = {layout, 2, c, hw, groups, 1e-5f, act};
          Guarded<float> gx(toLayout(layout, x, 2, c, hw)), gw(weight), gb(bias);
          Guarded<float> gy(gx.size());
          ASSERT_EQ(ctx.kernels->group_norm(&ctx, &p, gx.data(), variant ? gw.data() : nullptr,
                                            variant ? gb.data() : nullptr, gy.data()),
                    WNNRT_OK);
          EXPECT_TRUE(near(fromLayout(layout, gy.data(), 2, c, hw), group, 1e-5, 1e-5));
          wnnrt_channel_params q = {layout, 2, c, hw, 0, act};
          ASSERT_EQ(ctx.kernels->batch_norm(&ctx, &q, gx.data(), gw.data(), gb.data(), gx.data()),
                    WNNRT_OK);
          EXPECT_TRUE(near(fromLayout(layout, gx.data(), 2, c, hw), batch, 1e-6, 1e-6));
          EXPECT_TRUE(gy.intact());
          EXPECT_TRUE(gx.intact());
        }
}

TEST_P(NormTest, Prelu) {
  for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16})
    for (int c : {1, 5, 20})
      for (bool shared : {true, false}) {
        Random random(static_cast<unsigned>(c));
        auto x = random.reals(size_t(2) * c * 6), weight = random.reals(c);
        x[0] = nan();
        std::vector<double> y(x.size());
        for (size_t i = 0; i < x.size(); ++i)
          y[i] = double(x[i]) * (x[i] > 0 ? 1 : double(weight[shared ? 0 : i / 6 % c]));
        wnnrt_channel_params p = {layout, 2, c, 6, shared ? 1 : c, {}};
        Guarded<float> gx(toLayout(layout, x, 2, c, 6)), gw(weight);
        ASSERT_EQ(ctx.kernels->prelu(&ctx, &p, gx.data(), gw.data(), gx.data()), WNNRT_OK);
        EXPECT_TRUE(near(fromLayout(layout, gx.data(), 2, c, 6), y, 1e-6, 1e-7));
      }
}

TEST_P(NormTest, LayerNormOverChannelsOfBlocks) {
  unsigned seed = 0;
  for (int c : {1, 7, 15, 16, 17, 31, 33, 96, 100})
    for (int hw : {1, 7, 8, 9, 49})
      for (int variant = 0; variant < 4; ++variant) {
        Random random(++seed);
        wnnrt_group_norm_params p = {WNNRT_LAYOUT_C16, 2, c, hw, 1, 1e-6f, {}};
        if (variant == 3)
          p.act = {WNNRT_GELU, 0, 0};
        auto x = random.reals(size_t(2) * c * hw, 3, 5); // an offset that must not cancel
        if (seed % 7 == 0)
          x[x.size() / 2] = nan();
        auto w = random.reals(size_t(c)), b = random.reals(size_t(c));
        std::vector<double> expected(x.size());
        for (int n = 0; n < 2; ++n)
          for (int i = 0; i < hw; ++i) {
            auto at = [&](int k) { return (size_t(n) * c + k) * hw + i; };
            double mean = 0, square = 0;
            for (int k = 0; k < c; ++k)
              mean += double(x[at(k)]) / c;
            for (int k = 0; k < c; ++k)
              square += (double(x[at(k)]) - mean) * (double(x[at(k)]) - mean) / c;
            for (int k = 0; k < c; ++k)
              expected[at(k)] =
                  exactAct(p.act, (double(x[at(k)]) - mean) / std::sqrt(square + double(p.eps)) *
                                          (variant ? double(w[k]) : 1) +
                                      (variant > 1 ? double(b[k]) : 0));
          }
        Guarded<float> gx(toC16(x, 2, c, hw), seed % 3), gw(packBias(w)), gb(packBias(b));
        Guarded<float> gy(gx.size(), seed % 3);
        for (bool inPlace : {false, true}) {
          Guarded<float> &out = inPlace ? gx : gy;
          ASSERT_EQ(ctx.kernels->layer_norm_c16(&ctx, &p, gx.data(), variant ? gw.data() : nullptr,
                                                variant > 1 ? gb.data() : nullptr, out.data()),
                    WNNRT_OK);
          // One channel: x - mean is rounding alone.
          EXPECT_TRUE(near(fromC16(out.data(), 2, c, hw), expected, 2e-5, c == 1 ? 1e-3 : 2e-5))
              << c << " channels, " << hw << " pixels";
          EXPECT_TRUE(out.intact());
        }
      }
}

} // namespace
