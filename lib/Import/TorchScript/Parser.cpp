// SPDX-License-Identifier: Apache-2.0
//
// Recursive descent over the tokens, with a guard on depth. The first error ends the file.
#include "Parser.h"

#include "Lexer.h"
#include "Limits.h"

#include "llvm/ADT/SmallVector.h"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

class Parser {
  const SourceFile &file;
  Diagnostics &diags;
  std::vector<Token> tokens;
  size_t at = 0;
  unsigned depth = 0;
  bool bad = false;
  Module &mod;

public:
  Parser(const SourceFile &f, std::vector<Token> t, Module &m, Diagnostics &d)
      : file(f), diags(d), tokens(std::move(t)), mod(m) {}

  bool run() {
    llvm::SmallVector<const Class *> classes;
    llvm::SmallVector<const Function *> functions;
    while (!bad && tok().kind != Tok::End) {
      if (isName("class"))
        classes.push_back(classDef());
      else if (isName("def"))
        functions.push_back(functionDef());
      else if (isName("import") || isName("op_version_set"))
        skipLine();
      else
        error("expected a class or a function");
    }
    mod.classes = copy(classes);
    mod.functions = copy(functions);
    return !bad;
  }

private:
  // Memory.
  template <class T> llvm::ArrayRef<T> copy(const llvm::SmallVectorImpl<T> &v) {
    return llvm::ArrayRef<T>(v).copy(mod.arena);
  }
  template <class T> T *make(T v) { return new (mod.arena.Allocate<T>()) T(std::move(v)); }

