// SPDX-License-Identifier: Apache-2.0
// Matrix products on the matrix unit (linear, 1x1 convolutions and what has them inside), where the
// CPU has one: every remainder of rows, columns and terms, within the stated error of each product.
#include "ConvReference.h"
#include "wnnrt_threads.h"

#include <tuple>

using namespace wnnrt_test;

namespace {

class MatrixUnitTest : public testing::Test {
protected:
  wnnrt_context ctx;
  void SetUp() override {
    wnnrt_context_init(&ctx);
    ctx.kernels = wnnrt_kernels_for(WNNRT_ISA_AVX512);
    if (!ctx.kernels || !(ctx.features & WNNRT_FEATURE_MATRIX_UNIT))
      GTEST_SKIP() << "this CPU has none, or the operating system keeps it";
  }
};

/// Of each product; sums of many products are far better than that.
constexpr double productError = 1.0 / 65536;

/// Sums of x * w, and of their magnitudes.
struct Sums {
  std::vector<double> value, magnitude;
  Sums(const std::vector<float> &x, int64_t xStride, const std::vector<float> &w, int m, int n,
       int k)
      : value(size_t(m) * n), magnitude(size_t(m) * n) {
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j)
        for (int d = 0; d < k; ++d) {
          double product = double(x[size_t(i) * xStride + d]) * double(w[size_t(j) * k + d]);
          value[size_t(i) * n + j] += product;
          magnitude[size_t(i) * n + j] += std::fabs(product);
        }
  }
};

double allowed(double magnitude, int k) {
  return productError * magnitude / std::sqrt(double(k) / 8) + 1.2e-6;
}

std::vector<float> linearResult(const wnnrt_context &ctx, int m, int n, int k, wnnrt_act act,
                                int residualMode, bool inPlace, int extra, unsigned seed,
                                bool compare = true) {
  Random random(seed);
  wnnrt_linear_params p = {};
  p.m = m, p.n = n, p.k = k, p.act = act, p.residual_after_act = residualMode == 2;
  int xs = k + extra, ys = n + extra;
  if (extra)
    p.x_row_stride = xs, p.y_row_stride = ys, p.residual_row_stride = ys;
  auto x = random.reals(size_t(m) * xs), w = random.reals(size_t(n) * k);
  auto bias = seed % 3 ? random.reals(n) : std::vector<float>();
  auto residual = random.reals(size_t(m) * ys);
  std::vector<float> packed(wnnrt_pack_linear_floats(n, k));
  wnnrt_pack_linear(n, k, w.data(), packed.data());
  size_t skew = seed % 4;
  Guarded<float> gx(x, skew), gw(packed, skew), gb(packBias(bias), skew), gr(residual, skew);
  Guarded<float> own(size_t(m) * ys, skew);
  std::fill(own.data(), own.data() + own.size(), 123.0f);
  Guarded<float> &gy = inPlace ? gr : own;
  EXPECT_EQ(ctx.kernels->linear(&ctx, &p, gx.data(), gw.data(), bias.empty() ? nullptr : gb.data(),
                                residualMode ? gr.data() : nullptr, gy.data()),
            WNNRT_OK);
  EXPECT_TRUE(gy.intact());
  if (!compare)
    return gy.values();
  Sums sums(x, xs, w, m, n, k);
  Comparison c;
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < ys; ++j) {
      size_t at = size_t(i) * ys + j, s = size_t(i) * n + j;
      if (j >= n) {
        EXPECT_EQ(gy[at], inPlace ? residual[at] : 123.0f) << "wrote between rows";
        continue;
      }
      double sum = sums.value[s] + (bias.empty() ? 0 : double(bias[j]));
      double r = residualMode ? double(residual[at]) : 0;
      c.add(at, double(gy[at]), residualMode == 2 ? exactAct(act, sum) + r : exactAct(act, sum + r),
            allowed(sums.magnitude[s], k));
    }
  EXPECT_TRUE(c.result()) << m << "x" << n << "x" << k << " act " << act.op << " residual "
                          << residualMode << (inPlace ? " in place" : "");
  return gy.values();
}

const wnnrt_act none = {WNNRT_IDENTITY, 0, 0};

/// Enough columns that the product is large enough for the unit.
int columns(int m, int k, int more) {
  return 262144 / (m * k) + 1 + more;
}

