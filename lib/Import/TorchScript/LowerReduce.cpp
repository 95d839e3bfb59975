// SPDX-License-Identifier: Apache-2.0
//
// Reductions, softmax, sorting.
#include "LowerElementwise.h"

#include <cmath>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

std::vector<int64_t> vec(llvm::ArrayRef<int64_t> v) {
  return v.vec();
}

/// The dims argument, under the name that the overload has; empty for all.
llvm::SmallVector<int64_t, 6> reducedDims(OpCall &c, int64_t rank) {
  return c.dims("dim", rank);
}

Ref reduce(OpCall &c, OpKind kind, Ref x, llvm::ArrayRef<int64_t> dims, bool keep) {
  return c.b.op(kind, {x}, {{"dim", vec(dims)}, {"keepdim", keep}});
}

Ref plain(OpCall &c, OpKind kind, Ref x) {
  return reduce(c, kind, x, reducedDims(c, x->rank()), c.flag("keepdim"));
}

/// Of a sum or mean: `dtype=` converts first.
Ref withDType(OpCall &c, Ref x) {
  std::optional<DType> t = c.dtype();
  return t ? c.b.convert(x, *t) : x;
}

/// Values and indices along one dimension.
Val extreme(OpCall &c, OpKind value, OpKind index, OpKind pairwise) {
  if (c.overload() == "other")
    return c.result(c.binary(pairwise, c.arg(0u), c.arg(1u)));
  Ref x = c.in(0u);
  if (!c.given("dim"))
    return c.result(reduce(c, value, x, {}, false));
  int64_t dim = c.dim(c.integer("dim"), x->rank());
  bool keep = c.flag("keepdim");
  if (x->rank() == 0)
    return c.results({x, c.b.scalarInt(DType::I64, 0)});
  return c.results(
      {reduce(c, value, x, {dim}, keep), c.b.op(index, {x}, {{"dim", dim}, {"keepdim", keep}})});
}

Val argExtreme(OpCall &c, OpKind kind) {
  Ref x = c.in(0u);
  if (!c.given("dim"))
    return c.result(c.b.op(kind, {x}, {{"keepdim", c.flag("keepdim")}}));
  int64_t dim = c.dim(c.integer("dim"), x->rank());
  return c.result(c.b.op(kind, {x}, {{"dim", dim}, {"keepdim", c.flag("keepdim")}}));
}

Ref variance(OpCall &c, Ref x) {
  double correction = 1;
  if (c.given("correction"))
    correction = c.number("correction");
  else if (c.given("unbiased"))
    correction = c.flag("unbiased") ? 1 : 0;
  return c.b.op(OpKind::Var, {x},
                {{"dim", vec(reducedDims(c, x->rank()))},
                 {"keepdim", c.flag("keepdim")},
                 {"correction", correction}});
}

} // namespace

Val lowerSum(OpCall &c) {
  return c.result(plain(c, OpKind::Sum, withDType(c, c.in(0u))));
}
Val lowerMean(OpCall &c) {
  return c.result(plain(c, OpKind::Mean, withDType(c, c.in(0u))));
}
Val lowerProd(OpCall &c) {
  return c.result(plain(c, OpKind::Prod, withDType(c, c.in(0u))));
}
Val lowerAmax(OpCall &c) {
  return c.result(plain(c, OpKind::Amax, c.in(0u)));
}
Val lowerAmin(OpCall &c) {
  return c.result(plain(c, OpKind::Amin, c.in(0u)));
}
Val lowerAny(OpCall &c) {
  return c.result(plain(c, OpKind::Any, c.in(0u)));
}
Val lowerAll(OpCall &c) {
  return c.result(plain(c, OpKind::All, c.in(0u)));
}
Val lowerMax(OpCall &c) {
  return extreme(c, OpKind::Amax, OpKind::Argmax, OpKind::Maximum);
}
Val lowerMin(OpCall &c) {
  return extreme(c, OpKind::Amin, OpKind::Argmin, OpKind::Minimum);
}
Val lowerArgmax(OpCall &c) {
  return argExtreme(c, OpKind::Argmax);
}
Val lowerArgmin(OpCall &c) {
  return argExtreme(c, OpKind::Argmin);
}
Val lowerVar(OpCall &c) {
  return c.result(variance(c, c.in(0u)));
}
Val lowerStd(OpCall &c) {
  return c.result(c.b.op(OpKind::Sqrt, {variance(c, c.in(0u))}));
}
Val lowerVarMean(OpCall &c) {
  Ref x = c.in(0u);
  return c.results({variance(c, x), plain(c, OpKind::Mean, x)});
}
Val lowerStdMean(OpCall &c) {
  Ref x = c.in(0u);
  return c.results({c.b.op(OpKind::Sqrt, {variance(c, x)}), plain(c, OpKind::Mean, x)});
}

