// SPDX-License-Identifier: Apache-2.0
// matrix_narrow: products of many rows with few weights on the matrix unit. Rows are checked and
// split in one pass, a block ahead of the tiles that multiply them; a row with a NaN, an infinity
// or a number of 2^127 and above is computed by FMAs instead, with the bits that tiles of these
// give it.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"

#if defined(__AVX512F__)
#include "../RowsJob.h"
#include "MatrixRows.h"
#include "MatrixUnit.h"
#include "Parallel.h"
#include "Tile.h"

#ifdef WNNRT_HAVE_TILES

namespace {

using wnnrt::RowsJob;

/// The rows of a job, in blocks of up to four tiles that do not reach over the end of a line.
struct Rows {
  static constexpr bool lowFirst = false;
  const RowsJob &j;
  const int64_t stepsAll, outputs, yRow;
  const bool farOutputs;
  const Split tiles;                  // of a line, in blocks
  int64_t next = 0, end = 0, row = 0; // what is split: block, last block, row of it
  int64_t nextRows = 0, quota = 0;
  __mmask16 lastMask[2]; // of the last step
  uint64_t bad[2] = {};
  int side = 0; // of the block that is split
  alignas(64) unsigned char weights[wnnrt::matrixNarrowWeights * weightTileBytes];
  alignas(64) unsigned char left[2][wnnrt::matrixNarrowSteps * rowTiles * weightTileBytes];

  explicit Rows(const RowsJob &job)
      : j(job), stepsAll((j.k + tileStep - 1) / tileStep), outputs(j.panels * j.taps), yRow(j.yRow),
        farOutputs(j.farOutputs), tiles((j.rows + 15) / 16, rowTiles) {
    int rest = static_cast<int>(j.k - (stepsAll - 1) * tileStep);
    lastMask[0] = static_cast<__mmask16>((1u << minOf(16, rest)) - 1u);
    lastMask[1] = static_cast<__mmask16>((1u << maxOf(0, rest - 16)) - 1u);
  }

  /// The weights of 16 terms from block * 16 for one output, and how many there are.
  const float *weightsOf(int64_t output, int64_t block, int64_t *count) const {
    *count = maxOf(0, minOf(16, j.k - block * 16));
    return j.w + output / j.taps * j.panelStride + block * j.taps * 256 +
           output % j.taps * *count * 16;
  }
  void splitWeights() {
    unsigned char *to = weights;
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t s = 0; s < stepsAll; ++s, to += weightTileBytes)
        for (int half = 0; half < 2; ++half) {
          int64_t count;
          const float *w = weightsOf(o, s * 2 + half, &count);
          splitWeightRows(w, count, 8, to + half * 8 * 64);
        }
  }

  const float *biasOf(int64_t output) const {
    return j.bias ? j.bias + output / j.taps * 16 : nullptr;
  }
  int64_t placeOf(int64_t output) const {
    return output / j.taps * j.yPanel + j.tapAt[output % j.taps];
  }
  int64_t line(int64_t block) const { return block / tiles.count; }
  int64_t first(int64_t block) const { return tiles.begin(block % tiles.count) * 16; }
  int64_t rowsOf(int64_t block) const {
    return minOf(tiles.sizeOf(block % tiles.count) * 16, j.rows - first(block));
  }
  const float *xAt(int64_t block) const { return j.x + line(block) * j.xLine + first(block) * 16; }

  WNNRT_AMX void splitRow(const float *from, int64_t r) {
    unsigned char *to = left[side] + r / 16 * weightTileBytes + r % 16 * 64;
    __m512 lows = _mm512_setzero_ps(); // infinite or NaN if one is
    for (int64_t s = 0; s < stepsAll; ++s, from += 2 * j.xBlock, to += rowTiles * weightTileBytes) {
      bool last = s + 1 == stepsAll;
      __m512 a = last ? _mm512_maskz_loadu_ps(lastMask[0], from) : _mm512_loadu_ps(from);
      // A block that is not there must not even be read in part: where there is no page, the CPU
      // takes hundreds of cycles to find out that nothing of it is wanted.
      __m512 b = !last         ? _mm512_loadu_ps(from + j.xBlock)
                 : lastMask[1] ? _mm512_maskz_loadu_ps(lastMask[1], from + j.xBlock)
                               : _mm512_setzero_ps();
      lows = _mm512_add_ps(splitTerms(a, b, to, to + tileBytes), lows);
    }
    if (_mm512_fpclass_ps_mask(lows, 0x99))
      bad[side] |= uint64_t(1) << r;
  }
  WNNRT_AMX WNNRT_NOINLINE void splitRows(int64_t count) {
    const int64_t until = minOf(nextRows, row + count);
    const float *from = xAt(next) + row * 16;
    for (; row < until; ++row, from += 16)
      splitRow(from, row);
  }
  WNNRT_INLINE_MEMBER void beside() {
    if (row < nextRows)
      splitRows(quota);
  }
  void startSplitting(int64_t block, int to) {
    next = block;
    side = to;
    row = 0;
    bad[side] = 0;
    nextRows = block < end ? rowsOf(block) : 0;
    quota = (rowTiles * 16 + outputs * stepsAll - 1) / (outputs * stepsAll);
  }

