// SPDX-License-Identifier: Apache-2.0
// The kernel tables, the ABI hash, packing equations and the floating-point mode.
#include "KernelTest.h"

using namespace wnnrt_test;

TEST(Table, EverySlotIsFilledForEveryIsa) {
  int tables = 0;
  for (int isa = 0; isa < WNNRT_ISA_COUNT; ++isa) {
    const wnnrt_kernels *k = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa));
    if (!k)
      continue;
    ++tables;
    EXPECT_STREQ(k->isa, wnnrt_isa_name(static_cast<wnnrt_isa>(isa)));
    EXPECT_EQ(k->reference, wnnrt_kernels_for(WNNRT_ISA_REF));
#define WNNRT_KERNEL(name, params, args) EXPECT_NE(k->name, nullptr) << #name;
#include "wnnrt_kernels.def"
  }
  EXPECT_GE(tables, 1);
  EXPECT_EQ(wnnrt_kernels_for(WNNRT_ISA_COUNT), nullptr);
  EXPECT_STREQ(wnnrt_isa_name(WNNRT_ISA_COUNT), "unknown");
}

TEST(Table, BestIsTheNewestIsaOfThisHost) {
  const wnnrt_kernels *best = wnnrt_kernels_best(), *newest = nullptr;
  for (int isa = 0; isa < WNNRT_ISA_COUNT; ++isa)
    if (const wnnrt_kernels *k = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa)))
      newest = k;
  EXPECT_EQ(best, newest);
  EXPECT_EQ(best, wnnrt_kernels_best());
  EXPECT_EQ(best, wnnrt_kernels_for(wnnrt_cpu_isa()));
  wnnrt_context ctx;
  wnnrt_context_init(&ctx);
  EXPECT_EQ(ctx.kernels, nullptr) << "the network's own";
  EXPECT_EQ(ctx.num_threads, 1);
}

TEST(Table, HeaderAndLibraryAgree) {
  static_assert(wnnrt::abiHash() != 0, "usable at compile time");
  EXPECT_EQ(wnnrt_abi_hash(), wnnrt::abiHash());
  EXPECT_EQ(wnnrt_abi_version(), unsigned(WNNRT_ABI));
}

TEST(Table, FlushToZeroIsSetAndRestored) {
  volatile float tiny = 1e-38f;
  uint64_t state = wnnrt_fp_enter();
  float flushed = tiny * 0.125f;
  wnnrt_fp_leave(state);
  volatile float kept = tiny * 0.125f;
#if defined(__x86_64__) || defined(__aarch64__)
  EXPECT_EQ(flushed, 0.0f);
#endif
  EXPECT_GT(kept, 0.0f);
}

TEST(Table, Sizes) {
  EXPECT_EQ(wnnrt_dtype_bytes(WNNRT_F32), 4u);
  EXPECT_EQ(wnnrt_dtype_bytes(WNNRT_BF16), 2u);
  EXPECT_EQ(wnnrt_dtype_bytes(WNNRT_I64), 8u);
  EXPECT_EQ(wnnrt_dtype_bytes(WNNRT_BOOL), 1u);
  EXPECT_EQ(wnnrt_c16_bytes(2, 17, 3, 5), 2u * 32 * 15 * 4);
}

TEST(Pack, ConvolutionFollowsItsEquation) {
  const int shapes[][3] = {{20, 24, 1}, {32, 32, 2},  {24, 36, 12},
                           {96, 64, 2}, {33, 33, 33}, {12, 6, 3}};
  for (auto &s : shapes) {
    wnnrt_conv2d_params p = {};
    p.ci = s[0], p.co = s[1], p.groups = s[2], p.kh = 2, p.kw = 3;
    int icg = p.ci / p.groups, ocg = p.co / p.groups;
    std::vector<float> w(size_t(p.co) * icg * 6);
    for (size_t i = 0; i < w.size(); ++i)
      w[i] = static_cast<float>(i + 1);
    Guarded<float> packed(wnnrt_pack_conv2d_c16_floats(&p));
    wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
    EXPECT_TRUE(packed.intact());
    int64_t stride = wnnrt_conv2d_c16_panel_stride(&p);
    EXPECT_EQ(packed.size(), size_t((p.co + 15) / 16 * stride));
    double sum = 0, expected = 0;
    for (int co = 0; co < p.co; ++co)
      for (int i = 0; i < icg; ++i)
        for (int r = 0; r < 2; ++r)
          for (int t = 0; t < 3; ++t) {
            int32_t lo, hi;
            wnnrt_conv2d_c16_window(&p, co / 16, &lo, &hi);
            int ci = co / ocg * icg + i, b = (ci - lo) / 16, rows = std::min(16, hi - lo - 16 * b);
            ASSERT_GE(ci, lo);
            ASSERT_LT(ci, hi);
            float value = w[((size_t(co) * icg + i) * 2 + r) * 3 + t];
            EXPECT_EQ(packed[size_t(co / 16 * stride + b * 6 * 256 +
                                    ((r * 3 + t) * rows + (ci - lo) % 16) * 16 + co % 16)],
                      value);
            expected += double(value);
          }
    for (float v : packed.values())
      sum += double(v);
    EXPECT_EQ(sum, expected) << "everything else is zero";
  }
}

TEST(Pack, LinearFirstDepthwiseAndBias) {
  std::vector<float> w(20 * 6);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = static_cast<float>(i + 1);
  Guarded<float> linear(wnnrt_pack_linear_floats(20, 6));
  wnnrt_pack_linear(20, 6, w.data(), linear.data());
  for (int n = 0; n < 32; ++n)
    for (int k = 0; k < 6; ++k)
      EXPECT_EQ(linear[size_t((n / 16 * 6 + k) * 16 + n % 16)],
                n < 20 ? w[size_t(n * 6 + k)] : 0.0f);
  wnnrt_conv2d_params p = {};
  p.ci = 3, p.co = 20, p.kh = 1, p.kw = 2, p.groups = 1;
  Guarded<float> first(wnnrt_pack_conv2d_first_floats(&p));
  wnnrt_pack_conv2d_first(&p, w.data(), first.data());
  EXPECT_EQ(first.values(), linear.values()) << "[co][c][r][s] is [co][k]";
  p.ci = p.co = p.groups = 20, p.kh = 2, p.kw = 3;
  Guarded<float> depthwise(wnnrt_pack_depthwise_c16_floats(&p));
  wnnrt_pack_depthwise_c16(&p, w.data(), depthwise.data());
  EXPECT_EQ(depthwise.values(), linear.values());
  EXPECT_EQ(packBias({1, 2, 3}),
            (std::vector<float>{1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(linear.intact() && first.intact() && depthwise.intact());
}
