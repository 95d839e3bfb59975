// SPDX-License-Identifier: Apache-2.0
// mbconv_c16: strips of output rows. Each strip expands the input rows that the one before has not,
// into a ring of rows, runs the depthwise convolution on the ring, and projects: what lies between
// the 1x1 convolutions is read while it is in the second-level cache and never takes part in the
// traffic with memory, which is what limits such blocks on large images.
#include "../Mbconv.h"
#include "../Isa.h"
#include "ConvTile.h"
#include "Depthwise.h"
#include "MatrixUnit.h"
#include "Parallel.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::Depthwise;
using wnnrt::WNNRT_SIMD_NS::RowJob;

/// A 1x1 convolution of `pixels` neighbouring pixels; the tile's tensors are set.
void pointwise(const wnnrt_context *ctx, bool onUnit, const ConvTile &conv, int64_t pixels) {
  if (onUnit && matrixUnitPart(ctx, conv.product(0, pixels, 0, conv.panels)))
    return;
  TileInput in;
  in.setPointwise();
  Split split(pixels, tilePixels);
  conv.runAllPanels(in, split, 0, split.count);
}

struct Mbconv {
  const wnnrt_mbconv_params *p;
  wnnrt_context alone; // without threads, for what runs on each of them
  wnnrt_conv2d_params expandParams, depthwiseParams, projectParams;
  wnnrt::MbconvStrips strips;
  Depthwise depthwise;
  Epilogue epilogue; // of the depthwise convolution
  ConvTile expand, project;
  const float *wDepthwise, *bDepthwise;
  const float *x, *residual; // of the current image
  float *y;
  bool hasExpand, hasProject;
  bool expandOnUnit, projectOnUnit;

  Mbconv(const wnnrt_context *ctx, const wnnrt_mbconv_params *params, bool withExpand,
         bool withProject)
      : p(params), alone(*ctx), expandParams(wnnrt::mbconvExpand(params)),
        depthwiseParams(wnnrt::mbconvDepthwise(params)),
        projectParams(wnnrt::mbconvProject(params)),
        strips(wnnrt::mbconvStrips(params, withExpand, withProject)), depthwise(&depthwiseParams),
        epilogue(params->act_depthwise, false), expand(&expandParams), project(&projectParams),
        hasExpand(withExpand), hasProject(withProject) {
    alone.parallel_for = nullptr, alone.num_threads = 1;
    expandOnUnit = worthMatrixUnit(ctx, int64_t(p->ih) * p->iw, p->ci, p->ce);
    // Few outputs do not repay what preparing the input for the unit costs.
    projectOnUnit = worthMatrixUnit(ctx, int64_t(p->oh) * p->ow, p->ce, p->co);
  }
  Mbconv(const Mbconv &) = delete;

