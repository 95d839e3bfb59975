// SPDX-License-Identifier: Apache-2.0
// plain <-> c16, channel copies and channel gathers.
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class LayoutTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(LayoutTest);

TEST_P(LayoutTest, ReorderEverySize) {
  for (int c = 1; c <= 33; ++c)
    for (int hw : {1, 2, 5, 16, 63, 64, 67, 130}) {
      Random random(unsigned(c * 1000 + hw));
      wnnrt_reorder_params p = {2, c, hw, 0, 0};
      auto x = random.reals(size_t(2) * c * hw);
      int blocks = (c + 15) / 16;
      Guarded<float> plain(x, size_t(c % 2)), blocked(size_t(2) * blocks * 16 * hw, size_t(c % 2));
      Guarded<float> back(x.size());
      ASSERT_EQ(ctx.kernels->plain_to_c16(&ctx, &p, plain.data(), blocked.data()), WNNRT_OK);
      EXPECT_EQ(fromC16(blocked.data(), 2, c, hw), x);
      for (size_t i = 0; i < blocked.size(); ++i) {
        if (int(i / (size_t(hw) * 16) % size_t(blocks) * 16 + i % 16) >= c) {
          ASSERT_EQ(blocked[i], 0.0f) << "padding lane";
        }
      }
      ASSERT_EQ(ctx.kernels->c16_to_plain(&ctx, &p, blocked.data(), back.data()), WNNRT_OK);
      EXPECT_EQ(back.values(), x);
      EXPECT_TRUE(blocked.intact());
      EXPECT_TRUE(back.intact());
    }
}

TEST_P(LayoutTest, ReorderWithBatchStrides) {
  Random random(1);
  wnnrt_reorder_params p = {2, 5, 6, 100, 200};
  auto x = random.reals(200);
  Guarded<float> plain(x), blocked(400), back(200);
  ASSERT_EQ(ctx.kernels->plain_to_c16(&ctx, &p, plain.data(), blocked.data()), WNNRT_OK);
  ASSERT_EQ(ctx.kernels->c16_to_plain(&ctx, &p, blocked.data(), back.data()), WNNRT_OK);
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(back[size_t(n * 100 + i)], x[size_t(n * 100 + i)]);
      EXPECT_EQ(blocked[size_t(n * 200 + i % 6 * 16 + i / 6)], x[size_t(n * 100 + i)]);
    }
}

TEST_P(LayoutTest, CopyChannelsAtEveryOffset) {
  const int hw = 5;
  for (int count : {1, 3, 16, 17, 32, 35})
    for (int from : {0, 1, 8, 15, 16, 19})
      for (int to : {0, 2, 8, 16, 31}) {
        int srcC = from + count + 2, dstC = to + count + 3;
        Random random(unsigned(count * 100 + from * 10 + to));
        auto src = random.reals(size_t(2) * srcC * hw), dst = random.reals(size_t(2) * dstC * hw);
        wnnrt_copy_channels_params p = {2, hw, count, srcC, dstC, from, to};
        Guarded<float> gs(toC16(src, 2, srcC, hw)), gd(toC16(dst, 2, dstC, hw));
        ASSERT_EQ(ctx.kernels->copy_channels_c16(&ctx, &p, gs.data(), gd.data()), WNNRT_OK);
        for (int n = 0; n < 2; ++n)
          std::memcpy(&dst[(size_t(n) * dstC + to) * hw], &src[(size_t(n) * srcC + from) * hw],
                      sizeof(float) * count * hw);
        EXPECT_EQ(fromC16(gd.data(), 2, dstC, hw), dst);
        EXPECT_TRUE(gd.intact());
      }
  wnnrt_copy_channels_params bad = {1, hw, 4, 4, 4, 1, 0};
  float dummy = 0;
  EXPECT_EQ(ctx.kernels->copy_channels_c16(&ctx, &bad, &dummy, &dummy), WNNRT_INVALID_ARGUMENT);
}

TEST_P(LayoutTest, GatherChannels) {
  const int hw = 7;
  for (int in : {1, 16, 20, 37})
    for (int out : {1, 15, 16, 40}) {
      Random random(unsigned(in * 100 + out));
      auto x = random.reals(size_t(2) * in * hw);
      std::vector<int32_t> table(out);
      for (int32_t &t : table)
        t = static_cast<int32_t>(random.whole(0, in - 1));
      std::vector<float> expected;
      for (int n = 0; n < 2; ++n)
        for (int32_t t : table)
          expected.insert(expected.end(), &x[(size_t(n) * in + t) * hw],
                          &x[(size_t(n) * in + t) * hw] + hw);
      wnnrt_gather_channels_params p = {2, hw, in, 0, out};
      Guarded<float> gx(toC16(x, 2, in, hw)), gy(wnnrt_c16_bytes(2, out, 1, hw) / 4);
      ASSERT_EQ(
          ctx.kernels->gather_channels_c16(&ctx, &p, gx.data(), nullptr, table.data(), gy.data()),
          WNNRT_OK);
      EXPECT_EQ(fromC16(gy.data(), 2, out, hw), expected);
      EXPECT_TRUE(gy.intact());
      table[0] = in;
      EXPECT_EQ(
          ctx.kernels->gather_channels_c16(&ctx, &p, gx.data(), nullptr, table.data(), gy.data()),
          WNNRT_OUT_OF_RANGE);
    }
}

TEST_P(LayoutTest, GatherChannelsOfTwo) {
  unsigned seed = 0;
  for (int in : {1, 16, 29, 58})
    for (int in2 : {1, 17, 58})
      for (int hw : {1, 7, 50}) {
        Random random(++seed);
        auto x = random.reals(size_t(2) * in * hw), x2 = random.reals(size_t(2) * in2 * hw);
        std::vector<int32_t> table;
        for (int j = 0; j < 5 + in; ++j) // interleaved, as behind a concatenation and a shuffle
          table.push_back(j % 2 ? in + j / 2 % in2 : j / 2 % in);
        int out = int(table.size());
        std::vector<float> expected;
        for (int n = 0; n < 2; ++n)
          for (int32_t t : table) {
            const float *from =
                t < in ? &x[(size_t(n) * in + t) * hw] : &x2[(size_t(n) * in2 + t - in) * hw];
            expected.insert(expected.end(), from, from + hw);
          }
        wnnrt_gather_channels_params p = {2, hw, in, in2, out};
        Guarded<float> gx(toC16(x, 2, in, hw)), gx2(toC16(x2, 2, in2, hw));
        Guarded<float> gy(wnnrt_c16_bytes(2, out, 1, hw) / 4);
        ASSERT_EQ(ctx.kernels->gather_channels_c16(&ctx, &p, gx.data(), gx2.data(), table.data(),
                                                   gy.data()),
                  WNNRT_OK);
        EXPECT_EQ(fromC16(gy.data(), 2, out, hw), expected);
        EXPECT_TRUE(gy.intact());
        table.back() = in + in2;
        EXPECT_EQ(ctx.kernels->gather_channels_c16(&ctx, &p, gx.data(), gx2.data(), table.data(),
                                                   gy.data()),
                  WNNRT_OUT_OF_RANGE);
      }
}

} // namespace
