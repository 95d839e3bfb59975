// SPDX-License-Identifier: Apache-2.0
//
// Parsing `.wnnxt`: types, tensors, attributes, and places in sources.
#include "TextParser.h"

#include "llvm/Support/Path.h"

#include <algorithm>
#include <limits>

namespace wnnx {

std::optional<TensorType> TextParser::parseType() {
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
          "`" + text + "` is not a type; sizes are whole numbers from 0, of at most 2^40 elements");
  return type;
}

bool TextParser::endElement() {
  if (tok.kind == Tok::Comma) {
    advance();
  } else if (tok.kind != Tok::RightBracket) {
    error(tok, "expected `,` or `]`; found " + shown(tok));
    return false;
  }
  return true;
}

bool TextParser::parseElement(DType dtype, uint8_t *at) {
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

std::optional<Tensor> TextParser::parseTensor(const TensorType &type) {
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
    if (!endElement())
      return std::nullopt;
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

std::optional<Tensor> TextParser::parseFileConstant(const TensorType &type) {
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

Location TextParser::parseLocation(int depth) {
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

std::optional<Attribute> TextParser::coerce(const Attribute &a, const AttrInfo &info) {
  if (a.kind() == info.kind || (a.isNone() && info.optional))
    return a;
  if (a.kind() == AttrKind::Int && info.kind == AttrKind::Float)
    return Attribute(double(a.asInt()));
  if (a.kind() == AttrKind::Ints && info.kind == AttrKind::Floats)
    return Attribute(std::vector<double>(a.asInts().begin(), a.asInts().end()));
  return std::nullopt;
}

std::optional<Attribute> TextParser::parseScalar() {
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

std::optional<Attribute> TextParser::parseAttrValue() {
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
    if (!endElement())
      return std::nullopt;
  }
  advance();
  return real ? Attribute(std::move(floats)) : Attribute(std::move(ints));
}

} // namespace wnnx
