// SPDX-License-Identifier: Apache-2.0
//
// Lists, dicts and strings, and the dispatch over all builtins.
#include "Builtins.h"
#include "BuiltinTables.h"
#include "Limits.h"

#include <algorithm>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

using Args = llvm::ArrayRef<Val>;
using Result = std::optional<Val>;

std::optional<int64_t> position(int64_t i, size_t size) {
  int64_t n = int64_t(size);
  int64_t at = i < 0 ? i + n : i;
  return at >= 0 && at < n ? std::optional(at) : std::nullopt;
}

Val tooLong(Evaluator &ev) {
  return ev.error(ev.where(), "ts-limit", "a list or string is too long");
}

Result append(Evaluator &ev, Args a) {
  if (a.size() != 2 || !a[0].isList())
    return std::nullopt;
  if (a[0].list->items.size() >= limits::listLength)
    return tooLong(ev);
  a[0].list->items.push_back(a[1]);
  return a[0];
}

Result extend(Evaluator &ev, Args a) {
  if (a.size() != 2 || !a[0].isList() || !a[1].isList())
    return std::nullopt;
  std::vector<Val> more = a[1].list->items;
  if (a[0].list->items.size() + more.size() > limits::listLength || !ev.charge(more.size()))
    return tooLong(ev);
  a[0].list->items.insert(a[0].list->items.end(), more.begin(), more.end());
  return Val::none();
}

Result insert(Evaluator &ev, Args a) {
  if (a.size() != 3 || !a[0].isList() || !a[1].isInt())
    return std::nullopt;
  auto &items = a[0].list->items;
  if (items.size() >= limits::listLength || !ev.charge(items.size()))
    return tooLong(ev);
  int64_t n = int64_t(items.size());
  int64_t at = std::clamp<int64_t>(a[1].i < 0 ? a[1].i + n : a[1].i, 0, n);
  items.insert(items.begin() + at, a[2]);
  return Val::none();
}

Result pop(Evaluator &ev, Args a) {
  if (a.empty())
    return std::nullopt;
  if (a[0].is(ValKind::Dict) && a.size() >= 2) {
    auto &items = a[0].dict->items;
    for (size_t i = 0; i < items.size(); ++i)
      if (equalVals(items[i].first, a[1])) {
        Val v = items[i].second;
        items.erase(items.begin() + long(i));
        return v;
      }
    return a.size() > 2 ? a[2] : ev.error(ev.where(), "ts-eval", "the dict has no such key");
  }
  if (!a[0].isList())
    return std::nullopt;
  auto &items = a[0].list->items;
  std::optional<int64_t> at = position(a.size() > 1 && a[1].isInt() ? a[1].i : -1, items.size());
  if (!at || !ev.charge(items.size() - size_t(*at)))
    return ev.error(ev.where(), "ts-eval", "`pop` from a list without that element");
  Val v = items[size_t(*at)];
  items.erase(items.begin() + *at);
  return v;
}

Result setItem(Evaluator &ev, Args a) {
  if (a.size() != 3)
    return std::nullopt;
  if (a[0].isList() && a[1].isInt()) {
    std::optional<int64_t> at = position(a[1].i, a[0].list->items.size());
    if (!at)
      return ev.error(ev.where(), "ts-eval",
                      fmt::format("index {} in a list of {}", a[1].i, a[0].list->items.size()));
    a[0].list->items[size_t(*at)] = a[2];
    return a[0];
  }
  if (!a[0].is(ValKind::Dict))
    return std::nullopt;
  if (!ev.charge(a[0].dict->items.size()) || a[0].dict->items.size() >= limits::listLength)
    return tooLong(ev);
  for (auto &[k, v] : a[0].dict->items)
    if (equalVals(k, a[1]))
      return v = a[2], Val::none();
  a[0].dict->items.push_back({a[1], a[2]});
  return Val::none();
}

