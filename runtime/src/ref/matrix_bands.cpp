// SPDX-License-Identifier: Apache-2.0
// conv2d_matrix_c16 where there is no matrix unit, and the sizes of its scratch.
#include "../ConvMatrix.h"
#include "../Kernels.h"
#include "../ScalarRows.h"
#include "wnnrt_pack.h"

using namespace wnnrt;

namespace {

/// Of a band: a quarter of a second-level cache of 2 MiB, beside weights and what comes and goes,
/// or half of it while few tiles use the weights that are split for them.
constexpr int64_t bandBytes = 1 << 20, fewTiles = 64;

int64_t reach(const wnnrt_conv2d_params *p) {
  return int64_t(p->kw - 1) * p->dilation_w;
}

} // namespace

bool wnnrt::convOnMatrixUnit(const wnnrt_conv2d_params *p) {
  if (!validConv(p) || p->ci <= 0 || int64_t(p->kh) * p->kw > 49 || p->oh <= 0 || p->ow <= 0)
    return false;
  int64_t most = windowBlocks(p);
  if (int64_t(p->kh) * p->kw * most > 1024)
    return false;
  // All panels read as many blocks of channels, which must be there.
  for (int32_t panel = 0, end = static_cast<int32_t>(blocks16(p->co)); panel < end; ++panel) {
    int32_t lo, hi;
    wnnrt_conv2d_c16_window(p, panel, &lo, &hi);
    if (lo / 16 + most > blocks16(p->ci))
      return false;
  }
  return true;
}

int64_t wnnrt::windowBlocks(const wnnrt_conv2d_params *p) {
  return blocks16(wnnrt_conv2d_c16_panel_stride(p) / (int64_t(16) * p->kh * p->kw));
}

int64_t ConvMatrix::imageRows(const wnnrt_conv2d_params *p, int64_t rows) const {
  int64_t all =
      p->kh == 1 ? rows : (rows - 1) * p->stride_h + int64_t(p->kh - 1) * p->dilation_h + 1;
  return (all + images - 1) / images;
}

int64_t ConvMatrix::tiles(const wnnrt_conv2d_params *p, int64_t rows) const {
  return across ? rows * across : ((rows - 1) * pitch + p->ow + height - 1) / height;
}

int64_t ConvMatrix::pixels(const wnnrt_conv2d_params *p, int64_t rows) const {
  // The last tile begins inside, and a tap of a single block reads its neighbour's pixel, too.
  return images * imageRows(p, rows) * columns + 15 * step + reach(p) + 2;
}

ConvMatrix::ConvMatrix(const wnnrt_conv2d_params *p) {
  int64_t blocks = blocks16(p->ci);
  pairs = p->groups == 1 ? blocks / 2 : 0;
  singles = blocks - 2 * pairs;
  images = p->kh == 1 ? 1 : p->stride_h;
  step = p->kw == 1 ? 1 : p->stride_w;
  skip = p->kw == 1 ? p->stride_w : 1;
  columns = ((p->ow - 1) * step + reach(p) + 1 + step - 1) / step * step;
  pitch = columns / step;
  // A tile takes as long as it is high, but not less than 13 outputs.
  auto costOf = [](int64_t outputs, int64_t *high) {
    int64_t count = (outputs + 15) / 16;
    *high = (outputs + count - 1) / count;
    return count * (max2<int64_t>(*high, 13) + 1);
  };
  int64_t flat = costOf((p->oh - 1) * pitch + p->ow, &height), ofRow;
  across = p->oh * costOf(p->ow, &ofRow) * 15 / 14 < flat ? (p->ow + 15) / 16 : 0;
  if (across)
    height = ofRow;
  auto bytesOf = [&](int64_t rows) { return pixels(p, rows) * (pairs * 128 + singles * 64); };
  // The largest number of rows, or 1, of which `good` is true; it is for all smaller ones.
  auto largest = [p](auto good) {
    int64_t yes = 1, no = int64_t(p->oh) + 1;
    while (no - yes > 1) {
      int64_t middle = (yes + no) / 2;
      (good(middle) ? yes : no) = middle;
    }
    return yes;
  };
  int64_t most = largest([&](int64_t rows) {
    return bytesOf(rows) <= bandBytes / 2 ||
           (bytesOf(rows) <= bandBytes && tiles(p, rows - 1) < fewTiles);
  });
  bands = (p->oh + most - 1) / most;
  bandRows = (p->oh + bands - 1) / bands;
  bytes = static_cast<size_t>(bytesOf(bandRows));
}

size_t wnnrt_conv2d_matrix_c16_scratch_bytes(const wnnrt_conv2d_params *p) {
  return convOnMatrixUnit(p) ? (ConvMatrix(p).bytes + 63) / 64 * 64 : 0;
}

namespace wnnrt {
wnnrt_status ref::conv2d_matrix_c16(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                    const void *x, const void *w, const void *bias,
                                    const void *residual, void *y, void *) {
  return ref::conv2d_c16(ctx, p, x, w, bias, residual, y);
}
} // namespace wnnrt