  /// Output rows [begin, end), with scratch of its own.
  void run(int64_t begin, int64_t end, float *scratch) const {
    ConvTile first = expand, last = project;
    float *ring = scratch, *rows = scratch + strips.ringFloats;
    const int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow;
    const int64_t blocks = blocksOf16(p->ce);
    int64_t expanded = maxOf(0, begin * p->stride_h - p->pad_top);
    alignas(64) float zeros[wnnrt::WNNRT_SIMD_NS::rowZeroPixels * 16];
    RowJob job;
    depthwise.setZeros(job, zeros);
    job.lo = vset(epilogue.lo);
    job.hi = vset(epilogue.hi);
    for (int64_t oy = begin; oy < end; oy += strips.rows) {
      int64_t stop = minOf(end, oy + strips.rows);
      int64_t needed = minOf(p->ih, (stop - 1) * p->stride_h - p->pad_top + p->kh);
      expanded = maxOf(expanded, minOf(needed, oy * p->stride_h - p->pad_top));
      while (hasExpand && expanded < needed) {
        int64_t at = expanded % strips.ringRows; // up to the end of the ring at once
        int64_t count = minOf(needed - expanded, strips.ringRows - at);
        first.ihw = ihw;
        first.ohw = strips.ringRows * p->iw;
        first.x = x + expanded * p->iw * 16;
        first.y = ring + at * p->iw * 16;
        pointwise(&alone, expandOnUnit, first, count * p->iw);
        expanded += count;
      }
      const float *from = hasExpand ? ring : x;
      int64_t plane = (hasExpand ? strips.ringRows * p->iw : ihw) * 16;
      float *to = hasProject ? rows : y + oy * p->ow * 16;
      int64_t toPlane = (hasProject ? strips.rows * p->ow : ohw) * 16;
      for (int64_t block = 0; block < blocks; ++block) {
        float *out = to + block * toPlane;
        for (int lane = 0; lane < 16; lane += vlanes) {
          job.bias = bDepthwise ? vload(bDepthwise + block * 16 + lane) : vzero();
          job.residual = nullptr;
          job.y = out + lane;
          depthwise.rows(job, from + block * plane + lane,
                         wDepthwise + block * p->kh * p->kw * 16 + lane, oy, stop,
                         hasExpand ? strips.ringRows : 0);
        }
        if (epilogue.needed)
          epilogue.apply(out, (stop - oy) * p->ow * 16);
      }
      if (!hasProject)
        continue;
      last.ihw = strips.rows * p->ow;
      last.ohw = ohw;
      last.x = rows;
      last.y = y + oy * p->ow * 16;
      last.residual = residual ? residual + oy * p->ow * 16 : nullptr;
      pointwise(&alone, projectOnUnit, last, (stop - oy) * p->ow);
    }
  }
};

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::mbconv_c16(const wnnrt_context *ctx, const wnnrt_mbconv_params *p,
                                       const void *x, const void *we, const void *be,
                                       const void *wd, const void *bd, const void *wp,
                                       const void *bp, const void *residual, void *y,
                                       void *scratch) {
  if (!validMbconv(p, we, wp, residual))
    return WNNRT_INVALID_ARGUMENT;
  if (p->kh > maxKernelRows)
    return ref::mbconv_c16(ctx, p, x, we, be, wd, bd, wp, bp, residual, y, scratch);
  Mbconv block(ctx, p, we, wp);
  block.expand.w = static_cast<const float *>(we);
  block.expand.bias = static_cast<const float *>(be);
  block.expand.residual = nullptr;
  block.project.w = static_cast<const float *>(wp);
  block.project.bias = static_cast<const float *>(bp);
  block.wDepthwise = static_cast<const float *>(wd);
  block.bDepthwise = static_cast<const float *>(bd);
  int64_t inPlane = blocksOf16(p->ci) * 16 * int64_t(p->ih) * p->iw;
  int64_t outPlane = blocksOf16(p->co) * 16 * int64_t(p->oh) * p->ow;
  int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : inPlane;
  int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
  int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
  // Each lane computes a run of strips; the first rows of its ring are computed twice.
  bool parallel = ctx->parallel_for && ctx->num_threads > 1;
  int64_t lanes = parallel ? minOf(minOf(ctx->num_threads, mbconvLanes), p->oh) : 1;
  for (int64_t n = 0; n < p->n; ++n) {
    block.x = static_cast<const float *>(x) + n * xBatch;
    block.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
    block.y = static_cast<float *>(y) + n * yBatch;
    auto lane = [&](int64_t i) {
      int64_t begin = p->oh * i / lanes, end = p->oh * (i + 1) / lanes;
      if (begin < end)
        block.run(begin, end, static_cast<float *>(scratch) + i * block.strips.laneFloats);
    };
    if (lanes == 1) {
      lane(0);
      continue;
    }
    ctx->parallel_for(
        ctx->user, static_cast<int32_t>(lanes),
        [](void *arg, int32_t i) { (*static_cast<decltype(lane) *>(arg))(i); }, &lane);
  }
  return WNNRT_OK;
}
} // namespace wnnrt
