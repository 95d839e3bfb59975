// SPDX-License-Identifier: Apache-2.0
//
// Evaluation of broadcasting functions of two operands.
#pragma once

#include "Elements.h"

namespace wnnx {

/// out[i] = f(a[i], b[i]) on float operands; integer ones are converted to the result's dtype.
template <class S, class F> void zipReals(const EvalContext<S> &ctx, F f) {
  RefTensor<S> &out = ctx.out();
  Expanded<S> a(ctx.in(0), out.shape()), b(ctx.in(1), out.shape());
  std::vector<S> left = realsOf(*a, out.type.dtype);
  std::vector<S> right = realsOf(*b, out.type.dtype);
  for (size_t i = 0; i < left.size(); ++i)
    out.reals[i] = f(left[i], right[i]);
}

/// The same on integers and bool.
template <class S, class F> void zipInts(const EvalContext<S> &ctx, F f) {
  RefTensor<S> &out = ctx.out();
  Expanded<S> a(ctx.in(0), out.shape()), b(ctx.in(1), out.shape());
  for (size_t i = 0; i < a->ints.size(); ++i)
    out.ints[i] = f(a->ints[i], b->ints[i]);
}

/// A predicate of operands of either kind; `f` is a generic lambda.
template <class S, class F> void zipPredicate(const EvalContext<S> &ctx, F f) {
  RefTensor<S> &out = ctx.out();
  Expanded<S> a(ctx.in(0), out.shape()), b(ctx.in(1), out.shape());
  for (size_t i = 0; i < out.ints.size(); ++i)
    out.ints[i] = a->real() ? f(a->reals[i], b->reals[i]) : f(a->ints[i], b->ints[i]);
}

} // namespace wnnx
