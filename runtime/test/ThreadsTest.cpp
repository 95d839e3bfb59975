// SPDX-License-Identifier: Apache-2.0
// The thread pool: every task runs exactly once, also when runs follow each other at once and when
// helpers are asleep; kernels give the same bits on it as on one thread.
#include "KernelTest.h"
#include "wnnrt_threads.h"

#include <chrono>

using namespace wnnrt_test;

namespace {

TEST(ThreadsTest, EveryTaskRunsOnce) {
  for (int threads : {1, 2, 3, 8})
    for (int spins : {0, 50, 2000}) {
      wnnrt::ThreadPool pool(threads, spins);
      EXPECT_EQ(pool.threads(), threads);
      for (int run = 0; run < 300; ++run) {
        int count = 1 + run % 17;
        std::vector<std::atomic<int>> ran(static_cast<size_t>(count));
        wnnrt::ThreadPool::parallelFor(
            &pool, count,
            [](void *arg, int32_t i) {
              ++(*static_cast<std::vector<std::atomic<int>> *>(arg))[static_cast<size_t>(i)];
            },
            &ran);
        for (int i = 0; i < count; ++i)
          ASSERT_EQ(ran[static_cast<size_t>(i)].load(), 1) << threads << " " << run;
        if (run % 100 == 99) // long enough for helpers to fall asleep
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }
}

TEST(ThreadsTest, ConvolutionsAreTheSameOnAPool) {
  wnnrt_conv2d_params p = {};
  p.n = 1, p.ci = 40, p.co = 50, p.ih = p.iw = p.oh = p.ow = 33;
  p.kh = p.kw = 3, p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
  p.pad_top = p.pad_left = 1, p.groups = 1;
  p.act = {WNNRT_SILU, 0, 0};
  Random random(1);
  auto x = random.reals(size_t(48) * 33 * 33), w = random.reals(50 * 40 * 9);
  std::vector<float> direct(wnnrt_pack_conv2d_c16_floats(&p));
  wnnrt_pack_conv2d_c16(&p, w.data(), direct.data());
  std::vector<float> winograd(wnnrt_pack_conv2d_winograd_floats(&p, 4));
  wnnrt_pack_conv2d_winograd(&p, 4, w.data(), winograd.data());
  std::vector<float> scratch(wnnrt_conv2d_winograd4_c16_scratch_bytes(&p) / 4);
  wnnrt_context ctx;
  wnnrt_context_init(&ctx);
  std::vector<float> results[2][4];
  wnnrt::ThreadPool pools[] = {wnnrt::ThreadPool(1), wnnrt::ThreadPool(2), wnnrt::ThreadPool(3),
                               wnnrt::ThreadPool(7)};
  for (size_t i = 0; i < 4; ++i) {
    pools[i].attach(ctx);
    std::vector<float> y(size_t(64) * 33 * 33);
    ASSERT_EQ(
        ctx.kernels->conv2d_c16(&ctx, &p, x.data(), direct.data(), nullptr, nullptr, y.data()),
        WNNRT_OK);
    results[0][i] = fromC16(y.data(), 1, 50, 33 * 33);
    ASSERT_EQ(ctx.kernels->conv2d_winograd4_c16(&ctx, &p, x.data(), winograd.data(), nullptr,
                                                nullptr, y.data(), scratch.data()),
              WNNRT_OK);
    results[1][i] = fromC16(y.data(), 1, 50, 33 * 33);
    EXPECT_EQ(results[0][i], results[0][0]);
    EXPECT_EQ(results[1][i], results[1][0]);
  }
}

} // namespace
