// SPDX-License-Identifier: Apache-2.0
//
// What the evaluator computes with: Python values, and tensors that stand for graph values. Lists,
// dicts and objects have reference semantics; everything lives in the evaluator's `Heap` until it
// ends, so plain pointers suffice and cycles do no harm.
#pragma once

#include "Ast.h"

#include "wnnx/Import/TorchScript/Pickle.h"
#include "wnnx/Support/Check.h"

#include "llvm/ADT/StringMap.h"

#include <deque>
#include <string>
#include <vector>

namespace wnnx::ts {

struct ListObject;
struct DictObject;
struct TupleObject;
struct Instance;
struct ClassInfo;
struct FunctionObject;
struct TensorObject;

enum class ValKind : uint8_t {
  Poison, // after an error, or never initialised: using it reports nothing new
  None,
  Bool,
  Int,
  Float,
  Str,
  Device,
  List,
  Dict,
  Tuple,
  Tensor,
  Instance, // of a module, of a plain class
  Enum,     // a tuple object: name and value
  Class,
  Function,
};

struct Val {
  ValKind kind = ValKind::Poison;
  union {
    int64_t i = 0; // Bool, Int
    double f;
    const std::string *s; // Str, Device
    ListObject *list;
    DictObject *dict;
    TupleObject *tuple; // Tuple, Enum
    TensorObject *tensor;
    Instance *instance;
    const ClassInfo *cls;
    const FunctionObject *function;
  };

  bool is(ValKind k) const { return kind == k; }
  bool isPoison() const { return kind == ValKind::Poison; }
  bool isNone() const { return kind == ValKind::None; }
  bool isTensor() const { return kind == ValKind::Tensor; }
  bool isInt() const { return kind == ValKind::Int; }
  bool isFloat() const { return kind == ValKind::Float; }
  bool isBool() const { return kind == ValKind::Bool; }
  bool isStr() const { return kind == ValKind::Str; }
  bool isList() const { return kind == ValKind::List; }
  bool isTuple() const { return kind == ValKind::Tuple; }
  /// int, float or bool.
  bool isNumber() const { return isInt() || isFloat() || isBool(); }
  double number() const { return isFloat() ? f : double(i); }

  static Val none() { return of(ValKind::None); }
  static Val poison() { return {}; }
  static Val boolean(bool b) { return withInt(ValKind::Bool, b); }
  static Val integer(int64_t v) { return withInt(ValKind::Int, v); }
  static Val real(double d) {
    Val v = of(ValKind::Float);
    v.f = d;
    return v;
  }
  static Val of(ValKind k) {
    Val v;
    v.kind = k;
    return v;
  }

private:
  static Val withInt(ValKind k, int64_t i) {
    Val v = of(k);
    v.i = i;
    return v;
  }
};

struct ListObject {
  std::vector<Val> items;
};

struct DictObject {
  std::vector<std::pair<Val, Val>> items; // in order of insertion
};

struct TupleObject {
  std::vector<Val> items;
  const ClassInfo *cls = nullptr; // of named tuples and enums
};

/// A class of the archive, with the module that its text is in.
struct ClassInfo {
  std::string name; // qualified, as in the file
  const Class *decl = nullptr;
  const Module *module = nullptr;
};

struct FunctionObject {
  std::string name;
  const Function *decl = nullptr;
  const Module *module = nullptr;
  bool nested = false; // defined in a method, whose names it sees
};

struct Instance {
  const ClassInfo *cls = nullptr;
  std::string path; // "layer1.0.conv1"; empty for the root and for objects made by the program
  llvm::StringMap<Val> attrs;
  const PickleData *pickle = nullptr;
  llvm::StringMap<PickleRef> stored; // attributes that have not been asked for
};

/// Owner of all objects of one evaluation.
class Heap {
  std::deque<std::string> strings;
  std::deque<ListObject> lists;
  std::deque<DictObject> dicts;
  std::deque<TupleObject> tuples;
  std::deque<Instance> instances;

public:
  Val str(std::string s) { return text(ValKind::Str, std::move(s)); }
  Val device(std::string s) { return text(ValKind::Device, std::move(s)); }
  Val list(std::vector<Val> items) {
    Val v = Val::of(ValKind::List);
    v.list = &lists.emplace_back(ListObject{std::move(items)});
    return v;
  }
  Val dict() {
    Val v = Val::of(ValKind::Dict);
    v.dict = &dicts.emplace_back();
    return v;
  }
  Val tuple(std::vector<Val> items, const ClassInfo *cls = nullptr) {
    Val v = Val::of(ValKind::Tuple);
    v.tuple = &tuples.emplace_back(TupleObject{std::move(items), cls});
    return v;
  }
  Val enumMember(const ClassInfo *cls, Val name, Val value) {
    Val v = tuple({name, value}, cls);
    v.kind = ValKind::Enum;
    return v;
  }
  Instance *instance() { return &instances.emplace_back(); }

private:
  Val text(ValKind k, std::string s) {
    Val v = Val::of(k);
    v.s = &strings.emplace_back(std::move(s));
    return v;
  }
};

/// "Tensor", "int", "List[int]"... for messages.
std::string kindName(const Val &v);
/// Python's `==`; tensors by identity.
bool equalVals(const Val &a, const Val &b, unsigned depth = 0);
/// Python's truth of anything but a tensor.
bool truth(const Val &v);
/// As `str(v)`, or `repr(v)` within containers.
std::string formatVal(const Val &v, bool repr = false, unsigned depth = 0);

} // namespace wnnx::ts
