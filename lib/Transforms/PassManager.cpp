// SPDX-License-Identifier: Apache-2.0
//
// The table of passes as data, and running them by name.
#include "wnnx/Ops/Infer.h"
#include "wnnx/Transforms/Passes.h"

#include <fmt/format.h>

#include <algorithm>

namespace wnnx {

llvm::ArrayRef<PassInfo> allPasses() {
  static const PassInfo table[] = {
#define WNNX_PASS(name, function, doc) {name, function, doc},
#include "wnnx/Transforms/Passes.def"
  };
  return table;
}

const PassInfo *lookupPass(std::string_view name) {
  for (const PassInfo &pass : allPasses()) {
    if (pass.name == name)
      return &pass;
  }
  return nullptr;
}

static FailureOr<bool> runPass(const PassInfo &pass, Graph &g, const PassOptions &options,
                               Diagnostics &diags) {
  FailureOr<bool> changed = pass.run(g, options, diags);
  if (failed(changed))
    return failure();
  if (options.verify && failed(verifyGraph(g, diags)))
    return diags.error(fmt::format("pass `{}`", pass.name), "pass-verify",
                       "left the graph in the wrong state described above");
  if (options.afterPass)
    options.afterPass(pass.name, g, *changed);
  return changed;
}

LogicalResult runPasses(Graph &g, llvm::ArrayRef<std::string> names, const PassOptions &options,
                        Diagnostics &diags, bool *changed) {
  std::vector<const PassInfo *> passes;
  std::vector<std::string_view> known;
  for (const PassInfo &pass : allPasses())
    known.push_back(pass.name);
  for (const std::string &name : names) {
    passes.push_back(lookupPass(name));
    if (!passes.back())
      diags.error("pass list", "pass-unknown",
                  fmt::format("there is no pass `{}`{}", name, didYouMean(name, known)));
  }
  if (llvm::is_contained(passes, nullptr))
    return failure();
  if (changed)
    *changed = false;
  for (const PassInfo *pass : passes) {
    FailureOr<bool> did = runPass(*pass, g, options, diags);
    if (failed(did))
      return failure();
    if (changed)
      *changed |= *did;
  }
  return success();
}

static int64_t constantBytes(const Graph &g) {
  int64_t bytes = 0;
  for (const Node *n : nodesOf(g))
    bytes += n->kind() == OpKind::Constant ? n->result()->type().bytes() : 0;
  return bytes;
}

LogicalResult simplify(Graph &g, const PassOptions &given, Diagnostics &diags) {
  PassOptions options = given;
  int64_t before = constantBytes(g);
  // Each round that changes the graph removes a node or replaces one by a constant; the limit is
  // for passes that should disagree with each other.
  bool changed = true;
  for (int round = 0; changed && round < 16; ++round) {
    if (failed(runPasses(g, {"canonicalize", "fold", "cse", "dce"}, options, diags, &changed)))
      return failure();
    // The limit is for all rounds together.
    int64_t grown = std::max<int64_t>(constantBytes(g) - before, 0);
    options.foldGrowthLimit = std::max<int64_t>(given.foldGrowthLimit - grown, 0);
  }
  return success();
}

std::vector<std::string> splitPassNames(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    size_t comma = std::min(list.find(','), list.size());
    if (comma)
      names.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

} // namespace wnnx
