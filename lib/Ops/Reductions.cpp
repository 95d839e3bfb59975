// SPDX-License-Identifier: Apache-2.0
//
// Reductions over any set of dimensions: sum to var, argmax and argmin.
#include "Elements.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

#include <numeric>

namespace wnnx {

/// The input's shape without the reduced dimensions, or with them as 1.
static Shape reducedShape(const Shape &shape, llvm::ArrayRef<bool> reduced, bool keepdim) {
  Shape out;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (!reduced[size_t(i)])
      out.push(shape[i]);
    else if (keepdim)
      out.push(1);
  }
  return out;
}

/// Which dimensions `dim` means: all when the list is empty.
static FailureOr<llvm::SmallVector<bool, 6>> reducedDims(InferContext &ctx) {
  const Shape &shape = ctx.node.operand(0)->shape();
  const std::vector<int64_t> &dims = ctx.node.attr("dim").asInts();
  if (dims.empty())
    return llvm::SmallVector<bool, 6>(size_t(shape.rank()), true);
  return checkedDims(ctx, dims, shape.rank());
}

static LogicalResult inferReduction(InferContext &ctx, DType dtype) {
  FailureOr<llvm::SmallVector<bool, 6>> reduced = reducedDims(ctx);
  if (failed(reduced))
    return failure();
  ctx.result(dtype, reducedShape(ctx.node.operand(0)->shape(), *reduced,
                                 ctx.node.attr("keepdim").asBool()));
  return success();
}

/// Integers and bool add up as i64.
static LogicalResult inferWidening(InferContext &ctx) {
  DType dtype = ctx.node.operand(0)->dtype();
  return inferReduction(ctx, isFloat(dtype) ? dtype : DType::I64);
}

static LogicalResult inferFloatReduction(InferContext &ctx) {
  if (failed(requireFloat(ctx, 0)))
    return failure();
  return inferReduction(ctx, ctx.node.operand(0)->dtype());
}

/// The extreme of no elements has no value, unless there is no result element either.
static LogicalResult inferExtreme(InferContext &ctx) {
  const Value *input = ctx.node.operand(0);
  FailureOr<llvm::SmallVector<bool, 6>> reduced = reducedDims(ctx);
  if (failed(reduced))
    return failure();
  for (int64_t i = 0; i < input->rank(); ++i) {
    if ((*reduced)[size_t(i)] && input->dim(i) == 0)
      return ctx.error(fmt::format("dimension {} of shape {} has no elements to reduce", i,
                                   input->shape().str()));
  }
  return inferReduction(ctx, input->dtype());
}

LogicalResult inferSum(InferContext &ctx) {
  return inferWidening(ctx);
}
LogicalResult inferProd(InferContext &ctx) {
  return inferWidening(ctx);
}
LogicalResult inferMean(InferContext &ctx) {
  return inferFloatReduction(ctx);
}
LogicalResult inferVar(InferContext &ctx) {
  return inferFloatReduction(ctx);
}
LogicalResult inferAmax(InferContext &ctx) {
  return inferExtreme(ctx);
}
LogicalResult inferAmin(InferContext &ctx) {
  return inferExtreme(ctx);
}
LogicalResult inferAny(InferContext &ctx) {
  return inferReduction(ctx, DType::Bool);
}
LogicalResult inferAll(InferContext &ctx) {
  return inferReduction(ctx, DType::Bool);
}

static LogicalResult inferArg(InferContext &ctx, std::optional<int64_t> dim, bool keepdim) {
  if (failed(requireNotBool(ctx, 0)))
    return failure();
  const Shape &shape = ctx.node.operand(0)->shape();
  llvm::SmallVector<bool, 6> reduced(size_t(shape.rank()), !dim);
  if (dim) {
    FailureOr<int64_t> d = checkedDim(ctx, *dim, shape.rank());
    if (failed(d))
      return failure();
    if (shape.rank() > 0)
      reduced[size_t(*d)] = true;
  }
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (reduced[size_t(i)] && shape[i] == 0)
      return ctx.error(
          fmt::format("dimension {} of shape {} has no elements to choose from", i, shape.str()));
  }
  ctx.result(DType::I64, reducedShape(shape, reduced, keepdim));
  return success();
}

