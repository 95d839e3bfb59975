// SPDX-License-Identifier: Apache-2.0
//
// How evaluators walk over elements: result positions mapped to operand positions dimension by
// dimension, broadcasting, and rows along dimensions.
#pragma once

#include "EvalHelpers.h"

#include <algorithm>

namespace wnnx {

/// For each dimension of a shape, the offset in another tensor that each position contributes;
/// `outsideOffset` where there is no element.
using OffsetMaps = std::vector<std::vector<int64_t>>;
constexpr int64_t outsideOffset = -1;

/// `count` positions from `start`, each `step` further, in a dimension of stride `stride`.
inline std::vector<int64_t> offsetsOf(int64_t start, int64_t count, int64_t step, int64_t stride) {
  std::vector<int64_t> map(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    map[size_t(i)] = (start + i * step) * stride;
  return map;
}

/// The maps that read a tensor of this shape as it is, to be changed where an op differs.
inline OffsetMaps identityMaps(const Shape &shape) {
  OffsetMaps maps;
  auto strides = shape.strides();
  for (int64_t d = 0; d < shape.rank(); ++d)
    maps.push_back(offsetsOf(0, shape[d], 1, strides[size_t(d)]));
  return maps;
}

/// The maps that read a tensor of shape `from` as if it had been expanded to `to`.
inline OffsetMaps expandMaps(const Shape &from, const Shape &to) {
  OffsetMaps maps;
  auto strides = from.strides();
  for (int64_t d = 0; d < to.rank(); ++d) {
    int64_t k = d - (to.rank() - from.rank());
    bool repeated = k < 0 || from[k] == 1;
    maps.push_back(offsetsOf(0, to[d], 1, repeated ? 0 : strides[size_t(k)]));
  }
  return maps;
}

/// Calls `f(i, offset)` for positions i = 0, 1, ... of the product of the maps, in row-major order;
/// `offset` is `base` plus what the maps say, or `outsideOffset`.
template <class F> void forEachMapped(const OffsetMaps &maps, int64_t base, F f) {
  size_t rank = maps.size();
  for (const auto &map : maps) {
    if (map.empty())
      return;
  }
  std::vector<size_t> at(rank, 0);
  for (int64_t i = 0;; ++i) {
    int64_t offset = base;
    for (size_t d = 0; d < rank && offset != outsideOffset; ++d)
      offset = maps[d][at[d]] == outsideOffset ? outsideOffset : offset + maps[d][at[d]];
    f(i, offset);
    size_t d = rank;
    while (d > 0 && ++at[d - 1] == maps[d - 1].size())
      at[--d] = 0;
    if (d == 0)
      return;
  }
}

/// Calls `f(in, out)` with the elements of both tensors, which are of one kind.
template <class S, class F> void withElements(const RefTensor<S> &in, RefTensor<S> &out, F f) {
  if (in.real())
    f(in.reals, out.reals);
  else
    f(in.ints, out.ints);
}

/// out[i] = in[offset of i], leaving positions outside as they are.
template <class S>
void readMapped(const RefTensor<S> &in, RefTensor<S> &out, const OffsetMaps &maps,
                int64_t base = 0) {
  withElements(in, out, [&](const auto &from, auto &to) {
    forEachMapped(maps, base, [&](int64_t i, int64_t offset) {
      if (offset != outsideOffset)
        to[size_t(i)] = from[size_t(offset)];
    });
  });
}

/// The tensor expanded to a shape; itself, without a copy, when it has that shape.
template <class S> class Expanded {
  RefTensor<S> copy;
  const RefTensor<S> *tensor;

public:
  Expanded(const RefTensor<S> &t, const Shape &shape) : tensor(&t) {
    if (t.shape() == shape)
      return;
    copy = RefTensor<S>({t.type.dtype, shape});
    readMapped(t, copy, expandMaps(t.shape(), shape));
    tensor = &copy;
  }
  Expanded(const Expanded &) = delete;
  Expanded &operator=(const Expanded &) = delete;
  const RefTensor<S> &operator*() const { return *tensor; }
  const RefTensor<S> *operator->() const { return tensor; }
};

/// A value as arithmetic inside an op of this dtype sees it: f32 for halves, which is where PyTorch
/// computes with them. Scalars other than double are exact.
template <class S> S inOpMath(DType, S x) {
  return x;
}
inline double inOpMath(DType dtype, double x) {
  return dtype == DType::F64 ? x : double(float(x));
}

/// An integer as an element of a float tensor.
template <class S> S intToReal(DType dtype, int64_t x) {
  return scalar::real<S>(dtype == DType::F64 ? double(x) : double(float(x)));
}

/// The elements as reals of a float dtype; integers are converted to it first.
template <class S> std::vector<S> realsOf(const RefTensor<S> &t, DType dtype) {
  if (t.real())
    return t.reals;
  std::vector<S> out;
  out.reserve(t.ints.size());
  for (int64_t v : t.ints)
    out.push_back(intToReal<S>(dtype, v));
  return out;
}

/// The layout of a dimension: element k of line (outer, inner) is at (outer * size + k) * inner
/// count + inner. A scalar is one line of one element.
struct Lines {
  int64_t outer = 1, size = 1, inner = 1;
  Lines(const Shape &shape, int64_t dim) {
    if (shape.rank() == 0)
      return;
    int64_t d = *normalizeDim(dim, shape.rank());
    outer = shape.product(0, d);
    size = shape[d];
    inner = shape.product(d + 1, shape.rank());
  }
  /// Calls `f(first, step)` for each line: where it begins, and how far apart its elements are.
  template <class F> void forEach(F f) const {
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < inner; ++i)
        f(o * size * inner + i, inner);
    }
  }
};

// Integer arithmetic that wraps, so that no input is undefined behaviour.
inline int64_t wrapAdd(int64_t a, int64_t b) {
  return int64_t(uint64_t(a) + uint64_t(b));
}
inline int64_t wrapSub(int64_t a, int64_t b) {
  return int64_t(uint64_t(a) - uint64_t(b));
}
inline int64_t wrapMul(int64_t a, int64_t b) {
  return int64_t(uint64_t(a) * uint64_t(b));
}

} // namespace wnnx
