// SPDX-License-Identifier: Apache-2.0
// Times the convolution kernels on the layers of ResNet-18 and MobileNetV2 (1x3x224x224, one
// thread) and prints milliseconds, GFLOP/s and the share of the FMA peak measured in the same
// process. Weights of all layers are visited in turn, so each layer finds its weights cold, as in
// a whole network. usage: bench_conv [isa] [repetitions]
#include "wnnrt_pack.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

volatile float sink;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Buffer {
  float *data = nullptr;
  explicit Buffer(size_t floats) {
    data = static_cast<float *>(std::aligned_alloc(64, (floats * 4 + 4095) / 4096 * 4096));
    for (size_t i = 0; i < floats; ++i)
      data[i] = static_cast<float>((i * 2654435761u >> 16) % 2001) / 1000.0f - 1.0f;
  }
  Buffer(const Buffer &) = delete;
  Buffer(Buffer &&other) noexcept : data(other.data) { other.data = nullptr; }
  ~Buffer() { std::free(data); }
};

enum class Kind { First, Dense, Depthwise, Winograd2, Winograd4 };

int winogradTile(Kind k) {
  return k == Kind::Winograd2 ? 2 : k == Kind::Winograd4 ? 4 : 0;
}

struct Layer {
  std::string name;
  Kind kind;
  wnnrt_conv2d_params p;
  bool residual;
  int count; // times in the network
};

Layer layer(Kind kind, int ci, int co, int in, int k, int stride, int act, bool residual,
            int count) {
  wnnrt_conv2d_params p = {};
  int out = (in + 2 * (k / 2) - k) / stride + 1;
  p.n = 1, p.ci = ci, p.co = co, p.ih = p.iw = in, p.oh = p.ow = out;
  p.kh = p.kw = k, p.stride_h = p.stride_w = stride, p.dilation_h = p.dilation_w = 1;
  p.pad_top = p.pad_left = k / 2, p.groups = kind == Kind::Depthwise ? ci : 1;
  p.act = {act, 0, 6};
  char name[64];
  std::snprintf(name, sizeof(name), "%s %dx%d/%d %d->%d @%d",
                kind == Kind::First       ? "first"
                : kind == Kind::Dense     ? "conv"
                : kind == Kind::Depthwise ? "dw"
                : kind == Kind::Winograd2 ? "F2"
                                          : "F4",
                k, k, stride, ci, co, in);
  return {name, kind, p, residual, count};
}

std::vector<Layer> winograd(Kind kind) {
  std::vector<Layer> l;
  for (auto [c, size] : {std::pair(64, 56),
                         {128, 28},
                         {256, 14},
                         {512, 7},
                         {64, 112},
                         {128, 56},
                         {256, 28},
                         {512, 14},
                         {512, 28},
                         {32, 28},
                         {128, 7}})
    l.push_back(layer(kind, c, c, size, 3, 1, WNNRT_RELU, true, 2));
  return l;
}

std::vector<Layer> resnet18() {
  std::vector<Layer> l;
  l.push_back(layer(Kind::First, 3, 64, 224, 7, 2, WNNRT_RELU, false, 1));
  int ci = 64, in = 56;
  for (int co : {64, 128, 256, 512}) {
    int stride = co == 64 ? 1 : 2, out = in / stride;
    if (co == 64) {
      l.push_back(layer(Kind::Dense, 64, 64, in, 3, 1, WNNRT_RELU, false, 2));
      l.push_back(layer(Kind::Dense, 64, 64, in, 3, 1, WNNRT_RELU, true, 2));
    } else {
      l.push_back(layer(Kind::Dense, ci, co, in, 3, stride, WNNRT_RELU, false, 1));
      l.push_back(layer(Kind::Dense, ci, co, in, 1, stride, WNNRT_IDENTITY, false, 1));
      l.push_back(layer(Kind::Dense, co, co, out, 3, 1, WNNRT_RELU, true, 3));
    }
    ci = co, in = out;
  }
  return l;
}

