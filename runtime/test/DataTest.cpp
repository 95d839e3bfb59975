// SPDX-License-Identifier: Apache-2.0
// Copies, padding, triangles and the kernels driven by index tensors.
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class DataTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(DataTest);

template <class T> std::vector<T> iota(size_t n) {
  std::vector<T> v(n);
  for (size_t i = 0; i < n; ++i)
    v[i] = static_cast<T>(i + 1);
  return v;
}

template <class T> void checkPermute(const wnnrt_context &ctx) {
  const int64_t dims[4] = {2, 3, 4, 5};
  const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 3, 1}, {0, 3, 1, 2}, {1, 0, 3, 2}};
  auto x = iota<T>(120);
  const int64_t strides[4] = {60, 20, 5, 1};
  for (auto &order : orders) {
    wnnrt_copy_params p = {};
    p.element_bytes = sizeof(T), p.rank = 4;
    int64_t s = 1;
    for (int d = 3; d >= 0; --d) {
      p.dims[d] = dims[order[d]];
      p.src_strides[d] = strides[order[d]];
      p.dst_strides[d] = s;
      s *= p.dims[d];
    }
    Guarded<T> y(120);
    ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data(), y.data()), WNNRT_OK);
    size_t i = 0;
    int64_t at[4];
    for (at[order[0]] = 0; at[order[0]] < dims[order[0]]; ++at[order[0]])
      for (at[order[1]] = 0; at[order[1]] < dims[order[1]]; ++at[order[1]])
        for (at[order[2]] = 0; at[order[2]] < dims[order[2]]; ++at[order[2]])
          for (at[order[3]] = 0; at[order[3]] < dims[order[3]]; ++at[order[3]])
            ASSERT_EQ(y[i++], x[size_t(at[0] * 60 + at[1] * 20 + at[2] * 5 + at[3])]);
    EXPECT_TRUE(y.intact());
  }
}

TEST_P(DataTest, CopyStridedPermutes) {
  checkPermute<uint8_t>(ctx);
  checkPermute<int16_t>(ctx);
  checkPermute<float>(ctx);
  checkPermute<int64_t>(ctx);
}

TEST_P(DataTest, CopyStridedLargeTransposes) {
  for (auto [rows, cols] : {std::pair<int, int>{33, 70}, {128, 17}, {1, 9}, {65, 64}}) {
    auto x = iota<float>(size_t(rows) * cols);
    wnnrt_copy_params p = {};
    p.element_bytes = 4, p.rank = 2, p.dims[0] = cols, p.dims[1] = rows;
    p.src_strides[0] = 1, p.src_strides[1] = cols;
    p.dst_strides[0] = rows, p.dst_strides[1] = 1;
    Guarded<float> y(x.size());
    ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data(), y.data()), WNNRT_OK);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < cols; ++c)
        ASSERT_EQ(y[size_t(c) * rows + r], x[size_t(r) * cols + c]);
    EXPECT_TRUE(y.intact());
  }
}

TEST_P(DataTest, CopyStridedShortRows) {
  for (int n = 1; n <= 150; n += n < 70 ? 1 : 7)
    for (int gap : {0, 3}) {
      // Of a batch of columns of rows, with something between them on one side or the other.
      const int batch = 2, rows = 40, from = n + gap, to = n + 5 - gap;
      wnnrt_copy_params p = {};
      p.element_bytes = 4, p.rank = 3, p.dims[0] = batch, p.dims[1] = rows, p.dims[2] = n;
      p.src_strides[0] = rows * from + 1, p.src_strides[1] = from, p.src_strides[2] = 1;
      p.dst_strides[0] = rows * to + 2, p.dst_strides[1] = to, p.dst_strides[2] = 1;
      auto source = iota<float>(size_t(batch * (rows * from + 1) - gap - 1));
      auto want = std::vector<float>(size_t(batch * (rows * to + 2) - 7 + gap));
      Guarded<float> x(source, size_t(n % 2)), y(want, size_t(n % 2));
      for (int b = 0; b < batch; ++b)
        for (int r = 0; r < rows; ++r)
          for (int i = 0; i < n; ++i)
            want[size_t(b * (rows * to + 2) + r * to + i)] =
                source[size_t(b * (rows * from + 1) + r * from + i)];
      ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data(), y.data()), WNNRT_OK);
      ASSERT_EQ(y.values(), want) << n << " elements";
      ASSERT_TRUE(y.intact());
    }
}

