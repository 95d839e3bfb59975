// SPDX-License-Identifier: Apache-2.0
// Matrix products by AMX tiles: each f32 operand is split into a high and a low bf16 part, 16 bits
// of significand together, and high * high + high * low + low * high are summed in f32. So a
// product of two numbers is wrong by at most 2^-16 of itself. A block of rows is split ahead of
// time, weights a step ahead of the tiles that multiply them; activations and the like are done
// while tiles multiply the next panel.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"

#if defined(__AVX512F__)
#include "../MatrixJob.h"
#include "Epilogue.h"
#include "MatrixTiles.h"
#include "Parallel.h"

#ifdef WNNRT_HAVE_TILES

using wnnrt::MatrixJob;

namespace {

constexpr int64_t kStep = tileStep;
constexpr int64_t kBlock = 768; // of k that are multiplied at a time
constexpr int64_t stepsMost = kBlock / kStep;
constexpr int64_t tilesMost = 4; // of up to 16 rows
// Stores must have left the core before tiles can be loaded from them, so weights are split some
// steps ahead, and prefetched before that.
constexpr int64_t splitAhead = 3, prefetchAhead = 4, ring = 4;

/// Rows [row, row + rows) of columns [k, k + 32) of x, zeros beyond j.k. Whether none is too large.
WNNRT_AMX bool splitLeft(const MatrixJob &j, int64_t row, int rows, int64_t k, unsigned char *to) {
  int left = static_cast<int>(minOf(kStep, j.k - k));
  __mmask16 first = static_cast<__mmask16>((1u << minOf(16, left)) - 1u);
  __mmask16 second = static_cast<__mmask16>((1u << maxOf(0, left - 16)) - 1u);
  const float *from = j.x + row * j.xRow + k / 16 * j.xBlock;
  __mmask16 bad = 0;
  for (int r = 0; r < rows; ++r, from += j.xRow, to += 64) {
    __m512 a = _mm512_maskz_loadu_ps(first, from);
    __m512 b = _mm512_maskz_loadu_ps(second, from + j.xBlock);
    bad = _kor_mask16(bad, _kor_mask16(tooLarge(a), tooLarge(b)));
    splitTerms(a, b, to, to + tileBytes);
  }
  return bad == 0;
}

/// A step's weights, of which only `rows` rows exist.
WNNRT_NOINLINE void splitStepRows(const float *w, int64_t rows, unsigned char *to) {
  splitWeightRows(w, rows, 16, to);
}

/// Weights to split while tiles are multiplied, and weights to prefetch.
struct Ahead {
  const float *w, *later;
  unsigned char *to;
};

template <int FIRST, int END> WNNRT_INLINE void splitPairs(const Ahead &ahead) {
  WNNRT_UNROLL
  for (int pair = FIRST; pair < END; ++pair) {
    prefetchL2(ahead.later + pair * 32);
    prefetchL2(ahead.later + pair * 32 + 16);
    splitPair(_mm512_loadu_si512(ahead.w + pair * 32), _mm512_loadu_si512(ahead.w + pair * 32 + 16),
              ahead.to + pair * 64);
  }
}

struct Unit {
  const MatrixJob &j;
  const Epilogue e;
  const int64_t panels;
  int rows; // of a tile
  int64_t rowEnd;
  bool fits = true; // no number of x was too large
  alignas(64) unsigned char left[stepsMost * tilesMost * 2 * tileBytes]; // [step][tile][high, low]
  alignas(64) unsigned char right[ring][2 * tileBytes]; // of this step and of later ones
  alignas(64) float sums[2][tilesMost * 16 * 16];       // of this panel and of the one before

  explicit Unit(const MatrixJob &job)
      : j(job), e(job.act, job.residualAfter), panels(blocksOf16(job.n)) {}

  int colsOf(int64_t panel) const {
    return j.wholePanels ? 16 : static_cast<int>(minOf(16, j.n - panel * 16));
  }

  /// Sums that y holds between blocks of k, to and from `sums`.
  void fetch(float *own, const float *y, int64_t n, int cols) const {
    for (int64_t r = 0; r < n; ++r)
      vstore(own + r * 16, vloadPart(y + r * j.yRow, cols));
  }
  /// `residual` is null, or to be added.
  void put(const float *own, float *y, const float *residual, int64_t n, int cols) const {
    for (int64_t r = 0; r < n; ++r) {
      vf v = vload(own + r * 16);
      if (residual)
        v = vadd(v, vloadPart(residual + r * j.residualRow, cols));
      vstorePart(y + r * j.yRow, v, cols);
    }
  }

