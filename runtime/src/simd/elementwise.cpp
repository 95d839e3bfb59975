// SPDX-License-Identifier: Apache-2.0
// f32 elementwise kernels: unary ops that have a vector form, arithmetic binary ops with
// broadcasting, and per-channel scaling. Everything else goes to the reference kernels.
#include "../Isa.h"
#include "../Strided.h"
#include "Parallel.h"
#include "ScaleRows.h"

namespace {

template <int op> WNNRT_INLINE vf apply(vf a, vf b) {
  switch (op) {
  case WNNRT_ADD:
    return vadd(a, b);
  case WNNRT_SUB:
    return vsub(a, b);
  case WNNRT_MUL:
    return vmul(a, b);
  case WNNRT_DIV:
    return vdiv(a, b);
  case WNNRT_MAXIMUM:
    return vselect(vunordered(a), a, vmax(a, b));
  default: // MINIMUM
    return vselect(vunordered(a), a, vmin(a, b));
  }
}

template <int op> WNNRT_INLINE float applyScalar(float a, float b) {
  switch (op) {
  case WNNRT_ADD:
    return a + b;
  case WNNRT_SUB:
    return a - b;
  case WNNRT_MUL:
    return a * b;
  case WNNRT_DIV:
    return a / b;
  case WNNRT_MAXIMUM:
    return a != a || a > b ? a : b;
  default:
    return a != a || a < b ? a : b;
  }
}

/// `rows` rows of n results; strides of a row element (0 or 1 are fast) and between rows.
struct Rows {
  int64_t rows, n;
  const float *a, *b;
  float *y;
  int64_t aStep, bStep, aRow, bRow, yRow;
  float lo, hi;
};

template <int op, bool aOnce, bool bOnce> WNNRT_INLINE void rowsOf(const Rows &r) {
  vf lo = vset(r.lo), hi = vset(r.hi);
  for (int64_t row = 0; row < r.rows; ++row) {
    const float *a = r.a + row * r.aRow, *b = r.b + row * r.bRow;
    float *y = r.y + row * r.yRow;
    vf aAll = vset(aOnce ? *a : 0), bAll = vset(bOnce ? *b : 0);
    int64_t i = 0;
    for (; i + vlanes <= r.n; i += vlanes)
      vstore(y + i,
             vclamp(apply<op>(aOnce ? aAll : vload(a + i), bOnce ? bAll : vload(b + i)), lo, hi));
    if (i < r.n) {
      int part = static_cast<int>(r.n - i);
      vstorePart(y + i,
                 vclamp(apply<op>(aOnce ? aAll : vloadPart(a + i, part),
                                  bOnce ? bAll : vloadPart(b + i, part)),
                        lo, hi),
                 part);
    }
  }
}

/// Rows of one block's pixel each, behind one another, with the same b: a factor for each channel.
template <int op> void pixelsOfBlock(const Rows &r) {
  vf lo = vset(r.lo), hi = vset(r.hi), b[vper16];
  for (int v = 0; v < vper16; ++v)
    b[v] = vload(r.b + v * vlanes);
  for (int64_t i = 0; i < r.rows * 16; i += 16)
    WNNRT_UNROLL
  for (int v = 0; v < vper16; ++v)
    vstore(r.y + i + v * vlanes, vclamp(apply<op>(vload(r.a + i + v * vlanes), b[v]), lo, hi));
}

template <int op> void run(const Rows &r) {
  if (r.n == 16 && r.aStep == 1 && r.bStep == 1 && r.aRow == 16 && r.yRow == 16 && r.bRow == 0)
    return pixelsOfBlock<op>(r);
  // Parts of a vector in place wait for each other: what is stored before might overlap.
  const bool wide = r.n >= vlanes || r.n > 4;
  if (wide && r.aStep == 1 && r.bStep == 1)
    return rowsOf<op, false, false>(r);
  if (wide && r.aStep == 1 && r.bStep == 0)
    return rowsOf<op, false, true>(r);
  if (wide && r.aStep == 0 && r.bStep == 1)
    return rowsOf<op, true, false>(r);
  for (int64_t row = 0; row < r.rows; ++row)
    for (int64_t i = 0; i < r.n; ++i) {
      float v = applyScalar<op>(r.a[row * r.aRow + i * r.aStep], r.b[row * r.bRow + i * r.bStep]);
      v = v < r.lo ? r.lo : v;
      r.y[row * r.yRow + i] = v > r.hi ? r.hi : v;
    }
}

using RunFn = void (*)(const Rows &r);

RunFn runFor(int32_t op) {
  switch (op) {
  case WNNRT_ADD:
    return run<WNNRT_ADD>;
  case WNNRT_SUB:
    return run<WNNRT_SUB>;
  case WNNRT_MUL:
    return run<WNNRT_MUL>;
  case WNNRT_DIV:
    return run<WNNRT_DIV>;
  case WNNRT_MAXIMUM:
    return run<WNNRT_MAXIMUM>;
  case WNNRT_MINIMUM:
    return run<WNNRT_MINIMUM>;
  default:
    return nullptr;
  }
}

/// y = x * scale + shift within limits, over n elements of one channel.
WNNRT_INLINE void scaleRow(const float *x, float *y, int64_t n, float scale, float shift, float lo,
                           float hi) {
  vf s = vset(scale), t = vset(shift), least = vset(lo), most = vset(hi);
  int64_t i = 0;
  for (; i + vlanes <= n; i += vlanes)
    vstore(y + i, vclamp(vfma(vload(x + i), s, t), least, most));
  if (i < n) {
    int part = static_cast<int>(n - i);
    vstorePart(y + i, vclamp(vfma(vloadPart(x + i, part), s, t), least, most), part);
  }
}

/// One binary op on a box of results.
struct BinaryBox {
  RunFn fn;
  RowAct act;

