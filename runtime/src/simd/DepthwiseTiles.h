// SPDX-License-Identifier: Apache-2.0
// Rows of square kernels that are padded alike on both sides, in tiles of 3 to 8 pixels with every
// tap unrolled; what is beyond the image is read from zeros. Each kernel size is instantiated in a
// file of its own, so that programs hold those they need.
#ifndef WNNRT_SRC_SIMD_DEPTHWISETILES_H
#define WNNRT_SRC_SIMD_DEPTHWISETILES_H

#define WNNRT_PART_LINKAGE // these are parts
#include "../Isa.h"
#include "Depthwise.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::RowJob;

/// Makes the compiler load a vector once instead of in each operation that uses it.
WNNRT_INLINE void keepLoaded(vf &v) {
#if defined(__AVX512F__)
  __asm__("" : "+v"(v));
#elif defined(__AVX2__)
  __asm__("" : "+x"(v));
#else
  (void)v;
#endif
}

/// Adds a kernel row to the sums of a tile, by its columns [FIRST, LAST) from `x` on, of which the
/// first K / 2 may lie before the image and the last ones `beyond` it. An end that is cut off
/// (FIRST > 0, LAST < columns) is not asked about.
template <int T, int K, int STRIDE, int FIRST, int LAST>
WNNRT_INLINE void addKernelRow(vf (&acc)[T], const float *x, const float *w, const float *zeros,
                               bool begins, bool ends, int beyond) {
  constexpr int pad = K / 2, columns = (T - 1) * STRIDE + K;
  vf weight[K];
  WNNRT_UNROLL
  for (int s = 0; s < K; ++s)
    weight[s] = vload(w + s * 16);
  WNNRT_UNROLL
  for (int i = FIRST; i < LAST; ++i) {
    const float *at = x + i * 16;
    if (FIRST == 0 && i < pad)
      at = begins ? zeros : at;
    if (LAST == columns && columns - i <= pad)
      at = ends && columns - i <= beyond ? zeros : at;
    vf value = vload(at);
    keepLoaded(value);
    WNNRT_UNROLL
    for (int s = 0; s < K; ++s)
      if (i >= s && (i - s) % STRIDE == 0 && (i - s) / STRIDE < T)
        acc[(i - s) / STRIDE] = vfma(value, weight[s], acc[(i - s) / STRIDE]);
  }
}

/// Adds the residual, clamps and stores the tile at `y`, `out` floats into the rows.
template <int T>
WNNRT_INLINE void storeTile(vf (&acc)[T], const RowJob &job, int64_t out, float *y) {
  if (job.residual) {
    WNNRT_UNROLL
    for (int t = 0; t < T; ++t)
      acc[t] = vadd(acc[t], vload(job.residual + out + t * 16));
  }
  const vf lo = job.lo, hi = job.hi;
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t)
    vstore(y + t * 16, vclamp(acc[t], lo, hi));
}

/// In each of `rows` rows `count` tiles of T pixels from pixel ox; all lines exist, those beyond
/// the image are zeros. `left` and `right` say whether rows begin and end in these tiles. A
/// function of its own that is not inlined, or gcc spills.
template <int T, int K, int STRIDE>
WNNRT_NOINLINE static void rowOfTiles(const RowJob &job, int64_t rows, int64_t ox, int64_t count,
                                      bool left, bool right) {
  constexpr int pad = K / 2, columns = (T - 1) * STRIDE + K;
  const float *zeros = job.zeros, *w = job.weights[0];
  const int beyond = job.columnsBeyond;
  for (int64_t row = 0; row < rows; ++row) {
    const float *lines[K];
    WNNRT_UNROLL
    for (int r = 0; r < K; ++r)
      lines[r] = job.lines[row * job.stride + r] + (ox * STRIDE - pad) * 16;
    const int64_t out = row * job.rowStride + ox * 16;
    float *y = job.y + out;
    for (int64_t tile = 0; tile < count; ++tile, y += T * 16) {
      const bool begins = left && tile == 0, ends = right && tile + 1 == count;
      vf acc[T];
      WNNRT_UNROLL
      for (int t = 0; t < T; ++t)
        acc[t] = job.bias;
      WNNRT_UNROLL
      for (int r = 0; r < K; ++r) {
        const float *x = lines[r];
        lines[r] += T * STRIDE * 16;
        addKernelRow<T, K, STRIDE, 0, columns>(acc, x, w + r * K * 16, zeros, begins, ends, beyond);
      }
      storeTile(acc, job, out + tile * T * 16, y);
    }
  }
}

