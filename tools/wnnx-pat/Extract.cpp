// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat extract: a rule from a part of a model.
#include "wnnx/RuleTools/Extract.h"
#include "Model.h"
#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/OutputFile.h"

#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int extract(const Args &args) {
  ModelOptions model;
  pat::ExtractOptions o;
  std::string output = "-";
  CommandLine line("wnnx-pat extract", "[options] MODEL --nodes A..B", describeCommand("extract"));
  line.argument(model.path);
  line.value("nodes", "A..B|A,B,C", o.nodes,
             "All nodes on the ways from value A to value B, or these");
  line.value("name", "NAME", o.rule, "Name of the rule (extracted)");
  line.flag("capture", o.capture, "Names for attributes, instead of their values");
  line.value("o", "FILE", output, "Write to FILE instead of standard output");
  line.list("input", "NAME:TYPE", model.inputs,
            "Type of an input, such as x:f32[1,3,224,224]; for .pt models; may be repeated");
  line.flag("raw", model.raw,
            "Take the model as it is, without the passes `shape` and `simplify` that the compiler "
            "runs before rules");
  if (int code = parseArgs(line, args); code >= 0)
    return code;
  if (model.path.empty() || o.nodes.empty())
    return usage("`extract` needs a model and `--nodes`");
  Diagnostics diags;
  FailureOr<LoadedModel> loaded = model.load(diags);
  if (failed(loaded))
    return finish(diags, failure());
  FailureOr<std::string> text = pat::extractRule(*loaded->graph, o, diags);
  if (failed(text))
    return finish(diags, failure());
  if (output == "-")
    llvm::outs() << *text;
  else if (llvm::Error e = writeWholeFile(output, *text))
    diags.error(output, "cannot-write", "cannot write: " + errorText(std::move(e)));
  return finish(diags, success());
}

} // namespace wnnx::cmd