  void run(wnnrt::StridedBox<3> box, const float *a, const float *b, float *y) const {
    Rows r = {};
    r.lo = act.lo;
    r.hi = act.hi;
    r.rows = 1;
    // The two innermost dims are one call: rows are short in c16 (16 lanes).
    if (box.rank >= 2) {
      int d = box.rank - 1;
      r.n = box.dims[d];
      r.aStep = box.strides[0][d];
      r.bStep = box.strides[1][d];
      r.rows = box.dims[d - 1];
      r.aRow = box.strides[0][d - 1];
      r.bRow = box.strides[1][d - 1];
      r.yRow = box.strides[2][d - 1];
      box.rank -= 2;
      if (r.n <= 0 || r.rows <= 0)
        return;
    }
    bool twoDims = r.n > 0;
    box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
      for (int64_t i = 0; i < (twoDims ? n : 1); ++i) {
        Rows call = r;
        call.a = a + offset[0] + i * step[0];
        call.b = b + offset[1] + i * step[1];
        call.y = y + offset[2] + i * step[2];
        if (!twoDims) {
          call.n = n;
          call.aStep = step[0];
          call.bStep = step[1];
        }
        fn(call);
        act.apply(call.y, call.rows * call.n); // y is dense
      }
      return 0;
    });
  }
};

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::unary(const wnnrt_context *ctx, const wnnrt_unary_params *p,
                                  const void *x, void *y) {
  ActRow row = p->dtype == WNNRT_F32 ? actRowFor(p->op) : nullptr;
  if (!row)
    return ref::unary(ctx, p, x, y);
  splitLight(ctx, (p->n + 255) / 256, 512, [&](int64_t begin, int64_t end) {
    row(static_cast<const float *>(x) + begin * 256, static_cast<float *>(y) + begin * 256,
        minOf(p->n, end * 256) - begin * 256, static_cast<float>(p->a), static_cast<float>(p->b));
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::binary(const wnnrt_context *ctx, const wnnrt_binary_params *p,
                                   const void *av, const void *bv, void *yv) {
  RunFn fn =
      p->dtype == WNNRT_F32 && p->rank >= 0 && p->rank <= WNNRT_MAX_RANK ? runFor(p->op) : nullptr;
  if (!fn || p->act.op < 0 || p->act.op > WNNRT_POW_SCALAR)
    return ref::binary(ctx, p, av, bv, yv);
  int64_t yStrides[WNNRT_MAX_RANK];
  denseStrides(p->rank, p->dims, yStrides);
  wnnrt::StridedBox<3> box;
  for (int d = 0; d < p->rank; ++d)
    box.add(p->dims[d], {p->a_strides[d], p->b_strides[d], yStrides[d]});
  BinaryBox binary = {fn, RowAct(p->act)};
  auto *a = static_cast<const float *>(av), *b = static_cast<const float *>(bv);
  auto *y = static_cast<float *>(yv);
  if (box.rank == 0) {
    binary.run(box, a, b, y);
    return WNNRT_OK;
  }
  // Shared out along the outermost dim; the only one in runs of 256. Pixels of c16 tensors lie
  // behind the outermost.
  int64_t total = 1;
  for (int d = 0; d < box.rank; ++d)
    total *= box.dims[d];
  const int along = box.rank == 3 && box.dims[2] == 16 && sharePixels(box.dims[1]) ? 1 : 0;
  int64_t run = box.rank == 1 ? 256 : 1, items = (box.dims[along] + run - 1) / run;
  splitLight(ctx, items, 3 * total / maxOf(1, items), [&](int64_t begin, int64_t end) {
    wnnrt::StridedBox<3> part = box;
    part.dims[along] = minOf(box.dims[along], end * run) - begin * run;
    binary.run(part, a + begin * run * box.strides[0][along],
               b + begin * run * box.strides[1][along], y + begin * run * box.strides[2][along]);
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::batch_norm(const wnnrt_context *ctx, const wnnrt_channel_params *p,
                                       const void *xv, const void *sv, const void *tv, void *yv) {
  if (p->act.op < 0 || p->act.op > WNNRT_POW_SCALAR)
    return ref::batch_norm(ctx, p, xv, sv, tv, yv);
  auto *scale = static_cast<const float *>(sv), *shift = static_cast<const float *>(tv);
  RowAct act(p->act);
  bool c16 = p->layout == WNNRT_LAYOUT_C16;
  // In runs that stay in the first-level cache between scaling and activation.
  constexpr int64_t run = 1024;
  int64_t groups = c16 ? blocksOf16(p->c) : p->c, size = c16 ? int64_t(p->hw) * 16 : p->hw;
  int64_t runs = (size + run - 1) / run;
  splitRows(ctx, p->n * groups, runs, c16 ? run / 16 : 0, 2 * minOf(run, size),
            [&](int64_t plane, int64_t r) {
              int64_t g = plane % groups, at = r * run, n = minOf(run, size - at);
              const float *x = static_cast<const float *>(xv) + plane * size + at;
              float *y = static_cast<float *>(yv) + plane * size + at;
              if (c16)
                scaleBlock(x, y, n, scale + g * 16, shift + g * 16, p->c - g * 16, act.lo, act.hi);
              else
                scaleRow(x, y, n, scale[g], shift[g], act.lo, act.hi);
              act.apply(y, n);
            });
  return WNNRT_OK;
}

} // namespace wnnrt
