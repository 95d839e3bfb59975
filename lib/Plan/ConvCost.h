// SPDX-License-Identifier: Apache-2.0
//
// A cost model of convolutions, from which the kernel of a layer is chosen. Figures are of one core
// and deterministic: the same model gives the same code everywhere.
#pragma once

#include "wnnrt.h"

namespace wnnx {

double directConvUs(const wnnrt_conv2d_params &p);
/// For tiles of 2x2 or 4x4 outputs.
double winogradConvUs(const wnnrt_conv2d_params &p, int tile);
/// 2 or 4 where Winograd's algorithm can be used and wins, with tiles of at most `largest`; else 0.
int chooseWinograd(const wnnrt_conv2d_params &p, int largest);

} // namespace wnnx
