// SPDX-License-Identifier: Apache-2.0
// conv_transpose2d_c16: output pixels whose column leaves the same remainder by the stride read the
// same kernel taps, from neighbouring input pixels. Such a run of one output row is a convolution
// of stride 1 that stores every stride-th pixel. No output is written twice and none is cleared
// first; where the kernel is as large as the stride, each tap is a plain matrix product, which is
// for the matrix unit.
#include "../Isa.h"
#include "ConvTile.h"
#include "MatrixUnit.h"
#include "Parallel.h"

namespace {

struct Transposed : ConvTile {
  explicit Transposed(const wnnrt_conv2d_params *params) : ConvTile(params) {}

  /// Input position of tap k for output position o on one axis; false where the tap falls between
  /// input positions. May be outside the input.
  static bool source(int64_t o, int64_t pad, int64_t k, int64_t dilation, int64_t stride,
                     int64_t *at) {
    int64_t spread = o + pad - k * dilation;
    *at = spread / stride; // exact, if at all
    return *at * stride == spread;
  }

  /// `pixels` outputs (oy, ox), (oy, ox + stride), ...
  void prepare(TileInput &in, int64_t oy, int64_t ox, int pixels) const {
    int64_t iy[tileMaxTaps], ix[tileMaxTaps];
    int32_t r[tileMaxTaps], s[tileMaxTaps];
    int rows = 0, cols = 0;
    for (int32_t k = 0; k < p->kh; ++k)
      if (source(oy, p->pad_top, k, p->dilation_h, p->stride_h, iy + rows) && iy[rows] >= 0 &&
          iy[rows] < p->ih)
        r[rows++] = k;
    in.indirect = false;
    for (int32_t k = 0; k < p->kw; ++k)
      if (source(ox, p->pad_left, k, p->dilation_w, p->stride_w, ix + cols) &&
          ix[cols] + pixels > 0 && ix[cols] < p->iw) {
        in.indirect |= ix[cols] < 0 || ix[cols] + pixels > p->iw;
        s[cols++] = k;
      }
    in.offset = 0;
    in.taps = 0;
    in.xStride = 16;
    in.yStride = int64_t(16) * p->stride_w;
    int64_t step[tileRow];
    for (int i = 0; i < tileRow; ++i)
      step[i] = 16 * i;
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < cols; ++j) {
        int32_t tap = r[i] * p->kw + s[j];
        int64_t from = (iy[i] * p->iw + ix[j]) * 16;
        if (in.indirect) {
          int64_t begin = maxOf(0, -ix[j]), end = minOf(pixels, p->iw - ix[j]); // inside
          in.addTap(tap, step, from, ((1u << (end - begin)) - 1u) << begin);
        } else {
          in.tapIndex[in.taps] = tap;
          in.tapOffset[in.taps++] = from;
        }
      }
  }

  /// Calls f(column, pixels) for the tiles of an output row.
  template <class F> void forEachTile(F &&f) const {
    for (int64_t phase = 0, end = minOf(p->stride_w, p->ow); phase < end; ++phase) {
      Split split((p->ow - phase + p->stride_w - 1) / p->stride_w, tilePixels);
      for (int64_t t = 0; t < split.count; ++t)
        f(phase + split.begin(t) * p->stride_w, split.sizeOf(t));
    }
  }

  /// Large images with few weights: row by row.
  void rowsOutermost(int64_t beginRow, int64_t endRow) const {
    TileInput in;
    for (int64_t oy = beginRow; oy < endRow; ++oy)
      for (int32_t panel = 0; panel < panels;) {
        int32_t lo, hi;
        int count = groupAt(panel, panels, &lo, &hi);
        forEachTile([&](int64_t ox, int pixels) {
          prepare(in, oy, ox, pixels);
          run(in, oy * p->ow + ox, pixels, panel, count, lo, hi, nullptr, 0);
        });
        panel += count;
      }
  }

