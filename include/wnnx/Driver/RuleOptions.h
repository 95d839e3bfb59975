// SPDX-License-Identifier: Apache-2.0
//
// The options by which one watches rules, the same for all tools that apply them.
#pragma once

#include "wnnx/Driver/Tool.h"
#include "wnnx/RuleTools/Monitor.h"

namespace wnnx {

void addMonitorOptions(CommandLine &line, pat::MonitorOptions &to);

} // namespace wnnx
