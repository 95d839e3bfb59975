// SPDX-License-Identifier: Apache-2.0
// Reductions over every set of dims, cumulative sums, topk and sort.
#include "KernelTest.h"

#include <algorithm>

using namespace wnnrt_test;

namespace {

class ReduceTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(ReduceTest);

double fold(int op, const std::vector<double> &v, double correction) {
  double n = double(v.size()), sum = 0, product = 1, mean = 0, squares = 0, l1 = 0, l2 = 0, lse = 0;
  size_t most = 0, least = 0;
  bool any = false, all = true;
  for (size_t i = 0; i < v.size(); ++i) {
    sum += v[i];
    product *= v[i];
    l1 += std::fabs(v[i]);
    l2 += v[i] * v[i];
    lse += std::exp(v[i]);
    any |= v[i] != 0;
    all &= v[i] != 0;
    if (v[i] > v[most])
      most = i;
    if (v[i] < v[least])
      least = i;
  }
  mean = sum / n;
  for (double x : v)
    squares += (x - mean) * (x - mean);
  switch (op) {
  case WNNRT_REDUCE_SUM:
    return sum;
  case WNNRT_REDUCE_MEAN:
    return mean;
  case WNNRT_REDUCE_PROD:
    return product;
  case WNNRT_REDUCE_MAX:
    return v[most];
  case WNNRT_REDUCE_MIN:
    return v[least];
  case WNNRT_REDUCE_ARGMAX:
    return double(most);
  case WNNRT_REDUCE_ARGMIN:
    return double(least);
  case WNNRT_REDUCE_ANY:
    return any;
  case WNNRT_REDUCE_ALL:
    return all;
  case WNNRT_REDUCE_VAR:
    return squares / (n - correction);
  case WNNRT_REDUCE_STD:
    return std::sqrt(squares / (n - correction));
  case WNNRT_REDUCE_L1:
    return l1;
  case WNNRT_REDUCE_L2:
    return std::sqrt(l2);
  default:
    return std::log(lse);
  }
}

bool resultIsIndex(int op) {
  return op == WNNRT_REDUCE_ARGMAX || op == WNNRT_REDUCE_ARGMIN;
}
bool resultIsFlag(int op) {
  return op == WNNRT_REDUCE_ANY || op == WNNRT_REDUCE_ALL;
}

TEST_P(ReduceTest, EveryOpOverEverySetOfDims) {
  const int64_t dims[4] = {3, 4, 2, 5};
  // Dense, and with dims 1 and 3 exchanged in memory.
  const int64_t layouts[2][4] = {{40, 10, 5, 1}, {40, 1, 4, 8}};
  Random random(5);
  auto x = random.reals(120);
  for (float &v : x)
    v = random.whole(0, 3) ? v : 0.0f;
  for (auto &strides : layouts)
    for (int op = 0; op < WNNRT_REDUCE_OP_COUNT; ++op)
      for (uint32_t mask = 0; mask < 16; ++mask) {
        wnnrt_reduce_params p = {};
        p.op = op, p.rank = 4, p.reduce_mask = mask, p.correction = mask % 2;
        size_t kept = 1, reduced = 1;
        for (int d = 0; d < 4; ++d) {
          p.dims[d] = dims[d], p.strides[d] = strides[d];
          (mask >> d & 1 ? reduced : kept) *= size_t(dims[d]);
        }
        if (reduced == 1 && (op == WNNRT_REDUCE_VAR || op == WNNRT_REDUCE_STD))
          continue;
        std::vector<std::vector<double>> groups;
        // Row-major over kept dims, then over reduced dims.
        for (size_t k = 0; k < kept; ++k) {
          std::vector<double> group;
          for (size_t r = 0; r < reduced; ++r) {
            size_t restK = k, restR = r;
            int64_t at = 0;
            for (int d = 3; d >= 0; --d) {
              size_t &rest = mask >> d & 1 ? restR : restK;
              at += int64_t(rest % size_t(dims[d])) * strides[d];
              rest /= size_t(dims[d]);
            }
            group.push_back(double(x[size_t(at)]));
          }
          groups.push_back(group);
        }
        Guarded<float> y(kept);
        Guarded<int64_t> index(kept);
        Guarded<uint8_t> flag(kept);
        void *out = resultIsIndex(op)  ? static_cast<void *>(index.data())
                    : resultIsFlag(op) ? static_cast<void *>(flag.data())
                                       : y.data();
        ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, x.data(), out), WNNRT_OK);
        for (size_t k = 0; k < kept; ++k) {
          double expected = fold(op, groups[k], p.correction);
          double got = resultIsIndex(op)  ? double(index[k])
                       : resultIsFlag(op) ? flag[k]
                                          : double(y[k]);
          EXPECT_NEAR(got, expected, 1e-6 + 1e-6 * std::fabs(expected))
              << "op " << op << " mask " << mask;
        }
        EXPECT_TRUE(y.intact() && index.intact() && flag.intact());
      }
}

