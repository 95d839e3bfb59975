// SPDX-License-Identifier: Apache-2.0
// copy_channels_c16 and gather_channels_c16: each block of 16 output channels is made of lanes of a
// few input blocks (two for a shifted copy, three or four for a channel shuffle). With AVX-512 two
// permutations make a vector out of four; everything else goes to the reference.
#include "../Isa.h"
#include "Parallel.h"

#if defined(__AVX512F__)
namespace {

/// The lanes of one output block, collected one by one.
struct LaneMove {
  const float *source[4];
  int sources = 0;
  int32_t first[16] = {}, second[16] = {}; // indices into sources 0 and 1, and into 2 and 3
  uint32_t fromSecond = 0, write = 0;

  /// False when the lanes come from more blocks than four.
  bool add(int lane, const float *block, int from) {
    int s = 0;
    while (s < sources && source[s] != block)
      ++s;
    if (s == 4)
      return false;
    if (s == sources)
      source[sources++] = block;
    (s < 2 ? first : second)[lane] = s % 2 * 16 + from;
    fromSecond |= uint32_t(s >= 2) << lane;
    write |= 1u << lane;
    return true;
  }

  /// Pixels [begin, end).
  void run(float *y, int64_t begin, int64_t end) const {
    if (!sources)
      return;
    const float *a = source[0], *b = source[sources > 1 ? 1 : 0];
    const float *c = source[sources > 2 ? 2 : 0], *d = source[sources > 3 ? 3 : 0];
    vi ab = _mm512_loadu_si512(first), cd = _mm512_loadu_si512(second);
    auto mask = static_cast<__mmask16>(write), other = static_cast<__mmask16>(fromSecond);
    if (sources <= 2) {
      for (int64_t i = begin * 16; i < end * 16; i += 16)
        _mm512_mask_storeu_ps(y + i, mask, _mm512_permutex2var_ps(vload(a + i), ab, vload(b + i)));
      return;
    }
    for (int64_t i = begin * 16; i < end * 16; i += 16) {
      vf low = _mm512_permutex2var_ps(vload(a + i), ab, vload(b + i));
      vf high = _mm512_permutex2var_ps(vload(c + i), cd, vload(d + i));
      _mm512_mask_storeu_ps(y + i, mask, _mm512_mask_blend_ps(other, low, high));
    }
  }
};

/// Calls f(first block, last, first pixel, last) for a part of all blocks or of all pixels.
template <class F>
void splitBlocks(const wnnrt_context *ctx, int64_t blocks, int64_t pixels, const F &f) {
  const bool byPixels = sharePixels(pixels);
  splitLight(ctx, byPixels ? pixels : blocks, 32 * (byPixels ? blocks : pixels),
             [&](int64_t begin, int64_t end) {
               f(byPixels ? 0 : begin, byPixels ? blocks : end, byPixels ? begin : 0,
                 byPixels ? end : pixels);
             });
}

} // namespace
#endif

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::copy_channels_c16(const wnnrt_context *ctx,
                                              const wnnrt_copy_channels_params *p, const void *xv,
                                              void *yv) {
#if defined(__AVX512F__)
  if (p->src_offset < 0 || p->dst_offset < 0 || p->src_offset + p->c > p->src_c ||
      p->dst_offset + p->c > p->dst_c)
    return WNNRT_INVALID_ARGUMENT;
  if (p->c <= 0)
    return WNNRT_OK;
  int64_t plane = int64_t(p->hw) * 16, srcBlocks = blocksOf16(p->src_c);
  int64_t dstBlocks = blocksOf16(p->dst_c), begin = p->dst_offset / 16;
  int64_t perImage = (p->dst_offset + p->c - 1) / 16 - begin + 1;
  splitBlocks(ctx, p->n * perImage, p->hw,
              [&](int64_t from, int64_t to, int64_t firstPixel, int64_t lastPixel) {
                for (int64_t i = from; i < to; ++i) {
                  int64_t n = i / perImage, block = begin + i % perImage;
                  const float *x = static_cast<const float *>(xv) + n * srcBlocks * plane;
                  LaneMove move;
                  for (int lane = 0; lane < 16; ++lane) {
                    int64_t c = block * 16 + lane - p->dst_offset;
                    if (c >= 0 && c < p->c) {
                      c += p->src_offset;
                      move.add(lane, x + c / 16 * plane, static_cast<int>(c % 16));
                    }
                  }
                  move.run(static_cast<float *>(yv) + (n * dstBlocks + block) * plane, firstPixel,
                           lastPixel);
                }
              });
  return WNNRT_OK;
#else
  return ref::copy_channels_c16(ctx, p, xv, yv);
#endif
}

wnnrt_status WNNRT_SIMD_NS::gather_channels_c16(const wnnrt_context *ctx,
                                                const wnnrt_gather_channels_params *p,
                                                const void *xv, const void *x2v, const void *tablev,
                                                void *yv) {
#if defined(__AVX512F__)
  auto *table = static_cast<const int32_t *>(tablev);
  for (int64_t c = 0; c < p->c_out; ++c)
    if (table[c] < 0 || table[c] >= p->c_in + p->c_in2)
      return WNNRT_OUT_OF_RANGE;
  int64_t plane = int64_t(p->hw) * 16, inBlocks = blocksOf16(p->c_in);
  int64_t inBlocks2 = blocksOf16(p->c_in2);
  int64_t outBlocks = blocksOf16(p->c_out);
  splitBlocks(ctx, p->n * outBlocks, p->hw,
              [&](int64_t begin, int64_t end, int64_t firstPixel, int64_t lastPixel) {
                for (int64_t i = begin; i < end; ++i) {
                  int64_t n = i / outBlocks, first = i % outBlocks * 16;
                  const float *x = static_cast<const float *>(xv) + n * inBlocks * plane;
                  const float *x2 =
                      p->c_in2 ? static_cast<const float *>(x2v) + n * inBlocks2 * plane : nullptr;
                  // The block of a channel; its lane is c % 16 of the tensor that it is in.
                  auto blockOf = [&](int32_t c) {
                    return c < p->c_in ? x + c / 16 * plane : x2 + (c - p->c_in) / 16 * plane;
                  };
                  auto laneOf = [&](int32_t c) { return (c < p->c_in ? c : c - p->c_in) % 16; };
                  float *y = static_cast<float *>(yv) + i * plane;
                  int lanes = static_cast<int>(minOf(16, p->c_out - first));
                  LaneMove move;
                  bool few = true;
                  for (int lane = 0; lane < lanes; ++lane)
                    few = few &&
                          move.add(lane, blockOf(table[first + lane]), laneOf(table[first + lane]));
                  if (few) {
                    move.run(y, firstPixel, lastPixel);
                    continue;
                  }
                  for (int lane = 0; lane < lanes; ++lane) {
                    const float *from = blockOf(table[first + lane]) + laneOf(table[first + lane]);
                    for (int64_t k = firstPixel * 16; k < lastPixel * 16; k += 16)
                      y[k + lane] = from[k];
                  }
                }
              });
  return WNNRT_OK;
#else
  return ref::gather_channels_c16(ctx, p, xv, x2v, tablev, yv);
#endif
}

} // namespace wnnrt