Result getItem(Evaluator &ev, Args a) {
  if (a.size() != 2)
    return std::nullopt;
  if (a[0].is(ValKind::Dict)) {
    for (auto &[k, v] : a[0].dict->items)
      if (equalVals(k, a[1]))
        return v;
    return ev.error(ev.where(), "ts-eval",
                    fmt::format("the dict has no key {}", formatVal(a[1], true)));
  }
  if (!a[1].isInt() || (!a[0].isList() && !a[0].isTuple()))
    return std::nullopt;
  const auto &items = a[0].isList() ? a[0].list->items : a[0].tuple->items;
  std::optional<int64_t> at = position(a[1].i, items.size());
  return at ? items[size_t(*at)]
            : ev.error(ev.where(), "ts-eval",
                       fmt::format("index {} in a list of {}", a[1].i, items.size()));
}

Result length(Evaluator &ev, Args a) {
  if (a.size() != 1)
    return std::nullopt;
  switch (a[0].kind) {
  case ValKind::List:
    return Val::integer(int64_t(a[0].list->items.size()));
  case ValKind::Dict:
    return Val::integer(int64_t(a[0].dict->items.size()));
  case ValKind::Tuple:
    return Val::integer(int64_t(a[0].tuple->items.size()));
  case ValKind::Str:
    return Val::integer(int64_t(a[0].s->size()));
  case ValKind::Tensor:
    if (a[0].tensor->type.shape.rank())
      return Val::integer(a[0].tensor->type.shape[0]);
    return ev.error(ev.where(), "ts-eval", "`len` of a tensor without dimensions");
  case ValKind::Instance:
    return a[0].instance->cls->decl->method("__len__")
               ? ev.callMethod(a[0], "__len__", {}, ev.where())
               : std::optional<Val>();
  default:
    return std::nullopt;
  }
}

Result keysOrValues(Evaluator &ev, Args a, int which) {
  if (a.size() != 1 || !a[0].is(ValKind::Dict))
    return std::nullopt;
  std::vector<Val> out;
  for (const auto &[k, v] : a[0].dict->items)
    out.push_back(which == 0 ? k : which == 1 ? v : ev.heap.tuple({k, v}));
  return ev.heap.list(std::move(out));
}

Result get(Evaluator &, Args a) {
  if (a.size() < 2 || !a[0].is(ValKind::Dict))
    return std::nullopt;
  for (const auto &[k, v] : a[0].dict->items)
    if (equalVals(k, a[1]))
      return v;
  return a.size() > 2 ? a[2] : Val::none();
}

Result contains(Evaluator &ev, Args a) {
  if (a.size() != 2)
    return std::nullopt;
  if (a[0].is(ValKind::Dict)) {
    for (const auto &entry : a[0].dict->items)
      if (equalVals(entry.first, a[1]))
        return Val::boolean(true);
    return Val::boolean(false);
  }
  if (a[0].isStr() && a[1].isStr())
    return Val::boolean(a[0].s->find(*a[1].s) != std::string::npos);
  if (a[0].is(ValKind::Instance))
    return ev.callMethod(a[0], "__contains__", {a[1]}, ev.where());
  if (!a[0].isList())
    return std::nullopt;
  for (const Val &v : a[0].list->items)
    if (equalVals(v, a[1]))
      return Val::boolean(true);
  return Val::boolean(false);
}

Result indexOf(Evaluator &ev, Args a) {
  if (a.size() != 2 || !a[0].isList())
    return std::nullopt;
  for (size_t i = 0; i < a[0].list->items.size(); ++i)
    if (equalVals(a[0].list->items[i], a[1]))
      return Val::integer(int64_t(i));
  return ev.error(ev.where(), "ts-eval", "`index`: the list has no such element");
}

Result copyList(Evaluator &ev, Args a) {
  if (a.size() == 1 && a[0].isList())
    return ev.heap.list(a[0].list->items);
  if (a.size() == 1 && a[0].isTuple())
    return ev.heap.list(a[0].tuple->items);
  if (a.size() == 1 && a[0].is(ValKind::Dict)) {
    Val d = ev.heap.dict();
    d.dict->items = a[0].dict->items;
    return d;
  }
  if (a.size() == 1 && a[0].isStr()) {
    std::vector<Val> chars;
    for (char c : *a[0].s)
      chars.push_back(ev.heap.str(std::string(1, c)));
    return ev.heap.list(std::move(chars));
  }
  return std::nullopt;
}

