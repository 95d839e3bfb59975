// SPDX-License-Identifier: Apache-2.0
//
// Conversions, equality and printing of the values of the rule language.
#include "wnnx/Pattern/Datum.h"

#include "fmt/format.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

Datum Datum::ofInts(llvm::ArrayRef<int64_t> ints) {
  DatumList l;
  for (int64_t i : ints)
    l.push_back(i);
  return l;
}

Datum Datum::ofAttr(const Attribute &a) {
  switch (a.kind()) {
  case AttrKind::None:
    return absent();
  case AttrKind::Bool:
    return a.asBool();
  case AttrKind::Int:
    return a.asInt();
  case AttrKind::Float:
    return a.asFloat();
  case AttrKind::Str:
    return a.asStr();
  case AttrKind::DType:
    return a.asDType();
  case AttrKind::Ints:
    return ofInts(a.asInts());
  case AttrKind::Floats: {
    DatumList l;
    for (double d : a.asFloats())
      l.push_back(d);
    return l;
  }
  case AttrKind::Tensor: {
    TensorBuilder b;
    TensorRef t = b.leaf(a.asTensor(), "");
    return t ? Datum(t) : absent();
  }
  }
  return absent();
}

std::optional<std::vector<int64_t>> Datum::ints() const {
  const DatumList *l = list();
  if (!l)
    return std::nullopt;
  std::vector<int64_t> out;
  for (const Datum &d : *l) {
    if (!d.as<int64_t>())
      return std::nullopt;
    out.push_back(*d.as<int64_t>());
  }
  return out;
}

const Datum *Datum::field(std::string_view name) const {
  if (const DatumRecord *r = record()) {
    for (const auto &f : *r) {
      if (f.first == name)
        return &f.second;
    }
  }
  return nullptr;
}

static const Tensor *tensorOf(const Datum &d) {
  if (Value *v = d.value())
    return v->constant();
  const TensorRef *t = d.as<TensorRef>();
  return t && (*t)->kind == TensorExpr::Leaf ? &(*t)->leaf : nullptr;
}

bool Datum::equals(const Datum &o) const {
  if (isNumber() && o.isNumber()) {
    if (as<int64_t>() && o.as<int64_t>())
      return *as<int64_t>() == *o.as<int64_t>();
    double a = asDouble(), b = o.asDouble();
    return a == b || (std::isnan(a) && std::isnan(b));
  }
  const Tensor *a = tensorOf(*this), *b = tensorOf(o);
  if (a && b)
    return a->identical(*b);
  if (list() && o.list()) {
    return std::equal(list()->begin(), list()->end(), o.list()->begin(), o.list()->end(),
                      [](const Datum &x, const Datum &y) { return x.equals(y); });
  }
  if (record() && o.record()) {
    return std::equal(record()->begin(), record()->end(), o.record()->begin(), o.record()->end(),
                      [](const auto &x, const auto &y) {
                        return x.first == y.first && x.second.equals(y.second);
                      });
  }
  return v == o.v;
}

std::string Datum::str() const {
  if (!bound())
    return "nothing";
  if (isAbsent())
    return "none";
  if (auto *x = as<Value *>())
    return (*x)->name().empty() ? "a new value" : "%" + (*x)->name();
  if (auto *x = as<TensorRef>())
    return "a tensor of shape " + (*x)->shape.str();
  if (auto *x = as<int64_t>())
    return std::to_string(*x);
  if (auto *x = as<double>())
    return formatFloat(*x);
  if (auto *x = as<bool>())
    return *x ? "true" : "false";
  if (auto *x = as<std::string>())
    return quote(*x);
  if (auto *x = as<DType>())
    return std::string(dtypeName(*x));
  if (auto *x = as<OpKind>())
    return std::string(opName(*x));
  std::string out = list() ? "[" : "{";
  bool first = true;
  auto part = [&](const std::string &text) {
    out += (first ? "" : ", ") + text;
    first = false;
  };
  if (const DatumList *l = list()) {
    for (const Datum &d : *l)
      part(d.str());
    return out + "]";
  }
  for (const auto &f : *record())
    part(f.first + " = " + f.second.str());
  return out + "}";
}

std::optional<Attribute> toAttribute(const Datum &d, const AttrInfo &info) {
  if (d.isAbsent())
    return info.optional ? std::optional<Attribute>(Attribute()) : std::nullopt;
  switch (info.kind) {
  case AttrKind::None:
    return std::nullopt;
  case AttrKind::Bool:
    if (auto *x = d.as<bool>())
      return Attribute(*x);
    return std::nullopt;
  case AttrKind::Int:
    if (auto *x = d.as<int64_t>())
      return Attribute(*x);
    return std::nullopt;
  case AttrKind::Float:
    if (d.isNumber())
      return Attribute(d.asDouble());
    return std::nullopt;
  case AttrKind::Str:
    if (auto *x = d.as<std::string>())
      return Attribute(*x);
    return std::nullopt;
  case AttrKind::DType:
    if (auto *x = d.as<DType>())
      return Attribute(*x);
    return std::nullopt;
  case AttrKind::Ints:
    if (auto x = d.ints())
      return Attribute(std::move(*x));
    return std::nullopt;
  case AttrKind::Floats: {
    const DatumList *l = d.list();
    if (!l)
      return std::nullopt;
    std::vector<double> out;
    for (const Datum &e : *l) {
      if (!e.isNumber())
        return std::nullopt;
      out.push_back(e.asDouble());
    }
    return Attribute(std::move(out));
  }
  case AttrKind::Tensor:
    if (auto *x = d.as<TensorRef>())
      return Attribute((*x)->evaluate({(*x)->dtype.value_or(DType::F32), (*x)->shape}));
    return std::nullopt;
  }
  return std::nullopt;
}

} // namespace wnnx::pat
