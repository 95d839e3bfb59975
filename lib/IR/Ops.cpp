// SPDX-License-Identifier: Apache-2.0
//
// The table of ops as data.
#include "wnnx/IR/Ops.h"

#include "llvm/ADT/StringMap.h"

namespace wnnx {

static std::vector<OpInfo> buildTable() {
  using Ints = std::vector<int64_t>;
  using Floats = std::vector<double>;
  std::vector<OpInfo> table;
  table.reserve(numOps);
#define WNNX_OP(Name, mnemonic, traits, doc)                                                       \
  table.push_back({OpKind::Name, mnemonic, #Name, traits, doc, {}, {}, {}});
#define WNNX_OPERAND(name, doc) table.back().operands.push_back({#name, OperandKind::Single, doc});
#define WNNX_OPTIONAL(name, doc)                                                                   \
  table.back().operands.push_back({#name, OperandKind::Optional, doc});
#define WNNX_VARIADIC(name, doc)                                                                   \
  table.back().operands.push_back({#name, OperandKind::Variadic, doc});
#define WNNX_OPTIONAL_VARIADIC(name, doc)                                                          \
  table.back().operands.push_back({#name, OperandKind::OptionalVariadic, doc});
#define WNNX_ATTR(name, kind, doc, ...)                                                            \
  table.back().attrs.push_back({#name, AttrKind::kind, false, false, Attribute(__VA_ARGS__), doc});
#define WNNX_ATTR_OPT(name, kind, doc)                                                             \
  table.back().attrs.push_back({#name, AttrKind::kind, true, false, Attribute(), doc});
#define WNNX_ATTR_REQ(name, kind, doc)                                                             \
  table.back().attrs.push_back({#name, AttrKind::kind, false, true, Attribute(), doc});
#define WNNX_RESULT(name) table.back().results.push_back({#name, false});
#define WNNX_RESULTS(name) table.back().results.push_back({#name, true});
#include "wnnx/IR/Ops.def"
  return table;
}

llvm::ArrayRef<OpInfo> allOps() {
  static const std::vector<OpInfo> table = buildTable();
  return table;
}

const OpInfo &opInfo(OpKind kind) {
  return allOps()[size_t(kind)];
}

const OpInfo *lookupOp(std::string_view name) {
  static const llvm::StringMap<const OpInfo *> index = [] {
    llvm::StringMap<const OpInfo *> m;
    for (const OpInfo &op : allOps())
      m[llvm::StringRef(op.name)] = &op;
    return m;
  }();
  return index.lookup(llvm::StringRef(name));
}

const std::vector<std::string_view> &opNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> v;
    for (const OpInfo &op : allOps())
      v.push_back(op.name);
    return v;
  }();
  return names;
}

static bool variadicKind(OperandKind k) {
  return k == OperandKind::Variadic || k == OperandKind::OptionalVariadic;
}

bool OpInfo::isVariadic() const {
  return !operands.empty() && variadicKind(operands.back().kind);
}

unsigned OpInfo::numFixedOperands() const {
  return unsigned(operands.size()) - isVariadic();
}

int OpInfo::attrIndex(std::string_view attrName) const {
  for (size_t i = 0; i < attrs.size(); ++i) {
    if (attrs[i].name == attrName)
      return int(i);
  }
  return -1;
}

int OpInfo::operandIndex(std::string_view operandName) const {
  for (size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].name == operandName)
      return int(i);
  }
  return -1;
}

std::string OpInfo::schema() const {
  std::string s(name);
  s += "(";
  const char *separator = "";
  for (const OperandInfo &o : operands) {
    s += separator;
    s += o.name;
    if (variadicKind(o.kind))
      s += "...";
    if (o.kind == OperandKind::Optional || o.kind == OperandKind::OptionalVariadic)
      s += "?";
    separator = ", ";
  }
  separator = operands.empty() ? "" : "; ";
  for (const AttrInfo &a : attrs) {
    s += separator;
    s += a.name;
    s += ": ";
    s += attrKindName(a.kind);
    if (a.optional)
      s += "?";
    if (!a.required && !a.optional)
      s += " = " + a.defaultValue.str();
    separator = ", ";
  }
  s += ") -> ";
  separator = "";
  for (const ResultInfo &r : results) {
    s += separator;
    s += r.name;
    if (r.variadic)
      s += "...";
    separator = ", ";
  }
  return s;
}

} // namespace wnnx