Result makeDict(Evaluator &ev, Args a) {
  Val d = ev.heap.dict();
  if (a.size() == 1 && a[0].isList()) {
    for (const Val &v : a[0].list->items)
      if (v.isTuple() && v.tuple->items.size() == 2)
        d.dict->items.push_back({v.tuple->items[0], v.tuple->items[1]});
  } else if (a.size() == 1 && a[0].is(ValKind::Dict)) {
    d.dict->items = a[0].dict->items;
  }
  return d;
}

Result updateDict(Evaluator &ev, Args a) {
  if (a.size() != 2 || !a[0].is(ValKind::Dict) || !a[1].is(ValKind::Dict))
    return std::nullopt;
  auto items = a[1].dict->items;
  for (const auto &[k, v] : items)
    setItem(ev, {a[0], k, v});
  return Val::none();
}

Result clear(Evaluator &, Args a) {
  if (a.size() != 1)
    return std::nullopt;
  if (a[0].isList())
    a[0].list->items.clear();
  else if (a[0].is(ValKind::Dict))
    a[0].dict->items.clear();
  else
    return std::nullopt;
  return Val::none();
}

Result reverse(Evaluator &ev, Args a) {
  if (a.size() != 1 || !a[0].isList() || !ev.charge(a[0].list->items.size()))
    return std::nullopt;
  std::reverse(a[0].list->items.begin(), a[0].list->items.end());
  return Val::none();
}

bool lessVals(const Val &x, const Val &y) {
  if (x.isNumber() && y.isNumber())
    return x.number() < y.number();
  return x.isStr() && y.isStr() && *x.s < *y.s;
}

Result sortList(Evaluator &ev, Args a, bool copy) {
  if (a.empty() || !a[0].isList() || !ev.charge(a[0].list->items.size()))
    return std::nullopt;
  Val target = copy ? ev.heap.list(a[0].list->items) : a[0];
  auto &items = target.list->items;
  std::stable_sort(items.begin(), items.end(), lessVals);
  if (a.size() > 1 && a[1].isBool() && a[1].i)
    std::reverse(items.begin(), items.end());
  return copy ? target : Val::none();
}

/// `x[start:end:step]` of a list or string.
Result slice(Evaluator &ev, Args a) {
  if (a.empty() || (!a[0].isList() && !a[0].isStr()))
    return std::nullopt;
  auto at = [&](size_t i, int64_t missing) {
    return i < a.size() && a[i].isInt() ? a[i].i : missing;
  };
  int64_t n = int64_t(a[0].isList() ? a[0].list->items.size() : a[0].s->size());
  int64_t step = at(3, 1);
  if (step <= 0)
    return ev.error(ev.where(), "ts-eval", "a slice with a step that is not positive");
  auto clamp = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
  int64_t begin = clamp(at(1, 0)), end = clamp(at(2, INT64_MAX));
  std::vector<Val> items;
  std::string s;
  for (int64_t i = begin; i < end; i += std::min(step, n + 1)) {
    if (a[0].isList())
      items.push_back(a[0].list->items[size_t(i)]);
    else
      s += (*a[0].s)[size_t(i)];
  }
  return a[0].isList() ? ev.heap.list(std::move(items)) : ev.heap.str(std::move(s));
}

Result addLists(Evaluator &ev, Args a) {
  if (a.size() != 2)
    return std::nullopt;
  if (a[0].isStr() && a[1].isStr()) {
    if (a[0].s->size() + a[1].s->size() > limits::stringBytes)
      return tooLong(ev);
    return ev.heap.str(*a[0].s + *a[1].s);
  }
  if (!a[0].isList() || !a[1].isList())
    return std::nullopt;
  std::vector<Val> items = a[0].list->items;
  items.insert(items.end(), a[1].list->items.begin(), a[1].list->items.end());
  if (items.size() > limits::listLength || !ev.charge(items.size()))
    return tooLong(ev);
  return ev.heap.list(std::move(items));
}