std::vector<Layer> mobilenetV2() {
  std::vector<Layer> l;
  l.push_back(layer(Kind::First, 3, 32, 224, 3, 2, WNNRT_CLAMP, false, 1));
  const int blocks[][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                           {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  int ci = 32, in = 112;
  for (auto &b : blocks)
    for (int i = 0; i < b[2]; ++i) {
      int stride = i == 0 ? b[3] : 1, hidden = ci * b[0];
      if (b[0] > 1)
        l.push_back(layer(Kind::Dense, ci, hidden, in, 1, 1, WNNRT_CLAMP, false, 1));
      l.push_back(layer(Kind::Depthwise, hidden, hidden, in, 3, stride, WNNRT_CLAMP, false, 1));
      in /= stride;
      l.push_back(layer(Kind::Dense, hidden, b[1], in, 1, 1, WNNRT_IDENTITY, i > 0, 1));
      ci = b[1];
    }
  l.push_back(layer(Kind::Dense, 320, 1280, 7, 1, 1, WNNRT_CLAMP, false, 1));
  return l;
}

/// Independent multiply-adds in registers, in the widest form the ISA has: what the FMA units can
/// do.
#if defined(__x86_64__)
__attribute__((target("avx512f"))) double fmasAvx512(int n) {
  __m512 acc[16], x = _mm512_set1_ps(0.999f);
  for (int k = 0; k < 16; ++k) // different values, or equal sums would be computed once
    acc[k] = _mm512_set1_ps(static_cast<float>(k));
  for (int i = 0; i < n; ++i)
    for (auto &a : acc)
      a = _mm512_fmadd_ps(a, x, x);
  for (int k = 1; k < 16; ++k)
    acc[0] = _mm512_add_ps(acc[0], acc[k]);
  sink = _mm512_cvtss_f32(acc[0]);
  return 2.0 * 16 * 16 * n;
}
__attribute__((target("avx2,fma"))) double fmasAvx2(int n) {
  __m256 acc[12], x = _mm256_set1_ps(0.999f);
  for (int k = 0; k < 12; ++k)
    acc[k] = _mm256_set1_ps(static_cast<float>(k));
  for (int i = 0; i < n; ++i)
    for (auto &a : acc)
      a = _mm256_fmadd_ps(a, x, x);
  for (int k = 1; k < 12; ++k)
    acc[0] = _mm256_add_ps(acc[0], acc[k]);
  sink = _mm256_cvtss_f32(acc[0]);
  return 2.0 * 8 * 12 * n;
}
#endif

double fmas(const wnnrt_context &ctx, int n) {
#if defined(__x86_64__)
  if (!std::strcmp(ctx.kernels->isa, "avx512"))
    return fmasAvx512(n);
  if (!std::strcmp(ctx.kernels->isa, "avx2"))
    return fmasAvx2(n);
#endif
  (void)ctx;
  typedef float Vector __attribute__((vector_size(16)));
  Vector acc[12], x = {0.999f, 0.999f, 0.999f, 0.999f};
  for (int k = 0; k < 12; ++k)
    acc[k] = x * static_cast<float>(k);
  for (int i = 0; i < n; ++i)
    for (auto &a : acc)
      a = a * x + x;
  for (int k = 1; k < 12; ++k)
    acc[0] += acc[k];
  sink = acc[0][0];
  return 2.0 * 4 * 12 * n;
}

double measurePeak(const wnnrt_context &ctx) {
  // Over a tenth of a second, so that the clock settles to what wide vectors sustain; the best
  // tenth, so that other processes on the machine do not count.
  std::vector<double> rates;
  for (int r = 0; r < 200; ++r) {
    double start = now(), flops = fmas(ctx, 200000);
    rates.push_back(flops / (now() - start));
  }
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() * 9 / 10];
}

void run(const char *network, const std::vector<Layer> &layers, const wnnrt_context &ctx,
         double peak, int repetitions) {
  std::vector<Buffer> weights;
  size_t widest = 0;
  for (const Layer &l : layers) {
    for (int i = 0; i < l.count; ++i)
      weights.emplace_back(l.kind == Kind::First   ? wnnrt_pack_conv2d_first_floats(&l.p)
                           : l.kind == Kind::Dense ? wnnrt_pack_conv2d_c16_floats(&l.p)
                           : winogradTile(l.kind)
                               ? wnnrt_pack_conv2d_winograd_floats(&l.p, winogradTile(l.kind))
                               : wnnrt_pack_depthwise_c16_floats(&l.p));
    widest = std::max({widest, wnnrt_c16_bytes(1, l.p.ci, l.p.ih, l.p.iw) / 4,
                       wnnrt_c16_bytes(1, l.p.co, l.p.oh, l.p.ow) / 4});
  }
  size_t scratchBytes = 64;
  for (const Layer &l : layers)
    if (winogradTile(l.kind))
      scratchBytes = std::max({scratchBytes, wnnrt_conv2d_winograd2_c16_scratch_bytes(&l.p),
                               wnnrt_conv2d_winograd4_c16_scratch_bytes(&l.p)});
  Buffer scratch(scratchBytes / 4);
  Buffer a(widest), b(widest), residual(widest), bias(2048);
  std::vector<std::vector<double>> times(layers.size());
  for (int r = 0; r < repetitions; ++r) {
    size_t w = 0;
    float *in = a.data, *out = b.data;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Layer &l = layers[i];
      auto fn = l.kind == Kind::First   ? ctx.kernels->conv2d_first
                : l.kind == Kind::Dense ? ctx.kernels->conv2d_c16
                                        : ctx.kernels->depthwise_c16;
      for (int k = 0; k < l.count; ++k, ++w) {
        double start = now();
        if (winogradTile(l.kind))
          (l.kind == Kind::Winograd2 ? ctx.kernels->conv2d_winograd2_c16
                                     : ctx.kernels->conv2d_winograd4_c16)(
              &ctx, &l.p, in, weights[w].data, bias.data, l.residual ? residual.data : nullptr, out,
              scratch.data);
        else
          fn(&ctx, &l.p, in, weights[w].data, bias.data, l.residual ? residual.data : nullptr, out);
        times[i].push_back(now() - start);
        std::swap(in, out);
      }
    }
  }
  double total = 0, totalFlops = 0;
  std::printf("%s, %s\n", network, ctx.kernels->isa);
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer &l = layers[i];
    std::sort(times[i].begin(), times[i].end());
    double t = times[i][times[i].size() / 4];
    double flops = 2.0 * l.p.oh * l.p.ow * l.p.co * (l.p.ci / l.p.groups) * l.p.kh * l.p.kw;
    total += t * l.count;
    totalFlops += flops * l.count;
    std::printf("  %-28s x%d %9.1f us %7.1f GFLOP/s %5.1f%%\n", l.name.c_str(), l.count, t * 1e6,
                flops / t * 1e-9, 100 * flops / t / peak);
  }
  std::printf("  total %.3f ms, %.1f GFLOP/s, %.1f%% of peak\n", total * 1e3,
              totalFlops / total * 1e-9, 100 * totalFlops / total / peak);
}

} // namespace

int main(int argc, char **argv) {
  wnnrt_context ctx;
  wnnrt_context_init(&ctx);
  ctx.kernels = wnnrt_kernels_best();
  if (argc > 1)
    for (int isa = 0; isa < WNNRT_ISA_COUNT; ++isa)
      if (!std::strcmp(argv[1], wnnrt_isa_name(static_cast<wnnrt_isa>(isa))))
        ctx.kernels = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa));
  if (!ctx.kernels) {
    std::fprintf(stderr, "this CPU cannot run `%s`\n", argv[1]);
    return 1;
  }
  int repetitions = argc > 2 ? std::atoi(argv[2]) : 20;
  double peak = measurePeak(ctx);
  std::printf("measured FMA peak %.1f GFLOP/s\n", peak * 1e-9);
  run("3x3, direct", winograd(Kind::Dense), ctx, peak, repetitions);
  run("3x3, Winograd 2x2", winograd(Kind::Winograd2), ctx, peak, repetitions);
  run("3x3, Winograd 4x4", winograd(Kind::Winograd4), ctx, peak, repetitions);
  run("resnet18", resnet18(), ctx, peak, repetitions);
  run("mobilenet_v2", mobilenetV2(), ctx, peak, repetitions);
  return 0;
}
