// SPDX-License-Identifier: Apache-2.0
// Reference softmax and normalisations. Statistics are summed in double.
#include "../Kernels.h"
#include "../ScalarMath.h"

namespace wnnrt {

wnnrt_status ref::softmax(const wnnrt_context *, const wnnrt_softmax_params *p, const void *xv,
                          void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  for (int64_t o = 0; o < p->outer; ++o)
    for (int64_t i = 0; i < p->inner; ++i) {
      const float *in = x + o * p->dim * p->inner + i;
      float *out = y + o * p->dim * p->inner + i;
      float largest = -__builtin_huge_valf();
      for (int64_t d = 0; d < p->dim; ++d)
        largest = in[d * p->inner] > largest ? in[d * p->inner] : largest;
      double sum = 0;
      for (int64_t d = 0; d < p->dim; ++d)
        sum += exp(double(in[d * p->inner]) - double(largest));
      for (int64_t d = 0; d < p->dim; ++d) {
        double shifted = double(in[d * p->inner]) - double(largest);
        out[d * p->inner] = static_cast<float>(p->log ? shifted - log(sum) : exp(shifted) / sum);
      }
    }
  return WNNRT_OK;
}

wnnrt_status ref::layer_norm(const wnnrt_context *, const wnnrt_row_norm_params *p, const void *xv,
                             const void *wv, const void *bv, void *yv) {
  auto *weight = static_cast<const float *>(wv), *bias = static_cast<const float *>(bv);
  for (int64_t r = 0; r < p->rows; ++r) {
    auto *x = static_cast<const float *>(xv) + r * p->size;
    auto *y = static_cast<float *>(yv) + r * p->size;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < p->size; ++i)
      sum += double(x[i]);
    double mean = sum / double(p->size);
    for (int64_t i = 0; i < p->size; ++i)
      squares += (double(x[i]) - mean) * (double(x[i]) - mean);
    double scale = 1 / sqrt(squares / double(p->size) + double(p->eps));
    for (int64_t i = 0; i < p->size; ++i) {
      float v = static_cast<float>((double(x[i]) - mean) * scale);
      y[i] = v * (weight ? weight[i] : 1.0f) + (bias ? bias[i] : 0.0f);
    }
  }
  return WNNRT_OK;
}

wnnrt_status ref::layer_norm_c16(const wnnrt_context *, const wnnrt_group_norm_params *p,
                                 const void *xv, const void *wv, const void *bv, void *yv) {
  auto *weight = static_cast<const float *>(wv), *bias = static_cast<const float *>(bv);
  int64_t hw = p->hw, blocks = blocks16(p->c);
  for (int64_t i = 0; i < p->n * hw; ++i) {
    int64_t pixel = (i / hw * blocks * hw + i % hw) * 16;
    auto *x = static_cast<const float *>(xv) + pixel;
    auto *y = static_cast<float *>(yv) + pixel;
    auto at = [hw](int64_t c) { return c / 16 * hw * 16 + c % 16; };
    double sum = 0, squares = 0;
    for (int64_t c = 0; c < p->c; ++c)
      sum += double(x[at(c)]);
    double mean = sum / double(p->c);
    for (int64_t c = 0; c < p->c; ++c)
      squares += (double(x[at(c)]) - mean) * (double(x[at(c)]) - mean);
    double scale = 1 / sqrt(squares / double(p->c) + double(p->eps));
    for (int64_t c = 0; c < p->c; ++c) {
      float v = static_cast<float>((double(x[at(c)]) - mean) * scale);
      y[at(c)] = applyAct(p->act, v * (weight ? weight[c] : 1.0f) + (bias ? bias[c] : 0.0f));
    }
  }
  return WNNRT_OK;
}

wnnrt_status ref::rms_norm(const wnnrt_context *, const wnnrt_row_norm_params *p, const void *xv,
                           const void *wv, void *yv) {
  auto *weight = static_cast<const float *>(wv);
  for (int64_t r = 0; r < p->rows; ++r) {
    auto *x = static_cast<const float *>(xv) + r * p->size;
    auto *y = static_cast<float *>(yv) + r * p->size;
    double squares = 0;
    for (int64_t i = 0; i < p->size; ++i)
      squares += double(x[i]) * double(x[i]);
    double scale = 1 / sqrt(squares / double(p->size) + double(p->eps));
    for (int64_t i = 0; i < p->size; ++i)
      y[i] = static_cast<float>(double(x[i]) * scale) * (weight ? weight[i] : 1.0f);
  }
  return WNNRT_OK;
}

wnnrt_status ref::group_norm(const wnnrt_context *, const wnnrt_group_norm_params *p,
                             const void *xv, const void *wv, const void *bv, void *yv) {
  if (p->groups <= 0 || p->c % p->groups || !validAct(p->act))
    return WNNRT_INVALID_ARGUMENT;
  auto *weight = static_cast<const float *>(wv), *bias = static_cast<const float *>(bv);
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  int64_t size = p->c / p->groups;
  double count = double(size) * double(p->hw);
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t g = 0; g < p->groups; ++g) {
      auto each = [&](auto f) {
        for (int64_t c = g * size; c < (g + 1) * size; ++c) {
          Plane plane = planeOf(p->layout, n, c, p->c, p->hw);
          for (int64_t i = 0; i < p->hw; ++i)
            f(c, plane.offset + i * plane.pixelStride);
        }
      };
      double sum = 0, squares = 0;
      each([&](int64_t, int64_t at) { sum += double(x[at]); });
      double mean = sum / count;
      each(
          [&](int64_t, int64_t at) { squares += (double(x[at]) - mean) * (double(x[at]) - mean); });
      double scale = 1 / sqrt(squares / count + double(p->eps));
      each([&](int64_t c, int64_t at) {
        float v = static_cast<float>((double(x[at]) - mean) * scale);
        y[at] = applyAct(p->act, v * (weight ? weight[c] : 1.0f) + (bias ? bias[c] : 0.0f));
      });
    }
  return WNNRT_OK;
}

wnnrt_status ref::batch_norm(const wnnrt_context *, const wnnrt_channel_params *p, const void *xv,
                             const void *sv, const void *bv, void *yv) {
  if (!validAct(p->act))
    return WNNRT_INVALID_ARGUMENT;
  auto *scale = static_cast<const float *>(sv), *shift = static_cast<const float *>(bv);
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t c = 0; c < p->c; ++c) {
      Plane plane = planeOf(p->layout, n, c, p->c, p->hw);
      for (int64_t i = 0; i < p->hw; ++i) {
        int64_t at = plane.offset + i * plane.pixelStride;
        y[at] = applyAct(p->act, x[at] * scale[c] + shift[c]);
      }
    }
  return WNNRT_OK;
}

} // namespace wnnrt
