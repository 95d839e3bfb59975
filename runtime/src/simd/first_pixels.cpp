// SPDX-License-Identifier: Apache-2.0
// first_pixels: first convolutions with few outputs. Vectors hold neighbouring pixels of a row, and
// weights are broadcast: three vectors by eight outputs load half as often as they multiply, and no
// lane is for an output that is not there. Rows of the input are copied with their padding, and
// apart by the stride: what neighbouring outputs read at a tap then lies next to each other. Sums
// are transposed to c16 at the end.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"

#if defined(__AVX2__)
#include "../RowsJob.h"
#include "Epilogue.h"
#include "Parallel.h"
#include "wnnrt_first.h"

namespace {

constexpr int outputsMost = vlanes == 16 ? 8 : 4, vectorsMost = 3;
constexpr int64_t imageMost = 16 * 1024, imageGood = 5 * 1024; // floats of the copy
constexpr int64_t tapsMost = wnnrt::firstPixelsTaps;

/// Some vectors of pixels by some outputs.
struct PixelsTile {
  const float *x[vectorsMost]; // their first tap
  const int32_t *taps;         // offsets from there
  int64_t tapCount;
  const float *w, *bias; // of the first output; bias may be null
  float *out;            // pixels of a block of channels, at the first output
  const Epilogue *epilogue;
};

/// Pixels that were computed, and where they belong.
struct PixelsDone {
  int vectors = 0;
  float *y[vectorsMost];
  int pixels[vectorsMost];
  alignas(64) float out[vectorsMost * vlanes * 16] = {}; // channels that are not there stay 0

  void store() const {
    for (int v = 0; v < vectors; ++v) {
      const float *from = out + v * vlanes * 16;
      for (int i = 0; i < pixels[v] * 16; i += vlanes)
        vstore(y[v] + i, vload(from + i));
    }
  }
};

// In each 128-bit quarter: the lower or upper two numbers of a and b in turn, their lower or upper
// pairs. The even and odd numbers of both.
// Quarters stored `stride` floats apart.
#if defined(__AVX512F__)
WNNRT_INLINE vf vunpackLow(vf a, vf b) {
  return _mm512_unpacklo_ps(a, b);
}
WNNRT_INLINE vf vunpackHigh(vf a, vf b) {
  return _mm512_unpackhi_ps(a, b);
}
WNNRT_INLINE vf vpairsLow(vf a, vf b) {
  return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}
WNNRT_INLINE vf vpairsHigh(vf a, vf b) {
  return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}
WNNRT_INLINE vf vevens(vf a, vf b) {
  const vi even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_ps(a, even, b);
}
WNNRT_INLINE vf vodds(vf a, vf b) {
  const vi odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return _mm512_permutex2var_ps(a, odd, b);
}
/// Lanes [begin, end), zeros in the others, whose places are not read.
WNNRT_INLINE vf vloadLanes(const float *p, int begin, int end) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>(((1u << end) - 1u) >> begin << begin), p);
}
WNNRT_INLINE void vstoreQuarters(float *y, int64_t stride, vf a) {
  _mm_storeu_ps(y, _mm512_castps512_ps128(a));
  _mm_storeu_ps(y + stride, _mm512_extractf32x4_ps(a, 1));
  _mm_storeu_ps(y + 2 * stride, _mm512_extractf32x4_ps(a, 2));
  _mm_storeu_ps(y + 3 * stride, _mm512_extractf32x4_ps(a, 3));
}
#else
WNNRT_INLINE vf vunpackLow(vf a, vf b) {
  return _mm256_unpacklo_ps(a, b);
}
WNNRT_INLINE vf vunpackHigh(vf a, vf b) {
  return _mm256_unpackhi_ps(a, b);
}
WNNRT_INLINE vf vpairsLow(vf a, vf b) {
  return _mm256_shuffle_ps(a, b, 0x44);
}
WNNRT_INLINE vf vpairsHigh(vf a, vf b) {
  return _mm256_shuffle_ps(a, b, 0xee);
}
WNNRT_INLINE vf vevens(vf a, vf b) {
  const __m256d even = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(even, 0xd8));
}
WNNRT_INLINE vf vodds(vf a, vf b) {
  const __m256d odd = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xdd));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(odd, 0xd8));
}
WNNRT_INLINE vf vloadLanes(const float *p, int begin, int end) {
  const vi lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_maskload_ps(p,
                            _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(begin), lane),
                                                _mm256_cmpgt_epi32(_mm256_set1_epi32(end), lane)));
}
WNNRT_INLINE void vstoreQuarters(float *y, int64_t stride, vf a) {
  _mm_storeu_ps(y, _mm256_castps256_ps128(a));
  _mm_storeu_ps(y + stride, _mm256_extractf128_ps(a, 1));
}
#endif

