// SPDX-License-Identifier: Apache-2.0
//
// A triangle of counts over the attributes met so far.
#include "AttributePairs.h"

#include "fmt/format.h"

namespace wnnx::verify {

/// Some pairs cannot be: `where` or the op forbids them.
static constexpr unsigned triesForPair = 12;

void AttributePairs::count(llvm::ArrayRef<AttributeChoice> choices) {
  std::vector<size_t> away;
  for (const AttributeChoice &c : choices) {
    size_t i = 0;
    auto same = [&](const Attr &a) {
      return a.pattern == c.pattern && a.op == c.op && a.index == c.attr;
    };
    while (i < attrs.size() && !same(attrs[i]))
      ++i;
    if (i == attrs.size()) {
      attrs.push_back({c.pattern, c.op, c.attr, c.key, 0});
      with.emplace_back(i);
      complete = false;
    }
    if (!c.away)
      continue;
    ++attrs[i].away;
    for (size_t other : away) {
      if (other != i)
        ++with[std::max(i, other)][std::min(i, other)].seen;
    }
    away.push_back(i);
  }
}

bool AttributePairs::aim(Trace &t) {
  if (complete)
    return false;
  Pair *best = nullptr;
  size_t a = 0, b = 0;
  for (size_t i = 0; i < with.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      Pair &p = with[i][k];
      if (p.seen == 0 && p.tried < triesForPair && (!best || p.tried < best->tried)) {
        best = &p;
        a = i;
        b = k;
      }
    }
  }
  complete = !best;
  if (!best)
    return false;
  ++best->tried;
  t[attrs[a].key] = t[attrs[b].key] = surelyOther;
  return true;
}

std::string AttributePairs::label(size_t i) const {
  const Attr &a = attrs[i];
  auto text = [](const Attr &x) {
    return fmt::format("{}.{}", opName(x.op), opInfo(x.op).attrs[x.index].name);
  };
  std::string s = text(a);
  for (size_t k = 0; k < attrs.size(); ++k) {
    if (attrs[k].pattern != a.pattern && text(attrs[k]) == s)
      return fmt::format("{} at {}", s, a.pattern->range.str());
  }
  return s;
}

void AttributePairs::report(unsigned &pairs, unsigned &met,
                            std::vector<std::string> &missing) const {
  for (size_t i = 0; i < with.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (!attrs[i].away || !attrs[k].away)
        continue;
      ++pairs;
      if (with[i][k].seen)
        ++met;
      else
        missing.push_back(label(k) + " with " + label(i));
    }
  }
}

} // namespace wnnx::verify
