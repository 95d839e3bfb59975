// SPDX-License-Identifier: Apache-2.0
//
// Making and running prefilters. What a pattern says in a way that is not understood here is left
// to the matcher.
#include "wnnx/Pattern/Prefilter.h"

namespace wnnx::pat {

/// Kinds of node that may make a value, or "anything".
struct Producers {
  bool any = true;
  OpSet kinds;
};

class PrefilterBuilder {
  using Step = Prefilter::Step;
  const Rule &rule;
  Prefilter &out;
  uint8_t registers = 1;

public:
  PrefilterBuilder(const Rule &r, Prefilter &f) : rule(r), out(f) {}

  void run() {
    const Stmt &root = rule.stmts[rule.roots[0]];
    node(*root.pattern, 0, true);
    for (const Stmt &s : rule.stmts) {
      if (!s.set || s.set->minMembers > 0)
        require(*s.pattern);
    }
  }

private:
  void emit(Step::Kind kind, uint8_t from, size_t index, size_t set = 0, uint8_t to = 0) {
    if (index <= UINT16_MAX && set <= UINT16_MAX)
      out.steps.push_back({kind, from, to, uint16_t(index), uint16_t(set)});
  }
  size_t addSet(const OpSet &s) {
    out.sets.push_back(s);
    return out.sets.size() - 1;
  }

  /// The pattern behind a name: that of the statement which defines it.
  const Pat &resolve(const Pat &p) const {
    if (p.kind == PatKind::Bind)
      return resolve(*p.kids[0]);
    if (p.kind == PatKind::Var && !p.optional) {
      const SlotInfo &info = rule.slots[p.slot];
      // A set's name stands for many values, one of several results for none of its own.
      if (info.stmt >= 0 && info.set < 0 && !rule.stmts[size_t(info.stmt)].set &&
          info.result == 0 && rule.stmts[size_t(info.stmt)].slots.size() == 1)
        return *rule.stmts[size_t(info.stmt)].pattern;
    }
    return p;
  }

  Producers producers(const Pat &given) const {
    const Pat &p = resolve(given);
    Producers r;
    switch (p.kind) {
    case PatKind::Literal:
      r.any = false;
      r.kinds.set(size_t(OpKind::Constant));
      break;
    case PatKind::Var:
      if (p.type && p.type->isConst && !p.optional) {
        r.any = false;
        r.kinds.set(size_t(OpKind::Constant));
      }
      break;
    case PatKind::Op:
      if (p.optional) {
        r = producers(*p.operands[0]);
      } else {
        r.any = false;
      }
      for (OpKind k : p.kinds)
        r.kinds.set(size_t(k));
      break;
    case PatKind::Alt:
      r.any = false;
      for (const PatPtr &k : p.kids) {
        Producers one = producers(*k);
        r.any |= one.any;
        r.kinds |= one.kinds;
      }
      break;
    default:
      break;
    }
    return r;
  }

  /// Steps for a pattern whose node is in register `reg`.
  void node(const Pat &given, uint8_t reg, bool checkKind) {
    const Pat &p = resolve(given);
    if (p.kind != PatKind::Op || p.optional) {
      Producers r = producers(p);
      if (checkKind && !r.any)
        emit(Step::Is, reg, 0, addSet(r.kinds));
      return;
    }
    if (checkKind)
      emit(Step::Is, reg, 0, addSet(producers(p).kinds));
    if (p.kinds.size() == 1) {
      attributes(p, reg);
      operands(p, reg);
    }
  }

  void attributes(const Pat &p, uint8_t reg) {
    const OpInfo &info = opInfo(p.kinds[0]);
    auto equals = [&](size_t index, Attribute a) {
      out.attrs.push_back(std::move(a));
      emit(Step::AttrEquals, reg, index, out.attrs.size() - 1);
    };
    for (size_t i = 0; i < info.attrs.size(); ++i) {
      if (!p.attrsFree && p.attrSlot < 0 && !(i < p.mentioned.size() && p.mentioned[i]))
        equals(i, info.attrs[i].defaultValue);
    }
    for (const AttrPat &a : p.attrs) {
      if (a.kind != AttrPat::Equal || !a.code || a.code->kind != CodeKind::Const)
        continue;
      // Only where equality of the language is that of attributes: not for floats.
      AttrKind kind = info.attrs[a.index].kind;
      if (kind != AttrKind::Int && kind != AttrKind::Bool && kind != AttrKind::Str &&
          kind != AttrKind::Ints)
        continue;
      if (std::optional<Attribute> v = toAttribute(a.code->constant, info.attrs[a.index]))
        equals(a.index, std::move(*v));
    }
  }

