// SPDX-License-Identifier: Apache-2.0
// Shared by the kernel tests: buffers with canaries on both sides, deterministic random values,
// c16 conversion that poisons padding lanes with NaN, and the list of ISAs this host can run.
#ifndef WNNRT_TEST_KERNELTEST_H
#define WNNRT_TEST_KERNELTEST_H

#include "wnnrt_pack.h"

#include <gtest/gtest.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace wnnrt_test {

/// n elements at 64-byte alignment plus `skew` elements, with canary bytes before and after.
template <class T> class Guarded {
  static constexpr size_t guard = 128;
  std::vector<unsigned char> bytes;
  size_t offset, length;

  /// Under AddressSanitizer reading the guards is an error too.
  void poison(bool on) const {
#if defined(__SANITIZE_ADDRESS__)
    size_t end = offset + length * sizeof(T);
    if (on) {
      __asan_poison_memory_region(bytes.data(), offset);
      __asan_poison_memory_region(bytes.data() + end, bytes.size() - end);
    } else {
      __asan_unpoison_memory_region(bytes.data(), bytes.size());
    }
#else
    (void)on;
#endif
  }

public:
  explicit Guarded(size_t n, size_t skew = 0) : bytes(n * sizeof(T) + 3 * guard, 0xA5), length(n) {
    offset = guard;
    offset += (64 - (reinterpret_cast<size_t>(bytes.data()) + offset) % 64) % 64;
    offset += skew * sizeof(T);
    poison(true);
  }
  ~Guarded() { poison(false); }
  Guarded(const Guarded &) = delete;
  Guarded(const std::vector<T> &values, size_t skew = 0) : Guarded(values.size(), skew) {
    if (!values.empty())
      std::memcpy(data(), values.data(), values.size() * sizeof(T));
  }
  T *data() { return reinterpret_cast<T *>(bytes.data() + offset); }
  T &operator[](size_t i) { return data()[i]; }
  size_t size() const { return length; }
  std::vector<T> values() { return std::vector<T>(data(), data() + length); }
  bool intact() const {
    poison(false);
    for (size_t i = 0; i < bytes.size(); ++i)
      if ((i < offset || i >= offset + length * sizeof(T)) && bytes[i] != 0xA5)
        return false;
    poison(true);
    return true;
  }
};

class Random {
  std::mt19937 engine;

public:
  explicit Random(unsigned seed) : engine(seed) {}
  float real(float lo = -1, float hi = 1) {
    return lo + (hi - lo) * static_cast<float>(engine() >> 8) / 16777216.0f;
  }
  int64_t whole(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(engine() % static_cast<uint64_t>(hi - lo + 1));
  }
  std::vector<float> reals(size_t n, float lo = -1, float hi = 1) {
    std::vector<float> v(n);
    for (float &x : v)
      x = real(lo, hi);
    return v;
  }
};

inline float nan() {
  return std::numeric_limits<float>::quiet_NaN();
}
inline float inf() {
  return std::numeric_limits<float>::infinity();
}

/// Plain [n][c][hw] to c16 with NaN in the padding lanes: whatever reads them is found out.
inline std::vector<float> toC16(const std::vector<float> &plain, int n, int c, int hw) {
  int blocks = (c + 15) / 16;
  std::vector<float> out(static_cast<size_t>(n) * blocks * hw * 16, nan());
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < c; ++j)
      for (int k = 0; k < hw; ++k)
        out[((static_cast<size_t>(i) * blocks + j / 16) * hw + k) * 16 + j % 16] =
            plain[(static_cast<size_t>(i) * c + j) * hw + k];
  return out;
}

inline std::vector<float> fromC16(const float *blocked, int n, int c, int hw) {
  int blocks = (c + 15) / 16;
  std::vector<float> out(static_cast<size_t>(n) * c * hw);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < c; ++j)
      for (int k = 0; k < hw; ++k)
        out[(static_cast<size_t>(i) * c + j) * hw + k] =
            blocked[((static_cast<size_t>(i) * blocks + j / 16) * hw + k) * 16 + j % 16];
  return out;
}

