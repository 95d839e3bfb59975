// SPDX-License-Identifier: Apache-2.0
//
// Answers about places in a rule file.
#include "RuleDocument.h"

#include "wnnx/Pattern/Parser.h"
#include "wnnx/Pattern/Types.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <set>

namespace wnnx::pat {

namespace {

struct Word {
  std::string_view word, where, doc;
};
constexpr Word keywords[] = {
#define PAT_KEYWORD(word, where, doc) {word, where, doc},
#include "wnnx/RuleTools/Keywords.def"
};

constexpr std::string_view predicates[] = {"positive", "nonnegative", "finite", "zero",
                                           "one",      "splat",       "scalar"};

std::string describeOp(const OpInfo &op) {
  std::string s = fmt::format("```\n{}\n```\n{}\n", op.schema(), op.doc);
  for (const OperandInfo &o : op.operands)
    s += fmt::format("\n- `{}`: {}", o.name, o.doc);
  for (const AttrInfo &a : op.attrs)
    s += fmt::format("\n- `{}`{}{}", a.name, a.doc.empty() ? "" : ": ", a.doc);
  std::string traits;
  for (std::string_view t : traitNames()) {
    if (op.has(traitByName(t)))
      traits += (traits.empty() ? "" : ", ") + std::string(t);
  }
  return traits.empty() ? s : s + "\n\nTraits: " + traits;
}

std::string textOf(SourceRange r) {
  return r ? std::string(r.file->text().substr(r.begin, r.end - r.begin)) : "";
}

std::string_view sayType(const OpInfo &op, std::string_view attr, std::string &out) {
  int i = op.attrIndex(attr);
  if (i >= 0)
    out = fmt::format("attribute `{}` of {}: {}", attr, op.name, op.attrs[size_t(i)].doc);
  else if ((i = op.operandIndex(attr)) >= 0)
    out = fmt::format("operand `{}` of {}: {}", attr, op.name, op.operands[size_t(i)].doc);
  return out;
}

} // namespace

RuleDocument::RuleDocument(std::string filePath, std::string text)
    : path(std::move(filePath)), diags(std::make_unique<Diagnostics>()) {
  auto scratch = std::make_unique<Diagnostics>();
  FailureOr<RuleSet> loaded = loadRulesFromText(path, text, *diags);
  if (succeeded(loaded))
    rules = *loaded;
  // A tree of its own, which is there after errors too.
  Diagnostics &names = *scratch;
  source = &names.addFile(path, std::move(text));
  tree = parseFile(*source, names);
  Lexer lexer(*source, names);
  for (Token t = lexer.next(); t.kind != Tok::Eof; t = lexer.next())
    tokens.push_back(std::move(t));
  treeDiags = std::move(scratch);
  readImports(tree, path, 0);
}

void RuleDocument::readImports(const ast::File &from, const std::string &name, unsigned depth) {
  if (depth > 16 || imported.size() > 256)
    return;
  for (const ast::Import &i : from.imports) {
    if (i.path.empty())
      continue;
    std::string full = importPath(name, i.path);
    if (full == path ||
        llvm::any_of(imported, [&](const auto &f) { return f->source->name() == full; }))
      continue;
    llvm::sys::fs::file_status status;
    if (llvm::sys::fs::status(full, status) ||
        status.type() != llvm::sys::fs::file_type::regular_file ||
        status.getSize() > (uint64_t(16) << 20))
      continue;
    auto buffer = llvm::MemoryBuffer::getFile(full, /*IsText=*/true);
    if (!buffer)
      continue;
    const SourceFile &file = treeDiags->addFile(full, (*buffer)->getBuffer().str());
    imported.push_back(std::make_unique<ast::File>(parseFile(file, *treeDiags)));
    readImports(*imported.back(), full, depth + 1);
  }
}

template <class F> void RuleDocument::eachFile(F f) const {
  f(tree);
  for (const auto &i : imported)
    f(*i);
}

std::vector<Diagnostic> RuleDocument::problems() const {
  std::vector<Diagnostic> out;
  std::set<std::string> others;
  for (const Diagnostic &d : diags->all()) {
    bool here = d.range && d.range.file->name() == path;
    if (here) {
      out.push_back(d);
    } else if (d.severity == Severity::Error) {
      std::string where = d.range ? d.range.str() : d.place;
      if (!others.insert(d.range ? d.range.file->name() : d.place).second)
        continue;
      Diagnostic at = d;
      at.range = {source, 0, std::min<uint32_t>(1, uint32_t(source->text().size()))};
      for (const ast::Import &i : tree.imports) {
        if (!i.path.empty() && llvm::StringRef(where).contains(llvm::sys::path::filename(i.path)))
          at.range = i.range;
      }
      at.message = where + ": " + d.message;
      at.notes.clear();
      out.push_back(std::move(at));
    }
  }
  return out;
}

Position RuleDocument::positionOf(const SourceFile &file, uint32_t offset) {
  auto [line, column] = file.lineColumn(offset);
  std::string_view text = file.line(line);
  Position p{line - 1, 0};
  for (size_t i = 0; i < std::min<size_t>(column - 1, text.size()); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0) != 0x80)
      p.column += c >= 0xF0 ? 2 : 1;
  }
  return p;
}

