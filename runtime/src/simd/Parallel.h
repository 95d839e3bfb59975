// SPDX-License-Identifier: Apache-2.0
// Splits independent work over the context's threads.
#ifndef WNNRT_SRC_SIMD_PARALLEL_H
#define WNNRT_SRC_SIMD_PARALLEL_H

#include "Simd.h"

namespace {

/// Calls f(begin, end) on ranges that cover [0, items), one per thread: a step that splits as the
/// one before it did finds in each core's caches what that core wrote.
template <class F>
WNNRT_INLINE void splitWork(const wnnrt_context *ctx, int64_t items, const F &f) {
  if (!ctx->parallel_for || ctx->num_threads <= 1 || items <= 1) {
    f(int64_t(0), items);
    return;
  }
  struct Work {
    const F *f;
    int64_t items, tasks;
  } work = {&f, items, minOf(items, ctx->num_threads)};
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

/// The same for work bound by memory, of which an item touches `floats` numbers: not shared
/// where there is too little to be worth handing to another thread.
template <class F>
WNNRT_INLINE void splitLight(const wnnrt_context *ctx, int64_t items, int64_t floats, const F &f) {
  int64_t smallest = maxOf(1, 4096 / maxOf(1, floats));
  if (items < 2 * smallest)
    f(int64_t(0), items);
  else
    splitWork(ctx, items, f);
}

} // namespace
#endif // WNNRT_SRC_SIMD_PARALLEL_H
