// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a match once its ops are found: interior values have no other users, and the
// conditions hold.
#include "MatchText.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/SaveAndRestore.h"

#include <algorithm>

namespace wnnx::pat {

/// Whether a slot holds the value, or a list that does.
bool Matcher::stands(unsigned slot, const Value *v) const {
  if (slots[slot].value() == v)
    return true;
  const DatumList *list = rule.slots[slot].set >= 0 ? slots[slot].list() : nullptr;
  return list && llvm::any_of(*list, [&](const Datum &d) { return d.value() == v; });
}

bool Matcher::exclusive() {
  // Members of sets that are replaced or kept may be many.
  llvm::DenseSet<const Value *> members;
  for (unsigned s = 0; rule.hasSets && s < slots.size(); ++s) {
    const SlotInfo &info = rule.slots[s];
    bool stays = rule.replaced[s] || (info.stmt >= 0 && rule.stmts[size_t(info.stmt)].keep);
    const DatumList *list = info.set >= 0 && stays ? slots[s].list() : nullptr;
    for (const Datum &d : list ? *list : DatumList())
      members.insert(d.value());
  }
  for (size_t k = 0; k < nodes.size(); ++k) {
    Node *n = nodes[k];
    for (unsigned i = 0; i < n->numResults(); ++i) {
      Value *v = n->result(i);
      if (members.count(v))
        continue;
      const char *name = nullptr;
      SourceRange range = nodeRanges[k];
      bool exempt = false;
      for (unsigned s = 0; s < slots.size(); ++s) {
        const SlotInfo &info = rule.slots[s];
        if (!stands(s, v))
          continue;
        name = info.name.c_str();
        range = info.range ? info.range : range;
        exempt |= rule.replaced[s] || (info.stmt >= 0 && rule.stmts[size_t(info.stmt)].keep);
      }
      if (exempt)
        continue;
      for (const Use &u : v->uses()) {
        if (u.user && std::find(nodes.begin(), nodes.end(), u.user) != nodes.end())
          continue;
        auto text = [&] {
          std::string use = u.user ? fmt::format("is also used by {}", show(u.user->result()))
                                   : std::string("is a graph output");
          return NearMiss::Text(fmt::format("{}{} {}; it must have no uses outside the match",
                                            name ? fmt::format("`{}` = ", name) : "", show(v), use),
                                "no other uses", use);
        };
        if (!miss(NearMiss::Uses, range, text, NearMiss::Users, v))
          return false;
        break;
      }
    }
  }
  return true;
}

/// The two sides of a comparison that does not hold: "3 == 4".
static std::string describeSides(const Code &c, Evaluator &ev) {
  static const std::string_view compares[] = {"==", "!=", "<", "<=", ">", ">="};
  if (c.kind != CodeKind::Binary || !llvm::is_contained(compares, std::string_view(c.text)))
    return "false";
  std::optional<Datum> a = ev.eval(*c.kids[0]), b = ev.eval(*c.kids[1]);
  return a && b ? fmt::format("{} {} {}", a->str(), c.text, b->str()) : "false";
}

bool Matcher::require(Evaluator &ev, NearMiss::Stage stage, const Code &c) {
  ev.why.clear();
  if (ev.holds(c))
    return true;
  return miss(
      stage, c.range,
      [&] {
        std::string text(
            c.range.file ? c.range.file->text().substr(c.range.begin, c.range.end - c.range.begin)
                         : "");
        std::string have = ev.why, because = ev.why;
        if (because.empty())
          have = describeSides(c, ev);
        return NearMiss::Text(because.empty() ? fmt::format("`{}` does not hold", text)
                                              : fmt::format("`{}` has no value: {}", text, because),
                              text, have);
      },
      NearMiss::Condition);
}

/// Records and conditions of the fragments chosen since, and attributes to compare.
bool Matcher::settle(Slots &work, size_t firstChoice, size_t firstCheck) {
  Evaluator ev(rule, work, options);
  // Inner fragments were chosen later, and outer records may use theirs.
  for (size_t i = choices.size(); i-- > firstChoice;) {
    const Pat &p = *choices[i].pat;
    if (p.resultSlot >= 0 && p.results[choices[i].alternative]) {
      std::optional<Datum> d = ev.eval(*p.results[choices[i].alternative]);
      if (!d) {
        // Without the record there is nothing to go on with.
        llvm::SaveAndRestore strict(slack, 0u);
        return miss(NearMiss::Where, p.range, [&] { return ev.why; });
      }
      work[size_t(p.resultSlot)] = std::move(*d);
    }
  }
  for (size_t i = firstCheck; i < checks.size(); ++i) {
    const Check &c = checks[i];
    std::optional<Datum> d = ev.eval(*c.code);
    if ((!d || !d->equals(c.actual)) &&
        !miss(
            NearMiss::Attributes, c.code->range,
            [&] {
              std::string want = d ? d->str() : ev.why;
              return NearMiss::Text(
                  fmt::format("the attribute is {}, not {}", c.actual.str(), want), want,
                  c.actual.str());
            },
            NearMiss::AttrValue))
      return false;
  }
  for (size_t i = firstChoice; i < choices.size(); ++i) {
    const Choice &c = choices[i];
    for (const CodePtr &w : c.pat->where[c.alternative]) {
      if (!require(ev, NearMiss::Where, *w))
        return false;
    }
  }
  return true;
}

bool Matcher::complete() {
  for (size_t i = 0; i < stmtDone.size(); ++i) {
    if (!stmtDone[i])
      return miss(NearMiss::Structure, rule.stmts[i].range,
                  [] { return "this statement took no part in the match"; });
  }
  if (!exclusive())
    return false;
  // Expressions see a copy: lets and records they bind are not undone one by one.
  Slots work = slots;
  if (!settle(work, 0, 0))
    return false;
  Evaluator ev(rule, work, options);
  for (const CodePtr &w : rule.where) {
    if (!require(ev, NearMiss::Where, *w))
      return false;
  }
  if (!options.ignoreWhen) {
    for (const CodePtr &w : rule.when) {
      if (!require(ev, NearMiss::When, *w))
        return false;
    }
  }
  result->slots = std::move(work);
  result->nodes = nodes;
  return true;
}

} // namespace wnnx::pat
