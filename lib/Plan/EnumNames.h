// SPDX-License-Identifier: Apache-2.0
//
// Names of the runtime's enumerators, as generated code writes them.
#pragma once

#include "wnnx/Plan/Kernel.h"

namespace wnnx {

Enumerator unaryName(int32_t value);
Enumerator binaryName(int32_t value);
Enumerator reduceName(int32_t value);
Enumerator dtypeEnumName(int32_t value);
Enumerator layoutName(int32_t value);
Enumerator padModeName(int32_t value);
Enumerator upsampleModeName(int32_t value);
Enumerator gridModeName(int32_t value);
Enumerator gridPaddingName(int32_t value);
Enumerator maskKindName(int32_t value);

} // namespace wnnx
