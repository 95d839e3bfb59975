// SPDX-License-Identifier: Apache-2.0
// Stable sort and topk: a bottom-up merge sort of positions, one line at a time. Scratch holds two
// position arrays of the line's length.
#include "../Half.h"
#include "../Kernels.h"

namespace wnnrt {
namespace {

template <class T> bool isNan(T v) {
  return v != v;
}

/// Whether a line element must stand before another; NaN is the largest value.
template <class T> bool before(T a, T b, bool descending) {
  if (descending)
    return isNan(a) ? !isNan(b) : a > b;
  return isNan(b) ? !isNan(a) : a < b;
}

/// Sorts positions [0, n) by value; the result is in the returned one of the two buffers.
template <class T>
int64_t *sortPositions(const T *x, int64_t n, int64_t stride, bool descending, int64_t *from,
                       int64_t *to) {
  for (int64_t i = 0; i < n; ++i)
    from[i] = i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      int64_t middle = min2(begin + width, n), end = min2(begin + 2 * width, n);
      int64_t l = begin, r = middle;
      for (int64_t i = begin; i < end; ++i) {
        bool right = l == middle ||
                     (r < end && before(x[from[r] * stride], x[from[l] * stride], descending));
        to[i] = from[right ? r++ : l++];
      }
    }
    int64_t *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

template <class T>
void sortLines(const wnnrt_sort_params *p, const void *xv, void *vv, void *iv, void *scratch,
               int64_t keep, bool descending) {
  auto *x = static_cast<const T *>(xv);
  auto *values = static_cast<T *>(vv);
  auto *indices = static_cast<int64_t *>(iv);
  auto *buffer = static_cast<int64_t *>(scratch);
  for (int64_t o = 0; o < p->outer; ++o)
    for (int64_t i = 0; i < p->inner; ++i) {
      const T *line = x + o * p->dim * p->inner + i;
      int64_t *order = sortPositions(line, p->dim, p->inner, descending, buffer, buffer + p->dim);
      for (int64_t d = 0; d < keep; ++d) {
        int64_t at = (o * keep + d) * p->inner + i;
        if (values)
          values[at] = line[order[d] * p->inner];
        if (indices)
          indices[at] = order[d];
      }
    }
}

wnnrt_status sortAs(const wnnrt_sort_params *p, const void *x, void *values, void *indices,
                    void *scratch, int64_t keep, bool descending) {
  if (keep < 0 || keep > p->dim)
    return WNNRT_INVALID_ARGUMENT;
  switch (p->dtype) {
  case WNNRT_F32:
    sortLines<float>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  case WNNRT_F64:
    sortLines<double>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  case WNNRT_I64:
    sortLines<int64_t>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  case WNNRT_I32:
    sortLines<int32_t>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  case WNNRT_I16:
    sortLines<int16_t>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  case WNNRT_I8:
    sortLines<int8_t>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  case WNNRT_U8:
  case WNNRT_BOOL:
    sortLines<uint8_t>(p, x, values, indices, scratch, keep, descending);
    return WNNRT_OK;
  default:
    return WNNRT_UNSUPPORTED;
  }
}

} // namespace

wnnrt_status ref::sort(const wnnrt_context *, const wnnrt_sort_params *p, const void *x,
                       void *values, void *indices, void *scratch) {
  return sortAs(p, x, values, indices, scratch, p->dim, p->descending != 0);
}

wnnrt_status ref::topk(const wnnrt_context *, const wnnrt_sort_params *p, const void *x,
                       void *values, void *indices, void *scratch) {
  return sortAs(p, x, values, indices, scratch, p->k, p->largest != 0);
}

} // namespace wnnrt

static size_t twoLines(const wnnrt_sort_params *p) {
  return static_cast<size_t>(p->dim) * 2 * sizeof(int64_t);
}
size_t wnnrt_sort_scratch_bytes(const wnnrt_sort_params *p) {
  return twoLines(p);
}
size_t wnnrt_topk_scratch_bytes(const wnnrt_sort_params *p) {
  return twoLines(p);
}