uint32_t RuleDocument::offsetOf(Position p) const {
  std::string_view text = source->text();
  size_t at = 0;
  for (unsigned l = 0; l < p.line; ++l) {
    at = text.find('\n', at);
    if (at == std::string_view::npos)
      return uint32_t(text.size());
    ++at;
  }
  unsigned column = 0;
  while (at < text.size() && text[at] != '\n' && column < p.column) {
    unsigned char c = static_cast<unsigned char>(text[at]);
    column += c >= 0xF0 ? 2 : 1;
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
      ++at;
  }
  return uint32_t(at);
}

size_t RuleDocument::tokenAt(uint32_t offset) const {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].begin <= offset && offset < tokens[i].end)
      return i;
  }
  // The end of a name belongs to it.
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == Tok::Ident && tokens[i].end == offset)
      return i;
  }
  return tokens.size();
}

const ast::RuleDecl *RuleDocument::ruleAt(uint32_t offset) const {
  for (const ast::RuleDecl &r : tree.rules) {
    if (r.range.begin <= offset && offset <= r.range.end)
      return &r;
  }
  return nullptr;
}

const Rule *RuleDocument::checkedRule(const ast::RuleDecl &decl) const {
  if (!rules)
    return nullptr;
  for (const auto &r : rules->program().rules) {
    if (r->range.file && r->range.file->name() == path && r->range.begin == decl.name.range.begin)
      return r.get();
  }
  return nullptr;
}

/// The name before the innermost open bracket around a token: the op that an argument belongs to.
std::string RuleDocument::enclosingCall(size_t token) const {
  int depth = 0;
  for (size_t i = token; i-- > 0;) {
    Tok k = tokens[i].kind;
    if (k == Tok::RParen || k == Tok::RBracket || k == Tok::RBrace)
      ++depth;
    else if (k == Tok::Semi && depth == 0)
      return "";
    else if ((k == Tok::LParen || k == Tok::LBracket || k == Tok::LBrace) && depth-- == 0) {
      if (k != Tok::LParen || i == 0)
        return "";
      size_t name = i - 1;
      if (tokens[name].kind == Tok::Question && name > 0)
        --name;
      return tokens[name].kind == Tok::Ident ? tokens[name].text : "";
    }
  }
  return "";
}

