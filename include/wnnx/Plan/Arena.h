// SPDX-License-Identifier: Apache-2.0
//
// Offsets for blocks of memory with known life spans: no two blocks that live at the same time
// overlap, and the total is small.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace wnnx {

/// Alive in steps first..last, both included.
struct ArenaBlock {
  int64_t bytes = 0;
  int first = 0, last = 0;
};

struct ArenaLayout {
  std::vector<int64_t> offsets; // of each block
  int64_t bytes = 0;            // of the whole arena, a multiple of the alignment
  int64_t lowerBound = 0;       // the largest sum of (aligned) live bytes in any step
};

/// Tries several orders of placing and keeps the best. Deterministic.
ArenaLayout planArena(llvm::ArrayRef<ArenaBlock> blocks, int64_t alignment = 64);

/// True when no two blocks that are alive together overlap, all are aligned, and all lie inside.
bool arenaIsValid(llvm::ArrayRef<ArenaBlock> blocks, const ArenaLayout &layout,
                  int64_t alignment = 64);

} // namespace wnnx
