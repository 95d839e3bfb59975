// SPDX-License-Identifier: Apache-2.0
//
// Compares names without case, underscores and what stands before the last dot.
#include "OtherNames.h"

#include "llvm/ADT/StringExtras.h"

namespace wnnx::pat {

namespace {

struct OtherName {
  std::string_view theirs, ours;
};

constexpr OtherName ops[] = {
#define OTHER_OP(THEIRS, OURS) {THEIRS, OURS},
#include "OtherNames.def"
};
constexpr OtherName attrs[] = {
#define OTHER_ATTR(THEIRS, OURS) {THEIRS, OURS},
#include "OtherNames.def"
};

std::string plain(std::string_view name) {
  std::string s;
  size_t dot = name.rfind('.');
  for (char c : dot == std::string_view::npos ? name : name.substr(dot + 1)) {
    if (c != '_')
      s += llvm::toLower(c);
  }
  return s;
}

} // namespace

std::string_view opKnownAs(std::string_view name) {
  std::string wanted = plain(name);
  for (std::string_view op : opNames()) {
    if (plain(op) == wanted)
      return op;
  }
  for (const OtherName &o : ops) {
    if (o.theirs == wanted)
      return o.ours;
  }
  return {};
}

std::string_view attrKnownAs(std::string_view name, const OpInfo &op) {
  std::string wanted = plain(name);
  for (const AttrInfo &a : op.attrs) {
    if (plain(a.name) == wanted)
      return a.name;
  }
  for (const OtherName &o : attrs) {
    if (o.theirs == wanted && op.attrIndex(o.ours) >= 0)
      return o.ours;
  }
  return {};
}

} // namespace wnnx::pat
