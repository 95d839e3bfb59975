// SPDX-License-Identifier: Apache-2.0
// Splits independent work over the context's threads.
#ifndef WNNRT_SRC_SIMD_PARALLEL_H
#define WNNRT_SRC_SIMD_PARALLEL_H

#include "../Ranges.h"
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
  wnnrt::splitRanges(
      ctx, items,
      [](const void *g, int64_t begin, int64_t end) { (*static_cast<const F *>(g))(begin, end); },
      &f);
}

/// The same for pixels, of which a thread gets at least `least`.
template <class F>
WNNRT_INLINE void splitPixels(const wnnrt_context *ctx, int64_t pixels, int64_t least, const F &f) {
  int64_t threads = ctx->parallel_for ? maxOf(1, ctx->num_threads) : 1;
  const int64_t step = pixels >= threads * least ? 1 : least;
  splitWork(ctx, (pixels + step - 1) / step,
            [&](int64_t begin, int64_t end) { f(begin * step, minOf(pixels, end * step)); });
}

/// The same for work bound by memory, of which an item touches `floats` numbers: not shared
/// where there is too little to be worth handing to another thread.
template <class F>
WNNRT_INLINE void splitLight(const wnnrt_context *ctx, int64_t items, int64_t floats, const F &f) {
  int64_t smallest = maxOf(1, 4096 / maxOf(1, floats));
  wnnrt_context alone = *ctx;
  if (items < 2 * smallest)
    alone.num_threads = 1;
  splitWork(&alone, items, f);
}

/// Calls f(plane, row) for all rows of all planes of 16 channels, of which a row touches `floats`
/// numbers, shared out by rows or planes as above.
template <class F>
WNNRT_INLINE void splitRows(const wnnrt_context *ctx, int64_t planes, int64_t rows, int64_t columns,
                            int64_t floats, const F &f) {
  const bool byRows = sharePixels(rows * columns);
  const int64_t items = byRows ? rows : planes * rows;
  splitLight(ctx, items, byRows ? floats * planes : floats, [&](int64_t begin, int64_t end) {
    const int64_t some = end - begin;
    for (int64_t i = 0, all = byRows ? planes * some : some; i < all; ++i) {
      int64_t at = byRows ? i / some * rows + begin + i % some : begin + i;
      f(at / rows, at % rows);
    }
  });
}

} // namespace
#endif // WNNRT_SRC_SIMD_PARALLEL_H
