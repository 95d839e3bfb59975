// SPDX-License-Identifier: Apache-2.0
// Tiles of 5x5 depthwise kernels of strides 1 and 2.
#include "DepthwiseTiles.h"

static constexpr wnnrt::WNNRT_SIMD_NS::RowTileTable table = {
    {WNNRT_ROW_TILES_INSIDE(5, 1), WNNRT_ROW_TILES(5, 2)}};

const wnnrt_part wnnrt::WNNRT_SIMD_NS::depthwise_5 = {nullptr, &table};
