// SPDX-License-Identifier: Apache-2.0
// Tiles of conv2d_first for any kernel, for rows that are too short for a full tile, and for those
// that add a residual.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "FirstTile.h"

#define WNNRT_PART(N, P) firstTile<(P <= partPixels ? P : 1), N, 0, 0>
#define WNNRT_PARTS_OF(N)                                                                          \
  {WNNRT_PART(N, 1), WNNRT_PART(N, 2), WNNRT_PART(N, 3), WNNRT_PART(N, 4),                         \
   WNNRT_PART(N, 5), WNNRT_PART(N, 6), WNNRT_PART(N, 7), WNNRT_PART(N, 8)}
static constexpr FirstParts table = {{
    WNNRT_PARTS_OF(1),
#if defined(__AVX512F__)
    WNNRT_PARTS_OF(2),
#endif
}};

const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_any = {nullptr, &table};
