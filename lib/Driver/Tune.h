// SPDX-License-Identifier: Apache-2.0
//
// Tuning: measures which kernel is fastest for each layer of a network, within the network.
#pragma once

#include "wnnx/Plan/Plan.h"
#include "wnnx/Plan/Tuning.h"

#include "llvm/Support/raw_ostream.h"

namespace wnnx {

LogicalResult readTuning(const std::string &file, TuningTable &table, Diagnostics &diags);

/// Builds the network once with each variant, runs these programs in turn, and compares the times
/// of the steps: so weights are as cold as they are in use. `table` gets an entry for each layer
/// that has several variants; entries for other layers stay.
LogicalResult tuneModel(const Graph &graph, const PlanOptions &options, TuningTable &table,
                        llvm::raw_ostream &log, Diagnostics &diags);

} // namespace wnnx
