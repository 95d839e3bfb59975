// SPDX-License-Identifier: Apache-2.0
//
// A cost model of convolutions, from which the kernel of a layer is chosen. Figures are of one core
// and deterministic: the same model gives the same code everywhere.
#pragma once

#include "wnnx/Plan/Plan.h"

#include "wnnrt.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace wnnx {

double directConvUs(const wnnrt_conv2d_params &p);
/// For tiles of 2x2 or 4x4 outputs.
double winogradConvUs(const wnnrt_conv2d_params &p, int tile);
/// On a CPU with a matrix unit; infinite where conv2d_matrix_c16 does not use it.
double matrixConvUs(const wnnrt_conv2d_params &p);

/// A kernel that can compute a convolution.
struct ConvVariant {
  const char *name; // as in tuning files
  wnnrt_kernel_id kernel;
  int winograd = 0; // the size of its tile
};
/// What can compute the layer with tiles of at most `largest`: the direct kernel, then others.
llvm::SmallVector<ConvVariant, 4> convVariants(const wnnrt_conv2d_params &p, int largest,
                                               MatrixUnit unit);
/// The layer as tuning files name it: "conv2d 1x64x56x56 to 64x56x56, kernel 3x3, stride 1x1".
std::string convLayerName(const wnnrt_conv2d_params &p);

/// The one that is expected to be fastest, of convVariants.
ConvVariant chooseVariant(const wnnrt_conv2d_params &p, int largest, MatrixUnit unit);

} // namespace wnnx
