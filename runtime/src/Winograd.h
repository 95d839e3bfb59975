// SPDX-License-Identifier: Apache-2.0
// Winograd's algorithm for 3x3 kernels with M x M outputs per tile, M 2 or 4, as matrices:
//   Y = AT [(G W GT) * (BT X B)] A    (* element by element), A = M + 2 the input tile's size.
// They are the Toom-Cook construction over the points 0, +-1, infinity (M = 2) and 0, +-5/8, +-3/2,
// infinity (M = 4): with 5/8 and 3/2 every entry of AT and BT is exact in float and errors are a
// third of those with 1 and 2.
#ifndef WNNRT_SRC_WINOGRAD_H
#define WNNRT_SRC_WINOGRAD_H

#include "wnnrt.h"

namespace wnnrt {

struct WinogradMatrices {
  int m, a; // outputs and inputs per side of a tile
  double bt[6][6], g[6][3], at[4][6];
};

WinogradMatrices winogradMatrices(int m);

/// Tiles of a whole batch, and how many of them are worked on at a time.
struct WinogradTiles {
  int64_t rows, columns; // per image
  int64_t total, atOnce;
  int64_t floatsPerTile; // of scratch: transformed inputs, and sums of 32 outputs
};
WinogradTiles winogradTiles(const wnnrt_conv2d_params *p, int m);

/// What the Winograd kernels can do: 3x3, stride 1, no dilation, no groups.
bool validWinograd(const wnnrt_conv2d_params *p);

} // namespace wnnrt
#endif // WNNRT_SRC_WINOGRAD_H
