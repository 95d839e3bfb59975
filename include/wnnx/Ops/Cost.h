// SPDX-License-Identifier: Apache-2.0
//
// What nodes cost: multiply-adds, and bytes read and written once each.
#pragma once

#include "wnnx/IR/Graph.h"

namespace wnnx {

struct Cost {
  int64_t macs = 0;        // multiply-adds of convolutions and products; 0 for others
  int64_t weightBytes = 0; // constant operands
  int64_t dataBytes = 0;   // other operands and results; 0 for views
};
Cost nodeCost(const Node &n);
Cost graphCost(const Graph &g);

} // namespace wnnx