  void operands(const Pat &p, uint8_t reg) {
    const OpInfo &info = opInfo(p.kinds[0]);
    unsigned fixed = info.numFixedOperands();
    bool whole = p.elementOptional.empty(); // each element of the group is one operand
    if (info.isVariadic() && p.variadic && whole)
      emit(p.hasRest ? Step::GroupAtLeast : Step::GroupSize, reg, p.elements.size());
    if (p.bothOrders) {
      if (p.operands.size() >= 2 && p.operands[0] && p.operands[1])
        eitherOrder(*p.operands[0], *p.operands[1], reg);
      return;
    }
    for (unsigned i = 0; i < fixed; ++i) {
      const Pat *k = i < p.operands.size() ? p.operands[i].get() : nullptr;
      if (!k) {
        emit(Step::OperandAbsent, reg, i);
        continue;
      }
      operand(*k, reg, i);
    }
    if (p.variadic && whole) {
      for (unsigned i = 0; i < p.elements.size(); ++i)
        operand(*p.elements[i], reg, fixed + i);
    }
  }

  void operand(const Pat &k, uint8_t reg, unsigned i) {
    Producers r = producers(k);
    if (r.any)
      return;
    const Pat &p = resolve(k);
    if (p.kind == PatKind::Literal || p.kind == PatKind::Var) {
      emit(Step::OperandConst, reg, i);
    } else if (p.kind == PatKind::Op && !p.optional && registers < Prefilter::maxRegisters) {
      uint8_t to = registers++;
      emit(Step::Producer, reg, i, 0, to);
      node(p, to, true);
    } else {
      emit(Step::OperandIs, reg, i, addSet(r.kinds));
    }
  }

  void eitherOrder(const Pat &a, const Pat &b, uint8_t reg) {
    Producers pa = producers(a), pb = producers(b);
    if (pa.any && pb.any)
      return;
    // The set that stands for anything holds all kinds; inputs, which no node makes, pass too.
    auto setOf = [](const Producers &p) { return p.any ? OpSet().set() : p.kinds; };
    size_t set = addSet(setOf(pa));
    addSet(setOf(pb));
    emit(Step::EitherOrder, reg, 0, set);
  }

  /// Every op of a statement that is neither optional nor one of several alternatives.
  void require(const Pat &p) {
    Producers r = p.kind == PatKind::Op || p.kind == PatKind::Alt ? producers(p) : Producers();
    if (!r.any)
      out.required.push_back(r.kinds);
    if (p.kind == PatKind::Bind) {
      require(*p.kids[0]);
    } else if (p.kind == PatKind::Op) {
      for (const auto *list : {&p.operands, &p.elements}) {
        for (const PatPtr &k : *list) {
          if (k && !p.optional && p.elementOptional.empty())
            require(*k);
        }
      }
    }
  }
};

Prefilter::Prefilter(const Rule &rule) {
  PrefilterBuilder(rule, *this).run();
}

/// The node whose first result is the operand, if there is one.
static const Node *producer(const Node *n, unsigned index) {
  const Value *v = n->operand(index);
  return v && v->index() == 0 ? v->node() : nullptr;
}

bool Prefilter::admits(const Node *n) const {
  std::array<const Node *, maxRegisters> reg;
  reg[0] = n;
  auto in = [&](const Node *m, size_t set) { return m && sets[set][size_t(m->kind())]; };
  for (const Step &s : steps) {
    const Node *from = reg[s.from];
    switch (s.kind) {
    case Step::Producer:
      if (!(reg[s.to] = producer(from, s.index)))
        return false;
      break;
    case Step::Is:
      if (!in(from, s.set))
        return false;
      break;
    case Step::OperandIs:
      if (!in(producer(from, s.index), s.set))
        return false;
      break;
    case Step::EitherOrder: {
      auto fits = [&](unsigned i, size_t set) {
        const Node *m = producer(from, i);
        return m ? sets[set][size_t(m->kind())] : sets[set].all();
      };
      if (!(fits(0, s.set) && fits(1, s.set + 1u)) && !(fits(1, s.set) && fits(0, s.set + 1u)))
        return false;
      break;
    }
    case Step::OperandConst: {
      const Node *m = producer(from, s.index);
      if (!m || m->kind() != OpKind::Constant)
        return false;
      break;
    }
    case Step::OperandAbsent:
      if (from->operand(s.index))
        return false;
      break;
    case Step::AttrEquals:
      if (from->attr(s.index) != attrs[s.set])
        return false;
      break;
    case Step::GroupSize:
      if (from->variadicOperands().size() != s.index)
        return false;
      break;
    case Step::GroupAtLeast:
      if (from->variadicOperands().size() < s.index)
        return false;
      break;
    }
  }
  return true;
}

} // namespace wnnx::pat
