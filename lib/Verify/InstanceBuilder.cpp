// SPDX-License-Identifier: Apache-2.0
//
// Statements, names, alternatives and sizes of an instance. Nodes are made in NodeBuilder.cpp.
#include "InstanceBuilder.h"

#include "wnnx/Ops/Infer.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::verify {

using namespace pat;

InstanceBuilder::InstanceBuilder(const Rule &r, const RewriteOptions &o, Choices &c, Graph &graph)
    : rule(r), options(o), choices(c), g(graph), slots(r.slots.size()), built(r.stmts.size()),
      typesOf(r.slots.size()) {
  for (const Stmt &s : rule.stmts)
    collectTypes(*s.pattern, true);
  Key key(7);
  // Formulas are compared in double; rounding is what `exact` speaks about.
  using L = std::vector<DType>;
  const DType f32 = DType::F32, f64 = DType::F64;
  mainType = rule.eqClass == EqClass::Exact
                 ? choices.pick(key, L{f32, f32, f32, f32, f32, f32, f64, DType::F16, DType::BF16,
                                       DType::I64, DType::I32, DType::U8, DType::Bool})
                 : choices.pick(key, L{f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f32, f32,
                                       f32, DType::I64, DType::I32});
  unusualTypes = !isFloat(mainType);
  bold = choices.draw(Key(13), 2) == 1;
  coincident = choices.chance(Key(14), 1, 5);
  for (const auto &d : rule.verify.domains)
    bind(int(d.slot), choices.pick(key / d.slot, d.choices));
}

void InstanceBuilder::collectTypes(const Pat &p, bool always) {
  if (p.kind == PatKind::Var && p.type && always)
    typesOf[p.slot].push_back(p.type.get());
  for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
    for (const PatPtr &k : *list) {
      if (k)
        collectTypes(*k, always && p.kind != PatKind::Alt && !p.optional);
    }
  }
}

bool InstanceBuilder::bind(int slot, Datum d) {
  if (slot < 0)
    return true;
  Datum &s = slots[size_t(slot)];
  if (s.bound())
    return s.equals(d);
  s = std::move(d);
  return true;
}

bool InstanceBuilder::run(InstanceBuilder *met) {
  if (!build() || (met && (!shared || !met->build())))
    return false;
  if (!addOutputs(true))
    return false;
  if (met)
    met->addOutputs(false);
  return true;
}

bool InstanceBuilder::build() {
  for (unsigned root : rule.roots) {
    if (!built[root] && !statement(root))
      return false;
  }
  for (unsigned i = 0; i < rule.stmts.size(); ++i) {
    if (!built[i] && !statement(i))
      return false;
  }
  return true;
}

Node *InstanceBuilder::anchor() const {
  const Datum &d = slots[rule.stmts[rule.roots[0]].slots[0]];
  Value *v = d.value();
  if (!v && d.list() && !d.list()->empty())
    v = d.list()->front().value();
  return v ? v->node() : nullptr;
}

bool InstanceBuilder::addOutputs(bool always) {
  unsigned n = 0;
  auto output = [&](Value *v, bool root, uint64_t at) {
    if (v && v->node() && !v->isGraphOutput() &&
        ((always && root) || !v->hasUses() || choices.chance(keyOf(11) / at, 1, 2)))
      g.addOutput(fmt::format("out{}", g.outputs().size()), v), ++n;
  };
  for (unsigned s = 0; s < slots.size(); ++s) {
    bool kept = rule.slots[s].stmt >= 0 && rule.stmts[size_t(rule.slots[s].stmt)].keep;
    if (!rule.replaced[s] && !kept)
      continue;
    bool root = false;
    for (unsigned r : rule.roots)
      root |= llvm::is_contained(rule.stmts[r].slots, s);
    if (const DatumList *l = slots[s].list()) {
      for (const Datum &d : *l)
        output(d.value(), rule.replaced[s], s);
    } else {
      output(slots[s].value(), rule.replaced[s] && root, s);
    }
  }
  return n > 0;
}

