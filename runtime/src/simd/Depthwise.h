// SPDX-License-Identifier: Apache-2.0
// Output rows of 16 channels of a depthwise convolution, from any list of input rows: for whole
// tensors (depthwise.cpp) and for rings of rows (mbconv.cpp).
#ifndef WNNRT_SRC_SIMD_DEPTHWISE_H
#define WNNRT_SRC_SIMD_DEPTHWISE_H

#include "Tile.h"

namespace wnnrt {
namespace WNNRT_SIMD_NS {

constexpr int maxKernelRows = 64;

/// Longest row of zeros that callers keep on their stack.
constexpr int rowZeroPixels = 256;

/// What output rows of one 16-channel block need; pointers are to the lanes being computed. All but
/// residual, bias, limits, y and zeros is set by Depthwise::rows.
struct RowJob {
  const float *lines[maxKernelRows]; // input rows that exist; in tiles, all of several output rows
  const float *weights[maxKernelRows]; // of these rows: [kw][16]
  int32_t lineCount, kw, dilation;
  int32_t stride;        // of columns; in tiles, of rows
  int64_t rowStride;     // of the output
  const float *residual; // may be null
  vf bias, lo, hi;
  float *y;
  const float *zeros; // a row of zeros, where the convolution asks for it
  int columnsBeyond;  // input columns that the row reads beyond the right border
};

using RowTilesFn = void (*)(const RowJob &job, int64_t rows, int64_t ox, int64_t count, bool left,
                            bool right);

/// Tiles of one kernel size, fn[stride - 1][pixels - rowTileLeast].
constexpr int rowTileLeast = 3, rowTileMost = 8;
struct RowTileTable {
  RowTilesFn fn[2][rowTileMost - rowTileLeast + 1];
};
/// Pixels that see no border: fn[kernel is 5 wide][stride - 1], and for any kernel.
using InsideFn = void (*)(const RowJob &job, int64_t begin, int64_t end, int64_t padLeft);
struct RowTable {
  InsideFn fn[2][2], any;
};

/// How rows of one convolution are computed.
struct Depthwise {
  const wnnrt_conv2d_params *p;
  InsideFn inside;                          // may be null
  const RowTilesFn *tiles;                  // may be null
  int columnsBeyond;                        // see RowJob
  int64_t tileCount, tileSize, longerTiles; // of a row in these tiles
  int64_t insideBegin, insideEnd;           // output columns that see no border

  explicit Depthwise(const wnnrt_conv2d_params *params);
  /// Before the first row; `room` has to last as long as the job.
  void setZeros(RowJob &job, float (&room)[rowZeroPixels * 16]) const {
    job.zeros = room;
    if (tiles)
      memset(room, 0, static_cast<size_t>(p->iw) * 16 * sizeof(float));
  }
  /// Output rows [begin, end) to job.y. Input row i is at x + (i % ring) * iw * 16, or at
  /// x + i * iw * 16 with a ring of 0.
  void rows(RowJob &job, const float *x, const float *w, int64_t begin, int64_t end,
            int64_t ring = 0) const;

private:
  void row(RowJob &job, const float *x, const float *w, int64_t oy, int64_t ring) const;
  void border(const RowJob &job, int64_t ox) const;
};

} // namespace WNNRT_SIMD_NS
} // namespace wnnrt
#endif // WNNRT_SRC_SIMD_DEPTHWISE_H