/// Four vectors of pixels, one per channel, to vectors of which each 4 floats are a pixel: pixel
/// j + 4 * i is quarter i of v[j].
WNNRT_INLINE void transposeQuarters(vf &a, vf &b, vf &c, vf &d) {
  vf ab0 = vunpackLow(a, b), ab1 = vunpackHigh(a, b);
  vf cd0 = vunpackLow(c, d), cd1 = vunpackHigh(c, d);
  a = vpairsLow(ab0, cd0), b = vpairsHigh(ab0, cd0);
  c = vpairsLow(ab1, cd1), d = vpairsHigh(ab1, cd1);
}

template <int C, int V>
WNNRT_INLINE void pixelsStep(vf (&sums)[C][V], const PixelsTile &t, int64_t at, const float *w) {
  vf x[V];
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v)
    x[v] = vload(t.x[v] + at);
  WNNRT_UNROLL
  for (int c = 0; c < C; ++c) {
    const vf weight = vset(w[c]);
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v)
      sums[c][v] = vfma(x[v], weight, sums[c][v]);
  }
}

template <int C, int V> WNNRT_NOINLINE static void pixelsTile(const PixelsTile &t) {
  vf sums[C][V];
  WNNRT_UNROLL
  for (int c = 0; c < C; ++c) {
    const vf start = t.bias ? vset(t.bias[c]) : vzero();
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v)
      sums[c][v] = start;
  }
  const float *w = t.w;
  for (int64_t i = 0; i < t.tapCount; ++i, w += 16)
    pixelsStep(sums, t, t.taps[i], w);
  if (t.epilogue->needed) {
    alignas(64) float all[C * V * vlanes];
    WNNRT_UNROLL
    for (int c = 0; c < C; ++c) {
      WNNRT_UNROLL
      for (int v = 0; v < V; ++v)
        vstore(all + (c * V + v) * vlanes, sums[c][v]);
    }
    t.epilogue->apply(all, C * V * vlanes);
    WNNRT_UNROLL
    for (int c = 0; c < C; ++c) {
      WNNRT_UNROLL
      for (int v = 0; v < V; ++v)
        sums[c][v] = vload(all + (c * V + v) * vlanes);
    }
  } else {
    const vf lo = vset(t.epilogue->lo), hi = vset(t.epilogue->hi);
    WNNRT_UNROLL
    for (int c = 0; c < C; ++c) {
      WNNRT_UNROLL
      for (int v = 0; v < V; ++v)
        sums[c][v] = vmax(lo, sums[c][v]); // NaN stays NaN
    }
    if (t.epilogue->hi < __builtin_huge_valf()) {
      WNNRT_UNROLL
      for (int c = 0; c < C; ++c) {
        WNNRT_UNROLL
        for (int v = 0; v < V; ++v)
          sums[c][v] = vmin(hi, sums[c][v]);
      }
    }
  }
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v) {
    float *out = t.out + v * vlanes * 16;
    WNNRT_UNROLL
    for (int c = 0; c < C; c += 4) {
      transposeQuarters(sums[c][v], sums[c + 1][v], sums[c + 2][v], sums[c + 3][v]);
      WNNRT_UNROLL
      for (int j = 0; j < 4; ++j)
        vstoreQuarters(out + j * 16 + c, 64, sums[c + j][v]);
    }
  }
}

using PixelsFn = void (*)(const PixelsTile &);
#define WNNRT_VECTORS(C) {pixelsTile<C, 1>, pixelsTile<C, 2>, pixelsTile<C, 3>}
constexpr PixelsFn fours[] = WNNRT_VECTORS(4);
#if defined(__AVX512F__)
constexpr PixelsFn eights[] = WNNRT_VECTORS(8);
#endif

