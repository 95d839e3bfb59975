// SPDX-License-Identifier: Apache-2.0
// A convolution on the matrix unit: the input of a band of rows split once into an image of two
// bf16 parts in the scratch (ConvMatrix.h), the steps of the reduction as they read it, and what is
// fused, done to the sums of a tile.
#ifndef WNNRT_SRC_SIMD_MATRIXCONV_H
#define WNNRT_SRC_SIMD_MATRIXCONV_H

#include "../ConvMatrix.h"
#include "Epilogue.h"
#include "MatrixTiles.h"
#include "wnnrt_pack.h"

#ifdef WNNRT_HAVE_TILES

namespace {

using wnnrt::ConvMatrix;

constexpr int64_t stepsMost = 1024;

/// 32 terms of the reduction: two taps or two blocks of channels.
struct Step {
  int64_t at;       // in the image, from a position's first pixel
  int32_t tap[2];   // of the halves of the weights
  int32_t block[2]; // -1: zeros
};

struct MatrixConv {
  const wnnrt_conv2d_params *p;
  ConvMatrix shape;
  Epilogue e;
  const float *x, *w, *bias, *residual; // of one picture of the batch
  float *y;
  unsigned char *image;
  int64_t ihw, ohw, panels, taps, panelStride;
  int64_t planeRows, pixels, singlesAt;
  int64_t rowBegin, rows, tiles; // of the band
  int64_t pairSteps, steps;
  Step step[stepsMost];

  explicit MatrixConv(const wnnrt_conv2d_params *params)
      : p(params), shape(params), e(params->act, params->residual_after_act != 0) {
    ihw = int64_t(p->ih) * p->iw;
    ohw = int64_t(p->oh) * p->ow;
    panels = blocksOf16(p->co);
    taps = int64_t(p->kh) * p->kw;
    panelStride = wnnrt_conv2d_c16_panel_stride(p);
    planeRows = shape.imageRows(p, shape.bandRows);
    pixels = shape.pixels(p, shape.bandRows);
    singlesAt = shape.pairs * pixels * 128;
    steps = 0;
    for (int32_t pair = 0; pair < shape.pairs; ++pair)
      for (int32_t r = 0; r < p->kh; ++r)
        for (int32_t s = 0; s < p->kw; ++s) {
          int32_t tap = r * p->kw + s;
          step[steps++] = {
              pair * pixels * 128 + tapPixel(r, s) * 64, {tap, tap}, {2 * pair, 2 * pair + 1}};
        }
    pairSteps = steps;
    if (shape.singles == 0)
      return;
    const int32_t across = p->dilation_w == 1 ? 2 : 1;
    const int32_t blocks = static_cast<int32_t>(wnnrt::windowBlocks(p));
    for (int32_t b = static_cast<int32_t>(2 * shape.pairs); b < blocks; ++b)
      for (int32_t r = 0; r < p->kh; ++r)
        for (int32_t s = 0; s < p->kw; s += across) {
          int32_t tap = r * p->kw + s;
          bool both = across == 2 && s + 1 < p->kw;
          int64_t at = singlesAt + (b - 2 * shape.pairs) * pixels * 64 + tapPixel(r, s) * 32;
          step[steps++] = {at, {tap, tap + 1}, {b, both ? b : -1}};
        }
  }

  int64_t tapPixel(int32_t r, int32_t s) const {
    int64_t row = int64_t(r) * p->dilation_h;
    return (row % shape.images * planeRows + row / shape.images) * shape.columns +
           int64_t(s) * p->dilation_w;
  }

  void setBand(int64_t band) {
    rowBegin = shape.bandRows * band;
    rows = minOf(shape.bandRows, p->oh - rowBegin);
    tiles = shape.tiles(p, rows);
  }

  /// The first position of a tile.
  int64_t position(int64_t tile) const {
    if (!shape.across)
      return tile * shape.height;
    return tile / shape.across * shape.pitch + tile % shape.across * shape.height;
  }

  /// A pixel's channels of one block or of two, in two parts. What is too large is in `bad`.
  WNNRT_AMX WNNRT_INLINE_MEMBER void splitPairs(const float *from, int64_t stride, int64_t next,
                                                __mmask16 mask, int64_t n, unsigned char *to,
                                                __mmask16 &bad) const {
    for (int64_t i = 0; i < n; ++i, from += stride, to += 64) {
      __m512 a = _mm512_loadu_ps(from), b = _mm512_maskz_loadu_ps(mask, from + next);
      bad = _kor_mask16(bad, _kor_mask16(tooLarge(a), tooLarge(b)));
      splitTerms(a, b, to, to + pixels * 64);
    }
  }
  WNNRT_AMX WNNRT_INLINE_MEMBER void splitSingles(const float *from, int64_t stride, __mmask16 mask,
                                                  int64_t n, unsigned char *to,
                                                  __mmask16 &bad) const {
    int64_t i = 0;
    for (; i + 2 <= n; i += 2, from += 2 * stride, to += 64) {
      __m512 a = _mm512_maskz_loadu_ps(mask, from), b = _mm512_maskz_loadu_ps(mask, from + stride);
      bad = _kor_mask16(bad, _kor_mask16(tooLarge(a), tooLarge(b)));
      splitTerms(a, b, to, to + pixels * 32);
    }
    for (; i < n; ++i, from += stride, to += 32) {
      __m512 a = _mm512_maskz_loadu_ps(mask, from);
      __m512 high = _mm512_castsi512_ps(highPart(_mm512_castps_si512(a)));
      bad = _kor_mask16(bad, tooLarge(a));
      _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(high));
      _mm256_storeu_si256((__m256i *)(to + pixels * 32),
                          (__m256i)_mm512_cvtneps_pbh(_mm512_sub_ps(a, high)));
    }
  }

