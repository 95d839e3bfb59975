// SPDX-License-Identifier: Apache-2.0
// conv2d_scaled_c16 against direct loops: all channel remainders, runs of pixels of several
// lengths, threads.
#include "KernelTest.h"
#include "wnnrt_threads.h"

using namespace wnnrt_test;

namespace {

class ScaledConvTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(ScaledConvTest);

void check(const wnnrt_context &ctx, wnnrt_scaled_conv_params p, bool withShift, bool withBias,
           bool withResidual, unsigned seed, float extreme = 1) {
  Random random(seed);
  size_t n = size_t(p.n), ci = size_t(p.ci), co = size_t(p.co), hw = size_t(p.hw);
  auto x = random.reals(n * ci * hw), w = random.reals(co * ci), bias = random.reals(co);
  size_t scales = p.scale_batch_stride ? n * ci : ci;
  auto scale = random.reals(scales), shift = random.reals(scales);
  auto residual = random.reals(n * co * hw);
  if (extreme != 1) { // scales one channel, whose numbers are such that products are common
    for (size_t s = ci / 2; s < scales; s += ci)
      scale[s] = extreme;
    for (size_t b = 0; b < n && std::isnormal(extreme); ++b)
      for (size_t i = 0; i < hw; ++i)
        x[(b * ci + ci / 2) * hw + i] /= extreme * 16;
    for (size_t o = 0; o < co; ++o)
      w[o * ci + ci / 2] *= 16;
  }
  if (seed % 5 == 0)
    x[x.size() / 2] = seed % 2 ? nan() : inf();
  std::vector<double> expected(n * co * hw), allowed(n * co * hw);
  std::vector<double> in(ci);
  for (size_t b = 0; b < n; ++b)
    for (size_t i = 0; i < hw; ++i) {
      for (size_t c = 0; c < ci; ++c) {
        size_t s = (p.scale_batch_stride ? b * ci : 0) + c;
        in[c] = exactAct(p.input_act, double(x[(b * ci + c) * hw + i]) * double(scale[s]) +
                                          (withShift ? double(shift[s]) : 0));
      }
      for (size_t o = 0; o < co; ++o) {
        double sum = withBias ? double(bias[o]) : 0, size = 1;
        size_t at = (b * co + o) * hw + i;
        for (size_t c = 0; c < ci; ++c) {
          sum += double(w[o * ci + c]) * in[c];
          size += std::fabs(double(w[o * ci + c]) * in[c]);
        }
        if (withResidual && !p.residual_after_act)
          sum += double(residual[at]);
        sum = exactAct(p.act, sum);
        expected[at] = withResidual && p.residual_after_act ? sum + double(residual[at]) : sum;
        allowed[at] = 4e-7 * size + 1e-6;
      }
    }
  wnnrt_conv2d_params q = {};
  q.n = p.n, q.ci = p.ci, q.co = p.co, q.ih = q.oh = 1, q.iw = q.ow = p.hw;
  q.kh = q.kw = q.stride_h = q.stride_w = q.dilation_h = q.dilation_w = q.groups = 1;
  std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&q));
  wnnrt_pack_conv2d_c16(&q, w.data(), packed.data());
  size_t skew = seed % 3;
  Guarded<float> gx(toC16(x, p.n, p.ci, p.hw), skew), gw(packed, skew), gs(scale, skew),
      gt(shift, skew), gb(packBias(bias), skew), gr(toC16(residual, p.n, p.co, p.hw), skew);
  Guarded<float> gy(wnnrt_c16_bytes(p.n, p.co, 1, p.hw) / 4, skew);
  Guarded<char> room(wnnrt_conv2d_scaled_c16_scratch_bytes(&p));
  for (bool inPlace : {false, true}) {
    if (inPlace && !withResidual)
      break;
    Guarded<float> &out = inPlace ? gr : gy;
    ASSERT_EQ(ctx.kernels->conv2d_scaled_c16(
                  &ctx, &p, gx.data(), gs.data(), withShift ? gt.data() : nullptr, gw.data(),
                  withBias ? gb.data() : nullptr, withResidual ? gr.data() : nullptr, out.data(),
                  room.data()),
              WNNRT_OK);
    auto got = fromC16(out.data(), p.n, p.co, p.hw);
    Comparison c;
    for (size_t i = 0; i < got.size(); ++i)
      c.add(i, double(got[i]), expected[i], allowed[i]);
    EXPECT_TRUE(c.result()) << p.ci << "->" << p.co << " of " << p.hw << ", threads "
                            << ctx.num_threads;
    EXPECT_TRUE(out.intact());
    EXPECT_TRUE(room.intact());
  }
}

const wnnrt_act none = {WNNRT_IDENTITY, 0, 0}, relu = {WNNRT_RELU, 0, 0},
                hardswish = {WNNRT_HARDSWISH, 0, 0}, elu = {WNNRT_ELU, 0.5f, 0};

