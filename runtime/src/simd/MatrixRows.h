// SPDX-License-Identifier: Apache-2.0
// Many rows by few weights on AMX tiles (MatrixTiles.h): all weights are split once, and stay. A
// block of rows is multiplied by one panel of outputs after the other; while the tiles do that, the
// vector units prepare the rows of the next block and finish the sums of the panel before.
#ifndef WNNRT_SRC_SIMD_MATRIXROWS_H
#define WNNRT_SRC_SIMD_MATRIXROWS_H

#include "Epilogue.h"
#include "MatrixTiles.h"

#ifdef WNNRT_HAVE_TILES
#define WNNRT_INLINE_MEMBER __attribute__((always_inline)) inline
namespace {

constexpr int64_t rowTiles = 4; // of 16 rows, in a block
constexpr int64_t weightTileBytes = 2 * tileBytes;

/// Where the tiles of a block's rows lie: tile t of step s at `at + t * tile + stepAt[s]`, its low
/// parts `low` behind, its rows `stride` apart. Its weights are those of step weightsOf[s].
struct LeftTiles {
  const unsigned char *at;
  int64_t tile, low, stride;
  int64_t steps;
  const int64_t *stepAt, *weightsOf;
};

/// SOURCE prepares rows and knows about the outputs:
///   int64_t outputs, stepsAll; const unsigned char *weights: [output][step of all][high, low]
///   const float *biasOf(output); int64_t placeOf(output): in y, and in the residual
///   int64_t yRow
///   void beside(): some of what is due for the next block
///   void exact(block, row, output, float *sums): the sums of a row that is not for the unit
template <class SOURCE> struct MatrixRows {
  SOURCE &source;
  const Epilogue e;

  /// A panel's sums, on which everything that is fused is yet to be done.
  struct Pending {
    float *sums, *y;
    const float *residual;
    int64_t n, done, block, output;
    uint64_t bad; // rows that are not for the unit
  } pending = {};
  int side = 0;
  alignas(64) float sums[2][rowTiles * 256];

  MatrixRows(SOURCE &from, const wnnrt_act &act, bool residualAfter)
      : source(from), e(act, residualAfter) {}

  /// Up to `most` rows of it.
  WNNRT_NOINLINE void finish(int64_t most) {
    Pending &p = pending;
    const int64_t begin = p.done, end = minOf(p.n, begin + most), yRow = source.yRow;
    p.done = end;
    if (p.bad)
      for (int64_t r = begin; r < end; ++r)
        if (p.bad >> r & 1)
          source.exact(p.block, r, p.output, p.sums + r * 16);
    const vf lo = vset(e.lo), hi = vset(e.hi);
    const float *before = e.residualAfter ? nullptr : p.residual;
    if (e.needed) {
      for (int64_t r = begin; before && r < end; ++r)
        vstore(p.sums + r * 16, vadd(vload(p.sums + r * 16), vload(before + r * yRow)));
      if (e.row && yRow == 16 && !e.residualAfter)
        return e.row(p.sums + begin * 16, p.y + begin * 16, (end - begin) * 16, e.act.a, e.act.b);
      e.apply(p.sums + begin * 16, (end - begin) * 16);
      before = e.residualAfter ? p.residual : nullptr;
    }
    if (before)
      for (int64_t r = begin; r < end; ++r)
        vstore(p.y + r * yRow,
               vclamp(vadd(vload(p.sums + r * 16), vload(before + r * yRow)), lo, hi));
    else
      for (int64_t r = begin; r < end; ++r) {
        vstore(p.y + r * yRow, vclamp(vload(p.sums + r * 16), lo, hi));
      }
  }
  void finishAll() { finish(pending.n); }

  /// `n` rows in T tiles, from row 0 of y and of the residual.
  template <int T>
  WNNRT_AMX WNNRT_NOINLINE void block(const LeftTiles &l, int64_t n, float *y,
                                      const float *residual, uint64_t bad, int64_t id) {
    const int64_t chunk = (rowTiles * 16 + l.steps - 1) / maxOf(1, l.steps);
    const unsigned char *own = source.weights;
    for (int64_t o = 0; o < source.outputs; ++o, own += source.stepsAll * weightTileBytes) {
      const float *bias = source.biasOf(o);
      __asm__ volatile("" ::: "memory"); // the compiler does not know what tiles read and write
#define WNNRT_START(I)                                                                             \
  if (I < T) {                                                                                     \
    if (bias)                                                                                      \
      _tile_loadd(I, bias, 0);                                                                     \
    else                                                                                           \
      _tile_zero(I);                                                                               \
  }
      WNNRT_START(0)
      WNNRT_START(1)
      WNNRT_START(2)
      WNNRT_START(3)
#undef WNNRT_START
      for (int64_t s = 0; s < l.steps; ++s) {
        const unsigned char *b = own + l.weightsOf[s] * weightTileBytes;
        const unsigned char *a = l.at + l.stepAt[s];
        // Before the tiles, so that stores have left the core when tiles are loaded from there.
        source.beside();
        __asm__ volatile("" ::: "memory");
        _tile_loadd(6, b, 64);
        _tile_loadd(7, b + tileBytes, 64);
#define WNNRT_LOAD(I, PART, A)                                                                     \
  if (I < T)                                                                                       \
    _tile_loadd(A, a + I * l.tile + (PART ? l.low : 0), l.stride);
#define WNNRT_DP(I, A, B)                                                                          \
  if (I < T)                                                                                       \
    _tile_dpbf16ps(I, A, B);
        WNNRT_LOAD(0, 0, 4)
        WNNRT_DP(0, 4, 6)
        WNNRT_LOAD(1, 0, 5)
        WNNRT_DP(1, 5, 6)
        WNNRT_DP(0, 4, 7)
        WNNRT_DP(1, 5, 7)
        WNNRT_LOAD(2, 0, 4)
        WNNRT_DP(2, 4, 6)
        WNNRT_LOAD(3, 0, 5)
        WNNRT_DP(3, 5, 6)
        WNNRT_DP(2, 4, 7)
        WNNRT_DP(3, 5, 7)
        WNNRT_LOAD(0, 1, 4)
        WNNRT_DP(0, 4, 6)
        WNNRT_LOAD(1, 1, 5)
        WNNRT_DP(1, 5, 6)
        WNNRT_LOAD(2, 1, 4)
        WNNRT_DP(2, 4, 6)
        WNNRT_LOAD(3, 1, 5)
        WNNRT_DP(3, 5, 6)
#undef WNNRT_LOAD
#undef WNNRT_DP
        __asm__ volatile("" ::: "memory");
        if (pending.done < pending.n)
          finish(chunk);
      }
      finishAll();
      float *to = sums[side];
      __asm__ volatile("" ::: "memory");
      _tile_stored(0, to, 64);
      if (T > 1)
        _tile_stored(1, to + 256, 64);
      if (T > 2)
        _tile_stored(2, to + 512, 64);
      if (T > 3)
        _tile_stored(3, to + 768, 64);
      __asm__ volatile("" ::: "memory");
      const int64_t place = source.placeOf(o);
      pending = {to, y + place, residual ? residual + place : nullptr, n, 0, id, o, bad};
      side ^= 1;
    }
  }

  WNNRT_AMX void run(int64_t tiles, const LeftTiles &l, int64_t n, float *y, const float *residual,
                     uint64_t bad, int64_t id) {
    switch (tiles) {
    case 1:
      return block<1>(l, n, y, residual, bad, id);
    case 2:
      return block<2>(l, n, y, residual, bad, id);
    case 3:
      return block<3>(l, n, y, residual, bad, id);
    default:
      return block<4>(l, n, y, residual, bad, id);
    }
  }

  /// Around a number of blocks.
  WNNRT_AMX static void configure() {
    TileConfig config = {};
    config.palette = 1;
    for (int t = 0; t < 8; ++t) {
      config.columnBytes[t] = 64;
      config.rows[t] = 16;
    }
    _tile_loadconfig(&config);
  }
  WNNRT_AMX static void release() { _tile_release(); }
};

} // namespace
#endif
#endif // WNNRT_SRC_SIMD_MATRIXROWS_H
