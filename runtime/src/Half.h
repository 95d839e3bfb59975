// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16 as bits, with correctly rounded (half to even) conversions, and the mapping
// from dtype to C++ types for kernels that are generic over the dtype.
#ifndef WNNRT_SRC_HALF_H
#define WNNRT_SRC_HALF_H

#include "wnnrt.h"

#include <string.h>

namespace wnnrt {

inline uint32_t bitsOf(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  return u;
}
inline float floatOf(uint32_t u) {
  float x;
  memcpy(&x, &u, 4);
  return x;
}

inline float halfToFloat(uint16_t h) {
  uint32_t sign = uint32_t(h & 0x8000u) << 16, magnitude = h & 0x7fffu;
  if (magnitude >= 0x7c00u) // inf, NaN
    return floatOf(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x400u) // normal
    return floatOf(sign | ((magnitude << 13) + 0x38000000u));
  // Subnormal: an integer multiple of 2^-24, exact in float.
  float value = static_cast<float>(magnitude) * 5.9604644775390625e-8f;
  return sign ? -value : value;
}

inline uint16_t floatToHalf(float x) {
  uint32_t u = bitsOf(x), sign = u >> 16 & 0x8000u;
  u &= 0x7fffffffu;
  if (u > 0x7f800000u)
    return static_cast<uint16_t>(sign | 0x7e00u);
  if (u >= 0x477ff000u) // rounds to 65536 or more
    return static_cast<uint16_t>(sign | 0x7c00u);
  if (u >= 0x38800000u) { // normal
    u += 0xfffu + (u >> 13 & 1u);
    return static_cast<uint16_t>(sign | (u - 0x38000000u) >> 13);
  }
  if (u < 0x33000000u) // below half of the smallest subnormal
    return static_cast<uint16_t>(sign);
  uint32_t exponent = u >> 23, mantissa = (u & 0x7fffffu) | 0x800000u;
  uint32_t shift = 126u - exponent; // 14..24
  uint32_t rounded = mantissa >> shift, rest = mantissa & ((1u << shift) - 1u);
  uint32_t half = 1u << (shift - 1u);
  rounded += rest > half || (rest == half && (rounded & 1u));
  return static_cast<uint16_t>(sign | rounded);
}

inline float bfloatToFloat(uint16_t b) {
  return floatOf(uint32_t(b) << 16);
}

inline uint16_t floatToBfloat(float x) {
  uint32_t u = bitsOf(x);
  if ((u & 0x7fffffffu) > 0x7f800000u)
    return static_cast<uint16_t>(u >> 16 | 0x40u);
  return static_cast<uint16_t>((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}

struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};
struct Bool {
  uint8_t byte;
};

/// How a stored element is computed with: Compute is the arithmetic type.
template <class T> struct Element {
  using Compute = T;
  static Compute load(T v) { return v; }
  static T store(Compute v) { return v; }
};
template <> struct Element<F16> {
  using Compute = float;
  static float load(F16 v) { return halfToFloat(v.bits); }
  static F16 store(float v) { return {floatToHalf(v)}; }
};
template <> struct Element<BF16> {
  using Compute = float;
  static float load(BF16 v) { return bfloatToFloat(v.bits); }
  static BF16 store(float v) { return {floatToBfloat(v)}; }
};
template <> struct Element<Bool> {
  using Compute = bool;
  static bool load(Bool v) { return v.byte != 0; }
  static Bool store(bool v) { return {v}; }
};

template <class T> struct TypeTag {
  using Type = T;
};

/// Calls f(TypeTag<T>{}) for the C++ type of `dtype`; WNNRT_UNSUPPORTED for no such dtype.
template <class F> inline wnnrt_status dispatchDtype(int32_t dtype, F &&f) {
  switch (dtype) {
  case WNNRT_F32:
    return f(TypeTag<float>{});
  case WNNRT_F16:
    return f(TypeTag<F16>{});
  case WNNRT_BF16:
    return f(TypeTag<BF16>{});
  case WNNRT_F64:
    return f(TypeTag<double>{});
  case WNNRT_I8:
    return f(TypeTag<int8_t>{});
  case WNNRT_U8:
    return f(TypeTag<uint8_t>{});
  case WNNRT_I16:
    return f(TypeTag<int16_t>{});
  case WNNRT_I32:
    return f(TypeTag<int32_t>{});
  case WNNRT_I64:
    return f(TypeTag<int64_t>{});
  case WNNRT_BOOL:
    return f(TypeTag<Bool>{});
  default:
    return WNNRT_UNSUPPORTED;
  }
}

/// The same by element size, for kernels that only move elements.
template <class F> inline wnnrt_status dispatchBytes(int32_t bytes, F &&f) {
  switch (bytes) {
  case 1:
    return f(TypeTag<uint8_t>{});
  case 2:
    return f(TypeTag<uint16_t>{});
  case 4:
    return f(TypeTag<uint32_t>{});
  case 8:
    return f(TypeTag<uint64_t>{});
  default:
    return WNNRT_INVALID_ARGUMENT;
  }
}

} // namespace wnnrt
#endif // WNNRT_SRC_HALF_H
