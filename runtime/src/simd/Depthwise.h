// SPDX-License-Identifier: Apache-2.0
// One output row of 16 channels of a depthwise convolution, from any list of input rows: for whole
// tensors (depthwise.cpp) and for rings of rows (mbconv.cpp).
#ifndef WNNRT_SRC_SIMD_DEPTHWISE_H
#define WNNRT_SRC_SIMD_DEPTHWISE_H

#include "Tile.h"

namespace wnnrt {
namespace WNNRT_SIMD_NS {

constexpr int maxKernelRows = 64;

/// What one output row of one 16-channel block needs; pointers are to the lanes being computed.
struct RowJob {
  const float *lines[maxKernelRows];   // input rows that exist
  const float *weights[maxKernelRows]; // of these rows: [kw][16]
  int32_t lineCount, kw, stride, dilation;
  const float *residual; // may be null
  vf bias, lo, hi;
  float *y;
};

struct RowTiles;

/// How rows of one convolution are computed.
struct Depthwise {
  const wnnrt_conv2d_params *p;
  void (*inside)(const RowJob &job, int64_t begin, int64_t end, int64_t padLeft);
  const RowTiles *tiles;                    // may be null
  int64_t tileCount, tileSize, longerTiles; // of a row in these tiles
  int64_t insideBegin, insideEnd;           // output columns that see no border

  explicit Depthwise(const wnnrt_conv2d_params *params);
  /// Output row oy; y, bias and residual are in the job. Input row i is at
  /// x + (i % ring) * iw * 16, or at x + i * iw * 16 with a ring of 0.
  void row(RowJob &job, const float *x, const float *w, int64_t oy, int64_t ring = 0) const;

private:
  void border(const RowJob &job, int64_t ox) const;
};

} // namespace WNNRT_SIMD_NS
} // namespace wnnrt
#endif // WNNRT_SRC_SIMD_DEPTHWISE_H
