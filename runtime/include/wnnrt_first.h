// SPDX-License-Identifier: Apache-2.0
// Which first convolutions (conv2d_first) run otherwise than in rows of vectors of channels. The
// kernel asks it of the step that it runs, and what prints programs of each step of a network, to
// name the part that these need (wnnrt_rows.h): both must agree. Static, as files that are compiled
// for an ISA must not share functions with others.
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

/// Kernel rows from which a convolution is a matrix product on the image as it lies.
constexpr int64_t firstLongRow = 16;

/// Floats of the copy of an image.
constexpr int64_t firstCopyFloats = 8 * 1024;

/// Images with rows of less than a tile, of which the part first_image makes a padded copy.
static inline bool firstOnCopiedImage(int64_t ci, int64_t kh, int64_t kw, int64_t oh, int64_t ow,
                                      int64_t strideH, int64_t strideW, int64_t dilationH,
                                      int64_t dilationW) {
  if (ow >= 14 || oh * ow < 14 || ci * kh * kw < 16 || ci > 256 || kh > 256 || kw > 256 ||
      oh > 4096 || strideH > 256 || strideW > 256 || dilationH > 256 || dilationW != 1)
    return false;
  return ci * ((oh - 1) * strideH + (kh - 1) * dilationH + 1) * ((ow - 1) * strideW + kw) <=
         firstCopyFloats;
}

} // namespace wnnrt
#endif // WNNRT_FIRST_H
