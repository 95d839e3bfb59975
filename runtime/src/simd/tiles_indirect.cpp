// SPDX-License-Identifier: Apache-2.0
// Tiles that read through a table of pixel pointers.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "TileForms.h"

static constexpr TileTable table = WNNRT_TILE_TABLE(Indirect);

const wnnrt_part wnnrt::WNNRT_SIMD_NS::tiles_indirect = {nullptr, &table};