std::string RuleDocument::hover(uint32_t offset, SourceRange &range) const {
  size_t i = tokenAt(offset);
  if (i == tokens.size() || tokens[i].kind != Tok::Ident)
    return "";
  const std::string &name = tokens[i].text;
  range = {source, tokens[i].begin, tokens[i].end};
  Tok next = i + 1 < tokens.size() ? tokens[i + 1].kind : Tok::Eof;
  Tok before = i > 0 ? tokens[i - 1].kind : Tok::Eof;
  std::string text;
  if (before == Tok::At) {
    if (uint32_t trait = traitByName(name)) {
      text = fmt::format("ops with the trait `{}`:\n\n", name);
      for (const OpInfo &op : allOps()) {
        if (op.has(trait))
          text += fmt::format("{}`{}`", text.ends_with("\n") ? "" : ", ", op.name);
      }
      return text;
    }
  }
  if (next == Tok::Equal) {
    if (const OpInfo *op = lookupOp(enclosingCall(i)); op && !sayType(*op, name, text).empty())
      return text;
  }
  // What the rule binds comes before ops and functions of the same name.
  bool called = next == Tok::LParen || (next == Tok::Question && i + 2 < tokens.size() &&
                                        tokens[i + 2].kind == Tok::LParen);
  const ast::RuleDecl *decl = ruleAt(offset);
  const Rule *rule = decl ? checkedRule(*decl) : nullptr;
  if (rule && !called) {
    for (const SlotInfo &s : rule->slots) {
      if (s.name == name && !name.empty())
        return fmt::format("`{}`: {}", name, s.type.str());
    }
  }
  eachFile([&](const ast::File &f) {
    for (const ast::FragDecl &d : f.frags) {
      if (d.name.text == name && text.empty())
        text = fmt::format("```\n{}\n```\n{}", textOf(d.range), d.doc);
    }
    for (const ast::FnDecl &d : f.fns) {
      if (d.name.text == name && text.empty())
        text = fmt::format("```\n{}\n```\n{}", textOf(d.range), d.doc);
    }
    for (const ast::RuleDecl &d : f.rules) {
      if (d.name.text == name && text.empty() && !called)
        text = fmt::format("rule `{}` of rule set `{}`\n\n{}", name, d.ruleset.text, d.doc);
    }
    for (const ast::RulesetDecl &d : f.rulesets) {
      if (d.name.text == name && text.empty() && !called)
        text = fmt::format("```\n{}\n```\n{}", textOf(d.range), d.doc);
    }
  });
  if (!text.empty())
    return text;
  if (const OpInfo *op = lookupOp(name); op && called)
    text = describeOp(*op);
  if (const BuiltinInfo *b = lookupBuiltin(name); b && (called || before == Tok::Dot))
    text += fmt::format("{}```\n{}\n```\n{}", text.empty() ? "" : "\n\n", b->signature, b->doc);
  if (!text.empty())
    return text;
  for (const Word &k : keywords) {
    if (k.word == name)
      return fmt::format("`{}`: {}", name, k.doc);
  }
  if (const OpInfo *op = lookupOp(name))
    return describeOp(*op);
  range = {};
  return "";
}

std::vector<Completion> RuleDocument::complete(uint32_t offset) const {
  std::vector<Completion> out;
  std::set<std::string> seen;
  auto add = [&](std::string_view label, std::string detail, std::string_view doc, int kind) {
    if (seen.insert(std::string(label)).second)
      out.push_back({std::string(label), std::move(detail), std::string(doc), kind});
  };
  // The first token that is not before the cursor; the name being typed does not count.
  size_t i = 0;
  while (i < tokens.size() && tokens[i].end < offset)
    ++i;
  if (i < tokens.size() && tokens[i].kind != Tok::Ident && tokens[i].end <= offset)
    ++i;
  Tok before = i > 0 ? tokens[i - 1].kind : Tok::Eof;
  if (before == Tok::At) {
    for (std::string_view t : traitNames())
      add(t, "trait", "", 22);
    return out;
  }
  if (before == Tok::Amp) {
    for (std::string_view p : predicates)
      add(p, "property", "", 22);
    return out;
  }
  const ast::RuleDecl *rule = ruleAt(offset);
  std::string call = enclosingCall(i);
  if (before == Tok::Colon && !call.empty()) {
    add("const", "a constant", "", 14);
    for (std::string_view d :
         {"f32", "f16", "bf16", "f64", "i8", "u8", "i16", "i32", "i64", "bool"})
      add(d, "element type", "", 22);
    return out;
  }
  if (const OpInfo *op = lookupOp(call); op && (before == Tok::Comma || before == Tok::LParen)) {
    for (const AttrInfo &a : op->attrs)
      add(a.name, fmt::format("{} of {}", attrKindName(a.kind), op->name), a.doc, 5);
    for (const OperandInfo &o : op->operands)
      add(o.name, fmt::format("operand of {}", op->name), o.doc, 5);
  }
  if (!rule &&
      !llvm::any_of(tree.frags,
                    [&](const ast::FragDecl &f) {
                      return f.range.begin <= offset && offset <= f.range.end;
                    }) &&
      !llvm::any_of(tree.fns, [&](const ast::FnDecl &f) {
        return f.range.begin <= offset && offset <= f.range.end;
      })) {
    for (const Word &k : keywords) {
      if (k.where == "file")
        add(k.word, "keyword", k.doc, 14);
    }
    for (const ast::RulesetDecl &r : tree.rulesets)
      add(r.name.text, "rule set", r.doc, 3);
    return out;
  }
  if (rule) {
    if (const Rule *checked = checkedRule(*rule)) {
      for (const SlotInfo &s : checked->slots) {
        if (!s.name.empty())
          add(s.name, s.type.str(), "", 6);
      }
    } else {
      // The rule does not check yet: the names that stand in it.
      for (const Token &t : tokens) {
        if (t.kind == Tok::Ident && t.begin >= rule->range.begin && t.end < offset &&
            !lookupOp(t.text) && !lookupBuiltin(t.text) &&
            !llvm::any_of(keywords, [&](const Word &k) { return k.word == t.text; }))
          add(t.text, "", "", 6);
      }
    }
  }
  eachFile([&](const ast::File &f) {
    for (const ast::FragDecl &d : f.frags)
      add(d.name.text, "fragment", d.doc, 3);
    for (const ast::FnDecl &d : f.fns)
      add(d.name.text, "function", d.doc, 3);
  });
  for (const OpInfo &op : allOps())
    add(op.name, op.schema(), op.doc, 3);
  for (const BuiltinInfo &b : allBuiltins())
    add(b.name, b.signature, b.doc, 3);
  for (const Word &k : keywords) {
    if (k.where == "rule" || k.where == "pattern")
      add(k.word, "keyword", k.doc, 14);
  }
  return out;
}

