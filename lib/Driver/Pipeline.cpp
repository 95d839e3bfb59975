// SPDX-License-Identifier: Apache-2.0
//
// Passes and rules in order.
#include "wnnx/Driver/Pipeline.h"

#include "wnnx/Driver/ModelFile.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Transforms/Passes.h"

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

LogicalResult runPipeline(Graph &graph, const PipelineOptions &options, Diagnostics &diags) {
  if (checkPassNames(options.passes, "--passes", diags).failed() ||
      checkPassNames(options.printAfter, "--print-after", diags).failed())
    return failure();
  std::vector<std::string> passes = options.passes;
  if (!options.rules.empty() && !contains(passes, "rules"))
    passes.insert(passes.begin(), "rules");

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
  for (const std::string &name : passes) {
    if (name == "rules") {
      if (options.rules.empty())
        continue;
      diags.error("--rules", "not-yet", "rules cannot be applied yet");
      return failure();
    } else if (name == "simplify") {
      if (simplify(graph, passOptions, diags).failed())
        return failure();
      after(name, graph);
    } else if (runPasses(graph, {name}, passOptions, diags).failed()) {
      return failure();
    }
  }
  graph.nameAll();
  return success();
}

} // namespace wnnx
