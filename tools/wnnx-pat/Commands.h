// SPDX-License-Identifier: Apache-2.0
//
// The commands of wnnx-pat. Each stands in a file of its own and has a row in `Commands.def`, from
// which `--help` and the dispatch are made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wnnx::pat {
class RuleSet;
} // namespace wnnx::pat

namespace wnnx::cmd {

using Args = std::vector<std::string>;

/// A command's function gets what stands behind its name and returns the exit status: 0 when all is
/// well, 1 when something is wrong, 2 for a wrong command line.
#define WNNX_COMMAND(name, arguments, summary) int name(const Args &args);
#include "Commands.def"

/// The command's summary in `Commands.def`.
std::string_view describeCommand(std::string_view name);
/// Complains about the command line; returns 2.
int usage(const std::string &message);
/// For commands without options: complains about the first argument that looks like one.
bool unknownOption(const Args &args);
/// For `--rule=NAME`: complains when there is no such rule.
bool unknownRule(const pat::RuleSet &rules, const std::string &name);

} // namespace wnnx::cmd
