// SPDX-License-Identifier: Apache-2.0
//
// Dead code elimination. Inputs stay, used or not: they are part of the model's interface.
#include "wnnx/Transforms/Passes.h"

namespace wnnx {

FailureOr<bool> runDcePass(Graph &g, const PassOptions &, Diagnostics &) {
  return g.eraseDeadNodes() != 0;
}

} // namespace wnnx
