// SPDX-License-Identifier: Apache-2.0
// Many rows by few weights on AMX tiles (MatrixTiles.h): all weights are split once, and stay. A
// block of rows is multiplied by one panel of outputs after the other; while the tiles do that, the
// vector units prepare the rows of the next block and finish the sums of the panel before.
#ifndef WNNRT_SRC_SIMD_MATRIXROWS_H
#define WNNRT_SRC_SIMD_MATRIXROWS_H

#include "Epilogue.h"
#include "MatrixTiles.h"

#ifdef WNNRT_HAVE_TILES
namespace {

constexpr int64_t rowTiles = 4; // of 16 rows, in a block
constexpr int64_t fewSteps = 2; // whose outputs are prefetched
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
///   lowFirst: products may be summed in another order, with fewer loads of weights
///   int64_t yRow; farOutputs: y is expected to be far away, at first
///   void beside(): some of what is due for the next block
///   void exact(block, row, output, float *sums): the sums of a row that is not for the unit
template <class SOURCE> struct MatrixRows {
  SOURCE &source;
  const Epilogue e;

  /// Sums of some panels, on which everything that is fused is yet to be done.
  struct Pending {
    float *sums, *y; // of output `output`; y without its place
    const float *residual;
    int64_t n, done, output, outputEnd, block;
    uint64_t bad;             // rows that are not for the unit
    int64_t panelSums, first; // row of the block that is row 0 here
  } pending = {};
  int side = 0;
  alignas(64) float sums[2][rowTiles * 256];

  MatrixRows(SOURCE &from, const wnnrt_act &act, bool residualAfter)
      : source(from), e(act, residualAfter) {}

  /// Rows [begin, end) of a panel.
  WNNRT_INLINE_MEMBER void finishRows(int64_t begin, int64_t end) {
    const Pending &p = pending;
    const int64_t yRow = source.yRow, place = source.placeOf(p.output);
    float *own = p.sums, *y = p.y + place;
    if (p.bad)
      for (int64_t r = begin; r < end; ++r)
        if (p.bad >> r & 1)
          source.exact(p.block, p.first + r, p.output, own + r * 16);
    const vf lo = vset(e.lo), hi = vset(e.hi);
    const float *residual = p.residual ? p.residual + place : nullptr;
    const float *before = e.residualAfter ? nullptr : residual;
    if (e.needed) {
      for (int64_t r = begin; before && r < end; ++r)
        vstore(own + r * 16, vadd(vload(own + r * 16), vload(before + r * yRow)));
      if (e.row && yRow == 16 && !e.residualAfter)
        return e.row(own + begin * 16, y + begin * 16, (end - begin) * 16, e.act.a, e.act.b);
      e.apply(own + begin * 16, (end - begin) * 16);
      before = e.residualAfter ? residual : nullptr;
    }
    if (before)
      for (int64_t r = begin; r < end; ++r)
        vstore(y + r * yRow, vclamp(vadd(vload(own + r * 16), vload(before + r * yRow)), lo, hi));
    else
      for (int64_t r = begin; r < end; ++r)
        vstore(y + r * yRow, vclamp(vload(own + r * 16), lo, hi));
  }
  /// Up to `most` rows.
  WNNRT_NOINLINE void finish(int64_t most) {
    Pending &p = pending;
    while (most > 0 && p.output < p.outputEnd) {
      const int64_t end = p.done + minOf(p.n - p.done, most);
      finishRows(p.done, end);
      most -= end - p.done;
      p.done = end;
      if (end == p.n)
        ++p.output, p.done = 0, p.sums += p.panelSums;
    }
  }
  void finishAll() { finish(INT64_MAX); }

  /// `n` rows in T tiles, from row 0 of y and of the residual, for outputs [o, outputEnd), P at a
  /// time.
  template <int T, int P>
  WNNRT_AMX WNNRT_NOINLINE void block(const LeftTiles &l, int64_t n, float *y,
                                      const float *residual, uint64_t bad, int64_t id, int64_t o,
                                      int64_t outputEnd, int64_t firstRow = 0) {
    static_assert(T * P <= rowTiles, "sums are in tiles 0 to 3");
    const int64_t chunk = (rowTiles * 16 + l.steps - 1) / maxOf(1, l.steps);
    const int64_t ownBytes = source.stepsAll * weightTileBytes;
    const unsigned char *own = source.weights + o * ownBytes;
    for (; o < outputEnd; o += P, own += P * ownBytes) {
      barrier();
#define WNNRT_START(I)                                                                             \
  if (I < T * P) {                                                                                 \
    if (const float *bias = source.biasOf(o + I % P))                                              \
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
        barrier();
// Between the tiles: the core looks ahead by some hundred instructions, and by few of those that
// write tiles.
#define WNNRT_BESIDE                                                                               \
  barrier();                                                                                       \
  source.beside();                                                                                 \
  barrier();
#define WNNRT_LOAD(I, PART, A)                                                                     \
  if (I < T)                                                                                       \
    _tile_loadd(A, a + I * l.tile + (PART ? l.low : 0), l.stride);
#define WNNRT_DP(I, A, B)                                                                          \
  if (I < T * P)                                                                                   \
    _tile_dpbf16ps(I, A, B);
// Two outputs: a part of their weights, what is multiplied with a part of the rows, and with the
// same rows once more.
#define WNNRT_RIGHT(PART)                                                                          \
  _tile_loadd(6, b + PART, 64);                                                                    \
  _tile_loadd(7, b + ownBytes + PART, 64);
#define WNNRT_LEFT(PART)                                                                           \
  WNNRT_LOAD(0, PART, 4)                                                                           \
  WNNRT_DP(0, 4, 6)                                                                                \
  WNNRT_DP(1, 4, 7)                                                                                \
  WNNRT_LOAD(1, PART, 5)                                                                           \
  WNNRT_DP(2, 5, 6)                                                                                \
  WNNRT_DP(3, 5, 7)
#define WNNRT_AGAIN                                                                                \
  WNNRT_DP(0, 4, 6)                                                                                \
  WNNRT_DP(1, 4, 7)                                                                                \
  WNNRT_DP(2, 5, 6)                                                                                \
  WNNRT_DP(3, 5, 7)
        // high * high, high * low, low * high, as the other parts have them, so that sums do not
        // depend on how rows and outputs are cut.
        if (P == 1) {
          _tile_loadd(6, b, 64);
          _tile_loadd(7, b + tileBytes, 64);
          WNNRT_LOAD(0, 0, 4)
          WNNRT_DP(0, 4, 6)
          WNNRT_LOAD(1, 0, 5)
          WNNRT_DP(1, 5, 6)
          WNNRT_DP(0, 4, 7)
          WNNRT_DP(1, 5, 7)
          WNNRT_BESIDE
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
        } else if (SOURCE::lowFirst) { // tiles 0 and 2 are of the first output
          WNNRT_RIGHT(0)
          WNNRT_LEFT(1)
          WNNRT_BESIDE
          WNNRT_LEFT(0)
          WNNRT_RIGHT(tileBytes)
          WNNRT_AGAIN
        } else {
          WNNRT_RIGHT(0)
          WNNRT_LEFT(0)
          WNNRT_BESIDE
          WNNRT_RIGHT(tileBytes)
          WNNRT_AGAIN
          WNNRT_RIGHT(0)
          WNNRT_LEFT(1)
        }
#undef WNNRT_AGAIN
#undef WNNRT_LEFT
#undef WNNRT_RIGHT
#undef WNNRT_BESIDE
#undef WNNRT_LOAD
#undef WNNRT_DP
        barrier();
        finish(chunk);
      }
      finishAll();
      float *to = sums[side];
      barrier();
#define WNNRT_STORE(I)                                                                             \
  if (I < T * P)                                                                                   \
    _tile_stored(I, to + (I % P * T + I / P) * 256, 64);
      WNNRT_STORE(0)
      WNNRT_STORE(1)
      WNNRT_STORE(2)
      WNNRT_STORE(3)
#undef WNNRT_STORE
      barrier();
      pending = {to, y, residual, n, 0, o, o + P, id, bad, T * 256, firstRow};
      // Lines that are not near yet arrive while tiles multiply, not when they are stored. Where
      // that takes long the hardware's own prefetching does better.
      for (int q = 0; source.farOutputs && l.steps <= fewSteps && q < P; ++q) {
        const float *line = y + source.placeOf(o + q);
        for (int64_t r = 0; r < n; ++r)
          __builtin_prefetch(line + r * source.yRow, 1, 3);
      }
      side ^= 1;
    }
  }

  /// All outputs of up to four tiles, two outputs at a time: that takes fewer loads of the rows,
  /// which take long where they begin anywhere, and taps that lie side by side are stored together.
  /// runsOf: how often `beside` is called in it, for each step.
  static int64_t runsOf(int64_t tiles, int64_t outputs) {
    return (tiles + 1) / 2 * (outputs / 2) + outputs % 2;
  }
  WNNRT_AMX void run(int64_t tiles, LeftTiles l, int64_t n, float *y, const float *residual,
                     uint64_t bad = 0, int64_t id = 0) {
    const int64_t even = source.outputs / 2 * 2;
    const unsigned char *first = l.at;
    for (int64_t t = 0; even && t < tiles; t += 2) {
      l.at = first + t * l.tile;
      const int64_t at = t * 16 * source.yRow, left = n - t * 16;
      const float *more = residual ? residual + at : nullptr;
      if (t + 1 < tiles)
        block<2, 2>(l, minOf(left, 32), y + at, more, bad >> (t * 16), id, 0, even, t * 16);
      else
        block<1, 2>(l, left, y + at, more, bad >> (t * 16), id, 0, even, t * 16);
    }
    l.at = first;
    if (even == source.outputs)
      return;
    switch (tiles) {
    case 1:
      return block<1, 1>(l, n, y, residual, bad, id, even, even + 1);
    case 2:
      return block<2, 1>(l, n, y, residual, bad, id, even, even + 1);
    case 3:
      return block<3, 1>(l, n, y, residual, bad, id, even, even + 1);
    default:
      return block<4, 1>(l, n, y, residual, bad, id, even, even + 1);
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
