// SPDX-License-Identifier: Apache-2.0
// Declarations of the reference kernels, one per row of wnnrt_kernels.def, and the helpers that
// every kernel family shares. Internal to libwnnrt.
#ifndef WNNRT_SRC_KERNELS_H
#define WNNRT_SRC_KERNELS_H

#include "wnnrt.h"
#include "wnnrt_pack.h"

namespace wnnrt {
namespace ref {
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status name(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
} // namespace ref

inline int64_t blocks16(int64_t channels) {
  return (channels + 15) / 16;
}

/// A batch stride of 0 means dense.
inline int64_t orDense(int64_t stride, int64_t dense) {
  return stride ? stride : dense;
}

template <class T> inline T min2(T a, T b) {
  return b < a ? b : a;
}
template <class T> inline T max2(T a, T b) {
  return a < b ? b : a;
}

/// Address of (n, c, 0, 0) and the distance between neighbouring pixels of one channel, so that a
/// kernel can be written once for both layouts.
struct Plane {
  int64_t offset;
  int64_t pixelStride;
};
inline Plane planeOf(int32_t layout, int64_t n, int64_t c, int64_t channels, int64_t hw) {
  if (layout == WNNRT_LAYOUT_C16)
    return {(n * blocks16(channels) + c / 16) * hw * 16 + c % 16, 16};
  return {(n * channels + c) * hw, 1};
}

} // namespace wnnrt
#endif // WNNRT_SRC_KERNELS_H
