// SPDX-License-Identifier: Apache-2.0
// Kernels driven by index tensors: embedding, index_select, gather, scatter, index, index_put.
// An index outside its dimension stops the kernel with WNNRT_OUT_OF_RANGE; negatives count from the
// end.
#include "../Half.h"
#include "../Kernels.h"
#include "../Strided.h"

#include <string.h>

namespace wnnrt {
namespace {

struct Indices {
  const void *data;
  bool wide;

  Indices(const void *d, int32_t dtype) : data(d), wide(dtype == WNNRT_I64) {}
  static bool valid(int32_t dtype) { return dtype == WNNRT_I64 || dtype == WNNRT_I32; }
  int64_t operator[](int64_t i) const {
    return wide ? static_cast<const int64_t *>(data)[i] : static_cast<const int32_t *>(data)[i];
  }
  /// In [0, size), or -1.
  int64_t at(int64_t i, int64_t size) const {
    int64_t v = (*this)[i];
    v = v < 0 ? v + size : v;
    return v >= 0 && v < size ? v : -1;
  }
};

template <class T> void addTo(T &to, T v) {
  using E = Element<T>;
  using C = typename E::Compute;
  if constexpr (__is_same(C, bool))
    to = E::store(E::load(to) || E::load(v));
  else if constexpr (__is_same(C, float) || __is_same(C, double))
    to = E::store(E::load(to) + E::load(v));
  else
    to = static_cast<T>(static_cast<uint64_t>(to) + static_cast<uint64_t>(v));
}

int64_t product(const int64_t *dims, int32_t rank) {
  int64_t n = 1;
  for (int32_t d = 0; d < rank; ++d)
    n *= dims[d];
  return n;
}

constexpr int indexOperands = 2 + WNNRT_MAX_RANK;

/// Operand 0: x without the indexed axes; 1: the result-shaped operand; 2..: the index tensors.
bool indexBox(const wnnrt_index_params *p, const int64_t *strides, const int64_t *resultStrides,
              StridedBox<indexOperands> &box) {
  if (p->rank < 0 || p->rank > WNNRT_MAX_RANK || p->index_count < 1 ||
      p->index_count > WNNRT_MAX_RANK || p->index_rank < 0 || p->index_rank > WNNRT_MAX_RANK ||
      !Indices::valid(p->index_dtype))
    return false;
  uint32_t indexed = 0;
  for (int t = 0; t < p->index_count; ++t) {
    if (p->index_axes[t] < 0 || p->index_axes[t] >= p->rank)
      return false;
    indexed |= 1u << p->index_axes[t];
  }
  int64_t dims[2 * WNNRT_MAX_RANK], rows[2 * WNNRT_MAX_RANK][indexOperands] = {};
  int rank = 0, slices = 0;
  auto addIndexDims = [&] {
    for (int d = 0; d < p->index_rank; ++d, ++rank) {
      dims[rank] = p->index_dims[d];
      for (int t = 0; t < p->index_count; ++t)
        rows[rank][2 + t] = p->index_strides[t][d];
    }
  };
  for (int d = 0; d < p->rank; ++d) {
    if (indexed >> d & 1)
      continue;
    if (slices++ == p->index_position)
      addIndexDims();
    dims[rank] = p->dims[d];
    rows[rank++][0] = strides[d];
  }
  if (p->index_position < 0 || p->index_position > slices)
    return false;
  if (slices == p->index_position)
    addIndexDims();
  int64_t dense[2 * WNNRT_MAX_RANK];
  denseStrides(rank, dims, dense);
  for (int d = 0; d < rank; ++d) {
    rows[d][1] = resultStrides ? resultStrides[d] : dense[d];
    box.add(dims[d], rows[d]);
  }
  return true;
}

/// Calls move(xOffset, resultOffset) for each result element.
template <class Move>
wnnrt_status forEachIndexed(const wnnrt_index_params *p, const int64_t *strides,
                            const int64_t *resultStrides, const void *const *indices, Move &&move) {
  StridedBox<indexOperands> box;
  if (!indexBox(p, strides, resultStrides, box))
    return WNNRT_INVALID_ARGUMENT;
  return static_cast<wnnrt_status>(box.forEachRow([&](const int64_t *offset, int64_t n,
                                                      const int64_t *step) -> int {
    for (int64_t i = 0; i < n; ++i) {
      int64_t from = offset[0] + i * step[0];
      for (int t = 0; t < p->index_count; ++t) {
        int32_t axis = p->index_axes[t];
        int64_t at =
            Indices(indices[t], p->index_dtype).at(offset[2 + t] + i * step[2 + t], p->dims[axis]);
        if (at < 0)
          return WNNRT_OUT_OF_RANGE;
        from += at * strides[axis];
      }
      move(from, offset[1] + i * step[1]);
    }
    return 0;
  }));
}

} // namespace

wnnrt_status ref::embedding(const wnnrt_context *, const wnnrt_embedding_params *p,
                            const void *table, const void *index, void *y) {
  if (!Indices::valid(p->index_dtype))
    return WNNRT_INVALID_ARGUMENT;
  Indices indices(index, p->index_dtype);
  for (int64_t i = 0; i < p->count; ++i) {
    int64_t row = indices[i];
    if (row < 0 || row >= p->vocabulary)
      return WNNRT_OUT_OF_RANGE;
    memcpy(static_cast<char *>(y) + i * p->row_bytes,
           static_cast<const char *>(table) + row * p->row_bytes,
           static_cast<size_t>(p->row_bytes));
  }
  return WNNRT_OK;
}

wnnrt_status ref::index_select(const wnnrt_context *, const wnnrt_index_select_params *p,
                               const void *x, const void *index, void *y) {
  if (!Indices::valid(p->index_dtype))
    return WNNRT_INVALID_ARGUMENT;
  Indices indices(index, p->index_dtype);
  int64_t bytes = p->inner * p->element_bytes;
  for (int64_t o = 0; o < p->outer; ++o)
    for (int64_t i = 0; i < p->count; ++i) {
      int64_t at = indices.at(i, p->dim);
      if (at < 0)
        return WNNRT_OUT_OF_RANGE;
      memcpy(static_cast<char *>(y) + (o * p->count + i) * bytes,
             static_cast<const char *>(x) + (o * p->dim + at) * bytes, static_cast<size_t>(bytes));
    }
  return WNNRT_OK;
}

wnnrt_status ref::gather(const wnnrt_context *, const wnnrt_gather_params *p, const void *xv,
                         const void *index, void *yv) {
  if (p->rank < 1 || p->rank > WNNRT_MAX_RANK || p->axis < 0 || p->axis >= p->rank ||
      !Indices::valid(p->index_dtype))
    return WNNRT_INVALID_ARGUMENT;
  Indices indices(index, p->index_dtype);
  return dispatchBytes(
      static_cast<int32_t>(wnnrt_dtype_bytes(static_cast<wnnrt_dtype>(p->dtype))), [&](auto tag) {
        using T = typename decltype(tag)::Type;
        auto *x = static_cast<const T *>(xv);
        auto *y = static_cast<T *>(yv);
        int64_t xStrides[WNNRT_MAX_RANK], yStrides[WNNRT_MAX_RANK];
        denseStrides(p->rank, p->dims, xStrides);
        denseStrides(p->rank, p->index_dims, yStrides);
        StridedBox<3> box;
        for (int d = 0; d < p->rank; ++d)
          box.add(p->index_dims[d],
                  {d == p->axis ? 0 : xStrides[d], p->index_strides[d], yStrides[d]});
        return static_cast<wnnrt_status>(
            box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) -> int {
              for (int64_t i = 0; i < n; ++i) {
                int64_t at = indices.at(offset[1] + i * step[1], p->dims[p->axis]);
                if (at < 0)
                  return WNNRT_OUT_OF_RANGE;
                y[offset[2] + i * step[2]] = x[offset[0] + i * step[0] + at * xStrides[p->axis]];
              }
              return 0;
            }));
      });
}