Val lowerCumsum(OpCall &c) {
  Ref x = withDType(c, c.in(0u));
  return c.result(c.b.op(OpKind::Cumsum, {x}, {{"dim", c.dim(c.integer("dim"), x->rank())}}));
}

Val lowerNorm(OpCall &c) {
  Ref x = withDType(c, c.in(0u));
  Val p = c.given("p") ? c.arg("p") : c.given("ord") ? c.arg("ord") : Val::real(2);
  llvm::SmallVector<int64_t, 6> dims = reducedDims(c, x->rank());
  bool keep = c.flag("keepdim");
  double order = p.isNumber() ? p.number() : 2;
  if (order == 2) {
    Ref sum = reduce(c, OpKind::Sum, c.b.op(OpKind::Mul, {x, x}), dims, keep);
    return c.result(c.b.op(OpKind::Sqrt, {sum}));
  }
  Ref magnitude = c.b.op(OpKind::Abs, {x});
  if (order == 1)
    return c.result(reduce(c, OpKind::Sum, magnitude, dims, keep));
  if (std::isinf(order))
    return c.result(reduce(c, order > 0 ? OpKind::Amax : OpKind::Amin, magnitude, dims, keep));
  if (order == 0)
    return c.error("the norm of order 0 is not supported");
  Ref powers = c.b.op(OpKind::Pow, {magnitude, c.scalar(x->dtype(), order)});
  Ref sum = reduce(c, OpKind::Sum, powers, dims, keep);
  return c.result(c.b.op(OpKind::Pow, {sum, c.scalar(x->dtype(), 1 / order)}));
}

Val lowerLogsumexp(OpCall &c) {
  // max + log(sum(exp(x - max)))
  Ref x = floatInput(c, c.in(0u));
  llvm::SmallVector<int64_t, 6> dims = reducedDims(c, x->rank());
  Ref max = reduce(c, OpKind::Amax, x, dims, true);
  Ref sum =
      reduce(c, OpKind::Sum, c.b.op(OpKind::Exp, {c.b.op(OpKind::Sub, {x, max})}), dims, true);
  Ref r = c.b.op(OpKind::Add, {c.b.op(OpKind::Log, {sum}), max});
  if (c.b.failed || c.flag("keepdim"))
    return c.result(r);
  Shape shape;
  for (int64_t i = 0; i < r->rank(); ++i)
    if (!llvm::is_contained(dims, i) && !dims.empty())
      shape.push(r->dim(i));
  return c.result(c.b.reshape(r, shape.ref()));
}

static Val softmax(OpCall &c, OpKind kind) {
  Ref x = floatInput(c, withDType(c, c.in(0u)));
  return c.result(c.b.op(kind, {x}, {{"dim", c.dim(c.integer("dim"), x->rank())}}));
}
Val lowerSoftmax(OpCall &c) {
  return softmax(c, OpKind::Softmax);
}
Val lowerLogSoftmax(OpCall &c) {
  return softmax(c, OpKind::LogSoftmax);
}

Val lowerTopk(OpCall &c) {
  Ref x = c.in(0u);
  return c.results(c.b.emit(OpKind::Topk, {x},
                            {{"k", c.integer("k")},
                             {"dim", c.dim(c.integer("dim"), x->rank())},
                             {"largest", c.flag("largest")}}));
}

static std::vector<Ref> sorted(OpCall &c) {
  Ref x = c.in(0u);
  return c.b.emit(OpKind::Sort, {x},
                  {{"dim", c.dim(c.given("dim") ? c.integer("dim") : -1, x->rank())},
                   {"descending", c.flag("descending")}});
}
Val lowerSort(OpCall &c) {
  return c.results(sorted(c));
}
Val lowerArgsort(OpCall &c) {
  std::vector<Ref> r = sorted(c);
  return c.b.failed ? Val::poison() : c.result(r[1]);
}

} // namespace wnnx::ts
