// SPDX-License-Identifier: Apache-2.0
//
// Building, checking and committing of right sides.
#include "wnnx/Pattern/Rewriter.h"

#include "wnnx/Ops/Infer.h"
#include "wnnx/Support/Check.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <chrono>

namespace wnnx::pat {

/// Constants up to this many elements are computed while the right side is built, since inference
/// of some ops looks at them; larger ones only when it is committed.
static constexpr int64_t eagerElements = 4096;

static uint64_t contentHash(const Tensor &t) {
  uint64_t h =
      llvm::xxHash64(llvm::StringRef(reinterpret_cast<const char *>(t.data()), size_t(t.bytes())));
  return h ^ llvm::xxHash64(t.type().str());
}

/// The right side of one application, not yet in the graph. Takes itself away unless committed.
class RightSide : public NodeMaker {
  Rewriter &rw;
  Graph &g;
  const Rule &rule;
  Match &match;
  Location loc;
  struct Weight {
    Node *node;
    TensorRef expr;
  };
  std::vector<Weight> weights;
  std::vector<Node *> created; // nodes and constants, in order of creation
  struct Replacement {
    Value *from, *to;
  };
  std::vector<Replacement> replacements;
  bool committed = false;

public:
  RightSide(Rewriter &r, const Rule &ru, Match &m) : rw(r), g(r.g), rule(ru), match(m) {
    std::vector<Location> parts;
    std::vector<Node *> sorted = m.nodes;
    std::sort(sorted.begin(), sorted.end(), [](Node *a, Node *b) { return a->isBefore(b); });
    for (Node *n : sorted) {
      if (n->loc())
        parts.push_back(n->loc());
    }
    loc = Location::fused(ru.name, ru.place(), std::move(parts));
  }
  ~RightSide() override {
    if (committed)
      return;
    for (size_t i = created.size(); i-- > 0;)
      g.erase(created[i]);
  }

  bool build(std::string &why);
  void computeWeights(RewriteEffect &effect);
  bool approved(std::string &why) const;
  void commit(RewriteEffect &effect);