TEST_F(MatrixUnitTest, IsUsedUnlessSwitchedOff) {
  auto on = linearResult(ctx, 64, 64, 64, none, 0, false, 0, 1);
  ctx.features = 0;
  auto off = linearResult(ctx, 64, 64, 64, none, 0, false, 0, 1);
  EXPECT_NE(on, off);
}

TEST_F(MatrixUnitTest, LinearEverySize) {
  const wnnrt_act relu = {WNNRT_RELU, 0, 0}, gelu = {WNNRT_GELU, 0, 0}, elu = {WNNRT_ELU, 1, 0};
  unsigned seed = 0;
  for (int i = 0; i <= 33; ++i) {
    ++seed;
    linearResult(ctx, 9 + i, columns(9 + i, 64, i % 16), 64, none, 0, false, 0, seed);
    linearResult(ctx, 20 + 2 * i, columns(20 + 2 * i, 40, i), 40, relu, 1, i % 2, i % 3, seed);
    linearResult(ctx, 37, columns(37, 32 + i, i % 5), 32 + i, gelu, 2, i % 2, 0, seed);
    // Several blocks of terms.
    linearResult(ctx, 17 + i, 40 + i, 385 + 11 * i, i % 2 ? elu : none, i % 3, i % 4 > 1, 0, seed);
  }
  linearResult(ctx, 200, 50, 2100, gelu, 2, false, 5, ++seed);
  linearResult(ctx, 65, 33, 777, none, 1, true, 3, ++seed);
}

TEST_F(MatrixUnitTest, SameBitsWithThreads) {
  auto alone = linearResult(ctx, 130, 77, 400, none, 1, false, 0, 5);
  ctx.parallel_for = [](void *, int32_t count, wnnrt_task body, void *arg) {
    for (int32_t i = count; i-- > 0;)
      body(arg, i);
  };
  for (int threads : {1, 2, 5}) {
    ctx.num_threads = threads;
    EXPECT_EQ(linearResult(ctx, 130, 77, 400, none, 1, false, 0, 5), alone);
  }
}

TEST_F(MatrixUnitTest, InfinitiesAndNaN) {
  wnnrt_linear_params p = {};
  p.m = 40, p.n = 100, p.k = 100;
  Random random(3);
  for (float special : {inf(), -inf(), nan(), 3.4e38f}) {
    auto x = random.reals(size_t(p.m * p.k)), w = random.reals(size_t(p.n * p.k));
    x[7 * 100 + 33] = special;
    std::vector<float> packed(wnnrt_pack_linear_floats(p.n, p.k)), on(p.m * p.n), off(on);
    wnnrt_pack_linear(p.n, p.k, w.data(), packed.data());
    ctx.features = 0;
    ctx.kernels->linear(&ctx, &p, x.data(), packed.data(), nullptr, nullptr, off.data());
    ctx.features = WNNRT_FEATURE_MATRIX_UNIT;
    ctx.kernels->linear(&ctx, &p, x.data(), packed.data(), nullptr, nullptr, on.data());
    Comparison c;
    for (size_t i = 0; i < on.size(); ++i)
      c.add(i, double(on[i]), double(off[i]), 0); // such input is not for the unit
    EXPECT_TRUE(c.worst == 0 || std::isnan(c.worst)) << special << ": " << c.result();
    // In the weights it stays within its column.
    w[5 * 100 + 2] = special;
    wnnrt_pack_linear(p.n, p.k, w.data(), packed.data());
    x[7 * 100 + 33] = 0;
    ctx.kernels->linear(&ctx, &p, x.data(), packed.data(), nullptr, nullptr, on.data());
    for (int i = 0; i < 40; ++i)
      for (int j = 0; j < 100; ++j)
        EXPECT_TRUE(std::isfinite(on[size_t(i) * 100 + j]) || j == 5) << i << ", " << j;
  }
}

