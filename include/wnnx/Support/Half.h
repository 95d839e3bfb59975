// SPDX-License-Identifier: Apache-2.0
//
// IEEE binary16 and bfloat16 as bit patterns; conversions round to nearest, ties to even.
#pragma once

#include <bit>
#include <cstdint>

namespace wnnx {

float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value);
/// From double in one rounding, which a detour over float would not give.
uint16_t doubleToHalf(double value);

inline float bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}
uint16_t floatToBfloat(float value);

} // namespace wnnx
