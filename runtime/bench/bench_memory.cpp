// SPDX-License-Identifier: Apache-2.0
// bench_memory [isa] [threads]: the kernels that move more than they compute, on tensors that live
// in the first-level, the second-level cache and beyond. Prints time, GB/s (operands read and
// results written once) and the share of the speed of an addition of two arrays with as many bytes,
// which takes turns with it.
#include "wnnrt_threads.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

double secondsOf(const std::function<void()> &f, int runs) {
  auto begin = Clock::now();
  for (int i = 0; i < runs; ++i)
    f();
  return std::chrono::duration<double>(Clock::now() - begin).count() / runs;
}

struct Buffer {
  std::unique_ptr<char[]> memory;
  float *data;
  explicit Buffer(size_t floats) : memory(new char[floats * 4 + 128]) {
    data = reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(memory.get()) + 63) / 64 * 64);
    for (size_t i = 0; i < floats; ++i)
      data[i] = static_cast<float>(i % 97) / 97.0f - 0.5f;
  }
};

struct Bench {
  wnnrt_context ctx;
  std::unique_ptr<wnnrt::ThreadPool> pool;
  Buffer a{1 << 23}, b{1 << 23}, y{1 << 23}, small{1 << 14}, scratch{1 << 22};

  /// One row: the kernel and the addition take turns; the fastest turn of each counts.
  void row(const std::string &name, double bytes, const std::function<void()> &kernel) {
    wnnrt_binary_params add = {};
    add.op = WNNRT_ADD, add.dtype = WNNRT_F32, add.rank = 1;
    add.dims[0] = static_cast<int64_t>(bytes / 12);
    add.a_strides[0] = add.b_strides[0] = 1;
    auto reference = [&] { ctx.kernels->binary(&ctx, &add, a.data, b.data, y.data); };
    int runs = static_cast<int>(2e6 / bytes) + 1;
    double best = 1e9, limit = 1e9;
    for (int turn = 0; turn < 12; ++turn) {
      limit = std::min(limit, secondsOf(reference, runs));
      best = std::min(best, secondsOf(kernel, runs));
    }
    printf("%-34s %9.1f kB %9.2f us %7.1f GB/s %5.0f %%\n", name.c_str(), bytes / 1e3, best * 1e6,
           bytes / best * 1e-9, 100 * limit / best);
  }

