// SPDX-License-Identifier: Apache-2.0
//
// What the built-in functions compute. Their arguments were checked against the signatures as far
// as types were known; what was not is checked here.
#include "wnnx/Ops/Activation.h"
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

#include <cmath>
#include <limits>

namespace wnnx::pat {

namespace {

bool isPermutation(const std::vector<int64_t> &p) {
  std::vector<bool> seen(p.size(), false);
  for (int64_t i : p) {
    if (i < 0 || i >= int64_t(p.size()) || seen[size_t(i)])
      return false;
    seen[size_t(i)] = true;
  }
  return true;
}

std::optional<TensorFn> elementwise(Builtin b) {
  switch (b) {
  case Builtin::Min:
    return TensorFn::Min;
  case Builtin::Max:
    return TensorFn::Max;
  case Builtin::Pow:
    return TensorFn::Pow;
  case Builtin::Abs:
    return TensorFn::Abs;
  case Builtin::Sqrt:
    return TensorFn::Sqrt;
  case Builtin::Rsqrt:
    return TensorFn::Rsqrt;
  case Builtin::Exp:
    return TensorFn::Exp;
  case Builtin::Log:
    return TensorFn::Log;
  case Builtin::Tanh:
    return TensorFn::Tanh;
  case Builtin::Sigmoid:
    return TensorFn::Sigmoid;
  case Builtin::Floor:
    return TensorFn::Floor;
  case Builtin::Ceil:
    return TensorFn::Ceil;
  default:
    return std::nullopt;
  }
}

bool given(const std::vector<Datum> &a, size_t i) {
  return a[i].bound() && !a[i].isAbsent();
}

} // namespace

std::optional<Datum> Evaluator::call(const Code &c) {
  std::vector<Datum> args;
  for (const CodePtr &k : c.kids) {
    if (!k) {
      args.push_back({});
      continue;
    }
    std::optional<Datum> d = eval(*k);
    if (!d)
      return std::nullopt;
    args.push_back(std::move(*d));
  }
  if (c.builtin <= Builtin::Bytes)
    return callValue(c, args);
  if (c.builtin <= Builtin::IsIdentityPerm)
    return callList(c, args);
  if (c.builtin <= Builtin::Ceil)
    return callArith(c, args);
  if (c.builtin <= Builtin::IsSplat)
    return callTensor(c, args);
  return callOp(c, args);
}

std::optional<Datum> Evaluator::callValue(const Code &c, const std::vector<Datum> &a) {
  if (c.builtin == Builtin::IsFloat) {
    auto *t = a[0].as<DType>();
    return t ? std::optional<Datum>(isFloat(*t)) : fail(c, "not a dtype");
  }
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
  default:
    break;
  }
  if (!v)
    return fail(c, "this is asked of values of the graph");
  switch (c.builtin) {
  case Builtin::DTypeOf:
    return Datum(v->dtype());
  case Builtin::Uses:
    return Datum(int64_t(v->uses().size()));
  case Builtin::IsConst:
    return Datum(v->constant() != nullptr);
  case Builtin::IsOutput:
    return Datum(v->isGraphOutput());
  case Builtin::Macs:
    return Datum(v->node() ? nodeCost(*v->node()).macs : int64_t(0));
  case Builtin::Bytes:
    return known(shape.isStatic() ? v->type().bytes() : -1);
  default:
    return fail(c, "unknown function");
  }
}

