// SPDX-License-Identifier: Apache-2.0
//
// Running graphs and single nodes with the reference evaluators.
#include "wnnx/Eval/Interpreter.h"

#include "wnnx/Eval/RuntimeErrors.h"
#include "wnnx/Ops/Infer.h"

#include <fmt/format.h>

#include <unordered_map>

namespace wnnx {

using Ref = RefTensor<double>;

/// The node's results, rounded to their dtypes.
static std::vector<Ref> evaluate(const Node &n, llvm::ArrayRef<const Ref *> operands) {
  std::vector<Ref> results;
  for (unsigned i = 0; i < n.numResults(); ++i)
    results.emplace_back(n.result(i)->type());
  evaluateNode<double>({n, operands, results});
  for (Ref &r : results)
    roundToDType(r);
  return results;
}

std::vector<Tensor> evaluateConstants(const Node &n, llvm::ArrayRef<const Tensor *> tensors) {
  std::vector<Ref> refs;
  refs.reserve(tensors.size());
  llvm::SmallVector<const Ref *, 4> operands;
  for (const Tensor *t : tensors) {
    if (t)
      refs.push_back(toRef(*t));
    operands.push_back(t ? &refs.back() : nullptr);
  }
  std::vector<Tensor> out;
  for (const Ref &r : evaluate(n, operands))
    out.push_back(fromRef(r));
  return out;
}

namespace {

/// One run: the values that are alive, and how many uses each has left. Constants are converted
/// where they are used, so that the weights of a model are not all held as doubles.
class Run {
  const Graph &graph;
  Diagnostics &diags;
  const InterpreterOptions &options;
  std::unordered_map<const Value *, Ref> alive;
  std::unordered_map<const Value *, size_t> usesLeft;

  void define(const Value *v, Ref r) {
    if (!v->hasUses())
      return;
    usesLeft[v] = v->uses().size();
    alive[v] = std::move(r);
  }

  void release(const Value *v) {
    auto it = usesLeft.find(v);
    if (it != usesLeft.end() && --it->second == 0) {
      alive.erase(v);
      usesLeft.erase(it);
    }
  }

  LogicalResult checkSize(const Value &v, std::string where) {
    if (v.type().bytes() <= options.maxValueBytes)
      return success();
    return diags.error(std::move(where), "interpret",
                       fmt::format("{} is too large to interpret", v.type().str()));
  }

public:
  Run(const Graph &g, Diagnostics &d, const InterpreterOptions &o)
      : graph(g), diags(d), options(o) {}

  LogicalResult takeInputs(llvm::ArrayRef<Tensor> inputs) {
    if (inputs.size() != graph.inputs().size())
      return diags.error(
          "graph `" + graph.name + "`", "interpret",
          fmt::format("has {} inputs; {} were given", graph.inputs().size(), inputs.size()));
    bool ok = true;
    for (unsigned i = 0; i < inputs.size(); ++i) {
      const Value *v = graph.input(i);
      std::string where = "input `" + v->name() + "`";
      if (inputs[i].type() != v->type()) {
        diags.error(where, "interpret",
                    fmt::format("must be {}, found {}", v->type().str(), inputs[i].type().str()));
        ok = false;
      } else if (failed(checkSize(*v, where))) {
        ok = false;
      } else {
        define(v, toRef(inputs[i]));
      }
    }
    return success(ok);
  }

  LogicalResult runNode(const Node &n) {
    for (unsigned i = 0; i < n.numResults(); ++i) {
      if (failed(checkSize(*n.result(i), describe(n))))
        return failure();
    }
    if (n.kind() == OpKind::Constant) {
      if (options.onNode)
        options.onNode(n, ConstantOp(n).value());
      return success();
    }
    std::vector<Ref> constants;
    constants.reserve(n.numOperands());
    llvm::SmallVector<const Ref *, 4> operands;
    for (const Value *v : n.operands()) {
      const Tensor *constant = v ? v->constant() : nullptr;
      if (constant)
        constants.push_back(toRef(*constant));
      operands.push_back(!v ? nullptr : constant ? &constants.back() : &alive.at(v));
    }
    if (std::optional<std::string> error = findRuntimeError(n, operands))
      return diags.error(describe(n), "interpret", *error);
    std::vector<Ref> results = evaluate(n, operands);
    if (options.onNode) {
      std::vector<Tensor> tensors;
      for (const Ref &r : results)
        tensors.push_back(fromRef(r));
      options.onNode(n, tensors);
    }
    for (unsigned i = 0; i < n.numResults(); ++i)
      define(n.result(i), std::move(results[i]));
    for (const Value *v : n.operands())
      release(v);
    return success();
  }

  std::vector<Tensor> outputs() {
    std::vector<Tensor> out;
    for (const GraphOutput &o : graph.outputs())
      out.push_back(o.value->constant() ? *o.value->constant() : fromRef(alive.at(o.value)));
    return out;
  }
};

} // namespace

FailureOr<std::vector<Tensor>> interpret(const Graph &g, llvm::ArrayRef<Tensor> inputs,
                                         Diagnostics &diags, const InterpreterOptions &options) {
  Run run(g, diags, options);
  if (failed(run.takeInputs(inputs)))
    return failure();
  for (const Node *n : nodesOf(g)) {
    if (failed(run.runNode(*n)))
      return failure();
  }
  return run.outputs();
}

} // namespace wnnx
