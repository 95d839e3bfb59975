// SPDX-License-Identifier: Apache-2.0
// conv2d_winograd{2,4}_c16: transforms a range of tiles, multiplies each of the (M+2)^2 positions
// as a matrix product of tiles by panels of outputs, and transforms back with the fused epilogue.
// Threads share out the tiles of a pass and never wait for each other in it. Matrices: Winograd.h.
#include "../Isa.h"
#include "../Winograd.h"
#include "Epilogue.h"
#include "Parallel.h"
#include "Tile.h"

namespace {

/// Along one dimension: M + 2 inputs to M + 2 numbers.
WNNRT_INLINE void inputRow(const vf (&d)[4], vf (&v)[4]) {
  v[0] = vsub(d[2], d[0]);
  v[1] = vadd(d[2], d[1]);
  v[2] = vsub(d[2], d[1]);
  v[3] = vsub(d[3], d[1]);
}
WNNRT_INLINE void inputRow(const vf (&d)[6], vf (&v)[6]) {
  const float p = 0.625f, q = 1.5f, pp = p * p, qq = q * q;
  vf minusS = vset(-(pp + qq)), t = vset(pp * qq);
  vf evenP = vfma(vset(-qq), d[2], d[4]), oddP = vfma(vset(-qq), d[1], d[3]);
  vf evenQ = vfma(vset(-pp), d[2], d[4]), oddQ = vfma(vset(-pp), d[1], d[3]);
  v[0] = vfma(t, d[0], vfma(minusS, d[2], d[4]));
  v[1] = vfma(vset(p), oddP, evenP);
  v[2] = vfma(vset(-p), oddP, evenP);
  v[3] = vfma(vset(q), oddQ, evenQ);
  v[4] = vfma(vset(-q), oddQ, evenQ);
  v[5] = vfma(t, d[1], vfma(minusS, d[3], d[5]));
}

/// M + 2 sums to M outputs.
WNNRT_INLINE void outputRow(const vf (&m)[4], vf (&y)[2]) {
  y[0] = vadd(m[0], vadd(m[1], m[2]));
  y[1] = vadd(vsub(m[1], m[2]), m[3]);
}
WNNRT_INLINE void outputRow(const vf (&m)[6], vf (&y)[4]) {
  const float p = 0.625f, q = 1.5f;
  vf sumP = vadd(m[1], m[2]), sumQ = vadd(m[3], m[4]);
  vf difP = vsub(m[1], m[2]), difQ = vsub(m[3], m[4]);
  y[0] = vadd(m[0], vadd(sumP, sumQ));
  y[1] = vfma(vset(p), difP, vmul(vset(q), difQ));
  y[2] = vfma(vset(p * p), sumP, vmul(vset(q * q), sumQ));
  y[3] = vfma(vset(p * p * p), difP, vfma(vset(q * q * q), difQ, m[5]));
}

/// One tile of one channel block. `offset` gives each input pixel, or is null where the pixels lie
/// `rowStride` apart; an offset of -1 is padding.
template <int M, bool BORDER>
WNNRT_NOINLINE void inputTile(const float *x, const int64_t *offset, int64_t rowStride, float *v,
                              int64_t positionStride) {
  constexpr int A = M + 2;
  for (int lane = 0; lane < 16; lane += vlanes) {
    vf half[A][A];
    WNNRT_UNROLL
    for (int s = 0; s < A; ++s) {
      vf d[A], out[A];
      WNNRT_UNROLL
      for (int r = 0; r < A; ++r) {
        if (BORDER) {
          int64_t at = offset[r * A + s];
          d[r] = at < 0 ? vzero() : vload(x + at + lane);
        } else {
          d[r] = vload(x + r * rowStride + s * 16 + lane);
        }
      }
      inputRow(d, out);
      WNNRT_UNROLL
      for (int r = 0; r < A; ++r)
        half[r][s] = out[r];
    }
    WNNRT_UNROLL
    for (int r = 0; r < A; ++r) {
      vf out[A];
      inputRow(half[r], out);
      WNNRT_UNROLL
      for (int s = 0; s < A; ++s)
        vstore(v + (r * A + s) * positionStride + lane, out[s]);
    }
  }
}

/// Where a tile's results go.
struct OutputTile {
  const float *bias, *residual; // may be null; the residual is added before the clamp
  float *y;
  int64_t rowStride; // of y and residual
  int rows, columns; // that are inside the image
  float lo, hi;
};

template <int M>
WNNRT_NOINLINE void outputTile(const float *m, int64_t positionStride, const OutputTile &o) {
  constexpr int A = M + 2;
  vf lo = vset(o.lo), hi = vset(o.hi);
  for (int lane = 0; lane < 16; lane += vlanes) {
    vf half[M][A];
    WNNRT_UNROLL
    for (int s = 0; s < A; ++s) {
      vf d[A], out[M];
      WNNRT_UNROLL
      for (int r = 0; r < A; ++r)
        d[r] = vload(m + (r * A + s) * positionStride + lane);
      outputRow(d, out);
      WNNRT_UNROLL
      for (int r = 0; r < M; ++r)
        half[r][s] = out[r];
    }
    vf bias = o.bias ? vload(o.bias + lane) : vzero();
    WNNRT_UNROLL
    for (int r = 0; r < M; ++r) {
      vf out[M];
      outputRow(half[r], out);
      if (r < o.rows) {
        WNNRT_UNROLL
        for (int s = 0; s < M; ++s)
          if (s < o.columns) {
            vf sum = vadd(out[s], bias);
            if (o.residual)
              sum = vadd(sum, vload(o.residual + r * o.rowStride + s * 16 + lane));
            vstore(o.y + r * o.rowStride + s * 16 + lane, vclamp(sum, lo, hi));
          }
      }
    }
  }
}

template <int M> struct WinogradConv {
  static constexpr int A = M + 2, positions = A * A;
  const wnnrt_conv2d_params *p;
  Epilogue epilogue;
  wnnrt::WinogradTiles tiles;
  const float *x, *w, *bias, *residual;
  float *y, *scratch;
  int64_t ihw, ohw, blocks, xBatch, yBatch, rBatch;

  explicit WinogradConv(const wnnrt_conv2d_params *params)
      : p(params), epilogue(params->act, params->residual_after_act != 0),
        tiles(wnnrt::winogradTiles(params, M)) {
    ihw = int64_t(p->ih) * p->iw;
    ohw = int64_t(p->oh) * p->ow;
    blocks = blocksOf16(p->ci);
    int64_t panels = blocksOf16(p->co);
    xBatch = p->x_batch_stride ? p->x_batch_stride : blocks * 16 * ihw;
    yBatch = p->y_batch_stride ? p->y_batch_stride : panels * 16 * ohw;
    rBatch = p->residual_batch_stride ? p->residual_batch_stride : panels * 16 * ohw;
  }

  struct Place {
    int64_t n, oy, ox;
  };
  Place place(int64_t tile) const {
    int64_t perImage = tiles.rows * tiles.columns, at = tile % perImage;
    return {tile / perImage, at / tiles.columns * M, at % tiles.columns * M};
  }

  /// v[block][position][tile][16]
  void transformInput(int64_t tile, float *v, int64_t count) const {
    Place at = place(tile);
    int64_t iy = at.oy - p->pad_top, ix = at.ox - p->pad_left;
    const float *from = x + at.n * xBatch;
    if (iy >= 0 && ix >= 0 && iy + A <= p->ih && ix + A <= p->iw) {
      from += (iy * p->iw + ix) * 16;
      for (int64_t b = 0; b < blocks; ++b)
        inputTile<M, false>(from + b * ihw * 16, nullptr, int64_t(p->iw) * 16,
                            v + b * positions * count * 16, count * 16);
      return;
    }
    int64_t offset[positions];
    for (int r = 0; r < A; ++r)
      for (int s = 0; s < A; ++s) {
        bool inside = iy + r >= 0 && iy + r < p->ih && ix + s >= 0 && ix + s < p->iw;
        offset[r * A + s] = inside ? ((iy + r) * p->iw + ix + s) * 16 : -1;
      }
    for (int64_t b = 0; b < blocks; ++b)
      inputTile<M, true>(from + b * ihw * 16, offset, 0, v + b * positions * count * 16,
                         count * 16);
  }

  void transformOutput(int64_t tile, int64_t panel, const float *m, int64_t positionStride) const {
    Place at = place(tile);
    OutputTile o;
    o.bias = bias ? bias + panel * 16 : nullptr;
    int64_t offset = panel * ohw * 16 + (at.oy * p->ow + at.ox) * 16;
    const float *r = residual ? residual + at.n * rBatch + offset : nullptr;
    o.residual = epilogue.residualAfter ? nullptr : r;
    o.y = y + at.n * yBatch + offset;
    o.rowStride = int64_t(p->ow) * 16;
    o.rows = static_cast<int>(minOf(M, p->oh - at.oy));
    o.columns = static_cast<int>(minOf(M, p->ow - at.ox));
    o.lo = epilogue.lo;
    o.hi = epilogue.hi;
    float saved[M * M * 16];
    bool after = r && epilogue.residualAfter;
    if (after)
      saveResidual(saved, r, o.rowStride, o.rows, o.columns * 16);
    outputTile<M>(m, positionStride, o);
    if (epilogue.needed)
      finishRows(epilogue, o.y, o.rowStride, o.rows, o.columns * 16, after ? saved : nullptr);
  }

  /// Tiles [first, first + count); `own` holds count * floatsPerTile floats.
  void run(int64_t first, int64_t count, float *own) const {
    float *v = own, *m = own + count * positions * blocks * 16;
    for (int64_t t = 0; t < count; ++t)
      transformInput(first + t, v + t * 16, count);
    static const int32_t noTaps[1] = {0};
    static const int64_t noOffsets[1] = {0};
    wnnrt::WNNRT_SIMD_NS::TileJob job = {};
    const int64_t ci = p->ci, panels = blocksOf16(p->co);
    job.pixelStride = 16;
    job.blockStride = positions * count * 16;
    job.taps = job.kernelTaps = 1;
    job.tapIndex = noTaps;
    job.tapOffset = noOffsets;
    job.blocks = static_cast<int32_t>(blocks);
    job.lastRows = static_cast<int32_t>(ci - (blocks - 1) * 16);
    job.panelStride = positions * ci * 16;
    job.lo = -__builtin_huge_valf();
    job.hi = __builtin_huge_valf();
    job.cols = 16;
    job.yPixelStride = 16 * tilePanels;
    job.yPanelStride = 16;
    Split split(count, tilePixels);
    int64_t lines = (ci + split.count - 1) / split.count; // of the next position, per tile
    job.prefetchLines = static_cast<int32_t>(lines);
    for (int64_t panel = 0; panel < panels; panel += tilePanels) {
      int pair = static_cast<int>(minOf(tilePanels, panels - panel));
      job.prefetchSecond = pair > 1 ? job.panelStride * 4 : 0;
      for (int position = 0; position < positions; ++position) {
        job.w = w + (panel * positions + position) * ci * 16;
        const char *next = reinterpret_cast<const char *>(
            position + 1 < positions ? job.w + ci * 16 : w + (panel + pair) * positions * ci * 16);
        bool last = position + 1 == positions && panel + pair >= panels;
        if (last)
          job.prefetchLines = 0;
        for (int64_t t = 0; t < split.count; ++t, next += lines * 64) {
          job.prefetch = next;
          job.x = v + (position * count + split.begin(t)) * 16;
          job.y = m + (position * count + split.begin(t)) * 16 * tilePanels;
          wnnrt::WNNRT_SIMD_NS::runTile(false, pair, split.sizeOf(t), job);
        }
      }
      for (int64_t t = 0; t < count; ++t)
        for (int i = 0; i < pair; ++i)
          transformOutput(first + t, panel + i, m + (t * tilePanels + i) * 16,
                          count * 16 * tilePanels);
      job.prefetchLines = static_cast<int32_t>(lines);
    }
  }

  void runAll(const wnnrt_context *ctx) const {
    splitWork(ctx, tiles.atOnce, [this](int64_t begin, int64_t end) {
      float *own = scratch + begin * tiles.floatsPerTile;
      int64_t at = tiles.total * begin / tiles.atOnce, last = tiles.total * end / tiles.atOnce;
      for (; at < last; at += end - begin)
        run(at, minOf(end - begin, last - at), own);
    });
  }
};

template <int M>
WNNRT_INLINE wnnrt_status winograd(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                   const void *x, const void *w, const void *bias,
                                   const void *residual, void *y, void *s) {
  if (!wnnrt::validWinograd(p))
    return WNNRT_INVALID_ARGUMENT;
  WinogradConv<M> conv(p);
  conv.x = static_cast<const float *>(x);
  conv.w = static_cast<const float *>(w);
  conv.bias = static_cast<const float *>(bias);
  conv.residual = static_cast<const float *>(residual);
  conv.y = static_cast<float *>(y);
  conv.scratch = static_cast<float *>(s);
  conv.runAll(ctx);
  return WNNRT_OK;
}

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv2d_winograd2_c16(const wnnrt_context *ctx,
                                                 const wnnrt_conv2d_params *p, const void *x,
                                                 const void *w, const void *bias,
                                                 const void *residual, void *y, void *s) {
  return winograd<2>(ctx, p, x, w, bias, residual, y, s);
}
wnnrt_status WNNRT_SIMD_NS::conv2d_winograd4_c16(const wnnrt_context *ctx,
                                                 const wnnrt_conv2d_params *p, const void *x,
                                                 const void *w, const void *bias,
                                                 const void *residual, void *y, void *s) {
  return winograd<4>(ctx, p, x, w, bias, residual, y, s);
}
} // namespace wnnrt
