// SPDX-License-Identifier: Apache-2.0
// conv2d_matrix_c16: convolutions by AMX tiles, each f32 number in two bf16 parts as in
// matrix_unit.cpp. Here: bands, how threads share one, and what is done where a number is not for
// the unit. MatrixConv.h has the band's image, MatrixWorker.h what one thread does.
#include "../Isa.h"
#include "MatrixWorker.h"
#include "Parallel.h"

#ifdef WNNRT_HAVE_TILES

namespace {

WNNRT_NOINLINE void runWorker(const MatrixConv &c, int64_t tile, int64_t tileEnd, int64_t panel,
                              int64_t panelEnd) {
  MatrixWorker worker(c);
  worker.tileBegin = tile, worker.tileEnd = tileEnd;
  worker.panelBegin = panel, worker.panelEnd = panelEnd;
  worker.run();
}

/// False: something in the band is not for the unit.
bool runBand(const wnnrt_context *ctx, const MatrixConv &c) {
  int64_t planeRows = c.shape.imageRows(c.p, c.rows);
  int finite = 1;
  splitWork(ctx, c.shape.images * planeRows, [&](int64_t begin, int64_t end) {
    bool good = true;
    for (int64_t i = begin; i < end; ++i)
      good &= c.splitRow(i % c.shape.images, i / c.shape.images);
    if (!good)
      __atomic_store_n(&finite, 0, __ATOMIC_RELAXED);
  });
  if (!__atomic_load_n(&finite, __ATOMIC_RELAXED))
    return false;
  const int64_t twos = (c.panels + 1) / 2;
  const bool byTiles =
      sharePixels(c.ohw, c.panels * c.panelStride, c.p->ci * c.ihw + c.p->co * c.ohw);
  if (byTiles || twos < ctx->num_threads)
    splitWork(ctx, (c.tiles + 1) / 2, [&](int64_t begin, int64_t end) {
      runWorker(c, begin * 2, minOf(c.tiles, end * 2), 0, c.panels);
    });
  else
    splitWork(ctx, twos, [&](int64_t begin, int64_t end) {
      runWorker(c, 0, c.tiles, begin * 2, minOf(c.panels, end * 2));
    });
  return true;
}

/// Whether no number of x is infinite, NaN, or so large that its high part is.
bool allFinite(const wnnrt_context *ctx, const MatrixConv &c) {
  int finite = 1;
  splitWork(ctx, blocksOf16(c.p->ci) * c.p->ih, [&](int64_t begin, int64_t end) {
    __mmask16 bad = 0;
    for (int64_t row = begin; row < end; ++row) {
      int part = static_cast<int>(minOf(16, c.p->ci - row / c.p->ih * 16));
      for (int64_t i = 0; i < c.p->iw; ++i)
        bad |= tooLarge(vloadPart(c.x + (row * c.p->iw + i) * 16, part));
    }
    if (bad)
      __atomic_store_n(&finite, 0, __ATOMIC_RELAXED);
  });
  return __atomic_load_n(&finite, __ATOMIC_RELAXED);
}

bool runImage(const wnnrt_context *ctx, MatrixConv &c) {
  // Where a residual is overwritten there is no way back once a band is done.
  if (c.shape.bands > 1 && c.residual == c.y && !allFinite(ctx, c))
    return false;
  for (int64_t band = 0; band < c.shape.bands; ++band) {
    c.setBand(band);
    if (!runBand(ctx, c))
      return false;
  }
  return true;
}

} // namespace
#endif

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv2d_matrix_c16(const wnnrt_context *ctx,
                                              const wnnrt_conv2d_params *p, const void *x,
                                              const void *w, const void *bias, const void *residual,
                                              void *y, void *scratch) {
#ifdef WNNRT_HAVE_TILES
  if ((ctx->features & WNNRT_FEATURE_MATRIX_UNIT) && convOnMatrixUnit(p)) {
    MatrixConv c(p);
    c.w = static_cast<const float *>(w);
    c.bias = static_cast<const float *>(bias);
    c.image = static_cast<unsigned char *>(scratch);
    int64_t inPlane = blocksOf16(p->ci) * 16 * c.ihw, outPlane = c.panels * 16 * c.ohw;
    int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : inPlane;
    int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
    int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
    wnnrt_conv2d_params one = *p;
    one.n = 1;
    for (int64_t n = 0; n < p->n; ++n) {
      c.x = static_cast<const float *>(x) + n * xBatch;
      c.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
      c.y = static_cast<float *>(y) + n * yBatch;
      if (!runImage(ctx, c))
        if (wnnrt_status s = conv2d_c16(ctx, &one, c.x, w, bias, c.residual, c.y))
          return s;
    }
    return WNNRT_OK;
  }
#endif
  (void)scratch;
  return conv2d_c16(ctx, p, x, w, bias, residual, y);
}
} // namespace wnnrt
