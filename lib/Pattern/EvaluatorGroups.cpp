// SPDX-License-Identifier: Apache-2.0
//
// Makes several nodes for one expression: flattened ops and captured chains.
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

namespace wnnx::pat {

/// ((k0 op k1) op k2)...; one alone is itself.
std::optional<Datum> Evaluator::buildFlat(const Code &c) {
  if (!maker)
    return fail(c, "nodes are made in `rewrite` only");
  std::optional<Datum> all = list(c);
  if (!all)
    return std::nullopt;
  const DatumList &l = *all->list();
  if (l.empty())
    return fail(c, fmt::format("`{}{{...}}` of nothing has no value", opName(c.op)));
  Datum sum = l[0];
  for (size_t i = 1; i < l.size(); ++i) {
    std::string reason;
    std::optional<std::vector<Value *>> r = maker->make(c, c.op, {sum, l[i]}, {}, reason);
    if (!r)
      return fail(c, reason);
    sum = (*r)[0];
  }
  return sum;
}

std::optional<std::vector<Value *>> Evaluator::buildChain(const Code &c) {
  std::optional<Datum> start = eval(*c.operands[0]);
  const DatumList *links = slots[size_t(c.opSlot)].list();
  if (!start)
    return std::nullopt;
  if (!links || !start->value())
    return fail(c, "the chain does not begin at a value");
  Value *at = start->value();
  for (const Datum &link : *links) {
    const Datum *op = link.field("op"), *attrs = link.field("attrs"),
                *operands = link.field("operands");
    DatumList inputs = *operands->list();
    inputs[0] = at;
    const OpInfo &info = opInfo(*op->as<OpKind>());
    std::vector<NamedAttr> values;
    for (const auto &f : *attrs->record()) {
      int i = info.attrIndex(f.first);
      std::optional<Attribute> a =
          i >= 0 ? toAttribute(f.second, info.attrs[size_t(i)]) : std::nullopt;
      if (!a)
        return fail(c, fmt::format("attribute `{}` of {} is lost", f.first, info.name));
      values.push_back({info.attrs[size_t(i)].name, std::move(*a)});
    }
    std::string reason;
    std::optional<std::vector<Value *>> r =
        maker->make(c, info.kind, std::move(inputs), std::move(values), reason);
    if (!r)
      return fail(c, reason);
    at = (*r)[0];
  }
  return std::vector<Value *>{at};
}

} // namespace wnnx::pat
