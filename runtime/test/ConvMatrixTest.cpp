// SPDX-License-Identifier: Apache-2.0
// conv2d_matrix_c16 on the matrix unit, where the CPU has one: every remainder of sizes, strides,
// padding, dilation and groups within the stated error of each product, and the same bits with any
// number of threads.
#include "ConvReference.h"
#include "wnnrt_threads.h"

using namespace wnnrt_test;

namespace {

class ConvMatrixTest : public testing::Test {
protected:
  wnnrt_context ctx;
  void SetUp() override {
    wnnrt_context_init(&ctx);
    ctx.kernels = wnnrt_kernels_for(WNNRT_ISA_AVX512);
    if (!ctx.kernels || !(ctx.features & WNNRT_FEATURE_MATRIX_UNIT))
      GTEST_SKIP() << "this CPU has none, or the operating system keeps it";
  }
};

/// Operands of a convolution, with canaries; x, residual and y may be slices of larger tensors.
struct Layer {
  Shape shape;
  wnnrt_conv2d_params p;
  std::vector<float> x, w, bias, residual;
  std::vector<float> packed;
  bool withBias;
  int residualMode;
  int slice; // 0, or further blocks of channels between images
  unsigned seed;

  Layer(const Shape &s, wnnrt_act act, bool hasBias, int mode, unsigned number, int between = 0)
      : shape(s), p(paramsOf(s)), withBias(hasBias), residualMode(mode), slice(between),
        seed(number) {
    p.act = act;
    p.residual_after_act = mode == 2;
    Random random(seed);
    x = random.reals(size_t(p.n) * p.ci * p.ih * p.iw);
    w = random.reals(size_t(p.co) * (p.ci / p.groups) * p.kh * p.kw);
    if (withBias)
      bias = random.reals(p.co);
    if (mode)
      residual = random.reals(size_t(p.n) * p.co * p.oh * p.ow);
    packed.resize(wnnrt_pack_conv2d_c16_floats(&p));
    wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
    if (slice) {
      p.x_batch_stride = ((p.ci + 15) / 16 + slice) * int64_t(16) * p.ih * p.iw;
      p.y_batch_stride = p.residual_batch_stride =
          ((p.co + 15) / 16 + slice) * int64_t(16) * p.oh * p.ow;
    }
  }

  std::string text() const {
    const Shape &s = shape;
    return "n" + std::to_string(s.n) + " " + std::to_string(s.ci) + "->" + std::to_string(s.co) +
           " " + std::to_string(s.ih) + "x" + std::to_string(s.iw) + " k" + std::to_string(p.kh) +
           "x" + std::to_string(p.kw) + " s" + std::to_string(s.stride) + " d" +
           std::to_string(s.dilation) + " g" + std::to_string(s.groups) + " act" +
           std::to_string(p.act.op) + " residual" + std::to_string(residualMode) + " seed" +
           std::to_string(seed);
  }

  static std::vector<float> spread(const std::vector<float> &c16, int n, int64_t stride) {
    if (!stride)
      return c16;
    std::vector<float> out(size_t(n) * stride, 77.0f);
    size_t one = c16.size() / n;
    for (int i = 0; i < n; ++i)
      std::copy(c16.begin() + i * one, c16.begin() + (i + 1) * one, out.begin() + i * stride);
    return out;
  }
  std::vector<float> gather(const float *y) const {
    std::vector<float> out;
    size_t one = wnnrt_c16_bytes(1, p.co, p.oh, p.ow) / 4;
    for (int i = 0; i < p.n; ++i) {
      const float *from = y + (p.y_batch_stride ? i * p.y_batch_stride : int64_t(i * one));
      auto image = fromC16(from, 1, p.co, p.oh * p.ow);
      out.insert(out.end(), image.begin(), image.end());
    }
    return out;
  }

