// SPDX-License-Identifier: Apache-2.0
// Matrix products by AMX tiles: each f32 operand is split into a high and a low bf16 part, 16 bits
// of significand together, and high * high + high * low + low * high are summed in f32. So a
// product of two numbers is wrong by at most 2^-16 of itself. Blocks of up to 64 rows by 384 of k
// are split ahead of time; weights a step ahead of the tiles that multiply them.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"

#if defined(__AVX512F__)
#include "../MatrixJob.h"
#include "Epilogue.h"
#include "Parallel.h"

#if defined(__linux__) && defined(__x86_64__)

#define WNNRT_AMX __attribute__((target("amx-tile,amx-bf16,avx512bf16")))

using wnnrt::MatrixJob;

namespace {

constexpr int64_t kStep = 32;   // of one tile product
constexpr int64_t kBlock = 384; // of k whose left parts are kept at a time
constexpr int64_t stepsMost = kBlock / kStep;
constexpr int64_t tilesMost = 4; // of up to 16 rows
constexpr int64_t tileBytes = 1024;

struct TileConfig {
  uint8_t palette, start, reserved[14];
  uint16_t columnBytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(TileConfig) == 64, "as the CPU wants it");

/// The parts of one block of rows: [step][tile][high, low].
struct alignas(64) LeftParts {
  unsigned char bytes[stepsMost * tilesMost * 2 * tileBytes];
  unsigned char *at(int64_t step, int64_t tile) {
    return bytes + (step * tilesMost + tile) * 2 * tileBytes;
  }
};
/// x rounded to eight bits of significand.
WNNRT_INLINE __m512i highPart(__m512i bits) {
  return _mm512_and_si512(_mm512_add_epi32(bits, _mm512_set1_epi32(0x8000)),
                          _mm512_set1_epi32(int(0xffff0000u)));
}

/// Rows [row, row + rows) of columns [k, k + 32) of x, zeros beyond j.k.
WNNRT_AMX void splitLeft(const MatrixJob &j, int64_t row, int rows, int64_t k, unsigned char *to) {
  int left = static_cast<int>(minOf(kStep, j.k - k));
  __mmask16 first = static_cast<__mmask16>((1u << minOf(16, left)) - 1u);
  __mmask16 second = static_cast<__mmask16>((1u << maxOf(0, left - 16)) - 1u);
  const float *from = j.x + row * j.xRow + k / 16 * j.xBlock;
  for (int r = 0; r < rows; ++r, from += j.xRow, to += 64) {
    __m512 a = _mm512_maskz_loadu_ps(first, from);
    __m512 b = _mm512_maskz_loadu_ps(second, from + j.xBlock);
    __m512 highA = _mm512_castsi512_ps(highPart(_mm512_castps_si512(a)));
    __m512 highB = _mm512_castsi512_ps(highPart(_mm512_castps_si512(b)));
    __m512bh high = _mm512_cvtne2ps_pbh(highB, highA);
    __m512bh low = _mm512_cvtne2ps_pbh(_mm512_sub_ps(b, highB), _mm512_sub_ps(a, highA));
    _mm512_store_si512(to, (__m512i)high);
    _mm512_store_si512(to + tileBytes, (__m512i)low);
  }
}

/// Two rows of a packed panel, in pairs as the unit wants them.
WNNRT_INLINE void splitPair(__m512i a, __m512i b, unsigned char *to) {
  __m512i highA = highPart(a), highB = highPart(b);
  __m512i lowA =
      _mm512_castps_si512(_mm512_sub_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(highA)));
  __m512i lowB =
      _mm512_castps_si512(_mm512_sub_ps(_mm512_castsi512_ps(b), _mm512_castsi512_ps(highB)));
  lowA = _mm512_add_epi32(lowA, _mm512_set1_epi32(0x8000));
  lowB = _mm512_add_epi32(lowB, _mm512_set1_epi32(0x8000));
  _mm512_store_si512(to, _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(highA, 16), highB));
  _mm512_store_si512(to + tileBytes,
                     _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(lowA, 16), lowB));
}
WNNRT_INLINE void splitPairs(const float *w, int first, int end, unsigned char *to) {
  WNNRT_UNROLL
  for (int pair = first; pair < end; ++pair)
    splitPair(_mm512_loadu_si512(w + pair * 32), _mm512_loadu_si512(w + pair * 32 + 16),
              to + pair * 64);
}
/// The same where only `rows` rows exist.
WNNRT_NOINLINE void splitSome(const float *w, int64_t rows, unsigned char *to) {
  for (int pair = 0; pair < 16; ++pair, w += 32) {
    __m512i a = _mm512_setzero_si512(), b = a;
    if (2 * pair < rows)
      a = _mm512_loadu_si512(w);
    if (2 * pair + 1 < rows)
      b = _mm512_loadu_si512(w + 16);
    splitPair(a, b, to + pair * 64);
  }
}

