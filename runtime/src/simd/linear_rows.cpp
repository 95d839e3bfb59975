// SPDX-License-Identifier: Apache-2.0
// linear_rows: several rows of x times packed panels of 16 outputs. A block of rows that fits the
// second-level cache is kept there while all weights stream past once per block.
#include "../Isa.h"
#include "Epilogue.h"
#include "MatrixUnit.h"
#include "Parallel.h"
#include "Tile.h"

namespace {

using wnnrt::MatrixJob;

const int32_t noTaps[1] = {0};
const int64_t noOffsets[1] = {0};

/// `rows` rows by `count` panels.
void tile(const MatrixJob &m, const Epilogue &epilogue, int64_t row, int rows, int64_t panel,
          int count, const char *prefetch, int64_t lines) {
  wnnrt::WNNRT_SIMD_NS::TileJob job;
  job.prefetchSecond = 0;
  job.x = m.x + row * m.xRow;
  job.pixelStride = m.xRow;
  job.blockStride = 16;
  job.taps = job.kernelTaps = 1;
  job.tapIndex = noTaps;
  job.tapOffset = noOffsets;
  job.blocks = static_cast<int32_t>(blocksOf16(m.k));
  job.lastRows = static_cast<int32_t>(m.k - (job.blocks - 1) * int64_t(16));
  job.panelStride = m.panelStride;
  job.w = m.w + panel * job.panelStride;
  job.bias = m.bias ? m.bias + panel * 16 : nullptr;
  const float *residual = m.residual ? m.residual + row * m.residualRow + panel * 16 : nullptr;
  const bool after = residual && epilogue.residualAfter;
  job.residual = after ? nullptr : residual;
  job.residualPixelStride = m.residualRow;
  job.yPixelStride = m.yRow;
  job.residualPanelStride = job.yPanelStride = 16;
  job.lo = epilogue.lo;
  job.hi = epilogue.hi;
  job.y = m.y + row * m.yRow + panel * 16;
  int cols = static_cast<int>(minOf(m.n - panel * 16, count * 16));
  job.cols = cols - (count - 1) * 16;
  job.prefetch = prefetch;
  job.prefetchLines = static_cast<int32_t>(lines);
  float saved[epilogueMost];
  if (after)
    saveResidual(saved, residual, m.residualRow, rows, cols);
  wnnrt::WNNRT_SIMD_NS::runTile(false, count, rows, job);
  if (epilogue.needed)
    finishRows(epilogue, job.y, m.yRow, rows, cols, after ? saved : nullptr);
}

bool product(const wnnrt_context *ctx, const MatrixJob &m) {
  if (onMatrixUnit(ctx, m))
    return true;
  const Epilogue epilogue(m.act, m.residualAfter);
  const int64_t panels = blocksOf16(m.n);
  int64_t blockRows = maxOf(tilePixels, 256 * 1024 / m.k / tilePixels * tilePixels);
  for (int64_t begin = 0; begin < m.rows; begin += blockRows) {
    Split split(minOf(blockRows, m.rows - begin), tilePixels);
    splitWork(ctx, (panels + tilePanels - 1) / tilePanels, [&](int64_t from, int64_t to) {
      for (int64_t panel = from * tilePanels, end = minOf(panels, to * tilePanels); panel < end;) {
        int count = static_cast<int>(minOf(tilePanels, end - panel));
        // With one row tile the hardware's own stream prefetch does better.
        bool ahead = split.count > 1 && panel + count < end;
        int64_t lines = ahead ? m.k * count / split.count + 1 : 0;
        const char *next = reinterpret_cast<const char *>(m.w + (panel + count) * m.panelStride);
        for (int64_t t = 0; t < split.count; ++t) {
          tile(m, epilogue, begin + split.begin(t), split.sizeOf(t), panel, count, next, lines);
          next += lines * 64;
        }
        panel += count;
      }
    });
  }
  return true;
}

} // namespace

const wnnrt_part wnnrt::WNNRT_SIMD_NS::linear_rows = {nullptr, nullptr, product};
