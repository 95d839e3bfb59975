// SPDX-License-Identifier: Apache-2.0
// The thread pool: every task runs exactly once, also when runs follow each other at once and when
// helpers are asleep; kernels give the same bits on it as on one thread.
#include "KernelTest.h"
#include "wnnrt_threads.h"

#include <chrono>
#include <limits>
#include <thread>

using namespace wnnrt_test;

namespace {

TEST(ThreadsTest, EveryTaskRunsOnce) {
  for (int threads : {1, 2, 3, 8})
    for (int us : {0, 5, 100}) {
      wnnrt::ThreadPool pool(threads, std::chrono::microseconds(us));
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

/// Which threads run the tasks, and a helper that loses its core in the middle of one.
struct Stall {
  std::thread::id caller = std::this_thread::get_id();
  std::chrono::milliseconds sleep{0};
  std::atomic<int> byHelpers{0};
  static void task(void *arg, int32_t) {
    auto *s = static_cast<Stall *>(arg);
    if (std::this_thread::get_id() != s->caller) {
      ++s->byHelpers;
      std::this_thread::sleep_for(s->sleep);
    } else { // give the helper time to take the other one
      auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(20);
      while (std::chrono::steady_clock::now() < end)
        ;
    }
  }
};

TEST(ThreadsTest, AfterALongWaitTheCallerWorksAloneForManyTimesAsLong) {
  using Clock = std::chrono::steady_clock;
  wnnrt::ThreadPool pool(2);
  // On a busy machine the caller may lose its own core, which takes away from the loss that it
  // sees: one round of many has to show the whole.
  Clock::duration longest{};
  for (int round = 0; round < 20 && longest < std::chrono::milliseconds(120); ++round) {
    Stall slow;
    slow.sleep = std::chrono::milliseconds(10);
    Clock::time_point until = Clock::now() + std::chrono::seconds(20);
    while (slow.byHelpers == 0 && Clock::now() < until)
      wnnrt::ThreadPool::parallelFor(&pool, 8, Stall::task, &slow);
    ASSERT_GT(slow.byHelpers.load(), 0) << "the helper never ran";
    Clock::time_point stalled = Clock::now();
    // 10 ms are lost, less a quarter of the little that the caller did: alone for 16 times that.
    Stall fast;
    do
      wnnrt::ThreadPool::parallelFor(&pool, 8, Stall::task, &fast);
    while (fast.byHelpers == 0 && Clock::now() < until);
    EXPECT_GT(fast.byHelpers.load(), 0) << "the caller never tries again";
    longest = std::max<Clock::duration>(longest, Clock::now() - stalled);
  }
  EXPECT_GE(longest, std::chrono::milliseconds(120));
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
  ctx.kernels = wnnrt_kernels_best();
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

/// Runs `kernel` (context, y) on one thread and on pools, on every ISA, and compares bits.
template <class F> void sameOnPools(size_t outputs, F kernel) {
  wnnrt::ThreadPool pools[] = {wnnrt::ThreadPool(1), wnnrt::ThreadPool(2), wnnrt::ThreadPool(5)};
  for (int isa = 0; isa < WNNRT_ISA_COUNT; ++isa) {
    wnnrt_context ctx;
    wnnrt_context_init(&ctx);
    if (!(ctx.kernels = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa))))
      continue;
    std::vector<float> first;
    for (wnnrt::ThreadPool &pool : pools) {
      pool.attach(ctx);
      Guarded<float> y(std::vector<float>(outputs, -7.0f));
      ASSERT_EQ(kernel(&ctx, y.data()), WNNRT_OK) << ctx.kernels->isa;
      EXPECT_TRUE(y.intact());
      if (first.empty())
        first = y.values();
      EXPECT_EQ(std::memcmp(first.data(), y.data(), outputs * sizeof(float)), 0)
          << outputs << " " << ctx.kernels->isa;
    }
  }
}

TEST(ThreadsTest, RowsAndElementsAreTheSameOnAPool) {
  Random random(2);
  for (int64_t n : {1000, 16384, 100003}) {
    auto x = random.reals(size_t(n)), z = random.reals(size_t(n));
    wnnrt_unary_params u = {WNNRT_SILU, WNNRT_F32, n, 0, 0};
    sameOnPools(size_t(n),
                [&](wnnrt_context *c, float *y) { return c->kernels->unary(c, &u, x.data(), y); });
    wnnrt_binary_params b = {};
    b.op = WNNRT_ADD, b.dtype = WNNRT_F32, b.rank = 1, b.act = {WNNRT_TANH, 0, 0};
    b.dims[0] = n, b.a_strides[0] = b.b_strides[0] = 1;
    sameOnPools(size_t(n), [&](wnnrt_context *c, float *y) {
      return c->kernels->binary(c, &b, x.data(), z.data(), y);
    });
  }
  auto x = random.reals(size_t(17) * 61 * 48 * 2), w = random.reals(512), v = random.reals(512);
  wnnrt_binary_params b = {};
  b.op = WNNRT_MUL, b.dtype = WNNRT_F32, b.rank = 3;
  b.dims[0] = 17, b.dims[1] = 61 * 3, b.dims[2] = 16;
  b.a_strides[0] = 61 * 48, b.a_strides[1] = 16, b.a_strides[2] = 1;
  b.b_strides[0] = 16, b.b_strides[2] = 1;
  sameOnPools(17 * 61 * 48, [&](wnnrt_context *c, float *y) {
    return c->kernels->binary(c, &b, x.data(), w.data(), y);
  });
  for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16}) {
    wnnrt_channel_params p = {layout, 2, 41, 333, 0, {WNNRT_HARDSWISH, 0, 0}};
    size_t out = layout == WNNRT_PLAIN ? 2 * 41 * 333 : 2 * 48 * 333;
    sameOnPools(out, [&](wnnrt_context *c, float *y) {
      return c->kernels->batch_norm(c, &p, x.data(), w.data(), v.data(), y);
    });
    wnnrt_global_avg_pool_params g = {layout, 2, 41, 333};
    sameOnPools(2 * 41, [&](wnnrt_context *c, float *y) {
      return c->kernels->global_avg_pool(c, &g, x.data(), y);
    });
    wnnrt_pool2d_params m = {};
    m.layout = layout, m.n = 1, m.c = 48, m.ih = 33, m.iw = 40, m.oh = 17, m.ow = 20;
    m.kh = m.kw = 3, m.stride_h = m.stride_w = 2, m.dilation_h = m.dilation_w = 1;
    m.pad_top = m.pad_left = m.pad_bottom = m.pad_right = 1;
    sameOnPools(48 * 17 * 20, [&](wnnrt_context *c, float *y) {
      return c->kernels->max_pool2d(c, &m, x.data(), y, nullptr);
    });
    sameOnPools(48 * 17 * 20, [&](wnnrt_context *c, float *y) {
      return c->kernels->avg_pool2d(c, &m, x.data(), y);
    });
    wnnrt_upsample2d_params r = {};
    r.layout = layout, r.mode = WNNRT_BILINEAR, r.n = 1, r.c = 32, r.ih = 20, r.iw = 23;
    r.oh = 41, r.ow = 46;
    sameOnPools(32 * 41 * 46, [&](wnnrt_context *c, float *y) {
      return c->kernels->upsample2d(c, &r, x.data(), y);
    });
  }
  wnnrt_row_norm_params norm = {301, 97, 1e-5f};
  sameOnPools(301 * 97, [&](wnnrt_context *c, float *y) {
    return c->kernels->layer_norm(c, &norm, x.data(), w.data(), v.data(), y);
  });
  sameOnPools(301 * 97, [&](wnnrt_context *c, float *y) {
    return c->kernels->rms_norm(c, &norm, x.data(), w.data(), y);
  });
  for (int64_t inner : {1, 41})
    for (int log : {0, 1}) {
      wnnrt_softmax_params s = {70, 33, inner, log};
      sameOnPools(size_t(70 * 33 * inner), [&](wnnrt_context *c, float *y) {
        return c->kernels->softmax(c, &s, x.data(), y);
      });
    }
  wnnrt_reorder_params o = {2, 41, 333, 0, 0};
  sameOnPools(2 * 48 * 333, [&](wnnrt_context *c, float *y) {
    return c->kernels->plain_to_c16(c, &o, x.data(), y);
  });
  sameOnPools(2 * 41 * 333, [&](wnnrt_context *c, float *y) {
    return c->kernels->c16_to_plain(c, &o, x.data(), y);
  });
  wnnrt_copy_params copy = {};
  copy.element_bytes = 4, copy.rank = 2, copy.dims[0] = 211, copy.dims[1] = 150;
  copy.src_strides[0] = 1, copy.src_strides[1] = 211, copy.dst_strides[0] = 150;
  copy.dst_strides[1] = 1;
  sameOnPools(211 * 150, [&](wnnrt_context *c, float *y) {
    return c->kernels->copy_strided(c, &copy, x.data(), y);
  });
  copy.element_bytes = 8; // in pairs
  sameOnPools(2 * 211 * 150, [&](wnnrt_context *c, float *y) {
    return c->kernels->copy_strided(c, &copy, x.data(), y);
  });
}

