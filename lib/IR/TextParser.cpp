// SPDX-License-Identifier: Apache-2.0
//
// Parsing `.wnnxt`: graphs and their statements. After an error it goes on behind the next `;`, so
// that one run reports all errors.
#include "TextParser.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <limits>

namespace wnnx {

std::unique_ptr<Graph> TextParser::parseFile() {
  graph = std::make_unique<Graph>();
  if (!isWord("wnnx"))
    return error(tok, "the text does not start with `wnnx 1;`"), nullptr;
  advance();
  if (tok.kind != Tok::Number || tok.text() != "1")
    return error(tok, "version " + std::string(tok.text()) +
                          " of the text form is not known; "
                          "this tool reads version 1"),
           nullptr;
  advance();
  if (!expect(Tok::Semicolon, "`;`"))
    return nullptr;
  while (isWord("meta"))
    parseMeta();
  parseGraphBody(/*nameRequired=*/true);
  if (ok && tok.kind != Tok::End)
    error(tok, "text after the end of the graph");
  return ok ? std::move(graph) : nullptr;
}

std::unique_ptr<Graph> TextParser::parseEmbedded(uint32_t &offset) {
  graph = std::make_unique<Graph>();
  parseGraphBody(/*nameRequired=*/false);
  offset = tok.begin;
  return ok ? std::move(graph) : nullptr;
}

DiagnosticBuilder TextParser::error(const TextToken &t, std::string message) {
  ok = false;
  if (t.kind == Tok::Bad)
    message = t.problem;
  return diags.error(range(t), "text-syntax", std::move(message));
}

DiagnosticBuilder TextParser::error(SourceRange r, std::string code, std::string message) {
  ok = false;
  return diags.error(r, std::move(code), std::move(message));
}

std::string TextParser::shown(const TextToken &t) const {
  return t.kind == Tok::End ? "the end of the text" : "`" + std::string(t.text()) + "`";
}

bool TextParser::expect(Tok kind, const char *what) {
  if (tok.kind != kind) {
    error(tok, std::string("expected ") + what + "; found " + shown(tok));
    return false;
  }
  advance();
  return true;
}

void TextParser::parseMeta() {
  advance();
  std::string key = tok.string;
  if (!expect(Tok::String, "a string") || !expect(Tok::Equal, "`=`"))
    return recover();
  std::string value = tok.string;
  if (!expect(Tok::String, "a string") || !expect(Tok::Semicolon, "`;`"))
    return recover();
  graph->metadata[key] = value;
}

void TextParser::recover() {
  while (tok.kind != Tok::End && tok.kind != Tok::RightBrace && tok.kind != Tok::Semicolon)
    advance();
  if (tok.kind == Tok::Semicolon)
    advance();
}

std::optional<std::string> TextParser::parseName(const char *what) {
  if (tok.kind != Tok::Name && tok.kind != Tok::QuotedName) {
    error(tok, std::string("expected ") + what + "; found " + shown(tok));
    return std::nullopt;
  }
  std::string name = tok.kind == Tok::Name ? std::string(tok.text()) : tok.string;
  advance();
  return name;
}

void TextParser::parseGraphBody(bool nameRequired) {
  if (!isWord("graph")) {
    error(tok, "expected `graph`; found " + shown(tok));
    return;
  }
  advance();
  if (nameRequired || tok.kind != Tok::LeftParen) {
    std::optional<std::string> name = parseName("the graph's name");
    if (!name)
      return;
    graph->name = *name;
  }
  if (!expect(Tok::LeftParen, "`(`"))
    return;
  while (tok.kind != Tok::RightParen) {
    TextToken at = tok;
    std::optional<std::string> name = parseName("an input's name");
    if (!name || !expect(Tok::Colon, "`:` and the input's type"))
      return;
    std::optional<TensorType> type = parseType();
    if (!type)
      return;
    if (graph->lookup(*name))
      error(range(at), "text-redefinition", "input `" + *name + "` is defined twice");
    graph->addInput(*name, *type);
    if (tok.kind == Tok::Comma)
      advance();
    else if (tok.kind != Tok::RightParen)
      return void(error(tok, "expected `,` or `)`; found " + shown(tok)));
  }
  advance();
  if (!expect(Tok::LeftBrace, "`{`"))
    return;
  bool returned = false;
  while (tok.kind != Tok::RightBrace && tok.kind != Tok::End) {
    if (returned)
      error(tok, "a statement after `return`");
    if (isWord("return")) {
      parseReturn();
      returned = true;
    } else if (isWord("const")) {
      parseConst();
    } else {
      parseNode();
    }
  }
  if (!returned)
    error(tok, "the graph has no `return`");
  expect(Tok::RightBrace, "`}`");
}

void TextParser::parseReturn() {
  advance();
  while (tok.kind != Tok::Semicolon) {
    TextToken at = tok;
    std::optional<std::string> name = parseName("a value");
    if (!name)
      return recover();
    std::string outputName = *name;
    if (tok.kind == Tok::Equal) {
      advance();
      at = tok;
      name = parseName("a value");
      if (!name)
        return recover();
    }
    if (Value *v = findValue(*name, at))
      graph->addOutput(outputName, v);
    if (tok.kind == Tok::Comma)
      advance();
    else if (tok.kind != Tok::Semicolon) {
      error(tok, "expected `,` or `;`; found " + shown(tok));
      return recover();
    }
  }
  advance();
}

Value *TextParser::findValue(const std::string &name, const TextToken &at) {
  if (Value *v = graph->lookup(name))
    return v;
  if (std::find(poisoned.begin(), poisoned.end(), name) != poisoned.end()) {
    ok = false;
    return nullptr;
  }
  std::vector<std::string_view> known;
  for (const auto &in : graph->inputs())
    known.push_back(in->name());
  for (const Node *n : nodesOf(*graph)) {
    for (unsigned i = 0; i < n->numResults(); ++i)
      known.push_back(n->result(i)->name());
  }
  if (known.size() > 2000)
    known.clear();
  error(range(at), "text-undefined",
        "value `" + name + "` is not defined before its use" + didYouMean(name, known));
  return nullptr;
}

void TextParser::define(Value *v, const std::string &name, SourceRange at) {
  if (graph->lookup(name))
    error(at, "text-redefinition", "value `" + name + "` is defined twice");
  graph->setName(v, name);
}

void TextParser::parseConst() {
  advance();
  TextToken at = tok;
  std::optional<std::string> name = parseName("the constant's name");
  if (!name)
    return recover();
  auto fail = [&] {
    poisoned.push_back(*name);
    recover();
  };
  if (!expect(Tok::Colon, "`:` and the constant's type"))
    return fail();
  std::optional<TensorType> type = parseType();
  if (!type || !expect(Tok::Equal, "`=`"))
    return fail();
  std::optional<Tensor> tensor = parseTensor(*type);
  if (!tensor)
    return fail();
  Location loc = parseLocation();
  Node *n = graph->createRaw(OpKind::Constant, {}, {Attribute(std::move(*tensor))}, {*type}, loc);
  graph->append(n);
  define(n->result(), *name, range(at));
  if (!expect(Tok::Semicolon, "`;`"))
    recover();
}

void TextParser::parseNode() {
  std::vector<Target> targets;
  auto fail = [&] {
    for (const Target &t : targets)
      poisoned.push_back(t.name);
    recover();
    if (tok.kind == Tok::RightParen) // never stay in place
      advance();
  };
  do {
    if (!targets.empty())
      advance(); // the comma
    Target t;
    t.at = tok;
    std::optional<std::string> name = parseName("a statement");
    if (!name) {
      advance();
      return fail();
    }
    t.name = *name;
    if (tok.kind == Tok::Colon) {
      advance();
      t.type = parseType();
      if (!t.type) {
        targets.push_back(t);
        return fail();
      }
    }
    targets.push_back(t);
  } while (tok.kind == Tok::Comma);
  if (!expect(Tok::Equal, "`=`"))
    return fail();
  TextToken opToken = tok;
  std::optional<std::string> opText = parseName("an op");
  if (!opText)
    return fail();
  const OpInfo *op = lookupOp(*opText);
  if (!op) {
    error(range(opToken), "text-unknown-op",
          "unknown op `" + *opText + "`" + didYouMean(*opText, opNames()));
    return fail();
  }
  if (op->kind == OpKind::Constant) {
    error(range(opToken), "text-syntax", "constants are written `const name: type = ...;`");
    return fail();
  }
  llvm::SmallVector<Value *, 8> operands;
  std::vector<Attribute> attrs;
  if (!parseArguments(*op, opToken, operands, attrs))
    return fail();
  bool located = tok.kind == Tok::At;
  Location loc = parseLocation();
  if (!located) {
    // By the file's own name, so that results do not depend on the folder it is read from.
    auto [line, column] = file.lineColumn(targets[0].at.begin);
    loc = Location::file(llvm::sys::path::filename(file.name()).str(), line, column);
  }
  finishNode(*op, opToken, targets, operands, std::move(attrs), loc);
  if (!expect(Tok::Semicolon, "`;`"))
    recover();
}

bool TextParser::parseArguments(const OpInfo &op, const TextToken &opToken,
                                llvm::SmallVectorImpl<Value *> &operands,
                                std::vector<Attribute> &attrs) {
  bool good = true;
  std::vector<bool> given(op.attrs.size());
  for (const AttrInfo &a : op.attrs)
    attrs.push_back(a.defaultValue);
  if (!expect(Tok::LeftParen, "`(`"))
    return false;
  bool inAttrs = false;
  while (tok.kind != Tok::RightParen) {
    TextToken at = tok;
    std::optional<std::string> name = parseName("an operand or `attribute=value`");
    if (!name)
      return false;
    if (tok.kind == Tok::Equal) {
      inAttrs = true;
      advance();
      if (!parseAttr(op, *name, at, attrs, given, good))
        return false;
    } else if (inAttrs) {
      error(range(at), "text-syntax", "operand `" + *name + "` after attributes");
      return false;
    } else {
      bool absent = *name == "none" && at.kind == Tok::Name;
      Value *v = absent ? nullptr : findValue(*name, at);
      good &= v || absent;
      operands.push_back(v);
    }
    if (tok.kind == Tok::Comma)
      advance();
    else if (tok.kind != Tok::RightParen) {
      error(tok, "expected `,` or `)`; found " + shown(tok));
      return false;
    }
  }
  advance();
  for (size_t i = 0; i < op.attrs.size(); ++i) {
    if (op.attrs[i].required && !given[i]) {
      error(range(opToken), "text-attribute",
            "`" + std::string(op.name) + "` needs attribute `" + std::string(op.attrs[i].name) +
                "`")
          .hint("schema: " + op.schema());
      good = false;
    }
  }
  return good;
}

bool TextParser::parseAttr(const OpInfo &op, const std::string &name, const TextToken &at,
                           std::vector<Attribute> &attrs, std::vector<bool> &given, bool &good) {
  TextToken valueToken = tok;
  std::optional<Attribute> value = parseAttrValue();
  if (!value)
    return false;
  int i = op.attrIndex(name);
  if (i < 0) {
    std::vector<std::string_view> names;
    for (const AttrInfo &a : op.attrs)
      names.push_back(a.name);
    error(range(at), "text-attribute",
          "`" + std::string(op.name) + "` has no attribute `" + name + "`" +
              didYouMean(name, names))
        .hint("schema: " + op.schema());
    good = false;
    return true;
  }
  const AttrInfo &info = op.attrs[size_t(i)];
  if (given[size_t(i)]) {
    error(range(at), "text-attribute", "attribute `" + name + "` is given twice");
    good = false;
  }
  given[size_t(i)] = true;
  if (std::optional<Attribute> c = coerce(*value, info)) {
    attrs[size_t(i)] = std::move(*c);
  } else {
    error(range(valueToken), "text-attribute",
          "attribute `" + name + "` is a " + std::string(attrKindName(info.kind)) + "; found " +
              value->str());
    good = false;
  }
  return true;
}

void TextParser::finishNode(const OpInfo &op, const TextToken &opToken,
                            std::vector<Target> &targets, llvm::ArrayRef<Value *> operands,
                            std::vector<Attribute> attrs, Location loc) {
  SourceRange at = range(opToken);
  auto poison = [&] {
    for (const Target &t : targets)
      poisoned.push_back(t.name);
  };
  if (!op.isVariadic() && operands.size() > op.operands.size()) {
    error(at, "text-arity",
          "`" + std::string(op.name) + "` takes " + std::to_string(op.operands.size()) +
              " operands; found " + std::to_string(operands.size()))
        .hint("schema: " + op.schema());
    return poison();
  }
  for (size_t i = 0; i < op.operands.size(); ++i) {
    if (op.operands[i].kind == OperandKind::Single && (i >= operands.size() || !operands[i])) {
      error(at, "text-arity",
            "`" + std::string(op.name) + "` needs operand `" + std::string(op.operands[i].name) +
                "`")
          .hint("schema: " + op.schema());
      return poison();
    }
  }
  bool typed = std::all_of(targets.begin(), targets.end(), [](auto &t) { return t.type; });
  if (!typed && !options.infer) {
    error(at, "text-type", "a result without a type");
    return poison();
  }
  llvm::SmallVector<TensorType, 2> types;
  if (!options.infer) {
    for (const Target &t : targets)
      types.push_back(*t.type);
  }
  Node *n = graph->createRaw(op.kind, operands, std::move(attrs), types, loc);
  if (options.infer && failed(options.infer(*n, diags))) {
    ok = false;
    graph->erase(n);
    return poison();
  }
  graph->append(n);
  if (n->numResults() != targets.size()) {
    error(at, "text-arity",
          "`" + std::string(op.name) + "` has " + std::to_string(n->numResults()) +
              " results here; found " + std::to_string(targets.size()) + " names");
    return poison();
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    Value *v = n->result(unsigned(i));
    if (targets[i].type && *targets[i].type != v->type())
      error(range(targets[i].at), "text-type",
            "`" + targets[i].name + "` is written as " + targets[i].type->str() + "; inferred " +
                v->type().str());
    define(v, targets[i].name, range(targets[i].at));
  }
}

std::unique_ptr<Graph> parseGraph(const SourceFile &file, Diagnostics &diags,
                                  const ParseOptions &options) {
  return TextParser(file, 0, diags, options).parseFile();
}

std::unique_ptr<Graph> parseEmbeddedGraph(const SourceFile &file, uint32_t &offset,
                                          Diagnostics &diags, const ParseOptions &options) {
  return TextParser(file, offset, diags, options).parseEmbedded(offset);
}

} // namespace wnnx