std::optional<Datum> Evaluator::callList(const Code &c, const std::vector<Datum> &a) {
  auto integer = [&](size_t i) -> std::optional<int64_t> {
    auto *x = a[i].as<int64_t>();
    return x ? std::optional<int64_t>(*x)
             : fail(c, fmt::format("{} is not an integer", a[i].str()));
  };
  switch (c.builtin) {
  case Builtin::Norm: {
    auto d = integer(0), r = integer(1);
    std::optional<int64_t> n = d && r && *r >= 0 ? normalizeDim(*d, *r) : std::nullopt;
    return n ? std::optional<Datum>(*n) : fail(c, "the dimension is out of range");
  }
  case Builtin::FloorDiv:
  case Builtin::CeilDiv: {
    auto x = integer(0), y = integer(1);
    if (!x || !y)
      return std::nullopt;
    if (*y == 0 || (*y == -1 && *x == std::numeric_limits<int64_t>::min()))
      return fail(c, "division by zero");
    int64_t q = *x / *y, r = *x % *y;
    if (r && c.builtin == Builtin::FloorDiv && (r < 0) != (*y < 0))
      --q;
    if (r && c.builtin == Builtin::CeilDiv && (r < 0) == (*y < 0))
      ++q;
    return Datum(q);
  }
  case Builtin::Repeat: {
    auto n = integer(1);
    if (!n || *n < 0 || *n > (1 << 20))
      return fail(c, "not a length of a list");
    return Datum(DatumList(size_t(*n), a[0]));
  }
  default:
    break;
  }
  const DatumList *l = a[0].list();
  if (!l)
    return fail(c, fmt::format("{} is not a list", a[0].str()));
  switch (c.builtin) {
  case Builtin::Len:
    return Datum(int64_t(l->size()));
  case Builtin::AllEqual:
    for (const Datum &d : *l) {
      if (!d.equals((*l)[0]))
        return Datum(false);
    }
    return Datum(true);
  case Builtin::AnyOf:
  case Builtin::AllOf: {
    bool any = c.builtin == Builtin::AnyOf;
    for (const Datum &d : *l) {
      if (!d.as<bool>())
        return fail(c, "the list is not of true and false");
      if (*d.as<bool>() == any)
        return Datum(any);
    }
    return Datum(!any);
  }
  case Builtin::Contains:
    for (const Datum &d : *l) {
      if (d.equals(a[1]))
        return Datum(true);
    }
    return Datum(false);
  case Builtin::Reverse:
    return Datum(DatumList(l->rbegin(), l->rend()));
  default:
    break;
  }
  std::optional<std::vector<int64_t>> p = a[0].ints();
  if (!p)
    return fail(c, "the list is not of integers");
  int64_t total = c.builtin == Builtin::Prod ? 1 : 0;
  switch (c.builtin) {
  case Builtin::Prod:
    for (int64_t i : *p) {
      if (__builtin_mul_overflow(total, i, &total))
        return fail(c, "the product is too large");
    }
    return Datum(total);
  case Builtin::PrefixSum:
    for (int64_t &i : *p) {
      int64_t own = i;
      i = total;
      if (__builtin_add_overflow(total, own, &total))
        return fail(c, "the sum is too large");
    }
    return Datum::ofInts(*p);
  default:
    break;
  }
  // Permutations; negative dimensions count from the end.
  for (int64_t &i : *p)
    i += i < 0 ? int64_t(p->size()) : 0;
  if (!isPermutation(*p))
    return fail(c, fmt::format("{} is not a permutation", a[0].str()));
  switch (c.builtin) {
  case Builtin::ComposePerm: {
    std::optional<std::vector<int64_t>> q = a[1].ints();
    if (q) {
      for (int64_t &i : *q)
        i += i < 0 ? int64_t(q->size()) : 0;
    }
    if (!q || q->size() != p->size() || !isPermutation(*q))
      return fail(c, "not two permutations of one length");
    for (int64_t &i : *q)
      i = (*p)[size_t(i)];
    return Datum::ofInts(*q);
  }
  case Builtin::InversePerm: {
    std::vector<int64_t> inverse(p->size());
    for (size_t i = 0; i < p->size(); ++i)
      inverse[size_t((*p)[i])] = int64_t(i);
    return Datum::ofInts(inverse);
  }
  case Builtin::IsIdentityPerm:
    for (size_t i = 0; i < p->size(); ++i) {
      if ((*p)[i] != int64_t(i))
        return Datum(false);
    }
    return Datum(true);
  default:
    return fail(c, "unknown function");
  }
}

