// SPDX-License-Identifier: Apache-2.0
//
// Printing graphs as `.wnnxt`.
#include "wnnx/IR/Text.h"

#include "llvm/Support/raw_ostream.h"

#include <cctype>

namespace wnnx {

/// Names that need no quotes: a letter or `_`, then letters, digits, `_` and `.`.
static bool isPlainName(std::string_view name) {
  if (name.empty() || !(std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_'))
    return false;
  for (char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.')
      return false;
  }
  return name != "none" && name != "const" && name != "return" && name != "graph" &&
         name.back() != '.';
}

static std::string printName(std::string_view name) {
  return isPlainName(name) ? std::string(name) : "%" + quote(name);
}

static std::string valueRef(const Value *v) {
  if (!v)
    return "none";
  if (!v->name().empty())
    return printName(v->name());
  // Unnamed values appear in dumps of graphs in the making only.
  return "%\"" + std::to_string(v->node() ? v->node()->id() : 0) + ":" +
         std::to_string(v->index()) + "\"";
}

static void printLocation(const Location &loc, llvm::raw_ostream &os) {
  os << "@";
  if (loc.isFused()) {
    os << "fused(" << quote(loc.ruleName()) << ", " << quote(loc.rulePlace());
    for (const Location &p : loc.parts()) {
      os << ", ";
      printLocation(p, os);
    }
    os << ")";
    return;
  }
  const Location::FileLine &f = loc.fileLine();
  os << "(" << quote(f.file) << ":" << f.line << ":" << f.column;
  if (!loc.scopeName().empty())
    os << ", " << quote(loc.scopeName());
  os << ")";
}

static void printTensor(const Node &constant, llvm::raw_ostream &os, const PrintOptions &options) {
  const Tensor &t = constant.attr(0u).asTensor();
  int64_t n = t.numel();
  if (!options.externalFile.empty()) {
    std::string external = options.externalName      ? options.externalName(constant)
                           : n > options.inlineLimit ? constant.result()->name()
                                                     : "";
    if (!external.empty()) {
      os << "file(" << quote(options.externalFile) << ", " << quote(external) << ")";
      return;
    }
  }
  auto element = [&](int64_t i) {
    if (isFloat(t.dtype()))
      return formatFloat(t.getDouble(i));
    if (t.dtype() == DType::Bool)
      return std::string(t.getInt(i) ? "true" : "false");
    return std::to_string(t.getInt(i));
  };
  if (n > 1 && t.splatValue()) {
    os << "splat " << element(0);
    return;
  }
  os << "dense [";
  for (int64_t i = 0; i < n; ++i)
    os << (i ? ", " : "") << element(i);
  os << "]";
}

static void printStatement(const Node &n, llvm::raw_ostream &os, const PrintOptions &options) {
  if (n.kind() == OpKind::Constant) {
    const Tensor &t = n.attr(0u).asTensor();
    os << "const " << valueRef(n.result()) << ": " << t.type().str() << " = ";
    printTensor(n, os, options);
  } else {
    for (unsigned i = 0; i < n.numResults(); ++i) {
      os << (i ? ", " : "") << valueRef(n.result(i));
      if (options.types)
        os << ": " << n.result(i)->type().str();
    }
    os << (n.numResults() ? " = " : "") << opName(n.kind()) << "(";
    unsigned count = n.numOperands();
    while (count && !n.operand(count - 1) && !n.info().isVariadic())
      --count;
    const char *separator = "";
    for (unsigned i = 0; i < count; ++i, separator = ", ")
      os << separator << valueRef(n.operand(i));
    for (unsigned i = 0; i < n.info().attrs.size(); ++i) {
      const AttrInfo &a = n.info().attrs[i];
      if (!a.required && n.attr(i) == a.defaultValue)
        continue;
      os << separator << a.name << "=" << n.attr(i).str();
      separator = ", ";
    }
    os << ")";
  }
  if (options.locations && n.loc()) {
    os << " ";
    printLocation(n.loc(), os);
  } else if (options.locations && n.kind() != OpKind::Constant) {
    os << " @none"; // else the parser would take the place in the text
  }
  os << ";";
}

std::string printNode(const Node &n, const PrintOptions &options) {
  std::string s;
  llvm::raw_string_ostream os(s);
  printStatement(n, os, options);
  os.flush();
  return s;
}

void printGraph(const Graph &g, llvm::raw_ostream &os, const PrintOptions &options) {
  os << "wnnx 1;\n";
  for (const auto &[key, value] : g.metadata)
    os << "meta " << quote(key) << " = " << quote(value) << ";\n";
  os << "graph " << printName(g.name) << "(";
  for (size_t i = 0; i < g.inputs().size(); ++i)
    os << (i ? ", " : "") << valueRef(g.input(unsigned(i))) << ": "
       << g.input(unsigned(i))->type().str();
  os << ") {\n";
  for (const Node *n : nodesOf(g)) {
    os << "  ";
    printStatement(*n, os, options);
    os << "\n";
  }
  os << "  return";
  for (size_t i = 0; i < g.outputs().size(); ++i)
    os << (i ? ", " : " ") << printName(g.outputs()[i].name) << " = "
       << valueRef(g.outputs()[i].value);
  os << ";\n}\n";
}

std::string printGraph(const Graph &g, const PrintOptions &options) {
  std::string s;
  llvm::raw_string_ostream os(s);
  printGraph(g, os, options);
  os.flush();
  return s;
}

} // namespace wnnx
