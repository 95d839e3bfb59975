// SPDX-License-Identifier: Apache-2.0
// Reference linear and batched matmul: one dot product per output value.
#include "../Kernels.h"
#include "../ScalarMath.h"
#include "../Strided.h"

namespace wnnrt {

wnnrt_status ref::linear(const wnnrt_context *, const wnnrt_linear_params *p, const void *xv,
                         const void *wv, const void *biasv, const void *residualv, void *yv) {
  if (!validAct(p->act))
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  auto *bias = static_cast<const float *>(biasv), *residual = static_cast<const float *>(residualv);
  auto *y = static_cast<float *>(yv);
  int64_t xs = orDense(p->x_row_stride, p->k), ys = orDense(p->y_row_stride, p->n);
  int64_t rs = orDense(p->residual_row_stride, p->n);
  for (int64_t m = 0; m < p->m; ++m)
    for (int64_t n = 0; n < p->n; ++n) {
      const float *panel = w + n / 16 * p->k * 16 + n % 16;
      double sum = 0;
      for (int64_t k = 0; k < p->k; ++k)
        sum += double(x[m * xs + k]) * double(panel[k * 16]);
      float v = static_cast<float>(sum);
      if (bias)
        v += bias[n];
      if (residual && !p->residual_after_act)
        v += residual[m * rs + n];
      v = applyAct(p->act, v);
      if (residual && p->residual_after_act)
        v += residual[m * rs + n];
      y[m * ys + n] = v;
    }
  return WNNRT_OK;
}

wnnrt_status ref::matmul(const wnnrt_context *, const wnnrt_matmul_params *p, const void *av,
                         const void *bv, void *yv, void *) {
  if (p->batch_rank < 0 || p->batch_rank > 6)
    return WNNRT_INVALID_ARGUMENT;
  StridedBox<3> batches;
  for (int d = 0; d < p->batch_rank; ++d)
    batches.add(p->batch_dims[d],
                {p->a_batch_strides[d], p->b_batch_strides[d], p->y_batch_strides[d]});
  batches.forEachRow([&](const int64_t *offset, int64_t count, const int64_t *step) {
    for (int64_t batch = 0; batch < count; ++batch) {
      auto *a = static_cast<const float *>(av) + offset[0] + batch * step[0];
      auto *b = static_cast<const float *>(bv) + offset[1] + batch * step[1];
      auto *y = static_cast<float *>(yv) + offset[2] + batch * step[2];
      for (int64_t i = 0; i < p->m; ++i)
        for (int64_t j = 0; j < p->n; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < p->k; ++k)
            sum += double(a[i * p->a_row_stride + k * p->a_col_stride]) *
                   double(b[k * p->b_row_stride + j * p->b_col_stride]);
          y[i * p->y_row_stride + j * p->y_col_stride] = p->alpha * static_cast<float>(sum);
        }
    }
    return 0;
  });
  return WNNRT_OK;
}

} // namespace wnnrt
