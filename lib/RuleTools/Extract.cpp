// SPDX-License-Identifier: Apache-2.0
//
// Writing of rules from nodes. Constants of one number become numbers, others `const[...]` with
// their dimensions named; the nodes' operands from outside become variables.
#include "wnnx/RuleTools/Extract.h"

#include "Labels.h"
#include "wnnx/Pattern/Matcher.h"
#include "wnnx/Pattern/Types.h"
#include "wnnx/RuleTools/Format.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <set>

namespace wnnx::pat {

namespace {

/// How the dimensions of a weight are called.
struct DimNames {
  std::string_view op, operand, names;
};
constexpr DimNames dimNames[] = {
    {"conv2d", "weight", "O C KH KW"},   {"conv2d", "bias", "O"},
    {"conv1d", "weight", "O C K"},       {"conv1d", "bias", "O"},
    {"linear", "weight", "O I"},         {"linear", "bias", "O"},
    {"embedding", "weight", "V E"},      {"conv_transpose2d", "weight", "C Q KH KW"},
    {"batch_norm", "running_mean", "C"}, {"batch_norm", "running_var", "C"},
    {"batch_norm", "weight", "C"},       {"batch_norm", "bias", "C"},
};

class Extractor {
  const Graph &g;
  const ExtractOptions &options;
  Diagnostics &diags;
  std::vector<const Node *> nodes; // in graph order
  llvm::DenseSet<const Node *> chosen;
  llvm::DenseMap<const Value *, std::string> names;
  llvm::DenseMap<const Value *, std::string> newNames; // of values made again, inside the rewrite
  std::set<std::string> taken;
  llvm::DenseSet<const Value *> declared; // operands whose type has been written
  llvm::StringMap<int64_t> sizesSeen;     // of named dimensions

public:
  Extractor(const Graph &graph, const ExtractOptions &o, Diagnostics &d)
      : g(graph), options(o), diags(d) {}

