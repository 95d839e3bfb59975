// SPDX-License-Identifier: Apache-2.0
// Tiles of pixels any distance apart.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "TileForms.h"

static constexpr TileTable table = WNNRT_TILE_TABLE(Strided);

const wnnrt_part wnnrt::WNNRT_SIMD_NS::tiles_strided = {nullptr, &table};
