// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing through chains of views.
#include "Functionalize.h"

#include <algorithm>
#include <fmt/format.h>

namespace wnnx::ts {

llvm::SmallVector<int64_t, 6> rowMajorStrides(const Shape &s) {
  llvm::SmallVector<int64_t, 6> strides(size_t(s.rank()), 1);
  for (int64_t i = s.rank() - 2; i >= 0; --i)
    strides[size_t(i)] =
        int64_t(uint64_t(strides[size_t(i) + 1]) * uint64_t(std::max<int64_t>(s[i + 1], 1)));
  return strides;
}

bool Functionalizer::isContiguous(const TensorObject *t) {
  if (!t->strides)
    return false;
  int64_t expected = 1;
  for (int64_t i = t->type.shape.rank(); i-- > 0;) {
    int64_t d = t->type.shape[i];
    if (d == 0)
      return true;
    if (d != 1 && (*t->strides)[size_t(i)] != expected)
      return false;
    expected = int64_t(uint64_t(expected) * uint64_t(d));
  }
  return true;
}

TensorObject *Functionalizer::fresh(Ref r, bool contiguous) {
  StorageBox &box = boxes.emplace_back();
  box.base = r;
  TensorObject &t = tensors.emplace_back();
  t.box = &box;
  t.type = r->type;
  t.cached = r;
  if (contiguous)
    t.strides = rowMajorStrides(r->shape());
  return &t;
}

TensorObject *Functionalizer::view(TensorObject *parent, ViewStep step, TensorType type,
                                   Strides strides) {
  TensorObject &t = tensors.emplace_back();
  t.box = parent->box;
  t.parent = parent;
  t.step = std::move(step);
  t.type = std::move(type);
  t.strides = std::move(strides);
  return &t;
}

TensorObject *Functionalizer::perhapsView(TensorObject *of, Ref copy) {
  TensorObject *t = fresh(copy);
  t->box->perhapsAliases.push_back(of->box);
  of->box->perhapsAliases.push_back(t->box);
  return t;
}

Ref Functionalizer::applyStep(const ViewStep &s, Ref r) {
  switch (s.kind) {
  case ViewStep::Slice:
    return builder.op(
        OpKind::Slice, {r},
        {{"dim", s.ints[0]}, {"start", s.ints[1]}, {"end", s.ints[2]}, {"step", s.ints[3]}});
  case ViewStep::Select:
    return builder.op(OpKind::Select, {r}, {{"dim", s.ints[0]}, {"index", s.ints[1]}});
  case ViewStep::Permute:
    return builder.permute(r, s.ints);
  case ViewStep::Reshape:
    return builder.reshape(r, s.ints);
  case ViewStep::Expand:
    return builder.expand(r, Shape(s.ints));
  case ViewStep::Same:
    if (s.op == OpKind::Dropout)
      return builder.op(OpKind::Dropout, {r}, {{"p", s.p}});
    return r;
  }
  return r;
}

Ref Functionalizer::read(TensorObject *t) {
  if (t->box->stale) {
    builder.diagnostics()
        .error(builder.loc.str(), "ts-alias",
               "an in-place write may or may not change this tensor: it was made by `reshape`, "
               "`flatten` or `contiguous` from a tensor whose memory layout is not known")
        .hint("replace the in-place operation in the Python source, or `.clone()` before it");
    t->box->stale = false;
    return builder.placeholder();
  }
  llvm::SmallVector<TensorObject *, 8> chain;
  TensorObject *from = t;
  while (from->parent && !(from->cached && from->cachedVersion == t->box->version)) {
    chain.push_back(from);
    from = from->parent;
  }
  Ref r = from->parent ? from->cached : t->box->base;
  for (TensorObject *step : llvm::reverse(chain)) {
    r = applyStep(step->step, r);
    if (builder.failed)
      return r;
    step->cached = r;
    step->cachedVersion = t->box->version;
  }
  return r;
}

Ref Functionalizer::writeThrough(const TensorObject &t, Ref parent, Ref value) {
  const ViewStep &s = t.step;
  switch (s.kind) {
  case ViewStep::Slice:
    return builder.op(
        OpKind::SliceScatter, {parent, value},
        {{"dim", s.ints[0]}, {"start", s.ints[1]}, {"end", s.ints[2]}, {"step", s.ints[3]}});
  case ViewStep::Select:
    return builder.op(OpKind::SelectScatter, {parent, value},
                      {{"dim", s.ints[0]}, {"index", s.ints[1]}});
  case ViewStep::Permute: {
    llvm::SmallVector<int64_t, 6> inverse(s.ints.size());
    for (size_t i = 0; i < s.ints.size(); ++i)
      inverse[size_t(s.ints[i])] = int64_t(i);
    return builder.permute(value, inverse);
  }
  case ViewStep::Reshape:
    return builder.reshape(value, parent->shape().ref());
  case ViewStep::Expand:
    builder.diagnostics()
        .error(builder.loc.str(), "ts-alias", "an in-place write through an expanded tensor")
        .hint("`.clone()` the expanded tensor before it is written");
    return builder.placeholder();
  case ViewStep::Same:
    return value;
  }
  return value;
}

void Functionalizer::write(TensorObject *t, Ref value, bool dependsOnOld) {
  if (builder.failed)
    return;
  StorageBox &box = *t->box;
  llvm::SmallVector<TensorObject *, 8> path; // from the written tensor up to the whole
  llvm::SmallVector<Ref, 8> old, made;
  for (TensorObject *v = t; v; v = v->parent) {
    path.push_back(v);
    // The parent's old value is only needed where part of it survives.
    bool partial =
        v->parent && (v->step.kind == ViewStep::Slice || v->step.kind == ViewStep::Select);
    Ref parent = nullptr;
    if (v->parent)
      parent = partial ? read(v->parent) : nullptr;
    old.push_back(parent);
    dependsOnOld |= partial;
  }
  Ref r = value;
  for (size_t i = 0; i < path.size(); ++i) {
    made.push_back(r);
    if (!path[i]->parent)
      break;
    Ssa shapeOnly;
    shapeOnly.type = path[i]->parent->type;
    r = writeThrough(*path[i], old[i] ? old[i] : &shapeOnly, r);
    if (builder.failed)
      return;
  }
  if (!box.stateName.empty() && dependsOnOld)
    r = builder.withState(r, box.stateName);
  box.base = r;
  ++box.version;
  for (size_t i = 0; i < path.size(); ++i) {
    path[i]->cached = path[i]->parent ? made[i] : r;
    path[i]->cachedVersion = box.version;
  }
  for (StorageBox *other : box.perhapsAliases)
    other->stale = true;
}

} // namespace wnnx::ts