void checkConv(const wnnrt_context &ctx, int n, int ci, int co, int side, wnnrt_act act,
               int residualMode, bool inPlace, unsigned seed) {
  wnnrt_conv2d_params p = {};
  p.n = n, p.ci = ci, p.co = co, p.ih = p.oh = side, p.iw = p.ow = side + 1;
  p.kh = p.kw = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = p.groups = 1;
  p.act = act, p.residual_after_act = residualMode == 2;
  int hw = p.ih * p.iw;
  Random random(seed);
  auto x = random.reals(size_t(n) * ci * hw), w = random.reals(size_t(co) * ci);
  auto bias = random.reals(co), residual = random.reals(size_t(n) * co * hw);
  std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&p));
  wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
  size_t skew = seed % 3;
  Guarded<float> gx(toC16(x, n, ci, hw), skew), gw(packed, skew), gb(packBias(bias), skew);
  Guarded<float> gr(toC16(residual, n, co, hw), skew);
  Guarded<float> own(wnnrt_c16_bytes(n, co, p.oh, p.ow) / 4, skew);
  Guarded<float> &gy = inPlace ? gr : own;
  ASSERT_EQ(ctx.kernels->conv2d_c16(&ctx, &p, gx.data(), gw.data(), gb.data(),
                                    residualMode ? gr.data() : nullptr, gy.data()),
            WNNRT_OK);
  EXPECT_TRUE(gy.intact());
  auto y = fromC16(gy.data(), n, co, hw);
  Comparison c;
  for (int b = 0; b < n; ++b)
    for (int o = 0; o < co; ++o)
      for (int i = 0; i < hw; ++i) {
        double sum = double(bias[o]), magnitude = 0;
        for (int d = 0; d < ci; ++d) {
          double product = double(x[(size_t(b) * ci + d) * hw + i]) * double(w[size_t(o) * ci + d]);
          sum += product, magnitude += std::fabs(product);
        }
        size_t at = (size_t(b) * co + o) * hw + i;
        double r = residualMode ? double(residual[at]) : 0;
        c.add(at, double(y[at]),
              residualMode == 2 ? exactAct(act, sum) + r : exactAct(act, sum + r),
              allowed(magnitude, ci));
      }
  EXPECT_TRUE(c.result()) << n << " " << ci << "->" << co << " @" << side;
}

TEST_F(MatrixUnitTest, PointwiseConvolutions) {
  const wnnrt_act relu = {WNNRT_RELU, 0, 0}, silu = {WNNRT_SILU, 0, 0};
  unsigned seed = 0;
  for (int i = 0; i <= 16; ++i) {
    checkConv(ctx, 1, 32 + i, columns(56, 32 + i, i), 7, relu, i % 3, i % 2, ++seed);
    checkConv(ctx, 2, 48, columns((5 + i) * (6 + i), 48, i), 5 + i, i % 2 ? silu : none, i % 3,
              i % 4 > 1, ++seed);
  }
  checkConv(ctx, 1, 800, 70, 6, relu, 1, true, ++seed);
}

TEST_F(MatrixUnitTest, PointwiseConvolutionsWithFewWeights) {
  const wnnrt_act clamp = {WNNRT_CLAMP, -1, 2}, silu = {WNNRT_SILU, 0, 0}, elu = {WNNRT_ELU, 1, 0};
  unsigned seed = 0;
  for (int i = 0; i <= 40; ++i) { // every remainder of channels, outputs and rows of a block
    checkConv(ctx, 1 + i % 2, 24 + i, 17 + i * 7 % 40, 25 + i % 7, i % 3 ? clamp : silu, i % 3,
              i % 4 > 1, ++seed);
    checkConv(ctx, 1, 256 - 5 * i, 1 + i, 32, i % 2 ? none : elu, i % 3, i % 4 > 1, ++seed);
  }
  for (int side = 8; side <= 24; ++side)
    checkConv(ctx, 1, 96, 200, side, side % 2 ? silu : none, side % 3, side % 4 > 1, ++seed);
  checkConv(ctx, 1, 32, 640, 10, silu, 1, true, ++seed);
}