  WNNRT_NOINLINE void exact(int64_t block, int64_t r, int64_t output, float *to) const {
    const float *from = xAt(block) + r * 16, *bias = biasOf(output);
    __m512 sum = bias ? _mm512_loadu_ps(bias) : _mm512_setzero_ps();
    for (int64_t b = 0; b * 16 < j.k; ++b, from += j.xBlock) {
      int64_t count;
      const float *w = weightsOf(output, b, &count);
      for (int64_t i = 0; i < count; ++i)
        sum = _mm512_fmadd_ps(_mm512_set1_ps(from[i]), _mm512_loadu_ps(w + i * 16), sum);
    }
    _mm512_storeu_ps(to, sum);
  }
};

/// Blocks [begin, end).
WNNRT_AMX WNNRT_NOINLINE void runBlocks(const RowsJob &j, int64_t begin, int64_t end) {
  Rows rows(j);
  MatrixRows<Rows> matrix(rows, j.act, j.residualAfter);
  matrix.configure();
  rows.splitWeights();
  rows.end = end;
  int64_t stepAt[wnnrt::matrixNarrowSteps], weightsOf[wnnrt::matrixNarrowSteps];
  for (int64_t s = 0; s < rows.stepsAll; ++s) {
    stepAt[s] = s * rowTiles * weightTileBytes;
    weightsOf[s] = s;
  }
  LeftTiles l = {nullptr, weightTileBytes, tileBytes, 64, rows.stepsAll, stepAt, weightsOf};
  int side = 0;
  rows.startSplitting(begin, side);
  rows.splitRows(rows.nextRows);
  for (int64_t block = begin; block < end; ++block, side ^= 1) {
    l.at = rows.left[side];
    rows.startSplitting(block + 1, side ^ 1);
    int64_t at = rows.line(block) * j.yLine + rows.first(block) * j.yRow;
    matrix.run(rows.tiles.sizeOf(block % rows.tiles.count), l, rows.rowsOf(block), j.y + at,
               j.residual ? j.residual + at : nullptr, rows.bad[side], block);
    rows.splitRows(rows.nextRows);
  }
  matrix.finishAll();
  matrix.release();
}

void run(const wnnrt_context *ctx, const RowsJob &job) {
  const Split tiles((job.rows + 15) / 16, rowTiles);
  splitWork(ctx, job.lines * tiles.count,
            [&](int64_t begin, int64_t end) { runBlocks(job, begin, end); });
}

/// Of c16 tensors.
bool product(const wnnrt_context *ctx, const wnnrt::MatrixJob &m) {
  static constexpr int64_t noTap[1] = {0};
  const int64_t panels = blocksOf16(m.n);
  if (!wnnrt::isNarrowProduct(m.rows, m.k, m.n) || !m.wholePanels || m.xRow != 16 ||
      (m.residual && (m.residualRow != m.yRow || m.residualPanel != m.yPanel)))
    return false;
  run(ctx, {1,
            m.rows,
            m.k,
            m.x,
            0,
            m.xBlock,
            panels,
            1,
            m.w,
            m.panelStride,
            m.bias,
            m.residual,
            m.y,
            0,
            m.yRow,
            m.yPanel,
            noTap,
            m.act,
            m.residualAfter,
            false});
  return true;
}

constexpr wnnrt::NarrowPart part = {run};

} // namespace

const wnnrt_part wnnrt::WNNRT_SIMD_NS::matrix_narrow = {nullptr, &part, product};

#else // no tiles here

namespace {
bool product(const wnnrt_context *, const wnnrt::MatrixJob &) {
  return false;
}
} // namespace
const wnnrt_part wnnrt::WNNRT_SIMD_NS::matrix_narrow = {nullptr, nullptr, product};

#endif
#endif
