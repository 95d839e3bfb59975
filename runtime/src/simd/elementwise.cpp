// SPDX-License-Identifier: Apache-2.0
// f32 elementwise kernels: unary ops that have a vector form, arithmetic binary ops with
// broadcasting, and per-channel scaling. Everything else goes to the reference kernels.
#include "../Isa.h"
#include "../ScalarRows.h"
#include "../Strided.h"
#include "ActRows.h"
#include "Simd.h"

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

template <int op> void run(const Rows &r) {
  if (r.aStep == 1 && r.bStep == 1)
    return rowsOf<op, false, false>(r);
  if (r.aStep == 1 && r.bStep == 0)
    return rowsOf<op, false, true>(r);
  if (r.aStep == 0 && r.bStep == 1)
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

/// y = x * scale + shift over n elements; steps 0 for one channel's values, 1 for 16 lanes.
void scaleRow(const float *x, float *y, int64_t n, float scale, float shift) {
  vf s = vset(scale), t = vset(shift);
  int64_t i = 0;
  for (; i + vlanes <= n; i += vlanes)
    vstore(y + i, vfma(vload(x + i), s, t));
  if (i < n) {
    int part = static_cast<int>(n - i);
    vstorePart(y + i, vfma(vloadPart(x + i, part), s, t), part);
  }
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::unary(const wnnrt_context *ctx, const wnnrt_unary_params *p,
                                  const void *x, void *y) {
  ActRow row = p->dtype == WNNRT_F32 ? actRowFor(p->op) : nullptr;
  if (!row)
    return ref::unary(ctx, p, x, y);
  row(static_cast<const float *>(x), static_cast<float *>(y), p->n, static_cast<float>(p->a),
      static_cast<float>(p->b));
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
  StridedBox<3> box;
  for (int d = 0; d < p->rank; ++d)
    box.add(p->dims[d], {p->a_strides[d], p->b_strides[d], yStrides[d]});
  Rows r = {};
  r.lo = p->act.op == WNNRT_RELU ? 0 : p->act.op == WNNRT_CLAMP ? p->act.a : -__builtin_huge_valf();
  r.hi = p->act.op == WNNRT_CLAMP ? p->act.b : __builtin_huge_valf();
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
      return WNNRT_OK;
  }
  bool twoDims = r.n > 0;
  ActRow act = r.lo == -__builtin_huge_valf() && r.hi == __builtin_huge_valf()
                   ? actRowFor(p->act.op)
                   : nullptr;
  bool scalarAct =
      !act && p->act.op != WNNRT_IDENTITY && p->act.op != WNNRT_RELU && p->act.op != WNNRT_CLAMP;
  box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
    for (int64_t i = 0; i < (twoDims ? n : 1); ++i) {
      Rows call = r;
      call.a = static_cast<const float *>(av) + offset[0] + i * step[0];
      call.b = static_cast<const float *>(bv) + offset[1] + i * step[1];
      call.y = static_cast<float *>(yv) + offset[2] + i * step[2];
      if (!twoDims) {
        call.n = n;
        call.aStep = step[0];
        call.bStep = step[1];
      }
      fn(call);
      int64_t count = call.rows * call.n; // y is dense
      if (act)
        act(call.y, call.y, count, p->act.a, p->act.b);
      else if (scalarAct)
        scalarActRow(p->act, call.y, count);
    }
    return 0;
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::batch_norm(const wnnrt_context *ctx, const wnnrt_channel_params *p,
                                       const void *xv, const void *sv, const void *tv, void *yv) {
  if (p->act.op < 0 || p->act.op > WNNRT_POW_SCALAR)
    return ref::batch_norm(ctx, p, xv, sv, tv, yv);
  auto *scale = static_cast<const float *>(sv), *shift = static_cast<const float *>(tv);
  ActRow act = actRowFor(p->act.op);
  bool c16 = p->layout == WNNRT_LAYOUT_C16;
  int64_t groups = c16 ? blocksOf16(p->c) : p->c, size = c16 ? int64_t(p->hw) * 16 : p->hw;
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      const float *x = static_cast<const float *>(xv) + (n * groups + g) * size;
      float *y = static_cast<float *>(yv) + (n * groups + g) * size;
      if (c16) {
        for (int lane = 0; lane < 16; lane += vlanes) {
          int part = static_cast<int>(maxOf(0, minOf(vlanes, p->c - g * 16 - lane)));
          vf s = vloadPart(scale + minOf(p->c, g * 16 + lane), part);
          vf t = vloadPart(shift + minOf(p->c, g * 16 + lane), part);
          for (int64_t i = lane; i < size; i += 16)
            vstore(y + i, vfma(vload(x + i), s, t));
        }
      } else {
        scaleRow(x, y, size, scale[g], shift[g]);
      }
      if (act)
        act(y, y, size, p->act.a, p->act.b);
      else if (p->act.op != WNNRT_IDENTITY)
        scalarActRow(p->act, y, size);
    }
  return WNNRT_OK;
}

} // namespace wnnrt