bool InstanceBuilder::statement(unsigned index, const Want *given) {
  const Stmt &s = rule.stmts[index];
  built[index] = true;
  if (s.set)
    return set(index);
  Want want = wantOfTypes(s.slots[0]);
  if (given && !want.hasDims && given->hasDims) {
    want.hasDims = true;
    want.dims = given->dims;
  }
  Result r = pattern(*s.pattern, keyOf(1000 + index), want, unsigned(s.slots.size()));
  if (!r || !*r)
    return false;
  if (s.slots.size() == 1)
    return bind(int(s.slots[0]), *r) && bindSizes(typesOf[s.slots[0]], (*r)->shape());
  Node *n = (*r)->node();
  if (!n || n->numResults() != s.slots.size())
    return false;
  for (unsigned i = 0; i < s.slots.size(); ++i) {
    if (!bind(int(s.slots[i]), n->result(i)))
      return false;
  }
  return true;
}

std::optional<const DatumList *> InstanceBuilder::listedMembers(int restSlot) {
  for (unsigned s = 0; restSlot >= 0 && s < rule.stmts.size(); ++s) {
    const Stmt &stmt = rule.stmts[s];
    if (!stmt.set || !stmt.set->listed || stmt.slots[0] != unsigned(restSlot) || built[s])
      continue;
    if (!statement(s))
      return std::nullopt;
    return slots[size_t(restSlot)].list();
  }
  return nullptr;
}

/// Members one after the other: names with an index are free again for each.
bool InstanceBuilder::set(unsigned index) {
  const Stmt &s = rule.stmts[index];
  const SetInfo &info = *s.set;
  Key key = keyOf(2000 + index);
  uint64_t least = std::max(info.minMembers, 1u);
  uint64_t count = std::min<uint64_t>(least + choices.draw(key / "members", 3), info.maxMembers);
  note(fmt::format("members of {}", slotName(s.slots[0])), std::to_string(count));
  std::vector<DatumList> parts(info.indexed.size());
  for (uint64_t m = 0; m < count; ++m) {
    for (unsigned slot : info.indexed)
      slots[slot] = Datum();
    if (info.indexSlot >= 0)
      slots[size_t(info.indexSlot)] = Datum(int64_t(m));
    Result r = pattern(*s.pattern, key / m, Want(), unsigned(s.slots.size()));
    if (!r || !*r)
      return false;
    for (unsigned i = 0; i < s.slots.size(); ++i) {
      Node *n = (*r)->node();
      if (s.slots.size() > 1 && (!n || n->numResults() != s.slots.size()))
        return false;
      slots[s.slots[i]] = s.slots.size() > 1 ? n->result(i) : *r;
    }
    for (size_t i = 0; i < parts.size(); ++i)
      parts[i].push_back(slots[info.indexed[i]]);
  }
  for (size_t i = 0; i < parts.size(); ++i)
    slots[info.indexed[i]] = Datum(std::move(parts[i]));
  if (info.indexSlot >= 0)
    slots[size_t(info.indexSlot)] = Datum();
  return true;
}

InstanceBuilder::Result InstanceBuilder::pattern(const Pat &p, Key key, const Want &want,
                                                 unsigned results) {
  if (&p == sharedAt && !shared)
    return withOther(p, key, want, results);
  switch (p.kind) {
  case PatKind::Any:
    return anything("u", key, want);
  case PatKind::Var:
    return variable(p, key, want);
  case PatKind::Literal:
    return literal(p, key, want);
  case PatKind::Bind: {
    Result r = pattern(*p.kids[0], key, want, results);
    if (r && *r && !bind(int(p.slot), *r))
      return fail(fmt::format("`{}` is two things", slotName(p.slot)));
    return r;
  }
  case PatKind::Alt:
    return alternatives(p, key, want);
  case PatKind::Flat:
    return flat(p, key, want);
  case PatKind::Chain:
    return chain(p, key, want);
  case PatKind::Op:
    return op(p, key, want, results);
  }
  return std::nullopt;
}

bool InstanceBuilder::leads(const Pat &p) const {
  if (p.kind == PatKind::Literal || p.kind == PatKind::Any)
    return false;
  if (p.kind != PatKind::Var)
    return true;
  const SlotInfo &info = rule.slots[p.slot];
  return bound(p.slot) || (info.stmt >= 0 && !built[size_t(info.stmt)]);
}

