// SPDX-License-Identifier: Apache-2.0
//
// Pictures that become rows of channels, one for each pixel, as detection heads end: reshape to
// [N,C,HW], perhaps a concatenation along the pixels, permute to [N,HW,C]. They are copied from the
// c16 tensor into that order at once.
#include "Lowering.h"

namespace wnnx {

static bool transposes(const Use &u) {
  return u.user && u.user->kind() == OpKind::Permute && u.user->operand(0)->rank() == 3 &&
         llvm::equal(PermuteOp(*u.user).dims(), llvm::ArrayRef<int64_t>{0, 2, 1});
}

/// Whether all users of [N,C,HW] want rows.
static bool wantsRows(const Value *v, bool throughCats) {
  return v->hasUses() && llvm::all_of(v->uses(), [&](const Use &u) {
           if (transposes(u))
             return true;
           return throughCats && u.user && u.user->kind() == OpKind::Cat &&
                  *normalizeDim(CatOp(*u.user).dim(), 3) == 2 && wantsRows(u.user->result(), false);
         });
}

/// [N,C,HW] that lies as [N,HW,C].
static View rowsView(int tensor, const Shape &s) {
  return {tensor, 0, {s[0], s[1], s[2]}, {s[1] * s[2], 1, s[1]}};
}

bool lowerToRows(Lowering &l, const Node &reshape) {
  const Value *x = reshape.operand(0), *y = reshape.result();
  if (x->rank() != 4 || y->rank() != 3 || !l.inC16(x) || y->dim(0) != x->dim(0) ||
      y->dim(1) != x->dim(1) || y->type().numel() == 0 || !wantsRows(y, true))
    return false;
  int64_t n = y->dim(0), c = y->dim(1), hw = y->dim(2);
  int64_t whole = c / 16, rest = c % 16, batch = ceil16(c) * hw;
  int from = l.c16(x), to = l.temp(y->name(), {DType::F32, Shape{n, hw, c}});
  if (whole)
    l.copyBox(DType::F32, {from, 0, {n, whole, hw, 16}, {batch, hw * 16, 16, 1}},
              {to, 0, {n, whole, hw, 16}, {c * hw, 16, c, 1}});
  if (rest)
    l.copyBox(DType::F32, {from, whole * 16 * hw, {n, hw, rest}, {batch, 16, 1}},
              {to, whole * 16, {n, hw, rest}, {c * hw, c, 1}});
  l.setView(y, rowsView(to, y->shape()));
  return true;
}

bool catRows(Lowering &l, const Node &cat) {
  const Value *y = cat.result();
  if (y->rank() != 3 || *normalizeDim(CatOp(cat).dim(), 3) != 2 || y->type().numel() == 0 ||
      y->dim(1) == 1 || l.dtype(y) != y->dtype() || !wantsRows(y, false))
    return false;
  int64_t n = y->dim(0), c = y->dim(1), all = y->dim(2), at = 0;
  llvm::SmallVector<View, 8> sources;
  for (const Value *v : cat.variadicOperands()) {
    if (v->type().numel() == 0)
      continue;
    sources.push_back(l.view(v));
    const Dims &s = sources.back().strides;
    if (s[1] != 1 || (s[2] != c && v->dim(2) != 1))
      return false;
  }
  int64_t bytes = int64_t(dtypeBytes(y->dtype()));
  int to = l.temp(y->name(), {y->dtype(), Shape{n, all, c}});
  for (const View &from : sources) {
    int64_t hw = from.dims[2];
    View rows{from.tensor, from.offset, {n, hw, c}, {from.strides[0], from.strides[2], 1}};
    if (n == 1) {
      TensorType type{y->dtype(), Shape{hw, c}};
      int piece = l.part(to, y->name() + ".rows", type, Layout::Plain, at * c * bytes);
      if (isDense(rows) && rows.offset == 0 &&
          l.plan.tensors[size_t(rows.tensor)].bytes == type.bytes())
        l.flatCopy(rows.tensor, piece); // which is made there at once
      else
        l.copyBox(y->dtype(), rows, denseView(piece, rows.dims));
    } else {
      l.copyBox(y->dtype(), rows, {to, at * c, rows.dims, {all * c, c, 1}});
    }
    at += hw;
  }
  l.setView(y, rowsView(to, y->shape()));
  return true;
}

} // namespace wnnx