/// Convolutions of images large and small enough to be cut by pixels and by channels.
TEST(ThreadsTest, ImagesAreTheSameWhereverTheyAreCut) {
  Random random(4);
  struct Shape {
    int ci, co, h, w, kernel, stride;
  };
  for (Shape s :
       {Shape{20, 40, 14, 14, 1, 1}, Shape{64, 96, 13, 13, 1, 1}, Shape{16, 16, 32, 32, 3, 1},
        Shape{24, 20, 19, 27, 3, 1}, Shape{40, 70, 7, 7, 3, 1}, Shape{33, 65, 15, 17, 3, 2},
        Shape{16, 48, 12, 11, 5, 1}, Shape{300, 200, 12, 12, 1, 1}}) {
    wnnrt_conv2d_params p = {};
    p.n = 2, p.ci = s.ci, p.ih = s.h, p.iw = s.w, p.co = s.co, p.kh = p.kw = s.kernel;
    p.stride_h = p.stride_w = s.stride, p.dilation_h = p.dilation_w = p.groups = 1;
    p.pad_top = p.pad_left = s.kernel / 2, p.act = {WNNRT_SILU, 0, 0};
    p.oh = (s.h - 1) / s.stride + 1, p.ow = (s.w - 1) / s.stride + 1;
    auto size = [](int c, int hw) { return size_t((c + 15) / 16 * 16) * size_t(hw); };
    auto x = random.reals(2 * size(s.ci, s.h * s.w));
    auto w = random.reals(size_t(s.co) * size_t(s.ci) * size_t(s.kernel * s.kernel));
    std::vector<float> packed(size_t(wnnrt_pack_conv2d_c16_floats(&p)));
    wnnrt_pack_conv2d_c16(&p, w.data(), packed.data());
    sameOnPools(2 * size(s.co, p.oh * p.ow), [&](wnnrt_context *c, float *y) {
      return c->kernels->conv2d_c16(c, &p, x.data(), packed.data(), nullptr, nullptr, y);
    });
    wnnrt_conv2d_params d = p;
    d.co = d.groups = s.ci, d.kh = d.kw = 3, d.pad_top = d.pad_left = 1;
    std::vector<float> perChannel(size(s.ci, 9));
    for (float &v : perChannel)
      v = float(random.reals(1)[0]);
    sameOnPools(2 * size(s.ci, p.oh * p.ow), [&](wnnrt_context *c, float *y) {
      return c->kernels->depthwise_c16(c, &d, x.data(), perChannel.data(), nullptr, nullptr, y);
    });
    std::vector<int32_t> table(size_t(s.ci) - 3);
    for (size_t i = 0; i < table.size(); ++i)
      table[i] = int32_t(i * 7 % size_t(s.ci));
    wnnrt_gather_channels_params g = {};
    g.n = 2, g.c_in = s.ci, g.c_out = int32_t(table.size()), g.hw = s.h * s.w;
    sameOnPools(2 * size(g.c_out, g.hw), [&](wnnrt_context *c, float *y) {
      return c->kernels->gather_channels_c16(c, &g, x.data(), nullptr, table.data(), y);
    });
    if (s.kernel > 1)
      continue;
    wnnrt_scaled_conv_params sc = {};
    sc.n = 2, sc.ci = s.ci, sc.co = s.co, sc.hw = s.h * s.w, sc.act = {WNNRT_RELU, 0, 0};
    sc.input_act = {WNNRT_HARDSWISH, 0, 0};
    auto scale = random.reals(size(s.ci, 1)), shift = random.reals(size(s.ci, 1));
    std::vector<float> scratch(wnnrt_conv2d_scaled_c16_scratch_bytes(&sc) / 4);
    for (float special : {0.5f, std::numeric_limits<float>::infinity()}) {
      x[size_t(5 * 16 + 3)] = special; // where one thread sees it and another does not
      sameOnPools(2 * size(s.co, sc.hw), [&](wnnrt_context *c, float *y) {
        return c->kernels->conv2d_scaled_c16(c, &sc, x.data(), scale.data(), shift.data(),
                                             packed.data(), nullptr, nullptr, y, scratch.data());
      });
    }
  }
}

