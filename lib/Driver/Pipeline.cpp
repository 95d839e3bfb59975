// SPDX-License-Identifier: Apache-2.0
//
// Passes and rules in order.
#include "wnnx/Driver/Pipeline.h"

#include "wnnx/Driver/ModelFile.h"
#include "wnnx/Driver/TensorFile.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Program.h"
#include "wnnx/Transforms/Passes.h"
#include "wnnx/Verify/LoadCheck.h"
#include "wnnx/Verify/Validate.h"

#include <algorithm>

namespace wnnx {

static bool contains(llvm::ArrayRef<std::string> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::vector<std::string> defaultPasses() {
  return {"shape", "simplify", "rules", "simplify"};
}

LogicalResult checkPassNames(llvm::ArrayRef<std::string> names, std::string_view option,
                             Diagnostics &diags) {
  std::vector<std::string_view> known{"rules", "simplify"};
  for (const PassInfo &p : allPasses())
    known.push_back(p.name);
  bool ok = true;
  for (const std::string &name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end() ||
        (option == "--print-after" && name == "all"))
      continue;
    std::string list;
    for (std::string_view k : known)
      list += (list.empty() ? "" : ", ") + std::string(k);
    diags
        .error(std::string(option), "unknown-pass",
               "there is no pass `" + name + "`" + didYouMean(name, known))
        .hint("passes: " + list);
    ok = false;
  }
  return success(ok);
}

FailureOr<LoadedRules> loadPipelineRules(const PipelineOptions &options, Diagnostics &diags) {
  LoadedRules loaded;
  if (!options.rules.empty()) {
    FailureOr<pat::RuleSet> rules = pat::loadRules(options.rules, diags);
    if (failed(rules))
      return failure();
    loaded.rules = *rules;
  }
  std::vector<std::string_view> names;
  if (loaded.rules)
    names = loaded.rules->ruleNames();
  FailureOr<pat::EqPolicy> policy = pat::parseEqPolicy(options.allow, names, "--allow", diags);
  if (failed(policy))
    return failure();
  loaded.policy = *policy;
  if (loaded.rules && !options.ruleChecks.skipVerify) {
    verify::LoadCheckOptions check;
    check.cache = verify::defaultVerdictCache();
    auto mayRun = [&](const pat::Rule &r) { return loaded.policy.allows(r.eqClass, r.name); };
    if (failed(verify::checkLoadedRules(*loaded.rules, check, mayRun, diags)))
      return failure();
  }
  bool ok = true;
  if (loaded.rules) {
    loaded.interface = loaded.rules->interfaceEdits();
    if (!loaded.interface.empty() && !loaded.policy.interface) {
      diags
          .error(loaded.interface[0].range, "interface",
                 "the rules change the model's inputs or outputs, which must be asked for")
          .hint("give `--allow=interface`");
      ok = false;
    }
  }
  for (const std::string &text : options.interface) {
    unsigned before = diags.errorCount();
    const SourceFile &file = diags.addFile("--interface", text);
    std::vector<pat::InterfaceEdit> edits =
        pat::parseInterface(file, 0, uint32_t(text.size()), diags);
    ok &= diags.errorCount() == before;
    loaded.interface.insert(loaded.interface.end(), edits.begin(), edits.end());
  }
  if (!ok)
    return failure();
  if (loaded.rules)
    loaded.text = loaded.rules->program().text;
  return loaded;
}

/// The rules that did not fire: how many and why, for those who wonder, each in a line of its own.
static std::string describeUnused(const pat::RewriteReport &report, bool each) {
  std::string out;
  size_t unused = 0, tried = 0;
  for (const pat::RuleStats &r : report.rules) {
    if (r.fired)
      continue;
    ++unused;
    tried += r.tried > 0;
    if (!each && !r.rejected && !r.overBudget)
      continue;
    out += "did not fire: " + r.rule + " (" + r.place + "): tried at " + std::to_string(r.tried) +
           (r.tried == 1 ? " node" : " nodes");
    if (r.rejected)
      out += ", matched but was dropped " + std::to_string(r.rejected) + " times";
    if (r.overBudget)
      out += ", gave up " + std::to_string(r.overBudget) + " times";
    out += "\n";
  }
  if (!each && unused)
    out += std::to_string(unused) + (unused == 1 ? " rule" : " rules") + " did not fire, " +
           std::to_string(tried) +
           " of them tried; --rule-report=all lists them, `wnnx-pat explain` says why\n";
  return out;
}

static LogicalResult runRules(Graph &graph, const PipelineOptions &options,
                              const LoadedRules &rules, pat::RewriteOptions &rewrite,
                              pat::RuleMonitor *monitor, Diagnostics &diags) {
  rewrite.listener = monitor;
  if (monitor)
    rewrite.ruleLimit = options.monitor.ruleLimit - monitor->applications().size();
  rewrite.allow = rules.policy;
  rewrite.verifyEach = options.verifyEach;
  rewrite.schedule = options.schedule;
  verify::RewriteValidator validator(diags);
  unsigned errorsBefore = diags.errorCount();
  if (options.ruleChecks.validateRewrites)
    validator.attach(rewrite);
  pat::RewriteReport report;
  LogicalResult result = applyRules(graph, *rules.rules, rewrite, report, diags);
  rewrite.beforeCommit = nullptr;
  if (diags.errorCount() != errorsBefore)
    result = failure();
  if (failed(result) && report.applications == 0)
    return result; // nothing was done that a table could tell of
  if (options.log && options.ruleChecks.validateRewrites)
    *options.log << "validated " << validator.checked << " rewrites"
                 << (validator.skipped
                         ? "; " + std::to_string(validator.skipped) + " of class relaxed not"
                         : std::string())
                 << "\n";
  if (options.log && options.report != PipelineOptions::None)
    *options.log << summarize(report);
  if (options.log && options.report >= PipelineOptions::Full)
    *options.log << describeUnused(report, options.report == PipelineOptions::All);
  return result;
}

LogicalResult editInterface(Graph &graph, const PipelineOptions &options, LoadedRules &rules,
                            Diagnostics &diags) {
  if (rules.interface.empty())
    return success();
  pat::InterfaceResult edited;
  auto load = [&](const std::string &path) { return readTensorFile(path, diags); };
  if (failed(pat::applyInterface(graph, rules.interface, load, edited, diags)))
    return failure();
  rules.interface.clear();
  rules.ranges = std::move(edited.ranges);
  if (options.log && options.report != PipelineOptions::None) {
    for (const std::string &note : edited.notes)
      *options.log << "interface: " << note << "\n";
  }
  return success();
}

LogicalResult runPipeline(Graph &graph, const PipelineOptions &options, const LoadedRules &loaded,
                          Diagnostics &diags) {
  if (checkPassNames(options.passes, "--passes", diags).failed() ||
      checkPassNames(options.printAfter, "--print-after", diags).failed())
    return failure();
  std::vector<std::string> passes = options.passes;
  if (loaded.rules && !contains(passes, "rules"))
    passes.insert(passes.begin(), "rules");

  // The interface first: everything else may rely on it.
  LoadedRules rules = loaded;
  if (failed(editInterface(graph, options, rules, diags)))
    return failure();

  PassOptions passOptions;
  passOptions.verify |= options.verifyEach;
  auto after = [&](std::string_view pass, const Graph &g) {
    if (options.log &&
        (contains(options.printAfter, pass) || contains(options.printAfter, "all"))) {
      *options.log << "// after " << pass << "\n";
      printText(g, *options.log, options.locations);
    }
  };
  passOptions.afterPass = [&](std::string_view pass, const Graph &g, bool) { after(pass, g); };
  std::optional<pat::RuleMonitor> monitor;
  pat::RewriteOptions rewrite;
  rewrite.inputRanges = rules.ranges;
  std::unique_ptr<Graph> behindRules;
  if (options.monitor.watches()) {
    if (!rules.rules)
      return diags.error("options", "no-rules", "options that watch rules need `--rules`");
    monitor.emplace(*rules.rules, options.monitor, options.log);
    if (monitor->check(diags).failed())
      return failure();
  }
  for (const std::string &name : passes) {
    LogicalResult result = success();
    if (name == "rules" && rules.rules) {
      result = runRules(graph, options, rules, rewrite, monitor ? &*monitor : nullptr, diags);
      if (monitor && result.succeeded())
        behindRules = graph.clone();
    } else if (name == "rules")
      result = success();
    else if (name == "simplify")
      result = simplify(graph, passOptions, diags);
    else
      result = runPasses(graph, {name}, passOptions, diags);
    if (result.failed())
      return failure();
    graph.nameAll();
    if (name == "simplify" || (name == "rules" && rules.rules))
      after(name, graph);
  }
  graph.nameAll();
  if (monitor)
    return monitor->finish(behindRules ? *behindRules : graph, rewrite, diags);
  return success();
}

} // namespace wnnx
