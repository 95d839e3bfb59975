// SPDX-License-Identifier: Apache-2.0
//
// Shared, immutable records of where nodes came from.
#include "wnnx/IR/Location.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace wnnx {

struct Location::Info {
  FileLine place;
  std::string scope;
  std::string rule, rulePlace;
  std::vector<Location> parts;
  unsigned size = 1, depth = 1; // as a tree, in which a shared part counts each time
};

static const std::string emptyText;

Location Location::file(std::string file, unsigned line, unsigned column, std::string scope) {
  Location l;
  l.info = std::make_shared<Info>(
      Info{{std::move(file), line, column}, std::move(scope), {}, {}, {}, 1, 1});
  return l;
}

static void addLeaves(const Location &l, std::vector<Location> &out) {
  if (!l)
    return;
  if (l.isFused()) {
    for (const Location &p : l.parts())
      addLeaves(p, out);
  } else if (std::find(out.begin(), out.end(), l) == out.end()) {
    out.push_back(l);
  }
}

Location Location::fused(std::string rule, std::string rulePlace, std::vector<Location> parts) {
  // A part may be shared, so that a few levels can stand for a huge tree. Past the limit the leaves
  // alone are kept: every walk over a location stays short.
  constexpr unsigned sizeLimit = 256, depthLimit = 32;
  auto measure = [&] {
    unsigned size = 1, depth = 1;
    for (const Location &p : parts) {
      size += p ? p.info->size : 1;
      depth = std::max(depth, p ? p.info->depth + 1 : 2);
    }
    return std::pair(size, depth);
  };
  auto [size, depth] = measure();
  if (size > sizeLimit || depth > depthLimit) {
    std::vector<Location> flat;
    for (const Location &p : parts)
      addLeaves(p, flat);
    flat.resize(std::min<size_t>(flat.size(), sizeLimit - 1));
    parts = std::move(flat);
    std::tie(size, depth) = measure();
  }
  Location l;
  l.info = std::make_shared<Info>(
      Info{{}, {}, std::move(rule), std::move(rulePlace), std::move(parts), size, depth});
  return l;
}

bool Location::isFused() const {
  return info && !info->rule.empty();
}

const Location::FileLine &Location::fileLine() const {
  static const FileLine unknown;
  return info ? info->place : unknown;
}

const std::string &Location::scopeName() const {
  if (!info)
    return emptyText;
  if (isFused()) {
    for (auto it = info->parts.rbegin(); it != info->parts.rend(); ++it) {
      if (!it->scopeName().empty())
        return it->scopeName();
    }
    return emptyText;
  }
  return info->scope;
}

const std::string &Location::ruleName() const {
  return info ? info->rule : emptyText;
}
const std::string &Location::rulePlace() const {
  return info ? info->rulePlace : emptyText;
}

const std::vector<Location> &Location::parts() const {
  static const std::vector<Location> none;
  return info ? info->parts : none;
}

std::vector<Location> Location::leaves() const {
  std::vector<Location> out;
  addLeaves(*this, out);
  return out;
}

static void addRules(const Location &l, std::vector<std::string> &out) {
  for (const Location &p : l.parts())
    addRules(p, out);
  if (l.isFused() && std::find(out.begin(), out.end(), l.ruleName()) == out.end())
    out.push_back(l.ruleName());
}

std::vector<std::string> Location::rules() const {
  std::vector<std::string> out;
  addRules(*this, out);
  return out;
}

std::string Location::str() const {
  if (!info)
    return "unknown";
  if (isFused()) {
    std::string s = info->rule + " (" + info->rulePlace + ")";
    const char *separator = " of ";
    for (const Location &l : leaves()) {
      s += separator + l.str();
      separator = ", ";
    }
    return s;
  }
  std::string s = info->place.file;
  if (info->place.line)
    s += ":" + std::to_string(info->place.line);
  if (!info->scope.empty())
    s += s.empty() ? info->scope : " (" + info->scope + ")";
  return s.empty() ? "unknown" : s;
}

bool Location::operator==(const Location &o) const {
  if (info == o.info)
    return true;
  if (!info || !o.info)
    return false;
  return info->place.file == o.info->place.file && info->place.line == o.info->place.line &&
         info->place.column == o.info->place.column && info->scope == o.info->scope &&
         info->rule == o.info->rule && info->rulePlace == o.info->rulePlace &&
         info->parts == o.info->parts;
}

} // namespace wnnx
