// SPDX-License-Identifier: Apache-2.0
//
// Stacks of matrices whose leading dimensions broadcast, for matmul and attention.
#pragma once

#include "wnnx/IR/Type.h"

#include <algorithm>

namespace wnnx {

/// The dimensions in front of the last two.
inline Shape batchDims(const Shape &s) {
  return Shape(s.ref().take_front(size_t(std::max<int64_t>(s.rank() - 2, 0))));
}

/// The number, in a stack of shape `batch`, of the matrix that element `index` of the broadcast
/// stack `whole` stands for.
inline int64_t broadcastIndex(int64_t index, const Shape &whole, const Shape &batch) {
  int64_t result = 0, stride = 1;
  for (int64_t i = 0; i < batch.rank(); ++i) {
    int64_t size = batch.back(i), at = index % whole.back(i);
    index /= whole.back(i);
    result += (size == 1 ? 0 : at) * stride;
    stride *= size;
  }
  return result;
}

/// The product of two stacks of matrices as torch.matmul sees it: a vector on the left is one row,
/// a vector on the right one column.
struct BatchedProduct {
  Shape batch;
  int64_t m = 1, k = 1, otherK = 1, n = 1;

  /// Both have at least one dimension; nothing when the batches do not broadcast.
  static std::optional<BatchedProduct> of(const Shape &a, const Shape &b) {
    std::optional<Shape> batch = broadcast(batchDims(a), batchDims(b));
    if (!batch)
      return std::nullopt;
    BatchedProduct p;
    p.batch = *batch;
    p.m = a.rank() > 1 ? a.back(1) : 1;
    p.k = a.back();
    p.otherK = b.rank() > 1 ? b.back(1) : b.back();
    p.n = b.rank() > 1 ? b.back() : 1;
    return p;
  }
  int64_t matrixOf(int64_t index, const Shape &operand) const {
    return broadcastIndex(index, batch, batchDims(operand));
  }
};

} // namespace wnnx
