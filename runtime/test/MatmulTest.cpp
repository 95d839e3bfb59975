// SPDX-License-Identifier: Apache-2.0
// linear and matmul against double-precision dot products.
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class MatmulTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(MatmulTest);

void checkLinear(const wnnrt_context &ctx, int m, int n, int k, wnnrt_act act, int residualMode,
                 int extraStride, unsigned seed) {
  Random random(seed);
  wnnrt_linear_params p = {};
  p.m = m, p.n = n, p.k = k, p.act = act, p.residual_after_act = residualMode == 2;
  int xs = k + extraStride, ys = n + extraStride, rs = n + 2 * extraStride;
  if (extraStride)
    p.x_row_stride = xs, p.y_row_stride = ys, p.residual_row_stride = rs;
  auto x = random.reals(size_t(m) * xs), w = random.reals(size_t(n) * k), bias = random.reals(n);
  auto residual = random.reals(size_t(m) * rs);
  std::vector<float> packed(wnnrt_pack_linear_floats(n, k));
  wnnrt_pack_linear(n, k, w.data(), packed.data());
  Guarded<float> gx(x), gw(packed), gb(packBias(bias)), gr(residual), gy(size_t(m) * ys);
  std::fill(gy.data(), gy.data() + gy.size(), 123.0f);
  ASSERT_EQ(ctx.kernels->linear(&ctx, &p, gx.data(), gw.data(), gb.data(),
                                residualMode ? gr.data() : nullptr, gy.data()),
            WNNRT_OK);
  EXPECT_TRUE(gy.intact());
  Comparison c;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum = double(bias[j]), magnitude = 1;
      for (int d = 0; d < k; ++d) {
        double product = double(x[size_t(i) * xs + d]) * double(w[size_t(j) * k + d]);
        sum += product;
        magnitude += std::fabs(product);
      }
      double r = residualMode ? double(residual[size_t(i) * rs + j]) : 0;
      double expected = residualMode == 2 ? exactAct(act, sum) + r : exactAct(act, sum + r);
      c.add(size_t(i) * ys + j, double(gy[size_t(i) * ys + j]), expected,
            1.2e-7 * (6 + std::sqrt(double(k))) * magnitude);
    }
    for (int j = n; j < ys; ++j)
      EXPECT_EQ(gy[size_t(i) * ys + j], 123.0f) << "wrote between rows";
  }
  EXPECT_TRUE(c.result()) << m << "x" << n << "x" << k << " act " << act.op << " residual "
                          << residualMode;
}

TEST_P(MatmulTest, LinearEverySize) {
  unsigned seed = 0;
  for (int i = 1; i <= 33; ++i) {
    checkLinear(ctx, i, 40, 17, {WNNRT_IDENTITY, 0, 0}, 0, 0, ++seed);
    checkLinear(ctx, 5, i, 30, {WNNRT_RELU, 0, 0}, 1, 3, ++seed);
    checkLinear(ctx, 3, 35, i, {WNNRT_GELU, 0, 0}, 2, i % 2, ++seed);
    checkLinear(ctx, 1, i, i, {WNNRT_SILU, 0, 0}, 0, 0, ++seed);
    // A row alone: every number of terms beyond a multiple of four, and of panels.
    checkLinear(ctx, 1, 4 * i + i % 16, i, {WNNRT_IDENTITY, 0, 0}, 1, i % 3, ++seed);
    checkLinear(ctx, 1, 5 * i, 34 - i, {WNNRT_GELU, 0, 0}, 2, i % 2, ++seed);
    checkLinear(ctx, 1, 3 * i, i, {WNNRT_CLAMP, -0.5f, 0.75f}, 2, 1, ++seed);
  }
  checkLinear(ctx, 1, 1000, 513, {WNNRT_IDENTITY, 0, 0}, 0, 0, ++seed);
  checkLinear(ctx, 200, 50, 2100, {WNNRT_ELU, 1, 0}, 2, 5, ++seed);
}

TEST_P(MatmulTest, LinearSplitOverThreads) {
  ctx.parallel_for = [](void *, int32_t count, wnnrt_task body, void *arg) {
    for (int32_t i = count; i-- > 0;)
      body(arg, i);
  };
  for (int threads : {2, 5}) {
    ctx.num_threads = threads;
    checkLinear(ctx, 1, 200, 50, {WNNRT_RELU, 0, 0}, 0, 0, 1);
    checkLinear(ctx, 30, 77, 50, {WNNRT_GELU, 0, 0}, 2, 1, 2);
  }
}

TEST_P(MatmulTest, LinearWithoutTerms) {
  wnnrt_linear_params p = {};
  p.m = 2, p.n = 3, p.k = 0;
  std::vector<float> bias = packBias({1, 2, 3});
  Guarded<float> y(6);
  float none = 0;
  ASSERT_EQ(ctx.kernels->linear(&ctx, &p, &none, &none, bias.data(), nullptr, y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{1, 2, 3, 1, 2, 3}));
  p.m = 0;
  EXPECT_EQ(ctx.kernels->linear(&ctx, &p, &none, &none, bias.data(), nullptr, y.data()), WNNRT_OK);
}

