// SPDX-License-Identifier: Apache-2.0
//
// Node construction with constant folding through the reference evaluator.
#include "SsaBuilder.h"

#include "Limits.h"

#include "wnnx/Eval/Interpreter.h"
#include "wnnx/Eval/RuntimeErrors.h"

#include <fmt/format.h>

namespace wnnx::ts {

Ref SsaBuilder::input(Value *v) {
  Ssa s;
  s.type = v->type();
  s.value = v;
  return &pool.emplace_back(std::move(s));
}

Ref SsaBuilder::constant(Tensor t, std::string constantName) {
  Ssa s;
  s.type = t.type();
  s.constant = std::move(t);
  s.name = std::move(constantName);
  return &pool.emplace_back(std::move(s));
}

Ref SsaBuilder::withState(Ref r, const std::string &buffer) {
  if (r->state)
    return r;
  Ssa s = *r;
  s.state = stateNames.emplace_back(buffer).c_str();
  return &pool.emplace_back(std::move(s));
}

Value *SsaBuilder::materialize(Ref r) {
  if (!r->value && r->isConstant())
    r->value = graph.addConstant(r->constant, r->name, r->name.empty() ? loc : Location());
  return r->value;
}

bool SsaBuilder::canFold(OpKind kind, llvm::ArrayRef<Ref> operands) const {
  if (operands.empty() || kind == OpKind::Dropout)
    return false;
  int64_t bytes = 0;
  for (Ref r : operands) {
    if (!r)
      continue;
    if (!r->isConstant())
      return false;
    bytes += r->type.bytes();
  }
  // A change of shape alone copies nothing.
  return opInfo(kind).has(Trait::Reshape) ||
         (bytes <= limits::foldBytes && folded + bytes <= limits::foldTotalBytes);
}

bool SsaBuilder::fold(OpKind kind, llvm::ArrayRef<Ref> operands, std::vector<NamedAttr> &attrs,
                      std::vector<Ref> &results) {
  Graph scratch;
  std::vector<Value *> values;
  std::vector<const Tensor *> tensors;
  for (Ref r : operands) {
    values.push_back(r ? scratch.addConstant(r->constant, "") : nullptr);
    tensors.push_back(r ? &r->constant : nullptr);
  }
  FailureOr<Node *> node = buildNode(scratch, kind, values, attrs, loc, diags);
  if (wnnx::failed(node)) {
    failed = true;
    return true;
  }
  Node &n = **node;
  if (n.info().has(Trait::Reshape)) {
    results.push_back(constant(operands[0]->constant.reshaped(n.result()->shape())));
    scratch.erase(*node);
    return true;
  }
  int64_t bytes = 0;
  for (unsigned i = 0; i < n.numResults(); ++i)
    bytes += n.result(i)->type().bytes();
  bool small = bytes <= limits::foldBytes;
  if (small) {
    folded += bytes;
    if (std::optional<std::string> wrong = findRuntimeError(n, tensors)) {
      diags.error(loc.str(), "ts-eval", fmt::format("`{}`: {}", n.info().name, *wrong));
      failed = true;
      scratch.erase(*node);
      return true;
    }
    for (Tensor &t : evaluateConstants(n, tensors))
      results.push_back(constant(std::move(t)));
  }
  scratch.erase(*node);
  return small;
}

std::vector<Ref> SsaBuilder::emit(OpKind kind, llvm::ArrayRef<Ref> operands,
                                  std::vector<NamedAttr> attrs) {
  std::vector<Ref> results;
  if (failed)
    return results;
  const char *state = nullptr;
  for (Ref r : operands)
    if (r && r->state)
      state = r->state;
  if (!canFold(kind, operands) || !fold(kind, operands, attrs, results)) {
    std::vector<Value *> values;
    for (Ref r : operands)
      values.push_back(r ? materialize(r) : nullptr);
    if (graph.numNodes() > limits::graphNodes) {
      if (!tooLarge)
        diags.error(loc.str(), "ts-limit", "the model unrolls to too many operations");
      tooLarge = failed = true;
      return results;
    }
    FailureOr<Node *> node = buildNode(graph, kind, values, std::move(attrs), loc, diags);
    if (wnnx::failed(node)) {
      failed = true;
      return results;
    }
    graph.append(*node);
    for (unsigned i = 0; i < (*node)->numResults(); ++i) {
      if (!name.empty())
        graph.setName((*node)->result(i), name);
      results.push_back(input((*node)->result(i)));
    }
  }
  if (state)
    for (Ref &r : results)
      r->state = state;
  return results;
}

Ref SsaBuilder::op(OpKind kind, llvm::ArrayRef<Ref> operands, std::vector<NamedAttr> attrs) {
  std::vector<Ref> results = emit(kind, operands, std::move(attrs));
  return results.empty() ? placeholder() : results[0];
}

Ref SsaBuilder::reshape(Ref r, llvm::ArrayRef<int64_t> shape) {
  if (failed || r->shape().ref() == shape)
    return r;
  return op(OpKind::Reshape, {r}, {{"shape", Attribute(shape)}});
}

Ref SsaBuilder::permute(Ref r, llvm::ArrayRef<int64_t> dims) {
  bool same = true;
  for (size_t i = 0; i < dims.size(); ++i)
    same &= dims[i] == int64_t(i);
  return failed || same ? r : op(OpKind::Permute, {r}, {{"dims", Attribute(dims)}});
}

Ref SsaBuilder::expand(Ref r, const Shape &shape) {
  if (failed || r->shape() == shape)
    return r;
  return op(OpKind::Expand, {r}, {{"shape", Attribute(shape.ref())}});
}

Ref SsaBuilder::convert(Ref r, DType dtype) {
  if (failed || r->dtype() == dtype)
    return r;
  return op(OpKind::To, {r}, {{"dtype", Attribute(dtype)}});
}

} // namespace wnnx::ts
