// SPDX-License-Identifier: Apache-2.0
// Rows that do not run in tiles with every tap unrolled: of other kernels, of images wider than
// those are made for, with other paddings, or dilated.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "DepthwiseRows.h"

static constexpr wnnrt::WNNRT_SIMD_NS::RowTable table = {
    {{rowInside<3, 1>, rowInside<3, 2>}, {rowInside<5, 1>, rowInside<5, 2>}}, rowInside<0, 1>};

const wnnrt_part wnnrt::WNNRT_SIMD_NS::depthwise_rows = {nullptr, &table};