  std::optional<std::vector<Value *>> make(const Code &c, OpKind op, std::vector<Datum> operands,
                                           std::vector<NamedAttr> attrs, std::string &why) override;

private:
  Value *constant(TensorRef t, DType fallback);
  Value *operand(const Datum &d, DType fallback, std::string &why);
  bool replace(const std::string &name, Value *from, const Datum &d, std::string &why);
  bool overSet(const RewriteAssign &a, Evaluator &ev, std::string &why);
  bool makesCycle() const;
  void place();
  void nameConstants();
};

Value *RightSide::constant(TensorRef t, DType fallback) {
  for (const Weight &w : weights) {
    if (w.expr == t && w.node->result()->dtype() == t->dtype.value_or(fallback))
      return w.node->result();
  }
  TensorType type{t->dtype.value_or(t->fromFloat && !isFloat(fallback) ? DType::F32 : fallback),
                  t->shape};
  bool eager = !isFloat(type.dtype) || type.numel() <= eagerElements;
  Tensor content = eager ? t->evaluate(type) : Tensor();
  Node *n = g.createRaw(OpKind::Constant, {}, {Attribute(std::move(content))}, {type}, loc);
  created.push_back(n);
  weights.push_back({n, std::move(t)});
  return n->result();
}

Value *RightSide::operand(const Datum &d, DType fallback, std::string &why) {
  if (Value *v = d.value())
    return v;
  if (auto *t = d.as<TensorRef>())
    return constant(*t, fallback);
  if (d.isNumber()) {
    TensorBuilder b;
    return constant(b.number(d.asDouble(), d.as<double>() != nullptr), fallback);
  }
  why = fmt::format("{} is not a value", d.str());
  return nullptr;
}

std::optional<std::vector<Value *>> RightSide::make(const Code &c, OpKind op,
                                                    std::vector<Datum> operands,
                                                    std::vector<NamedAttr> attrs,
                                                    std::string &why) {
  const OpInfo &info = opInfo(op);
  // Numbers take the dtype of the values they meet.
  DType fallback = DType::F32;
  bool found = false;
  auto look = [&](const Datum &d) {
    if (found)
      return;
    if (Value *v = d.value())
      fallback = v->dtype();
    else if (auto *t = d.as<TensorRef>(); t && (*t)->dtype)
      fallback = *(*t)->dtype;
    else
      return;
    found = true;
  };
  std::vector<Value *> values;
  std::vector<Datum> flat;
  for (size_t i = 0; i < operands.size(); ++i) {
    bool group = i + 1 == info.operands.size() && info.isVariadic();
    if (group && operands[i].list())
      flat.insert(flat.end(), operands[i].list()->begin(), operands[i].list()->end());
    else if (!group || !operands[i].isAbsent())
      flat.push_back(operands[i]);
  }
  for (const Datum &d : flat)
    look(d);
  for (const Datum &d : flat) {
    values.push_back(d.isAbsent() ? nullptr : operand(d, fallback, why));
    if (!d.isAbsent() && !values.back())
      return std::nullopt;
  }
  // What inference objects to is the reason for dropping the rewrite, not an error of the user.
  Diagnostics scratch;
  FailureOr<Node *> n = buildNode(g, op, values, std::move(attrs), loc, scratch);
  if (failed(n)) {
    why = scratch.all().empty() ? "its types do not fit" : scratch.all().front().message;
    return std::nullopt;
  }
  created.push_back(*n);
  if (c.resultCount > 1 && (*n)->numResults() != c.resultCount) {
    why = fmt::format("{} has {} results, {} are assigned", info.name, (*n)->numResults(),
                      c.resultCount);
    return std::nullopt;
  }
  std::vector<Value *> results;
  for (unsigned i = 0; i < (*n)->numResults(); ++i)
    results.push_back((*n)->result(i));
  return results;
}

bool RightSide::replace(const std::string &name, Value *from, const Datum &d, std::string &why) {
  Value *to = operand(d, from->dtype(), why);
  if (!to)
    return false;
  if (to->type() != from->type()) {
    why = fmt::format("`{}` is {}, and its replacement {}", name, from->type().str(),
                      to->type().str());
    return false;
  }
  if (to == from) {
    why = fmt::format("`{}` would be replaced by itself", name);
    return false;
  }
  replacements.push_back({from, to});
  return true;
}

/// `ys[i] = e` and `ys[*] = e`: one new value for each member.
bool RightSide::overSet(const RewriteAssign &a, Evaluator &ev, std::string &why) {
  unsigned slot = a.slots[0];
  unsigned set = a.overSet >= 0 ? unsigned(a.overSet) : unsigned(rule.slots[slot].set);
  DatumList old = *match.slots[rule.stmts[set].slots[0]].list(), made;
  auto noValue = [&] {
    why = fmt::format("{}: {}", ev.whyRange.str(), ev.why);
    return false;
  };
  if (!a.allMembers) {
    for (size_t i = 0; i < old.size(); ++i) {
      match.slots[size_t(a.indexSlot)] = int64_t(i);
      std::optional<Datum> d = ev.eval(*a.value);
      if (!d)
        return noValue();
      made.push_back(std::move(*d));
    }
  } else if (a.value->kind == CodeKind::Build) {
    std::optional<std::vector<Value *>> r = ev.build(*a.value);
    if (!r)
      return noValue();
    made.assign(r->begin(), r->end());
  } else {
    std::optional<Datum> d = ev.eval(*a.value);
    if (!d || !d->list())
      return noValue();
    made = *d->list();
  }
  if (made.size() != old.size()) {
    why = fmt::format("`{}` has {} members, {} are assigned", rule.slots[slot].name, old.size(),
                      made.size());
    return false;
  }
  for (size_t i = 0; i < made.size() && a.replaces[0]; ++i) {
    std::string name = fmt::format("{}[{}]", rule.slots[slot].name, i);
    if (!replace(name, old[i].value(), made[i], why))
      return false;
    made[i] = replacements.back().to;
  }
  match.slots[slot] = Datum(std::move(made));
  return true;
}

bool RightSide::build(std::string &why) {
  Evaluator ev(rule, match.slots, rw.options, this);
  for (const RewriteAssign &a : rule.rewrite) {
    if (a.overSet >= 0 || a.allMembers) {
      if (!overSet(a, ev, why))
        return false;
      continue;
    }
    std::vector<Datum> results;
    if (a.value->kind == CodeKind::Build) {
      std::optional<std::vector<Value *>> r = ev.build(*a.value);
      if (r && r->size() < a.slots.size()) {
        why = "the op has fewer results than are assigned";
        return false;
      }
      if (r)
        results.assign(r->begin(), r->end());
    } else if (std::optional<Datum> d = ev.eval(*a.value)) {
      results.push_back(std::move(*d));
    }
    if (results.empty()) {
      why = fmt::format("{}: {}", ev.whyRange.str(), ev.why);
      return false;
    }
    for (size_t i = 0; i < a.slots.size(); ++i) {
      if (a.replaces[i]) {
        if (!replace(rule.slots[a.slots[i]].name, match.slots[a.slots[i]].value(), results[i], why))
          return false;
        results[i] = replacements.back().to;
      }
      match.slots[a.slots[i]] = results[i];
    }
  }
  if (replacements.size() > 1 || rule.roots.size() > 1) {
    if (makesCycle()) {
      why = "the new nodes would depend on themselves";
      return false;
    }
  }
  return true;
}

/// Whether a user of a replaced value leads to something that the new nodes need.
bool RightSide::makesCycle() const {
  llvm::DenseSet<Node *> needed, seen, own(created.begin(), created.end());
  for (Node *n : created) {
    for (Value *v : n->operands()) {
      if (v && v->node() && !own.count(v->node()))
        needed.insert(v->node());
    }
  }
  for (const Replacement &r : replacements) {
    if (r.to->node() && !own.count(r.to->node()))
      needed.insert(r.to->node());
  }
  Node *lastNode = nullptr;
  for (Node *n : needed) {
    if (n->isInserted() && (!lastNode || lastNode->isBefore(n)))
      lastNode = n;
  }
  if (!lastNode)
    return false;
  std::vector<Node *> work;
  auto push = [&](Value *v) {
    for (const Use &u : v->uses()) {
      if (u.user && u.user->isInserted() && !lastNode->isBefore(u.user) &&
          seen.insert(u.user).second)
        work.push_back(u.user);
    }
  };
  for (const Replacement &r : replacements)
    push(r.from);
  while (!work.empty()) {
    Node *n = work.back();
    work.pop_back();
    if (needed.count(n))
      return true;
    for (unsigned i = 0; i < n->numResults(); ++i)
      push(n->result(i));
  }
  return false;
}

/// Puts the new nodes in front of the first replaced one, or behind the last operand.
void RightSide::place() {
  llvm::DenseSet<Node *> own(created.begin(), created.end());
  Node *first = nullptr, *last = nullptr;
  for (const Replacement &r : replacements) {
    Node *n = r.from->node();
    if (!first || n->isBefore(first))
      first = n;
  }
  for (Node *n : created) {
    for (Value *v : n->operands()) {
      Node *d = v ? v->node() : nullptr;
      if (d && !own.count(d) && (!last || last->isBefore(d)))
        last = d;
    }
  }
  bool late = last && !last->isBefore(first);
  for (Node *n : created) {
    if (n->kind() == OpKind::Constant)
      g.insertBefore(n, g.front());
  }
  Node *at = last;
  for (Node *n : created) {
    if (n->kind() == OpKind::Constant)
      continue;
    if (!late) {
      g.insertBefore(n, first);
    } else {
      g.insertAfter(n, at);
      at = n;
    }
  }
}

/// Constants are named after what they are made of: a new `weight` takes the name of the old one,
/// a new `bias` stands beside it.
void RightSide::nameConstants() {
  for (const Weight &w : weights) {
    Value *v = w.node->result();
    if (!v->name().empty() || !v->hasUses() || !v->uses()[0].user)
      continue;
    Node *user = v->uses()[0].user;
    const OpInfo &info = user->info();
    unsigned index = v->uses()[0].index;
    std::string role(index < info.operands.size() ? info.operands[index].name : "constant");
    std::string name = w.expr->sourceName();
    auto stemOf = [](const std::string &full, std::string_view part) {
      llvm::StringRef s(full);
      return s.consume_back(part) && s.consume_back(".") ? s.str() : std::string();
    };
    if (role != "weight") {
      std::string stem;
      for (unsigned i = 0; i < user->numOperands() && i < info.operands.size(); ++i) {
        Value *o = user->operand(i);
        if (o && o != v && o->constant() && stem.empty())
          stem = stemOf(o->name(), info.operands[i].name);
      }
      const std::string &result = user->result()->name();
      if (!stem.empty() || !result.empty())
        name = (stem.empty() ? result : stem) + "." + role;
    }
    if (name.empty())
      name = user->result()->name().empty() ? role : user->result()->name() + "." + role;
    g.setName(v, name);
  }
}

void RightSide::computeWeights(RewriteEffect &effect) {
  auto start = std::chrono::steady_clock::now();
  for (Weight &w : weights) {
    if (!w.node->attr(0).asTensor())
      w.node->setAttr(0u, Attribute(w.expr->evaluate(w.node->result()->type())));
    effect.weightBytes += uint64_t(w.node->result()->type().bytes());
  }
  effect.weightNanos += uint64_t((std::chrono::steady_clock::now() - start).count());
}

bool RightSide::approved(std::string &why) const {
  if (!rw.options.beforeCommit)
    return true;
  std::vector<std::pair<Value *, Value *>> replaced;
  for (const Replacement &r : replacements)
    replaced.push_back({r.from, r.to});
  std::vector<std::pair<Node *, TensorRef>> constants;
  for (const Weight &w : weights)
    constants.push_back({w.node, w.expr});
  return rw.options.beforeCommit({rule, match, replaced, constants}, why);
}

void RightSide::commit(RewriteEffect &effect) {
  committed = true;
  place();
  std::vector<std::string> names;
  std::vector<Node *> dead = match.nodes;
  for (const Replacement &r : replacements)
    names.push_back(r.from->name());
  bool sorted = true;
  for (const Replacement &r : replacements) {
    r.from->replaceAllUsesWith(r.to);
    for (const Use &u : r.to->uses())
      sorted &= !u.user || !r.to->node() || r.to->node()->isBefore(u.user);
  }
  if (!sorted)
    WNNX_CHECK(g.sortTopologically(), "a rewrite makes no cycle");
  for (Node *n : created) {
    if (n->kind() == OpKind::Constant) {
      Value *shared = rw.shareConstant(n);
      if (shared != n->result()) {
        n->result()->replaceAllUsesWith(shared);
        for (Weight &w : weights) {
          if (w.node == n)
            w.node = shared->node();
        }
        for (Replacement &r : replacements) {
          if (r.to == n->result())
            r.to = shared;
        }
        g.erase(n);
      }
    } else {
      effect.added.push_back(n);
    }
  }
  for (Node *n : match.nodes) {
    for (Value *v : n->operands()) {
      if (v && v->node())
        dead.push_back(v->node());
      if (v)
        effect.touched.push_back(v);
    }
  }
  for (Node *n : effect.added)
    dead.push_back(n);
  std::vector<Node *> makers;
  for (const Replacement &r : replacements)
    makers.push_back(r.to->node());
  rw.eraseDead(dead, effect);
  // What nobody uses is gone, what the rule made too.
  for (size_t i = 0; i < replacements.size(); ++i) {
    Node *n = makers[i];
    if (names[i].empty() || !llvm::is_contained(created, n) ||
        !(llvm::is_contained(effect.added, n) || rw.constantHash.count(n)))
      continue;
    Value *to = replacements[i].to;
    if (to->hasUses() && to->name().empty())
      g.setName(to, names[i]);
  }
  llvm::erase_if(weights, [&](const Weight &w) { return !rw.constantHash.count(w.node); });
  nameConstants();
}

Value *Rewriter::shareConstant(Node *n) {
  const Tensor &t = *n->result()->constant();
  uint64_t h = contentHash(t);
  std::vector<Value *> &bucket = constants[h];
  for (Value *v : bucket) {
    if (v->constant()->identical(t))
      return v;
  }
  bucket.push_back(n->result());
  constantHash[n] = h;
  return n->result();
}

void Rewriter::eraseNode(Node *n, RewriteEffect &effect) {
  if (n->kind() == OpKind::Constant) {
    if (auto it = constantHash.find(n); it != constantHash.end()) {
      std::erase(constants[it->second], n->result());
      constantHash.erase(it);
    }
  } else {
    Cost c = nodeCost(*n);
    effect.removedCost.macs += c.macs;
    effect.removedCost.weightBytes += c.weightBytes;
    effect.removedCost.dataBytes += c.dataBytes;
    ++effect.erased;
  }
  std::erase(effect.added, n);
  for (unsigned i = 0; i < n->numResults(); ++i)
    std::erase(effect.touched, n->result(i));
  if (onErase)
    onErase(n);
  g.erase(n);
}

void Rewriter::eraseDead(std::vector<Node *> candidates, RewriteEffect &effect) {
  llvm::DenseSet<Node *> pending;
  std::vector<Node *> work;
  auto push = [&](Node *n) {
    if (pending.insert(n).second)
      work.push_back(n);
  };
  for (Node *n : candidates)
    push(n);
  while (!work.empty()) {
    Node *n = work.back();
    work.pop_back();
    pending.erase(n);
    if (n->hasUses() || !n->isInserted())
      continue;
    std::vector<Value *> operands(n->operands().begin(), n->operands().end());
    eraseNode(n, effect);
    for (Value *v : operands) {
      if (!v)
        continue;
      if (v->node())
        push(v->node());
      effect.touched.push_back(v);
    }
  }
}

/// New nodes that repeat others, old or new: later matches must not be blocked by uses that only
/// seem to be different.
void Rewriter::mergeDuplicates(RewriteEffect &effect) {
  std::vector<Node *> added = effect.added;
  for (Node *n : added) {
    bool erased = !llvm::is_contained(effect.added, n); // as another one's twin
    if (erased || !n->numOperands() || !n->operand(0))
      continue;
    Node *twin = nullptr;
    for (const Use &u : n->operand(0)->uses()) {
      Node *c = u.user;
      if (!c || c == n || !c->isInserted() || c->kind() != n->kind() ||
          c->numResults() != n->numResults() || c->operands() != n->operands() ||
          c->attrs() != n->attrs())
        continue;
      if (!twin || c->isBefore(twin))
        twin = c;
    }
    if (!twin)
      continue;
    // The earlier one stays, so that all users stand behind it.
    Node *stays = twin->isBefore(n) ? twin : n, *goes = stays == n ? twin : n;
    for (unsigned i = 0; i < goes->numResults(); ++i) {
      std::string name = goes->result(i)->name();
      goes->result(i)->replaceAllUsesWith(stays->result(i));
      effect.touched.push_back(stays->result(i));
      if (stays->result(i)->name().empty() && !name.empty()) {
        g.setName(goes->result(i), "");
        g.setName(stays->result(i), name);
      }
    }
    eraseDead({goes}, effect);
  }
}

bool Rewriter::apply(const Rule &rule, Match &match, RewriteEffect &effect, std::string &why) {
  RightSide side(*this, rule, match);
  if (!side.build(why))
    return false;
  side.computeWeights(effect);
  if (!side.approved(why))
    return false;
  side.commit(effect);
  mergeDuplicates(effect);
  for (Node *n : effect.added) {
    Cost c = nodeCost(*n);
    effect.addedCost.macs += c.macs;
    effect.addedCost.weightBytes += c.weightBytes;
    effect.addedCost.dataBytes += c.dataBytes;
    for (unsigned i = 0; i < n->numResults(); ++i)
      effect.touched.push_back(n->result(i));
  }
  return true;
}

} // namespace wnnx::pat