  /// Plain outputs.
  std::vector<float> run(const wnnrt_context &ctx, bool inPlace) const {
    size_t skew = seed % 3;
    Guarded<float> gx(spread(toC16(x, p.n, p.ci, p.ih * p.iw), p.n, p.x_batch_stride), skew);
    Guarded<float> gw(packed, skew), gb(packBias(bias), skew);
    size_t outs = p.y_batch_stride ? size_t(p.n) * p.y_batch_stride
                                   : wnnrt_c16_bytes(p.n, p.co, p.oh, p.ow) / 4;
    Guarded<float> gr(
        residualMode ? spread(toC16(residual, p.n, p.co, p.oh * p.ow), p.n, p.residual_batch_stride)
                     : std::vector<float>(),
        skew);
    Guarded<float> gy(outs, skew), scratch(wnnrt_conv2d_matrix_c16_scratch_bytes(&p) / 4);
    for (size_t i = 0; i < outs; ++i)
      gy[i] = 77;
    for (size_t i = 0; i < scratch.size(); ++i)
      scratch[i] = nan();
    Guarded<float> &out = inPlace ? gr : gy;
    EXPECT_EQ(ctx.kernels->conv2d_matrix_c16(
                  &ctx, &p, gx.data(), gw.data(), withBias ? gb.data() : nullptr,
                  residualMode ? gr.data() : nullptr, out.data(), scratch.data()),
              WNNRT_OK)
        << text();
    EXPECT_TRUE(out.intact()) << text();
    EXPECT_TRUE(scratch.intact()) << text();
    size_t one = wnnrt_c16_bytes(1, p.co, p.oh, p.ow) / 4;
    for (int i = 0; slice && i < p.n; ++i)
      for (int64_t j = int64_t(one); j < p.y_batch_stride; ++j)
        EXPECT_EQ(out[size_t(i * p.y_batch_stride + j)], 77) << text();
    return gather(out.data());
  }
};

const wnnrt_act none = {WNNRT_IDENTITY, 0, 0}, relu = {WNNRT_RELU, 0, 0};
const wnnrt_act silu = {WNNRT_SILU, 0, 0}, elu = {WNNRT_ELU, 0.7f, 0};

void check(const wnnrt_context &ctx, const Shape &s, wnnrt_act act, bool withBias, int residualMode,
           unsigned seed, int slice = 0) {
  Layer l(s, act, withBias, residualMode, seed, slice);
  ASSERT_GT(l.p.oh, 0);
  ASSERT_GT(l.p.ow, 0);
  EXPECT_GT(wnnrt_conv2d_matrix_c16_scratch_bytes(&l.p), 0u) << l.text();
  Exact exact = convolve(l.p, l.x, l.w, l.bias, l.residual);
  double terms = double(l.p.ci / l.p.groups) * l.p.kh * l.p.kw;
  for (bool inPlace : {false, true}) {
    if (inPlace && !residualMode)
      break;
    auto got = l.run(ctx, inPlace);
    ASSERT_EQ(got.size(), exact.y.size());
    Comparison c;
    for (size_t i = 0; i < got.size(); ++i)
      c.add(i, double(got[i]), exact.y[i],
            exact.magnitude[i] / 65536 / std::max(1.0, std::sqrt(terms / 8)) + 1.2e-6);
    EXPECT_TRUE(c.result()) << l.text() << (inPlace ? " in place" : "");
  }
}

TEST_F(ConvMatrixTest, IsUsedUnlessSwitchedOff) {
  Layer l({1, 64, 9, 9, 64, 3, 1, 1, 1, 1, 1, 1, 1}, none, true, 0, 1);
  auto on = l.run(ctx, false);
  ctx.features = 0;
  auto off = l.run(ctx, false);
  EXPECT_NE(on, off);
}

TEST_F(ConvMatrixTest, EveryChannelCount) {
  for (int c = 1; c <= 66; ++c) {
    unsigned seed = unsigned(c);
    check(ctx, {1, c, 5, 6, 67 - c, 3, 1, 1, 1, 1, 1, 1}, none, c % 2, 0, seed);
    check(ctx, {1, 67 - c, 4, 7, c, 1, 2, 1}, relu, true, c % 3, seed);
  }
}

TEST_F(ConvMatrixTest, EveryWidthAndHeight) {
  unsigned seed = 0;
  for (int size = 1; size <= 50; ++size)
    for (int stride : {1, 2, 3}) {
      ++seed;
      check(ctx, {1, 34, 3, size, 20, 3, stride, 1, 1, 1, 1, 1}, none, true, 0, seed);
      check(ctx, {1, 17, size, 4 + size % 3, 33, 3, stride, 1, 1, 0, 1, 2}, relu, true, 1, seed);
      check(ctx, {1, 32, 1 + size % 5, size, 16, 1, stride, 1}, none, true, 0, seed);
    }
}

TEST_F(ConvMatrixTest, KernelsPadsAndDilation) {
  unsigned seed = 0;
  check(ctx, {2, 24, 9, 11, 40, 5, 1, 1, 2, 2, 2, 2}, none, true, 0, ++seed);
  check(ctx, {2, 40, 9, 11, 40, 5, 3, 1, 0, 1, 2, 3}, none, true, 0, ++seed);
  check(ctx, {1, 18, 13, 17, 20, 3, 1, 3, 3, 3, 3, 3}, none, true, 0, ++seed);
  check(ctx, {1, 48, 13, 50, 20, 3, 2, 2, 2, 2, 2, 2}, none, true, 0, ++seed);
  check(ctx, {1, 18, 3, 4, 20, 7, 1, 1, 3, 3, 3, 3}, none, true, 0, ++seed);
  check(ctx, {1, 3, 4, 4, 5, 3, 1, 1, 4, 4, 4, 4}, none, true, 0, ++seed);
  check(ctx, {1, 19, 6, 30, 21, 1, 1, 1, 0, 3, 0, 3, 1, 7}, none, true, 0, ++seed);
  check(ctx, {1, 19, 30, 6, 21, 7, 1, 1, 3, 0, 3, 0, 1, 1}, none, true, 0, ++seed);
  check(ctx, {1, 50, 14, 14, 21, 1, 1, 1, 0, 3, 0, 3, 1, 7}, none, true, 0, ++seed);
  check(ctx, {1, 16, 5, 5, 16, 1, 1, 1, 1, 2, 1, 2}, none, true, 0, ++seed);
  check(ctx, {1, 40, 5, 6, 16, 1, 2, 1, 1, 2, 1, 2}, none, true, 0, ++seed);
  check(ctx, {1, 40, 5, 6, 16, 2, 4, 1, 1, 0, 1, 2}, none, true, 0, ++seed);
  check(ctx, {1, 33, 1, 1, 16, 3, 1, 1, 1, 1, 1, 1}, none, true, 0, ++seed);
  check(ctx, {3, 33, 2, 1, 70, 3, 2, 1, 1, 1, 1, 1}, none, true, 0, ++seed);
  for (auto [h, w] : {std::pair(1, 2), {2, 1}, {3, 1}, {1, 3}}) {
    Layer l({1, 40, 15, 17, 35, 3, 1, 1, 1, 1, 1, 1}, relu, true, 1, ++seed);
    l.p.stride_h = h, l.p.stride_w = w;
    l.p.oh = (15 + 2 - 3) / h + 1, l.p.ow = (17 + 2 - 3) / w + 1;
    l.residual = Random(seed).reals(size_t(35) * l.p.oh * l.p.ow);
    Exact exact = convolve(l.p, l.x, l.w, l.bias, l.residual);
    auto got = l.run(ctx, true);
    Comparison c;
    for (size_t i = 0; i < got.size(); ++i)
      c.add(i, double(got[i]), exact.y[i], exact.magnitude[i] / 65536 / 6 + 1.2e-6);
    EXPECT_TRUE(c.result()) << h << "x" << w;
  }
}

/// More than one band of rows, more than one chunk of outputs, and long reductions.
TEST_F(ConvMatrixTest, LargeLayers) {
  check(ctx, {1, 48, 90, 70, 20, 3, 1, 1, 1, 1, 1, 1}, relu, true, 1, 1);
  check(ctx, {1, 64, 130, 60, 16, 3, 2, 1, 1, 1, 1, 1}, silu, true, 2, 2);
  check(ctx, {1, 530, 6, 5, 50, 3, 1, 1, 1, 1, 1, 1}, relu, true, 1, 3);
  check(ctx, {2, 100, 30, 31, 35, 3, 1, 1, 1, 1, 1, 1}, none, true, 1, 4);
  check(ctx, {1, 16, 3, 2100, 16, 3, 1, 1, 1, 1, 1, 1}, none, true, 0, 5);
}

TEST_F(ConvMatrixTest, Groups) {
  unsigned seed = 0;
  const int groups[][3] = {{32, 32, 2}, {64, 64, 4},  {48, 48, 6}, {104, 104, 13}, {32, 32, 8},
                           {32, 64, 2}, {33, 33, 33}, {64, 32, 4}, {40, 40, 5},    {16, 32, 4},
                           {24, 48, 3}, {128, 64, 2}, {96, 96, 3}, {64, 128, 2}};
  for (auto &g : groups)
    for (int k : {1, 3, 5}) {
      check(ctx, {1, g[0], 6, 7, g[1], k, 1, 1, k / 2, k / 2, k / 2, k / 2, g[2]}, none, true, 0,
            ++seed);
      check(ctx, {2, g[0], 14, 15, g[1], k, 2, 1, k / 2, k / 2, k / 2, k / 2, g[2]}, relu, false, 1,
            ++seed);
    }
}

TEST_F(ConvMatrixTest, FusedActivationsResidualsAndSlices) {
  unsigned seed = 0;
  for (const wnnrt_act &act :
       {none, relu, wnnrt_act{WNNRT_CLAMP, 0, 6}, silu, elu, wnnrt_act{WNNRT_GELU, 0, 0}})
    for (int residual : {0, 1, 2})
      for (bool bias : {false, true}) {
        ++seed;
        check(ctx, {2, 20, 5, 17, 40, 3, 1, 1, 1, 1, 1, 1}, act, bias, residual, seed,
              int(seed % 3));
        check(ctx, {2, 36, 9, 9, 24, 1, 2, 1}, act, bias, residual, seed, int(seed % 3));
        check(ctx, {1, 32, 9, 9, 32, 3, 1, 1, 1, 1, 1, 1, 4}, act, bias, residual, seed);
      }
}

TEST_F(ConvMatrixTest, SameBitsWithThreads) {
  const Shape shapes[] = {{2, 70, 20, 19, 100, 3, 1, 1, 1, 1, 1, 1},
                          {1, 200, 7, 7, 150, 3, 1, 1, 1, 1, 1, 1},
                          {1, 48, 60, 61, 33, 3, 2, 1, 1, 1, 1, 1},
                          {1, 64, 90, 90, 16, 3, 1, 1, 1, 1, 1, 1},
                          {1, 64, 15, 16, 64, 3, 1, 1, 1, 1, 1, 1, 8},
                          {1, 16, 25, 26, 64, 3, 1, 1},
                          {1, 48, 25, 26, 64, 3, 2, 1},
                          {1, 48, 16, 16, 48, 5, 1, 1, 0, 0, 0, 0, 6}};
  unsigned seed = 0;
  for (const Shape &s : shapes) {
    Layer l(s, relu, true, 1, ++seed);
    auto alone = l.run(ctx, true);
    for (int threads : {2, 3, 7}) {
      wnnrt::ThreadPool pool(threads);
      wnnrt_context own = ctx;
      pool.attach(own);
      EXPECT_EQ(l.run(own, true), alone) << l.text() << " " << threads << " threads";
    }
  }
}

/// Such inputs are not for the unit: the result is that of conv2d_c16, in place as well.
TEST_F(ConvMatrixTest, InfinitiesAndNaN) {
  const Shape shapes[] = {{2, 40, 12, 13, 40, 3, 1, 1, 1, 1, 1, 1},
                          {1, 64, 80, 80, 16, 3, 1, 1, 1, 1, 1, 1},
                          {1, 40, 12, 13, 40, 1, 2, 1}};
  for (const Shape &s : shapes)
    for (float special : {inf(), -inf(), nan(), 3.4e38f}) {
      Layer l(s, none, true, 1, 3);
      // In the last row and the last channel.
      l.x[l.x.size() - 1 - (s.k == 1 ? size_t(s.iw) : 0)] = special;
      auto on = l.run(ctx, true);
      wnnrt_context without = ctx;
      without.features = 0;
      auto off = l.run(without, true);
      // Other images of the batch are.
      size_t from = on.size() / s.n * (s.n - 1);
      Comparison c;
      for (size_t i = from; i < on.size(); ++i)
        c.add(i, double(on[i]), double(off[i]), 0);
      EXPECT_TRUE(c.worst == 0 || std::isnan(c.worst)) << special << ": " << c.result();
    }
}

} // namespace
