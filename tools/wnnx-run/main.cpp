// SPDX-License-Identifier: Apache-2.0
//
// wnnx-run: runs a model, compares its results, times it.
#include "wnnx/Driver/RuleOptions.h"
#include "wnnx/Driver/Run.h"
#include "wnnx/Driver/Tool.h"

using namespace wnnx;

int main(int argc, char **argv) {
  RunJobOptions o;
  CommandLine line(
      "wnnx-run", "[options] model",
      "Runs a model (.pt, .wnnx or .wnnxt) on NumPy arrays, or on random ones when none "
      "are given.\nEvery NAME= may be left out where there is only one. Prints the "
      "outputs unless told otherwise;\nexits with 1 when a comparison is beyond its "
      "tolerance.");
  line.argument(o.model);
  line.list("input", "NAME=FILE.npy", o.inputs, "An input; may be repeated");
  line.list("output", "NAME=FILE.npy", o.outputs, "Write an output; may be repeated");
  line.list("shape", "NAME:TYPE", o.shapes,
            "Type of an input of a .pt file, such as x:f32[1,3,224,224], where no array is given; "
            "--input takes it too");
  line.choice("engine", {"interp", "compiled"}, o.engine,
              "The reference interpreter (the default), or C++ that is generated, built with $CXX "
              "and loaded");
  addRuleOptions(line, o.pipeline);
  line.names("passes", "A,B,...", o.pipeline.passes,
             "Passes to run first; with rules or the compiled engine, "
             "shape,simplify,rules,simplify when not given");
  line.flag("compare", o.compare,
            "Compare the outputs with the arrays of --expect, or without any with the interpreter "
            "on the model as it was read, without rules and passes");
  line.list("expect", "NAME=FILE.npy", o.expects, "What an output should be; may be repeated");
  line.number("tolerance", "X", o.tolerance,
              "Largest difference allowed, relative to the largest value expected (1e-4)");
  line.flag("time", o.time, "Time the runs, after one that is not timed");
  line.integer("runs", "N", o.runs, "How many runs to time (20)");
  line.integer("seed", "N", o.seed, "Seed of random inputs (0)");
  line.value("keep", "FOLDER", o.keep, "Keep the generated files of the compiled engine in FOLDER");
  line.flag("verify-each", o.pipeline.verifyEach, "Verify the graph after each pass and rewrite");
  addRuleCheckOptions(line, o.pipeline.ruleChecks);
  addMonitorOptions(line, o.pipeline.monitor);
  if (int code = line.parse(argc, argv); code >= 0)
    return code;
  if (o.model.empty())
    return line.usage("no model is given");
  if (o.time && (o.runs == 0 || o.runs > 1000000))
    return line.usage("`--runs` is between 1 and 1000000");
  o.pipeline.log = &llvm::errs();
  Diagnostics diags;
  LogicalResult result = runModel(o, llvm::outs(), diags);
  return finish(diags, result);
}
