// SPDX-License-Identifier: Apache-2.0
//
// The options by which one gives rules and watches them, the same for all tools that apply them.
#pragma once

#include "wnnx/Driver/Pipeline.h"
#include "wnnx/Driver/Tool.h"

namespace wnnx {

/// Which rules run, in what order, on which interface, and what is said of them.
void addRuleOptions(CommandLine &line, PipelineOptions &to);

void addMonitorOptions(CommandLine &line, pat::MonitorOptions &to);

} // namespace wnnx