Result mulList(Evaluator &ev, Args a) {
  if (a.size() != 2)
    return std::nullopt;
  Val list = a[0].isList() ? a[0] : a[1], n = a[0].isList() ? a[1] : a[0];
  if (!list.isList() || !n.isInt())
    return std::nullopt;
  int64_t count = std::max<int64_t>(n.i, 0);
  if (list.list->items.size() && uint64_t(count) > limits::listLength / list.list->items.size())
    return tooLong(ev);
  std::vector<Val> items;
  for (int64_t i = 0; !list.list->items.empty() && i < count; ++i)
    items.insert(items.end(), list.list->items.begin(), list.list->items.end());
  if (!ev.charge(items.size()))
    return Val::poison();
  return ev.heap.list(std::move(items));
}

/// `"...{}...".format(a, b)`.
Result format(Evaluator &ev, Args a) {
  if (a.empty() || !a[0].isStr())
    return std::nullopt;
  std::string out;
  size_t next = 1;
  const std::string &f = *a[0].s;
  for (size_t i = 0; i < f.size(); ++i) {
    if (f[i] == '{' && i + 1 < f.size() && f[i + 1] == '}') {
      out += next < a.size() ? formatVal(a[next]) : "";
      ++next;
      ++i;
    } else {
      out += f[i];
    }
    if (out.size() > limits::stringBytes)
      return tooLong(ev);
  }
  return ev.heap.str(std::move(out));
}

Result percentFormat(Evaluator &ev, Args a) {
  if (a.empty() || !a[0].isStr())
    return std::nullopt;
  std::string out;
  size_t next = 1;
  const std::string &f = *a[0].s;
  for (size_t i = 0; i < f.size() && out.size() <= limits::stringBytes; ++i) {
    if (f[i] == '%' && i + 1 < f.size()) {
      ++i;
      out += f[i] == '%' ? "%" : next < a.size() ? formatVal(a[next++]) : "";
    } else {
      out += f[i];
    }
  }
  return ev.heap.str(std::move(out));
}

Result strMethod(Evaluator &ev, llvm::StringRef name, Args a) {
  if (a.empty() || !a[0].isStr())
    return std::nullopt;
  llvm::StringRef s = *a[0].s;
  auto arg = [&](size_t i) {
    return i < a.size() && a[i].isStr() ? llvm::StringRef(*a[i].s) : llvm::StringRef();
  };
  if (name == "find")
    return Val::integer(s.find(arg(1)) == llvm::StringRef::npos ? -1 : int64_t(s.find(arg(1))));
  if (name == "startswith")
    return Val::boolean(s.starts_with(arg(1)));
  if (name == "endswith")
    return Val::boolean(s.ends_with(arg(1)));
  if (name == "lower")
    return ev.heap.str(s.lower());
  if (name == "upper")
    return ev.heap.str(s.upper());
  if (name == "strip")
    return ev.heap.str(s.trim(a.size() > 1 ? arg(1) : llvm::StringRef(" \t\n\r")).str());
  if (name == "replace" && a.size() >= 3 && !arg(1).empty()) {
    std::string out;
    while (true) {
      size_t at = s.find(arg(1));
      out += s.take_front(at).str();
      if (at == llvm::StringRef::npos)
        break;
      out += arg(2).str();
      s = s.drop_front(at + arg(1).size());
      if (out.size() > limits::stringBytes)
        return tooLong(ev);
    }
    return ev.heap.str(std::move(out));
  }
  if (name == "split") {
    llvm::StringRef separator = a.size() > 1 && a[1].isStr() ? arg(1) : llvm::StringRef(" ");
    std::vector<Val> parts;
    while (!separator.empty()) {
      size_t at = s.find(separator);
      parts.push_back(ev.heap.str(s.take_front(at).str()));
      if (at == llvm::StringRef::npos || parts.size() > limits::listLength)
        break;
      s = s.drop_front(at + separator.size());
    }
    return ev.heap.list(std::move(parts));
  }
  if (name == "join" && a.size() == 2 && a[1].isList()) {
    std::string out;
    for (const Val &v : a[1].list->items) {
      out += (out.empty() ? "" : s.str()) + formatVal(v);
      if (out.size() > limits::stringBytes)
        return tooLong(ev);
    }
    return ev.heap.str(std::move(out));
  }
  return std::nullopt;
}

