// SPDX-License-Identifier: Apache-2.0
// Row functions of the ops of the error function.
#include "ActLoop.h"

WNNRT_ACT_PART(acts_erf, WNNRT_ACTS_ERF)
