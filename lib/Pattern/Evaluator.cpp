// SPDX-License-Identifier: Apache-2.0
//
// Evaluation of expressions: operators, lists, records, the making of nodes.
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

#include <cmath>
#include <limits>

namespace wnnx::pat {

/// Elements a list may get by ranges and repetition.
static constexpr int64_t maxList = 1 << 20;

std::nullopt_t Evaluator::fail(const Code &c, std::string reason) {
  if (why.empty()) {
    why = std::move(reason);
    whyRange = c.range;
  }
  return std::nullopt;
}

std::optional<Datum> Evaluator::eval(const Code &c) {
  switch (c.kind) {
  case CodeKind::Const:
    return c.constant;
  case CodeKind::Slot:
    return evalSlot(c);
  case CodeKind::Unary:
    return unary(c);
  case CodeKind::Binary:
    return binary(c);
  case CodeKind::Ternary: {
    std::optional<Datum> cond = eval(*c.kids[0]);
    if (!cond)
      return std::nullopt;
    if (!cond->as<bool>())
      return fail(c, "the condition is not true or false");
    return eval(*c.kids[*cond->as<bool>() ? 1 : 2]);
  }
  case CodeKind::Coalesce: {
    std::optional<Datum> a = eval(*c.kids[0]);
    return a && a->isAbsent() ? eval(*c.kids[1]) : a;
  }
  case CodeKind::Has: {
    std::optional<Datum> a = eval(*c.kids[0]);
    return a ? std::optional<Datum>(!a->isAbsent()) : std::nullopt;
  }
  case CodeKind::Call:
    return call(c);
  case CodeKind::Field: {
    std::optional<Datum> r = eval(*c.kids[0]);
    if (!r)
      return std::nullopt;
    const Datum *f = r->field(c.text);
    return f ? std::optional<Datum>(*f) : fail(c, fmt::format("there is no field `{}`", c.text));
  }
  case CodeKind::Index:
    return index(c);
  case CodeKind::List:
    return list(c);
  case CodeKind::Comprehension:
    return comprehension(c);
  case CodeKind::Record: {
    DatumRecord r;
    for (size_t i = 0; i < c.kids.size(); ++i) {
      std::optional<Datum> d = eval(*c.kids[i]);
      if (!d)
        return std::nullopt;
      r.push_back({c.names[i], std::move(*d)});
    }
    return Datum(std::move(r));
  }
  case CodeKind::Range: {
    std::optional<Datum> a = eval(*c.kids[0]), b = a ? eval(*c.kids[1]) : std::nullopt;
    if (!b)
      return std::nullopt;
    auto *from = a->as<int64_t>(), *to = b->as<int64_t>();
    if (!from || !to || (*to > *from && uint64_t(*to) - uint64_t(*from) > uint64_t(maxList)))
      return fail(c, "the range is too long, or not of integers");
    DatumList l;
    for (int64_t i = *from; i < *to; ++i)
      l.push_back(i);
    return Datum(std::move(l));
  }
  case CodeKind::Let: {
    std::optional<Datum> v = eval(*c.kids[0]);
    if (!v)
      return std::nullopt;
    slots[c.slot] = std::move(*v);
    return eval(*c.kids[1]);
  }
  case CodeKind::Build: {
    std::optional<std::vector<Value *>> r = build(c);
    return r ? std::optional<Datum>((*r)[0]) : std::nullopt;
  }
  case CodeKind::BuildFlat:
    return buildFlat(c);
  case CodeKind::CallExtern:
    return callExtern(c);
  }
  return fail(c, "unknown expression");
}

bool Evaluator::holds(const Code &c) {
  std::optional<Datum> d = eval(c);
  return d && d->as<bool>() && *d->as<bool>();
}

std::optional<Datum> Evaluator::evalSlot(const Code &c) {
  Datum &d = slots[c.slot];
  if (!d.bound() && rule.slots[c.slot].let >= 0) {
    std::optional<Datum> v = eval(*rule.lets[size_t(rule.slots[c.slot].let)]);
    if (!v)
      return std::nullopt;
    d = std::move(*v);
  }
  if (!d.bound())
    return fail(c, fmt::format("`{}` is not bound here", rule.slots[c.slot].name));
  return d;
}

TensorRef Evaluator::tensor(const Code &c, const Datum &d) {
  TensorBuilder b;
  TensorRef t;
  if (auto *x = d.as<TensorRef>()) {
    t = *x;
  } else if (Value *v = d.value()) {
    if (const Tensor *k = v->constant())
      t = b.leaf(*k, v->name());
    else
      b.why = fmt::format("%{} is not a constant", v->name());
  } else if (d.isNumber()) {
    t = b.number(d.asDouble(), d.as<double>() != nullptr);
  } else {
    b.why = fmt::format("{} is not a tensor", d.str());
  }
  if (!t)
    fail(c, b.why);
  return t;
}

std::optional<Datum> Evaluator::made(const Code &c, TensorRef t, TensorBuilder &b) {
  if (!t)
    return fail(c, b.why);
  return Datum(std::move(t));
}

std::optional<Datum> Evaluator::unary(const Code &c) {
  std::optional<Datum> a = eval(*c.kids[0]);
  if (!a)
    return std::nullopt;
  if (c.text == "!")
    return a->as<bool>() ? std::optional<Datum>(!*a->as<bool>())
                         : fail(c, "`!` of what is not true or false");
  if (auto *i = a->as<int64_t>())
    return *i == std::numeric_limits<int64_t>::min() ? fail(c, "the integer is too large")
                                                     : std::optional<Datum>(-*i);
  if (auto *x = a->as<double>())
    return Datum(-*x);
  TensorRef t = tensor(*c.kids[0], *a);
  if (!t)
    return std::nullopt;
  TensorBuilder b;
  return made(c, b.map(TensorFn::Neg, t), b);
}

std::optional<Datum> Evaluator::binary(const Code &c) {
  std::optional<Datum> a = eval(*c.kids[0]);
  if (!a)
    return std::nullopt;
  if (c.text == "&&" || c.text == "||") {
    auto *x = a->as<bool>();
    if (!x)
      return fail(c, "not true or false");
    if (*x == (c.text == "||"))
      return a;
    std::optional<Datum> b = eval(*c.kids[1]);
    if (b && !b->as<bool>())
      return fail(c, "not true or false");
    return b;
  }
  std::optional<Datum> b = eval(*c.kids[1]);
  if (!b)
    return std::nullopt;
  if (c.text == "==")
    return Datum(a->equals(*b));
  if (c.text == "!=")
    return Datum(!a->equals(*b));
  return arith(c, *a, *b);
}

std::optional<Datum> Evaluator::intArith(const Code &c, int64_t a, int64_t b) {
  int64_t r = 0;
  bool over = false;
  switch (c.text[0]) {
  case '+':
    over = __builtin_add_overflow(a, b, &r);
    break;
  case '-':
    over = __builtin_sub_overflow(a, b, &r);
    break;
  case '*':
    over = __builtin_mul_overflow(a, b, &r);
    break;
  default:
    if (b == 0)
      return fail(c, "division by zero");
    if (b == -1) {
      over = c.text == "/" && __builtin_sub_overflow(int64_t(0), a, &r);
    } else if (c.text == "%") {
      r = a % b;
      r += r && (r < 0) != (b < 0) ? b : 0;
    } else if (a % b) {
      return fail(c, fmt::format("{} / {} is not a whole number", a, b));
    } else {
      r = a / b;
    }
  }
  return over ? fail(c, "the integer is too large") : std::optional<Datum>(r);
}

std::optional<Datum> Evaluator::arith(const Code &c, const Datum &a, const Datum &b) {
  const std::string &op = c.text;
  if (a.isNumber() && b.isNumber()) {
    bool ints = a.as<int64_t>() && b.as<int64_t>();
    double x = a.asDouble(), y = b.asDouble();
    auto less = [&](const Datum &p, const Datum &q) {
      return ints ? *p.as<int64_t>() < *q.as<int64_t>() : p.asDouble() < q.asDouble();
    };
    if (op == "<")
      return Datum(less(a, b));
    if (op == ">")
      return Datum(less(b, a));
    if (op == "<=")
      return Datum(less(a, b) || a.equals(b));
    if (op == ">=")
      return Datum(less(b, a) || a.equals(b));
    if (ints)
      return intArith(c, *a.as<int64_t>(), *b.as<int64_t>());
    switch (op[0]) {
    case '+':
      return Datum(x + y);
    case '-':
      return Datum(x - y);
    case '*':
      return Datum(x * y);
    case '/':
      return Datum(x / y);
    default:
      return fail(c, "`%` is for integers");
    }
  }
  if (op == "+" && a.list() && b.list()) {
    DatumList l = *a.list();
    l.insert(l.end(), b.list()->begin(), b.list()->end());
    return Datum(std::move(l));
  }
  TensorFn f;
  switch (op[0]) {
  case '+':
    f = TensorFn::Add;
    break;
  case '-':
    f = TensorFn::Sub;
    break;
  case '*':
    f = TensorFn::Mul;
    break;
  case '/':
    f = TensorFn::Div;
    break;
  default:
    return fail(c, fmt::format("`{}` of {} and {}", op, a.str(), b.str()));
  }
  TensorRef x = tensor(*c.kids[0], a), y = x ? tensor(*c.kids[1], b) : nullptr;
  if (!y)
    return std::nullopt;
  TensorBuilder builder;
  return made(c, builder.map(f, x, y), builder);
}

std::optional<Datum> Evaluator::index(const Code &c) {
  std::optional<Datum> d = eval(*c.kids[0]);
  if (!d)
    return std::nullopt;
  if (const DatumList *l = d->list())
    return indexList(c, *l);
  TensorRef t = tensor(*c.kids[0], *d);
  return t ? indexTensor(c, std::move(t)) : std::nullopt;
}

namespace {
/// An index or a bound; `missing` when it was left out.
struct Bound {
  std::optional<int64_t> value;
  bool ok = true;
};
} // namespace

std::optional<Datum> Evaluator::indexList(const Code &c, const DatumList &l) {
  const CodeItem &item = c.items[0];
  auto number = [&](const CodePtr &p) -> Bound {
    if (!p)
      return {};
    std::optional<Datum> d = eval(*p);
    if (!d || !d->as<int64_t>())
      return {std::nullopt, false};
    return {*d->as<int64_t>(), true};
  };
  int64_t n = int64_t(l.size());
  Bound at = number(item.at), end = number(item.end), step = number(item.step);
  if (!at.ok || !end.ok || !step.ok)
    return fail(c, "an index is not an integer");
  if (item.kind == ast::IndexItem::All)
    return Datum(l);
  if (item.kind == ast::IndexItem::At) {
    int64_t i = *at.value < 0 ? *at.value + n : *at.value;
    if (i < 0 || i >= n)
      return fail(c, fmt::format("index {} in a list of {}", *at.value, n));
    return l[size_t(i)];
  }
  auto clampTo = [&](int64_t x) { return std::clamp<int64_t>(x < 0 ? x + n : x, 0, n); };
  int64_t from = clampTo(at.value.value_or(0)), to = clampTo(end.value.value_or(n));
  int64_t by = step.value.value_or(1);
  if (by <= 0)
    return fail(c, "the step of a slice is positive");
  DatumList out;
  for (int64_t i = from; i < to; i += std::min(by, n))
    out.push_back(l[size_t(i)]);
  return Datum(std::move(out));
}

std::optional<Datum> Evaluator::indexTensor(const Code &c, TensorRef t) {
  TensorBuilder b;
  int64_t dim = 0;
  for (const CodeItem &item : c.items) {
    std::optional<int64_t> part[3];
    const CodePtr *codes[3] = {&item.at, &item.end, &item.step};
    for (int i = 0; i < 3; ++i) {
      if (!*codes[i])
        continue;
      std::optional<Datum> d = eval(**codes[i]);
      if (!d)
        return std::nullopt;
      if (!d->as<int64_t>())
        return fail(c, "an index is not an integer");
      part[i] = *d->as<int64_t>();
    }
    if (item.kind == ast::IndexItem::NewAxis) {
      std::vector<int64_t> sizes(t->shape.begin(), t->shape.end());
      sizes.insert(sizes.begin() + dim++, 1);
      t = b.reshape(t, sizes);
      continue;
    }
    if (dim >= t->shape.rank())
      return fail(c, fmt::format("too many indices for shape {}", t->shape.str()));
    if (item.kind == ast::IndexItem::At)
      t = b.at(t, dim, *part[0]);
    else if (part[0] || part[1] || part[2])
      t = b.slice(t, dim++, part[0].value_or(0),
                  part[1].value_or(std::numeric_limits<int64_t>::max()), part[2].value_or(1));
    else
      ++dim;
    if (!t)
      return fail(c, b.why);
  }
  return Datum(t);
}

std::optional<Datum> Evaluator::list(const Code &c) {
  DatumList l;
  for (size_t i = 0; i < c.kids.size(); ++i) {
    std::optional<Datum> d = eval(*c.kids[i]);
    if (!d)
      return std::nullopt;
    if (!c.spread[i]) {
      l.push_back(std::move(*d));
      continue;
    }
    const DatumList *more = d->list();
    if (!more)
      return fail(c, "only a list can be spread into a list");
    l.insert(l.end(), more->begin(), more->end());
  }
  return Datum(std::move(l));
}

std::optional<Datum> Evaluator::comprehension(const Code &c) {
  std::optional<Datum> source = eval(*c.kids[1]);
  if (!source)
    return std::nullopt;
  const DatumList *from = source->list();
  if (!from)
    return fail(c, "not a list");
  DatumList out;
  for (const Datum &d : *from) {
    slots[c.slot] = d;
    std::optional<Datum> e = eval(*c.kids[0]);
    if (!e)
      return std::nullopt;
    out.push_back(std::move(*e));
  }
  return Datum(std::move(out));
}

std::optional<std::vector<Value *>> Evaluator::build(const Code &c) {
  if (!maker)
    return fail(c, "nodes are made in `rewrite` only");
  if (c.chain)
    return buildChain(c);
  OpKind op = c.op;
  if (c.opSlot >= 0) {
    if (!slots[size_t(c.opSlot)].as<OpKind>())
      return fail(c, "the op is not known");
    op = *slots[size_t(c.opSlot)].as<OpKind>();
  }
  const OpInfo &info = opInfo(op);
  std::vector<Datum> operands;
  for (const CodePtr &o : c.operands) {
    if (!o) {
      operands.push_back(Datum::absent());
      continue;
    }
    std::optional<Datum> d = eval(*o);
    if (!d)
      return std::nullopt;
    operands.push_back(std::move(*d));
  }
  std::vector<std::optional<Attribute>> values(info.attrs.size());
  auto set = [&](const std::string &name, const Datum &d) {
    int i = info.attrIndex(name);
    std::optional<Attribute> a = i >= 0 ? toAttribute(d, info.attrs[size_t(i)]) : std::nullopt;
    if (a)
      values[size_t(i)] = std::move(*a);
    else
      fail(c, i < 0
                  ? fmt::format("{} has no attribute `{}`", info.name, name)
                  : fmt::format("{} does not fit attribute `{}` of {}", d.str(), name, info.name));
    return a.has_value();
  };
  for (const CodePtr &s : c.spreads) {
    std::optional<Datum> d = eval(*s);
    if (!d)
      return std::nullopt;
    if (!d->record())
      return fail(c, "what is spread is not a record");
    for (const auto &f : *d->record()) {
      if (!set(f.first, f.second))
        return std::nullopt;
    }
  }
  for (const auto &a : c.attrs) {
    std::optional<Datum> d = eval(*a.second);
    if (!d || !set(a.first, *d))
      return std::nullopt;
  }
  std::vector<NamedAttr> attrs;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i])
      attrs.push_back({info.attrs[i].name, std::move(*values[i])});
    else if (info.attrs[i].required)
      return fail(c, fmt::format("{} needs attribute `{}`", info.name, info.attrs[i].name));
  }
  std::string reason;
  std::optional<std::vector<Value *>> made =
      maker->make(c, op, std::move(operands), std::move(attrs), reason);
  if (!made)
    return fail(c, reason);
  return made;
}

} // namespace wnnx::pat