/// The numbers of a row, of which the image has [0, columns).
WNNRT_INLINE vf within(const float *row, int64_t from, int64_t columns) {
  return vloadLanes(row + from, static_cast<int>(minOf(maxOf(0, -from), vlanes)),
                    static_cast<int>(maxOf(0, minOf(columns - from, vlanes))));
}

/// Columns from `from` on of an input row of `columns`, zeros outside of the image. With a stride
/// of 2 every second one goes to `to`, the others to `to` + width; `needed` of each.
template <int STRIDE>
static void copyRow(const float *row, int64_t columns, int64_t from, float *to, int64_t needed,
                    int64_t width) {
  constexpr int64_t step = STRIDE * vlanes;
  const float *const end = to + needed;
  for (; to < end; to += vlanes, from += step) {
    for (; from >= 0 && from + step <= columns && to < end; to += vlanes, from += step)
      if (STRIDE == 1) {
        vstore(to, vload(row + from));
      } else {
        vf a = vload(row + from), b = vload(row + from + vlanes);
        vstore(to, vevens(a, b));
        vstore(to + width, vodds(a, b));
      }
    if (to >= end)
      break;
    vf a = within(row, from, columns);
    if (STRIDE == 1) {
      vstore(to, a);
    } else {
      vf b = within(row, from + vlanes, columns);
      vstore(to, vevens(a, b));
      vstore(to + width, vodds(a, b));
    }
  }
}

/// Which columns and rows are worked on at once.
struct Strip {
  const wnnrt_conv2d_params *p;
  int64_t reach, rowsMore; // columns of a part and rows that the last output reads beyond its own
  int64_t vectors, rows;   // of pixels in a row, and output rows
  int64_t needed, width;   // columns of a part that are read, and its place in the copy
  int64_t rowFloats;
  bool fits;

  explicit Strip(const wnnrt_conv2d_params *params) : p(params) {
    reach = int64_t(p->kw - 1) * p->dilation_w / p->stride_w;
    rowsMore = int64_t(p->kh - 1) * p->dilation_h;
    vectors = minOf(imageMost, (p->ow + vlanes - 1) / vlanes);
    fits = reach <= imageMost && rowsMore <= imageMost && p->stride_h <= imageMost;
    if (!fits)
      return;
    while (vectors > 1 && floatsOf(vectors, vectorsMost) > imageMost)
      vectors = (vectors + 1) / 2;
    rows = floatsOf(vectors, vectorsMost) > imageMost ? 1 : vectorsMost;
    while (rows >= vectorsMost && floatsOf(vectors, rows + vectorsMost) <= imageGood)
      rows += vectorsMost;
    needed = vectors * vlanes + reach;
    width = widthOf(vectors);
    rowFloats = p->ci * p->stride_w * width;
    fits = floatsOf(vectors, rows) <= imageMost;
  }
  int64_t widthOf(int64_t n) const { return blocksOf16(n * vlanes + reach) * 16; }
  int64_t floatsOf(int64_t n, int64_t outputRows) const {
    return ((outputRows - 1) * p->stride_h + rowsMore + 1) * p->ci * p->stride_w * widthOf(n);
  }
};

struct FirstPixels : Strip {
  const float *x, *w, *bias; // of an image
  float *y;
  const Epilogue epilogue;
  int64_t tapCount = 0;
  int32_t taps[tapsMost];
  PixelsDone done[2];
  bool turn = false;
  alignas(64) float image[imageMost];

  explicit FirstPixels(const Strip &strip) : Strip(strip), epilogue(p->act, false) {
    for (int64_t c = 0; c < p->ci; ++c)
      for (int64_t r = 0; r < p->kh; ++r)
        for (int64_t s = 0; s < p->kw; ++s) {
          const int64_t column = s * p->dilation_w, part = column % p->stride_w;
          taps[tapCount++] =
              static_cast<int32_t>(r * p->dilation_h * rowFloats +
                                   (c * p->stride_w + part) * width + column / p->stride_w);
        }
  }

