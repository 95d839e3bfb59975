// SPDX-License-Identifier: Apache-2.0
//
// A cost model of convolutions, from which the kernel of a layer is chosen. Figures are of one core
// and deterministic: the same model gives the same code everywhere.
#pragma once

#include "wnnrt.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace wnnx {

double directConvUs(const wnnrt_conv2d_params &p);
/// For tiles of 2x2 or 4x4 outputs.
double winogradConvUs(const wnnrt_conv2d_params &p, int tile);
/// A kernel that can compute a convolution: 0 is the direct one, else the size of Winograd's tile.
struct ConvVariant {
  const char *name; // as in tuning files
  int winograd;
};
/// What can compute the layer with tiles of at most `largest`: the direct kernel, then others.
llvm::SmallVector<ConvVariant, 4> convVariants(const wnnrt_conv2d_params &p, int largest);
/// The layer as tuning files name it: "conv2d 1x64x56x56 to 64x56x56, kernel 3x3, stride 1x1".
std::string convLayerName(const wnnrt_conv2d_params &p);

/// 2 or 4 where Winograd's algorithm can be used and wins, with tiles of at most `largest`; else 0.
int chooseWinograd(const wnnrt_conv2d_params &p, int largest);

} // namespace wnnx
