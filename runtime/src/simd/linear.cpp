// SPDX-License-Identifier: Apache-2.0
// linear: a row of x times packed panels of 16 outputs. Each weight is read for one multiply-add,
// so that what counts is how many of these are under way. Several rows have a part of their own.
#include "../Isa.h"
#include "../MatrixJob.h"
#include "Epilogue.h"
#include "Parallel.h"

namespace {

// Sums of every rowChains-th term, of this many panels at once.
#if defined(__AVX512F__)
constexpr int rowChains = 4, rowPanels = 4;
#elif defined(__AVX2__)
constexpr int rowChains = 2, rowPanels = 2;
#else
constexpr int rowChains = 2, rowPanels = 1;
#endif
constexpr int rowVectors = rowPanels * vper16;

// Weak references must not be folded, hence a table.
const wnnrt_part *const parts[] = {&wnnrt::WNNRT_SIMD_NS::linear_rows};

/// One term times its weights of all panels.
WNNRT_INLINE void addTerm(vf (&sums)[rowVectors], float x, const float *const (&w)[rowPanels],
                          int64_t at) {
  const vf value = vset(x);
  WNNRT_UNROLL
  for (int v = 0; v < rowVectors; ++v)
    sums[v] = vfma(value, vload(w[v / vper16] + at * 16 + v % vper16 * vlanes), sums[v]);
}

/// The products of a row with `count` panels.
WNNRT_INLINE void multiply(const float *x, int64_t k, const float *w, int count, float *out) {
  const float *panels[rowPanels];
  for (int i = 0; i < rowPanels; ++i) // those that are not there are computed for nothing
    panels[i] = w + minOf(i, count - 1) * k * 16;
  vf sums[rowChains][rowVectors];
  WNNRT_UNROLL
  for (int c = 0; c < rowChains; ++c) {
    WNNRT_UNROLL
    for (int v = 0; v < rowVectors; ++v)
      sums[c][v] = vzero();
  }
  int64_t at = 0;
  for (; at + rowChains <= k; at += rowChains) {
    WNNRT_UNROLL
    for (int c = 0; c < rowChains; ++c)
      addTerm(sums[c], x[at + c], panels, at + c);
  }
  for (; at < k; ++at)
    addTerm(sums[0], x[at], panels, at);
  WNNRT_UNROLL
  for (int v = 0; v < rowVectors; ++v) {
    WNNRT_UNROLL
    for (int c = 1; c < rowChains; ++c)
      sums[0][v] = vadd(sums[0][v], sums[c][v]);
    vstore(out + v * vlanes, sums[0][v]);
  }
}

/// A row of y, from `panel` on.
WNNRT_NOINLINE void rowOf(const wnnrt::MatrixJob &m, const Epilogue &epilogue, int64_t row,
                          int64_t panel, int count) {
  alignas(64) float out[rowPanels * 16];
  multiply(m.x + row * m.xRow, m.k, m.w + panel * m.panelStride, count, out);
  const int64_t from = panel * 16;
  const int cols = static_cast<int>(minOf(m.n - from, count * 16));
  const float *bias = m.bias ? m.bias + from : nullptr;
  const float *residual = m.residual ? m.residual + row * m.residualRow + from : nullptr;
  const bool after = epilogue.residualAfter;
  const vf lo = vset(epilogue.lo), hi = vset(epilogue.hi);
  float *y = m.y + row * m.yRow + from;
  for (int at = 0; at < cols; at += vlanes) {
    const int n = static_cast<int>(minOf(vlanes, cols - at));
    vf sum = vload(out + at);
    if (bias)
      sum = vadd(sum, vload(bias + at));
    if (residual && !after)
      sum = vadd(sum, vloadPart(residual + at, n));
    sum = vclamp(sum, lo, hi);
    if (epilogue.needed)
      vstore(out + at, sum);
    else
      vstorePart(y + at, sum, n);
  }
  if (!epilogue.needed)
    return;
  epilogue.apply(out, cols);
  for (int at = 0; at < cols; at += vlanes) {
    const int n = static_cast<int>(minOf(vlanes, cols - at));
    vf value = vload(out + at);
    if (residual && after)
      value = vadd(value, vloadPart(residual + at, n));
    vstorePart(y + at, value, n);
  }
}

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::linear(const wnnrt_context *ctx, const wnnrt_linear_params *p,
                                   const void *x, const void *w, const void *bias,
                                   const void *residual, void *y) {
  if (p->k <= 0 || p->act.op < 0 || p->act.op > WNNRT_POW_SCALAR)
    return ref::linear(ctx, p, x, w, bias, residual, y);
  MatrixJob job = {};
  job.rows = p->m, job.k = p->k, job.n = p->n;
  job.x = static_cast<const float *>(x);
  job.xRow = p->x_row_stride ? p->x_row_stride : p->k, job.xBlock = 16;
  job.w = static_cast<const float *>(w), job.panelStride = p->k * 16;
  job.bias = static_cast<const float *>(bias), job.residual = static_cast<const float *>(residual);
  job.residualRow = p->residual_row_stride ? p->residual_row_stride : p->n;
  job.y = static_cast<float *>(y), job.yRow = p->y_row_stride ? p->y_row_stride : p->n;
  job.residualPanel = job.yPanel = 16;
  job.act = p->act, job.residualAfter = p->residual_after_act != 0;
  const wnnrt_part *const volatile *weak = parts;
  const wnnrt_part *several = *weak;
  if (p->m > 1 && several && several->product(ctx, job))
    return WNNRT_OK;
  const Epilogue epilogue(p->act, job.residualAfter);
  const int64_t panels = blocksOf16(p->n);
  for (int64_t row = 0; row < p->m; ++row)
    splitWork(ctx, (panels + 1) / 2, [&](int64_t begin, int64_t end) {
      for (int64_t panel = begin * 2, stop = minOf(panels, end * 2); panel < stop;
           panel += rowPanels)
        rowOf(job, epilogue, row, panel, static_cast<int>(minOf(rowPanels, stop - panel)));
    });
  return WNNRT_OK;
}
} // namespace wnnrt
