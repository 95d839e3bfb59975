// SPDX-License-Identifier: Apache-2.0
// Data movement without index tensors: strided copy, fill, padding, triangles.
#include "../Half.h"
#include "../Kernels.h"
#include "../Strided.h"

#include <string.h>

namespace wnnrt {
namespace {

/// Input coordinate for a padded coordinate, or -1 for the constant.
int64_t padSource(int32_t mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size)
    return i;
  switch (mode) {
  case WNNRT_PAD_REFLECT:
    return i < 0 ? -i : 2 * (size - 1) - i;
  case WNNRT_PAD_REPLICATE:
    return i < 0 ? 0 : size - 1;
  case WNNRT_PAD_CIRCULAR:
    return i < 0 ? i + size : i - size;
  default:
    return -1;
  }
}

template <class T> struct Padder {
  const wnnrt_pad_params *p;
  int64_t inStrides[WNNRT_MAX_RANK], outStrides[WNNRT_MAX_RANK];
  T value;

  void run(int d, const T *x, T *y) const {
    if (d == p->rank) {
      *y = x ? *x : value;
      return;
    }
    for (int64_t o = 0; o < p->out_dims[d]; ++o) {
      int64_t i = padSource(p->mode, o - p->before[d], p->in_dims[d]);
      run(d + 1, x && i >= 0 ? x + i * inStrides[d] : nullptr, y + o * outStrides[d]);
    }
  }
};

} // namespace

wnnrt_status ref::copy_strided(const wnnrt_context *, const wnnrt_copy_params *p, const void *xv,
                               void *yv) {
  if (p->rank < 0 || p->rank > WNNRT_MAX_RANK)
    return WNNRT_INVALID_ARGUMENT;
  return dispatchBytes(p->element_bytes, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    StridedBox<2> box;
    for (int d = 0; d < p->rank; ++d)
      box.add(p->dims[d], {p->src_strides[d], p->dst_strides[d]});
    box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
      auto *x = static_cast<const T *>(xv) + offset[0];
      auto *y = static_cast<T *>(yv) + offset[1];
      if (step[0] == 1 && step[1] == 1)
        memmove(y, x, static_cast<size_t>(n) * sizeof(T));
      else
        for (int64_t i = 0; i < n; ++i)
          y[i * step[1]] = x[i * step[0]];
      return 0;
    });
    return WNNRT_OK;
  });
}

wnnrt_status ref::fill(const wnnrt_context *, const wnnrt_fill_params *p, void *yv) {
  return dispatchBytes(p->element_bytes, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto *y = static_cast<T *>(yv);
    for (int64_t i = 0; i < p->n; ++i)
      y[i] = static_cast<T>(p->bits);
    return WNNRT_OK;
  });
}

wnnrt_status ref::pad(const wnnrt_context *, const wnnrt_pad_params *p, const void *x, void *y) {
  if (p->rank < 0 || p->rank > WNNRT_MAX_RANK || p->mode < 0 || p->mode > WNNRT_PAD_CIRCULAR)
    return WNNRT_INVALID_ARGUMENT;
  for (int d = 0; d < p->rank; ++d) {
    int64_t before = p->before[d], after = p->out_dims[d] - p->in_dims[d] - before;
    int64_t limit = p->mode == WNNRT_PAD_REFLECT    ? p->in_dims[d] - 1
                    : p->mode == WNNRT_PAD_CIRCULAR ? p->in_dims[d]
                                                    : INT64_MAX;
    bool empty = p->mode == WNNRT_PAD_REPLICATE && p->in_dims[d] <= 0 && p->out_dims[d] > 0;
    if (before > limit || after > limit || empty)
      return WNNRT_INVALID_ARGUMENT;
  }
  return dispatchBytes(p->element_bytes, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    Padder<T> padder;
    padder.p = p;
    padder.value = static_cast<T>(p->bits);
    denseStrides(p->rank, p->in_dims, padder.inStrides);
    denseStrides(p->rank, p->out_dims, padder.outStrides);
    padder.run(0, static_cast<const T *>(x), static_cast<T *>(y));
    return WNNRT_OK;
  });
}

wnnrt_status ref::tri(const wnnrt_context *, const wnnrt_tri_params *p, const void *xv, void *yv) {
  return dispatchBytes(p->element_bytes, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto *x = static_cast<const T *>(xv);
    auto *y = static_cast<T *>(yv);
    for (int64_t b = 0; b < p->batch; ++b)
      for (int64_t r = 0; r < p->rows; ++r)
        for (int64_t c = 0; c < p->cols; ++c) {
          int64_t at = (b * p->rows + r) * p->cols + c;
          bool keep = p->upper ? c - r >= p->diagonal : c - r <= p->diagonal;
          y[at] = keep ? x[at] : T(0);
        }
    return WNNRT_OK;
  });
}

} // namespace wnnrt
