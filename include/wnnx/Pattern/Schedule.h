// SPDX-License-Identifier: Apache-2.0
//
// In which order rule sets run, and how often: what a schedule of the rule files says, or else the
// order of `after`.
#pragma once

#include "wnnx/Pattern/Program.h"

namespace wnnx::pat {

/// The terms to run for `RewriteOptions::schedule`. A named schedule runs what it names and nothing
/// else. Without a name it is the schedule `default`, if the files declare one: rule sets that it
/// does not name run to a fixpoint in front of the first set in it that comes after them, or else
/// at the end. Without either, all rule sets in the order of `after`, each to a fixpoint. Where
/// several files declare a schedule of one name, the last one counts, which is that of the
/// importing file.
FailureOr<std::vector<ast::SchedTerm>> planSchedule(const Program &program, const std::string &name,
                                                    Diagnostics &diags);

} // namespace wnnx::pat
