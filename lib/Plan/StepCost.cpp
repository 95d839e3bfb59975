// SPDX-License-Identifier: Apache-2.0
//
// A step takes the longer of its arithmetic and its memory traffic.
#include "StepCost.h"

#include <algorithm>

namespace wnnx {

// Of a core with AVX-512. Narrower vectors make steps longer and sharing them more worthwhile,
// never less.
static double macsPerUs(wnnrt_kernel_id k) {
  switch (k) {
  case WNNRT_K_conv2d_winograd4_c16:
    return 130e3; // counted as direct
  case WNNRT_K_conv2d_winograd2_c16:
    return 100e3;
  case WNNRT_K_conv2d_matrix_c16:
    return 200e3;
  case WNNRT_K_depthwise_c16:
    return 20e3;
  case WNNRT_K_conv2d_first:
    return 35e3;
  case WNNRT_K_conv2d_plain:
  case WNNRT_K_conv_transpose2d_plain:
    return 2e3;
  default:
    return 65e3;
  }
}

double stepUs(const KernelCall &c) {
  constexpr double bytesPerUs = 16e3; // between the second cache and memory
  return std::max(double(c.macs) / macsPerUs(c.kernel), double(c.bytes) / bytesPerUs);
}

bool worthSharing(const KernelCall &c) {
  return stepUs(c) >= 12;
}

} // namespace wnnx
