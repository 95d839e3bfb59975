// SPDX-License-Identifier: Apache-2.0
//
// Ops that work along one dimension and keep its size or order it: cumsum, softmax, log_softmax,
// topk, sort.
#include "Elements.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

#include <numeric>

namespace wnnx {

LogicalResult inferCumsum(InferContext &ctx) {
  CumsumOp op(ctx.node);
  if (failed(checkedDim(ctx, op.dim(), op.input()->rank())))
    return failure();
  DType dtype = op.input()->dtype();
  ctx.result(isFloat(dtype) ? dtype : DType::I64, op.input()->shape());
  return success();
}

static LogicalResult inferSoftmaxAlong(InferContext &ctx, int64_t dim) {
  const Value *input = ctx.node.operand(0);
  if (failed(requireFloat(ctx, 0)) || failed(checkedDim(ctx, dim, input->rank())))
    return failure();
  ctx.results.push_back(input->type());
  return success();
}

LogicalResult inferSoftmax(InferContext &ctx) {
  return inferSoftmaxAlong(ctx, SoftmaxOp(ctx.node).dim());
}

LogicalResult inferLogSoftmax(InferContext &ctx) {
  return inferSoftmaxAlong(ctx, LogSoftmaxOp(ctx.node).dim());
}

LogicalResult inferTopk(InferContext &ctx) {
  TopkOp op(ctx.node);
  FailureOr<int64_t> dim = checkedDim(ctx, op.dim(), op.input()->rank());
  if (failed(requireNotBool(ctx, 0)) || failed(dim))
    return failure();
  Shape shape = op.input()->shape();
  int64_t size = shape.rank() ? shape[*dim] : 1;
  if (op.k() < 0 || op.k() > size)
    return ctx.error(fmt::format("`k` is {}, but dimension {} of shape {} has {} elements", op.k(),
                                 *dim, shape.str(), size));
  if (shape.rank())
    shape[*dim] = op.k();
  ctx.result(op.input()->dtype(), shape);
  ctx.result(DType::I64, shape);
  return success();
}

LogicalResult inferSort(InferContext &ctx) {
  SortOp op(ctx.node);
  if (failed(checkedDim(ctx, op.dim(), op.input()->rank())))
    return failure();
  ctx.results.push_back(op.input()->type());
  ctx.result(DType::I64, op.input()->shape());
  return success();
}

template <class S> void evalCumsum(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0);
  RefTensor<S> &out = ctx.out();
  Lines lines(in.shape(), CumsumOp(ctx.node).dim());
  lines.forEach([&](int64_t first, int64_t step) {
    S sum = scalar::real<S>(0);
    int64_t intSum = 0;
    for (int64_t k = 0; k < lines.size; ++k) {
      size_t at = size_t(first + k * step);
      if (in.real())
        out.reals[at] = sum = sum + in.reals[at];
      else
        out.ints[at] = intSum = wrapAdd(intSum, in.ints[at]);
    }
  });
}
WNNX_INSTANTIATE_EVAL(Cumsum);

/// exp(x - largest) / sum, or its logarithm x - largest - log(sum), along each line.
template <class S>
static void evalSoftmaxAlong(const EvalContext<S> &ctx, int64_t dim, bool logarithm) {
  const std::vector<S> &in = ctx.in(0).reals;
  std::vector<S> &out = ctx.out().reals;
  Lines lines(ctx.in(0).shape(), dim);
  if (in.empty())
    return;
  lines.forEach([&](int64_t first, int64_t step) {
    auto at = [&](int64_t k) { return size_t(first + k * step); };
    S largest = in[at(0)], sum = scalar::real<S>(0);
    for (int64_t k = 1; k < lines.size; ++k)
      largest = scalar::max(largest, in[at(k)]);
    for (int64_t k = 0; k < lines.size; ++k)
      sum = sum + scalar::exp(in[at(k)] - largest);
    for (int64_t k = 0; k < lines.size; ++k) {
      S x = in[at(k)] - largest;
      out[at(k)] = logarithm ? x - scalar::log(sum) : scalar::div(scalar::exp(x), sum);
    }
  });
}

template <class S> void evalSoftmax(const EvalContext<S> &ctx) {
  evalSoftmaxAlong(ctx, SoftmaxOp(ctx.node).dim(), false);
}
WNNX_INSTANTIATE_EVAL(Softmax);

template <class S> void evalLogSoftmax(const EvalContext<S> &ctx) {
  evalSoftmaxAlong(ctx, LogSoftmaxOp(ctx.node).dim(), true);
}
WNNX_INSTANTIATE_EVAL(LogSoftmax);

/// Ascending, with NaN as the largest.
template <class T> static bool sortsBefore(const T &a, const T &b) {
  if constexpr (!std::is_same_v<T, int64_t>) {
    if (scalar::isNaN(a))
      return false;
    if (scalar::isNaN(b))
      return true;
  }
  return a < b;
}

/// The first `count` elements of every sorted line, with where they were. Equal elements stay in
/// order in either direction.
template <class S>
static void sortLines(const EvalContext<S> &ctx, int64_t dim, int64_t count, bool descending) {
  Lines lines(ctx.in(0).shape(), dim), results(ctx.out().shape(), dim);
  withElements(ctx.in(0), ctx.out(), [&](const auto &in, auto &values) {
    std::vector<int64_t> order(static_cast<size_t>(lines.size));
    for (int64_t line = 0; line < lines.outer * lines.inner; ++line) {
      int64_t outer = line / lines.inner, inner = line % lines.inner;
      auto element = [&](int64_t k) -> const auto & {
        return in[size_t((outer * lines.size + k) * lines.inner + inner)];
      };
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        return descending ? sortsBefore(element(b), element(a))
                          : sortsBefore(element(a), element(b));
      });
      for (int64_t k = 0; k < count; ++k) {
        size_t to = size_t((outer * results.size + k) * results.inner + inner);
        values[to] = element(order[size_t(k)]);
        ctx.out(1).ints[to] = order[size_t(k)];
      }
    }
  });
}

template <class S> void evalTopk(const EvalContext<S> &ctx) {
  TopkOp op(ctx.node);
  sortLines(ctx, op.dim(), op.k(), op.largest());
}
WNNX_INSTANTIATE_EVAL(Topk);

template <class S> void evalSort(const EvalContext<S> &ctx) {
  SortOp op(ctx.node);
  sortLines(ctx, op.dim(), Lines(ctx.in(0).shape(), op.dim()).size, op.descending());
}
WNNX_INSTANTIATE_EVAL(Sort);

} // namespace wnnx
