// SPDX-License-Identifier: Apache-2.0
// Row functions of the ops of an exponential.
#include "ActLoop.h"

WNNRT_ACT_PART(acts_exp, WNNRT_ACTS_EXP)
