// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions: the way to each, and those on values of the graph, their costs, range facts,
// ops and the target. Arguments were checked against the signatures as far as types were known;
// what was not is checked here.
#include "wnnx/Ops/Activation.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseMap.h"

namespace wnnx::pat {

/// Nodes that are made only to ask what they would cost. They live in a graph of their own, in
/// which values of the real graph are inputs, and constants that inference may look at constants.
class Evaluator::Trial : public NodeMaker {
  Graph graph;
  llvm::DenseMap<const Value *, Value *> copies;
  unsigned number = 0;

  Value *copy(Value *v) {
    if (v->graph() == &graph)
      return v;
    Value *&mine = copies[v];
    if (!mine)
      mine = v->constant() ? graph.addConstant(*v->constant(), "")
                           : graph.addInput(fmt::format("v{}", number++), v->type());
    return mine;
  }

  /// Small and whole-numbered ones are computed, as on the right side of a rule. The numbers in
  /// others cannot matter.
  Value *constant(const TensorRef &t, DType fallback) {
    TensorType type{t->dtype.value_or(t->fromFloat && !isFloat(fallback) ? DType::F32 : fallback),
                    t->shape};
    if (!isFloat(type.dtype) || type.numel() <= 4096)
      return graph.addConstant(t->evaluate(type), "");
    static const uint8_t nothing[64] = {};
    return graph.addConstant(Tensor::view(type, std::make_shared<int>(), nothing), "");
  }

public:
  std::optional<std::vector<Value *>> make(const Code &, OpKind op, std::vector<Datum> operands,
                                           std::vector<NamedAttr> attrs,
                                           std::string &why) override {
    const OpInfo &info = opInfo(op);
    std::vector<Datum> flat;
    for (size_t i = 0; i < operands.size(); ++i) {
      bool group = i + 1 == info.operands.size() && info.isVariadic();
      if (group && operands[i].list())
        flat.insert(flat.end(), operands[i].list()->begin(), operands[i].list()->end());
      else if (!group || !operands[i].isAbsent())
        flat.push_back(operands[i]);
    }
    DType fallback = DType::F32;
    for (const Datum &d : flat) {
      auto *t = d.as<TensorRef>();
      if (d.value() || (t && (*t)->dtype)) {
        fallback = d.value() ? d.value()->dtype() : *(*t)->dtype;
        break;
      }
    }
    std::vector<Value *> values;
    TensorBuilder b;
    for (const Datum &d : flat) {
      if (d.isAbsent()) {
        values.push_back(nullptr);
      } else if (d.value()) {
        values.push_back(copy(d.value()));
      } else {
        auto *t = d.as<TensorRef>();
        if (!t && !d.isNumber()) {
          why = fmt::format("{} is not a value", d.str());
          return std::nullopt;
        }
        values.push_back(
            constant(t ? *t : b.number(d.asDouble(), d.as<double>() != nullptr), fallback));
      }
    }
    Diagnostics scratch;
    FailureOr<Node *> n = buildNode(graph, op, values, std::move(attrs), {}, scratch);
    if (failed(n)) {
      why = scratch.all().empty() ? "its types do not fit" : scratch.all().front().message;
      return std::nullopt;
    }
    graph.append(*n);
    std::vector<Value *> results;
    for (unsigned i = 0; i < (*n)->numResults(); ++i)
      results.push_back((*n)->result(i));
    return results;
  }
};

/// Whether evaluating the expression makes nodes.
static bool makesNodes(const Code &c) {
  if (c.kind == CodeKind::Build || c.kind == CodeKind::BuildFlat)
    return true;
  for (const CodePtr &k : c.kids) {
    if (k && makesNodes(*k))
      return true;
  }
  return false;
}

std::optional<Datum> Evaluator::call(const Code &c) {
  BuiltinGroup group = allBuiltins()[size_t(c.builtin)].group;
  // What is only asked about is made aside, unless a node is being made for the graph anyway.
  std::unique_ptr<Trial> aside;
  NodeMaker *before = maker;
  bool asks = group == BuiltinGroup::Values || group == BuiltinGroup::Costs;
  if (asks && !maker && makesNodes(c)) {
    aside = std::make_unique<Trial>();
    maker = aside.get();
  }
  std::vector<Datum> args;
  bool ok = true;
  for (const CodePtr &k : c.kids) {
    std::optional<Datum> d = k ? eval(*k) : std::optional<Datum>(Datum());
    if (!d) {
      ok = false;
      break;
    }
    args.push_back(std::move(*d));
  }
  maker = before;
  if (!ok)
    return std::nullopt;
  switch (group) {
  case BuiltinGroup::Values:
  case BuiltinGroup::Costs:
    return callValue(c, args);
  case BuiltinGroup::Facts:
    return callFact(c, args);
  case BuiltinGroup::Lists:
    return callList(c, args);
  case BuiltinGroup::Shapes:
    return callShape(c, args);
  case BuiltinGroup::Arith:
    return callArith(c, args);
  case BuiltinGroup::Tensors:
    return callTensor(c, args);
  case BuiltinGroup::Predicates:
    return callPredicate(c, args);
  case BuiltinGroup::Target:
    return callOp(c, args);
  }
  return fail(c, "unknown function");
}

/// Whether each use of `v` is by one of those listed; nothing when the list makes no sense.
static std::optional<bool> onlyUsedBy(Value *v, const DatumList &by) {
  for (const Datum &d : by) {
    auto *name = d.as<std::string>();
    if (!d.value() && !d.as<OpKind>() && (!name || (!lookupOp(*name) && !traitByName(*name))))
      return std::nullopt;
  }
  for (const Use &u : v->uses()) {
    bool found = false;
    for (const Datum &d : by) {
      if (!u.user)
        break;
      if (Value *o = d.value())
        found |= o->node() == u.user;
      else if (auto *op = d.as<OpKind>())
        found |= u.user->kind() == *op;
      else if (auto *name = d.as<std::string>())
        found |= opName(u.user->kind()) == *name ||
                 (traitByName(*name) && u.user->info().has(traitByName(*name)));
    }
    if (!found)
      return false;
  }
  return true;
}

std::optional<Datum> Evaluator::callValue(const Code &c, const std::vector<Datum> &a) {
  if (c.builtin == Builtin::IsFloat) {
    auto *t = a[0].as<DType>();
    return t ? std::optional<Datum>(isFloat(*t)) : fail(c, "not a dtype");
  }
  if (c.builtin == Builtin::OnlyUsedBy || c.builtin == Builtin::OpOf ||
      c.builtin == Builtin::IsInput || c.builtin == Builtin::WeightBytes ||
      c.builtin == Builtin::DataBytes)
    return callNode(c, a);
  // Tensors made by the rule have a shape too.
  Value *v = a[0].value();
  const TensorRef *t = a[0].as<TensorRef>();
  if (!v && !t)
    return fail(c, fmt::format("{} is not a value", a[0].str()));
  const Shape &shape = v ? v->shape() : (*t)->shape;
  auto known = [&](int64_t n) -> std::optional<Datum> {
    return n >= 0 ? std::optional<Datum>(n) : fail(c, "the size is symbolic");
  };
  switch (c.builtin) {
  case Builtin::Rank:
    return Datum(shape.rank());
  case Builtin::Numel:
    return known(shape.isStatic() ? shape.numel() : -1);
  case Builtin::Dim: {
    auto *d = a[1].as<int64_t>();
    std::optional<int64_t> n = d ? normalizeDim(*d, shape.rank()) : std::nullopt;
    if (!n || !shape.rank())
      return fail(c, fmt::format("{} has no dimension {}", shape.str(), a[1].str()));
    return known(shape[*n]);
  }
  case Builtin::ShapeOf:
    if (!shape.isStatic())
      return fail(c, "a size is symbolic");
    return Datum::ofInts(shape.ref());
  case Builtin::DTypeOf:
    if (!v && !(*t)->dtype)
      return fail(c, "the tensor takes the dtype of what it meets");
    return Datum(v ? v->dtype() : *(*t)->dtype);
  case Builtin::Bytes: {
    TensorType type{v ? v->dtype() : (*t)->dtype.value_or(DType::F32), shape};
    return known(shape.isStatic() ? type.bytes() : -1);
  }
  default:
    break;
  }
  if (!v)
    return fail(c, "this is asked of values of the graph");
  switch (c.builtin) {
  case Builtin::Uses:
    return Datum(int64_t(v->uses().size()));
  case Builtin::IsConst:
    return Datum(v->constant() != nullptr);
  case Builtin::IsOutput:
    return Datum(v->isGraphOutput());
  case Builtin::Macs:
    return Datum(v->node() ? nodeCost(*v->node()).macs : int64_t(0));
  default:
    return fail(c, "unknown function");
  }
}

/// Questions about the node that makes a value, and those that use it.
std::optional<Datum> Evaluator::callNode(const Code &c, const std::vector<Datum> &a) {
  Value *v = a[0].value();
  if (!v)
    return fail(c, fmt::format("{} is not a value of the graph", a[0].str()));
  switch (c.builtin) {
  case Builtin::IsInput:
    return Datum(v->isInput());
  case Builtin::OpOf:
    return Datum(std::string(v->node() ? opName(v->node()->kind()) : "input"));
  case Builtin::WeightBytes:
    return Datum(v->node() ? nodeCost(*v->node()).weightBytes : int64_t(0));
  case Builtin::DataBytes:
    return Datum(v->node() ? nodeCost(*v->node()).dataBytes : int64_t(0));
  default:
    break;
  }
  std::optional<bool> only = a[1].list() ? onlyUsedBy(v, *a[1].list()) : std::nullopt;
  return only ? std::optional<Datum>(*only)
              : fail(c, "not a list of values, or of names of ops and traits");
}

std::optional<Datum> Evaluator::callFact(const Code &c, const std::vector<Datum> &a) {
  Value *v = a[0].value();
  if (!v)
    return fail(c, fmt::format("{} is not a value of the graph", a[0].str()));
  ValueRange r = rangeOf(v, &options.inputRanges);
  switch (c.builtin) {
  case Builtin::IsNonneg:
    return Datum(r.nonnegative());
  case Builtin::IsPositive:
    return Datum(r.positive());
  case Builtin::IsFinite:
    return Datum(r.finite());
  case Builtin::NoNan:
    return Datum(r.noNan);
  case Builtin::IsIntegral:
    return Datum(r.integer);
  default:
    return Datum(DatumRecord{{"lo", r.lo}, {"hi", r.hi}});
  }
}

std::optional<Datum> Evaluator::callOp(const Code &c, const std::vector<Datum> &a) {
  if (c.builtin == Builtin::FusedAct || c.builtin == Builtin::HasKernel) {
    auto *name = a[1].as<std::string>();
    const auto &asked = c.builtin == Builtin::FusedAct ? options.fusedAct : options.hasKernel;
    return name ? std::optional<Datum>(!asked || asked(*name)) : fail(c, "not a name");
  }
  auto *op = a[0].as<OpKind>();
  if (!op)
    return fail(c, "not an op");
  if (c.builtin == Builtin::OpName)
    return Datum(std::string(opName(*op)));
  const OpInfo &info = opInfo(*op);
  if (!info.has(Trait::Activation))
    return fail(c, fmt::format("{} is not an activation", info.name));
  std::vector<Attribute> attrs;
  for (const AttrInfo &i : info.attrs) {
    const Datum *d = a[1].field(i.name);
    std::optional<Attribute> v = d ? toAttribute(*d, i) : std::nullopt;
    if (!v)
      return fail(c, fmt::format("attribute `{}` of {} is not given", i.name, info.name));
    attrs.push_back(std::move(*v));
  }
  // The encoding is known to `activationOf`, which reads a node.
  Graph scratch;
  Node *n = scratch.createRaw(*op, {}, std::move(attrs), {}, {});
  DatumList params;
  for (double p : activationOf(*n).params)
    params.push_back(p);
  scratch.erase(n);
  return Datum(std::move(params));
}

} // namespace wnnx::pat
