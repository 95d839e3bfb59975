// SPDX-License-Identifier: Apache-2.0
// Which first convolutions (conv2d_first) have vectors of neighbouring pixels instead of channels.
// The kernel asks it of the step that it runs, and what prints programs of each step of a network,
// to name the part that these need (wnnrt_rows.h): both must agree.
#ifndef WNNRT_FIRST_H
#define WNNRT_FIRST_H

#include <cstdint>

namespace wnnrt {

/// Taps whose places the part lists.
constexpr int64_t firstPixelsTaps = 512;

/// Vectors of channels are partly empty with few outputs, and take tiles of 14 pixels; those of
/// pixels are partly empty at the end of a row, and what they read and write is copied once more,
/// which weighs the more the fewer multiply-adds there are for each.
static inline bool firstHasPixelVectors(int64_t ci, int64_t taps, int64_t co, int64_t ow,
                                        int64_t strideW, bool residual) {
  const int64_t terms = ci * taps;
  if (residual || co > 16 || terms > firstPixelsTaps || strideW < 1 || strideW > 2)
    return false;
  const int64_t lanes = (ow + 15) / 16 * 16 * ((co + 3) / 4 * 4);
  const int64_t before = (ow < 14 ? ow : (ow + 13) / 14 * 14) * 16;
  return lanes * (13 * terms + 56) < before * 14 * terms;
}

} // namespace wnnrt
#endif // WNNRT_FIRST_H
