// SPDX-License-Identifier: Apache-2.0
// Full tiles of conv2d_first for kernels 3 wide of stride 2.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "FirstTile.h"

static constexpr FirstFulls table = {{WNNRT_FULL(3, 2), {}, {}}};

const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_3s2 = {nullptr, &table};
