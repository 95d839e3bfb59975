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
             "without it exact,real,order. `interface` allows interface blocks of rule files");
  line.list(
      "interface", "EDITS", interface,
      "Edit inputs and outputs first, as in `drop output aux; assume input x in [0, 255]`; may "
      "be repeated");
  line.value("schedule", "NAME", schedule,
             "Run the rule sets as this schedule of the rules says; without it `default`, if there "
             "is one");
  line.flag("raw", raw,
            "Take the model as it is, without the passes `shape` and `simplify` that the compiler "
            "runs before rules");
}

FailureOr<LoadedModel> ModelOptions::load(Diagnostics &diags) {
  LoadedModel m;
  LoadOptions options;
  if (parseInputSpecs(inputs, options.inputs, diags).failed())
    return failure();
  PipelineOptions pipeline;
  pipeline.rules = rules;
  pipeline.allow = allow;
  pipeline.interface = interface;
  pipeline.ruleChecks.skipVerify = true;
  FailureOr<LoadedRules> loaded = loadPipelineRules(pipeline, diags);
  if (failed(loaded))
    return failure();
  m.graph = loadModel(path, options, diags);
  if (!m.graph || failed(editInterface(*m.graph, pipeline, *loaded, diags)))
    return failure();
  m.rules = loaded->rules;
  m.rewrite.allow = loaded->policy;
  m.rewrite.inputRanges = loaded->ranges;
  m.rewrite.schedule = schedule;
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