TEST_P(DataTest, CopyStridedFlipsExpandsAndCopiesNothing) {
  auto x = iota<float>(6);
  wnnrt_copy_params p = {};
  p.element_bytes = 4, p.rank = 2, p.dims[0] = 2, p.dims[1] = 3;
  p.src_strides[0] = -3, p.src_strides[1] = -1;
  p.dst_strides[0] = 3, p.dst_strides[1] = 1;
  Guarded<float> y(6);
  ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data() + 5, y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{6, 5, 4, 3, 2, 1}));
  p.src_strides[0] = 0, p.src_strides[1] = 1;
  ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{1, 2, 3, 1, 2, 3}));
  p.dims[0] = 0;
  ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, nullptr, y.data()), WNNRT_OK);
  p.rank = 0;
  ASSERT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data() + 4, y.data()), WNNRT_OK);
  EXPECT_EQ(y[0], 5);
  p.element_bytes = 5;
  EXPECT_EQ(ctx.kernels->copy_strided(&ctx, &p, x.data(), y.data()), WNNRT_INVALID_ARGUMENT);
  EXPECT_TRUE(y.intact());
}

TEST_P(DataTest, Fill) {
  for (int64_t n = 0; n < 20; ++n) {
    Guarded<float> y(static_cast<size_t>(n));
    wnnrt_fill_params p = {4, n, 0x40490fdb};
    ASSERT_EQ(ctx.kernels->fill(&ctx, &p, y.data()), WNNRT_OK);
    for (size_t i = 0; i < y.size(); ++i)
      EXPECT_EQ(y[i], 3.14159274f);
    EXPECT_TRUE(y.intact());
    Guarded<uint8_t> b(static_cast<size_t>(n));
    p = {1, n, 7};
    ASSERT_EQ(ctx.kernels->fill(&ctx, &p, b.data()), WNNRT_OK);
    EXPECT_EQ(b.values(), std::vector<uint8_t>(size_t(n), 7));
    EXPECT_TRUE(b.intact());
  }
}

TEST_P(DataTest, PadModes) {
  wnnrt_pad_params p = {};
  p.element_bytes = 4, p.rank = 1, p.in_dims[0] = 4, p.out_dims[0] = 9, p.before[0] = 2;
  p.bits = 0x41100000; // 9
  const float x[] = {1, 2, 3, 4};
  auto run = [&](int mode) {
    p.mode = mode;
    Guarded<float> y(size_t(p.out_dims[0]));
    EXPECT_EQ(ctx.kernels->pad(&ctx, &p, x, y.data()), WNNRT_OK);
    EXPECT_TRUE(y.intact());
    return y.values();
  };
  EXPECT_EQ(run(WNNRT_PAD_CONSTANT), (std::vector<float>{9, 9, 1, 2, 3, 4, 9, 9, 9}));
  EXPECT_EQ(run(WNNRT_PAD_REFLECT), (std::vector<float>{3, 2, 1, 2, 3, 4, 3, 2, 1}));
  EXPECT_EQ(run(WNNRT_PAD_REPLICATE), (std::vector<float>{1, 1, 1, 2, 3, 4, 4, 4, 4}));
  EXPECT_EQ(run(WNNRT_PAD_CIRCULAR), (std::vector<float>{3, 4, 1, 2, 3, 4, 1, 2, 3}));
  p.before[0] = -1, p.out_dims[0] = 2;
  EXPECT_EQ(run(WNNRT_PAD_CONSTANT), (std::vector<float>{2, 3}));
  p.before[0] = 4, p.out_dims[0] = 9;
  float y[9];
  p.mode = WNNRT_PAD_REFLECT;
  EXPECT_EQ(ctx.kernels->pad(&ctx, &p, x, y), WNNRT_INVALID_ARGUMENT);
}

TEST_P(DataTest, PadTwoDims) {
  wnnrt_pad_params p = {};
  p.mode = WNNRT_PAD_REFLECT, p.element_bytes = 2, p.rank = 3;
  p.in_dims[0] = p.out_dims[0] = 2, p.in_dims[1] = 2, p.out_dims[1] = 4, p.before[1] = 1;
  p.in_dims[2] = 3, p.out_dims[2] = 5, p.before[2] = 2;
  auto x = iota<int16_t>(12);
  Guarded<int16_t> y(40);
  ASSERT_EQ(ctx.kernels->pad(&ctx, &p, x.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<int16_t>{6, 5, 4,  5,  6,  3,  2,  1,  2,  3,  6,  5, 4, 5,
                                              6, 3, 2,  1,  2,  3,  12, 11, 10, 11, 12, 9, 8, 7,
                                              8, 9, 12, 11, 10, 11, 12, 9,  8,  7,  8,  9}));
  EXPECT_TRUE(y.intact());
}

