// SPDX-License-Identifier: Apache-2.0
// Tiles of 7x7 depthwise kernels of stride 1.
#include "DepthwiseTiles.h"

static constexpr wnnrt::WNNRT_SIMD_NS::RowTileTable table = {{WNNRT_ROW_TILES_INSIDE(7, 1), {}}};

const wnnrt_part wnnrt::WNNRT_SIMD_NS::depthwise_7 = {nullptr, &table};