LogicalResult inferArgmax(InferContext &ctx) {
  ArgmaxOp op(ctx.node);
  return inferArg(ctx, op.dim(), op.keepdim());
}

LogicalResult inferArgmin(InferContext &ctx) {
  ArgminOp op(ctx.node);
  return inferArg(ctx, op.dim(), op.keepdim());
}

/// The input's elements with the reduced dimensions last: `size` elements for each result element,
/// in the order of the results, and within them in row-major order.
template <class T> struct Groups {
  std::vector<T> elements;
  size_t size = 1;
  Groups(const std::vector<T> &in, const Shape &shape, llvm::ArrayRef<bool> reduced) {
    OffsetMaps own = identityMaps(shape), maps;
    for (bool last : {false, true}) {
      for (size_t d = 0; d < own.size(); ++d) {
        if (reduced[d] != last)
          continue;
        size *= last ? own[d].size() : 1;
        maps.push_back(std::move(own[d]));
      }
    }
    elements.reserve(in.size());
    forEachMapped(maps, 0,
                  [&](int64_t, int64_t offset) { elements.push_back(in[size_t(offset)]); });
  }
  llvm::ArrayRef<T> operator[](size_t i) const {
    return llvm::ArrayRef<T>(elements).slice(i * size, size);
  }
};

/// The checked attribute `dim` (a list) of a reduction.
static llvm::SmallVector<bool, 6> dimsOf(const Node &n) {
  int64_t rank = n.operand(0)->rank();
  const std::vector<int64_t> &dims = n.attr("dim").asInts();
  llvm::SmallVector<bool, 6> reduced(size_t(rank), dims.empty());
  for (int64_t d : dims) {
    if (rank)
      reduced[size_t(*normalizeDim(d, rank))] = true;
  }
  return reduced;
}

/// result = f(elements) for each group.
template <class T, class R, class F>
static void reduce(const Node &n, const std::vector<T> &in, std::vector<R> &out, F f) {
  Groups<T> groups(in, n.operand(0)->shape(), dimsOf(n));
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = f(groups[i]);
}

template <class S> static S sumOf(llvm::ArrayRef<S> values) {
  S sum = scalar::real<S>(0);
  for (const S &v : values)
    sum = sum + v;
  return sum;
}

template <class S> void evalSum(const EvalContext<S> &ctx) {
  if (ctx.in(0).real())
    return reduce(ctx.node, ctx.in(0).reals, ctx.out().reals, sumOf<S>);
  reduce(ctx.node, ctx.in(0).ints, ctx.out().ints, [](llvm::ArrayRef<int64_t> values) {
    return std::accumulate(values.begin(), values.end(), int64_t(0), wrapAdd);
  });
}
WNNX_INSTANTIATE_EVAL(Sum);

template <class S> void evalProd(const EvalContext<S> &ctx) {
  if (ctx.in(0).real())
    return reduce(ctx.node, ctx.in(0).reals, ctx.out().reals, [](llvm::ArrayRef<S> values) {
      S product = scalar::real<S>(1);
      for (const S &v : values)
        product = product * v;
      return product;
    });
  reduce(ctx.node, ctx.in(0).ints, ctx.out().ints, [](llvm::ArrayRef<int64_t> values) {
    return std::accumulate(values.begin(), values.end(), int64_t(1), wrapMul);
  });
}
WNNX_INSTANTIATE_EVAL(Prod);

template <class S> static S meanOf(llvm::ArrayRef<S> values) {
  return scalar::div(sumOf(values), scalar::real<S>(double(values.size())));
}

template <class S> void evalMean(const EvalContext<S> &ctx) {
  reduce(ctx.node, ctx.in(0).reals, ctx.out().reals, meanOf<S>);
}
WNNX_INSTANTIATE_EVAL(Mean);

template <class S> void evalVar(const EvalContext<S> &ctx) {
  double correction = VarOp(ctx.node).correction();
  reduce(ctx.node, ctx.in(0).reals, ctx.out().reals, [&](llvm::ArrayRef<S> values) {
    S mean = meanOf(values), squares = scalar::real<S>(0);
    for (const S &v : values)
      squares = squares + (v - mean) * (v - mean);
    double divisor = std::max(0.0, double(values.size()) - correction);
    return scalar::div(squares, scalar::real<S>(divisor));
  });
}
WNNX_INSTANTIATE_EVAL(Var);