SourceRange RuleDocument::definition(uint32_t offset) const {
  size_t i = tokenAt(offset);
  if (i == tokens.size())
    return {};
  if (tokens[i].kind == Tok::String) {
    for (const ast::Import &imp : tree.imports) {
      if (imp.range.begin > offset || offset > imp.range.end)
        continue;
      for (const auto &f : imported) {
        if (llvm::StringRef(f->source->name()).ends_with(imp.path))
          return {f->source, 0, 0};
      }
    }
    return {};
  }
  if (tokens[i].kind != Tok::Ident)
    return {};
  const std::string &name = tokens[i].text;
  if (const ast::RuleDecl *decl = ruleAt(offset)) {
    if (const Rule *rule = checkedRule(*decl)) {
      for (const SlotInfo &s : rule->slots) {
        if (s.name == name && s.range && s.range.file->name() == path)
          return {source, s.range.begin, s.range.end};
      }
    }
    // Names that the statements assign.
    for (const ast::MatchStmt &s : decl->match) {
      for (const ast::Name &n : s.lhs) {
        if (n.text == name)
          return n.range;
      }
    }
    for (const ast::Let &l : decl->lets) {
      if (l.name.text == name)
        return l.name.range;
    }
  }
  SourceRange found;
  eachFile([&](const ast::File &f) {
    auto look = [&](const auto &list) {
      for (const auto &d : list) {
        if (d.name.text == name && !found)
          found = d.name.range;
      }
    };
    look(f.frags);
    look(f.fns);
    look(f.rules);
    look(f.rulesets);
    look(f.schedules);
  });
  return found;
}

std::vector<Symbol> RuleDocument::symbols() const {
  std::vector<Symbol> out;
  auto add = [&](const ast::Name &n, const char *detail, int kind, SourceRange range) {
    if (n && range)
      out.push_back({n.text, detail, kind, range, n.range});
  };
  for (const ast::FnDecl &d : tree.fns)
    add(d.name, "function", 12, d.range);
  for (const ast::FragDecl &d : tree.frags)
    add(d.name, "fragment", 11, d.range);
  for (const ast::RuleDecl &d : tree.rules)
    add(d.name, "rule", 5, d.range);
  for (const ast::RulesetDecl &d : tree.rulesets)
    add(d.name, "rule set", 3, d.range);
  for (const ast::ScheduleDecl &d : tree.schedules)
    add(d.name, "schedule", 3, d.range);
  for (const ast::TestDecl &d : tree.tests)
    add(d.name, "test", 6, d.range);
  llvm::stable_sort(out,
                    [](const Symbol &a, const Symbol &b) { return a.range.begin < b.range.begin; });
  return out;
}

} // namespace wnnx::pat
