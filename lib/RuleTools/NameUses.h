// SPDX-License-Identifier: Apache-2.0
//
// What each name in a rule file is: an op, a function, a variable of one rule... Told from the
// tokens and the places of declarations, so that files with errors have answers too.
#pragma once

#include "wnnx/Pattern/Ast.h"

namespace wnnx::pat {

enum class NameKind : uint8_t {
  Keyword,
  Op,
  Builtin,
  Callable, // a function, extern function or fragment of rule files
  Rule,
  RuleSet,
  Schedule,
  Space, // `import "x.pat" as x`
  Local, // of a rule, function, fragment or comprehension
  Attribute,
  Field,
  Property, // traits, equality classes, what stands behind `&`
  Type,
};

struct NameUse {
  uint32_t begin = 0, end = 0;
  NameKind kind = NameKind::Local;
  std::string name;
  /// Of locals: where the declaration or comprehension begins that they belong to; else 0.
  uint32_t scope = 0;
  bool declares = false;  // of locals: the first use
  bool shorthand = false; // an attribute that is captured under its own name

  bool sameThing(const NameUse &o) const {
    return kind == o.kind && scope == o.scope && name == o.name;
  }
};

/// All names of the file, in order. The graphs of tests are left out: they are no rule text.
std::vector<NameUse> nameUses(const SourceFile &file, const ast::File &tree);

} // namespace wnnx::pat
