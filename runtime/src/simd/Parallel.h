// SPDX-License-Identifier: Apache-2.0
// Splits independent work over the context's threads.
#ifndef WNNRT_SRC_SIMD_PARALLEL_H
#define WNNRT_SRC_SIMD_PARALLEL_H

#include "Simd.h"

namespace {

/// Whether threads share out the pixels of a step, in rows from top to bottom, or its channels. All
/// kernels of c16 tensors decide by this, since what another core wrote arrives at 5 GB/s: steps
/// that follow each other have to be cut alike. By pixels neighbours exchange a row or two, but
/// each thread reads all weights, hence not where these are more than the step's other numbers; and
/// where an image is small, layers have so many channels that cutting these is right.
WNNRT_INLINE bool sharePixels(int64_t pixels, int64_t weights = 0, int64_t floats = 0) {
  return pixels >= 128 && weights <= floats;
}

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

/// The same for pixels, of which a thread gets at least `least`.
template <class F>
WNNRT_INLINE void splitPixels(const wnnrt_context *ctx, int64_t pixels, int64_t least, const F &f) {
  int64_t threads = ctx->parallel_for ? maxOf(1, ctx->num_threads) : 1;
  if (pixels >= threads * least)
    return splitWork(ctx, pixels, f);
  splitWork(ctx, (pixels + least - 1) / least,
            [&](int64_t begin, int64_t end) { f(begin * least, minOf(pixels, end * least)); });
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

/// Calls f(plane, row) for all rows of all planes of 16 channels, of which a row touches `floats`
/// numbers, shared out by rows or planes as above.
template <class F>
WNNRT_INLINE void splitRows(const wnnrt_context *ctx, int64_t planes, int64_t rows, int64_t columns,
                            int64_t floats, const F &f) {
  if (sharePixels(rows * columns))
    splitLight(ctx, rows, floats * planes, [&](int64_t begin, int64_t end) {
      for (int64_t plane = 0; plane < planes; ++plane)
        for (int64_t row = begin; row < end; ++row)
          f(plane, row);
    });
  else
    splitLight(ctx, planes * rows, floats, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        f(i / rows, i % rows);
    });
}

} // namespace
#endif // WNNRT_SRC_SIMD_PARALLEL_H