TEST_F(MatrixUnitTest, RowsThatAreNotForTheUnit) {
  wnnrt_conv2d_params p = {};
  p.n = 1, p.ci = 50, p.co = 40, p.ih = p.oh = 17, p.iw = p.ow = 19;
  p.kh = p.kw = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = p.groups = 1;
  p.act = {WNNRT_RELU, 0, 0};
  const int hw = p.ih * p.iw;
  Random random(8);
  auto w = random.reals(size_t(p.co * p.ci)), b = packBias(random.reals(p.co));
  std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&p));
  wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
  for (float special : {inf(), -inf(), nan(), 3.4e38f}) {
    auto x = random.reals(size_t(p.ci * hw));
    auto plain = toC16(x, 1, p.ci, hw),
         residual = toC16(random.reals(size_t(p.co * hw)), 1, p.co, hw);
    for (int at : {3, 100, 130, hw - 1})
      x[size_t(at % 2 ? 49 : 5) * hw + at] = special;
    auto with = toC16(x, 1, p.ci, hw);
    auto run = [&](const std::vector<float> &from, uint32_t features) {
      wnnrt_context own = ctx;
      own.features = features;
      auto y = residual; // in place
      EXPECT_EQ(own.kernels->conv2d_c16(&own, &p, from.data(), packed.data(), b.data(), y.data(),
                                        y.data()),
                WNNRT_OK);
      return fromC16(y.data(), 1, p.co, hw);
    };
    auto all = run(plain, WNNRT_FEATURE_MATRIX_UNIT), on = run(with, WNNRT_FEATURE_MATRIX_UNIT),
         off = run(with, 0);
    for (size_t i = 0; i < on.size(); ++i) {
      int at = int(i) % hw;
      bool theirs = at == 3 || at == 100 || at == 130 || at == hw - 1;
      float expected = theirs ? off[i] : all[i];
      EXPECT_TRUE(on[i] == expected || (std::isnan(on[i]) && std::isnan(expected)))
          << special << " at " << i << ": " << on[i] << ", expected " << expected;
    }
    EXPECT_NE(all, run(plain, 0)) << "the unit was not used";
  }
}

/// Of 3 channels. `special` goes to some pixels, unless it is 0.
std::vector<float> firstResult(const wnnrt_context &ctx, const Shape &s, wnnrt_act act,
                               int residualMode, bool inPlace, unsigned seed, float special = 0) {
  wnnrt_conv2d_params p = paramsOf(s);
  p.act = act, p.residual_after_act = residualMode == 2;
  const int hw = p.oh * p.ow;
  Random random(seed);
  auto x = random.reals(size_t(p.n) * p.ci * p.ih * p.iw);
  auto w = random.reals(size_t(p.co) * p.ci * p.kh * p.kw), bias = random.reals(p.co);
  auto residual = residualMode ? random.reals(size_t(p.n) * p.co * hw) : std::vector<float>();
  for (size_t i = x.size() / 3; special != 0 && i < x.size(); i += x.size() / 3)
    x[i] = special;
  std::vector<float> packed(wnnrt_pack_conv2d_first_floats(&p));
  wnnrt_pack_conv2d_first(&p, w.data(), packed.data());
  Guarded<float> gx(x, seed % 3), gw(packed, seed % 3), gb(packBias(bias), seed % 3);
  Guarded<float> gr(residualMode ? toC16(residual, p.n, p.co, hw) : std::vector<float>(16), 0);
  Guarded<float> own(wnnrt_c16_bytes(p.n, p.co, p.oh, p.ow) / 4, seed % 3);
  Guarded<float> &gy = inPlace && residualMode ? gr : own;
  EXPECT_EQ(ctx.kernels->conv2d_first(&ctx, &p, gx.data(), gw.data(), gb.data(),
                                      residualMode ? gr.data() : nullptr, gy.data()),
            WNNRT_OK);
  EXPECT_TRUE(gy.intact());
  auto y = fromC16(gy.data(), p.n, p.co, hw);
  if (special != 0)
    return y;
  Exact e = convolve(p, x, w, bias, residual);
  Comparison c;
  for (size_t i = 0; i < y.size(); ++i)
    c.add(i, double(y[i]), e.y[i], allowed(e.magnitude[i], p.ci * p.kh * p.kw));
  EXPECT_TRUE(c.result()) << p.ih << "x" << p.iw << " to " << p.co << " by " << p.kh << "x" << p.kw
                          << ", stride " << p.stride_h;
  return y;
}

