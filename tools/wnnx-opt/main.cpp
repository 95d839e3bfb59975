// SPDX-License-Identifier: Apache-2.0
//
// wnnx-opt: rules and passes on a model, text out. For tests and bug reports.
#include "wnnx/Driver/ModelFile.h"
#include "wnnx/Driver/Pipeline.h"
#include "wnnx/Driver/RuleOptions.h"
#include "wnnx/Driver/Tool.h"
#include "wnnx/Pattern/Plugins.h"
#include "wnnx/Transforms/Passes.h"

using namespace wnnx;

namespace {
struct Options {
  std::string model = "-", output = "-";
  std::vector<std::string> inputs;
  PipelineOptions pipeline;
  bool verifyOnly = false, listPasses = false;
};
} // namespace

static LogicalResult run(Options &o, Diagnostics &diags) {
  LoadOptions load;
  if (parseInputSpecs(o.inputs, load.inputs, diags).failed())
    return failure();
  FailureOr<LoadedRules> rules = loadPipelineRules(o.pipeline, diags);
  if (failed(rules))
    return failure();
  std::unique_ptr<Graph> graph = loadModel(o.model, load, diags);
  if (!graph)
    return failure();
  if (o.verifyOnly)
    return success();
  if (runPipeline(*graph, o.pipeline, *rules, diags).failed())
    return failure();
  if (o.output == "-") {
    printText(*graph, llvm::outs(), o.pipeline.locations);
    return success();
  }
  Outputs outputs(diags);
  if (writeModelFile(*graph, o.output, outputs, diags).failed())
    return failure();
  return outputs.commit();
}

int main(int argc, char **argv) {
  Options o;
  CommandLine line("wnnx-opt", "[options] [model]",
                   "Applies rules and passes to a model (.wnnxt, .wnnx or .pt; text from standard "
                   "input\nwhen it is `-` or left out) and prints it as text.");
  line.argument(o.model);
  line.value("o", "FILE", o.output, "Write to FILE (.wnnxt or .wnnx) instead of standard output");
  line.list("input", "NAME:TYPE", o.inputs,
            "Type of an input, such as x:f32[1,3,224,224]; for .pt models; may be repeated");
  std::vector<std::string> plugins;
  line.list("plugin", "FILE", plugins,
            "Load a plugin, whose functions rules declare with `extern fn`; may be repeated");
  addRuleOptions(line, o.pipeline);
  line.names(
      "passes", "A,B,...", o.pipeline.passes,
      "Passes to run, in order; `rules` stands for the rules (which run first when it is not "
      "named), `simplify` for canonicalize, fold, cse and dce until nothing changes");
  line.names("print-after", "PASS", o.pipeline.printAfter,
             "Print the graph to standard error after PASS, or after each with `all`");
  line.flag("print-locations", o.pipeline.locations, "Print where each node came from");
  line.flag("verify-each", o.pipeline.verifyEach, "Verify the graph after each pass");
  addRuleCheckOptions(line, o.pipeline.ruleChecks);
  line.flag("verify-only", o.verifyOnly, "Read and verify; print nothing");
  line.flag("list-passes", o.listPasses, "List the passes and what they do");
  addMonitorOptions(line, o.pipeline.monitor);
  if (int code = line.parse(argc, argv); code >= 0)
    return code;
  Diagnostics pluginDiags;
  if (!pat::loadPlugins(plugins, pluginDiags)) {
    llvm::errs() << pluginDiags.render();
    return exitcode::failed;
  }
  if (o.listPasses) {
    for (const PassInfo &p : allPasses())
      llvm::outs() << p.name << ": " << p.doc << "\n";
    return exitcode::ok;
  }
  o.pipeline.log = &llvm::errs();
  Diagnostics diags;
  LogicalResult result = run(o, diags);
  return finish(diags, result);
}
