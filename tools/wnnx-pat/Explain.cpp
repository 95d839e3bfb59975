// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat explain: why rules fire or do not fire on a model.
#include "wnnx/RuleTools/Explain.h"
#include "Model.h"

#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int explain(const Args &args) {
  ModelOptions model;
  pat::ExplainOptions o;
  bool json = false;
  uint64_t missedBy = 0, top = 3;
  CommandLine line("wnnx-pat explain", "[options] MODEL --rules FILE", describeCommand("explain"));
  line.argument(model.path);
  model.addTo(line);
  line.value("rule", "NAME", o.rule, "Only this rule, and where it fired");
  line.value("node", "NAME", o.node, "Only attempts that begin at this value");
  line.integer("missed-by", "N", missedBy, "Only attempts that fail by at most N conditions");
  line.integer("top", "N", top, "How many attempts to show of each rule (3)");
  line.flag("json", json, "Machine-readable");
  if (int code = parseArgs(line, args); code >= 0)
    return code;
  if (model.path.empty() || model.rules.empty())
    return usage("`explain` needs a model and `--rules FILE`");
  o.missedBy = unsigned(std::min<uint64_t>(missedBy, 8));
  o.top = size_t(top);
  Diagnostics diags;
  FailureOr<LoadedModel> loaded = model.load(diags);
  if (failed(loaded))
    return finish(diags, failure());
  o.rewrite = loaded->rewrite;
  FailureOr<pat::Explanation> e = explainRules(*loaded->graph, *loaded->rules, o, diags);
  if (failed(e))
    return finish(diags, failure());
  llvm::outs() << (json ? renderJson(*e) : renderText(*e, o));
  return finish(diags, success());
}

} // namespace wnnx::cmd