/// One tile of a large kernel, by the kernel rows [from, to) that lie in the image. LEFT, RIGHT:
/// the first and last K / 2 columns lie beyond it and are left out; else whether they do is asked.
template <int T, int K, int STRIDE, bool LEFT, bool RIGHT>
WNNRT_NOINLINE static void tileInside(const RowJob &job, const float *const *lines, int64_t column,
                                      int64_t out, int from, int to, bool begins, bool ends) {
  constexpr int pad = K / 2, columns = (T - 1) * STRIDE + K;
  constexpr int first = LEFT ? pad : 0, last = RIGHT ? columns - pad : columns;
  const int beyond = job.columnsBeyond;
  const float *zeros = job.zeros;
  vf acc[T];
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t)
    acc[t] = job.bias;
  const float *w = job.weights[0] + from * K * 16;
  for (int r = from; r < to; ++r, w += K * 16) {
    const float *x = lines[r] + column;
    __asm__("" : "+r"(x)); // or gcc keeps a register for each column
    addKernelRow<T, K, STRIDE, first, last>(acc, x, w, zeros, begins, ends, beyond);
  }
  storeTile(acc, job, out, job.y + out);
}

/// The tile at this place of a row; `all`: where rows end, the last K / 2 columns lie beyond it.
template <int T, int K, int STRIDE> WNNRT_INLINE auto tileAt(bool begins, bool ends, bool all) {
  if (ends && all)
    return begins ? tileInside<T, K, STRIDE, true, true> : tileInside<T, K, STRIDE, false, true>;
  return begins && !ends ? tileInside<T, K, STRIDE, true, false>
                         : tileInside<T, K, STRIDE, false, false>;
}

/// As rowOfTiles, for large kernels: multiply-adds whose input lies beyond the image are left out,
/// and with 32 registers two tiles are one, as more sums keep more multiply-adds in flight.
template <int T, int K, int STRIDE>
WNNRT_NOINLINE static void rowOfTilesInside(const RowJob &job, int64_t rows, int64_t ox,
                                            int64_t count, bool left, bool right) {
  constexpr int two = vlanes == 16 && T >= 7 ? 2 : 1;
  const bool all = job.columnsBeyond == K / 2;
  for (int64_t row = 0; row < rows; ++row) {
    const float *const *lines = job.lines + row * job.stride;
    int from = 0, to = K;
    while (from < to && lines[from] == job.zeros)
      ++from;
    while (from < to && lines[to - 1] == job.zeros)
      --to;
    int64_t column = (ox * STRIDE - K / 2) * 16, out = row * job.rowStride + ox * 16;
    for (int64_t tile = 0; tile < count;) {
      const int n = tile + two <= count ? two : 1;
      const bool begins = left && tile == 0, ends = right && tile + n == count;
      const auto fn = n == 1 ? tileAt<T, K, STRIDE>(begins, ends, all)
                             : tileAt<two * T, K, STRIDE>(begins, ends, all);
      fn(job, lines, column, out, from, to, begins, ends);
      tile += n;
      column += n * T * STRIDE * 16;
      out += n * T * 16;
    }
  }
}

static_assert(wnnrt::WNNRT_SIMD_NS::rowTileLeast == 3 && wnnrt::WNNRT_SIMD_NS::rowTileMost == 8,
              "the sizes of the tables");
#define WNNRT_ROW_TILES(K, S)                                                                      \
  {rowOfTiles<3, K, S>, rowOfTiles<4, K, S>, rowOfTiles<5, K, S>,                                  \
   rowOfTiles<6, K, S>, rowOfTiles<7, K, S>, rowOfTiles<8, K, S>}
#define WNNRT_ROW_TILES_INSIDE(K, S)                                                               \
  {rowOfTilesInside<3, K, S>, rowOfTilesInside<4, K, S>, rowOfTilesInside<5, K, S>,                \
   rowOfTilesInside<6, K, S>, rowOfTilesInside<7, K, S>, rowOfTilesInside<8, K, S>}

} // namespace
#endif // WNNRT_SRC_SIMD_DEPTHWISETILES_H