TEST_P(ScaledConvTest, EveryRemainder) {
  unsigned seed = 0;
  for (int c = 1; c <= 33; ++c) {
    check(ctx, {2, c, 34 - c, 11, relu, none, 0, 0}, true, c % 2, false, ++seed);
    check(ctx, {2, c, 17, 1 + c % 9, none, relu, c % 2, c}, false, true, true, ++seed);
  }
  for (int hw = 1; hw <= 60; ++hw)
    check(ctx, {1, 20, 50, hw, hw % 2 ? relu : hardswish, hw % 3 ? none : elu, hw % 2, 0}, true,
          true, hw % 4 == 0, ++seed);
}

/// Calls f(context) with one thread, with two and with five.
template <class F> void withThreads(const wnnrt_context &ctx, const F &f) {
  f(ctx);
  for (int threads : {2, 5}) {
    wnnrt::ThreadPool pool(threads);
    wnnrt_context own = ctx;
    pool.attach(own);
    f(own);
  }
}

TEST_P(ScaledConvTest, FewWeights) {
  unsigned seed = 300;
  withThreads(ctx, [&](const wnnrt_context &own) {
    for (int c = 1; c <= 33; ++c)
      check(own, {2, c, 34 - c, 66 + c, c % 2 ? relu : hardswish, none, c % 3, c % 4 ? c : 0},
            false, c % 2, c % 5 > 1, ++seed);
    check(own, {1, 240, 40, 196, hardswish, none, 1, 0}, false, true, true, ++seed);
    check(own, {2, 100, 24, 641, none, none, 0, 100}, false, true, false, ++seed);
    // Products with weights are infinite, 0 or subnormal, those with pixels are not.
    for (float extreme : {0.0f, -0.0f, 3e-37f, 1e-44f, 3e37f, -2e37f, inf(), -inf(), nan()})
      check(own, {2, 40, 48, 200, none, none, 0, 40}, false, true, false, ++seed, extreme);
  });
}

TEST_P(ScaledConvTest, SeveralRunsAndThreads) {
  unsigned seed = 100;
  withThreads(ctx, [&](const wnnrt_context &own) {
    // One run, and runs of 42 pixels.
    check(own, {1, 1500, 40, 190, relu, none, 0, 0}, true, true, false, ++seed);
    check(own, {1, 1100, 33, 500, elu, relu, 0, 0}, true, true, true, ++seed);
    check(own, {2, 700, 16, 390, none, hardswish, 1, 700}, false, false, true, ++seed);
  });
}

void checkThreads(const wnnrt_context &ctx, wnnrt_scaled_conv_params p, bool withShift, bool bad) {
  Random random(7);
  auto x = random.reals(wnnrt_c16_bytes(1, p.ci, 1, p.hw) / 4), scale = random.reals(p.ci);
  auto shift = random.reals(p.ci), w = random.reals((p.co + 15) / 16 * 16 * p.ci);
  if (bad)
    x[size_t(p.hw) * 8] = inf(), x[size_t(p.hw) * 15] = 2e38f;
  std::vector<char> room(wnnrt_conv2d_scaled_c16_scratch_bytes(&p));
  std::vector<float> first;
  for (int threads : {1, 2, 3, 8}) {
    wnnrt::ThreadPool pool(threads);
    wnnrt_context own = ctx;
    pool.attach(own);
    std::vector<float> y(wnnrt_c16_bytes(1, p.co, 1, p.hw) / 4);
    ASSERT_EQ(own.kernels->conv2d_scaled_c16(&own, &p, x.data(), scale.data(),
                                             withShift ? shift.data() : nullptr, w.data(), nullptr,
                                             nullptr, y.data(), room.data()),
              WNNRT_OK);
    auto got = fromC16(y.data(), 1, p.co, p.hw);
    if (first.empty())
      first = got;
    EXPECT_EQ(std::memcmp(got.data(), first.data(), got.size() * sizeof(float)), 0)
        << p.ci << "->" << p.co << " of " << p.hw << ", threads " << threads;
  }
}

TEST_P(ScaledConvTest, ThreadsGiveTheSameBits) {
  for (bool bad : {false, true}) {
    checkThreads(ctx, {1, 300, 70, 900, relu, none, 0, 0}, true, bad);
    checkThreads(ctx, {1, 300, 70, 900, relu, none, 0, 0}, false, bad);
    checkThreads(ctx, {1, 96, 40, 500, hardswish, none, 0, 0}, false, bad);
    checkThreads(ctx, {1, 240, 40, 196, none, none, 0, 0}, false, bad);
    checkThreads(ctx, {1, 16, 16, 131, none, none, 0, 0}, false, bad);
  }
}

} // namespace
