// SPDX-License-Identifier: Apache-2.0
// One thread's share of a convolution on the matrix unit: a tile of 16 outputs loads each tap from
// the split image. The weights of the next part of the work are split while tiles multiply this
// one, and what is fused is done to the sums before: a chunk of outputs uses each weight that was
// split.
#ifndef WNNRT_SRC_SIMD_MATRIXWORKER_H
#define WNNRT_SRC_SIMD_MATRIXWORKER_H

#include "MatrixConv.h"

#ifdef WNNRT_HAVE_TILES

namespace {

constexpr int64_t partSteps = 20;   // of the reduction whose weights are split at a time
constexpr int64_t chunkTiles = 32;  // whose sums lie beside them
constexpr int64_t unitFloats = 256; // weights of one tap, block of channels and panel
constexpr int64_t prefetchAhead = 24;

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
  Phase now, next, later;
  bool more, evenLater; // phases behind this one, behind the next one
  int side;             // of `right`
  int64_t unit, units, laterUnits, credit, perUnit;
  int burst; // units of this phase that are split at a time, while it is the first
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
    splitWeightRows(from, have, 8, to);
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

  /// Weights of the first phase, some steps ahead of its first block.
  WNNRT_NOINLINE void splitOwn() {
    for (int i = 0; i < burst && unit < units; ++i)
      splitUnit();
    if (unit == units) {
      burst = 0;
      startNext(blocksOf(now) - 1);
    }
  }

  /// What the vector units do while tiles multiply half a step: no more than the core looks ahead.
  WNNRT_INLINE_MEMBER void beside(int finishes) {
    barrier();
    if (burst)
      splitOwn();
    else
      for (credit += units; credit >= perUnit && unit < units; credit -= perUnit)
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
  WNNRT_AMX WNNRT_INLINE_MEMBER void stepOf(const unsigned char *a0, const unsigned char *a1,
                                            const unsigned char *a2, const unsigned char *a3,
                                            int64_t at, int64_t low, int64_t stride,
                                            const unsigned char *b, int finishes) {
    if (P == 2) {
      WNNRT_LOAD(0, 4, low)
      _tile_loadd(6, b, 64);
      WNNRT_DP(0, 4, 6)
      _tile_loadd(7, b + 2 * tileBytes, 64);
      WNNRT_DP(1, 4, 7)
      WNNRT_LOAD(1, 5, low)
      WNNRT_DP(2, 5, 6)
      WNNRT_DP(3, 5, 7)
      beside(finishes);
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
      WNNRT_LOAD(0, 4, 0)
      WNNRT_DP(0, 4, 6)
      WNNRT_LOAD(1, 5, 0)
      WNNRT_DP(1, 5, 6)
      _tile_loadd(7, b + tileBytes, 64);
      WNNRT_DP(0, 4, 7)
      WNNRT_DP(1, 5, 7)
      beside(finishes);
      WNNRT_LOAD(2, 4, low)
      WNNRT_DP(2, 4, 6)
      WNNRT_LOAD(3, 5, low)
      WNNRT_DP(3, 5, 6)
      WNNRT_LOAD(2, 4, 0)
      WNNRT_DP(2, 4, 6)
      WNNRT_LOAD(3, 5, 0)
      WNNRT_DP(3, 5, 6)
      WNNRT_DP(2, 4, 7)
      WNNRT_DP(3, 5, 7)
    }
    beside(finishes);
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
    // Sums that no later part adds to are needed only until they are finished.
    float *own = parts == 1 ? sums : sums + (tile - ph.tile) * P * 256;
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
    const int finishes = static_cast<int>((4 + 2 * all - 1) / (2 * all));
    const int64_t q0 = c.position(tile), q1 = T > 1 ? c.position(tile + 1) : q0;
    const int64_t q2 = T > 2 ? c.position(tile + 2) : q0, q3 = T > 3 ? c.position(tile + 3) : q0;
    const unsigned char *a = c.image;
    int64_t s = ph.step;
    for (int64_t end = minOf(ph.stepEnd, c.pairSteps); s < end; ++s, b += P * 2 * tileBytes) {
      stepOf<T, P>(a + q0 * pixel, a + q1 * pixel, a + q2 * pixel, a + q3 * pixel, c.step[s].at,
                   c.pixels * 64, pixel, b, finishes);
    }
    if (c.p->groups > 1) {
      int32_t lo, hi;
      wnnrt_conv2d_c16_window(c.p, static_cast<int32_t>(ph.panel), &lo, &hi);
      a += lo / 16 * c.pixels * 64;
    }
    const int64_t half = pixel / 2;
    for (; s < ph.stepEnd; ++s, b += P * 2 * tileBytes) {
      stepOf<T, P>(a + q0 * half, a + q1 * half, a + q2 * half, a + q3 * half, c.step[s].at,
                   c.pixels * 32, half, b, finishes);
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
    now = {};
    now.panel = panelBegin;
    now.count = countAt(panelBegin);
    setChunk(now);
    setPart(now);
    later = next = now;
    side = 0;
    evenLater = advance(later);
    startSplitting(right[0], 1);
    // Where several blocks use these weights, most are split while the first one is computed.
    burst = blocksOf(now) > 1 ? now.count : 0;
    for (int64_t first = burst ? 6 * burst : units; unit < minOf(first, units);)
      splitUnit();
    if (unit == units)
      burst = 0;
    if (!burst)
      startNext(blocksOf(now));
    for (;;) {
      runPhase(now, right[side]);
      while (unit < units)
        splitUnit();
      if (!more)
        break;
      now = next;
      side ^= 1;
      startNext(blocksOf(now));
    }
    finishSome(4);
    _tile_release();
  }

  int64_t blocksOf(const Phase &ph) const {
    const int64_t high = ph.count == 2 ? 2 : 4;
    return (ph.tileEnd - ph.tile + high - 1) / high;
  }
  /// The weights of the phase after this one, during so many of its blocks.
  void startNext(int64_t blocks) {
    next = later;
    more = evenLater;
    units = unit = credit = 0;
    perUnit = 1;
    if (more) {
      evenLater = advance(later);
      startSplitting(right[side ^ 1], blocks * (now.stepEnd - now.step) * 2);
    }
  }
  void startSplitting(unsigned char *to, int64_t calls) {
    unit = credit = 0;
    units = unitsOf(next);
    laterUnits = evenLater ? unitsOf(later) : 0;
    perUnit = maxOf(1, calls);
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

} // namespace
#endif
#endif // WNNRT_SRC_SIMD_MATRIXWORKER_H