  FailureOr<std::string> run();

private:
  const Value *find(llvm::StringRef name);
  LogicalResult select();
  std::string fresh(std::string_view wanted);
  void nameValues();
  bool outside(const Value *v) const;
  static std::optional<std::string> number(const Value *v, const Node &user);
  std::string dims(const Value *v, const Node &user, unsigned index,
                   llvm::StringMap<int64_t> &sizes);
  std::string call(const Node &n, unsigned index, bool match);
  std::string literal(const Attribute &a);
  LogicalResult confirm(const std::string &text);
};

const Value *Extractor::find(llvm::StringRef name) {
  name = name.trim();
  name.consume_front("%");
  const Value *v = g.lookup(name.str());
  if (v && v->node() && v->node()->kind() != OpKind::Constant)
    return v;
  std::vector<std::string_view> known;
  for (Node *n : nodesOf(g)) {
    if (n->kind() != OpKind::Constant && n->numResults())
      known.push_back(n->result()->name());
  }
  diags
      .error("--nodes", "no-node",
             v ? fmt::format("`{}` is {}; name the results of ops", name.str(),
                             v->node() ? "a constant" : "an input of the model")
               : fmt::format("the model has no value `{}`{}", name.str(),
                             didYouMean(name.str(), known)))
      .hint("`wnnx-opt MODEL` prints the names");
  return nullptr;
}

LogicalResult Extractor::select() {
  llvm::StringRef text(options.nodes);
  if (size_t dots = text.find(".."); dots != llvm::StringRef::npos) {
    const Value *from = find(text.take_front(dots)), *to = find(text.drop_front(dots + 2));
    if (!from || !to)
      return failure();
    // On a way: reached from the first, and reaching the last.
    llvm::DenseSet<const Node *> below;
    below.insert(from->node());
    for (const Node *n = from->node()->next(); n; n = n->next()) {
      if (llvm::any_of(n->operands(), [&](Value *v) { return v && below.count(v->node()); }))
        below.insert(n);
    }
    llvm::DenseSet<const Node *> above;
    above.insert(to->node());
    for (const Node *n = to->node(); n; n = n->prev()) {
      if (!above.count(n))
        continue;
      for (Value *v : n->operands()) {
        if (v && v->node())
          above.insert(v->node());
      }
    }
    for (Node *n : nodesOf(g)) {
      if (below.count(n) && above.count(n))
        nodes.push_back(n);
    }
    if (nodes.empty())
      return diags.error("--nodes", "no-way",
                         fmt::format("no way leads from {} to {}", label(from), label(to)));
  } else {
    llvm::SmallVector<llvm::StringRef, 8> parts;
    text.split(parts, ',', -1, false);
    bool ok = !parts.empty();
    if (!ok)
      diags.error("--nodes", "no-node", "no nodes are named")
          .hint("`--nodes=a..b` takes all between two values, `--nodes=a,b,c` takes these");
    llvm::DenseSet<const Node *> named;
    for (llvm::StringRef p : parts) {
      const Value *v = find(p);
      ok &= v != nullptr;
      if (v)
        named.insert(v->node());
    }
    if (!ok)
      return failure();
    for (Node *n : nodesOf(g)) {
      if (named.count(n))
        nodes.push_back(n);
    }
  }
  constexpr size_t limit = 500;
  if (nodes.size() > limit)
    return diags.error("--nodes", "too-many",
                       fmt::format("{} nodes are too many for a rule", nodes.size()));
  chosen.insert(nodes.begin(), nodes.end());
  return success();
}

std::string Extractor::fresh(std::string_view wanted) {
  std::string s;
  for (char c : wanted)
    s += llvm::isAlnum(c) || c == '_' ? c : '_';
  // Words of the language, and `_` alone, are no names; op names would be confusing.
  static const std::string_view words[] = {"true",   "false", "none",    "inf",  "nan",
                                           "pi",     "MAX",   "const",   "keep", "where",
                                           "target", "as",    "ordered", "tol",  "all"};
  if (s.empty() || llvm::isDigit(s[0]) || s[0] == '_')
    s = "v" + s;
  if (llvm::is_contained(words, std::string_view(s)) || lookupOp(s) || lookupBuiltin(s) ||
      parseDType(s))
    s += "_";
  std::string unique = s;
  for (unsigned i = 2; !taken.insert(unique).second; ++i)
    unique = fmt::format("{}{}", s, i);
  return unique;
}

/// Whether something besides the chosen nodes uses it.
bool Extractor::outside(const Value *v) const {
  return llvm::any_of(v->uses(), [&](const Use &u) { return !u.user || !chosen.count(u.user); }) ||
         !v->hasUses();
}

void Extractor::nameValues() {
  // The last part of a name such as `features.0.weight` says enough.
  auto shortName = [](const Value *v) {
    llvm::StringRef s(v->name());
    llvm::StringRef last = s.rsplit('.').second;
    last = last.empty() || llvm::isDigit(last[0]) ? s : last;
    constexpr size_t readable = 20;
    if (last.size() <= readable)
      return last.str();
    return v->constant() ? std::string("c")
           : v->node()   ? std::string(opName(v->node()->kind()))
                         : "x";
  };
  for (const Node *n : nodes) {
    for (const Value *v : n->operands()) {
      if (v && !names.count(v))
        names[v] = fresh(shortName(v));
    }
    for (unsigned i = 0; i < n->numResults(); ++i) {
      if (!names.count(n->result(i)))
        names[n->result(i)] = fresh(shortName(n->result(i)));
    }
  }
}

std::optional<std::string> Extractor::number(const Value *v, const Node &user) {
  const Tensor *t = v->constant();
  if (!t || t->numel() != 1 || t->shape().rank() != 0 || user.numOperands() < 2)
    return std::nullopt;
  double x = t->getDouble(0);
  if (!std::isfinite(x))
    return std::nullopt;
  if (!isFloat(t->dtype()))
    return std::to_string(t->getInt(0));
  // The shortest digits that round to the constant.
  if (t->dtype() == DType::F32)
    return fmt::format("{}", float(x));
  return formatFloat(x);
}

std::string Extractor::dims(const Value *v, const Node &user, unsigned index,
                            llvm::StringMap<int64_t> &sizes) {
  llvm::SmallVector<llvm::StringRef, 4> known;
  const OpInfo &info = user.info();
  for (const DimNames &d : dimNames) {
    if (index < info.operands.size() && d.op == info.name && d.operand == info.operands[index].name)
      llvm::StringRef(d.names).split(known, ' ');
  }
  std::string s;
  for (int64_t i = 0; i < v->rank(); ++i) {
    std::string base = size_t(i) < known.size() && known.size() == size_t(v->rank())
                           ? known[size_t(i)].str()
                           : fmt::format("D{}", i);
    // One name is one size.
    std::string name = base;
    for (unsigned k = 2; sizes.count(name) && sizes[name] != v->dim(i); ++k)
      name = fmt::format("{}{}", base, k);
    sizes[name] = v->dim(i);
    s += (i ? ", " : "") + name;
  }
  return "[" + s + "]";
}

std::string Extractor::literal(const Attribute &a) {
  if (a.kind() == AttrKind::Float)
    return formatFloat(a.asFloat());
  return a.str();
}

/// A node as a pattern or as an expression.
std::string Extractor::call(const Node &n, unsigned index, bool match) {
  const OpInfo &info = n.info();
  std::string s = std::string(info.name) + "(";
  bool first = true, gap = false;
  auto add = [&](const std::string &text) {
    s += (first ? "" : ", ") + text;
    first = false;
  };
  auto operand = [&](const Value *v, unsigned position) -> std::string {
    if (std::optional<std::string> x = number(v, n))
      return *x;
    if (!match) {
      auto made = newNames.find(v);
      return made == newNames.end() ? names[v] : made->second;
    }
    std::string text = names[v];
    if (v->constant() && declared.insert(v).second)
      text += ": const" + dims(v, n, position, sizesSeen);
    return text;
  };
  unsigned fixed = info.numFixedOperands();
  for (unsigned i = 0; i < fixed; ++i) {
    const Value *v = n.operand(i);
    if (!v) {
      gap = true;
      continue;
    }
    add((gap ? std::string(info.operands[i].name) + " = " : "") + operand(v, i));
  }
  if (info.isVariadic()) {
    std::string list;
    for (const Value *v : n.variadicOperands())
      list += (list.empty() ? "" : ", ") + (v ? operand(v, fixed) : std::string("none"));
    add("[" + list + "]");
  }
  for (unsigned i = 0; i < info.attrs.size(); ++i) {
    const AttrInfo &a = info.attrs[i];
    if (!a.required && n.attr(i) == a.defaultValue)
      continue;
    std::string value = options.capture ? fmt::format("{}{}", a.name, index) : literal(n.attr(i));
    add(fmt::format("{} = {}", a.name, value));
  }
  return s + ")";
}

/// Loads the text and tries the rule: whatever the model holds, what is written matches it.
LogicalResult Extractor::confirm(const std::string &text) {
  Diagnostics scratch;
  FailureOr<RuleSet> rules = loadRulesFromText("extracted.pat", text, scratch);
  std::string why;
  if (failed(rules)) {
    why = scratch.all().empty() ? "it does not load" : Diagnostics::render(scratch.all()[0]);
  } else {
    const Rule &rule = *rules->program().rules[0];
    RewriteOptions rewrite;
    Matcher matcher(rule, rewrite);
    NearMiss miss;
    for (const Node *n : nodes) {
      Match m;
      if (matcher.match(const_cast<Node *>(n), m, &miss) == MatchOutcome::Matched &&
          m.nodes.size() == nodes.size() &&
          llvm::all_of(m.nodes, [&](Node *x) { return chosen.count(x); }))
        return success();
    }
    why = miss.reason;
  }
  return diags
      .error("--nodes", "extract",
             "these nodes cannot be said as a pattern: " + llvm::StringRef(why).rtrim().str())
      .hint("the nodes must hang together, and all their ways must stay inside");
}

FailureOr<std::string> Extractor::run() {
  if (select().failed())
    return failure();
  nameValues();
  std::string match, rewrite;
  auto lhs = [](const std::vector<std::string> &list) {
    std::string s;
    for (const std::string &n : list)
      s += (s.empty() ? "" : ", ") + n;
    return list.size() == 1 ? s : "(" + s + ")";
  };
  for (size_t i = 0; i < nodes.size(); ++i) {
    std::vector<std::string> left;
    for (unsigned r = 0; r < nodes[i]->numResults(); ++r)
      left.push_back(names[nodes[i]->result(r)]);
    match += fmt::format("{} = {};\n", lhs(left), call(*nodes[i], unsigned(i), true));
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node *n = nodes[i];
    std::string made = call(*n, unsigned(i), false);
    std::vector<std::string> left;
    bool replaced = false;
    for (unsigned r = 0; r < n->numResults(); ++r)
      replaced |= outside(n->result(r));
    // A right side may not be the left one: a single op is passed through another.
    bool single = nodes.size() == 1;
    replaced &= !single;
    std::string through;
    for (unsigned r = 0; r < n->numResults(); ++r) {
      const Value *v = n->result(r);
      std::string name = replaced ? names[v] : fresh("new_" + names[v]);
      newNames[v] = name;
      left.push_back(name);
      if (single)
        through += fmt::format("{} = identity({});\n", names[v], name);
    }
    rewrite += fmt::format("{} = {};\n{}", lhs(left), made, through);
  }
  std::string text = fmt::format(
      "// Made by wnnx-pat extract from `{}`.\n// The right side makes the same ops again: change "
      "it, "
      "and take `off` away.\npat 1;\nruleset mine;\n\nrule {} : mine, class exact, off {{\n"
      "match {{\n{}}}\nrewrite {{\n{}}}\n}}\n",
      g.name, options.rule, match, rewrite);
  if (confirm(text).failed())
    return failure();
  Diagnostics scratch;
  return formatRules(scratch.addFile("extracted.pat", text), diags);
}

} // namespace

FailureOr<std::string> extractRule(const Graph &g, const ExtractOptions &options,
                                   Diagnostics &diags) {
  if (options.rule.empty() ||
      !llvm::all_of(options.rule, [](char c) { return llvm::isAlnum(c) || c == '_'; }) ||
      llvm::isDigit(options.rule[0]))
    return diags.error("--name", "bad-name",
                       fmt::format("`{}` is no name for a rule", options.rule));
  return Extractor(g, options, diags).run();
}

} // namespace wnnx::pat
