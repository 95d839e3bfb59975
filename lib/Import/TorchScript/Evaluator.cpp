// SPDX-License-Identifier: Apache-2.0
//
// Statements, calls of methods, and the budgets of an evaluation.
#include "Evaluator.h"

#include "Limits.h"

#include <fmt/format.h>

namespace wnnx::ts {

Evaluator::Evaluator(Archive &a, Graph &g, Diagnostics &d)
    : archive(a), graph(g), diags(d), builder(g, d), functionalizer(builder),
      objects(a, heap, builder, functionalizer, d) {}

const std::string &Evaluator::scope() const {
  static const std::string none;
  return frame ? frame->scope : none;
}

Val Evaluator::error(SourceRange where, std::string code, std::string message, std::string hint) {
  if (speculative || aborted)
    return Val::poison();
  DiagnosticBuilder d = diags.error(where, std::move(code), std::move(message));
  if (!hint.empty())
    d.hint(std::move(hint));
  return Val::poison();
}

bool Evaluator::charge(uint64_t n) {
  steps += n;
  if (steps > limits::evalSteps && !aborted) {
    error(callRange, "ts-limit", "the model takes too many steps to evaluate");
    aborted = true;
  }
  return !aborted;
}

Val Evaluator::tensorOf(Ref r) {
  Val v = Val::of(ValKind::Tensor);
  v.tensor = functionalizer.fresh(r);
  return v;
}

Val Evaluator::item(Val v, llvm::StringRef use) {
  if (v.isPoison())
    return v;
  setPlace("item");
  Ref r = functionalizer.read(v.tensor);
  if (builder.failed)
    return Val::poison();
  if (r->type.numel() != 1)
    return error(callRange, "ts-data",
                 fmt::format("{} of a tensor of shape {}", use.str(), r->shape().str()));
  if (!r->isConstant())
    return error(
        callRange, "ts-data",
        fmt::format("{} of a tensor that depends on the model's input: what the model does "
                    "next would depend on data",
                    use.str()),
        "only models whose structure follows from the input's shape can be compiled; use "
        "torch.where instead of `if`, or cut the model here");
  if (isFloat(r->dtype()))
    return Val::real(r->constant.getDouble(0));
  int64_t i = r->constant.getInt(0);
  return r->dtype() == DType::Bool ? Val::boolean(i) : Val::integer(i);
}

// Calls ---------------------------------------------------------------------------------------

Val Evaluator::callMethod(Val object, llvm::StringRef name, std::vector<Val> args,
                          SourceRange where) {
  if (object.isPoison())
    return object;
  if (!object.is(ValKind::Instance))
    return error(where, "ts-call",
                 fmt::format("`{}` has no method `{}`", kindName(object), name.str()));
  const ClassInfo *cls = object.instance->cls;
  const Function *f = cls->decl->method(name);
  if (!f)
    return error(where, "ts-call",
                 fmt::format("class `{}` has no method `{}`", cls->name, name.str()));
  bool leaf = !object.instance->path.empty();
  for (const auto &entry : object.instance->stored)
    leaf &= (*object.instance->pickle)[entry.second].kind != PickleKind::Object;
  std::string scopeName = object.instance->path.empty() ? scope() : object.instance->path;
  args.insert(args.begin(), object);
  return callFunction(*f, cls->module, std::move(args), std::move(scopeName), leaf, where);
}

Val Evaluator::callFunction(const Function &f, const Module *module, std::vector<Val> args,
                            std::string scopeName, bool leaf, SourceRange where, bool nested) {
  if (aborted)
    return Val::poison();
  if (calls >= limits::callDepth)
    return error(where, "ts-limit", "calls are nested too deeply; the model calls itself");
  if (args.size() > f.params.size())
    return error(where, "ts-call",
                 fmt::format("`{}` takes {} arguments, but {} are given", f.name.str(),
                             f.params.size(), args.size()));
  Frame callee;
  callee.module = module;
  callee.scope = std::move(scopeName);
  callee.leaf = leaf;
  if (nested)
    callee.locals = frame->locals;
  Frame *caller = frame;
  SourceRange callerRange = callRange;
  frame = &callee;
  ++calls;
  for (size_t i = 0; i < f.params.size(); ++i) {
    const Param &p = f.params[i];
    if (i >= args.size() && !p.defaultValue) {
      error(where, "ts-call", fmt::format("`{}` needs argument `{}`", f.name.str(), p.name.str()));
      callee.locals[p.name] = Val::poison();
      continue;
    }
    callee.locals[p.name] = i < args.size() ? args[i] : eval(p.defaultValue);
  }
  exec(f.body);
  --calls;
  frame = caller;
  callRange = callerRange;
  return callee.result;
}

// Statements ----------------------------------------------------------------------------------

void Evaluator::exec(llvm::ArrayRef<const Stmt *> block) {
  if (depth > limits::evalDepth) {
    if (!aborted)
      error(callRange, "ts-limit", "the model's code is nested too deeply");
    aborted = true;
    return;
  }
  ++depth;
  for (const Stmt *s : block) {
    if (frame->returned || !charge(1))
      break;
    execStmt(*s);
  }
  --depth;
}

void Evaluator::execStmt(const Stmt &s) {
  switch (s.kind) {
  case StmtKind::Pass:
    return;
  case StmtKind::Expr:
    eval(s.values[0]);
    return;
  case StmtKind::Assign:
    return execAssign(s);
  case StmtKind::Return: {
    Val v = Val::none();
    if (s.values.size() == 1) {
      v = eval(s.values[0]);
    } else if (s.values.size() > 1) {
      std::vector<Val> items;
      for (const Expr *e : s.values)
        items.push_back(eval(e));
      v = heap.tuple(std::move(items));
    }
    frame->result = v;
    frame->returned = true;
    return;
  }
  case StmtKind::If:
    return execIf(s);
  case StmtKind::For:
    return execFor(s);
  case StmtKind::While:
    return execWhile(s);
  case StmtKind::With: // no_grad and profiler scopes; inference knows neither
    for (const Expr *t : s.targets)
      assign(t, Val::none());
    return exec(s.body);
  case StmtKind::Function: {
    FunctionObject &f = functions.emplace_back();
    f = {s.function->name.str(), s.function, frame->module, true};
    Val v = Val::of(ValKind::Function);
    v.function = &f;
    frame->locals[s.function->name] = v;
    return;
  }
  }
}

void Evaluator::execAssign(const Stmt &s) {
  std::vector<Val> values;
  for (const Expr *e : s.values)
    values.push_back(eval(e));
  if (values.size() == 1 && (s.targets.size() > 1 || s.unpack)) {
    Val v = values[0];
    const std::vector<Val> *items = nullptr;
    if (v.isTuple())
      items = &v.tuple->items;
    else if (v.isList())
      items = &v.list->items;
    if (v.isPoison() || !items || items->size() != s.targets.size()) {
      if (!v.isPoison())
        error(range(s), "ts-eval",
              fmt::format("{} targets for {} values", s.targets.size(), items ? items->size() : 1));
      for (const Expr *t : s.targets)
        assign(t, Val::poison());
      return;
    }
    std::vector<Val> copy = *items;
    for (size_t i = 0; i < copy.size(); ++i)
      assign(s.targets[i], copy[i]);
    return;
  }
  if (values.size() != s.targets.size()) {
    if (s.targets.size() != 1) {
      error(range(s), "ts-eval",
            fmt::format("{} targets for {} values", s.targets.size(), values.size()));
      for (const Expr *t : s.targets)
        assign(t, Val::poison());
      return;
    }
    values = {heap.tuple(std::move(values))};
  }
  for (size_t i = 0; i < values.size(); ++i)
    assign(s.targets[i], values[i]);
}

void Evaluator::assign(const Expr *target, Val v) {
  if (target->kind == ExprKind::Name) {
    frame->locals[target->text] = v;
    return;
  }
  if (target->kind == ExprKind::Attr)
    return setAttribute(target, v);
  error(range(*target), "ts-eval", "an assignment to something other than a name or attribute");
}

void Evaluator::setAttribute(const Expr *target, Val v) {
  Val object = eval(target->items[0]);
  if (object.isPoison())
    return;
  if (!object.is(ValKind::Instance)) {
    error(range(*target), "ts-eval",
          fmt::format("`{}` has no attributes to set", kindName(object)));
    return;
  }
  Instance &o = *object.instance;
  // A stored tensor that has been read and is now replaced makes the model depend on earlier calls,
  // unless nothing that matters follows from the new value.
  bool wasRead = o.attrs.count(target->text) && o.stored.count(target->text);
  if (v.isTensor() && wasRead && !o.path.empty()) {
    setPlace("attribute");
    Ref r = builder.withState(functionalizer.read(v.tensor), o.path + "." + target->text.str());
    v = tensorOf(r);
  }
  o.attrs[target->text] = v;
  o.stored.erase(target->text);
}

/// After a condition that could not be computed: what the block would have assigned is unknown.
void Evaluator::poisonAssigned(llvm::ArrayRef<const Stmt *> block) {
  std::vector<llvm::ArrayRef<const Stmt *>> work{block};
  while (!work.empty()) {
    llvm::ArrayRef<const Stmt *> stmts = work.back();
    work.pop_back();
    for (const Stmt *s : stmts) {
      for (const Expr *t : s->targets)
        if (t->kind == ExprKind::Name)
          frame->locals[t->text] = Val::poison();
      work.push_back(s->body);
      work.push_back(s->orelse);
    }
  }
}

void Evaluator::execIf(const Stmt &s) {
  Val c = eval(s.values[0]);
  if (c.isTensor()) {
    callRange = range(*s.values[0]);
    c = item(c, "`if`");
  }
  if (c.isPoison()) {
    ++speculative;
    exec(s.body);
    frame->returned = false;
    exec(s.orelse);
    frame->returned = false;
    --speculative;
    poisonAssigned(s.body);
    poisonAssigned(s.orelse);
    return;
  }
  exec(truth(c) ? s.body : s.orelse);
}

void Evaluator::execFor(const Stmt &s) {
  const Expr *e = s.values[0];
  std::vector<Val> items;
  int64_t trips = -1;
  if (e->kind == ExprKind::Call && e->items[0]->kind == ExprKind::Name &&
      e->items[0]->text == "range" && e->items.size() == 2) {
    Val n = eval(e->items[1]);
    if (n.isTensor()) {
      callRange = range(*e);
      n = item(n, "the trip count of a loop");
    }
    if (n.isNumber())
      trips = std::max<int64_t>(n.isFloat() ? 0 : n.i, 0);
    else if (!n.isPoison())
      error(range(*e), "ts-eval", fmt::format("a loop over a range of `{}`", kindName(n)));
  } else {
    Val v = eval(e);
    if (v.isList())
      items = v.list->items;
    else if (v.isTuple())
      items = v.tuple->items;
    else if (!v.isPoison())
      error(range(*e), "ts-eval", fmt::format("a loop over `{}`", kindName(v)));
    if (v.isList() || v.isTuple())
      trips = int64_t(items.size());
  }
  if (trips < 0) {
    ++speculative;
    assign(s.targets[0], Val::poison());
    exec(s.body);
    frame->returned = false;
    --speculative;
    return poisonAssigned(s.body);
  }
  if (trips > limits::loopTrips) {
    error(range(*e), "ts-limit", fmt::format("a loop of {} turns", trips));
    return poisonAssigned(s.body);
  }
  for (int64_t i = 0; i < trips && !frame->returned && charge(1); ++i) {
    assign(s.targets[0], items.empty() ? Val::integer(i) : items[size_t(i)]);
    exec(s.body);
  }
}

void Evaluator::execWhile(const Stmt &s) {
  for (int64_t i = 0; !frame->returned && charge(1); ++i) {
    Val c = eval(s.values[0]);
    if (c.isTensor()) {
      callRange = range(*s.values[0]);
      c = item(c, "`while`");
    }
    if (c.isPoison()) {
      ++speculative;
      exec(s.body);
      frame->returned = false;
      --speculative;
      return poisonAssigned(s.body);
    }
    if (!truth(c))
      return;
    if (i >= limits::loopTrips) {
      error(range(s), "ts-limit", fmt::format("a loop of more than {} turns", limits::loopTrips));
      return poisonAssigned(s.body);
    }
    exec(s.body);
  }
}

} // namespace wnnx::ts