  // Tokens.
  const Token &tok(size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  llvm::StringRef text(const Token &t) const {
    std::string_view s = file.text().substr(t.begin, t.end - t.begin);
    return {s.data(), s.size()};
  }
  bool isPunct(char c, size_t ahead = 0) const {
    return tok(ahead).kind == Tok::Punct && tok(ahead).punct == c;
  }
  bool isName(llvm::StringRef s) const { return tok().kind == Tok::Name && text(tok()) == s; }
  void next() {
    if (at + 1 < tokens.size())
      ++at;
  }
  bool accept(char c) {
    if (!isPunct(c))
      return false;
    next();
    return true;
  }
  void error(std::string message) {
    if (bad)
      return;
    bad = true;
    diags.error(SourceRange{&file, tok().begin, std::max(tok().end, tok().begin + 1)}, "ts-syntax",
                std::move(message));
    at = tokens.size() - 1;
  }
  void expect(char c) {
    if (!accept(c))
      error(c == '>' ? "expected `->`" : fmt::format("expected `{}`", c));
  }
  void expectKind(Tok kind, const char *what) {
    if (tok().kind != kind)
      return error(fmt::format("expected {}", what));
    next();
  }
  llvm::StringRef name() {
    if (tok().kind != Tok::Name) {
      error("expected a name");
      return "";
    }
    llvm::StringRef s = text(tok());
    next();
    return s;
  }
  uint32_t previousEnd() const { return at ? tokens[at - 1].end : 0; }
  void skipLine() {
    while (tok().kind != Tok::Newline && tok().kind != Tok::End)
      next();
    next();
  }
  struct Guard {
    Parser &p;
    explicit Guard(Parser &parser) : p(parser) {
      if (++p.depth > limits::sourceDepth)
        p.error("expressions or blocks are nested too deeply");
    }
    ~Guard() { --p.depth; }
  };

  // Expressions.
  const Expr *expr() {
    Guard guard(*this);
    if (bad)
      return make(Expr{});
    uint32_t begin = tok().begin;
    if (accept('-')) {
      const Expr *inner = expr();
      Expr e;
      if (inner->kind == ExprKind::Int || inner->kind == ExprKind::Float) {
        e = *inner;
        e.integer = int64_t(0 - uint64_t(e.integer));
        e.number = -e.number;
      } else {
        e.kind = ExprKind::Neg;
        e.items = copyItems({inner});
      }
      return finish(e, begin);
    }
    return postfix(primary(), begin);
  }

  llvm::ArrayRef<const Expr *> copyItems(std::initializer_list<const Expr *> v) {
    llvm::SmallVector<const Expr *> items(v);
    return copy(items);
  }
  const Expr *finish(Expr e, uint32_t begin) {
    e.begin = begin;
    e.end = previousEnd();
    return make(e);
  }

  const Expr *postfix(const Expr *base, uint32_t begin) {
    while (!bad) {
      Expr e;
      if (accept('.')) {
        e.kind = ExprKind::Attr;
        e.text = name();
        e.items = copyItems({base});
      } else if (isPunct('(')) {
        e.kind = ExprKind::Call;
        callArguments(base, e);
      } else if (accept('[')) {
        const Expr *first = isPunct(':') ? nullptr : subscript();
        if (accept(':')) {
          e.kind = ExprKind::Range;
          const Expr *last = isPunct(']') ? nullptr : expr();
          e.items = copyItems({base, first, last});
        } else {
          e.kind = ExprKind::Index;
          e.items = copyItems({base, first});
        }
        expect(']');
      } else {
        return base;
      }
      base = finish(e, begin);
    }
    return base;
  }

  /// `A[B, C]` (as in types) is an index by a tuple.
  const Expr *subscript() {
    uint32_t begin = tok().begin;
    const Expr *first = expr();
    if (!isPunct(','))
      return first;
    llvm::SmallVector<const Expr *> items{first};
    while (accept(',') && !isPunct(']'))
      items.push_back(expr());
    Expr e;
    e.kind = ExprKind::Tuple;
    e.items = copy(items);
    return finish(e, begin);
  }

  void callArguments(const Expr *callee, Expr &e) {
    llvm::SmallVector<const Expr *> items{callee};
    llvm::SmallVector<Keyword> keywords;
    expect('(');
    while (!bad && !isPunct(')')) {
      if (tok().kind == Tok::Name && isPunct('=', 1)) {
        Keyword k;
        k.name = name();
        expect('=');
        k.value = expr();
        keywords.push_back(k);
      } else {
        items.push_back(expr());
      }
      if (!accept(','))
        break;
    }
    expect(')');
    e.items = copy(items);
    e.keywords = copy(keywords);
  }

  void itemsUntil(char close, llvm::SmallVectorImpl<const Expr *> &items, bool &trailingComma) {
    trailingComma = false;
    while (!bad && !isPunct(close)) {
      items.push_back(expr());
      trailingComma = accept(',');
      if (!trailingComma)
        break;
    }
    expect(close);
  }

  const Expr *primary() {
    const Token t = tok();
    Expr e;
    llvm::SmallVector<const Expr *> items;
    bool trailing = false;
    switch (t.kind) {
    case Tok::Name:
      next();
      e.text = text(t);
      e.kind = e.text == "None"    ? ExprKind::None
               : e.text == "True"  ? ExprKind::True
               : e.text == "False" ? ExprKind::False
                                   : ExprKind::Name;
      break;
    case Tok::Int:
    case Tok::Float:
      number(t, e);
      break;
    case Tok::Imaginary:
      next();
      e.kind = ExprKind::Complex;
      break;
    case Tok::Str:
      string(e);
      break;
    case Tok::Punct:
      if (accept('(')) {
        itemsUntil(')', items, trailing);
        if (items.size() == 1 && !trailing)
          return items[0];
        e.kind = ExprKind::Tuple;
        e.items = copy(items);
        break;
      }
      if (accept('[')) {
        itemsUntil(']', items, trailing);
        e.kind = ExprKind::List;
        e.items = copy(items);
        break;
      }
      if (accept('{')) {
        while (!bad && !isPunct('}')) {
          items.push_back(expr());
          expect(':');
          items.push_back(expr());
          if (!accept(','))
            break;
        }
        expect('}');
        e.kind = ExprKind::Dict;
        e.items = copy(items);
        break;
      }
      if (t.punct == '^') {
        error("a call of a Python function (`^`) cannot be imported");
        break;
      }
      [[fallthrough]];
    default:
      error("expected an expression");
    }
    return finish(e, t.begin);
  }

  void number(const Token &t, Expr &e) {
    next();
    std::string s = text(t).str();
    errno = 0;
    if (t.kind == Tok::Float) {
      e.kind = ExprKind::Float;
      e.number = std::strtod(s.c_str(), nullptr);
      return;
    }
    e.kind = ExprKind::Int;
    uint64_t magnitude = std::strtoull(s.c_str(), nullptr, 10);
    if (errno == ERANGE || magnitude > uint64_t(INT64_MAX) + 1)
      error("the integer needs more than 64 bits");
    e.integer = int64_t(magnitude);
  }

  void string(Expr &e) {
    e.kind = ExprKind::Str;
    std::string s;
    while (tok().kind == Tok::Str) {
      std::optional<std::string> part = unescape({text(tok()).data(), text(tok()).size()});
      if (!part)
        return error("malformed escape in a string");
      s += *part;
      next();
    }
    mod.strings.push_back(std::move(s));
    e.text = mod.strings.back();
  }

  // Statements.
  llvm::ArrayRef<const Stmt *> block() {
    Guard guard(*this);
    llvm::SmallVector<const Stmt *> stmts;
    expect(':');
    expectKind(Tok::Newline, "the end of the line");
    expectKind(Tok::Indent, "an indented block");
    while (!bad && tok().kind != Tok::Dedent)
      stmts.push_back(statement());
    if (!bad)
      next();
    return copy(stmts);
  }

  const Stmt *statement() {
    Stmt s;
    s.begin = tok().begin;
    bool compound = true;
    if (isName("if")) {
      next();
      s.kind = StmtKind::If;
      s.values = copyItems({expr()});
      s.body = block();
      if (isName("else")) {
        next();
        s.orelse = block();
      }
    } else if (isName("for")) {
      next();
      s.kind = StmtKind::For;
      s.targets = copyItems({primary()});
      if (name() != "in")
        error("expected `in`");
      s.values = copyItems({expr()});
      s.body = block();
    } else if (isName("while")) {
      next();
      s.kind = StmtKind::While;
      s.values = copyItems({expr()});
      s.body = block();
    } else if (isName("with")) {
      next();
      s.kind = StmtKind::With;
      s.values = withItems(s);
      s.body = block();
    } else if (isName("def")) {
      s.kind = StmtKind::Function;
      s.function = functionDef();
    } else {
      compound = false;
      simpleStatement(s);
    }
    s.end = previousEnd();
    if (!compound)
      expectKind(Tok::Newline, "the end of the statement");
    return make(s);
  }

  llvm::ArrayRef<const Expr *> withItems(Stmt &s) {
    llvm::SmallVector<const Expr *> items, targets;
    do {
      items.push_back(expr());
      if (isName("as")) {
        next();
        targets.push_back(expr());
      }
    } while (accept(','));
    s.targets = copy(targets);
    return copy(items);
  }

  void simpleStatement(Stmt &s) {
    if (isName("pass")) {
      next();
      return;
    }
    if (isName("return")) {
      next();
      s.kind = StmtKind::Return;
      if (tok().kind != Tok::Newline)
        s.values = expressionList(s.unpack);
      s.unpack = false;
      return;
    }
    bool trailing = false;
    s.values = expressionList(trailing);
    s.kind = StmtKind::Expr;
    if (accept(':')) {
      s.annotation = expr();
      if (!isPunct('='))
        error("expected `=`");
    }
    if (accept('=')) {
      s.kind = StmtKind::Assign;
      s.targets = s.values;
      s.unpack = trailing;
      s.values = expressionList(trailing);
    }
  }

  llvm::ArrayRef<const Expr *> expressionList(bool &trailing) {
    llvm::SmallVector<const Expr *> items;
    trailing = false;
    do {
      items.push_back(expr());
      trailing = accept(',');
    } while (!bad && trailing && tok().kind != Tok::Newline && !isPunct('='));
    return copy(items);
  }

  const Function *functionDef() {
    Guard guard(*this);
    Function f;
    next(); // def
    f.begin = tok().begin;
    f.name = name();
    expect('(');
    llvm::SmallVector<Param> params;
    while (!bad && !isPunct(')')) {
      accept('*');
      if (accept(','))
        continue;
      Param p;
      p.begin = tok().begin;
      p.name = name();
      if (accept(':'))
        p.type = expr();
      if (accept('='))
        p.defaultValue = expr();
      params.push_back(p);
      if (!accept(','))
        break;
    }
    expect(')');
    if (accept('>'))
      f.returns = expr();
    f.params = copy(params);
    f.body = block();
    return make(f);
  }

  const Class *classDef() {
    Guard guard(*this);
    Class c;
    next(); // class
    c.begin = tok().begin;
    c.name = name();
    if (accept('(')) {
      const Expr *base = expr();
      c.base = base->text;
      expect(')');
    }
    expect(':');
    expectKind(Tok::Newline, "the end of the line");
    expectKind(Tok::Indent, "an indented block");
    llvm::SmallVector<ClassAttr> attrs;
    llvm::SmallVector<const Function *> methods;
    while (!bad && tok().kind != Tok::Dedent) {
      if (isName("def")) {
        methods.push_back(functionDef());
        continue;
      }
      if (!isName("pass"))
        classLine(c, attrs);
      else
        next();
      expectKind(Tok::Newline, "the end of the line");
    }
    if (!bad)
      next();
    c.attrs = copy(attrs);
    c.methods = copy(methods);
    return make(c);
  }

  llvm::ArrayRef<llvm::StringRef> stringList(const Expr *e) {
    llvm::SmallVector<llvm::StringRef> names;
    for (const Expr *item : e->items)
      names.push_back(item->text);
    return copy(names);
  }

  void classLine(Class &c, llvm::SmallVectorImpl<ClassAttr> &attrs) {
    const Expr *target = expr();
    ClassAttr a;
    a.name = target->text;
    if (target->kind == ExprKind::Index && target->items[0]->text == "__annotations__") {
      a.name = target->items[1]->text;
      expect('=');
      a.type = expr();
      attrs.push_back(a);
      return;
    }
    if (accept(':'))
      a.type = expr();
    if (accept('='))
      a.value = expr();
    if (bad)
      return;
    if (a.name == "__forward_pre_hooks__" && a.value)
      c.preHooks = stringList(a.value);
    else if (a.name == "__forward_hooks__" && a.value)
      c.hooks = stringList(a.value);
    else if (a.name != "__parameters__" && a.name != "__buffers__" && a.name != "__annotations__")
      attrs.push_back(a);
  }
};

} // namespace

std::unique_ptr<Module> parseModule(const SourceFile &file, Diagnostics &diags) {
  FailureOr<std::vector<Token>> tokens = tokenize(file, diags);
  if (failed(tokens))
    return nullptr;
  auto mod = std::make_unique<Module>();
  mod->file = &file;
  if (!Parser(file, std::move(*tokens), *mod, diags).run())
    return nullptr;
  return mod;
}

} // namespace wnnx::ts
