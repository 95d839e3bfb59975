// SPDX-License-Identifier: Apache-2.0
//
// The parser behind `parseGraph`: recursive descent over a lexer, one statement at a time. Its
// members are spread over TextParser.cpp (graphs and statements) and TextParserValues.cpp (types,
// tensors, attributes, places in sources).
#pragma once

#include "TextLexer.h"
#include "wnnx/IR/Text.h"

namespace wnnx {

class TextParser {
  using Tok = TextToken::Kind;
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

  std::unique_ptr<Graph> parseFile();
  std::unique_ptr<Graph> parseEmbedded(uint32_t &offset);

private:
  void advance() { tok = lexer.next(); }
  bool isWord(std::string_view w) const { return tok.kind == Tok::Name && tok.text() == w; }
  SourceRange range(const TextToken &t) const { return {&file, t.begin, t.end}; }

  DiagnosticBuilder error(const TextToken &t, std::string message);
  DiagnosticBuilder error(SourceRange r, std::string code, std::string message);
  std::string shown(const TextToken &t) const;
  bool expect(Tok kind, const char *what);
  void parseMeta();
  /// To behind the next `;`, or to a `}` or the end.
  void recover();
  std::optional<std::string> parseName(const char *what);
  /// `f32[1,3]`: a name directly followed by sizes.
  std::optional<TensorType> parseType();
  void parseGraphBody(bool nameRequired);
  void parseReturn();

  Value *findValue(const std::string &name, const TextToken &at);
  void define(Value *v, const std::string &name, SourceRange at);
  void parseConst();
  /// Behind an element of a list: to the next one, or the `]`.
  bool endElement();
  /// Writes the token, a number or `true`/`false`/`nan`/`inf`, as one element.
  bool parseElement(DType dtype, uint8_t *at);
  std::optional<Tensor> parseTensor(const TensorType &type);
  std::optional<Tensor> parseFileConstant(const TensorType &type);

  Location parseLocation(int depth = 0);
  struct Target {
    std::string name;
    TextToken at;
    std::optional<TensorType> type;
  };
  void parseNode();
  bool parseArguments(const OpInfo &op, const TextToken &opToken,
                      llvm::SmallVectorImpl<Value *> &operands, std::vector<Attribute> &attrs);
  bool parseAttr(const OpInfo &op, const std::string &name, const TextToken &at,
                 std::vector<Attribute> &attrs, std::vector<bool> &given, bool &good);
  /// Whole numbers serve as floats, and an empty list as any list.
  static std::optional<Attribute> coerce(const Attribute &a, const AttrInfo &info);
  void finishNode(const OpInfo &op, const TextToken &opToken, std::vector<Target> &targets,
                  llvm::ArrayRef<Value *> operands, std::vector<Attribute> attrs, Location loc);
  /// A number, `true`, `false`, `none`, `nan` or `inf`.
  std::optional<Attribute> parseScalar();
  std::optional<Attribute> parseAttrValue();
};

} // namespace wnnx
