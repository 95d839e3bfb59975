// SPDX-License-Identifier: Apache-2.0
// The context that a compiled network of the peer bench runs with: best kernels, and the runtime's
// thread pool where there are several threads. Linked into net.so and called through ctypes.
#include "wnnrt_threads.h"

#include <memory>

namespace {
struct Threaded {
  wnnrt_context context;
  std::unique_ptr<wnnrt::ThreadPool> pool;
};
} // namespace

/// Lives until the process ends.
extern "C" const wnnrt_context *bench_context(int threads, int matrix_unit) {
  auto *t = new Threaded;
  wnnrt_context_init(&t->context);
  if (!matrix_unit)
    t->context.features &= ~uint32_t(WNNRT_FEATURE_MATRIX_UNIT);
  if (threads > 1) {
    t->pool = std::make_unique<wnnrt::ThreadPool>(threads);
    t->pool->attach(t->context);
  }
  return &t->context;
}