  /// A panel's sums over all of k, on which everything that is fused is yet to be done.
  struct Pending {
    float *sums, *y;
    const float *residual;
    int64_t n, done;
    int cols;
    bool added; // the residual is in the sums
  };

  /// Up to `most` rows of it. The vector units do this while the tiles multiply.
  WNNRT_NOINLINE void finish(Pending &p, int64_t most) const {
    const int64_t begin = p.done, end = minOf(p.n, begin + most);
    p.done = end;
    const vf lo = vset(e.lo), hi = vset(e.hi);
    const float *before = e.residualAfter || p.added ? nullptr : p.residual;
    const int cols = p.cols;
    if (!e.needed) {
      for (int64_t r = begin; r < end; ++r) {
        vf v = vload(p.sums + r * 16);
        if (before)
          v = vadd(v, vloadPart(before + r * j.residualRow, cols));
        vstorePart(p.y + r * j.yRow, vclamp(v, lo, hi), cols);
      }
      return;
    }
    if (before)
      for (int64_t r = begin; r < end; ++r)
        vstore(p.sums + r * 16,
               vadd(vload(p.sums + r * 16), vloadPart(before + r * j.residualRow, cols)));
    const float *after = e.residualAfter ? p.residual : nullptr;
    if (e.row && j.yRow == 16 && cols == 16 && !after)
      return e.row(p.sums + begin * 16, p.y + begin * 16, (end - begin) * 16, e.act.a, e.act.b);
    e.apply(p.sums + begin * 16, (end - begin) * 16);
    for (int64_t r = begin; r < end; ++r) {
      vf v = vload(p.sums + r * 16);
      if (after)
        v = vadd(v, vloadPart(after + r * j.residualRow, cols));
      vstorePart(p.y + r * j.yRow, v, cols);
    }
  }

  /// A step of k for T tiles of rows, while the weights of a later step are split.
  template <int T, bool SPLIT>
  WNNRT_INLINE void step(const unsigned char *a, const unsigned char *b, const Ahead &ahead) {
    _tile_loadd(6, b, 64);
    _tile_loadd(7, b + tileBytes, 64);
#define WNNRT_SPLIT(FIRST, END)                                                                    \
  if (SPLIT)                                                                                       \
    splitPairs<FIRST, END>(ahead);
#define WNNRT_LOAD(I, PART, A)                                                                     \
  if (I < T)                                                                                       \
    _tile_loadd(A, a + (2 * I + PART) * tileBytes, 64);
#define WNNRT_DP(I, A, B)                                                                          \
  if (I < T)                                                                                       \
    _tile_dpbf16ps(I, A, B);
    WNNRT_LOAD(0, 0, 4)
    WNNRT_DP(0, 4, 6)
    WNNRT_LOAD(1, 0, 5)
    WNNRT_DP(1, 5, 6)
    WNNRT_SPLIT(0, 3)
    WNNRT_DP(0, 4, 7)
    WNNRT_DP(1, 5, 7)
    WNNRT_SPLIT(3, 6)
    WNNRT_LOAD(0, 1, 4)
    WNNRT_DP(0, 4, 6)
    WNNRT_LOAD(1, 1, 5)
    WNNRT_DP(1, 5, 6)
    WNNRT_SPLIT(6, 9)
    WNNRT_LOAD(2, 0, 4)
    WNNRT_DP(2, 4, 6)
    WNNRT_LOAD(3, 0, 5)
    WNNRT_DP(3, 5, 6)
    WNNRT_SPLIT(9, 12)
    WNNRT_DP(2, 4, 7)
    WNNRT_DP(3, 5, 7)
    WNNRT_SPLIT(12, 14)
    WNNRT_LOAD(2, 1, 4)
    WNNRT_DP(2, 4, 6)
    WNNRT_LOAD(3, 1, 5)
    WNNRT_DP(3, 5, 6)
    WNNRT_SPLIT(14, 16)
#undef WNNRT_LOAD
#undef WNNRT_DP
#undef WNNRT_SPLIT
  }