TEST_P(DataTest, Tri) {
  auto x = iota<float>(12);
  auto run = [&](int upper, int64_t diagonal) {
    wnnrt_tri_params p = {4, upper, 2, 2, 3, diagonal};
    Guarded<float> y(12);
    EXPECT_EQ(ctx.kernels->tri(&ctx, &p, x.data(), y.data()), WNNRT_OK);
    EXPECT_TRUE(y.intact());
    return y.values();
  };
  EXPECT_EQ(run(0, 0), (std::vector<float>{1, 0, 0, 4, 5, 0, 7, 0, 0, 10, 11, 0}));
  EXPECT_EQ(run(1, 1), (std::vector<float>{0, 2, 3, 0, 0, 6, 0, 8, 9, 0, 0, 12}));
  EXPECT_EQ(run(0, -1), (std::vector<float>{0, 0, 0, 4, 0, 0, 0, 0, 0, 10, 0, 0}));
}

TEST_P(DataTest, EmbeddingAndIndexSelect) {
  auto table = iota<float>(12); // [4][3]
  std::vector<int64_t> wide = {3, 0, 3};
  std::vector<int32_t> narrow = {3, 0, 3};
  for (int dtype : {WNNRT_I64, WNNRT_I32}) {
    const void *index = dtype == WNNRT_I64 ? static_cast<void *>(wide.data()) : narrow.data();
    wnnrt_embedding_params p = {dtype, 4, 12, 3};
    Guarded<float> y(9);
    ASSERT_EQ(ctx.kernels->embedding(&ctx, &p, table.data(), index, y.data()), WNNRT_OK);
    EXPECT_EQ(y.values(), (std::vector<float>{10, 11, 12, 1, 2, 3, 10, 11, 12}));
    p.vocabulary = 3;
    EXPECT_EQ(ctx.kernels->embedding(&ctx, &p, table.data(), index, y.data()), WNNRT_OUT_OF_RANGE);
    // x [2][3][2], index along the middle: -1 is the last.
    std::vector<int64_t> w = {-1, 0};
    std::vector<int32_t> n = {-1, 0};
    const void *select = dtype == WNNRT_I64 ? static_cast<void *>(w.data()) : n.data();
    wnnrt_index_select_params s = {dtype, 4, 2, 3, 2, 2};
    Guarded<float> z(8);
    ASSERT_EQ(ctx.kernels->index_select(&ctx, &s, table.data(), select, z.data()), WNNRT_OK);
    EXPECT_EQ(z.values(), (std::vector<float>{5, 6, 1, 2, 11, 12, 7, 8}));
    w[0] = n[0] = -4;
    EXPECT_EQ(ctx.kernels->index_select(&ctx, &s, table.data(), select, z.data()),
              WNNRT_OUT_OF_RANGE);
    EXPECT_TRUE(y.intact() && z.intact());
  }
  wnnrt_embedding_params bad = {WNNRT_F32, 4, 12, 3};
  EXPECT_EQ(ctx.kernels->embedding(&ctx, &bad, table.data(), wide.data(), table.data()),
            WNNRT_INVALID_ARGUMENT);
}

TEST_P(DataTest, GatherAndScatter) {
  auto x = iota<float>(12);                         // [3][4]
  std::vector<int64_t> index = {0, 3, -1, 2, 1, 0}; // [3][2]
  wnnrt_gather_params p = {};
  p.index_dtype = WNNRT_I64, p.dtype = WNNRT_F32, p.rank = 2, p.axis = 1;
  p.dims[0] = 3, p.dims[1] = 4, p.index_dims[0] = 3, p.index_dims[1] = 2;
  p.index_strides[0] = 2, p.index_strides[1] = 1;
  Guarded<float> y(6);
  ASSERT_EQ(ctx.kernels->gather(&ctx, &p, x.data(), index.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{1, 4, 8, 7, 10, 9}));
  EXPECT_TRUE(y.intact());
  p.axis = 0; // along rows: index values within [-3, 3)
  std::vector<int64_t> rows = {2, 0, 1, 1, -1, 2};
  ASSERT_EQ(ctx.kernels->gather(&ctx, &p, x.data(), rows.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<float>{9, 2, 5, 6, 9, 10}));
  index[1] = 3;
  EXPECT_EQ(ctx.kernels->gather(&ctx, &p, x.data(), index.data(), y.data()), WNNRT_OUT_OF_RANGE);

  p.axis = 1, p.src_strides[0] = 2, p.src_strides[1] = 1;
  std::vector<float> src = {100, 200, 300, 400, 500, 600};
  std::vector<int64_t> to = {0, 0, -1, 2, 1, 0};
  Guarded<float> z(12);
  ASSERT_EQ(ctx.kernels->scatter(&ctx, &p, x.data(), to.data(), src.data(), z.data()), WNNRT_OK);
  EXPECT_EQ(z.values(), (std::vector<float>{200, 2, 3, 4, 5, 6, 400, 300, 600, 500, 11, 12}));
  p.accumulate = 1;
  ASSERT_EQ(ctx.kernels->scatter(&ctx, &p, x.data(), to.data(), src.data(), z.data()), WNNRT_OK);
  EXPECT_EQ(z.values(), (std::vector<float>{301, 2, 3, 4, 5, 6, 407, 308, 609, 510, 11, 12}));
  Guarded<float> inPlace(x);
  ASSERT_EQ(ctx.kernels->scatter(&ctx, &p, inPlace.data(), to.data(), src.data(), inPlace.data()),
            WNNRT_OK);
  EXPECT_EQ(inPlace.values(), z.values());
  EXPECT_TRUE(z.intact());
}