  WNNRT_INLINE_MEMBER void zero(unsigned char *to, int64_t bytes, int64_t low) const {
    memset(to, 0, static_cast<size_t>(bytes));
    memset(to + low, 0, static_cast<size_t>(bytes));
  }

  /// A row of the band's image, all channels. False: it has numbers that are not for the unit.
  WNNRT_AMX WNNRT_NOINLINE bool splitRow(int64_t plane, int64_t row) const {
    int64_t iy = p->kh == 1 ? (rowBegin + row) * p->stride_h
                            : rowBegin * p->stride_h + row * shape.images + plane;
    iy -= p->pad_top;
    int64_t begin = p->pad_left > 0 ? (p->pad_left + shape.skip - 1) / shape.skip : 0;
    int64_t last = int64_t(p->iw) - 1 + p->pad_left;
    int64_t end = last < 0 ? 0 : minOf(shape.columns, last / shape.skip + 1);
    begin = minOf(begin, shape.columns);
    if (iy < 0 || iy >= p->ih || end < begin)
      begin = end = shape.columns;
    const int64_t first = (plane * planeRows + row) * shape.columns;
    const float *from = x + (iy * p->iw + begin * shape.skip - p->pad_left) * 16;
    const int64_t lastChannels = p->ci - (blocksOf16(p->ci) - 1) * 16;
    const __mmask16 lastMask = static_cast<__mmask16>((1u << lastChannels) - 1u);
    __mmask16 bad = 0;
    for (int64_t b = 0; b < shape.pairs; ++b, from += 32 * ihw) {
      unsigned char *to = image + b * pixels * 128 + first * 64;
      zero(to, begin * 64, pixels * 64);
      zero(to + end * 64, (shape.columns - end) * 64, pixels * 64);
      bool lastPair = b + 1 == shape.pairs && shape.singles == 0;
      splitPairs(from, shape.skip * 16, ihw * 16, lastPair ? lastMask : __mmask16(0xffff),
                 end - begin, to + begin * 64, bad);
    }
    for (int64_t b = 0; b < shape.singles; ++b, from += 16 * ihw) {
      unsigned char *to = image + singlesAt + b * pixels * 64 + first * 32;
      zero(to, begin * 32, pixels * 32);
      // A half of zero weights reads the pixel behind a tap's, even that behind the image.
      const int64_t behind = first + shape.columns == shape.images * planeRows * shape.columns;
      zero(to + end * 32, (shape.columns + behind - end) * 32, pixels * 32);
      splitSingles(from, shape.skip * 16, b + 1 == shape.singles ? lastMask : __mmask16(0xffff),
                   end - begin, to + begin * 32, bad);
    }
    return bad == 0;
  }

  /// `n` outputs of a panel from `at` on.
  WNNRT_INLINE_MEMBER void finishRun(float *sums, int64_t at, int64_t n) const {
    const vf lo = vset(e.lo), hi = vset(e.hi);
    float *to = y + at;
    if (residual) {
      const float *r = residual + at;
      for (int64_t i = 0; i < n * 16; i += 16)
        vstore(to + i, vclamp(vadd(vload(sums + i), vload(r + i)), lo, hi));
    } else {
      for (int64_t i = 0; i < n * 16; i += 16)
        vstore(to + i, vclamp(vload(sums + i), lo, hi));
    }
  }
  WNNRT_NOINLINE void actRun(float *sums, int64_t at, int64_t n) const {
    float *to = y + at;
    const float *r = residual ? residual + at : nullptr;
    if (r && !e.residualAfter)
      for (int64_t i = 0; i < n * 16; i += 16)
        vstore(sums + i, vadd(vload(sums + i), vload(r + i)));
    e.apply(sums, n * 16);
    for (int64_t i = 0; i < n * 16; i += 16) {
      vf v = vload(sums + i);
      vstore(to + i, r && e.residualAfter ? vadd(v, vload(r + i)) : v);
    }
  }

  /// All that is fused, on the sums of a tile and panel; those that are outputs are stored.
  WNNRT_NOINLINE void finish(float *sums, int64_t tile, int64_t panel) const {
    int64_t q = position(tile), row = q / shape.pitch, column = q - row * shape.pitch;
    int64_t left = shape.across ? minOf(shape.height, p->ow - column) : shape.height;
    while (left > 0 && row < rows) {
      int64_t n = minOf(left, p->ow - column);
      if (n > 0) {
        int64_t at = (panel * ohw + (rowBegin + row) * p->ow + column) * 16;
        if (e.needed)
          actRun(sums, at, n);
        else
          finishRun(sums, at, n);
      }
      n = minOf(left, shape.pitch - column);
      sums += n * 16;
      left -= n;
      column = 0;
      ++row;
    }
  }
};

} // namespace
#endif
#endif // WNNRT_SRC_SIMD_MATRIXCONV_H
