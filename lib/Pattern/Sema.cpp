// SPDX-License-Identifier: Apache-2.0
//
// Collects the declarations of all files, orders the rule sets, checks every rule.
#include "SemaImpl.h"

#include "wnnx/Pattern/Plugins.h"

#include "fmt/format.h"

namespace wnnx::pat {

namespace {

template <class T>
void declare(std::map<std::string, const T *, std::less<>> &into, const T &decl, const char *what,
             Diagnostics &diags) {
  if (!decl.name)
    return;
  auto [it, fresh] = into.insert({decl.name.text, &decl});
  if (!fresh)
    diags
        .error(decl.name.range, "pat-duplicate",
               fmt::format("{} `{}` is declared twice", what, decl.name.text))
        .note(it->second->name.range, "first here");
}

/// Rule sets in an order that respects `after`, otherwise as declared.
std::vector<Ruleset> orderRulesets(const std::vector<const ast::RulesetDecl *> &all,
                                   const Declarations &decls, Diagnostics &diags) {
  std::vector<Ruleset> out;
  std::map<std::string, int, std::less<>> state;
  auto visit = [&](auto &&self, const ast::RulesetDecl &r) -> void {
    int &s = state[r.name.text];
    if (s == 2)
      return;
    if (s == 1) {
      diags.error(r.name.range, "pat-cycle",
                  fmt::format("rule set `{}` runs after itself", r.name.text));
      return;
    }
    s = 1;
    Ruleset set{r.name.text, {}, r.name.range, {}};
    // Files may add to a set; what each says of its order counts.
    std::vector<ast::Name> after;
    for (const ast::RulesetDecl *d : all) {
      if (d->name.text != r.name.text)
        continue;
      after.insert(after.end(), d->after.begin(), d->after.end());
      if (d->order.empty())
        continue;
      if (!set.order.empty())
        diags
            .error(d->order[0]->range, "pat-measure",
                   fmt::format("rule set `{}` has an order already", r.name.text))
            .note(set.order[0].range, "here");
      set.order = checkMeasures(d->order, diags);
    }
    for (const ast::Name &n : after) {
      auto it = decls.rulesets.find(n.text);
      if (it == decls.rulesets.end()) {
        std::vector<std::string_view> known;
        for (const auto &k : decls.rulesets)
          known.push_back(k.first);
        if (n && !decls.incomplete)
          diags
              .error(n.range, "pat-unknown-ruleset",
                     fmt::format("unknown rule set `{}`{}", n.text, didYouMean(n.text, known)))
              .fixName(n.text, known);
        continue;
      }
      set.after.push_back(n.text);
      self(self, *it->second);
    }
    state[r.name.text] = 2;
    out.push_back(std::move(set));
  };
  for (const ast::RulesetDecl *r : all)
    visit(visit, *r);
  return out;
}

void checkSchedule(const std::vector<ast::SchedTerm> &terms, const Declarations &decls,
                   Diagnostics &diags) {
  for (const ast::SchedTerm &t : terms) {
    checkSchedule(t.group, decls, diags);
    if (!t.ruleset || decls.rulesets.count(t.ruleset.text) || decls.incomplete)
      continue;
    std::vector<std::string_view> known;
    for (const auto &s : decls.rulesets)
      known.push_back(s.first);
    diags
        .error(t.ruleset.range, "pat-unknown-ruleset",
               fmt::format("unknown rule set `{}`{}", t.ruleset.text,
                           didYouMean(t.ruleset.text, known)))
        .fixName(t.ruleset.text, known);
  }
}

} // namespace

/// The plugin functions that the files declare; the same declaration may stand in several.
static void declareExtern(const ast::ExternDecl &d, Declarations &decls, Diagnostics &diags) {
  ExternFn fn;
  fn.name = d.name.text;
  fn.range = d.name.range;
  auto type = [&](const std::string &name, SourceRange range) {
    std::optional<Type> t = typeByName(name);
    bool crosses = t && (t->is(TypeKind::Int) || t->is(TypeKind::Float) || t->is(TypeKind::Bool) ||
                         t->is(TypeKind::Str) || t->is(TypeKind::Tensor) ||
                         (t->is(TypeKind::List) && t->element && t->element->is(TypeKind::Int)));
    if (!crosses)
      diags
          .error(range, "pat-extern",
                 fmt::format("`{}` cannot be passed to a plugin", name.empty() ? "any" : name))
          .hint("types are int, float, bool, str, list<int> and tensor");
    return t.value_or(Type());
  };
  for (const ast::Param &p : d.params)
    fn.params.push_back(type(p.type, p.name.range));
  fn.result = type(d.result, d.range);
  for (const auto &known : decls.externFns) {
    const ExternFn &f = *known;
    if (f.name != fn.name)
      continue;
    bool same = f.params.size() == fn.params.size() && f.result.str() == fn.result.str();
    for (size_t i = 0; same && i < fn.params.size(); ++i)
      same = f.params[i].str() == fn.params[i].str();
    if (!same)
      diags.error(fn.range, "pat-extern", fmt::format("`{}` is declared in two ways", fn.name))
          .note(f.range, "first here");
    return;
  }
  fn.function = reinterpret_cast<void (*)()>(findPluginFunction(fn.name));
  if (!fn.function)
    diags
        .error(fn.range, "pat-plugin",
               fmt::format("no plugin has a function `{}`{}", fn.name,
                           didYouMean(fn.name, pluginFunctions())))
        .fixName(fn.name, pluginFunctions())
        .hint("load the plugin that has it with `--plugin FILE`");
  decls.externFns.push_back(std::make_shared<ExternFn>(std::move(fn)));
}

static void declareFile(const ast::File &f, Declarations &decls, Diagnostics &diags) {
  Declarations::FileNames &names = decls.files.emplace_back();
  names.home = f.spaces[0];
  for (const ast::Import &i : f.imports) {
    if (!i.as)
      continue;
    if (!names.aliases.insert({i.as.text, i.fileSpace}).second)
      diags.error(i.as.range, "pat-duplicate",
                  fmt::format("two imports are called `{}`", i.as.text));
  }
  decls.incomplete |= f.incomplete;
  for (unsigned id : f.spaces)
    decls.spaces[id];
  auto inSpaces = [&](auto member, const auto &d, const char *what) {
    decls.homes[&d] = &names;
    for (size_t i = 0; i < f.spaces.size(); ++i) {
      unsigned before = diags.errorCount();
      declare(decls.spaces[f.spaces[i]].*member, d, what, diags);
      if (diags.errorCount() != before)
        break;
    }
  };
  for (const ast::FnDecl &d : f.fns) {
    if (d.name && (lookupBuiltin(d.name.text) || d.name.text == "has"))
      diags.error(d.name.range, "pat-duplicate",
                  fmt::format("`{}` is a built-in function", d.name.text));
    inSpaces(&Declarations::Space::fns, d, "function");
  }
  for (const ast::FragDecl &d : f.frags) {
    if (d.name && lookupOp(d.name.text))
      diags.error(d.name.range, "pat-duplicate", fmt::format("`{}` is an op", d.name.text));
    inSpaces(&Declarations::Space::frags, d, "fragment");
  }
  for (const ast::ExternDecl &d : f.externs) {
    if (!d.name)
      continue;
    if (lookupBuiltin(d.name.text) || d.name.text == "has")
      diags.error(d.name.range, "pat-duplicate",
                  fmt::format("`{}` is a built-in function", d.name.text));
    declareExtern(d, decls, diags);
    for (unsigned id : f.spaces)
      decls.spaces[id].externs.insert({d.name.text, &d});
  }
  for (const ast::RuleDecl &d : f.rules) {
    decls.homes[&d] = &names;
    declare(decls.rules, d, "rule", diags);
  }
}

Program checkFiles(std::vector<const ast::File *> files, Diagnostics &diags) {
  Program program;
  Declarations decls;
  decls.spaces[0];
  std::vector<const ast::RulesetDecl *> sets;
  std::vector<const ast::RuleDecl *> rules;
  for (const ast::File *f : files) {
    declareFile(*f, decls, diags);
    for (const ast::RuleDecl &d : f->rules) {
      if (!d.broken)
        rules.push_back(&d);
    }
    for (const ast::RulesetDecl &d : f->rulesets) {
      if (!d.name)
        continue;
      decls.rulesets.insert({d.name.text, &d});
      sets.push_back(&d);
    }
  }
  program.rulesets = orderRulesets(sets, decls, diags);
  for (const ast::File *f : files) {
    for (const ast::FnDecl &d : f->fns) {
      ast::RuleDecl none;
      if (!d.broken)
        RuleChecker(decls, diags, none, nullptr).checkFunction(d);
    }
  }
  unsigned order = 0;
  for (const ast::RuleDecl *d : rules) {
    if (!d->forVar) {
      if (auto r = RuleChecker(decls, diags, *d, nullptr).check()) {
        r->fileOrder = order++;
        program.rules.push_back(std::move(r));
      }
      continue;
    }
    for (const ast::Name &op : d->forOps) {
      if (!lookupOp(op.text)) {
        diags
            .error(op.range, "pat-unknown-op",
                   fmt::format("unknown op `{}`{}", op.text, didYouMean(op.text, opNames())))
            .fixName(op.text, opNames());
        continue;
      }
      unsigned before = diags.errorCount();
      if (auto r = RuleChecker(decls, diags, *d, &op).check()) {
        r->fileOrder = order++;
        r->forOp = op.text;
        program.rules.push_back(std::move(r));
      }
      // The same mistake would be reported for each op.
      if (diags.errorCount() != before) {
        diags.error(op.range, "pat-call",
                    fmt::format("in rule `{}` for `{}`", d->name.text, op.text));
        break;
      }
    }
  }
  program.externs = decls.externFns;
  if (program.rules.size() && !diags.hasErrors())
    checkShadowed(program, rules, decls, diags);
  for (const ast::File *f : files) {
    for (const ast::ScheduleDecl &s : f->schedules) {
      checkSchedule(s.terms, decls, diags);
      auto twin = std::find_if(f->schedules.begin(), f->schedules.end(),
                               [&](const auto &o) { return o.name.text == s.name.text; });
      if (&*twin != &s && s.name)
        diags
            .error(s.name.range, "pat-redefined",
                   fmt::format("schedule `{}` is declared twice", s.name.text))
            .note(twin->name.range, "here for the first time");
      program.schedules.push_back(s);
    }
    for (const ast::TestDecl &t : f->tests) {
      if (t.rule && !decls.rules.count(t.rule.text) && !decls.incomplete) {
        std::vector<std::string_view> known;
        for (const auto &r : decls.rules)
          known.push_back(r.first);
        diags
            .error(t.rule.range, "pat-unknown-rule",
                   fmt::format("unknown rule `{}`{}", t.rule.text, didYouMean(t.rule.text, known)))
            .fixName(t.rule.text, known);
      }
      program.tests.push_back(t);
    }
  }
  return program;
}

} // namespace wnnx::pat
