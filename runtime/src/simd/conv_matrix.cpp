// SPDX-License-Identifier: Apache-2.0
// conv2d_matrix_c16: convolutions by AMX tiles, each f32 number in two bf16 parts as in
// matrix_unit.cpp. A band of the input is split once into an image in the scratch (ConvMatrix.h);
// a tile of 16 outputs then loads each tap from there. The weights of the next part of the work are
// split while tiles multiply this one, and what is fused is done to the sums before: a chunk of
// outputs uses each weight that was split.
#include "../ConvMatrix.h"
#include "../Isa.h"
#include "Epilogue.h"
#include "MatrixTiles.h"
#include "Parallel.h"
#include "wnnrt_pack.h"

#ifdef WNNRT_HAVE_TILES

#define WNNRT_INLINE_MEMBER __attribute__((always_inline)) inline

namespace {

using wnnrt::ConvMatrix;

constexpr int64_t partSteps = 20;  // of the reduction whose weights are split at a time
constexpr int64_t chunkTiles = 32; // whose sums lie beside them
constexpr int64_t stepsMost = 1024;
constexpr int64_t unitFloats = 256; // weights of one tap, block of channels and panel
constexpr int64_t prefetchAhead = 24;

WNNRT_INLINE void barrier() {
  // The compiler does not know that tile instructions read and write memory.
  __asm__ volatile("" ::: "memory");
}

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
      __m512 highA = _mm512_castsi512_ps(highPart(_mm512_castps_si512(a)));
      __m512 highB = _mm512_castsi512_ps(highPart(_mm512_castps_si512(b)));
      bad = _kor_mask16(bad, _kor_mask16(tooLarge(a), tooLarge(b)));
      __m512bh high = _mm512_cvtne2ps_pbh(highB, highA);
      __m512bh low = _mm512_cvtne2ps_pbh(_mm512_sub_ps(b, highB), _mm512_sub_ps(a, highA));
      _mm512_storeu_si512(to, (__m512i)high);
      _mm512_storeu_si512(to + pixels * 64, (__m512i)low);
    }
  }
  WNNRT_AMX WNNRT_INLINE_MEMBER void splitSingles(const float *from, int64_t stride, __mmask16 mask,
                                                  int64_t n, unsigned char *to,
                                                  __mmask16 &bad) const {
    for (int64_t i = 0; i < n; ++i, from += stride, to += 32) {
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

/// A chunk of outputs, one or two panels, a part of the reduction.
struct Phase {
  int64_t chunk, tile, tileEnd, panel, part, step, stepEnd;
  int count; // of panels
};

/// Some tiles and panels of a band; each thread has its own.
struct MatrixWorker {
  const MatrixConv &c;
  int64_t tileBegin, tileEnd, panelBegin, panelEnd, chunks, parts;

  // Of the next phases: what is split, and what is prefetched.
  Phase next, later;
  int64_t unit, units, laterUnits, credit, perUnit;
  unsigned char *nextRight;

  // Sums that are complete.
  struct {
    float *sums;
    int64_t tile, panel;
    int done, units, count;
  } pending;

  alignas(64) unsigned char right[2][partSteps * 4 * tileBytes]; // [step][panel][high, low]
  alignas(64) float sums[chunkTiles * 2 * 256];                  // [tile][panel]

  explicit MatrixWorker(const MatrixConv &conv) : c(conv) {}

  /// Panels that share their input.
  int countAt(int64_t panel) const { return panel + 1 < panelEnd && c.p->groups == 1 ? 2 : 1; }
  void setPart(Phase &ph) const {
    ph.step = c.steps * ph.part / parts;
    ph.stepEnd = c.steps * (ph.part + 1) / parts;
  }
  void setChunk(Phase &ph) const {
    int64_t fours = (tileEnd - tileBegin + 3) / 4;
    ph.tile = tileBegin + fours * ph.chunk / chunks * 4;
    ph.tileEnd = minOf(tileEnd, tileBegin + fours * (ph.chunk + 1) / chunks * 4);
  }
  /// False at the end.
  bool advance(Phase &ph) const {
    if (++ph.part == parts) {
      ph.part = 0;
      ph.panel += ph.count;
      if (ph.panel >= panelEnd) {
        ph.panel = panelBegin;
        if (++ph.chunk == chunks)
          return false;
        setChunk(ph);
      }
      ph.count = countAt(ph.panel);
    }
    setPart(ph);
    return true;
  }
  static int64_t unitsOf(const Phase &ph) { return (ph.stepEnd - ph.step) * 2 * ph.count; }

  /// Where a unit's weights are, and how many rows they have.
  WNNRT_INLINE_MEMBER const float *weights(const Phase &ph, int64_t u, int64_t *rowsOut) const {
    int64_t panel = ph.panel + (ph.count == 2 ? u >> 1 & 1 : 0);
    const Step &s = c.step[ph.step + (ph.count == 2 ? u >> 2 : u >> 1)];
    int32_t block = s.block[u & 1];
    int64_t channels = c.p->ci;
    if (c.p->groups > 1) {
      int32_t lo, hi;
      wnnrt_conv2d_c16_window(c.p, static_cast<int32_t>(panel), &lo, &hi);
      channels = hi - lo;
    }
    int64_t have = block < 0 ? 0 : maxOf(0, minOf(16, channels - int64_t(block) * 16));
    *rowsOut = have;
    return c.w + panel * c.panelStride + block * c.taps * unitFloats + s.tap[u & 1] * have * 16;
  }

  WNNRT_NOINLINE void splitUnit() {
    const int64_t u = unit++;
    int64_t have, ignored;
    const float *from = weights(next, u, &have);
    unsigned char *to = nextRight + (u >> 1) * 2 * tileBytes + (u & 1) * (tileBytes / 2);
    int64_t ahead = u + prefetchAhead;
    if (ahead < units)
      prefetchUnit(weights(next, ahead, &ignored));
    else if (ahead - units < laterUnits)
      prefetchUnit(weights(later, ahead - units, &ignored));
    if (have == 16) {
      WNNRT_UNROLL
      for (int pair = 0; pair < 8; ++pair)
        splitPair(_mm512_loadu_si512(from + pair * 32), _mm512_loadu_si512(from + pair * 32 + 16),
                  to + pair * 64);
      return;
    }
    for (int pair = 0; pair < 8; ++pair) {
      __m512i a = _mm512_setzero_si512(), b = a;
      if (2 * pair < have)
        a = _mm512_loadu_si512(from + pair * 32);
      if (2 * pair + 1 < have)
        b = _mm512_loadu_si512(from + pair * 32 + 16);
      splitPair(a, b, to + pair * 64);
    }
  }
  WNNRT_INLINE_MEMBER void prefetchUnit(const float *from) const {
    WNNRT_UNROLL
    for (int line = 0; line < 16; ++line)
      prefetchL2(from + line * 16);
  }

  WNNRT_NOINLINE void finishSome(int most) {
    for (; most > 0 && pending.done < pending.units; --most, ++pending.done)
      c.finish(pending.sums + pending.done * 256, pending.tile + pending.done / pending.count,
               pending.panel + pending.done % pending.count);
  }

  /// What the vector units do while tiles multiply.
  WNNRT_INLINE_MEMBER void beside(int finishes) {
    barrier();
    for (credit += units; credit >= perUnit; credit -= perUnit)
      splitUnit();
    if (pending.done < pending.units)
      finishSome(finishes);
    barrier();
  }

#define WNNRT_DP(C, A, B)                                                                          \
  if (C < T * P)                                                                                   \
    _tile_dpbf16ps(C, A, B);
#define WNNRT_LOAD(TILE, A, LOW)                                                                   \
  if (TILE < T)                                                                                    \
    _tile_loadd(A, a##TILE + at + LOW, stride);

  /// Of each sum, low * high, high * high and high * low in this order: results do not depend on
  /// which outputs are computed together.
  template <int T, int P>
  WNNRT_AMX WNNRT_INLINE void stepOf(const unsigned char *a0, const unsigned char *a1,
                                     const unsigned char *a2, const unsigned char *a3, int64_t at,
                                     int64_t low, int64_t stride, const unsigned char *b) {
    if (P == 2) {
      WNNRT_LOAD(0, 4, low)
      _tile_loadd(6, b, 64);
      WNNRT_DP(0, 4, 6)
      _tile_loadd(7, b + 2 * tileBytes, 64);
      WNNRT_DP(1, 4, 7)
      WNNRT_LOAD(1, 5, low)
      WNNRT_DP(2, 5, 6)
      WNNRT_DP(3, 5, 7)
      WNNRT_LOAD(0, 4, 0)
      WNNRT_DP(0, 4, 6)
      WNNRT_DP(1, 4, 7)
      WNNRT_LOAD(1, 5, 0)
      WNNRT_DP(2, 5, 6)
      WNNRT_DP(3, 5, 7)
      _tile_loadd(6, b + tileBytes, 64);
      WNNRT_DP(0, 4, 6)
      _tile_loadd(7, b + 3 * tileBytes, 64);
      WNNRT_DP(1, 4, 7)
      WNNRT_DP(2, 5, 6)
      WNNRT_DP(3, 5, 7)
    } else {
      _tile_loadd(6, b, 64);
      WNNRT_LOAD(0, 4, low)
      WNNRT_DP(0, 4, 6)
      WNNRT_LOAD(1, 5, low)
      WNNRT_DP(1, 5, 6)
      WNNRT_LOAD(2, 4, low)
      WNNRT_DP(2, 4, 6)
      WNNRT_LOAD(3, 5, low)
      WNNRT_DP(3, 5, 6)
      WNNRT_LOAD(0, 4, 0)
      WNNRT_DP(0, 4, 6)
      WNNRT_LOAD(1, 5, 0)
      WNNRT_DP(1, 5, 6)
      if (T > 2) {
        WNNRT_LOAD(2, 4, 0)
        WNNRT_DP(2, 4, 6)
        WNNRT_LOAD(3, 5, 0)
        WNNRT_DP(3, 5, 6)
        WNNRT_LOAD(0, 4, 0)
        WNNRT_LOAD(1, 5, 0)
      }
      _tile_loadd(7, b + tileBytes, 64);
      WNNRT_DP(0, 4, 7)
      WNNRT_DP(1, 5, 7)
      WNNRT_LOAD(2, 4, 0)
      WNNRT_DP(2, 4, 7)
      WNNRT_LOAD(3, 5, 0)
      WNNRT_DP(3, 5, 7)
    }
  }
#undef WNNRT_LOAD
#undef WNNRT_DP

#define WNNRT_ZERO(I) _tile_zero(I);
#define WNNRT_EACH_SUM(DO)                                                                         \
  DO(0)                                                                                            \
  if (T * P > 1) {                                                                                 \
    DO(1)                                                                                          \
  }                                                                                                \
  if (T * P > 2) {                                                                                 \
    DO(2)                                                                                          \
  }                                                                                                \
  if (T * P > 3) {                                                                                 \
    DO(3)                                                                                          \
  }

  /// T tiles of outputs by P panels.
  template <int T, int P>
  WNNRT_AMX WNNRT_NOINLINE void block(const Phase &ph, int64_t tile, const unsigned char *b) {
    float *own = sums + (tile - ph.tile) * P * 256;
    barrier();
    if (ph.step > 0) {
#define WNNRT_FETCH(I) _tile_loadd(I, own + I * 256, 64);
      WNNRT_EACH_SUM(WNNRT_FETCH)
#undef WNNRT_FETCH
    } else if (c.bias) {
      const float *bias = c.bias + ph.panel * 16;
#define WNNRT_BIAS(I) _tile_loadd(I, bias + I % P * 16, 0);
      WNNRT_EACH_SUM(WNNRT_BIAS)
#undef WNNRT_BIAS
    } else {
      WNNRT_EACH_SUM(WNNRT_ZERO)
    }
    const int64_t all = ph.stepEnd - ph.step, pixel = c.shape.step * 64;
    const int finishes = static_cast<int>((4 + all - 1) / all);
    const int64_t q0 = c.position(tile), q1 = T > 1 ? c.position(tile + 1) : q0;
    const int64_t q2 = T > 2 ? c.position(tile + 2) : q0, q3 = T > 3 ? c.position(tile + 3) : q0;
    const unsigned char *a = c.image;
    int64_t s = ph.step;
    for (int64_t end = minOf(ph.stepEnd, c.pairSteps); s < end; ++s, b += P * 2 * tileBytes) {
      stepOf<T, P>(a + q0 * pixel, a + q1 * pixel, a + q2 * pixel, a + q3 * pixel, c.step[s].at,
                   c.pixels * 64, pixel, b);
      beside(finishes);
    }
    if (c.p->groups > 1) {
      int32_t lo, hi;
      wnnrt_conv2d_c16_window(c.p, static_cast<int32_t>(ph.panel), &lo, &hi);
      a += lo / 16 * c.pixels * 64;
    }
    const int64_t half = pixel / 2;
    for (; s < ph.stepEnd; ++s, b += P * 2 * tileBytes) {
      stepOf<T, P>(a + q0 * half, a + q1 * half, a + q2 * half, a + q3 * half, c.step[s].at,
                   c.pixels * 32, half, b);
      beside(finishes);
    }
    finishSome(4);
    barrier();
#define WNNRT_STORE(I) _tile_stored(I, own + I * 256, 64);
    WNNRT_EACH_SUM(WNNRT_STORE)
#undef WNNRT_STORE
    barrier();
    if (ph.stepEnd == c.steps) {
      pending.sums = own;
      pending.tile = tile;
      pending.panel = ph.panel;
      pending.done = 0;
      pending.units = T * P;
      pending.count = P;
    }
  }

  WNNRT_AMX WNNRT_NOINLINE void run() {
    if (tileBegin >= tileEnd || panelBegin >= panelEnd)
      return;
    TileConfig config = {};
    config.palette = 1;
    for (int t = 0; t < 8; ++t) {
      config.columnBytes[t] = 64;
      config.rows[t] = static_cast<uint8_t>(t < 6 ? c.shape.height : 16);
    }
    _tile_loadconfig(&config);
    chunks = (tileEnd - tileBegin + chunkTiles - 1) / chunkTiles;
    parts = (c.steps + partSteps - 1) / partSteps;
    pending.done = pending.units = 0;
    Phase now = {};
    now.panel = panelBegin;
    now.count = countAt(panelBegin);
    setChunk(now);
    setPart(now);
    next = now;
    bool more = true, evenLater;
    int side = 0;
    later = next;
    evenLater = advance(later);
    startSplitting(right[0], 1, evenLater);
    while (unit < units)
      splitUnit();
    for (; more; now = next, side ^= 1) {
      next = later;
      more = evenLater;
      units = 0;
      unit = 0;
      credit = 0;
      perUnit = 1;
      if (more) {
        evenLater = advance(later);
        int high = now.count == 2 ? 2 : 4;
        int64_t blocks = (now.tileEnd - now.tile + high - 1) / high;
        startSplitting(right[side ^ 1], blocks * (now.stepEnd - now.step), evenLater);
      }
      runPhase(now, right[side]);
      while (unit < units)
        splitUnit();
    }
    finishSome(4);
    _tile_release();
  }

  void startSplitting(unsigned char *to, int64_t steps, bool evenLater) {
    unit = 0;
    units = unitsOf(next);
    laterUnits = evenLater ? unitsOf(later) : 0;
    credit = 0;
    perUnit = steps;
    nextRight = to;
  }

  WNNRT_AMX void runPhase(const Phase &ph, const unsigned char *b) {
    int64_t tile = ph.tile;
    if (ph.count == 2) {
      for (; tile + 2 <= ph.tileEnd; tile += 2)
        block<2, 2>(ph, tile, b);
      if (tile < ph.tileEnd)
        block<1, 2>(ph, tile, b);
      return;
    }
    for (; tile + 4 <= ph.tileEnd; tile += 4)
      block<4, 1>(ph, tile, b);
    switch (ph.tileEnd - tile) {
    case 1:
      return block<1, 1>(ph, tile, b);
    case 2:
      return block<2, 1>(ph, tile, b);
    case 3:
      return block<3, 1>(ph, tile, b);
    }
  }
#undef WNNRT_EACH_SUM
#undef WNNRT_ZERO
};

WNNRT_NOINLINE void runWorker(const MatrixConv &c, int64_t tile, int64_t tileEnd, int64_t panel,
                              int64_t panelEnd) {
  MatrixWorker worker(c);
  worker.tileBegin = tile, worker.tileEnd = tileEnd;
  worker.panelBegin = panel, worker.panelEnd = panelEnd;
  worker.run();
}

/// False: something in the band is not for the unit.
bool runBand(const wnnrt_context *ctx, const MatrixConv &c) {
  int64_t planeRows = c.shape.imageRows(c.p, c.rows);
  int finite = 1;
  splitWork(ctx, c.shape.images * planeRows, [&](int64_t begin, int64_t end) {
    bool good = true;
    for (int64_t i = begin; i < end; ++i)
      good &= c.splitRow(i % c.shape.images, i / c.shape.images);
    if (!good)
      __atomic_store_n(&finite, 0, __ATOMIC_RELAXED);
  });
  if (!__atomic_load_n(&finite, __ATOMIC_RELAXED))
    return false;
  const int64_t twos = (c.panels + 1) / 2;
  const bool byTiles =
      sharePixels(c.ohw, c.panels * c.panelStride, c.p->ci * c.ihw + c.p->co * c.ohw);
  if (byTiles || twos < ctx->num_threads)
    splitWork(ctx, (c.tiles + 1) / 2, [&](int64_t begin, int64_t end) {
      runWorker(c, begin * 2, minOf(c.tiles, end * 2), 0, c.panels);
    });
  else
    splitWork(ctx, twos, [&](int64_t begin, int64_t end) {
      runWorker(c, 0, c.tiles, begin * 2, minOf(c.panels, end * 2));
    });
  return true;
}

/// Whether no number of x is infinite, NaN, or so large that its high part is.
bool allFinite(const wnnrt_context *ctx, const MatrixConv &c) {
  int finite = 1;
  splitWork(ctx, blocksOf16(c.p->ci) * c.p->ih, [&](int64_t begin, int64_t end) {
    __mmask16 bad = 0;
    for (int64_t row = begin; row < end; ++row) {
      int part = static_cast<int>(minOf(16, c.p->ci - row / c.p->ih * 16));
      for (int64_t i = 0; i < c.p->iw; ++i)
        bad |= tooLarge(vloadPart(c.x + (row * c.p->iw + i) * 16, part));
    }
    if (bad)
      __atomic_store_n(&finite, 0, __ATOMIC_RELAXED);
  });
  return __atomic_load_n(&finite, __ATOMIC_RELAXED);
}

bool runImage(const wnnrt_context *ctx, MatrixConv &c) {
  // Where a residual is overwritten there is no way back once a band is done.
  if (c.shape.bands > 1 && c.residual == c.y && !allFinite(ctx, c))
    return false;
  for (int64_t band = 0; band < c.shape.bands; ++band) {
    c.setBand(band);
    if (!runBand(ctx, c))
      return false;
  }
  return true;
}

} // namespace
#endif

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv2d_matrix_c16(const wnnrt_context *ctx,
                                              const wnnrt_conv2d_params *p, const void *x,
                                              const void *w, const void *bias, const void *residual,
                                              void *y, void *scratch) {
#ifdef WNNRT_HAVE_TILES
  if ((ctx->features & WNNRT_FEATURE_MATRIX_UNIT) && convOnMatrixUnit(p)) {
    MatrixConv c(p);
    c.w = static_cast<const float *>(w);
    c.bias = static_cast<const float *>(bias);
    c.image = static_cast<unsigned char *>(scratch);
    int64_t inPlane = blocksOf16(p->ci) * 16 * c.ihw, outPlane = c.panels * 16 * c.ohw;
    int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : inPlane;
    int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
    int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
    wnnrt_conv2d_params one = *p;
    one.n = 1;
    for (int64_t n = 0; n < p->n; ++n) {
      c.x = static_cast<const float *>(x) + n * xBatch;
      c.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
      c.y = static_cast<float *>(y) + n * yBatch;
      if (!runImage(ctx, c))
        if (wnnrt_status s = conv2d_c16(ctx, &one, c.x, w, bias, c.residual, c.y))
          return s;
    }
    return WNNRT_OK;
  }
#endif
  (void)scratch;
  return conv2d_c16(ctx, p, x, w, bias, residual, y);
}
} // namespace wnnrt