TEST(ThreadsTest, ProductsAreTheSameOnAPool) {
  Random random(3);
  wnnrt_matmul_params m = {};
  m.m = 45, m.n = 100, m.k = 37, m.alpha = 1;
  m.a_row_stride = 37, m.a_col_stride = 1, m.b_row_stride = 100, m.b_col_stride = 1;
  m.y_row_stride = 100, m.y_col_stride = 1;
  auto a = random.reals(45 * 37), b = random.reals(37 * 100);
  std::vector<char> scratch(wnnrt_matmul_scratch_bytes(&m));
  sameOnPools(45 * 100, [&](wnnrt_context *c, float *y) {
    return c->kernels->matmul(c, &m, a.data(), b.data(), y, scratch.data());
  });
  wnnrt_sdpa_params p = {};
  p.batch = 2, p.heads = p.kv_heads = 5, p.lq = p.lk = 50, p.d = p.dv = 24, p.scale = 0.2f;
  p.q_strides[0] = p.k_strides[0] = p.v_strides[0] = p.y_strides[0] = 5 * 50 * 24;
  p.q_strides[1] = p.k_strides[1] = p.v_strides[1] = p.y_strides[1] = 50 * 24;
  p.q_strides[2] = p.k_strides[2] = p.v_strides[2] = p.y_strides[2] = 24;
  auto q = random.reals(12000), k = random.reals(12000), v = random.reals(12000);
  Guarded<char> room(wnnrt_sdpa_scratch_bytes(&p));
  sameOnPools(12000, [&](wnnrt_context *c, float *y) {
    return c->kernels->sdpa(c, &p, q.data(), k.data(), v.data(), nullptr, y, room.data());
  });
  EXPECT_TRUE(room.intact());
}

} // namespace
