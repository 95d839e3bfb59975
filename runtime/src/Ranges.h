// SPDX-License-Identifier: Apache-2.0
// Ranges of work for the context's threads: what all splits of simd/Parallel.h come down to.
#ifndef WNNRT_SRC_RANGES_H
#define WNNRT_SRC_RANGES_H

#include "wnnrt.h"

namespace wnnrt {

/// Calls fn(f, begin, end) on ranges that cover [0, items), one per thread.
void splitRanges(const wnnrt_context *ctx, int64_t items,
                 void (*fn)(const void *f, int64_t begin, int64_t end), const void *f);

} // namespace wnnrt
#endif // WNNRT_SRC_RANGES_H