TEST_P(ReduceTest, LongRowsStayAccurate) {
  Random random(8);
  auto x = random.reals(100003, 0.5f, 1.5f);
  double sum = 0;
  for (float v : x)
    sum += double(v);
  wnnrt_reduce_params p = {};
  p.op = WNNRT_REDUCE_SUM, p.rank = 1, p.reduce_mask = 1, p.dims[0] = int64_t(x.size()),
  p.strides[0] = 1;
  float y = 0;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, x.data(), &y), WNNRT_OK);
  EXPECT_NEAR(double(y), sum, 1e-6 * sum);
}

TEST_P(ReduceTest, IntegersNanAndEmpty) {
  wnnrt_reduce_params p = {};
  p.rank = 1, p.reduce_mask = 1, p.dims[0] = 3, p.strides[0] = 1;
  std::vector<int32_t> x = {INT32_MAX, INT32_MAX, -5};
  int64_t wide = 0;
  p.dtype = WNNRT_I32;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, x.data(), &wide), WNNRT_OK);
  EXPECT_EQ(wide, 2ll * INT32_MAX - 5);
  p.op = WNNRT_REDUCE_MIN;
  int32_t least = 0;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, x.data(), &least), WNNRT_OK);
  EXPECT_EQ(least, -5);
  p.op = WNNRT_REDUCE_MEAN;
  EXPECT_EQ(ctx.kernels->reduce(&ctx, &p, x.data(), &wide), WNNRT_UNSUPPORTED);
  std::vector<uint8_t> flags = {1, 1, 0};
  p.op = WNNRT_REDUCE_SUM, p.dtype = WNNRT_BOOL;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, flags.data(), &wide), WNNRT_OK);
  EXPECT_EQ(wide, 2);

  std::vector<float> f = {1, nan(), 3};
  float y = 0;
  p.dtype = WNNRT_F32, p.op = WNNRT_REDUCE_MAX;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_OK);
  EXPECT_TRUE(std::isnan(y));
  p.op = WNNRT_REDUCE_ARGMIN;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &wide), WNNRT_OK);
  EXPECT_EQ(wide, 1);
  f = {2, 7, 7};
  p.op = WNNRT_REDUCE_ARGMAX;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &wide), WNNRT_OK);
  EXPECT_EQ(wide, 1) << "the first of equals";
  f = {-inf(), -inf(), -inf()};
  p.op = WNNRT_REDUCE_LOGSUMEXP;
  ASSERT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_OK);
  EXPECT_EQ(y, -inf());

  p.dims[0] = 0;
  EXPECT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_OK);
  EXPECT_EQ(y, -inf()) << "logsumexp of nothing";
  p.op = WNNRT_REDUCE_SUM;
  EXPECT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_OK);
  EXPECT_EQ(y, 0);
  p.op = WNNRT_REDUCE_PROD;
  EXPECT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_OK);
  EXPECT_EQ(y, 1);
  p.op = WNNRT_REDUCE_MEAN;
  EXPECT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_OK);
  EXPECT_TRUE(std::isnan(y));
  p.op = WNNRT_REDUCE_MAX;
  EXPECT_EQ(ctx.kernels->reduce(&ctx, &p, f.data(), &y), WNNRT_INVALID_ARGUMENT);
}

