// SPDX-License-Identifier: Apache-2.0
//
// Passes over graphs, by name. The table is `Passes.def`.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

#include <functional>

namespace wnnx {

struct PassOptions {
  /// Verify the graph after each pass.
#ifdef NDEBUG
  bool verify = false;
#else
  bool verify = true;
#endif
  /// Folding does not make the model's constants grow by more bytes than this in all...
  int64_t foldGrowthLimit = int64_t(16) << 20;
  /// ...nor evaluate nodes whose operands and results have more bytes than this together.
  int64_t foldNodeLimit = int64_t(1) << 30;
  /// ...nor take more steps than about this: the evaluators are slow.
  int64_t foldWorkLimit = int64_t(1) << 32;
  /// Called after each pass (and its verification).
  std::function<void(std::string_view pass, const Graph &g, bool changed)> afterPass;
};

/// Changes the graph and says whether it did.
using PassFunction = FailureOr<bool>(Graph &g, const PassOptions &options, Diagnostics &diags);

#define WNNX_PASS(name, function, doc) PassFunction function;
#include "wnnx/Transforms/Passes.def"

struct PassInfo {
  std::string_view name;
  PassFunction *run;
  std::string_view doc;
};
llvm::ArrayRef<PassInfo> allPasses();
const PassInfo *lookupPass(std::string_view name);

/// Runs passes in order; stops at the first that fails. Unknown names are reported before any pass
/// runs. `changed`, when given, says whether any pass changed the graph.
LogicalResult runPasses(Graph &g, llvm::ArrayRef<std::string> names, const PassOptions &options,
                        Diagnostics &diags, bool *changed = nullptr);

/// Repeats canonicalize, fold, cse and dce until nothing changes.
LogicalResult simplify(Graph &g, const PassOptions &options, Diagnostics &diags);

/// "shape,fold" as names.
std::vector<std::string> splitPassNames(std::string_view list);

} // namespace wnnx
