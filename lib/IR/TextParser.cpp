// SPDX-License-Identifier: Apache-2.0
//
// Parsing `.wnnxt`: recursive descent over a lexer, one statement at a time; after an error it goes
// on behind the next `;`, so that one run reports all errors.
#include "wnnx/IR/Text.h"

#include "TextLexer.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <limits>

namespace wnnx {
namespace {

using Tok = TextToken::Kind;

class TextParser {
  const SourceFile &file;
  Diagnostics &diags;
  const ParseOptions &options;
  TextLexer lexer;
  TextToken tok;
  std::unique_ptr<Graph> graph;
  bool ok = true;
  /// Names on the left of statements with errors: uses of them are not errors again.
  std::vector<std::string> poisoned;

public:
  TextParser(const SourceFile &f, uint32_t offset, Diagnostics &d, const ParseOptions &o)
      : file(f), diags(d), options(o), lexer(f, offset) {
    advance();
  }

  std::unique_ptr<Graph> parseFile() {
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

  std::unique_ptr<Graph> parseEmbedded(uint32_t &offset) {
    graph = std::make_unique<Graph>();
    parseGraphBody(/*nameRequired=*/false);
    offset = tok.begin;
    return ok ? std::move(graph) : nullptr;
  }

private:
  void advance() { tok = lexer.next(); }
  bool isWord(std::string_view w) const { return tok.kind == Tok::Name && tok.text() == w; }
  SourceRange range(const TextToken &t) const { return {&file, t.begin, t.end}; }

  DiagnosticBuilder error(const TextToken &t, std::string message) {
    ok = false;
    if (t.kind == Tok::Bad)
      message = t.problem;
    return diags.error(range(t), "text-syntax", std::move(message));
  }
  DiagnosticBuilder error(SourceRange r, std::string code, std::string message) {
    ok = false;
    return diags.error(r, std::move(code), std::move(message));
  }

  std::string shown(const TextToken &t) const {
    return t.kind == Tok::End ? "the end of the text" : "`" + std::string(t.text()) + "`";
  }

  bool expect(Tok kind, const char *what) {
    if (tok.kind != kind) {
      error(tok, std::string("expected ") + what + "; found " + shown(tok));
      return false;
    }
    advance();
    return true;
  }

  void parseMeta() {
    advance();
    std::string key = tok.string;
    if (!expect(Tok::String, "a string") || !expect(Tok::Equal, "`=`"))
      return recover();
    std::string value = tok.string;
    if (!expect(Tok::String, "a string") || !expect(Tok::Semicolon, "`;`"))
      return recover();
    graph->metadata[key] = value;
  }

  /// To behind the next `;`, or to a `}` or the end.
  void recover() {
    while (tok.kind != Tok::End && tok.kind != Tok::RightBrace && tok.kind != Tok::Semicolon)
      advance();
    if (tok.kind == Tok::Semicolon)
      advance();
  }

  std::optional<std::string> parseName(const char *what) {
    if (tok.kind != Tok::Name && tok.kind != Tok::QuotedName) {
      error(tok, std::string("expected ") + what + "; found " + shown(tok));
      return std::nullopt;
    }
    std::string name = tok.kind == Tok::Name ? std::string(tok.text()) : tok.string;
    advance();
    return name;
  }

  /// `f32[1,3]`: a name directly followed by sizes.
  std::optional<TensorType> parseType() {
    TextToken start = tok;
    if (tok.kind != Tok::Name || !parseDType(tok.text())) {
      error(tok, "expected a type such as `f32[1,3,224,224]`; found " + shown(tok));
      return std::nullopt;
    }
    std::string text(tok.text());
    advance();
    if (tok.kind != Tok::LeftBracket) {
      error(tok, "expected `[` and sizes after the element type; found " + shown(tok));
      return std::nullopt;
    }
    TextToken last = tok;
    while (tok.kind == Tok::LeftBracket || tok.kind == Tok::Number || tok.kind == Tok::Comma) {
      text += tok.text();
      advance();
    }
    last = tok;
    if (!expect(Tok::RightBracket, "`]`"))
      return std::nullopt;
    text += "]";
    std::optional<TensorType> type = parseTensorType(text);
    if (!type)
      error({&file, start.begin, last.end}, "text-type",
            "`" + text +
                "` is not a type; sizes are whole numbers from 0, of at most 2^40 elements");
    return type;
  }

  void parseGraphBody(bool nameRequired) {
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

  void parseReturn() {
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

  Value *findValue(const std::string &name, const TextToken &at) {
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

  void define(Value *v, const std::string &name, SourceRange at) {
    if (graph->lookup(name))
      error(at, "text-redefinition", "value `" + name + "` is defined twice");
    graph->setName(v, name);
  }

  void parseConst() {
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

  /// Writes the token, a number or `true`/`false`/`nan`/`inf`, as one element.
  bool parseElement(DType dtype, uint8_t *at) {
    std::optional<Attribute> a = parseScalar();
    if (!a)
      return false;
    if (a->kind() == AttrKind::Float && isFloat(dtype))
      storeElement(dtype, at, a->asFloat());
    else if (a->kind() == AttrKind::Int && isFloat(dtype))
      storeElement(dtype, at, double(a->asInt()));
    else if (a->kind() == AttrKind::Int && dtype != DType::Bool)
      storeElementInt(dtype, at, a->asInt());
    else if (a->kind() == AttrKind::Bool && dtype == DType::Bool)
      storeElementInt(dtype, at, a->asBool());
    else {
      error(tok, a->str() + " is not an element of a " + std::string(dtypeName(dtype)) + " tensor");
      return false;
    }
    return true;
  }

  std::optional<Tensor> parseTensor(const TensorType &type) {
    unsigned step = dtypeBytes(type.dtype);
    if (isWord("file"))
      return parseFileConstant(type);
    // Larger constants belong in files; this bounds what a short hostile text can allocate.
    constexpr int64_t limit = int64_t(1) << 28;
    if (type.bytes() > limit) {
      error(tok, "a constant of " + std::to_string(type.bytes()) +
                     " bytes cannot be written in the text; use `file(...)`");
      return std::nullopt;
    }
    if (isWord("splat")) {
      advance();
      uint8_t element[8];
      if (!parseElement(type.dtype, element))
        return std::nullopt;
      std::vector<uint8_t> bytes(size_t(type.bytes()));
      for (size_t i = 0; i < bytes.size(); i += step)
        std::copy(element, element + step, &bytes[i]);
      return Tensor::own(type, std::move(bytes));
    }
    if (!isWord("dense")) {
      error(tok, "expected `dense`, `splat` or `file`; found " + shown(tok));
      return std::nullopt;
    }
    TextToken at = tok;
    advance();
    if (!expect(Tok::LeftBracket, "`[`"))
      return std::nullopt;
    std::vector<uint8_t> bytes;
    while (tok.kind != Tok::RightBracket) {
      bytes.resize(bytes.size() + step);
      if (!parseElement(type.dtype, &bytes[bytes.size() - step]))
        return std::nullopt;
      if (tok.kind == Tok::Comma)
        advance();
      else if (tok.kind != Tok::RightBracket) {
        error(tok, "expected `,` or `]`; found " + shown(tok));
        return std::nullopt;
      }
    }
    advance();
    if (int64_t(bytes.size()) != type.bytes()) {
      error(range(at), "text-constant",
            type.str() + " has " + std::to_string(type.numel()) + " elements; found " +
                std::to_string(bytes.size() / step));
      return std::nullopt;
    }
    return Tensor::own(type, std::move(bytes));
  }

  std::optional<Tensor> parseFileConstant(const TensorType &type) {
    TextToken at = tok;
    advance();
    if (!expect(Tok::LeftParen, "`(`"))
      return std::nullopt;
    std::string path = tok.string;
    if (!expect(Tok::String, "a path in quotes") || !expect(Tok::Comma, "`,`"))
      return std::nullopt;
    std::string name = tok.string;
    if (!expect(Tok::String, "a tensor's name in quotes"))
      return std::nullopt;
    SourceRange where{&file, at.begin, tok.end};
    if (!expect(Tok::RightParen, "`)`"))
      return std::nullopt;
    if (!options.loadConstant) {
      error(where, "text-constant", "constants in files cannot be read here");
      return std::nullopt;
    }
    FailureOr<Tensor> t = options.loadConstant(path, name, type, where, diags);
    if (failed(t)) {
      ok = false;
      return std::nullopt;
    }
    return *t;
  }

  Location parseLocation(int depth = 0) {
    if (tok.kind != Tok::At)
      return {};
    advance();
    if (isWord("none")) {
      advance();
      return {};
    }
    if (isWord("fused") && depth < 64) {
      advance();
      std::string rule, place;
      std::vector<Location> parts;
      if (!expect(Tok::LeftParen, "`(`"))
        return {};
      rule = tok.string;
      if (!expect(Tok::String, "a rule's name") || !expect(Tok::Comma, "`,`"))
        return {};
      place = tok.string;
      if (!expect(Tok::String, "a rule's place"))
        return {};
      while (tok.kind == Tok::Comma) {
        advance();
        parts.push_back(parseLocation(depth + 1));
        if (!ok)
          return {};
      }
      expect(Tok::RightParen, "`)`");
      return Location::fused(rule, place, std::move(parts));
    }
    if (!expect(Tok::LeftParen, "`(` or `fused`"))
      return {};
    std::string path = tok.string, scope;
    unsigned numbers[2] = {0, 0};
    if (!expect(Tok::String, "a file name"))
      return {};
    for (unsigned &n : numbers) {
      if (!expect(Tok::Colon, "`:` and a line or column"))
        return {};
      n = unsigned(std::strtoul(std::string(tok.text()).c_str(), nullptr, 10));
      if (!expect(Tok::Number, "a number"))
        return {};
    }
    if (tok.kind == Tok::Comma) {
      advance();
      scope = tok.string;
      if (!expect(Tok::String, "a module path"))
        return {};
    }
    expect(Tok::RightParen, "`)`");
    return Location::file(path, numbers[0], numbers[1], scope);
  }

  struct Target {
    std::string name;
    TextToken at;
    std::optional<TensorType> type;
  };

  void parseNode() {
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

  bool parseArguments(const OpInfo &op, const TextToken &opToken,
                      llvm::SmallVectorImpl<Value *> &operands, std::vector<Attribute> &attrs) {
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

  bool parseAttr(const OpInfo &op, const std::string &name, const TextToken &at,
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

  /// Whole numbers serve as floats, and an empty list as any list.
  static std::optional<Attribute> coerce(const Attribute &a, const AttrInfo &info) {
    if (a.kind() == info.kind || (a.isNone() && info.optional))
      return a;
    if (a.kind() == AttrKind::Int && info.kind == AttrKind::Float)
      return Attribute(double(a.asInt()));
    if (a.kind() == AttrKind::Ints && info.kind == AttrKind::Floats)
      return Attribute(std::vector<double>(a.asInts().begin(), a.asInts().end()));
    return std::nullopt;
  }

  void finishNode(const OpInfo &op, const TextToken &opToken, std::vector<Target> &targets,
                  llvm::ArrayRef<Value *> operands, std::vector<Attribute> attrs, Location loc) {
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

  /// A number, `true`, `false`, `none`, `nan` or `inf`.
  std::optional<Attribute> parseScalar() {
    if (tok.kind == Tok::Number) {
      std::string text(tok.text());
      advance();
      if (text.find_first_of(".eE") == std::string::npos && text.find("inf") == std::string::npos) {
        errno = 0;
        int64_t i = std::strtoll(text.c_str(), nullptr, 10);
        if (errno == ERANGE) {
          error(tok, "`" + text + "` does not fit in 64 bits");
          return std::nullopt;
        }
        return Attribute(i);
      }
      double d = 0;
      TextLexer::parseDouble(text, d);
      return Attribute(d);
    }
    if (isWord("true") || isWord("false")) {
      bool b = isWord("true");
      advance();
      return Attribute(b);
    }
    if (isWord("nan") || isWord("inf")) {
      double d = isWord("nan") ? std::numeric_limits<double>::quiet_NaN()
                               : std::numeric_limits<double>::infinity();
      advance();
      return Attribute(d);
    }
    error(tok, "expected a value; found " + shown(tok));
    return std::nullopt;
  }

  std::optional<Attribute> parseAttrValue() {
    if (isWord("none")) {
      advance();
      return Attribute();
    }
    if (tok.kind == Tok::String) {
      Attribute a(tok.string);
      advance();
      return a;
    }
    if (tok.kind == Tok::Name) {
      if (std::optional<DType> d = parseDType(tok.text())) {
        advance();
        return Attribute(*d);
      }
    }
    if (tok.kind != Tok::LeftBracket)
      return parseScalar();
    advance();
    std::vector<int64_t> ints;
    std::vector<double> floats;
    bool real = false;
    while (tok.kind != Tok::RightBracket) {
      TextToken at = tok;
      std::optional<Attribute> a = parseScalar();
      if (!a)
        return std::nullopt;
      if (a->kind() == AttrKind::Float) {
        real = true;
        floats.push_back(a->asFloat());
      } else if (a->kind() == AttrKind::Int) {
        ints.push_back(a->asInt());
        floats.push_back(double(a->asInt()));
      } else {
        error(range(at), "text-attribute", "lists hold numbers; found " + a->str());
        return std::nullopt;
      }
      if (tok.kind == Tok::Comma)
        advance();
      else if (tok.kind != Tok::RightBracket) {
        error(tok, "expected `,` or `]`; found " + shown(tok));
        return std::nullopt;
      }
    }
    advance();
    return real ? Attribute(std::move(floats)) : Attribute(std::move(ints));
  }
};

} // namespace

std::unique_ptr<Graph> parseGraph(const SourceFile &file, Diagnostics &diags,
                                  const ParseOptions &options) {
  return TextParser(file, 0, diags, options).parseFile();
}

std::unique_ptr<Graph> parseEmbeddedGraph(const SourceFile &file, uint32_t &offset,
                                          Diagnostics &diags, const ParseOptions &options) {
  return TextParser(file, offset, diags, options).parseEmbedded(offset);
}

} // namespace wnnx