struct Unit {
  const MatrixJob &j;
  const Epilogue e;
  const int64_t panels;
  int rows; // of a tile
  int64_t rowEnd;
  LeftParts left;
  alignas(64) unsigned char right[2][2 * tileBytes]; // parts of this step's weights and the next's
  alignas(64) unsigned char scrap[2 * tileBytes];
  alignas(64) float sums[tilesMost * 16 * 16];

  explicit Unit(const MatrixJob &job)
      : j(job), e(job.act, job.residualAfter), panels(blocksOf16(job.n)) {}

  int colsOf(int64_t panel) const {
    return j.wholePanels ? 16 : static_cast<int>(minOf(16, j.n - panel * 16));
  }

  /// Sums that y holds between blocks of k, to and from `sums`.
  void fetch(const float *y, int64_t n, int cols) {
    for (int64_t r = 0; r < n; ++r)
      vstore(sums + r * 16, vloadPart(y + r * j.yRow, cols));
  }
  /// `residual` is null, or to be added.
  void put(float *y, const float *residual, int64_t n, int cols) const {
    for (int64_t r = 0; r < n; ++r) {
      vf v = vload(sums + r * 16);
      if (residual)
        v = vadd(v, vloadPart(residual + r * j.residualRow, cols));
      vstorePart(y + r * j.yRow, v, cols);
    }
  }

  /// The last block of k: everything that is fused, from `sums` to y.
  void finish(const float *residual, float *y, int64_t n, int cols, bool added) {
    vf lo = vset(e.lo), hi = vset(e.hi);
    const float *before = e.residualAfter || added ? nullptr : residual;
    for (int64_t r = 0; r < n; ++r) {
      vf v = vload(sums + r * 16);
      if (before)
        v = vadd(v, vloadPart(before + r * j.residualRow, cols));
      if (e.needed)
        vstore(sums + r * 16, v);
      else
        vstorePart(y + r * j.yRow, vclamp(v, lo, hi), cols);
    }
    if (!e.needed)
      return;
    e.apply(sums, n * 16);
    for (int64_t r = 0; r < n; ++r) {
      vf v = vload(sums + r * 16);
      if (e.residualAfter && residual)
        v = vadd(v, vloadPart(residual + r * j.residualRow, cols));
      vstorePart(y + r * j.yRow, v, cols);
    }
  }

  /// A step of k for all tiles of rows, while the next step's weights are split.
  template <int T>
  WNNRT_INLINE void step(const unsigned char *a, const unsigned char *b, const float *w,
                         unsigned char *to) {
    _tile_loadd(6, b, 64);
#define WNNRT_ROW(I, PART, B)                                                                      \
  if (I < T) {                                                                                     \
    if (I & 1) {                                                                                   \
      _tile_loadd(5, a + (2 * I + PART) * tileBytes, 64);                                          \
      _tile_dpbf16ps(I, 5, B);                                                                     \
    } else {                                                                                       \
      _tile_loadd(4, a + (2 * I + PART) * tileBytes, 64);                                          \
      _tile_dpbf16ps(I, 4, B);                                                                     \
    }                                                                                              \
  }
    WNNRT_ROW(0, 0, 6)
    WNNRT_ROW(1, 0, 6)
    splitPairs(w, 0, 3, to);
    WNNRT_ROW(2, 0, 6)
    WNNRT_ROW(3, 0, 6)
    splitPairs(w, 3, 6, to);
    _tile_loadd(7, b + tileBytes, 64);
    WNNRT_ROW(0, 1, 6)
    WNNRT_ROW(1, 1, 6)
    splitPairs(w, 6, 9, to);
    WNNRT_ROW(2, 1, 6)
    WNNRT_ROW(3, 1, 6)
    splitPairs(w, 9, 12, to);
    WNNRT_ROW(0, 0, 7)
    WNNRT_ROW(1, 0, 7)
    splitPairs(w, 12, 14, to);
    WNNRT_ROW(2, 0, 7)
    WNNRT_ROW(3, 0, 7)
    splitPairs(w, 14, 16, to);
#undef WNNRT_ROW
  }