wnnrt_status ref::scatter(const wnnrt_context *, const wnnrt_gather_params *p, const void *x,
                          const void *index, const void *srcv, void *yv) {
  if (p->rank < 1 || p->rank > WNNRT_MAX_RANK || p->axis < 0 || p->axis >= p->rank ||
      !Indices::valid(p->index_dtype))
    return WNNRT_INVALID_ARGUMENT;
  Indices indices(index, p->index_dtype);
  return dispatchDtype(p->dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto *src = static_cast<const T *>(srcv);
    auto *y = static_cast<T *>(yv);
    if (x != yv)
      memcpy(yv, x, static_cast<size_t>(product(p->dims, p->rank)) * sizeof(T));
    int64_t strides[WNNRT_MAX_RANK];
    denseStrides(p->rank, p->dims, strides);
    StridedBox<3> box;
    for (int d = 0; d < p->rank; ++d)
      box.add(p->index_dims[d],
              {d == p->axis ? 0 : strides[d], p->index_strides[d], p->src_strides[d]});
    return static_cast<wnnrt_status>(
        box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) -> int {
          for (int64_t i = 0; i < n; ++i) {
            int64_t at = indices.at(offset[1] + i * step[1], p->dims[p->axis]);
            if (at < 0)
              return WNNRT_OUT_OF_RANGE;
            T &to = y[offset[0] + i * step[0] + at * strides[p->axis]];
            T v = src[offset[2] + i * step[2]];
            if (p->accumulate)
              addTo(to, v);
            else
              to = v;
          }
          return 0;
        }));
  });
}

wnnrt_status ref::index(const wnnrt_context *, const wnnrt_index_params *p, const void *xv,
                        const void *const *indices, void *yv) {
  return dispatchBytes(static_cast<int32_t>(wnnrt_dtype_bytes(static_cast<wnnrt_dtype>(p->dtype))),
                       [&](auto tag) {
                         using T = typename decltype(tag)::Type;
                         auto *x = static_cast<const T *>(xv);
                         auto *y = static_cast<T *>(yv);
                         return forEachIndexed(p, p->strides, nullptr, indices,
                                               [&](int64_t from, int64_t to) { y[to] = x[from]; });
                       });
}

wnnrt_status ref::index_put(const wnnrt_context *, const wnnrt_index_params *p, const void *x,
                            const void *const *indices, const void *valuesv, void *yv) {
  return dispatchDtype(p->dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto *values = static_cast<const T *>(valuesv);
    auto *y = static_cast<T *>(yv);
    if (x != yv)
      memcpy(yv, x, static_cast<size_t>(product(p->dims, p->rank)) * sizeof(T));
    int64_t strides[WNNRT_MAX_RANK];
    denseStrides(p->rank, p->dims, strides);
    return forEachIndexed(p, strides, p->value_strides, indices, [&](int64_t to, int64_t from) {
      if (p->accumulate)
        addTo(y[to], values[from]);
      else
        y[to] = values[from];
    });
  });
}

} // namespace wnnrt
