// SPDX-License-Identifier: Apache-2.0
// Full tiles of conv2d_first for kernels 7 wide and for patches of 4.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "FirstTile.h"

static constexpr FirstFulls table = {{WNNRT_FULL(4, 4), WNNRT_FULL(7, 2), WNNRT_FULL(7, 4)}};

const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_wide = {nullptr, &table};
