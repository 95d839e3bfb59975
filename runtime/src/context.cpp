// SPDX-License-Identifier: Apache-2.0
// Kernel tables and their choice for this CPU, context, floating-point mode, and size helpers. The
// only mutable global of the library is the pointer to the chosen table.
#include "Isa.h"
#include "Kernels.h"

#include <atomic>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#include <xmmintrin.h>
#endif

namespace wnnrt {
namespace {

constexpr wnnrt_kernels refTable = {
    "ref",
#define WNNRT_KERNEL(name, params, args) &ref::name,
#include "wnnrt_kernels.def"
};

// Each ISA is the reference table with the rows replaced that src/simd defines.
#define WNNRT_TABLE(isaName)                                                                       \
  constexpr wnnrt_kernels isaName##Rows() {                                                        \
    wnnrt_kernels table = refTable;                                                                \
    table.isa = #isaName;                                                                          \
    WNNRT_SIMD_ROWS(WNNRT_SET_ROW)                                                                 \
    return table;                                                                                  \
  }                                                                                                \
  constexpr wnnrt_kernels isaName##Table = isaName##Rows();

#if WNNRT_HAVE_VEC128
#define WNNRT_SET_ROW(row) table.row = &vec128::row;
WNNRT_TABLE(vec128)
#undef WNNRT_SET_ROW
#endif
#if WNNRT_HAVE_AVX2
#define WNNRT_SET_ROW(row) table.row = &avx2::row;
WNNRT_TABLE(avx2)
#undef WNNRT_SET_ROW
#endif
#if WNNRT_HAVE_AVX512
#define WNNRT_SET_ROW(row) table.row = &avx512::row;
WNNRT_TABLE(avx512)
#undef WNNRT_SET_ROW
#endif

#if WNNRT_HAVE_AVX2 || WNNRT_HAVE_AVX512
struct CpuId {
  unsigned a = 0, b = 0, c = 0, d = 0;
  CpuId(unsigned leaf, unsigned sub) {
    if (__get_cpuid_max(0, nullptr) >= leaf)
      __cpuid_count(leaf, sub, a, b, c, d);
  }
};

bool has(unsigned bits, unsigned wanted) {
  return (bits & wanted) == wanted;
}

/// Register state that the operating system saves.
bool osSaves(unsigned wanted) {
  if (!(CpuId(1, 0).c & 1u << 27)) // OSXSAVE
    return false;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return has(low, wanted);
}

bool cpuHasAvx2() {
  return osSaves(0x6) && has(CpuId(1, 0).c, 1u << 12 | 1u << 28 | 1u << 29) && // FMA, AVX, F16C
         has(CpuId(7, 0).b, 1u << 5);
}

bool cpuHasAvx512() {
  return cpuHasAvx2() && osSaves(0xe6) &&
         has(CpuId(7, 0).b, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31); // F, DQ, BW, VL
}
#endif

std::atomic<const wnnrt_kernels *> chosen{nullptr};

} // namespace
} // namespace wnnrt

using namespace wnnrt;

const wnnrt_kernels *wnnrt_kernels_for(wnnrt_isa isa) {
  switch (isa) {
  case WNNRT_ISA_REF:
    return &refTable;
#if WNNRT_HAVE_VEC128
  case WNNRT_ISA_VEC128:
    return &vec128Table;
#endif
#if WNNRT_HAVE_AVX2
  case WNNRT_ISA_AVX2:
    return cpuHasAvx2() ? &avx2Table : nullptr;
#endif
#if WNNRT_HAVE_AVX512
  case WNNRT_ISA_AVX512:
    return cpuHasAvx512() ? &avx512Table : nullptr;
#endif
  default:
    return nullptr;
  }
}

const wnnrt_kernels *wnnrt_kernels_best(void) {
  const wnnrt_kernels *table = chosen.load(std::memory_order_acquire);
  if (table)
    return table;
  // Two threads may both get here; they compute the same pointer.
  for (int isa = WNNRT_ISA_COUNT - 1; !table; --isa)
    table = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa));
  chosen.store(table, std::memory_order_release);
  return table;
}

const char *wnnrt_isa_name(wnnrt_isa isa) {
  static const char *const names[WNNRT_ISA_COUNT] = {"ref", "vec128", "avx2", "avx512"};
  return isa >= 0 && isa < WNNRT_ISA_COUNT ? names[isa] : "unknown";
}

void wnnrt_context_init(wnnrt_context *ctx) {
  ctx->kernels = wnnrt_kernels_best();
  ctx->parallel_for = nullptr;
  ctx->user = nullptr;
  ctx->num_threads = 1;
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
