// SPDX-License-Identifier: Apache-2.0
// The choice among the vector forms that the program has.
#include "ActRows.h"

namespace {
// Weak references must not be folded, hence a table.
const wnnrt_part *const parts[] = {
    &wnnrt::WNNRT_SIMD_NS::acts_simple, &wnnrt::WNNRT_SIMD_NS::acts_exp,
    &wnnrt::WNNRT_SIMD_NS::acts_tanh, &wnnrt::WNNRT_SIMD_NS::acts_erf};
} // namespace

wnnrt::ActRow wnnrt::WNNRT_SIMD_NS::actRowFor(int32_t op) {
  for (const wnnrt_part *part : parts)
    if (part)
      if (ActRow row = part->actRow(op))
        return row;
  return nullptr;
}