  void pictures(int c, int size) {
    int hw = size * size, blocks = (c + 15) / 16;
    double one = blocks * 16.0 * hw * 4;
    std::string where = " " + std::to_string(c) + " @ " + std::to_string(size);
    const wnnrt_kernels &k = *ctx.kernels;
    wnnrt_unary_params relu = {WNNRT_RELU, WNNRT_F32, blocks * 16 * int64_t(hw), 0, 0};
    row("relu" + where, 2 * one, [&] { k.unary(&ctx, &relu, a.data, y.data); });
    wnnrt_binary_params mul = {};
    mul.op = WNNRT_MUL, mul.dtype = WNNRT_F32, mul.rank = 3;
    mul.dims[0] = blocks, mul.dims[1] = hw, mul.dims[2] = 16;
    mul.a_strides[0] = hw * 16, mul.a_strides[1] = 16, mul.a_strides[2] = 1;
    mul.b_strides[0] = 16, mul.b_strides[2] = 1;
    row("scale channels" + where, 2 * one,
        [&] { k.binary(&ctx, &mul, a.data, small.data, y.data); });
    wnnrt_channel_params bn = {WNNRT_LAYOUT_C16, 1, c, hw, 0, {WNNRT_RELU, 0, 0}};
    row("batch norm, relu" + where, 2 * one,
        [&] { k.batch_norm(&ctx, &bn, a.data, small.data, small.data, y.data); });
    wnnrt_group_norm_params ln = {WNNRT_LAYOUT_C16, 1, c, hw, 1, 1e-5f, {}};
    row("layer norm of c16" + where, 2 * one,
        [&] { k.layer_norm_c16(&ctx, &ln, a.data, small.data, small.data, y.data); });
    wnnrt_row_norm_params rows = {hw, c, 1e-5f};
    row("layer norm of rows" + where, 8.0 * hw * c,
        [&] { k.layer_norm(&ctx, &rows, a.data, small.data, small.data, y.data); });
    wnnrt_softmax_params soft = {hw, c, 1, 0};
    row("softmax of rows" + where, 8.0 * hw * c, [&] { k.softmax(&ctx, &soft, a.data, y.data); });
    for (int stride : {1, 2}) {
      wnnrt_pool2d_params pool3 = {};
      pool3.layout = WNNRT_LAYOUT_C16, pool3.n = 1, pool3.c = c, pool3.ih = pool3.iw = size;
      pool3.oh = pool3.ow = (size - 1) / stride + 1, pool3.kh = pool3.kw = 3;
      pool3.stride_h = pool3.stride_w = stride, pool3.dilation_h = pool3.dilation_w = 1;
      pool3.pad_top = pool3.pad_left = pool3.pad_bottom = pool3.pad_right = 1;
      row("max pool 3x3, stride " + std::to_string(stride) + where,
          one * (1 + 1.0 / stride / stride),
          [&] { k.max_pool2d(&ctx, &pool3, a.data, y.data, nullptr); });
    }
    wnnrt_global_avg_pool_params gap = {WNNRT_LAYOUT_C16, 1, c, hw};
    row("global average" + where, one, [&] { k.global_avg_pool(&ctx, &gap, a.data, y.data); });
    wnnrt_upsample2d_params up = {};
    up.layout = WNNRT_LAYOUT_C16, up.mode = WNNRT_NEAREST, up.n = 1, up.c = c;
    up.ih = up.iw = size / 2, up.oh = up.ow = size / 2 * 2;
    row("nearest, twice the size" + where, 1.25 * one,
        [&] { k.upsample2d(&ctx, &up, a.data, y.data); });
    up.mode = WNNRT_BILINEAR;
    row("bilinear, twice the size" + where, 1.25 * one,
        [&] { k.upsample2d(&ctx, &up, a.data, y.data); });
    wnnrt_reorder_params order = {1, c, hw, 0, 0};
    row("plain to c16" + where, 2 * one, [&] { k.plain_to_c16(&ctx, &order, a.data, y.data); });
    row("c16 to plain" + where, 2 * one, [&] { k.c16_to_plain(&ctx, &order, a.data, y.data); });
    std::unique_ptr<int32_t[]> table(new int32_t[static_cast<size_t>(c)]);
    for (int i = 0; i < c; ++i)
      table[i] = i % 2 * (c / 2) + i / 2;
    wnnrt_gather_channels_params shuffle = {1, hw, c, 0, c};
    row("channel shuffle" + where, 2 * one,
        [&] { k.gather_channels_c16(&ctx, &shuffle, a.data, nullptr, table.get(), y.data); });
    printf("\n");
  }
};

} // namespace

int main(int argc, char **argv) {
  Bench bench;
  wnnrt_context_init(&bench.ctx);
  bench.ctx.kernels = wnnrt_kernels_best();
  for (int isa = 0; argc > 1 && isa < WNNRT_ISA_COUNT; ++isa)
    if (!strcmp(argv[1], wnnrt_isa_name(static_cast<wnnrt_isa>(isa))) &&
        wnnrt_kernels_for(static_cast<wnnrt_isa>(isa)))
      bench.ctx.kernels = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa));
  int threads = argc > 2 ? atoi(argv[2]) : 1;
  if (threads > 1) {
    bench.pool = std::make_unique<wnnrt::ThreadPool>(threads);
    bench.pool->attach(bench.ctx);
  }
  printf("%s, %d thread%s; the last column: share of the speed of an addition of that size\n\n",
         bench.ctx.kernels->isa, threads, threads == 1 ? "" : "s");
  bench.pictures(32, 7);   // first-level cache
  bench.pictures(116, 28); // second-level
  bench.pictures(96, 112); // beyond
  return 0;
}