  /// Weights stream once, and the next panels are prefetched while these are used.
  void panelsOutermost(int32_t beginPanel, int32_t endPanel) const {
    TileInput in;
    int64_t tiles = 0;
    forEachTile([&](int64_t, int) { tiles += p->oh; });
    for (int32_t panel = beginPanel; panel < endPanel;) {
      int32_t lo, hi;
      int count = groupAt(panel, endPanel, &lo, &hi);
      int64_t lines = panel + count < endPanel ? panelStride / 16 * count : 0;
      int64_t perTile = lines ? lines / maxOf(1, tiles) + 1 : 0;
      const char *next = reinterpret_cast<const char *>(w + (panel + count) * panelStride);
      for (int64_t oy = 0; oy < p->oh; ++oy)
        forEachTile([&](int64_t ox, int pixels) {
          prepare(in, oy, ox, pixels);
          run(in, oy * p->ow + ox, pixels, panel, count, lo, hi, next, perTile);
          next += perTile * 64;
        });
      panel += count;
    }
  }

#if defined(__AVX512F__)
  /// Where each output has one tap, on the matrix unit. False: where that is not worth it.
  bool onUnit(const wnnrt_context *ctx) const {
    const wnnrt::NarrowPart *part = narrowPart(ctx);
    if (!part || p->kh != p->stride_h || p->kw != p->stride_w || p->pad_top || p->pad_left ||
        p->dilation_h != 1 || p->dilation_w != 1 || p->groups != 1 || p->oh != p->ih * p->kh ||
        p->ow != p->iw * p->kw || !wnnrt::transposedWorthMatrixUnit(p->ci, taps, p->co, p->iw, ohw))
      return false;
    const int64_t most = wnnrt::matrixNarrowWeights / ((p->ci + 31) / 32 * taps);
    int64_t tapAt[wnnrt::matrixNarrowWeights];
    for (int64_t t = 0; t < taps; ++t)
      tapAt[t] = (t / p->kw * p->ow + t % p->kw) * 16;
    const int64_t plane = ohw * 16;
    for (int64_t panel = 0; panel < panels; panel += most)
      part->run(ctx, {p->ih,
                      p->iw,
                      p->ci,
                      x,
                      int64_t(p->iw) * 16,
                      ihw * 16,
                      minOf(most, panels - panel),
                      taps,
                      w + panel * panelStride,
                      panelStride,
                      bias ? bias + panel * 16 : nullptr,
                      residual ? residual + panel * plane : nullptr,
                      y + panel * plane,
                      int64_t(p->kh) * p->ow * 16,
                      int64_t(p->kw) * 16,
                      plane,
                      tapAt,
                      p->act,
                      p->residual_after_act != 0,
                      true});
    return true;
  }
#else
  bool onUnit(const wnnrt_context *) const { return false; }
#endif

  void image(const wnnrt_context *ctx) const {
    int64_t groups = (panels + tilePanels - 1) / tilePanels;
    bool fewPanels = ctx->parallel_for && groups < 2 * int64_t(ctx->num_threads);
    if (fewPanels || (ohw >= 2000 && panelStride * panels <= 256 * 1024))
      splitWork(ctx, p->oh, [this](int64_t begin, int64_t end) { rowsOutermost(begin, end); });
    else
      splitWork(ctx, groups, [this](int64_t begin, int64_t end) {
        panelsOutermost(static_cast<int32_t>(begin * tilePanels),
                        static_cast<int32_t>(minOf(panels, end * tilePanels)));
      });
  }
};

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv_transpose2d_c16(const wnnrt_context *ctx,
                                                 const wnnrt_conv2d_params *p, const void *x,
                                                 const void *w, const void *bias,
                                                 const void *residual, void *y) {
  if (!validConv(p))
    return WNNRT_INVALID_ARGUMENT;
  if (int64_t(p->kh) * p->kw > tileMaxTaps || p->ci <= 0)
    return ref::conv_transpose2d_c16(ctx, p, x, w, bias, residual, y);
  Transposed conv(p);
  int64_t inPlane = blocksOf16(p->ci) * 16 * conv.ihw, outPlane = conv.panels * 16 * conv.ohw;
  int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : inPlane;
  int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
  int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
  conv.w = static_cast<const float *>(w);
  conv.bias = static_cast<const float *>(bias);
  for (int64_t n = 0; n < p->n; ++n) {
    conv.x = static_cast<const float *>(x) + n * xBatch;
    conv.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
    conv.y = static_cast<float *>(y) + n * yBatch;
    if (!conv.onUnit(ctx))
      conv.image(ctx);
  }
  return WNNRT_OK;
}
} // namespace wnnrt
