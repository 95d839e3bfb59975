// SPDX-License-Identifier: Apache-2.0
// Row functions of the ops of a hyperbolic tangent, or like it.
#include "ActLoop.h"

WNNRT_ACT_PART(acts_tanh, WNNRT_ACTS_TANH)
