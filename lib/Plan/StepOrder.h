// SPDX-License-Identifier: Apache-2.0
//
// Looks for an order of the calls in which less memory is alive at once. Calls keep their order
// wherever one writes bytes that the other touches, so results are the same bits in every order.
#pragma once

#include "Sharing.h"

#include <vector>

namespace wnnx {

/// A permutation of the plan's calls, in which results may take over operands (`inPlace`). The
/// given order where nothing better is found. Deterministic, and linear in the number of calls.
std::vector<unsigned> findStepOrder(const Plan &plan, llvm::ArrayRef<CallNote> notes);

} // namespace wnnx