  template <int T>
  WNNRT_AMX WNNRT_NOINLINE void columns(int64_t row, int64_t k, int64_t steps, int64_t panel,
                                        int64_t panelEnd) {
    const int64_t n = minOf(T * rows, rowEnd - row);
    const int64_t wide = minOf(steps, (j.k - k) / kStep); // steps that have all rows of weights
    const bool last = k + steps * kStep >= j.k;
    const float *w = j.w + panel * j.panelStride + k * 16;
    int at = 0;
    splitSome(w, minOf(kStep, j.k - k), right[0]);
    for (; panel < panelEnd; ++panel, w += j.panelStride) {
      const int cols = colsOf(panel);
      const bool whole = n == T * rows && cols == 16;
      float *y = j.y + row * j.yRow + panel * j.yPanel;
      const float *from = y;
      int64_t stride = j.yRow * 4;
      if (k == 0) {
        from = j.bias ? j.bias + panel * 16 : nullptr;
        stride = 0;
      } else if (!whole) {
        fetch(y, n, cols);
        from = sums, stride = 64;
      }
      if (from) {
        const float *f = from;
        const int64_t down = rows * stride / 4;
        _tile_loadd(0, f, stride);
        if (T > 1)
          _tile_loadd(1, f + down, stride);
        if (T > 2)
          _tile_loadd(2, f + 2 * down, stride);
        if (T > 3)
          _tile_loadd(3, f + 3 * down, stride);
      } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
      }
      const unsigned char *a = left.at(0, 0);
      for (int64_t s = 0; s < steps; ++s, at ^= 1, a += tilesMost * 2 * tileBytes) {
        const float *next = w + (s + 1) * kStep * 16;
        if (s + 1 == steps)
          next = panel + 1 < panelEnd ? w + j.panelStride : w;
        if (s + 1 != steps && s + 1 >= wide) {
          splitSome(next, j.k - k - (s + 1) * kStep, right[at ^ 1]);
          next = w;
          step<T>(a, right[at], w, scrap);
        } else if (s + 1 == steps && wide == 0) {
          step<T>(a, right[at], w, scrap);
          splitSome(next, minOf(kStep, j.k - k), right[at ^ 1]);
        } else {
          step<T>(a, right[at], next, right[at ^ 1]);
        }
      }
      // The residual may lie where y does, so it is added before sums of a block are stored there.
      if (!last && whole && !(j.residual && k == 0)) {
        const int64_t down = rows * j.yRow;
        _tile_stored(0, y, j.yRow * 4);
        if (T > 1)
          _tile_stored(1, y + down, j.yRow * 4);
        if (T > 2)
          _tile_stored(2, y + 2 * down, j.yRow * 4);
        if (T > 3)
          _tile_stored(3, y + 3 * down, j.yRow * 4);
        continue;
      }
      const int64_t down = rows * 16;
      _tile_stored(0, sums, 64);
      if (T > 1)
        _tile_stored(1, sums + down, 64);
      if (T > 2)
        _tile_stored(2, sums + 2 * down, 64);
      if (T > 3)
        _tile_stored(3, sums + 3 * down, 64);
      const float *residual =
          j.residual ? j.residual + row * j.residualRow + panel * j.residualPanel : nullptr;
      if (last)
        finish(residual, y, n, cols, k > 0);
      else
        put(y, k == 0 ? residual : nullptr, n, cols);
    }
  }
  /// A block of rows.
  WNNRT_AMX void block(int64_t row, int64_t tiles, int64_t panelBegin, int64_t panelEnd) {
    int64_t blocks = (j.k + kBlock - 1) / kBlock;
    int64_t stepsAll = (j.k + kStep - 1) / kStep, done = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      int64_t steps = stepsAll * (b + 1) / blocks - done, k = done * kStep;
      done += steps;
      for (int64_t s = 0; s < steps; ++s)
        for (int64_t t = 0; t < tiles; ++t) {
          int64_t first = row + t * rows;
          splitLeft(j, first, static_cast<int>(minOf(rows, rowEnd - first)), k + s * kStep,
                    left.at(s, t));
        }
      auto run = tiles == 1   ? &Unit::columns<1>
                 : tiles == 2 ? &Unit::columns<2>
                 : tiles == 3 ? &Unit::columns<3>
                              : &Unit::columns<4>;
      (this->*run)(row, k, steps, panelBegin, panelEnd);
    }
  }
};

/// Whether no element of x is infinite, NaN, or so large that its high part is.
bool allFinite(const MatrixJob &j) {
  __mmask16 bad = 0;
  const vf limit = vset(1.7e38f);
  for (int64_t k = 0; k < j.k; k += 16) {
    int part = static_cast<int>(minOf(16, j.k - k));
    const float *from = j.x + k / 16 * j.xBlock;
    for (int64_t r = 0; r < j.rows; ++r, from += j.xRow)
      bad |= _mm512_cmp_ps_mask(vabs(vloadPart(from, part)), limit, _CMP_NLT_UQ);
  }
  return bad == 0;
}

WNNRT_AMX WNNRT_NOINLINE void rowsByPanels(const MatrixJob &job, int64_t row, int64_t rowEnd,
                                           int64_t panel, int64_t panelEnd) {
  int64_t tiles = (rowEnd - row + 15) / 16, blocks = (tiles + tilesMost - 1) / tilesMost;
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
}

bool product(const wnnrt_context *ctx, const MatrixJob &job) {
  // Between blocks of k there are sums in y, which must not be a residual that is wanted later.
  if (job.residual && job.k > kBlock && job.act.op != WNNRT_IDENTITY && job.residualAfter)
    return false;
  if (!allFinite(job))
    return false;
  const int64_t panels = blocksOf16(job.n), most = 16 * tilesMost;
  if (job.rows >= 2 * most * ctx->num_threads)
    splitWork(ctx, (job.rows + most - 1) / most, [&](int64_t begin, int64_t end) {
      rowsByPanels(job, begin * most, minOf(job.rows, end * most), 0, panels);
    });
  else
    splitWork(
        ctx, panels,
        [&](int64_t begin, int64_t end) { rowsByPanels(job, 0, job.rows, begin, end); }, 4);
  return true;
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
