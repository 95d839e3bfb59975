// SPDX-License-Identifier: Apache-2.0
//
// Sliding windows along one dimension, for convolution and pooling: checks and sizes. Values have
// passed `expectInts`, so that nothing here overflows.
#pragma once

#include "InferHelpers.h"

#include <algorithm>

namespace wnnx {

/// A kernel that moves along one dimension of `size` elements.
struct Window {
  int64_t size = 0, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
  int64_t extent() const { return dilation * (kernel - 1) + 1; }
  int64_t padded() const { return size + before + after; }
  /// Positions at which the whole kernel fits; 0 when it never does.
  int64_t count() const { return padded() < extent() ? 0 : (padded() - extent()) / stride + 1; }
  /// The same rounded up; a last window that would start past input and leading padding is left
  /// out, as PyTorch's pooling does.
  int64_t countCeil() const {
    if (padded() + stride - 1 < extent())
      return 0;
    int64_t n = (padded() - extent() + stride - 1) / stride + 1;
    return (n - 1) * stride >= size + before ? n - 1 : n;
  }
  /// The element under tap `tap` of window `i`; outside [0, size) in the padding.
  int64_t at(int64_t i, int64_t tap) const { return i * stride - before + tap * dilation; }
  bool inside(int64_t x) const { return x >= 0 && x < size; }
  /// Taps [firstTap, lastTap) of window `i` are those inside.
  int64_t firstTap(int64_t i) const {
    int64_t start = at(i, 0);
    return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  }
  int64_t lastTap(int64_t i) const {
    int64_t room = size - at(i, 0);
    return room <= 0 ? 0 : std::min(kernel, (room + dilation - 1) / dilation);
  }
};

/// "vertically" or "horizontally", for messages about dimension 2 or 3 of an image.
inline const char *alongAxis(unsigned axis) {
  return axis == 0 ? "vertically" : "horizontally";
}

} // namespace wnnx
