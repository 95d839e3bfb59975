// SPDX-License-Identifier: Apache-2.0
//
// Comparing and printing of evaluator values.
#include "Value.h"

#include "Functionalize.h"
#include "Limits.h"

#include "wnnx/IR/Attribute.h"

#include <fmt/format.h>

namespace wnnx::ts {

std::string kindName(const Val &v) {
  switch (v.kind) {
  case ValKind::Poison:
    return "?";
  case ValKind::None:
    return "None";
  case ValKind::Bool:
    return "bool";
  case ValKind::Int:
    return "int";
  case ValKind::Float:
    return "float";
  case ValKind::Str:
    return "str";
  case ValKind::Device:
    return "Device";
  case ValKind::List: {
    std::string item;
    for (const Val &i : v.list->items) {
      std::string k = i.isList() ? "List" : kindName(i);
      if (item.empty())
        item = k;
      else if (item != k)
        item = "Any";
    }
    return "List[" + item + "]";
  }
  case ValKind::Dict:
    return "Dict";
  case ValKind::Tuple:
    return v.tuple->cls ? v.tuple->cls->name : "Tuple";
  case ValKind::Tensor:
    return "Tensor";
  case ValKind::Instance:
    return v.instance->cls ? v.instance->cls->name : "object";
  case ValKind::Enum:
    return v.tuple->cls ? v.tuple->cls->name : "enum";
  case ValKind::Class:
    return "class";
  case ValKind::Function:
    return "function";
  }
  return "?";
}

static bool equalItems(const std::vector<Val> &a, const std::vector<Val> &b, unsigned depth) {
  if (a.size() != b.size())
    return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!equalVals(a[i], b[i], depth + 1))
      return false;
  return true;
}

bool equalVals(const Val &a, const Val &b, unsigned depth) {
  if (depth > limits::containerDepth)
    return false;
  if (a.isNumber() && b.isNumber()) {
    if (a.isFloat() || b.isFloat())
      return a.number() == b.number();
    return a.i == b.i;
  }
  if (a.kind != b.kind)
    return false;
  switch (a.kind) {
  case ValKind::None:
    return true;
  case ValKind::Str:
  case ValKind::Device:
    return *a.s == *b.s;
  case ValKind::List:
    return equalItems(a.list->items, b.list->items, depth);
  case ValKind::Tuple:
    return equalItems(a.tuple->items, b.tuple->items, depth);
  case ValKind::Enum:
    return a.tuple->cls == b.tuple->cls &&
           equalVals(a.tuple->items[1], b.tuple->items[1], depth + 1);
  case ValKind::Dict:
    if (a.dict->items.size() != b.dict->items.size())
      return false;
    for (const auto &[k, v] : a.dict->items) {
      bool found = false;
      for (const auto &[k2, v2] : b.dict->items)
        found |= equalVals(k, k2, depth + 1) && equalVals(v, v2, depth + 1);
      if (!found)
        return false;
    }
    return true;
  case ValKind::Tensor:
    return a.tensor == b.tensor;
  case ValKind::Instance:
    return a.instance == b.instance;
  case ValKind::Class:
    return a.cls == b.cls;
  case ValKind::Function:
    return a.function == b.function;
  default:
    return false;
  }
}

bool truth(const Val &v) {
  switch (v.kind) {
  case ValKind::None:
    return false;
  case ValKind::Bool:
  case ValKind::Int:
    return v.i != 0;
  case ValKind::Float:
    return v.f != 0;
  case ValKind::Str:
    return !v.s->empty();
  case ValKind::List:
    return !v.list->items.empty();
  case ValKind::Dict:
    return !v.dict->items.empty();
  case ValKind::Tuple:
    return !v.tuple->items.empty();
  default:
    return true;
  }
}

static std::string joined(const std::vector<Val> &items, unsigned depth) {
  std::string s;
  for (const Val &v : items) {
    if (s.size() > limits::stringBytes)
      break;
    s += (s.empty() ? "" : ", ") + formatVal(v, true, depth + 1);
  }
  return s;
}

std::string formatVal(const Val &v, bool repr, unsigned depth) {
  if (depth > limits::containerDepth)
    return "...";
  switch (v.kind) {
  case ValKind::None:
    return "None";
  case ValKind::Bool:
    return v.i ? "True" : "False";
  case ValKind::Int:
    return fmt::format("{}", v.i);
  case ValKind::Float:
    return formatFloat(v.f);
  case ValKind::Str:
    return repr ? "'" + *v.s + "'" : *v.s;
  case ValKind::Device:
    return *v.s;
  case ValKind::List:
    return "[" + joined(v.list->items, depth) + "]";
  case ValKind::Tuple:
    return "(" + joined(v.tuple->items, depth) + (v.tuple->items.size() == 1 ? ",)" : ")");
  case ValKind::Dict: {
    std::string s;
    for (const auto &[k, x] : v.dict->items) {
      if (s.size() > limits::stringBytes)
        break;
      s += (s.empty() ? "" : ", ") + formatVal(k, true, depth + 1) + ": " +
           formatVal(x, true, depth + 1);
    }
    return "{" + s + "}";
  }
  case ValKind::Tensor:
    return "Tensor " + v.tensor->type.str();
  default:
    return "<" + kindName(v) + ">";
  }
}

} // namespace wnnx::ts