  template <int T> WNNRT_INLINE void loadSums(const float *from, int64_t stride, int64_t down) {
    _tile_loadd(0, from, stride);
    if (T > 1)
      _tile_loadd(1, from + down, stride);
    if (T > 2)
      _tile_loadd(2, from + 2 * down, stride);
    if (T > 3)
      _tile_loadd(3, from + 3 * down, stride);
  }
  template <int T> WNNRT_INLINE void storeSums(float *to, int64_t stride, int64_t down) {
    _tile_stored(0, to, stride);
    if (T > 1)
      _tile_stored(1, to + down, stride);
    if (T > 2)
      _tile_stored(2, to + 2 * down, stride);
    if (T > 3)
      _tile_stored(3, to + 3 * down, stride);
  }

  /// T tiles of rows by panels [panel, panelEnd), over a block of k.
  template <int T>
  WNNRT_AMX WNNRT_NOINLINE void columns(int64_t row, int64_t k, int64_t steps, int64_t panel,
                                        int64_t panelEnd) {
    const int64_t n = minOf(T * rows, rowEnd - row), kLeft = j.k - k;
    const bool last = steps * kStep >= kLeft;
    const int64_t chunk = (n + steps - 1) / steps;
    const float *w = j.w + panel * j.panelStride + k * 16;
    Pending pending = {};
    // The step whose weights are split next.
    int64_t splitStep = 0, splitPanels = panelEnd - panel, at = 0, to = 0;
    const float *split = w;
    auto advance = [&] {
      to = (to + 1) % ring;
      if (++splitStep == steps)
        splitStep = 0, --splitPanels, split += j.panelStride;
    };
    for (int i = 0; i < splitAhead && splitPanels > 0; ++i, advance())
      splitStepRows(split + splitStep * kStep * 16, minOf(kStep, kLeft - splitStep * kStep),
                    right[to]);
    for (; panel < panelEnd; ++panel, w += j.panelStride) {
      const int cols = colsOf(panel);
      const bool whole = n == T * rows && cols == 16;
      float *y = j.y + row * j.yRow + panel * j.yPanel, *own = sums[panel & 1];
      if (k > 0 && whole) {
        loadSums<T>(y, j.yRow * 4, rows * j.yRow);
      } else if (k > 0) {
        fetch(own, y, n, cols);
        loadSums<T>(own, 64, rows * 16);
      } else if (j.bias) {
        loadSums<T>(j.bias + panel * 16, 0, 0);
      } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
      }
      const unsigned char *a = left;
      for (int64_t s = 0; s < steps; ++s, a += tilesMost * 2 * tileBytes, at = (at + 1) % ring) {
        const int64_t exist = splitPanels > 0 ? kLeft - splitStep * kStep : 0;
        if (exist >= kStep) {
          const float *from = split + splitStep * kStep * 16;
          const int64_t later = splitStep + prefetchAhead;
          const float *fetch = later < steps ? from + prefetchAhead * kStep * 16
                               : splitPanels > 1
                                   ? split + j.panelStride + (later - steps) * kStep * 16
                                   : from;
          step<T, true>(a, right[at], {from, fetch, right[to]});
          advance();
        } else {
          step<T, false>(a, right[at], {});
          if (exist > 0) {
            splitStepRows(split + splitStep * kStep * 16, exist, right[to]);
            advance();
          }
        }
        if (pending.done < pending.n)
          finish(pending, chunk);
      }
      const float *residual =
          j.residual ? j.residual + row * j.residualRow + panel * j.residualPanel : nullptr;
      // The residual may lie where y does, so it is added before sums of a block are stored there.
      if (!last && whole && !(residual && k == 0)) {
        storeSums<T>(y, j.yRow * 4, rows * j.yRow);
        continue;
      }
      storeSums<T>(own, 64, rows * 16);
      if (last)
        pending = {own, y, residual, n, 0, cols, k > 0};
      else
        put(own, y, k == 0 ? residual : nullptr, n, cols);
    }
    finish(pending, pending.n);
  }

