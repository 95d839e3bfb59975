// SPDX-License-Identifier: Apache-2.0
// Row functions of the ops that need no exponential.
#include "ActLoop.h"

WNNRT_ACT_PART(acts_simple, WNNRT_ACTS_SIMPLE)