/// Folds every group by a function; groups are not empty.
template <class S, class F, class G>
static void reduceExtreme(const EvalContext<S> &ctx, F onReals, G onInts) {
  auto fold = [](auto f) {
    return [f](auto values) {
      auto best = values.front();
      for (const auto &v : values.drop_front())
        best = f(best, v);
      return best;
    };
  };
  if (ctx.in(0).real())
    reduce(ctx.node, ctx.in(0).reals, ctx.out().reals, fold(onReals));
  else
    reduce(ctx.node, ctx.in(0).ints, ctx.out().ints, fold(onInts));
}

template <class S> void evalAmax(const EvalContext<S> &ctx) {
  reduceExtreme(
      ctx, [](const S &a, const S &b) { return scalar::max(a, b); },
      [](int64_t a, int64_t b) { return std::max(a, b); });
}
WNNX_INSTANTIATE_EVAL(Amax);

template <class S> void evalAmin(const EvalContext<S> &ctx) {
  reduceExtreme(
      ctx, [](const S &a, const S &b) { return scalar::min(a, b); },
      [](int64_t a, int64_t b) { return std::min(a, b); });
}
WNNX_INSTANTIATE_EVAL(Amin);

/// Whether each element is nonzero; NaN is.
template <class S> static std::vector<int64_t> truths(const RefTensor<S> &t) {
  std::vector<int64_t> out;
  out.reserve(size_t(t.type.numel()));
  for (const S &v : t.reals)
    out.push_back(v != scalar::real<S>(0));
  for (int64_t v : t.ints)
    out.push_back(v != 0);
  return out;
}

template <class S> void evalAny(const EvalContext<S> &ctx) {
  reduce(ctx.node, truths(ctx.in(0)), ctx.out().ints, [](llvm::ArrayRef<int64_t> values) {
    return std::any_of(values.begin(), values.end(), [](int64_t v) { return v != 0; });
  });
}
WNNX_INSTANTIATE_EVAL(Any);

template <class S> void evalAll(const EvalContext<S> &ctx) {
  reduce(ctx.node, truths(ctx.in(0)), ctx.out().ints, [](llvm::ArrayRef<int64_t> values) {
    return std::all_of(values.begin(), values.end(), [](int64_t v) { return v != 0; });
  });
}
WNNX_INSTANTIATE_EVAL(All);

/// `a` comes before `b` in the search for an extreme; the first NaN comes before everything.
template <bool Largest, class T> static bool precedes(const T &a, const T &b) {
  if constexpr (!std::is_same_v<T, int64_t>) {
    if (scalar::isNaN(b))
      return false;
    if (scalar::isNaN(a))
      return true;
  }
  return Largest ? b < a : a < b;
}

template <bool Largest, class S>
static void evalArg(const EvalContext<S> &ctx, std::optional<int64_t> dim) {
  const RefTensor<S> &in = ctx.in(0);
  int64_t rank = in.shape().rank();
  llvm::SmallVector<bool, 6> reduced(size_t(rank), !dim);
  if (dim && rank)
    reduced[size_t(*normalizeDim(*dim, rank))] = true;
  auto choose = [&](const auto &values) {
    Groups groups(values, in.shape(), reduced);
    for (size_t i = 0; i < ctx.out().ints.size(); ++i) {
      auto group = groups[i];
      size_t best = 0;
      for (size_t k = 1; k < group.size(); ++k)
        best = precedes<Largest>(group[k], group[best]) ? k : best;
      ctx.out().ints[i] = int64_t(best);
    }
  };
  if (in.real())
    choose(in.reals);
  else
    choose(in.ints);
}

template <class S> void evalArgmax(const EvalContext<S> &ctx) {
  evalArg<true>(ctx, ArgmaxOp(ctx.node).dim());
}
WNNX_INSTANTIATE_EVAL(Argmax);

template <class S> void evalArgmin(const EvalContext<S> &ctx) {
  evalArg<false>(ctx, ArgminOp(ctx.node).dim());
}
WNNX_INSTANTIATE_EVAL(Argmin);

} // namespace wnnx
