// SPDX-License-Identifier: Apache-2.0
//
// Reading of models and rules for the commands.
#include "Model.h"

#include "wnnx/Driver/Pipeline.h"
#include "wnnx/Transforms/Passes.h"

namespace wnnx::cmd {

void ModelOptions::addTo(CommandLine &line) {
  line.list("rules", "FILE", rules, "Rule file; may be repeated");
  line.list("input", "NAME:TYPE", inputs,
            "Type of an input, such as x:f32[1,3,224,224]; for .pt models; may be repeated");
  line.names("allow", "CLASSES", allow,
             "Which rules may run: exact, real, approx, order, relaxed, all, or names of rules; "
             "without it exact,real,order");
  line.flag("raw", raw,
            "Take the model as it is, without the passes `shape` and `simplify` that the compiler "
            "runs before rules");
}

FailureOr<LoadedModel> ModelOptions::load(Diagnostics &diags) {
  LoadedModel m;
  LoadOptions options;
  bool ok = parseInputSpecs(inputs, options.inputs, diags).succeeded();
  if (!rules.empty()) {
    FailureOr<pat::RuleSet> loaded = pat::loadRules(rules, diags);
    if (failed(loaded))
      ok = false;
    else
      m.rules = *loaded;
  }
  std::vector<std::string_view> names;
  if (m.rules)
    names = m.rules->ruleNames();
  if (!ok)
    return failure();
  FailureOr<pat::EqPolicy> policy = pat::parseEqPolicy(allow, names, "--allow", diags);
  if (failed(policy))
    return failure();
  m.rewrite.allow = *policy;
  m.graph = loadModel(path, options, diags);
  if (!m.graph)
    return failure();
  if (!raw) {
    if (runPasses(*m.graph, {"shape"}, {}, diags).failed() ||
        simplify(*m.graph, {}, diags).failed())
      return failure();
    m.graph->nameAll();
  }
  return m;
}

int parseArgs(CommandLine &line, const Args &args) {
  std::vector<std::string> copy(args);
  std::vector<char *> argv{nullptr};
  for (std::string &a : copy)
    argv.push_back(a.data());
  return line.parse(int(argv.size()), argv.data());
}

} // namespace wnnx::cmd