std::optional<Datum> Evaluator::callArith(const Code &c, const std::vector<Datum> &a) {
  std::optional<TensorFn> f = elementwise(c.builtin);
  if (!f)
    return fail(c, "unknown function");
  bool two = a.size() == 2;
  if (a[0].isNumber() && (!two || a[1].isNumber())) {
    bool ints = a[0].as<int64_t>() && (!two || a[1].as<int64_t>());
    bool keeps = c.builtin == Builtin::Min || c.builtin == Builtin::Max ||
                 c.builtin == Builtin::Abs || c.builtin == Builtin::Floor ||
                 c.builtin == Builtin::Ceil;
    if (ints && keeps) {
      int64_t x = *a[0].as<int64_t>(), y = two ? *a[1].as<int64_t>() : 0;
      if (c.builtin == Builtin::Abs && x == std::numeric_limits<int64_t>::min())
        return fail(c, "the integer is too large");
      return Datum(c.builtin == Builtin::Min   ? std::min(x, y)
                   : c.builtin == Builtin::Max ? std::max(x, y)
                   : c.builtin == Builtin::Abs ? std::abs(x)
                                               : x);
    }
    return Datum(applyFn(*f, a[0].asDouble(), two ? a[1].asDouble() : 0));
  }
  TensorRef x = tensor(*c.kids[0], a[0]), y = x && two ? tensor(*c.kids[1], a[1]) : nullptr;
  if (!x || (two && !y))
    return std::nullopt;
  TensorBuilder b;
  return made(c, two ? b.map(*f, x, y) : b.map(*f, x), b);
}