InstanceBuilder::Result InstanceBuilder::alternatives(const Pat &p, Key key, const Want &want) {
  uint64_t i = choices.draw(key / "alternative", p.kids.size());
  note(fmt::format("alternative at {}", p.kids[0]->range.str()),
       fmt::format("{} of {}", i + 1, p.kids.size()));
  Result r = pattern(*p.kids[i], key / i, want);
  if (r && p.resultSlot >= 0 && i < p.results.size() && p.results[i]) {
    Evaluator ev(rule, slots, options);
    if (std::optional<Datum> d = ev.eval(*p.results[i]))
      slots[size_t(p.resultSlot)] = std::move(*d);
  }
  return r;
}

InstanceBuilder::Result InstanceBuilder::literal(const Pat &p, Key key, const Want &want) {
  TensorType type{want.dtype.value_or(mainType), {}};
  if (want.hasDims) {
    uint64_t form = choices.draw(key / "form", 6);
    for (const DimWant &d : want.dims) {
      if (form >= 4)
        type.shape.push(form == 4 || d.size < 0 ? 1 : d.size);
    }
  }
  return g.addConstant(Tensor::splat(type, p.literal), "c");
}

Want InstanceBuilder::wantOfTypes(unsigned slot) const {
  Want w;
  w.soft = true;
  for (const TypePat *t : typesOf[slot]) {
    if (!t->hasDims || llvm::any_of(t->dims, [](auto &d) { return d.kind == DimPat::Rest; }))
      continue;
    w.hasDims = true;
    w.dims.assign(t->dims.size(), DimWant());
    for (size_t i = 0; i < t->dims.size(); ++i) {
      const DimPat &d = t->dims[i];
      const int64_t *known = d.kind == DimPat::Slot ? slots[size_t(d.slot)].as<int64_t>() : nullptr;
      w.dims[i].size = d.kind == DimPat::Size ? d.size : known ? *known : -1;
    }
  }
  return w;
}

int64_t InstanceBuilder::rankOf(const Pat &var) const {
  std::vector<const TypePat *> types = typesOf[var.slot];
  if (var.type)
    types.push_back(var.type.get());
  for (const TypePat *t : types) {
    if (t->hasDims && llvm::none_of(t->dims, [](auto &d) { return d.kind == DimPat::Rest; }))
      return int64_t(t->dims.size());
  }
  return -1;
}

bool InstanceBuilder::bindSizes(llvm::ArrayRef<const TypePat *> types, const Shape &shape) {
  Want w;
  w.shape(shape);
  Shape same;
  return types.empty() || solveShape(types, w, Key(), same);
}

int64_t InstanceBuilder::dimension(Key key) {
  return choices.pick<int64_t>(key, {1, 2, 3, 4, 5, 6, 2, 3, 1, 7, 4, 2});
}

Value *InstanceBuilder::freeValue(const std::string &name, const TensorType &type, bool constant,
                                  const Domain &domain, Key key) {
  Domain numbers = domain;
  bool demands = domain.positive || domain.nonnegative || domain.splat || domain.zero ||
                 domain.one || domain.nonzero || domain.integral || domain.identity ||
                 domain.arange || domain.permutation || domain.below > 0 || domain.finite;
  numbers.special = rule.eqClass == EqClass::Exact && !demands;
  Tensor t = randomTensor(choices, key / "tensor", type, numbers);
  if (constant)
    return g.addConstant(t, name);
  Value *v = g.addInput("", type);
  g.setName(v, name);
  (inputsOf ? inputsOf : this)->inputs.push_back(std::move(t));
  // Facts about the range of a value come from how it was made.
  if (isFloat(type.dtype) && choices.chance(key / "made", 1, 10)) {
    OpKind kind = choices.pick(
        key / "by", {OpKind::Relu, OpKind::Sigmoid, OpKind::Abs, OpKind::Floor, OpKind::Tanh});
    Diagnostics scratch;
    FailureOr<Node *> n = buildNode(g, kind, {v}, {}, {}, scratch);
    if (succeeded(n)) {
      g.append(*n);
      v = (*n)->result();
    }
  }
  free.push_back(v);
  return v;
}

InstanceBuilder::Result InstanceBuilder::anything(const std::string &name, Key key,
                                                  const Want &want) {
  Shape shape;
  if (!solveShape({}, want, key, shape))
    return std::nullopt;
  TensorType type{want.dtype.value_or(mainType), shape};
  return freeValue(name, type, choices.chance(key / "constant", 1, 8), want.domain, key);
}

