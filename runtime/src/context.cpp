// SPDX-License-Identifier: Apache-2.0
// Context, floating-point mode, versions, and size helpers.
#include "Kernels.h"
#include "Ranges.h"

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

using namespace wnnrt;

void wnnrt_context_init(wnnrt_context *ctx) {
  ctx->kernels = nullptr;
  ctx->parallel_for = nullptr;
  ctx->user = nullptr;
  ctx->num_threads = 1;
  ctx->features = wnnrt_cpu_features();
}

uint32_t wnnrt_abi_version(void) {
  return WNNRT_ABI;
}
uint64_t wnnrt_abi_hash(void) {
  return wnnrt::abiHash();
}

uint64_t wnnrt_fp_enter(void) {
#if defined(__x86_64__) || defined(__i386__)
  unsigned old = _mm_getcsr();
  _mm_setcsr(old | 0x8040u); // FTZ, DAZ
  return old;
#elif defined(__aarch64__)
  uint64_t old;
  __asm__ volatile("mrs %0, fpcr" : "=r"(old));
  __asm__ volatile("msr fpcr, %0" : : "r"(old | uint64_t(1) << 24)); // FZ
  return old;
#else
  return 0;
#endif
}

void wnnrt_fp_leave(uint64_t state) {
#if defined(__x86_64__) || defined(__i386__)
  _mm_setcsr(static_cast<unsigned>(state));
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(state));
#else
  (void)state;
#endif
}

size_t wnnrt_dtype_bytes(wnnrt_dtype dtype) {
  switch (dtype) {
  case WNNRT_F64:
  case WNNRT_I64:
    return 8;
  case WNNRT_F32:
  case WNNRT_I32:
    return 4;
  case WNNRT_F16:
  case WNNRT_BF16:
  case WNNRT_I16:
    return 2;
  default:
    return 1;
  }
}

size_t wnnrt_c16_bytes(int64_t n, int64_t c, int64_t h, int64_t w) {
  return static_cast<size_t>(n * blocks16(c) * h * w * 16) * sizeof(float);
}

void wnnrt::splitRanges(const wnnrt_context *ctx, int64_t items,
                        void (*fn)(const void *f, int64_t begin, int64_t end), const void *f) {
  struct Work {
    decltype(fn) call;
    const void *f;
    int64_t items, tasks;
  } work = {fn, f, items, items < ctx->num_threads ? items : ctx->num_threads};
  if (!ctx->parallel_for || work.tasks <= 1)
    return fn(f, 0, items);
  ctx->parallel_for(
      ctx->user, static_cast<int32_t>(work.tasks),
      [](void *arg, int32_t i) {
        auto *w = static_cast<const Work *>(arg);
        int64_t begin = w->items * i / w->tasks, end = w->items * (i + 1) / w->tasks;
        if (begin < end)
          w->call(w->f, begin, end);
      },
      &work);
}