/// In either layout.
inline std::vector<float> toLayout(int layout, const std::vector<float> &plain, int n, int c,
                                   int hw) {
  return layout == WNNRT_LAYOUT_C16 ? toC16(plain, n, c, hw) : plain;
}
inline std::vector<float> fromLayout(int layout, const float *data, int n, int c, int hw) {
  if (layout == WNNRT_LAYOUT_C16)
    return fromC16(data, n, c, hw);
  return std::vector<float>(data, data + static_cast<size_t>(n) * c * hw);
}

inline std::vector<float> packBias(const std::vector<float> &bias) {
  std::vector<float> out(wnnrt_pack_bias_floats(static_cast<int64_t>(bias.size())));
  wnnrt_pack_bias(static_cast<int64_t>(bias.size()), bias.data(), out.data());
  return out;
}

/// Every test of a row runs once per ISA that the host supports.
class KernelTest : public testing::TestWithParam<int> {
protected:
  wnnrt_context ctx;
  void SetUp() override {
    wnnrt_context_init(&ctx);
    ctx.kernels = wnnrt_kernels_for(static_cast<wnnrt_isa>(GetParam()));
    ctx.features = 0; // the ISA alone; MatrixUnitTest has the others
    if (!ctx.kernels)
      GTEST_SKIP() << "not built, or this CPU cannot run it";
  }
};

#define WNNRT_FOR_EACH_ISA(suite)                                                                  \
  INSTANTIATE_TEST_SUITE_P(Isa, suite, testing::Range(0, int(WNNRT_ISA_COUNT)),                    \
                           [](const testing::TestParamInfo<int> &i) {                              \
                             return wnnrt_isa_name(static_cast<wnnrt_isa>(i.param));               \
                           })

/// The largest |value - expected| / allowed over all elements, and where it is. NaN must meet NaN,
/// and infinities must be equal.
struct Comparison {
  double worst = 0;
  size_t at = 0;
  double got = 0, expected = 0;

  void add(size_t i, double g, double e, double allowed) {
    double ratio;
    if (std::isnan(e) || std::isnan(g))
      ratio = std::isnan(e) && std::isnan(g) ? 0 : 1e30;
    else if (std::isinf(e) || std::isinf(g))
      ratio = e == g ? 0 : 1e30;
    else
      ratio = std::fabs(g - e) / allowed;
    if (ratio > worst)
      worst = ratio, at = i, got = g, expected = e;
  }
  testing::AssertionResult result() const {
    if (worst <= 1)
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << "element " << at << " is " << got << ", expected "
                                       << expected << ", " << worst << " times the tolerance";
  }
};

inline testing::AssertionResult near(const std::vector<float> &got,
                                     const std::vector<double> &expected, double relative,
                                     double absolute) {
  if (got.size() != expected.size())
    return testing::AssertionFailure() << got.size() << " elements, not " << expected.size();
  Comparison c;
  for (size_t i = 0; i < got.size(); ++i)
    c.add(i, double(got[i]), expected[i], absolute + relative * std::fabs(expected[i]));
  return c.result();
}

/// The exact activation, for checking fused ones.
inline double exactAct(const wnnrt_act &act, double x) {
  double a = double(act.a), b = double(act.b);
  switch (act.op) {
  case WNNRT_RELU:
    return x < 0 ? 0 : x;
  case WNNRT_CLAMP:
    return x < a ? a : x > b ? b : x;
  case WNNRT_LEAKY_RELU:
    return x > 0 ? x : a * x;
  case WNNRT_SILU:
    return x / (1 + std::exp(-x));
  case WNNRT_HARDSWISH:
    return x * std::fmin(std::fmax(x + 3, 0), 6) / 6;
  case WNNRT_GELU:
    return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  case WNNRT_ELU:
    return x > 0 ? x : a * std::expm1(x);
  default:
    return x;
  }
}

} // namespace wnnrt_test
#endif // WNNRT_TEST_KERNELTEST_H