std::optional<Datum> Evaluator::callTensor(const Code &c, const std::vector<Datum> &a) {
  TensorBuilder b;
  auto ints = [&](size_t i) { return a[i].ints().value_or(std::vector<int64_t>()); };
  auto integer = [&](size_t i, int64_t otherwise) {
    return i < a.size() && a[i].as<int64_t>() ? *a[i].as<int64_t>() : otherwise;
  };
  // Arguments that must be integers or lists of them, by position.
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string &type = allBuiltins()[size_t(c.builtin)].params[i].type;
    if (given(a, i) && ((type == "int" && !a[i].as<int64_t>()) || (type == "ints" && !a[i].ints())))
      return fail(c, fmt::format("{} is not {}", a[i].str(),
                                 type == "int" ? "an integer" : "a list of integers"));
  }
  switch (c.builtin) {
  case Builtin::Zeros:
    return made(c, b.fill(ints(0), 0, false), b);
  case Builtin::Ones:
    return made(c, b.fill(ints(0), 1, false), b);
  case Builtin::Full:
    return made(c, b.fill(ints(0), a[1].isNumber() ? a[1].asDouble() : 0, a[1].as<double>()), b);
  case Builtin::Eye:
    return made(c, b.eye(integer(0, 0)), b);
  case Builtin::Arange:
    return made(c, b.iota(integer(0, 0)), b);
  case Builtin::IdentityKernel:
    return made(c, b.identityKernel(integer(0, 0), integer(1, 0), integer(2, 0), integer(3, 0)), b);
  case Builtin::Cat:
  case Builtin::Einsum: {
    const DatumList *l = a[c.builtin == Builtin::Cat ? 0 : 1].list();
    if (!l)
      return fail(c, "not a list of tensors");
    std::vector<TensorRef> parts;
    for (const Datum &d : *l) {
      parts.push_back(tensor(c, d));
      if (!parts.back())
        return std::nullopt;
    }
    if (c.builtin == Builtin::Cat)
      return made(c, b.cat(std::move(parts), integer(1, 0)), b);
    return made(
        c, b.contract(a[0].as<std::string>() ? *a[0].as<std::string>() : "", std::move(parts)), b);
  }
  case Builtin::Sum:
    if (const DatumList *l = a[0].list()) {
      int64_t total = 0;
      for (const Datum &d : *l) {
        if (!d.as<int64_t>() || __builtin_add_overflow(total, *d.as<int64_t>(), &total))
          return fail(c, "the sum is too large, or not of integers");
      }
      return Datum(total);
    }
    break;
  default:
    break;
  }
  TensorRef t = tensor(*c.kids[0], a[0]);
  if (!t)
    return std::nullopt;
  bool keep = a.size() > 2 && a[2].as<bool>() && *a[2].as<bool>();
  switch (c.builtin) {
  case Builtin::Reshape:
    return made(c, b.reshape(t, ints(1)), b);
  case Builtin::Permute:
    return made(c, b.permute(t, ints(1)), b);
  case Builtin::Expand:
    return made(c, b.expand(t, ints(1)), b);
  case Builtin::Slice:
    return made(c,
                b.slice(t, integer(1, 0), integer(2, 0),
                        integer(3, std::numeric_limits<int64_t>::max()), integer(4, 1)),
                b);
  case Builtin::Flip:
    return made(c, b.flip(t, ints(1)), b);
  case Builtin::IndexSelect:
    return made(c, b.select(t, integer(1, 0), ints(2)), b);
  case Builtin::Pad: {
    std::vector<int64_t> flat;
    for (const Datum &d : a[1].list() ? *a[1].list() : DatumList()) {
      std::optional<std::vector<int64_t>> pair = d.ints();
      if (!pair || pair->size() != 2)
        return fail(c, "pad takes [before, after] for each dimension");
      flat.insert(flat.end(), pair->begin(), pair->end());
    }
    return made(c, b.pad(t, flat, given(a, 2) && a[2].isNumber() ? a[2].asDouble() : 0), b);
  }
  case Builtin::Sum:
    return made(c, b.reduce(TensorFn::Sum, t, ints(1), keep), b);
  case Builtin::Mean:
    return made(c, b.reduce(TensorFn::Mean, t, ints(1), keep), b);
  case Builtin::Amax:
    return made(c, b.reduce(TensorFn::Amax, t, ints(1), keep), b);
  case Builtin::Amin:
    return made(c, b.reduce(TensorFn::Amin, t, ints(1), keep), b);
  case Builtin::Cast:
    return a[1].as<DType>() ? made(c, b.cast(t, *a[1].as<DType>()), b) : fail(c, "not a dtype");
  case Builtin::Item:
    if (t->shape.numel() != 1)
      return fail(c, fmt::format("a tensor of shape {} is not one number", t->shape.str()));
    return Datum(t->values()[0]);
  case Builtin::Matmul:
  case Builtin::AllClose: {
    TensorRef u = tensor(*c.kids[1], a[1]);
    if (!u)
      return std::nullopt;
    if (c.builtin == Builtin::Matmul)
      return made(c, b.matmul(t, u), b);
    if (t->shape != u->shape)
      return Datum(false);
    double tol = a[2].isNumber() ? a[2].asDouble() : 0;
    std::vector<double> x = t->values(), y = u->values();
    for (size_t i = 0; i < x.size(); ++i) {
      if (!(std::fabs(x[i] - y[i]) <= tol) && x[i] != y[i])
        return Datum(false);
    }
    return Datum(true);
  }
  case Builtin::IsSplat: {
    double tol = given(a, 2) && a[2].isNumber() ? a[2].asDouble() : 0;
    if (!a[1].isNumber())
      return fail(c, "not a number");
    for (double x : t->values()) {
      if (!(std::fabs(x - a[1].asDouble()) <= tol) && x != a[1].asDouble())
        return Datum(false);
    }
    return Datum(true);
  }
  default:
    return fail(c, "unknown function");
  }
}

std::optional<Datum> Evaluator::callOp(const Code &c, const std::vector<Datum> &a) {
  if (c.builtin == Builtin::FusedAct) {
    auto *kind = a[1].as<std::string>();
    return kind ? std::optional<Datum>(!options.fusedAct || options.fusedAct(*kind))
                : fail(c, "not a name");
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