Result anyAll(Evaluator &, Args a, bool all) {
  if (a.size() != 1 || !a[0].isList())
    return std::nullopt;
  bool r = all;
  for (const Val &v : a[0].list->items) {
    if (v.isTensor())
      return std::nullopt;
    r = all ? r && truth(v) : r || truth(v);
  }
  return Val::boolean(r);
}

} // namespace

std::optional<Val> callBuiltin(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> a,
                               KeywordArgs keywords) {
  for (const Val &v : a)
    if (v.isPoison())
      return std::nullopt;
  using Builtin = std::optional<Val> (*)(Evaluator &, Args);
  static const llvm::StringMap<Builtin> table = {
      {"append", append},
      {"extend", extend},
      {"insert", insert},
      {"pop", pop},
      {"_set_item", setItem},
      {"__getitem__", getItem},
      {"len", length},
      {"keys", [](Evaluator &ev2, Args x) { return keysOrValues(ev2, x, 0); }},
      {"values", [](Evaluator &ev2, Args x) { return keysOrValues(ev2, x, 1); }},
      {"items", [](Evaluator &ev2, Args x) { return keysOrValues(ev2, x, 2); }},
      {"get", get},
      {"__contains__", contains},
      {"index", indexOf},
      {"copy", copyList},
      {"list", copyList},
      {"dict", makeDict},
      {"update", updateDict},
      {"clear", clear},
      {"reverse", reverse},
      {"sort", [](Evaluator &ev2, Args x) { return sortList(ev2, x, false); }},
      {"sorted", [](Evaluator &ev2, Args x) { return sortList(ev2, x, true); }},
      {"slice", slice},
      {"format", format},
      {"percentFormat", percentFormat},
      {"any", [](Evaluator &ev2, Args x) { return anyAll(ev2, x, false); }},
      {"all", [](Evaluator &ev2, Args x) { return anyAll(ev2, x, true); }},
  };
  if (auto it = table.find(name); it != table.end())
    if (std::optional<Val> v = it->second(ev, a))
      return v;
  if (name == "add" || name == "add_")
    if (std::optional<Val> v = name == "add" ? addLists(ev, a) : std::nullopt)
      return v;
  if (name == "add_" && a.size() == 2 && a[0].isList() && a[1].isList())
    return extend(ev, a), a[0];
  if (name == "mul")
    if (std::optional<Val> v = mulList(ev, a))
      return v;
  if (name == "str" && a.size() == 1)
    return ev.heap.str(formatVal(a[0]));
  if (std::optional<Val> v = strMethod(ev, name, a))
    return v;
  if (std::optional<Val> v = callMath(ev, name, a))
    return v;
  (void)keywords;
  return std::nullopt;
}

bool isBuiltinName(llvm::StringRef name) {
  static const llvm::StringSet<> names = {
      "append",  "extend", "insert", "pop",     "_set_item",  "__getitem__",
      "len",     "keys",   "values", "items",   "get",        "__contains__",
      "index",   "copy",   "list",   "dict",    "update",     "clear",
      "reverse", "sort",   "sorted", "slice",   "format",     "percentFormat",
      "any",     "all",    "str",    "find",    "startswith", "endswith",
      "lower",   "upper",  "strip",  "replace", "split",      "join"};
  return names.contains(name) || isMathName(name) || isQueryName(name);
}

} // namespace wnnx::ts