TEST_P(ReduceTest, Cumulative) {
  const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  for (int product : {0, 1}) {
    wnnrt_cumulative_params p = {product, WNNRT_F32, 2, 3, 2};
    Guarded<float> y(12);
    ASSERT_EQ(ctx.kernels->cumulative(&ctx, &p, x, y.data()), WNNRT_OK);
    EXPECT_EQ(y.values(), product ? (std::vector<float>{1, 2, 3, 8, 15, 48, 7, 8, 63, 80, 693, 960})
                                  : (std::vector<float>{1, 2, 4, 6, 9, 12, 7, 8, 16, 18, 27, 30}));
    EXPECT_TRUE(y.intact());
  }
  std::vector<int64_t> i = {5, -2, 4};
  wnnrt_cumulative_params p = {0, WNNRT_I64, 1, 3, 1};
  ASSERT_EQ(ctx.kernels->cumulative(&ctx, &p, i.data(), i.data()), WNNRT_OK);
  EXPECT_EQ(i, (std::vector<int64_t>{5, 3, 7}));
  p.dtype = WNNRT_BOOL;
  EXPECT_EQ(ctx.kernels->cumulative(&ctx, &p, i.data(), i.data()), WNNRT_UNSUPPORTED);
}

TEST_P(ReduceTest, SortIsStableAndTopkItsPrefix) {
  for (int dim = 1; dim <= 40; ++dim)
    for (int inner : {1, 3})
      for (bool descending : {false, true}) {
        Random random(static_cast<unsigned>(dim));
        std::vector<float> x(size_t(2) * dim * inner);
        for (float &v : x)
          v = static_cast<float>(random.whole(-4, 5));
        for (float &v : x)
          v = v == 5 ? nan() : v;
        wnnrt_sort_params p = {};
        p.dtype = WNNRT_F32, p.descending = p.largest = descending;
        p.outer = 2, p.dim = dim, p.inner = inner, p.k = (dim + 1) / 2;
        std::vector<int64_t> order(x.size());
        std::vector<float> sorted(x.size());
        for (int o = 0; o < 2; ++o)
          for (int i = 0; i < inner; ++i) {
            std::vector<int64_t> line(dim);
            for (int d = 0; d < dim; ++d)
              line[d] = d;
            auto value = [&](int64_t d) { return x[(size_t(o) * dim + d) * inner + i]; };
            auto key = [&](int64_t d) { return std::isnan(value(d)) ? 1e9 : double(value(d)); };
            std::stable_sort(line.begin(), line.end(), [&](int64_t l, int64_t r) {
              return descending ? key(l) > key(r) : key(l) < key(r);
            });
            for (int d = 0; d < dim; ++d) {
              order[(size_t(o) * dim + d) * inner + i] = line[d];
              sorted[(size_t(o) * dim + d) * inner + i] = value(line[d]);
            }
          }
        Guarded<float> values(x.size());
        Guarded<int64_t> indices(x.size());
        Guarded<char> scratch(wnnrt_sort_scratch_bytes(&p));
        ASSERT_EQ(
            ctx.kernels->sort(&ctx, &p, x.data(), values.data(), indices.data(), scratch.data()),
            WNNRT_OK);
        EXPECT_EQ(indices.values(), order);
        EXPECT_EQ(std::memcmp(values.data(), sorted.data(), x.size() * 4), 0);
        EXPECT_TRUE(values.intact() && indices.intact() && scratch.intact());

        size_t k = size_t(p.k);
        Guarded<float> best(2 * k * inner);
        Guarded<int64_t> at(2 * k * inner);
        Guarded<char> topScratch(wnnrt_topk_scratch_bytes(&p));
        ASSERT_EQ(ctx.kernels->topk(&ctx, &p, x.data(), best.data(), at.data(), topScratch.data()),
                  WNNRT_OK);
        for (size_t i = 0; i < at.size(); ++i) {
          size_t o = i / (k * inner), rest = i % (k * inner);
          EXPECT_EQ(at[i], order[o * size_t(dim) * inner + rest]);
        }
        ASSERT_EQ(ctx.kernels->topk(&ctx, &p, x.data(), best.data(), nullptr, topScratch.data()),
                  WNNRT_OK);
        EXPECT_TRUE(best.intact() && at.intact() && topScratch.intact());
        p.k = dim + 1;
        EXPECT_EQ(ctx.kernels->topk(&ctx, &p, x.data(), best.data(), nullptr, topScratch.data()),
                  WNNRT_INVALID_ARGUMENT);
      }
}

} // namespace
