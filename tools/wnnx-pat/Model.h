// SPDX-License-Identifier: Apache-2.0
//
// What commands that look at a model have in common: options, and reading model and rules.
#pragma once

#include "Commands.h"
#include "wnnx/Driver/ModelFile.h"
#include "wnnx/Driver/Tool.h"
#include "wnnx/Pattern/Rules.h"

namespace wnnx::cmd {

struct LoadedModel {
  std::unique_ptr<Graph> graph; // after the passes, before the rules
  std::optional<pat::RuleSet> rules;
  pat::RewriteOptions rewrite;
};

struct ModelOptions {
  std::string path;
  std::vector<std::string> rules, inputs, allow, interface;
  std::string schedule;
  bool raw = false;

  /// Options for inputs, rules and passes.
  void addTo(CommandLine &line);
  FailureOr<LoadedModel> load(Diagnostics &diags);
};

/// Reads a command's own arguments.
int parseArgs(CommandLine &line, const Args &args);

} // namespace wnnx::cmd
