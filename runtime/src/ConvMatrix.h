// SPDX-License-Identifier: Apache-2.0
// Convolutions on the matrix unit: how a band of input rows lies in the scratch of
// conv2d_matrix_c16, split in two bf16 parts, so that 16 neighbouring outputs read each tap as one
// tile.
#ifndef WNNRT_SRC_CONVMATRIX_H
#define WNNRT_SRC_CONVMATRIX_H

#include "wnnrt.h"

namespace wnnrt {

/// The split image of a band has its padding in it and is as many images as the vertical stride:
/// row j is row j / stride of image j % stride. So an output's position, counted in rows of `pitch`
/// outputs, is also where it reads, times `step`, for each tap from a place of its own; positions
/// that are no outputs are computed and dropped. Pairs of channel blocks lie together, 64 bytes a
/// pixel, the high parts of all pixels before the low ones; a last block alone has 32 bytes a
/// pixel, as have all where panels of outputs read different blocks (groups).
struct ConvMatrix {
  int64_t pairs, singles; // of channel blocks
  int64_t columns;        // of the image, padding included
  int64_t images;         // in which rows are
  int64_t step;           // columns between neighbouring outputs
  int64_t skip;           // columns of x between those of the image
  int64_t pitch;          // outputs and dropped ones of a row
  int64_t bandRows;       // of outputs, at most
  int64_t bands;
  int64_t height; // of tiles, in outputs: up to 16
  int64_t across; // tiles of a row of outputs, where each row begins with one; else 0
  size_t bytes;

  explicit ConvMatrix(const wnnrt_conv2d_params *p);
  /// What `rows` rows of outputs need.
  int64_t imageRows(const wnnrt_conv2d_params *p, int64_t rows) const;
  int64_t tiles(const wnnrt_conv2d_params *p, int64_t rows) const;
  /// Pixels of a block or pair, with what the last tile reads beyond them.
  int64_t pixels(const wnnrt_conv2d_params *p, int64_t rows) const;
};

/// Blocks of channels that a panel reads, at most.
int64_t windowBlocks(const wnnrt_conv2d_params *p);

/// Whether the kernel does such a layer on a matrix unit: as conv2d_c16 otherwise.
bool convOnMatrixUnit(const wnnrt_conv2d_params *p);

} // namespace wnnrt
#endif // WNNRT_SRC_CONVMATRIX_H
