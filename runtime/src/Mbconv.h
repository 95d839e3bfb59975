// SPDX-License-Identifier: Apache-2.0
// How mbconv_c16 is cut into strips of output rows, and its parts as convolutions. Declarations
// only, so that ISA files can include this without getting a symbol of their own.
#ifndef WNNRT_SRC_MBCONV_H
#define WNNRT_SRC_MBCONV_H

#include "wnnrt.h"

namespace wnnrt {

/// Most threads that a block uses: each needs a part of the scratch.
constexpr int64_t mbconvLanes = 4;

struct MbconvStrips {
  int64_t rows;       // output rows at once
  int64_t ringRows;   // expanded rows kept
  int64_t ringFloats; // of one lane; 0 without expansion
  int64_t laneFloats; // with the rows of the depthwise convolution
};
MbconvStrips mbconvStrips(const wnnrt_mbconv_params *p, bool expand, bool project);

/// The three convolutions, with dense batches.
wnnrt_conv2d_params mbconvExpand(const wnnrt_mbconv_params *p);
wnnrt_conv2d_params mbconvDepthwise(const wnnrt_mbconv_params *p);
wnnrt_conv2d_params mbconvProject(const wnnrt_mbconv_params *p);

/// The documented ranges.
bool validMbconv(const wnnrt_mbconv_params *p, bool expand, bool project, bool residual);

} // namespace wnnrt
#endif // WNNRT_SRC_MBCONV_H
