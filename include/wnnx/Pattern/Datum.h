// SPDX-License-Identifier: Apache-2.0
//
// What a name of a rule stands for while the rule is tried: a value of the graph, a compile-time
// tensor, an attribute, a number, a list, a record.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Pattern/TensorExpr.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace wnnx::pat {

class Datum;
using DatumList = std::vector<Datum>;
/// Fields in the order in which they were written; of captured attributes, that of the schema.
using DatumRecord = std::vector<std::pair<std::string, Datum>>;

class Datum {
  struct Absent {
    bool operator==(const Absent &) const { return true; }
  };
  std::variant<std::monostate, Absent, Value *, TensorRef, int64_t, double, bool, std::string,
               DType, OpKind, std::shared_ptr<const DatumList>, std::shared_ptr<const DatumRecord>>
      v;

public:
  Datum() = default;
  Datum(Value *x) : v(x) {}
  Datum(TensorRef x) : v(std::move(x)) {}
  Datum(int x) : v(int64_t(x)) {}
  Datum(unsigned x) : v(int64_t(x)) {}
  Datum(int64_t x) : v(x) {}
  Datum(double x) : v(x) {}
  Datum(bool x) : v(x) {}
  Datum(std::string x) : v(std::move(x)) {}
  Datum(DType x) : v(x) {}
  Datum(OpKind x) : v(x) {}
  Datum(DatumList x) : v(std::make_shared<const DatumList>(std::move(x))) {}
  Datum(DatumRecord x) : v(std::make_shared<const DatumRecord>(std::move(x))) {}
  static Datum absent() {
    Datum d;
    d.v = Absent();
    return d;
  }
  static Datum ofInts(llvm::ArrayRef<int64_t> ints);
  static Datum ofAttr(const Attribute &a);

  /// Whether anything was bound at all; an absent optional is bound.
  bool bound() const { return !std::holds_alternative<std::monostate>(v); }
  bool isAbsent() const { return std::holds_alternative<Absent>(v); }
  template <class T> const T *as() const { return std::get_if<T>(&v); }
  Value *value() const { return as<Value *>() ? *as<Value *>() : nullptr; }
  const DatumList *list() const {
    auto *p = as<std::shared_ptr<const DatumList>>();
    return p ? p->get() : nullptr;
  }
  const DatumRecord *record() const {
    auto *p = as<std::shared_ptr<const DatumRecord>>();
    return p ? p->get() : nullptr;
  }
  bool isNumber() const { return as<int64_t>() || as<double>(); }
  /// Of a number.
  double asDouble() const { return as<int64_t>() ? double(*as<int64_t>()) : *as<double>(); }
  /// Of a list of integers.
  std::optional<std::vector<int64_t>> ints() const;
  const Datum *field(std::string_view name) const;

  /// Equality of the language: 1 equals 1.0, lists by elements, constants by content, other values
  /// by identity.
  bool equals(const Datum &o) const;
  /// For messages: `[1, 1]`, "same", %x.
  std::string str() const;
};

/// The attribute of the given kind, or nothing when the datum does not fit it.
std::optional<Attribute> toAttribute(const Datum &d, const AttrInfo &info);

} // namespace wnnx::pat