TEST_P(DataTest, IndexWithBroadcastTensors) {
  // x [3][4][5]; x[i, :, j] with i [2][1], j [3] gives [2][3][4]: not adjacent, index dims first.
  auto x = iota<float>(60);
  std::vector<int64_t> i = {2, -3}, j = {0, 4, 1};
  wnnrt_index_params p = {};
  p.dtype = WNNRT_F32, p.index_dtype = WNNRT_I64, p.rank = 3, p.index_count = 2, p.index_rank = 2;
  p.index_position = 0, p.index_axes[0] = 0, p.index_axes[1] = 2;
  const int64_t dims[] = {3, 4, 5}, strides[] = {20, 5, 1};
  for (int d = 0; d < 3; ++d)
    p.dims[d] = dims[d], p.strides[d] = strides[d];
  p.index_dims[0] = 2, p.index_dims[1] = 3;
  p.index_strides[0][0] = 1, p.index_strides[1][1] = 1;
  const void *indices[] = {i.data(), j.data()};
  Guarded<float> y(24);
  ASSERT_EQ(ctx.kernels->index(&ctx, &p, x.data(), indices, y.data()), WNNRT_OK);
  const int64_t is[] = {2, 0};
  for (int a = 0; a < 2; ++a)
    for (int b = 0; b < 3; ++b)
      for (int c = 0; c < 4; ++c)
        EXPECT_EQ(y[size_t((a * 3 + b) * 4 + c)], x[size_t(is[a] * 20 + c * 5 + j[size_t(b)])]);
  EXPECT_TRUE(y.intact());
  // x[:, i, j]: adjacent, after one slice dim: [3][2][3].
  p.index_position = 1, p.index_axes[0] = 1;
  Guarded<float> z(18);
  ASSERT_EQ(ctx.kernels->index(&ctx, &p, x.data(), indices, z.data()), WNNRT_OK);
  const int64_t rows[] = {2, 1};
  for (int c = 0; c < 3; ++c)
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 3; ++b)
        EXPECT_EQ(z[size_t((c * 2 + a) * 3 + b)], x[size_t(c * 20 + rows[a] * 5 + j[size_t(b)])]);
  j[1] = 5;
  EXPECT_EQ(ctx.kernels->index(&ctx, &p, x.data(), indices, z.data()), WNNRT_OUT_OF_RANGE);
  p.index_axes[0] = 3;
  EXPECT_EQ(ctx.kernels->index(&ctx, &p, x.data(), indices, z.data()), WNNRT_INVALID_ARGUMENT);
  EXPECT_TRUE(z.intact());
}

TEST_P(DataTest, IndexPutSetsAndAdds) {
  auto x = iota<int32_t>(12); // [3][4]; x[i] (=|+=) values [2][4]
  std::vector<int64_t> i = {1, 1};
  std::vector<int32_t> values = {10, 20, 30, 40, 50, 60, 70, 80};
  wnnrt_index_params p = {};
  p.dtype = WNNRT_I32, p.index_dtype = WNNRT_I64, p.rank = 2, p.index_count = 1, p.index_rank = 1;
  p.index_axes[0] = 0, p.dims[0] = 3, p.dims[1] = 4, p.index_dims[0] = 2, p.index_strides[0][0] = 1;
  p.value_strides[0] = 4, p.value_strides[1] = 1;
  const void *indices[] = {i.data()};
  Guarded<int32_t> y(12);
  ASSERT_EQ(ctx.kernels->index_put(&ctx, &p, x.data(), indices, values.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<int32_t>{1, 2, 3, 4, 50, 60, 70, 80, 9, 10, 11, 12}));
  p.accumulate = 1;
  ASSERT_EQ(ctx.kernels->index_put(&ctx, &p, x.data(), indices, values.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y.values(), (std::vector<int32_t>{1, 2, 3, 4, 65, 86, 107, 128, 9, 10, 11, 12}));
  EXPECT_TRUE(y.intact());
}

} // namespace
