// SPDX-License-Identifier: Apache-2.0
// Which ISAs this CPU and its operating system can run, found out once: cpuid is slow in virtual
// machines. What it found is the only mutable global of the library.
#include "wnnrt_rows.h"

#include <atomic>

#if WNNRT_HAVE_AVX2 || WNNRT_HAVE_AVX512
#include <cpuid.h>
#endif

namespace {

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

wnnrt_isa newest() {
#if WNNRT_HAVE_AVX512
  if (cpuHasAvx512())
    return WNNRT_ISA_AVX512;
#endif
#if WNNRT_HAVE_AVX2
  if (cpuHasAvx2())
    return WNNRT_ISA_AVX2;
#endif
  return WNNRT_HAVE_VEC128 ? WNNRT_ISA_VEC128 : WNNRT_ISA_REF;
}

uint32_t featuresFound() {
#if WNNRT_HAVE_AVX512 && defined(__linux__) && defined(__x86_64__)
  if (wnnrt_cpu_isa() == WNNRT_ISA_AVX512 && osSaves(0x60000) &&
      has(CpuId(7, 0).d, 1u << 22 | 1u << 24) && // AMX-BF16, AMX-TILE
      has(CpuId(7, 1).a, 1u << 5)) {             // AVX512-BF16
    // Linux keeps tiles from programs that do not ask: arch_prctl(ARCH_REQ_XCOMP_PERM, TILEDATA).
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(158L), "D"(0x1023L), "S"(18L)
                     : "rcx", "r11", "memory");
    if (result == 0)
      return WNNRT_FEATURE_MATRIX_UNIT;
  }
#endif
  return 0;
}

std::atomic<int> known{-1}, knownFeatures{-1};

} // namespace

wnnrt_isa wnnrt_cpu_isa(void) {
  int isa = known.load(std::memory_order_relaxed);
  if (isa < 0) {
    // Two threads may both get here; they find the same.
    isa = newest();
    known.store(isa, std::memory_order_relaxed);
  }
  return static_cast<wnnrt_isa>(isa);
}

uint32_t wnnrt_cpu_features(void) {
  int features = knownFeatures.load(std::memory_order_relaxed);
  if (features < 0) {
    features = static_cast<int>(featuresFound());
    knownFeatures.store(features, std::memory_order_relaxed);
  }
  return static_cast<uint32_t>(features);
}

const char *wnnrt_isa_name(wnnrt_isa isa) {
  static const char *const names[WNNRT_ISA_COUNT] = {"ref", "vec128", "avx2", "avx512"};
  return isa >= 0 && isa < WNNRT_ISA_COUNT ? names[isa] : "unknown";
}
