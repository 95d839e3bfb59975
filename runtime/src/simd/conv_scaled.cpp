// SPDX-License-Identifier: Apache-2.0
// conv2d_scaled_c16. Where there is nothing but a scale and there are fewer weights than pixels,
// the weights are scaled. Else runs of pixels are scaled into scratch, where they stay in the
// second-level cache while all output channels are computed from them. Where there are too few
// runs for the threads, everything is scaled first; then parts of runs or output channels are
// shared out.
#include "../Isa.h"
#include "ConvTile.h"
#include "MatrixUnit.h"
#include "Parallel.h"
#include "ScaleRows.h"

namespace {

struct ScaledConv {
  const wnnrt_scaled_conv_params *p;
  ConvTile conv;       // x and ihw are those of the run
  wnnrt_context alone; // without threads, for what runs on each of them
  bool onUnit;
  RowAct inputAct;
  const float *x, *scale, *shift; // of the image

  /// Pixels [first, first + count) of block b to `to`.
  WNNRT_NOINLINE void scaleRun(int64_t b, int64_t first, int64_t count, float *to) const {
    const float *from = x + (b * p->hw + first) * 16;
    // A few kilobytes at a time, so that an activation finds them in the first-level cache.
    for (int64_t i = 0; i < count; i += 64) {
      int64_t n = minOf(64, count - i) * 16;
      scaleBlock(from + i * 16, to + i * 16, n, scale + b * 16, shift ? shift + b * 16 : nullptr,
                 p->ci - b * 16, inputAct.lo, inputAct.hi);
      inputAct.apply(to + i * 16, n);
    }
  }

  /// Whether the matrix unit takes these `count` scaled pixels.
  bool fitsUnit(const float *scaled, int64_t count) const {
#if defined(__AVX512F__)
    // As matrix_unit.cpp has it.
    const vf limit = vset(1.7e38f);
    __mmask16 bad = 0;
    for (int64_t c = 0; c < p->ci; c += 16) {
      int part = static_cast<int>(minOf(16, p->ci - c));
      for (int64_t i = 0; i < count; ++i)
        bad |= _mm512_cmp_ps_mask(vabs(vloadPart(scaled + (c / 16 * count + i) * 16, part)), limit,
                                  _CMP_NLT_UQ);
    }
    return bad == 0;
#else
    (void)scaled, (void)count;
    return false;
#endif
  }

  /// Output panels [begin, end) of `count` scaled pixels at `scaled`, which are those from `first`.
  WNNRT_NOINLINE void panels(const float *scaled, int64_t first, int64_t count, int64_t begin,
                             int64_t end, bool weightsAreFar) const {
    ConvTile run = conv;
    run.x = scaled;
    run.ihw = count;
    if (onUnit && matrixUnitPart(&alone, run.product(first, count, begin, end)))
      return;
    tiles(run, first, count, begin, end, weightsAreFar);
  }
  void tiles(const ConvTile &run, int64_t first, int64_t count, int64_t begin, int64_t end,
             bool weightsAreFar) const {
    Split split(count, tilePixels);
    TileInput in;
    in.setPointwise();
    for (int64_t panel = begin; panel < end; panel += tilePanels) {
      int group = static_cast<int>(minOf(tilePanels, end - panel));
      int64_t lines = weightsAreFar && panel + group < end ? run.panelStride / 16 * group : 0;
      int64_t perTile = lines / maxOf(1, split.count) + (lines > 0);
      const char *next = reinterpret_cast<const char *>(run.w + (panel + group) * run.panelStride);
      run.runTiles(in, split, 0, split.count, first, static_cast<int32_t>(panel), group, 0, p->ci,
                   next, lines ? perTile : 0);
    }
  }

  /// The weights of panels [begin, end) times the scale to `to`. False where a product is so large
  /// or so small that it, or a part of it, is not as good a number as its factors.
  WNNRT_NOINLINE bool scaleWeights(int64_t begin, int64_t end, float *to) const {
    const float *from = conv.w + begin * conv.panelStride;
    vf least = vset(1), most = vzero();
    bool good = true;
    for (int64_t panel = begin; panel < end; ++panel)
      for (int64_t c = 0; c < p->ci; ++c, from += 16, to += 16) {
        good = good && scale[c] > -1e30f && scale[c] < 1e30f; // nor NaN
        // Products that are zero because a factor is are as small as they should be.
        const vf s = vset(scale[c]), none = vset(scale[c] == 0 ? __builtin_huge_valf() : 0.0f);
        WNNRT_UNROLL
        for (int v = 0; v < vper16; ++v) {
          const vf w = vload(from + v * vlanes), product = vmul(w, s), size = vabs(product);
          vstore(to + v * vlanes, product);
          least = vmin(least, vselect(vlt(none, vabs(w)), size, vset(1)));
          most = vmax(most, size);
        }
      }
    alignas(64) float low[vlanes], high[vlanes];
    vstore(low, least), vstore(high, most);
    for (int i = 0; i < vlanes; ++i)
      good = good && low[i] > 1e-30f && high[i] < 1e30f;
    return good;
  }

