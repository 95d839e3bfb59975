// SPDX-License-Identifier: Apache-2.0
//
// What evaluator files share.
#pragma once

#include "wnnx/Ops/Evaluate.h"
#include "wnnx/Ops/Scalar.h"

/// Each evaluator is a template defined in its family's file; this makes the instance that
/// `evaluateNode` links to. Another scalar is added here, for all ops at once.
#define WNNX_INSTANTIATE_EVAL(Name)                                                                \
  template void eval##Name<double>(const EvalContext<double> &);                                   \
  template void eval##Name<Field>(const EvalContext<Field> &)