TEST_F(MatrixUnitTest, FirstConvolutions) {
  const wnnrt_act relu = {WNNRT_RELU, 0, 0}, silu = {WNNRT_SILU, 0, 0}, elu = {WNNRT_ELU, 1, 0};
  unsigned seed = 0;
  for (int kw = 1; kw <= 8; ++kw) // with every height, stride and padding, also beyond the image
    for (int kh = 1; kh <= 8; ++kh) {
      int stride = 1 + int(seed) % 4, pad = int(seed) % (kw + 1);
      Shape s = {1 + int(seed % 2),
                 3,
                 40 + int(seed % 9),
                 90 + int(seed % 17),
                 17 + int(seed * 5 % 60),
                 kh,
                 stride,
                 1,
                 pad,
                 kw / 2,
                 kh / 2,
                 pad,
                 1,
                 kw};
      firstResult(ctx, s, seed % 2 ? silu : relu, int(seed % 3), seed % 4 > 1, seed);
      ++seed;
    }
  for (int width = 60; width <= 130; width += 2) // every remainder of a row
    firstResult(ctx, {1, 3, 33, width, 40, 3, 2, 1, 1, 1, 1, 1, 1}, width % 4 ? none : elu,
                width % 3, false, ++seed);
  firstResult(ctx, {1, 3, 20, 60, 64, 3, 1, 1, 9, 9, 9, 9, 1}, relu, 0, false, ++seed);
  wnnrt_context without = ctx;
  without.features = 0;
  const Shape s = {2, 3, 41, 63, 40, 6, 2, 1, 2, 2, 2, 2, 1};
  auto on = firstResult(ctx, s, silu, 1, false, 7);
  EXPECT_NE(on, firstResult(without, s, silu, 1, false, 7)) << "the unit was not used";
  for (int threads : {2, 5}) {
    wnnrt::ThreadPool pool(threads);
    wnnrt_context own = ctx;
    pool.attach(own);
    EXPECT_EQ(firstResult(own, s, silu, 1, false, 7), on) << threads << " threads";
  }
  // Rows of outputs that read what is not for the unit are those of the vector kernel.
  for (float special : {inf(), -inf(), nan(), 3.4e38f}) {
    auto with = firstResult(ctx, s, relu, 1, true, 9, special);
    auto off = firstResult(without, s, relu, 1, true, 9, special);
    double largest = 0;
    size_t numbers = 0;
    for (size_t i = 0; i < off.size(); ++i) {
      EXPECT_EQ(std::isnan(with[i]), std::isnan(off[i])) << special << " at " << i;
      EXPECT_EQ(std::isinf(with[i]), std::isinf(off[i])) << special << " at " << i;
      if (std::isfinite(off[i]) && std::fabs(off[i]) < 1e30f) {
        largest = std::max(largest, std::fabs(double(with[i]) - double(off[i])));
        ++numbers;
      }
    }
    EXPECT_LT(largest, 1e-3) << special;
    EXPECT_GT(numbers, off.size() / 2);
  }
}

/// `run` writes a result of `floats` floats, of which c16 blocks of `channels` channels and `hw`
/// pixels are compared: on the unit against without it, and the same bits with any number of
/// threads.
template <class Run>
void compareWithVectors(wnnrt_context ctx, int n, int channels, int hw, Run run) {
  std::vector<float> on(wnnrt_c16_bytes(n, channels, 1, hw) / 4), off(on), shared(on);
  run(ctx, on.data());
  wnnrt_context without = ctx;
  without.features = 0;
  run(without, off.data());
  auto a = fromC16(on.data(), n, channels, hw), b = fromC16(off.data(), n, channels, hw);
  EXPECT_NE(a, b) << "the unit was not used";
  double largest = 0;
  for (float v : b)
    largest = std::max(largest, std::fabs(double(v)));
  Comparison c;
  for (size_t i = 0; i < a.size(); ++i)
    c.add(i, double(a[i]), double(b[i]), 2e-5 * largest);
  EXPECT_TRUE(c.result()) << channels << " channels of " << hw;
  for (int threads : {2, 5}) {
    wnnrt::ThreadPool pool(threads);
    wnnrt_context own = ctx;
    pool.attach(own);
    run(own, shared.data());
    EXPECT_EQ(fromC16(shared.data(), n, channels, hw), a) << threads << " threads";
  }
}