  /// Pixels [first, first + count) by weights that were scaled.
  void pixels(const float *weights, int64_t first, int64_t count, int64_t runPixels) const {
    ConvTile run = conv;
    run.w = weights;
    run.x = x + first * 16;
    if (onUnit && matrixUnitPart(&alone, run.product(first, count, 0, conv.panels)))
      return;
    for (int64_t i = 0; i < count; i += runPixels) {
      run.x = x + (first + i) * 16;
      tiles(run, first + i, minOf(runPixels, count - i), 0, conv.panels, false);
    }
  }
};

constexpr int64_t mostRuns = 32;

/// Pixels are shared out, for which runs are cut. Which pixels are not for the matrix unit is found
/// out run by run; such a run is computed whole, so that results do not depend on the threads.
void shareParts(const wnnrt_context *ctx, const ScaledConv &c, const Split &runs, float *room) {
  const int64_t blocks = blocksOf16(c.p->ci);
  auto scale = [&](int64_t first, int64_t count) {
    for (int64_t b = 0; b < blocks; ++b)
      c.scaleRun(b, first, count, room + first * blocks * 16 + b * count * 16);
  };
  auto multiply = [&](int64_t first, int64_t count, bool weightsAreFar) {
    c.panels(room + first * blocks * 16, first, count, 0, c.conv.panels, weightsAreFar);
  };
  // Calls f(run, first pixel, count) for the parts of [begin, end).
  auto parts = [&](int64_t begin, int64_t end, auto f) {
    for (int64_t r = 0; r < runs.count; ++r) {
      int64_t from = maxOf(begin, runs.begin(r));
      int64_t to = minOf(end, runs.begin(r) + runs.sizeOf(r));
      if (from < to)
        f(r, from, to - from);
    }
  };
  uint32_t unfit = 0; // a bit for each run
  splitPixels(ctx, c.p->hw, tilePixels, [&](int64_t begin, int64_t end) {
    parts(begin, end, [&](int64_t r, int64_t first, int64_t count) {
      scale(first, count);
      if (c.onUnit && !c.fitsUnit(room + first * blocks * 16, count))
        __atomic_fetch_or(&unfit, uint32_t(1) << r, __ATOMIC_RELAXED);
    });
  });
  const uint32_t whole = __atomic_load_n(&unfit, __ATOMIC_RELAXED);
  splitPixels(ctx, c.p->hw, tilePixels, [&](int64_t begin, int64_t end) {
    parts(begin, end, [&](int64_t r, int64_t first, int64_t count) {
      if (!(whole >> r & 1))
        return multiply(first, count, first == begin);
      if (first != runs.begin(r))
        return;
      scale(first, runs.sizeOf(r));
      multiply(first, runs.sizeOf(r), true);
    });
  });
}

/// False: the pixels have to be scaled.
bool byWeights(const wnnrt_context *ctx, const ScaledConv &c, int64_t threads, float *room) {
  const int64_t floats = c.conv.panels * c.conv.panelStride;
  // The matrix unit's part for few weights wants 64 rows.
  const int64_t parts = maxOf(1, minOf(threads, c.p->hw / 64));
  const bool own = parts <= wnnrt::scaledConvCopies;
  int good = 1;
  if (!own)
    splitLight(ctx, c.conv.panels, c.conv.panelStride, [&](int64_t begin, int64_t end) {
      if (!c.scaleWeights(begin, end, room + begin * c.conv.panelStride))
        __atomic_store_n(&good, 0, __ATOMIC_RELAXED);
    });
  if (!__atomic_load_n(&good, __ATOMIC_RELAXED))
    return false;
  splitWork(ctx, parts, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = c.p->hw * i / parts;
      float *weights = own ? room + i * floats : room;
      if (own && !c.scaleWeights(0, c.conv.panels, weights))
        __atomic_store_n(&good, 0, __ATOMIC_RELAXED);
      else
        c.pixels(weights, first, c.p->hw * (i + 1) / parts - first, wnnrt::scaledConvRun(c.p));
    }
  });
  return __atomic_load_n(&good, __ATOMIC_RELAXED) != 0;
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::conv2d_scaled_c16(const wnnrt_context *ctx,
                                              const wnnrt_scaled_conv_params *p, const void *x,
                                              const void *scale, const void *shift, const void *w,
                                              const void *bias, const void *residual, void *y,
                                              void *scratch) {
  if (p->n <= 0 || p->ci <= 0 || p->co <= 0 || p->hw <= 0 || p->act.op < 0 ||
      p->act.op > WNNRT_POW_SCALAR || p->input_act.op < 0 || p->input_act.op > WNNRT_POW_SCALAR)
    return ref::conv2d_scaled_c16(ctx, p, x, scale, shift, w, bias, residual, y, scratch);
  wnnrt_conv2d_params q = {};
  q.n = p->n, q.ci = p->ci, q.ih = 1, q.iw = p->hw, q.co = p->co, q.oh = 1, q.ow = p->hw;
  q.kh = q.kw = q.stride_h = q.stride_w = q.dilation_h = q.dilation_w = q.groups = 1;
  q.act = p->act, q.residual_after_act = p->residual_after_act;
  ScaledConv c = {p,
                  ConvTile(&q),
                  *ctx,
                  worthMatrixUnit(ctx, p->hw, p->ci, p->co),
                  RowAct(p->input_act),
                  nullptr,
                  nullptr,
                  nullptr};
  c.alone.parallel_for = nullptr, c.alone.num_threads = 1;
  c.conv.w = static_cast<const float *>(w);
  c.conv.bias = static_cast<const float *>(bias);
  auto *room = static_cast<float *>(scratch);
  int64_t blocks = blocksOf16(p->ci), hw = p->hw;
  Split runs(hw, scaledConvRun(p));
  const int64_t threads = ctx->parallel_for ? maxOf(1, ctx->num_threads) : 1;
  // As many for each thread, so that they cut the image where the steps around this one do.
  if (runs.count >= 2 * threads && runs.count % threads) {
    const int64_t count = (runs.count + threads - 1) / threads * threads;
    runs = Split(hw, (hw + count - 1) / count);
  }
  const bool weightsFirst =
      !shift && scaledConvByWeights(p) && (!c.onUnit || isNarrowProduct(hw, p->ci, p->co));
  for (int64_t n = 0; n < p->n; ++n) {
    int64_t out = n * c.conv.panels * 16 * hw;
    c.x = static_cast<const float *>(x) + n * blocks * 16 * hw;
    c.scale = static_cast<const float *>(scale) + n * p->scale_batch_stride;
    c.shift = shift ? static_cast<const float *>(shift) + n * p->scale_batch_stride : nullptr;
    c.conv.y = static_cast<float *>(y) + out;
    c.conv.residual = residual ? static_cast<const float *>(residual) + out : nullptr;
    if (weightsFirst && byWeights(ctx, c, threads, room))
      continue;
    if (threads == 1 || runs.count >= 2 * threads) {
      splitWork(ctx, runs.count, [&](int64_t begin, int64_t end) {
        float *mine = room + runs.begin(begin) * blocks * 16;
        for (int64_t r = begin; r < end; ++r) {
          int64_t first = runs.begin(r), count = runs.sizeOf(r);
          for (int64_t b = 0; b < blocks; ++b)
            c.scaleRun(b, first, count, mine + b * count * 16);
          // Later runs find the weights in the second-level cache.
          c.panels(mine, first, count, 0, c.conv.panels, r == begin);
        }
      });
      continue;
    }
    if (sharePixels(hw, int64_t(p->ci) * p->co, hw * (p->ci + p->co)) && runs.count <= mostRuns) {
      shareParts(ctx, c, runs, room);
      continue;
    }
    splitLight(ctx, blocks, hw * 32, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b)
        c.scaleRun(b, 0, hw, room + b * hw * 16);
    });
    splitWork(ctx, (c.conv.panels + tilePanels - 1) / tilePanels, [&](int64_t begin, int64_t end) {
      c.panels(room, 0, hw, begin * tilePanels, minOf(c.conv.panels, end * tilePanels), true);
    });
  }
  return WNNRT_OK;
}

} // namespace wnnrt
