// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat bisect: which application of a rule makes the results wrong.
#include "wnnx/RuleTools/Bisect.h"
#include "Model.h"
#include "wnnx/Driver/Compare.h"
#include "wnnx/Driver/TensorFile.h"
#include "wnnx/Eval/Interpreter.h"

#include "fmt/format.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

namespace {

/// Reads "NAME=FILE.npy" arrays for the named ports; the name may be left out where there is one.
LogicalResult readArrays(const std::vector<std::string> &texts,
                         const std::vector<std::string> &names, std::string_view option,
                         std::vector<Tensor> &out, Diagnostics &diags) {
  bool ok = true;
  for (const std::string &text : texts) {
    auto [name, path] = llvm::StringRef(text).split('=');
    if (path.empty())
      std::swap(name, path);
    size_t at = names.size();
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name || (name.empty() && names.size() == 1))
        at = i;
    }
    if (at == names.size()) {
      std::vector<std::string_view> known(names.begin(), names.end());
      diags.error(std::string(option), "bad-name",
                  name.empty() ? std::string("several are possible: write NAME=FILE.npy")
                               : fmt::format("the model has no `{}`{}", name.str(),
                                             didYouMean(name.str(), known)));
      ok = false;
      continue;
    }
    FailureOr<Tensor> t = readTensorFile(path.str(), diags);
    if (failed(t))
      ok = false;
    else
      out[at] = *t;
  }
  return success(ok);
}

LogicalResult run(ModelOptions &model, const std::vector<std::string> &arrays,
                  const std::vector<std::string> &expects, double tolerance, uint64_t seed,
                  bool &found, Diagnostics &diags) {
  FailureOr<LoadedModel> loaded = model.load(diags);
  if (failed(loaded))
    return failure();
  const Graph &g = *loaded->graph;
  std::vector<std::string> inputNames, outputNames;
  for (const auto &in : g.inputs())
    inputNames.push_back(in->name());
  for (const GraphOutput &o : g.outputs())
    outputNames.push_back(o.name);
  std::vector<Tensor> inputs(inputNames.size()), wanted(outputNames.size());
  bool ok = readArrays(arrays, inputNames, "--array", inputs, diags).succeeded();
  ok &= readArrays(expects, outputNames, "--expect", wanted, diags).succeeded();
  for (size_t i = 0; ok && i < inputs.size(); ++i) {
    const TensorType &type = g.input(unsigned(i))->type();
    if (!inputs[i])
      inputs[i] = randomTensor(type, seed);
    if (inputs[i].type() != type) {
      diags.error("--array", "bad-array",
                  fmt::format("`{}` is {}; the model takes {}", inputNames[i],
                              inputs[i].type().str(), type.str()));
      ok = false;
    }
  }
  for (size_t i = 0; ok && i < wanted.size(); ++i) {
    const TensorType &type = g.outputs()[i].value->type();
    if (wanted[i] && wanted[i].shape() != type.shape) {
      diags.error("--expect", "bad-expect",
                  fmt::format("`{}` is {}; the model gives {}", outputNames[i],
                              wanted[i].type().str(), type.str()));
      ok = false;
    }
  }
  if (!ok)
    return failure();
  if (expects.empty()) {
    FailureOr<std::vector<Tensor>> plain = interpret(g, inputs, diags);
    if (failed(plain))
      return failure();
    wanted = std::move(*plain);
  }
  auto good = [&](const Graph &after) {
    Diagnostics scratch;
    FailureOr<std::vector<Tensor>> results = interpret(after, inputs, scratch);
    if (failed(results) || results->size() != wanted.size())
      return false;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i] && ((*results)[i].shape() != wanted[i].shape() ||
                        !(compareTensors((*results)[i], wanted[i]).relative() <= tolerance)))
        return false;
    }
    return true;
  };
  FailureOr<pat::BisectResult> r = bisectRules(g, *loaded->rules, loaded->rewrite, good, diags);
  if (failed(r))
    return failure();
  if (!r->guilty) {
    llvm::outs() << fmt::format("results are right with all {} applications\n", r->applications);
    return success();
  }
  found = true;
  const pat::AppliedRule &a = r->application;
  llvm::outs() << fmt::format(
      "application {} of {} makes the results wrong: {} ({}) at {}{}\nit matched\n", r->guilty,
      r->applications, a.rule->name, a.rule->place(), a.anchor,
      a.location.empty() ? "" : ", " + a.location);
  llvm::SmallVector<llvm::StringRef, 8> lines;
  llvm::StringRef(r->before).rtrim().split(lines, '\n');
  for (llvm::StringRef l : lines)
    llvm::outs() << "  " << l << "\n";
  llvm::outs() << "and made\n";
  for (const std::string &n : a.added)
    llvm::outs() << "  " << n << "\n";
  llvm::outs() << fmt::format("found in {} runs; `--rule-limit={}` is the last that is right\n",
                              r->runs, r->guilty - 1);
  return success();
}

} // namespace

int bisect(const Args &args) {
  ModelOptions model;
  std::vector<std::string> arrays, expects;
  double tolerance = 1e-4;
  uint64_t seed = 0;
  CommandLine line("wnnx-pat bisect", "[options] MODEL --rules FILE", describeCommand("bisect"));
  line.argument(model.path);
  model.addTo(line);
  line.list("array", "NAME=FILE.npy", arrays, "An input; random where none is given");
  line.list("expect", "NAME=FILE.npy", expects,
            "What an output should be; without any, what the model gives without rules");
  line.number("tolerance", "X", tolerance,
              "Largest difference allowed, relative to the largest value expected (1e-4)");
  line.integer("seed", "N", seed, "Seed of random inputs (0)");
  if (int code = parseArgs(line, args); code >= 0)
    return code;
  if (model.path.empty() || model.rules.empty())
    return usage("`bisect` needs a model and `--rules FILE`");
  Diagnostics diags;
  bool found = false;
  LogicalResult result = run(model, arrays, expects, tolerance, seed, found, diags);
  int code = finish(diags, result);
  return found ? exitcode::failed : code;
}

} // namespace wnnx::cmd