/// Sizes that satisfy all patterns and, as far as they allow, what the op wants. Binds the names of
/// sizes.
bool InstanceBuilder::solveShape(llvm::ArrayRef<const TypePat *> types, const Want &want, Key key,
                                 Shape &out) {
  int64_t rank = -1;
  const TypePat *open = nullptr;
  auto restOf = [](const TypePat &t) {
    for (size_t i = 0; i < t.dims.size(); ++i) {
      if (t.dims[i].kind == DimPat::Rest)
        return i;
    }
    return t.dims.size();
  };
  for (const TypePat *t : types) {
    if (!t->hasDims)
      continue;
    if (restOf(*t) == t->dims.size())
      rank = int64_t(t->dims.size());
    else
      open = t;
  }
  if (rank < 0 && want.hasDims && !(want.soft && open && want.dims.size() + 1 < open->dims.size()))
    rank = int64_t(want.dims.size());
  if (rank < 0 && open) {
    int slot = open->dims[restOf(*open)].slot;
    std::optional<std::vector<int64_t>> known =
        slot >= 0 && bound(unsigned(slot)) ? slots[size_t(slot)].ints() : std::nullopt;
    rank = int64_t(open->dims.size()) - 1 +
           int64_t(known ? known->size() : choices.draw(key / "more", 3));
  }
  if (rank < 0)
    rank = choices.pick<int64_t>(key / "rank", {1, 2, 3, 4, 2, 3, 4, 0, 5});
  bool useWant = want.hasDims && int64_t(want.dims.size()) == rank;
  if (want.hasDims && !useWant && !want.soft)
    return false;
  std::vector<int64_t> sizes(size_t(rank), -1);
  auto wanted = [&](size_t i) { return useWant ? want.dims[i].size : -1; };
  auto chosen = [&](size_t i) {
    if (useWant && want.dims[i].size >= 0)
      return want.dims[i].size;
    if (!seenSizes.empty() && choices.chance(key / "again" / uint64_t(i), coincident ? 9 : 2, 12))
      return choices.pick(key / "which" / uint64_t(i), seenSizes);
    bool suggested = useWant && want.dims[i].suggest >= 0;
    return suggested ? want.dims[i].suggest : dimension(key / "size" / uint64_t(i));
  };
  for (const TypePat *t : types) {
    if (!t->hasDims)
      continue;
    size_t rest = restOf(*t), given = t->dims.size();
    bool isOpen = rest != given;
    if (isOpen ? size_t(rank) + 1 < given : size_t(rank) != given)
      return false;
    size_t restLength = isOpen ? size_t(rank) + 1 - given : 0;
    for (size_t i = 0; i < given; ++i) {
      const DimPat &d = t->dims[i];
      size_t at = i > rest ? i + restLength - 1 : i;
      if (d.kind == DimPat::Rest) {
        std::vector<int64_t> list;
        std::optional<std::vector<int64_t>> known =
            d.slot >= 0 && bound(unsigned(d.slot)) ? slots[size_t(d.slot)].ints() : std::nullopt;
        for (size_t k = 0; k < restLength; ++k) {
          int64_t &size = sizes[i + k];
          if (size < 0)
            size = known && k < known->size() ? (*known)[k] : chosen(i + k);
          list.push_back(size);
        }
        if (!bind(d.slot, Datum::ofInts(list)))
          return false;
        continue;
      }
      if (d.kind == DimPat::Any)
        continue;
      int64_t size = d.size;
      if (d.kind == DimPat::Slot) {
        const Datum &s = slots[size_t(d.slot)];
        size = s.as<int64_t>() ? *s.as<int64_t>() : sizes[at] >= 0 ? sizes[at] : chosen(at);
      }
      bool clash = wanted(at) >= 0 && wanted(at) != size && !want.soft;
      if (clash || (sizes[at] >= 0 && sizes[at] != size))
        return false;
      sizes[at] = size;
      if (d.kind == DimPat::Slot && !bind(d.slot, Datum(size)))
        return false;
    }
  }
  for (size_t i = 0; i < sizes.size(); ++i)
    out.push(sizes[i] >= 0 ? sizes[i] : chosen(i));
  for (int64_t size : out) {
    if (size > 1 && size <= 8 && !llvm::is_contained(seenSizes, size))
      seenSizes.push_back(size);
  }
  std::optional<int64_t> n = checkedNumel(out.ref());
  return n && *n <= 20000;
}