TEST_F(MatrixUnitTest, ScaledConvolutions) {
  const wnnrt_act relu = {WNNRT_RELU, 0, 0}, silu = {WNNRT_SILU, 0, 0};
  unsigned seed = 0;
  for (auto [ci, co, hw] : {std::tuple(96, 56, 784),
                            {672, 112, 196},
                            {50, 49, 400},
                            {700, 192, 49},
                            {1500, 72, 190},
                            {144, 24, 1000},
                            {240, 40, 784},
                            {32, 32, 3136},
                            {129, 130, 17}}) {
    wnnrt_scaled_conv_params p = {2, ci, co, hw, ++seed % 2 ? relu : silu, {}, int(seed % 3 == 0),
                                  0};
    wnnrt_conv2d_params q = {};
    q.n = 2, q.ci = ci, q.co = co, q.ih = q.oh = 1, q.iw = q.ow = hw;
    q.kh = q.kw = q.stride_h = q.stride_w = q.dilation_h = q.dilation_w = q.groups = 1;
    Random random(seed);
    auto w = random.reals(size_t(co) * ci), scale = random.reals(ci), bias = random.reals(co);
    auto x = toC16(random.reals(size_t(2) * ci * hw), 2, ci, hw);
    auto residual = toC16(random.reals(size_t(2) * co * hw), 2, co, hw);
    std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&q)), b = packBias(bias);
    wnnrt_pack_conv2d_c16(&q, w.data(), packed.data());
    compareWithVectors(ctx, 2, co, hw, [&](const wnnrt_context &own, float *y) {
      Guarded<char> room(wnnrt_conv2d_scaled_c16_scratch_bytes(&p));
      ASSERT_EQ(own.kernels->conv2d_scaled_c16(
                    &own, &p, x.data(), scale.data(), nullptr, packed.data(), b.data(),
                    seed % 2 ? residual.data() : nullptr, y, room.data()),
                WNNRT_OK);
      EXPECT_TRUE(room.intact());
    });
  }
}

TEST_F(MatrixUnitTest, MobileBlocks) {
  struct Block {
    int ci, ce, co, size, k, stride;
    bool expand, project;
  };
  unsigned seed = 0;
  for (auto [ci, ce, co, size, k, stride, expand, project] :
       {Block{32, 192, 32, 28, 3, 1, true, true}, Block{40, 120, 50, 29, 5, 2, true, true},
        Block{64, 64, 128, 31, 3, 1, false, true}, Block{33, 100, 100, 17, 3, 2, true, false},
        Block{24, 144, 49, 56, 3, 2, true, true}, Block{24, 144, 24, 57, 3, 1, true, true},
        Block{32, 96, 30, 61, 5, 1, true, true}, Block{26, 90, 90, 40, 3, 2, true, false}}) {
    wnnrt_mbconv_params p = {};
    p.n = 1, p.ci = ci, p.ih = size, p.iw = size + 1, p.ce = ce, p.co = co, p.kh = p.kw = k;
    p.stride_h = p.stride_w = stride, p.pad_top = p.pad_left = k / 2;
    p.oh = (p.ih - 1) / stride + 1, p.ow = (p.iw - 1) / stride + 1;
    p.act_expand = p.act_depthwise = {WNNRT_CLAMP, 0, 6};
    Random random(++seed);
    auto pack = [&](int from, int to) {
      wnnrt_conv2d_params q = {};
      q.n = 1, q.ci = from, q.co = to, q.ih = q.oh = q.iw = q.ow = 1;
      q.kh = q.kw = q.stride_h = q.stride_w = q.dilation_h = q.dilation_w = q.groups = 1;
      std::vector<float> packed(wnnrt_pack_conv2d_c16_floats(&q));
      auto w = random.reals(size_t(from) * to, -0.5f, 0.5f);
      wnnrt_pack_conv2d_c16(&q, w.data(), packed.data());
      return packed;
    };
    auto we = pack(ci, ce), wp = pack(ce, co);
    auto be = packBias(random.reals(ce)), bp = packBias(random.reals(co));
    wnnrt_conv2d_params d = {};
    d.ci = d.co = d.groups = ce, d.kh = d.kw = k;
    std::vector<float> wd(wnnrt_pack_depthwise_c16_floats(&d));
    wnnrt_pack_depthwise_c16(&d, random.reals(size_t(ce) * k * k).data(), wd.data());
    auto x = toC16(random.reals(size_t(ci) * p.ih * p.iw), 1, ci, p.ih * p.iw);
    auto residual = toC16(random.reals(size_t(co) * p.oh * p.ow), 1, co, p.oh * p.ow);
    bool hasExpand = expand, hasProject = project;
    compareWithVectors(ctx, 1, co, p.oh * p.ow, [&](const wnnrt_context &own, float *y) {
      Guarded<float> scratch(wnnrt_mbconv_c16_scratch_bytes(&p) / 4);
      ASSERT_EQ(own.kernels->mbconv_c16(
                    &own, &p, x.data(), hasExpand ? we.data() : nullptr,
                    hasExpand ? be.data() : nullptr, wd.data(), be.data(),
                    hasProject ? wp.data() : nullptr, hasProject ? bp.data() : nullptr,
                    hasProject && seed % 2 ? residual.data() : nullptr, y, scratch.data()),
                WNNRT_OK);
      EXPECT_TRUE(scratch.intact());
    });
  }
}