  /// A block of rows by panels [panel, panelEnd).
  WNNRT_AMX void block(int64_t row, int64_t tiles, int64_t panelBegin, int64_t panelEnd) {
    const int64_t blocks = (j.k + kBlock - 1) / kBlock, stepsAll = (j.k + kStep - 1) / kStep;
    for (int64_t b = 0, done = 0; b < blocks; ++b) {
      const int64_t steps = stepsAll * (b + 1) / blocks - done, k = done * kStep;
      done += steps;
      for (int64_t s = 0; s < steps; ++s)
        for (int64_t t = 0; t < tiles; ++t) {
          int64_t first = row + t * rows;
          fits &= splitLeft(j, first, static_cast<int>(minOf(rows, rowEnd - first)), k + s * kStep,
                            left + (s * tilesMost + t) * 2 * tileBytes);
        }
      auto run = tiles == 1   ? &Unit::columns<1>
                 : tiles == 2 ? &Unit::columns<2>
                 : tiles == 3 ? &Unit::columns<3>
                              : &Unit::columns<4>;
      (this->*run)(row, k, steps, panelBegin, panelEnd);
    }
  }
};

/// Whether no element of rows [row, end) of x is infinite, NaN, or so large that its high part is.
bool allFit(const MatrixJob &j, int64_t row, int64_t end) {
  __mmask16 bad = 0;
  for (int64_t k = 0; k < j.k; k += 16) {
    int part = static_cast<int>(minOf(16, j.k - k));
    const float *from = j.x + row * j.xRow + k / 16 * j.xBlock;
    for (int64_t r = row; r < end; ++r, from += j.xRow)
      bad |= tooLarge(vloadPart(from, part));
  }
  return bad == 0;
}

/// False: x has numbers that are too large.
WNNRT_AMX WNNRT_NOINLINE bool rowsByPanels(const MatrixJob &job, int64_t row, int64_t rowEnd,
                                           int64_t panel, int64_t panelEnd) {
  const int64_t tiles = (rowEnd - row + 15) / 16, blocks = (tiles + tilesMost - 1) / tilesMost;
  Unit unit(job);
  unit.rows = static_cast<int>((rowEnd - row + tiles - 1) / tiles);
  unit.rowEnd = rowEnd;
  TileConfig config = {};
  config.palette = 1;
  for (int t = 0; t < 8; ++t) {
    config.columnBytes[t] = 64;
    config.rows[t] = static_cast<uint8_t>(t < 6 ? unit.rows : 16);
  }
  _tile_loadconfig(&config);
  for (int64_t b = 0; b < blocks; ++b) {
    int64_t from = tiles * b / blocks, until = tiles * (b + 1) / blocks;
    int64_t at = row + from * unit.rows;
    // Tiles are of equal height, so that the last ones may have nothing left.
    int64_t some = minOf(until - from, (rowEnd - at + unit.rows - 1) / unit.rows);
    if (some > 0)
      unit.block(at, some, panel, panelEnd);
  }
  _tile_release();
  return unit.fits;
}

bool product(const wnnrt_context *ctx, const MatrixJob &job) {
  // Between blocks of k there are sums in y, which must not be a residual that is wanted later.
  if (job.residual && job.k > kBlock && job.act.op != WNNRT_IDENTITY && job.residualAfter)
    return false;
  const int64_t panels = blocksOf16(job.n), most = 16 * tilesMost;
  const bool byRows = job.rows >= 2 * most * ctx->num_threads ||
                      sharePixels(job.rows, job.k * job.n, job.rows * (job.k + job.n));
  int fits = 1;
  auto share = [&](auto &&part) {
    splitPixels(ctx, byRows ? job.rows : panels, byRows ? 16 : 1, [&](int64_t begin, int64_t end) {
      if (!part(byRows ? begin : 0, byRows ? end : job.rows, byRows ? 0 : begin,
                byRows ? panels : end))
        __atomic_store_n(&fits, 0, __ATOMIC_RELAXED);
    });
    return __atomic_load_n(&fits, __ATOMIC_RELAXED) != 0;
  };
  // A residual may lie where y does, and must still be there where x turns out not to fit.
  if (job.residual && !share([&](int64_t row, int64_t rowEnd, int64_t, int64_t) {
        return allFit(job, row, rowEnd);
      }))
    return false;
  return share([&](int64_t row, int64_t rowEnd, int64_t panel, int64_t panelEnd) {
    return rowsByPanels(job, row, rowEnd, panel, panelEnd);
  });
}

} // namespace

const wnnrt_part wnnrt::WNNRT_SIMD_NS::matrix_unit = {nullptr, nullptr, product};

#else // no tiles here

namespace {
bool product(const wnnrt_context *, const wnnrt::MatrixJob &) {
  return false;
}
} // namespace
const wnnrt_part wnnrt::WNNRT_SIMD_NS::matrix_unit = {nullptr, nullptr, product};

#endif
#endif
