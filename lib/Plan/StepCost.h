// SPDX-License-Identifier: Apache-2.0
//
// Which steps are shared out to threads: how long each takes on one core, roughly, and what it
// costs to fetch from the other core what the step before left there. Deterministic.
#pragma once

#include "wnnx/Plan/Plan.h"

namespace wnnx {

/// Sets `alone` of all steps for the shortest run on two cores.
void chooseAlone(Plan &plan);

} // namespace wnnx