static void require(Domain &d, ValuePredicate p) {
  switch (p) {
  case ValuePredicate::Positive:
    d.positive = true;
    return;
  case ValuePredicate::NonNegative:
    d.nonnegative = true;
    return;
  case ValuePredicate::Splat:
    d.splat = true;
    return;
  case ValuePredicate::Zero:
    d.zero = true;
    return;
  case ValuePredicate::One:
    d.one = true;
    return;
  case ValuePredicate::Nonzero:
    d.nonzero = true;
    return;
  case ValuePredicate::Integral:
    d.integral = true;
    return;
  case ValuePredicate::Identity:
    d.identity = true;
    return;
  case ValuePredicate::Arange:
    d.arange = true;
    return;
  case ValuePredicate::Permutation:
    d.permutation = true;
    return;
  case ValuePredicate::Finite:
    d.finite = true;
    return;
  case ValuePredicate::Scalar:
    return;
  }
}

InstanceBuilder::Result InstanceBuilder::variable(const Pat &p, Key key, const Want &want) {
  const SlotInfo &info = rule.slots[p.slot];
  if (info.stmt >= 0 && !bound(p.slot) && !built[size_t(info.stmt)] &&
      !statement(unsigned(info.stmt), &want))
    return std::nullopt;
  if (bound(p.slot)) {
    if (slots[p.slot].isAbsent())
      return nullptr;
    Value *v = slots[p.slot].value();
    return v ? Result(v) : fail(fmt::format("`{}` is no value", info.name));
  }
  Key own = info.set >= 0 ? key : keyOf(3000 + p.slot);
  if (p.optional) {
    bool there = choices.chance(own / "there", 2, 3);
    note("`" + info.name + "`", there ? "present" : "absent");
    if (!there) {
      bind(int(p.slot), Datum::absent());
      return nullptr;
    }
  }
  std::vector<const TypePat *> types = typesOf[p.slot];
  if (p.type && !llvm::is_contained(types, p.type.get()))
    types.push_back(p.type.get());
  Domain domain = want.domain;
  DType dtype = want.dtype.value_or(mainType);
  bool constant = false, scalar = false, sized = false;
  for (const TypePat *t : types) {
    constant |= t->isConst;
    sized |= t->hasDims;
    dtype = t->dtype.value_or(dtype);
    for (ValuePredicate v : t->predicates) {
      require(domain, v);
      scalar |= v == ValuePredicate::Scalar;
      constant |= v != ValuePredicate::Scalar;
    }
  }
  bool typed = llvm::any_of(types, [](const TypePat *t) { return t->dtype.has_value(); });
  if (!want.dtype && !typed && choices.chance(own / "dtype", 1, 24)) {
    dtype = choices.pick(own / "which", {DType::F32, DType::I64, DType::F16, DType::Bool,
                                         DType::F64, DType::I32, DType::U8});
    unusualTypes |= dtype != mainType;
  }
  Want sizes = want;
  if (scalar && !sized) {
    sizes.hasDims = true;
    sizes.soft = false;
    // One number, in as many dimensions as what it meets has, or in one more, which then grows.
    uint64_t ones = choices.draw(own / "ones", 6), like = want.hasDims ? want.dims.size() : 0;
    sizes.dims.assign(ones == 3 ? like : ones == 5 ? like + 1 : ones % 4 / 2, DimWant{1, -1});
  }
  Shape shape;
  if (!solveShape(types, sizes, own, shape))
    return fail(fmt::format("no sizes for `{}`", info.name));
  TensorType type{dtype, shape};
  note("rank of `" + info.name + "`", std::to_string(shape.rank()));
  if (!constant) {
    if (!free.empty() && choices.chance(own / "alias", 1, 20)) {
      Value *v = choices.pick(own / "as", free);
      if (v->type() == type) {
        bind(int(p.slot), v);
        return v;
      }
    }
    constant = choices.chance(own / "constant", 1, want.parameter ? 2 : 8);
  }
  Value *v = freeValue(info.name, type, constant, domain, own);
  bind(int(p.slot), v);
  return v;
}

} // namespace wnnx::verify
