// SPDX-License-Identifier: Apache-2.0
//
// Activations between their two spellings: nodes with attributes, and `act` with numbers.
#include "wnnx/Ops/Activation.h"

#include <limits>

namespace wnnx {

/// One attribute of an activation op as a number.
static double paramOf(const AttrInfo &info, const Attribute &a) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  if (a.isNone())
    return info.name == "min" ? -inf : inf;
  if (a.kind() == AttrKind::Str)
    return a.asStr() == "tanh" ? 1 : 0;
  return a.asFloat();
}

FailureOr<Activation> parseActivation(std::string_view name, llvm::ArrayRef<double> params,
                                      std::string *why) {
  auto fail = [&](std::string text) -> FailureOr<Activation> {
    if (why)
      *why = std::move(text);
    return failure();
  };
  std::string quoted = "`" + std::string(name) + "`";
  Activation a;
  if (name == "none") {
    if (!params.empty())
      return fail("activation `none` takes no parameters; found " + std::to_string(params.size()));
    return a;
  }
  const OpInfo *op = lookupOp(name);
  if (!op || !op->has(Trait::Activation))
    return fail(quoted + (op ? " is not an activation" : " is not an op") +
                "; `act` is `none` or an op such as `relu` or `clamp`");
  a.kind = op->kind;
  if (params.empty() && a.kind != OpKind::Clamp) { // a clamp without limits is none
    for (const AttrInfo &info : op->attrs)
      a.params.push_back(paramOf(info, info.defaultValue));
    return a;
  }
  if (params.size() != op->attrs.size())
    return fail("activation " + quoted + " takes " + std::to_string(op->attrs.size()) +
                " parameters; found " + std::to_string(params.size()));
  if (a.kind == OpKind::Gelu && params[0] != 0 && params[0] != 1)
    return fail("parameter `approximate` of `gelu` is 0 (erf) or 1 (tanh); found " +
                formatFloat(params[0]));
  a.params.assign(params.begin(), params.end());
  return a;
}

Activation activationOf(const Node &n) {
  assert(n.info().has(Trait::Activation) && "not an activation");
  Activation a;
  a.kind = n.kind();
  for (unsigned i = 0; i < n.info().attrs.size(); ++i)
    a.params.push_back(paramOf(n.info().attrs[i], n.attr(i)));
  return a;
}

std::vector<Attribute> activationAttrs(const Activation &a) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  std::vector<Attribute> attrs;
  const OpInfo &op = opInfo(a.kind);
  for (unsigned i = 0; i < op.attrs.size() && i < a.params.size(); ++i) {
    const AttrInfo &info = op.attrs[i];
    double v = a.params[i];
    if (info.kind == AttrKind::Str)
      attrs.emplace_back(v != 0 ? "tanh" : "none");
    else if (info.name == "min" && v == -inf)
      attrs.emplace_back();
    else if (info.name == "max" && v == inf && !attrs.back().isNone())
      attrs.emplace_back(); // one limit must stay
    else
      attrs.emplace_back(v);
  }
  return attrs;
}

} // namespace wnnx