/// One of the four ways to lay out a matrix: by rows, by columns, and both with gaps.
void matrixStrides(int form, int64_t rows, int64_t cols, int64_t &rs, int64_t &cs) {
  rs = form == 0 ? cols : form == 1 ? 1 : form == 2 ? cols + 3 : 2 * cols + 1;
  cs = form == 0 ? 1 : form == 1 ? rows : form == 2 ? 1 : 2;
}

void checkMatmul(const wnnrt_context &ctx, int m, int n, int k, int formA, int formB, int formY,
                 bool broadcastB, unsigned seed) {
  Random random(seed);
  wnnrt_matmul_params p = {};
  p.m = m, p.n = n, p.k = k, p.alpha = seed % 2 ? 1.0f : 0.75f;
  matrixStrides(formA, m, k, p.a_row_stride, p.a_col_stride);
  matrixStrides(formB, k, n, p.b_row_stride, p.b_col_stride);
  matrixStrides(formY, m, n, p.y_row_stride, p.y_col_stride);
  int64_t sizeA = m * (2 * k + 4), sizeB = k * (2 * n + 4), sizeY = m * (2 * n + 4);
  p.batch_rank = 2;
  p.batch_dims[0] = 2, p.batch_dims[1] = 3;
  p.a_batch_strides[0] = 3 * sizeA, p.a_batch_strides[1] = sizeA;
  p.b_batch_strides[0] = broadcastB ? 0 : sizeB, p.b_batch_strides[1] = 0;
  p.y_batch_strides[0] = 3 * sizeY, p.y_batch_strides[1] = sizeY;
  auto a = random.reals(size_t(6 * sizeA)), b = random.reals(size_t(2 * sizeB));
  Guarded<float> ga(a), gb(b), gy(size_t(6 * sizeY));
  Guarded<char> scratch(wnnrt_matmul_scratch_bytes(&p));
  ASSERT_EQ(ctx.kernels->matmul(&ctx, &p, ga.data(), gb.data(), gy.data(), scratch.data()),
            WNNRT_OK);
  EXPECT_TRUE(gy.intact());
  EXPECT_TRUE(scratch.intact());
  Comparison c;
  for (int i0 = 0; i0 < 2; ++i0)
    for (int i1 = 0; i1 < 3; ++i1)
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) {
          double sum = 0, magnitude = 0.1;
          for (int d = 0; d < k; ++d) {
            double product =
                double(a[size_t((i0 * 3 + i1) * sizeA + i * p.a_row_stride + d * p.a_col_stride)]) *
                double(
                    b[size_t(i0 * p.b_batch_strides[0] + d * p.b_row_stride + j * p.b_col_stride)]);
            sum += product;
            magnitude += std::fabs(product);
          }
          size_t at = size_t((i0 * 3 + i1) * sizeY + i * p.y_row_stride + j * p.y_col_stride);
          c.add(at, double(gy[at]), double(p.alpha) * sum,
                1.2e-7 * (6 + std::sqrt(double(k))) * magnitude);
        }
  EXPECT_TRUE(c.result()) << m << "x" << n << "x" << k << " forms " << formA << formB << formY;
}

TEST_P(MatmulTest, MatmulStridesAndBatches) {
  unsigned seed = 0;
  for (int formA = 0; formA < 4; ++formA)
    for (int formB = 0; formB < 4; ++formB)
      for (int formY = 0; formY < 4; ++formY)
        for (int m : {1, 3, 16})
          checkMatmul(ctx, m, 21, 19, formA, formB, formY, formY == 3 - formA, ++seed);
}

TEST_P(MatmulTest, MatmulEverySize) {
  unsigned seed = 100;
  for (int i = 1; i <= 33; ++i) {
    checkMatmul(ctx, i, 18, 7, 0, 0, 0, true, ++seed);
    checkMatmul(ctx, 6, i, 9, 0, 1, 0, false, ++seed);
    checkMatmul(ctx, 2, 70 - i, i, 0, i % 2, 0, false, ++seed);
    checkMatmul(ctx, 15, 33, i, i % 2, 0, 0, false, ++seed);
  }
}

TEST_P(MatmulTest, MatmulWithoutBatchOrTerms) {
  wnnrt_matmul_params p = {};
  p.m = 2, p.n = 2, p.k = 2, p.alpha = 1;
  p.a_row_stride = p.b_row_stride = p.y_row_stride = 2;
  p.a_col_stride = p.b_col_stride = p.y_col_stride = 1;
  float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
  Guarded<float> y(4);
  Guarded<char> scratch(wnnrt_matmul_scratch_bytes(&p));
  ASSERT_EQ(ctx.kernels->matmul(&ctx, &p, a, b, y.data(), scratch.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{19, 22, 43, 50}));
  p.k = 0;
  ASSERT_EQ(ctx.kernels->matmul(&ctx, &p, a, b, y.data(), scratch.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{0, 0, 0, 0}));
}

} // namespace
