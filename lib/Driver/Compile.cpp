// SPDX-License-Identifier: Apache-2.0
//
// Model in, model or C++ out.
#include "wnnx/Driver/Compile.h"

#include "Tune.h"

#include "wnnx/CodeGen/CodeGen.h"
#include "wnnx/Driver/ModelFile.h"
#include "wnnx/Ops/Infer.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

namespace wnnx {

static cg::WeightMode weightMode(std::string_view word) {
  if (word == "embed")
    return cg::WeightMode::Embed;
  if (word == "incbin")
    return cg::WeightMode::Incbin;
  return word == "file" ? cg::WeightMode::File : cg::WeightMode::Auto;
}

/// The generated files are named after the model, and refer to each other by these names.
static LogicalResult checkSourceName(const CompileJobOptions &o, Diagnostics &diags) {
  std::string stem = llvm::sys::path::stem(o.output).str();
  std::string name = cg::cleanName(o.name.empty() ? stem : o.name);
  if (name == stem)
    return success();
  return diags
      .error(o.output, "bad-output",
             o.name.empty() ? "the file's name must be a C identifier, as it is the prefix of all "
                              "symbols"
                            : "the file must be named after the model")
      .hint("`-o " + name + ".cpp`");
}

/// Instruction sets in the order of their age.
static LogicalResult isasOf(const CompileJobOptions &o, cg::CodeGenOptions &to,
                            Diagnostics &diags) {
  if (o.isas.empty())
    return success();
  std::string known;
  to.isas.clear();
  for (std::string_view name : cg::isaNames()) {
    known += (known.empty() ? "`" : ", `") + std::string(name) + "`";
    if (llvm::is_contained(o.isas, name))
      to.isas.push_back(std::string(name));
  }
  LogicalResult result = success();
  for (const std::string &name : o.isas)
    if (!llvm::is_contained(cg::isaNames(), std::string_view(name)))
      result = diags.error("--isa", "bad-isa", "no instruction set `" + name + "`")
                   .hint("there are " + known);
  return result;
}

static LogicalResult writeSource(const Graph &graph, const CompileJobOptions &o, Outputs &outputs,
                                 const std::string &rulesText, llvm::raw_ostream &log,
                                 Diagnostics &diags) {
  PlanOptions planOptions;
  planOptions.winograd = o.winograd == "off" ? 0 : o.winograd == "f2" ? 2 : 4;
  bool avx512 = o.isas.empty() || llvm::is_contained(o.isas, "avx512");
  planOptions.matrixUnit = o.matrixUnit == "off" || !avx512 ? MatrixUnit::Off
                           : o.matrixUnit == "assume"       ? MatrixUnit::Assume
                                                            : MatrixUnit::On;
  TuningTable tuning;
  if (!o.tuning.empty() && readTuning(o.tuning, tuning, diags).failed())
    return failure();
  if (!o.tune.empty()) {
    if (tuneModel(graph, planOptions, tuning, log, diags).failed())
      return failure();
    llvm::raw_ostream *os = outputs.create(o.tune);
    if (!os)
      return failure();
    *os << tuning.print();
  }
  if (!o.tuning.empty() || !o.tune.empty())
    planOptions.tuning = &tuning;
  if (o.output.empty())
    return outputs.commit();
  FailureOr<Plan> plan = makePlan(graph, planOptions, diags);
  if (failed(plan))
    return failure();
  if (!o.tuning.empty())
    for (const std::string &remark : tuningRemarks(tuning, *plan))
      diags.warning(o.tuning, "tuning", remark);
  if (o.arenaReport)
    log << printArena(*plan);
  cg::CodeGenOptions options;
  options.modelName = llvm::sys::path::stem(o.output).str();
  options.weights = weightMode(o.weights);
  options.rulesText = rulesText;
  options.profile = o.profile;
  options.matrixUnit = o.matrixUnit != "off";
  if (isasOf(o, options, diags).failed())
    return failure();
  cg::GeneratedFiles generated = cg::generate(*plan, graph, options);
  for (const cg::GeneratedFile &f : generated.files) {
    llvm::SmallString<128> path = llvm::sys::path::parent_path(o.output);
    llvm::sys::path::append(path, f.name);
    llvm::raw_ostream *os = outputs.create(std::string(path));
    if (!os)
      return failure();
    f.write(*os);
  }
  return outputs.commit();
}

LogicalResult compileModel(CompileJobOptions o, llvm::raw_ostream &log, Diagnostics &diags) {
  llvm::StringRef extension = llvm::sys::path::extension(o.output);
  bool source = extension == ".cpp";
  if (!o.output.empty() && !source && extension != ".wnnx" && extension != ".wnnxt")
    return diags.error(o.output, "bad-output", "no output of this kind")
        .hint("name it `.cpp` for C++, `.wnnx` for a model, `.wnnxt` for its text");
  if (!source && !(o.tune.empty() && o.tuning.empty()) && !(o.output.empty() && o.tuning.empty()))
    return diags.error(o.output, "bad-output", "tuning is for C++ alone")
        .hint("name the output `.cpp`");
  LoadOptions load;
  // Wrong options are all told before the work begins.
  bool good = parseInputSpecs(o.inputs, load.inputs, diags).succeeded();
  good &= !source || checkSourceName(o, diags).succeeded();
  cg::CodeGenOptions checked;
  good &= isasOf(o, checked, diags).succeeded();
  good &= checkPassNames(o.pipeline.passes, "--passes", diags).succeeded();
  FailureOr<LoadedRules> rules = loadPipelineRules(o.pipeline, diags);
  if (!good || failed(rules))
    return failure();

  std::shared_ptr<const MappedFile> mapped;
  load.mapped = &mapped;
  std::unique_ptr<Graph> graph = loadModel(o.model, load, diags);
  if (!graph)
    return failure();
  if (!o.name.empty())
    graph->name = o.name;
  // A model is copied as it is unless rules or passes are asked for.
  if (o.pipeline.passes.empty() && (source || !o.tune.empty() || !o.pipeline.rules.empty()))
    o.pipeline.passes = defaultPasses();
  if (runPipeline(*graph, o.pipeline, *rules, diags).failed() ||
      verifyGraph(*graph, diags).failed())
    return failure();
  // Rules have made new weights out of most of the file's; what is still needed is read again.
  if (mapped)
    mapped->discardPages();
  if (o.stats)
    log << nodeTable(*graph);
  if (o.output.empty() && o.tune.empty())
    return success();
  Outputs outputs(diags);
  if (source || o.output.empty())
    return writeSource(*graph, o, outputs, rules->text, log, diags);
  if (writeModelFile(*graph, o.output, outputs, diags).failed())
    return failure();
  return outputs.commit();
}

} // namespace wnnx
