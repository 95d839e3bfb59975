// SPDX-License-Identifier: Apache-2.0
//
// Conversions between half, bfloat16 and float, by bits, so that they do not depend on the host.
#include "wnnx/Support/Half.h"

#include <cmath>

namespace wnnx {

float halfToFloat(uint16_t h) {
  uint32_t sign = uint32_t(h & 0x8000u) << 16;
  uint32_t exponent = (h >> 10) & 0x1Fu, mantissa = h & 0x3FFu;
  if (exponent == 0x1F)
    return std::bit_cast<float>(sign | 0x7F800000u | (mantissa << 13));
  if (exponent == 0) {
    float magnitude = std::ldexp(float(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t doubleToHalf(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double a = std::fabs(value);
  if (std::isnan(value))
    return uint16_t(sign | 0x7E00);
  if (a == 0)
    return sign;
  if (a >= 65520.0) // halfway between the largest half and the next step
    return uint16_t(sign | 0x7C00);
  int exponent = 0;
  std::frexp(a, &exponent); // a = m * 2^exponent, m in [0.5, 1)
  int e = exponent - 1 < -14 ? -14 : exponent - 1;
  // In units of the last place; nearbyint rounds ties to even in the default mode.
  uint32_t units = uint32_t(std::nearbyint(std::ldexp(a, 10 - e)));
  // Normal numbers have units in [1024, 2048]; a carry to 2048 moves into the exponent by itself.
  return uint16_t(sign + (uint32_t(e + 14) << 10) + units);
}

uint16_t floatToHalf(float value) {
  return doubleToHalf(value);
}

uint16_t floatToBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return uint16_t((bits >> 16) | 0x0040);
  return uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

} // namespace wnnx
