// SPDX-License-Identifier: Apache-2.0
//
// What the matcher notes of attempts that fail: which came farthest, what it missed, and what would
// be left if a few conditions were forgiven.
#include "MatchText.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::pat {

bool NearMiss::betterThan(const NearMiss &o) const {
  auto score = [](const NearMiss &m) {
    size_t far = m.stage <= Attributes ? m.ops * 2 + (m.stage == Attributes)
                                       : size_t(m.stage) * 100000 + m.ops;
    return far * 8 + std::min(m.likeness, 7u);
  };
  return score(*this) > score(o);
}

bool Matcher::miss(NearMiss::Stage stage, SourceRange where,
                   llvm::function_ref<NearMiss::Text()> reason, NearMiss::Kind kind,
                   const Value *at, int attr, const Pat *pattern) {
  bool forgive = stage != NearMiss::Structure && stage != NearMiss::Budget &&
                 forgiven.size() < slack && !overBudget;
  if ((!near && !forgive) || overBudget)
    return false;
  NearMiss m;
  m.stage = stage;
  m.kind = kind;
  m.set = true;
  m.ops = nodes.size();
  m.where = where;
  m.node = anchorNode;
  m.value = at;
  m.attr = attr;
  m.pattern = pattern;
  m.likeness = pattern && kind == NearMiss::Op ? likeness(*pattern, at) : 0;
  if (!forgive && near->set && !m.betterThan(*near))
    return false;
  m.quiet = near && near->quiet;
  if (!m.quiet) {
    NearMiss::Text text = reason();
    m.reason = std::move(text.reason);
    m.expected = std::move(text.expected);
    m.actual = std::move(text.actual);
    m.matched = nodes;
  }
  if (forgive)
    forgiven.push_back(std::move(m));
  else
    *near = std::move(m);
  return forgive;
}

/// An op is more like what was asked for than an input is; more so when its own operands are what
/// the pattern wants below.
unsigned Matcher::likeness(const Pat &p, const Value *v) const {
  const Node *n = v ? v->node() : nullptr;
  if (!n || n->kind() == OpKind::Constant)
    return 0;
  unsigned like = 1;
  for (size_t i = 0; i < p.operands.size() && i < n->numOperands(); ++i) {
    const Pat *k = p.operands[i].get();
    const Value *o = n->operand(unsigned(i));
    if (!k || !o)
      continue;
    like += k->kind == PatKind::Var && slots[k->slot].value() == o;
    like += k->kind == PatKind::Op && o->node() &&
            std::binary_search(k->kinds.begin(), k->kinds.end(), o->node()->kind());
  }
  return like;
}

/// When conditions may fail: the op asked for stands one op farther up.
bool Matcher::extraOp(const Pat &p, Value *v, Next next) {
  Node *between = v && v->index() == 0 ? v->node() : nullptr;
  Value *up = between ? between->operand(0) : nullptr;
  Node *n = up && up->index() == 0 ? up->node() : nullptr;
  if (!n || !std::binary_search(p.kinds.begin(), p.kinds.end(), n->kind()))
    return false;
  Mark m = mark();
  nodes.push_back(between);
  nodeRanges.push_back(p.range);
  auto text = [&] {
    return NearMiss::Text(fmt::format("{} stands between", show(v)), std::string(opName(n->kind())),
                          std::string(opName(between->kind())));
  };
  if (miss(NearMiss::Attributes, p.range, text, NearMiss::ExtraOp, v, -1, &p) && op(p, n, next))
    return true;
  undo(m);
  return false;
}

std::vector<NearMiss> Matcher::missing(Node *anchor, unsigned limit) {
  Match match;
  std::vector<NearMiss> found;
  for (unsigned n = 0; n <= limit; ++n) {
    slack = n;
    bool matched = this->match(anchor, match) == MatchOutcome::Matched;
    if (matched)
      found = std::move(forgiven);
    if (matched || overBudget)
      break;
  }
  slack = 0;
  forgiven.clear();
  return found;
}

} // namespace wnnx::pat
