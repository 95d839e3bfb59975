// SPDX-License-Identifier: Apache-2.0
//
// How long a step takes on one core, roughly: what decides whether its work is shared out to
// threads. Deterministic.
#pragma once

#include "wnnx/Plan/Plan.h"

namespace wnnx {

double stepUs(const KernelCall &c);
/// False where handing work to another core and waiting for it costs about what it saves.
bool worthSharing(const KernelCall &c);

} // namespace wnnx