TEST_F(MatrixUnitTest, TransposedConvolutions) {
  const wnnrt_act relu = {WNNRT_RELU, 0, 0}, silu = {WNNRT_SILU, 0, 0};
  unsigned seed = 0;
  struct Size {
    int ci, co, ih, iw, kh, kw;
  };
  for (auto [ci, co, ih, iw, kh, kw] :
       {Size{32, 16, 19, 40, 2, 2}, Size{64, 40, 20, 21, 2, 2}, Size{256, 70, 9, 16, 2, 2},
        Size{24, 24, 17, 65, 3, 2}, Size{50, 33, 16, 31, 1, 4}, Size{60, 17, 12, 17, 4, 4},
        Size{41, 100, 15, 50, 2, 1}}) {
    wnnrt_conv2d_params p = {};
    p.n = 2, p.ci = ci, p.co = co, p.ih = ih, p.iw = iw, p.oh = ih * kh, p.ow = iw * kw;
    p.kh = p.stride_h = kh, p.kw = p.stride_w = kw, p.groups = p.dilation_h = p.dilation_w = 1;
    p.act = ++seed % 2 ? relu : silu, p.residual_after_act = seed % 3 == 0;
    Random random(seed);
    auto w = random.reals(size_t(ci) * co * kh * kw), bias = packBias(random.reals(co));
    auto x = random.reals(size_t(2) * ci * ih * iw);
    auto residual = toC16(random.reals(size_t(2) * co * p.oh * p.ow), 2, co, p.oh * p.ow);
    std::vector<float> packed(wnnrt_pack_conv_transpose2d_c16_floats(&p));
    wnnrt_pack_conv_transpose2d_c16(&p, w.data(), packed.data());
    auto run = [&, kept = seed % 4](const wnnrt_context &own, const std::vector<float> &from,
                                    float *y) {
      Guarded<float> in(toC16(from, 2, p.ci, p.ih * p.iw), kept);
      Guarded<float> out(wnnrt_c16_bytes(2, p.co, p.oh, p.ow) / 4, kept);
      ASSERT_EQ(own.kernels->conv_transpose2d_c16(&own, &p, in.data(), packed.data(), bias.data(),
                                                  kept ? residual.data() : nullptr, out.data()),
                WNNRT_OK);
      EXPECT_TRUE(out.intact());
      std::copy(out.data(), out.data() + out.size(), y);
    };
    compareWithVectors(ctx, 2, co, p.oh * p.ow,
                       [&](const wnnrt_context &own, float *y) { run(own, x, y); });
    // A pixel that is not for the unit has the outputs that the vectors give it.
    x[size_t(ih) * iw / 2] = inf();
    std::vector<float> on(wnnrt_c16_bytes(2, co, p.oh, p.ow) / 4), off(on);
    wnnrt_context without = ctx;
    without.features = 0;
    run(ctx, x, on.data());
    run(without, x, off.data());
    auto a = fromC16(on.data(), 2, co, p.oh * p.ow), b = fromC16(off.data(), 2, co, p.oh * p.ow);
    int special = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(std::isnan(a[i]), std::isnan(b[i])) << i;
      EXPECT_EQ(std::isinf(a[i]), std::isinf(b[i])) << i;
      special += !std::isfinite(a[i]);
    }
    EXPECT_GT(special, 0);
  }
}

} // namespace
