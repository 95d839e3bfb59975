// SPDX-License-Identifier: Apache-2.0
//
// Checks the making of nodes in `rewrite` blocks against the schema.
#include "SemaImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using ast::Expr;

static SourceRange rangeOf(const ast::Arg &a) {
  return a.name ? a.name.range : a.range;
}

bool RuleChecker::operandFits(const Code &c, const OperandInfo &o, const OpInfo &info) {
  const Type &t = c.type;
  std::string what = fmt::format("operand `{}` of {}", o.name, info.name);
  bool list = o.kind == OperandKind::Variadic || o.kind == OperandKind::OptionalVariadic;
  if (list) {
    if (t.any() || t.is(TypeKind::List))
      return true;
    error(c.range, "pat-type", fmt::format("{} is `{}`, not a list of values", what, t.str()))
        .hint(info.schema());
    return false;
  }
  if (t.is(TypeKind::None)) {
    if (o.kind == OperandKind::Optional)
      return true;
    error(c.range, "pat-optional", fmt::format("{} must be there", what)).hint(info.schema());
    return false;
  }
  if (!t.is(TypeKind::Value) && !t.tensorLike() && !t.number()) {
    error(c.range, "pat-type",
          fmt::format("{} is `{}`, but takes a value of the graph or a tensor", what, t.str()))
        .hint(info.schema());
    return false;
  }
  return o.kind == OperandKind::Optional || present1(c, what);
}

bool RuleChecker::typeFitsAttr(const Type &t, const AttrInfo &a) {
  if (t.any() || (t.is(TypeKind::None) && a.optional))
    return true;
  switch (a.kind) {
  case AttrKind::None:
    return false;
  case AttrKind::Bool:
    return t.is(TypeKind::Bool);
  case AttrKind::Int:
    return t.is(TypeKind::Int);
  case AttrKind::Float:
    return t.number();
  case AttrKind::Str:
    return t.is(TypeKind::Str);
  case AttrKind::DType:
    return t.is(TypeKind::DType);
  case AttrKind::Ints:
    return t.is(TypeKind::List) && (!t.element || t.element->is(TypeKind::Int) || t.element->any());
  case AttrKind::Floats:
    return t.is(TypeKind::List) && (!t.element || t.element->number());
  case AttrKind::Tensor:
    return t.tensorLike();
  }
  return false;
}

bool RuleChecker::attrFits(const Code &c, const AttrInfo &a, const OpInfo &info) {
  std::string what = fmt::format("attribute `{}` of {}", a.name, info.name);
  if (!typeFitsAttr(c.type, a)) {
    error(c.range, "pat-type",
          fmt::format("{} is `{}`, not `{}`", what, c.type.str(), attrKindName(a.kind)))
        .hint(info.schema());
    return false;
  }
  return a.optional || present1(c, what);
}

CodePtr RuleChecker::build(const Expr &e, const OpInfo &info, std::vector<CodePtr> args) {
  CodePtr c = code(CodeKind::Build, e, TypeKind::Value);
  c->op = info.kind;
  c->resultCount = unsigned(info.results.size());
  if (!info.results.empty() && info.results.back().variadic)
    c->resultCount = 0; // as many as are assigned
  c->operands.resize(info.operands.size());
  std::vector<bool> given(info.attrs.size(), false);
  size_t next = 0;
  for (size_t i = 0; i < args.size(); ++i) {
    const ast::Arg &a = e.args[i];
    Code &arg = *args[i];
    if (a.spread) {
      if (arg.type.is(TypeKind::Record) && arg.type.fields) {
        for (const auto &f : *arg.type.fields) {
          int at = info.attrIndex(f.first);
          if (at >= 0)
            given[size_t(at)] = true;
          else
            error(a.range, "pat-spread",
                  fmt::format("{} has no attribute `{}`, which is spread here", info.name, f.first))
                .hint(info.schema());
        }
      } else if (!arg.type.any()) {
        error(a.range, "pat-type",
              fmt::format("`{}` cannot be spread as attributes", arg.type.str()));
      }
      c->spreads.push_back(std::move(args[i]));
      continue;
    }
    int operand = a.name ? info.operandIndex(a.name.text) : int(next);
    if (!a.name && next++ >= info.operands.size()) {
      error(a.range, "pat-arity",
            fmt::format("{} takes {} operands", info.name, info.operands.size()))
          .hint(info.schema());
      continue;
    }
    if (operand >= 0) {
      if (c->operands[size_t(operand)])
        error(rangeOf(a), "pat-arity",
              fmt::format("operand `{}` is given twice", info.operands[size_t(operand)].name));
      operandFits(arg, info.operands[size_t(operand)], info);
      c->operands[size_t(operand)] = std::move(args[i]);
      continue;
    }
    int attr = info.attrIndex(a.name.text);
    if (attr < 0) {
      attr = unknownAttr(a.name, info);
      if (attr >= 0)
        given[size_t(attr)] = true;
      continue;
    }
    attrFits(arg, info.attrs[size_t(attr)], info);
    given[size_t(attr)] = true;
    c->attrs.push_back({a.name.text, std::move(args[i])});
  }
  for (size_t i = 0; i < info.operands.size(); ++i) {
    if (!c->operands[i] && info.operands[i].kind == OperandKind::Single)
      error(e.range, "pat-arity",
            fmt::format("{} needs operand `{}`", info.name, info.operands[i].name))
          .hint(info.schema());
  }
  bool open = llvm::any_of(c->spreads, [](const CodePtr &s) { return s->type.any(); });
  for (size_t i = 0; i < info.attrs.size(); ++i) {
    if (info.attrs[i].required && !given[i] && !open)
      error(e.range, "pat-arity",
            fmt::format("{} needs attribute `{}`, which has no default", info.name,
                        info.attrs[i].name))
          .hint(info.schema());
  }
  return c;
}

CodePtr RuleChecker::buildCaptured(const Expr &e, unsigned opSlot, std::vector<CodePtr> args) {
  CodePtr c = code(CodeKind::Build, e, TypeKind::Value);
  c->opSlot = int(opSlot);
  for (size_t i = 0; i < args.size(); ++i) {
    const ast::Arg &a = e.args[i];
    if (a.spread) {
      c->spreads.push_back(std::move(args[i]));
    } else if (a.name) {
      error(a.range, "pat-build",
            fmt::format("attributes of `{}` are not known; spread the captured ones with `..`",
                        e.text));
    } else {
      const Type &t = args[i]->type;
      if (!t.is(TypeKind::Value) && !t.tensorLike() && !t.number())
        error(a.range, "pat-type", fmt::format("an operand is `{}`, not a value", t.str()));
      else
        present1(*args[i], "an operand");
      c->operands.push_back(std::move(args[i]));
    }
  }
  if (c->operands.empty())
    error(e.range, "pat-arity", fmt::format("`{}` needs an operand", e.text));
  return c;
}

} // namespace wnnx::pat
