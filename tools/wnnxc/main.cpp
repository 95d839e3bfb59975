// SPDX-License-Identifier: Apache-2.0
//
// wnnxc: compiles a model to C++, or converts it.
#include "wnnx/Driver/Compile.h"
#include "wnnx/Driver/RuleOptions.h"
#include "wnnx/Driver/Tool.h"
#include "wnnx/Pattern/Plugins.h"

using namespace wnnx;

int main(int argc, char **argv) {
  CompileJobOptions o;
  o.pipeline.report = PipelineOptions::Summary;
  bool quiet = false, listOps = false;
  CommandLine line("wnnxc", "[options] model -o FILE",
                   "Compiles a neural network (.pt from torch.jit.save, .wnnx, or .wnnxt) to C++ "
                   "that links\nwith libwnnrt, or converts it to .wnnx or .wnnxt. The extension of "
                   "the output says which.");
  line.argument(o.model);
  line.value("o", "FILE", o.output,
             "Output: FILE.cpp (with FILE.h and weights beside it), FILE.wnnx, or FILE.wnnxt");
  line.list("input", "NAME:TYPE", o.inputs,
            "Type of an input, such as x:f32[1,3,224,224]; NAME: may be left out where there is "
            "one input. Needed for .pt files that do not record it; may be repeated");
  std::vector<std::string> plugins;
  line.list("plugin", "FILE", plugins,
            "Load a plugin, whose functions rules declare with `extern fn`; may be repeated");
  addRuleOptions(line, o.pipeline);
  line.choice(
      "weights", {"auto", "embed", "incbin", "file"}, o.weights,
      "Where the weights of C++ go: into the source, into the object file by the assembler, "
      "or into a file to be mapped; auto embeds small ones and assembles large ones");
  line.names("isa", "A,B,...", o.isas,
             "Instruction sets whose kernels C++ holds, of vec128 (SSE2, or NEON on ARM), avx2, "
             "avx512 and ref (plain C++); all but ref without it. A CPU that can run none of them "
             "gets the status WNNRT_UNSUPPORTED");
  line.choice("winograd", {"off", "f2", "f4"}, o.winograd,
              "Largest tiles of 3x3 convolutions by Winograd's algorithm, which rounds differently "
              "(docs/performance.md): none, 2x2, or 4x4; f4 without it");
  line.choice(
      "matrix-unit", {"off", "on", "assume"}, o.matrixUnit,
      "Large matrix products and convolutions on the CPU's matrix unit (AMX), each number as "
      "the sum of two of bf16, which rounds differently (docs/performance.md): never; where "
      "CPUs without one lose nothing; or, with `assume`, wherever it is fastest on CPUs that "
      "have one, so that others run slower; on without it");
  line.value("tune", "FILE", o.tune,
             "Measure on this machine, in less than a minute, which kernel is fastest for each "
             "layer that several can compute; write the figures to FILE and use them. Needs a C++ "
             "compiler");
  line.value("tuning", "FILE", o.tuning,
             "Choose kernels by the figures in FILE, which --tune wrote; where it has no entry, by "
             "the cost model");
  line.flag("profile", o.profile,
            "Also write FILE_profile.cpp, a program that prints the time of each step");
  line.flag("arena-report", o.arenaReport,
            "Print to standard error how large the arena of C++ is, how small it could be, and "
            "which tensors decide that");
  line.value("name", "NAME", o.name,
             "Name of the model; for C++ the prefix of symbols, which is the output's name");
  line.names("passes", "A,B,...", o.pipeline.passes,
             "Passes to run, in order, instead of shape,simplify,rules,simplify (wnnx-opt "
             "--list-passes explains them); `rules` stands for the rules");
  line.names("print-after", "PASS", o.pipeline.printAfter,
             "Print the graph to standard error after PASS, or after each with `all`");
  line.flag("print-locations", o.pipeline.locations, "Print where each node came from");
  line.flag("verify-each", o.pipeline.verifyEach, "Verify the graph after each pass and rewrite");
  addRuleCheckOptions(line, o.pipeline.ruleChecks);
  line.flag("stats", o.stats, "Print multiply-adds and bytes of each node to standard error");
  line.flag("quiet", quiet, "Do not say what the rules did");
  line.flag("list-ops", listOps, "List the ops with their operands and attributes");
  addMonitorOptions(line, o.pipeline.monitor);
  if (int code = line.parse(argc, argv); code >= 0)
    return code;
  Diagnostics pluginDiags;
  if (!pat::loadPlugins(plugins, pluginDiags)) {
    llvm::errs() << pluginDiags.render();
    return exitcode::failed;
  }
  if (listOps) {
    llvm::outs() << opTable();
    return exitcode::ok;
  }
  if (o.model.empty())
    return line.usage("no model is given");
  if (o.output.empty() && o.tune.empty() && !o.stats && o.pipeline.printAfter.empty())
    return line.usage("no output is given (`-o FILE`)");
  if (quiet)
    o.pipeline.report = PipelineOptions::None;
  o.pipeline.log = &llvm::errs();
  Diagnostics diags;
  LogicalResult result = compileModel(o, llvm::errs(), diags);
  return finish(diags, result);
}
