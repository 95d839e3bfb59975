// SPDX-License-Identifier: Apache-2.0
// Splits independent work over the context's threads.
#ifndef WNNRT_SRC_SIMD_PARALLEL_H
#define WNNRT_SRC_SIMD_PARALLEL_H

#include "Simd.h"

namespace {

/// Calls f(begin, end) on ranges that cover [0, items): a few per thread, so that one that the OS
/// takes off its core holds up little, or one in all. `smallest` items are worth a range.
template <class F>
WNNRT_INLINE void splitWork(const wnnrt_context *ctx, int64_t items, const F &f,
                            int64_t smallest = 1) {
  if (!ctx->parallel_for || ctx->num_threads <= 1 || items <= 1) {
    f(int64_t(0), items);
    return;
  }
  struct Work {
    const F *f;
    int64_t items, tasks;
  } work = {&f, items,
            maxOf(minOf(items, ctx->num_threads),
                  minOf(items / smallest, 4 * int64_t(ctx->num_threads)))};
  ctx->parallel_for(
      ctx->user, static_cast<int32_t>(work.tasks),
      [](void *arg, int32_t i) {
        auto *w = static_cast<const Work *>(arg);
        int64_t begin = w->items * i / w->tasks, end = w->items * (i + 1) / w->tasks;
        if (begin < end)
          (*w->f)(begin, end);
      },
      &work);
}

} // namespace
#endif // WNNRT_SRC_SIMD_PARALLEL_H
