// SPDX-License-Identifier: Apache-2.0
// Walks a box of up to 16 dims over K operands with independent element strides, row by row. Dims
// of size 1 are dropped and neighbours that are one run for all operands are merged first, so that
// the common dense cases become a single long row.
#ifndef WNNRT_SRC_STRIDED_H
#define WNNRT_SRC_STRIDED_H

#include <stdint.h>

namespace wnnrt {
namespace { // ISA files use this too, so nothing here may have linkage

template <int K> struct StridedBox {
  static constexpr int maxRank = 16;
  int rank = 0;
  int64_t dims[maxRank];
  int64_t strides[K][maxRank];

  void add(int64_t dim, const int64_t (&stride)[K]) {
    if (dim == 1)
      return;
    if (rank > 0) {
      bool merge = true;
      for (int k = 0; k < K; ++k)
        merge &= strides[k][rank - 1] == stride[k] * dim;
      if (merge) {
        dims[rank - 1] *= dim;
        for (int k = 0; k < K; ++k)
          strides[k][rank - 1] = stride[k];
        return;
      }
    }
    dims[rank] = dim;
    for (int k = 0; k < K; ++k)
      strides[k][rank] = stride[k];
    ++rank;
  }

  /// row(offsets, n, strides): n elements from the operands' element offsets. Stops at the first
  /// result that is not 0 and returns it.
  template <class Row> int forEachRow(Row &&row) const {
    int64_t offset[K] = {}, step[K] = {}, index[maxRank] = {};
    for (int d = 0; d < rank; ++d)
      if (dims[d] <= 0)
        return 0;
    if (rank == 0)
      return row(offset, int64_t(1), step);
    for (int k = 0; k < K; ++k)
      step[k] = strides[k][rank - 1];
    for (;;) {
      if (int result = row(offset, dims[rank - 1], step))
        return result;
      int d = rank - 2;
      for (; d >= 0; --d) {
        for (int k = 0; k < K; ++k)
          offset[k] += strides[k][d];
        if (++index[d] < dims[d])
          break;
        for (int k = 0; k < K; ++k)
          offset[k] -= strides[k][d] * dims[d];
        index[d] = 0;
      }
      if (d < 0)
        return 0;
    }
  }
};

/// Strides of a dense tensor.
[[maybe_unused]] inline void denseStrides(int rank, const int64_t *dims, int64_t *strides) {
  int64_t s = 1;
  for (int d = rank - 1; d >= 0; --d) {
    strides[d] = s;
    s *= dims[d];
  }
}

} // namespace
} // namespace wnnrt
#endif // WNNRT_SRC_STRIDED_H
