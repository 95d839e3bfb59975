// SPDX-License-Identifier: Apache-2.0
//
// A graph as text that is the same for graphs that differ in names, in the order of nodes, in
// unused nodes and in how often one constant or one op is written down.
#pragma once

#include "wnnx/IR/Graph.h"

#include <string>

namespace wnnx::verify {

std::string canonicalText(const Graph &g);

} // namespace wnnx::verify