  /// What output rows [oy, oy + some) read, in columns from vector `first`; if `next`, behind the
  /// rows that were there before.
  void copyRows(int64_t oy, int64_t some, int64_t first, bool next) {
    const int64_t count = (some - 1) * p->stride_h + rowsMore + 1;
    const int64_t from = first * vlanes * p->stride_w - p->pad_left, part = p->stride_w * width;
    const int64_t kept = next ? maxOf(0, rowsMore + 1 - p->stride_h) : 0;
    memmove(image, image + rows * p->stride_h * rowFloats,
            static_cast<size_t>(minOf(kept, count) * rowFloats) * sizeof(float));
    float *to = image + kept * rowFloats;
    const auto copy = p->stride_w == 1 ? copyRow<1> : copyRow<2>;
    for (int64_t r = kept; r < count; ++r) {
      const int64_t iy = oy * p->stride_h - p->pad_top + r;
      for (int64_t c = 0; c < p->ci; ++c, to += part)
        if (iy >= 0 && iy < p->ih)
          copy(x + (c * p->ih + iy) * p->iw, p->iw, from, to, needed, width);
        else
          memset(to, 0, static_cast<size_t>(part) * sizeof(float));
    }
  }

  void tiles(int64_t oy, int64_t some, int64_t first, int64_t count) {
    PixelsTile t;
    t.taps = taps, t.tapCount = tapCount, t.epilogue = &epilogue;
    for (int64_t i = 0, r = 0, q = 0; i < some * count; turn = !turn) {
      const int n = static_cast<int>(minOf(vectorsMost, some * count - i));
      PixelsDone &to = done[turn];
      to.vectors = n;
      for (int v = 0; v < n; ++v, ++i) {
        const int64_t ox = (first + q) * vlanes;
        t.x[v] = image + r * p->stride_h * rowFloats + q * vlanes;
        to.pixels[v] = static_cast<int>(minOf(vlanes, p->ow - ox));
        to.y[v] = y + ((oy + r) * p->ow + ox) * 16;
        if (++q == count)
          q = 0, ++r;
      }
      for (int64_t o = 0; o < p->co;) {
        const bool eight = outputsMost == 8 && p->co - o > 4;
        t.w = w + o;
        t.bias = bias ? bias + o : nullptr;
        t.out = to.out + o;
#if defined(__AVX512F__)
        (eight ? eights : fours)[n - 1](t);
#else
        fours[n - 1](t);
#endif
        o += eight ? 8 : 4;
      }
      // Those before: what was just stored in parts is not there yet to be loaded as a whole.
      done[!turn].store();
      done[!turn].vectors = 0;
    }
  }

  void run(int64_t begin, int64_t end) {
    const int64_t all = (p->ow + vlanes - 1) / vlanes;
    for (int64_t q = 0; q < all; q += vectors)
      for (int64_t oy = begin; oy < end; oy += rows) {
        const int64_t n = minOf(rows, end - oy);
        copyRows(oy, n, q, oy > begin);
        tiles(oy, n, q, minOf(vectors, all - q));
      }
    done[!turn].store();
  }
};

bool run(const wnnrt_context *ctx, const wnnrt_conv2d_params *p, const void *x, const void *w,
         const void *bias, const void *residual, void *y) {
  if (!wnnrt::firstHasPixelVectors(p->ci, int64_t(p->kh) * p->kw, p->co, p->ow, p->stride_w,
                                   residual != nullptr))
    return false;
  const Strip strip(p);
  if (!strip.fits)
    return false;
  const int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : int64_t(p->ci) * p->ih * p->iw;
  const int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : int64_t(p->oh) * p->ow * 16;
  for (int64_t n = 0; n < p->n; ++n)
    splitWork(ctx, p->oh, [&](int64_t begin, int64_t end) {
      FirstPixels first(strip);
      first.x = static_cast<const float *>(x) + n * xBatch;
      first.w = static_cast<const float *>(w);
      first.bias = static_cast<const float *>(bias);
      first.y = static_cast<float *>(y) + n * yBatch;
      first.run(begin, end);
    });
  return true;
}

constexpr wnnrt::FirstPart table = {run};

} // namespace

const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_pixels = {nullptr, &table};
#else
#include "../RowsJob.h"

static constexpr wnnrt::FirstPart none = {[](const wnnrt_context *, const wnnrt_conv2d_params *,
                                             const void *, const void *, const void *, const void *,
                                             void *) { return false; }};
const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_pixels = {nullptr, &none};
#endif
