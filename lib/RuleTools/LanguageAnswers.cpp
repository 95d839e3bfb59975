// SPDX-License-Identifier: Apache-2.0
//
// Shapes of answers, as the protocol wants them.
#include "LanguageAnswers.h"

#include "fmt/format.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

std::string pathOf(std::string_view uri) {
  llvm::StringRef rest(uri);
  if (!rest.consume_front("file://"))
    return std::string(uri);
  std::string path;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '%' && i + 2 < rest.size() && llvm::isHexDigit(rest[i + 1]) &&
        llvm::isHexDigit(rest[i + 2])) {
      path += char(llvm::hexFromNibbles(rest[i + 1], rest[i + 2]));
      i += 2;
    } else {
      path += rest[i];
    }
  }
  // Zero bytes would cut the path short.
  std::erase(path, '\0');
  return path;
}

std::string uriOf(const std::string &path) {
  if (path.empty() || path[0] != '/')
    return path;
  std::string uri = "file://";
  for (char c : path) {
    if (llvm::isAlnum(c) || llvm::StringRef("/-_.~").contains(c))
      uri += c;
    else
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

std::string positionJson(Position p) {
  return fmt::format("{{\"line\":{},\"character\":{}}}", p.line, p.column);
}
std::string rangeJson(SourceRange r) {
  return fmt::format("{{\"start\":{},\"end\":{}}}",
                     positionJson(RuleDocument::positionOf(*r.file, r.begin)),
                     positionJson(RuleDocument::positionOf(*r.file, r.end)));
}

namespace {

struct TokenType {
  NameKind kind;
  const char *name; // of the protocol
  bool library;     // is not declared in rule files
};
/// In the order of `NameKind`.
constexpr TokenType tokenTypes[] = {
    {NameKind::Keyword, "keyword", false}, {NameKind::Op, "function", true},
    {NameKind::Builtin, "method", true},   {NameKind::Callable, "macro", false},
    {NameKind::Rule, "class", false},      {NameKind::RuleSet, "namespace", false},
    {NameKind::Schedule, "event", false},  {NameKind::Space, "struct", false},
    {NameKind::Local, "variable", false},  {NameKind::Attribute, "parameter", false},
    {NameKind::Field, "property", false},  {NameKind::Property, "enumMember", false},
    {NameKind::Type, "type", false},
};

/// Lists by file: "uri": [item, item].
std::string byFile(const std::vector<FoundUse> &uses,
                   llvm::function_ref<std::string(const FoundUse &)> item) {
  std::string out;
  const SourceFile *last = nullptr;
  for (const FoundUse &u : uses) {
    if (u.file != last)
      out += fmt::format("{}{}:[", last ? "]," : "", jsonQuote(uriOf(u.file->name())));
    else
      out += ",";
    out += item(u);
    last = u.file;
  }
  return last ? out + "]" : out;
}

} // namespace

std::string tokenLegendJson() {
  std::string types;
  for (const TokenType &t : tokenTypes)
    types += fmt::format("{}\"{}\"", types.empty() ? "" : ",", t.name);
  return fmt::format(
      "{{\"tokenTypes\":[{}],\"tokenModifiers\":[\"declaration\",\"defaultLibrary\"]}}", types);
}

std::string semanticTokensJson(const RuleDocument &d) {
  std::string data;
  Position last;
  for (const NameUse &n : nameUses(d.file(), d.syntax())) {
    Position p = RuleDocument::positionOf(d.file(), n.begin);
    Position end = RuleDocument::positionOf(d.file(), n.end);
    const TokenType &type = tokenTypes[size_t(n.kind)];
    data +=
        fmt::format("{}{},{},{},{},{}", data.empty() ? "" : ",", p.line - last.line,
                    p.line == last.line ? p.column - last.column : p.column, end.column - p.column,
                    size_t(n.kind), (n.declares ? 1 : 0) + (type.library ? 2 : 0));
    last = p;
  }
  return fmt::format("{{\"data\":[{}]}}", data);
}

std::string locationsJson(const std::vector<FoundUse> &uses, bool declarations) {
  std::string list;
  for (const FoundUse &u : uses) {
    if (u.use.declares && !declarations)
      continue;
    list +=
        fmt::format("{}{{\"uri\":{},\"range\":{}}}", list.empty() ? "" : ",",
                    jsonQuote(uriOf(u.file->name())), rangeJson({u.file, u.use.begin, u.use.end}));
  }
  return "[" + list + "]";
}

std::string renameJson(const std::vector<FoundUse> &uses, const std::string &name) {
  auto edit = [&](const FoundUse &u) {
    // `groups`, captured under its own name, becomes `groups = g`.
    std::string text = u.use.shorthand ? u.use.name + " = " + name : name;
    return fmt::format("{{\"range\":{},\"newText\":{}}}",
                       rangeJson({u.file, u.use.begin, u.use.end}), jsonQuote(text));
  };
  return fmt::format("{{\"changes\":{{{}}}}}", byFile(uses, edit));
}

std::string codeActionsJson(const RuleDocument &d, const std::string &uri, uint32_t begin,
                            uint32_t end) {
  std::string list;
  for (const Diagnostic &p : d.problems()) {
    if (p.fixes.empty() || p.range.end < begin || p.range.begin > end)
      continue;
    std::string edits;
    bool here = true;
    for (const FixIt &f : p.fixes) {
      here &= f.range.file->name() == d.file().name();
      edits += fmt::format("{}{{\"range\":{},\"newText\":{}}}", edits.empty() ? "" : ",",
                           rangeJson(f.range), jsonQuote(f.text));
    }
    if (!here)
      continue;
    const FixIt &f = p.fixes[0];
    std::string_view old = f.range.file->text().substr(f.range.begin, f.range.end - f.range.begin);
    std::string title = old.empty() ? fmt::format("insert `{}`", f.text)
                                    : fmt::format("replace `{}` by `{}`", old, f.text);
    list += fmt::format("{}{{\"title\":{},\"kind\":\"quickfix\",\"isPreferred\":true,"
                        "\"edit\":{{\"changes\":{{{}:[{}]}}}}}}",
                        list.empty() ? "" : ",", jsonQuote(title), jsonQuote(uri), edits);
  }
  return "[" + list + "]";
}

} // namespace wnnx::pat
