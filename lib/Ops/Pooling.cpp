// SPDX-License-Identifier: Apache-2.0
//
// Pooling over windows of fixed size, and adaptive pooling.
#include "EvalHelpers.h"
#include "Window.h"

#include <algorithm>

namespace wnnx {

/// What max_pool2d and avg_pool2d have in common; pads are the same on both sides.
struct PoolAttrs {
  const std::vector<int64_t> &kernel, &stride, &padding, &dilation;
  bool ceil;
  Window window(const Shape &input, unsigned axis) const {
    return {input[2 + axis], kernel[axis],  stride[axis],
            dilation[axis],  padding[axis], padding[axis]};
  }
  int64_t count(const Shape &input, unsigned axis) const {
    Window w = window(input, axis);
    return ceil ? w.countCeil() : w.count();
  }
};

static const std::vector<int64_t> noDilation = {1, 1};

static PoolAttrs attrsOf(const MaxPool2dOp &op) {
  return {op.kernel_size(), op.stride(), op.padding(), op.dilation(), op.ceil_mode()};
}
static PoolAttrs attrsOf(const AvgPool2dOp &op) {
  return {op.kernel_size(), op.stride(), op.padding(), noDilation, op.ceil_mode()};
}

/// Four dimensions, with at least one pixel.
static bool checkImage(InferContext &ctx, const Value *input) {
  if (!expectRank(ctx, input, "input", 4, "[N, C, H, W]"))
    return false;
  if (input->dim(2) > 0 && input->dim(3) > 0)
    return true;
  ctx.error("`input` " + input->shape().str() + " has no pixels");
  return false;
}

static LogicalResult inferPool(InferContext &ctx, const PoolAttrs &attrs) {
  const Value *input = ctx.node.operand(0);
  bool ok = checkImage(ctx, input);
  ok &= expectInts(ctx, "kernel_size", attrs.kernel, 2, 1);
  ok &= expectInts(ctx, "stride", attrs.stride, 2, 1);
  ok &= expectInts(ctx, "padding", attrs.padding, 2, 0);
  ok &= expectInts(ctx, "dilation", attrs.dilation, 2, 1);
  if (!ok)
    return failure();
  Shape shape{input->dim(0), input->dim(1), 0, 0};
  for (unsigned axis = 0; axis < 2; ++axis) {
    Window w = attrs.window(input->shape(), axis);
    if (w.before > w.kernel / 2) {
      ctx.error("`padding` may be at most half of the kernel's " + std::to_string(w.kernel) +
                "; found " + std::to_string(w.before) + " " + alongAxis(axis));
      ok = false;
    } else if (attrs.count(input->shape(), axis) < 1) {
      ctx.error("the window spans " + std::to_string(w.extent()) + " elements " + alongAxis(axis) +
                ", the padded input has " + std::to_string(w.padded()));
      ok = false;
    }
    shape[2 + axis] = attrs.count(input->shape(), axis);
  }
  return ok ? finish(ctx, input->dtype(), std::move(shape)) : failure();
}

LogicalResult inferMaxPool2d(InferContext &ctx) {
  if (ctx.node.operand(0)->dtype() == DType::Bool)
    return ctx.error("`input` must hold numbers; found " + ctx.node.operand(0)->type().str());
  return inferPool(ctx, attrsOf(MaxPool2dOp(ctx.node)));
}

/// The larger; NaN if either is.
template <class S> static S larger(S a, S b) {
  return scalar::max(a, b);
}
static int64_t larger(int64_t a, int64_t b) {
  return std::max(a, b);
}

template <class T>
static void maxPlanes(const std::vector<T> &in, std::vector<T> &out, const Shape &inShape,
                      const Shape &outShape, const PoolAttrs &attrs, T lowest) {
  Window rows = attrs.window(inShape, 0), cols = attrs.window(inShape, 1);
  int64_t planes = inShape[0] * inShape[1];
  size_t to = 0;
  for (int64_t plane = 0; plane < planes; ++plane) {
    const T *from = in.data() + plane * rows.size * cols.size;
    for (int64_t oy = 0; oy < outShape[2]; ++oy) {
      for (int64_t ox = 0; ox < outShape[3]; ++ox, ++to) {
        T best = lowest;
        for (int64_t ky = rows.firstTap(oy); ky < rows.lastTap(oy); ++ky) {
          const T *row = from + rows.at(oy, ky) * cols.size;
          for (int64_t kx = cols.firstTap(ox); kx < cols.lastTap(ox); ++kx)
            best = larger(best, row[cols.at(ox, kx)]);
        }
        out[to] = best;
      }
    }
  }
}

template <class S> void evalMaxPool2d(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0);
  RefTensor<S> &out = ctx.out();
  PoolAttrs attrs = attrsOf(MaxPool2dOp(ctx.node));
  if (in.real())
    maxPlanes<S>(in.reals, out.reals, in.shape(), out.shape(), attrs, -scalar::infinity<S>());
  else
    maxPlanes<int64_t>(in.ints, out.ints, in.shape(), out.shape(), attrs, INT64_MIN);
}

LogicalResult inferAvgPool2d(InferContext &ctx) {
  AvgPool2dOp op(ctx.node);
  bool ok = expectFloat(ctx, op.input(), "input");
  if (op.divisor_override() && *op.divisor_override() == 0) {
    ctx.error("`divisor_override` must not be 0");
    ok = false;
  }
  return succeeded(inferPool(ctx, attrsOf(op))) && ok ? success() : failure();
}

template <class S>
static S sumRectangle(const S *plane, int64_t width, int64_t y0, int64_t y1, int64_t x0,
                      int64_t x1) {
  S sum = S(0);
  for (int64_t y = y0; y < y1; ++y) {
    for (int64_t x = x0; x < x1; ++x)
      sum += plane[y * width + x];
  }
  return sum;
}

template <class S> void evalAvgPool2d(const EvalContext<S> &ctx) {
  AvgPool2dOp op(ctx.node);
  const RefTensor<S> &in = ctx.in(0);
  const Shape &outShape = ctx.out().shape();
  PoolAttrs attrs = attrsOf(op);
  Window rows = attrs.window(in.shape(), 0), cols = attrs.window(in.shape(), 1);
  int64_t planes = outShape[0] * outShape[1];
  S *to = ctx.out().reals.data();
  for (int64_t plane = 0; plane < planes; ++plane) {
    const S *from = in.reals.data() + plane * rows.size * cols.size;
    for (int64_t oy = 0; oy < outShape[2]; ++oy) {
      int64_t y0 = rows.at(oy, 0), y1 = std::min(y0 + rows.kernel, rows.size + rows.after);
      for (int64_t ox = 0; ox < outShape[3]; ++ox, ++to) {
        int64_t x0 = cols.at(ox, 0), x1 = std::min(x0 + cols.kernel, cols.size + cols.after);
        // The window with its padding, but not with what ceil_mode adds beyond that.
        int64_t divisor = (y1 - y0) * (x1 - x0);
        int64_t top = std::max<int64_t>(y0, 0), bottom = std::min(y1, rows.size);
        int64_t left = std::max<int64_t>(x0, 0), right = std::min(x1, cols.size);
        if (top >= bottom || left >= right) {
          *to = S(0);
          continue;
        }
        if (op.divisor_override())
          divisor = *op.divisor_override();
        else if (!op.count_include_pad())
          divisor = (bottom - top) * (right - left);
        *to = scalar::div(sumRectangle(from, cols.size, top, bottom, left, right),
                          scalar::real<S>(double(divisor)));
      }
    }
  }
}

static LogicalResult inferAdaptive(InferContext &ctx, const std::vector<int64_t> &size) {
  const Value *input = ctx.node.operand(0);
  bool ok = checkImage(ctx, input);
  ok &= expectFloat(ctx, input, "input");
  ok &= expectInts(ctx, "output_size", size, 2, 0);
  return ok ? finish(ctx, input->dtype(), {input->dim(0), input->dim(1), size[0], size[1]})
            : failure();
}

LogicalResult inferAdaptiveAvgPool2d(InferContext &ctx) {
  return inferAdaptive(ctx, AdaptiveAvgPool2dOp(ctx.node).output_size());
}
LogicalResult inferAdaptiveMaxPool2d(InferContext &ctx) {
  return inferAdaptive(ctx, AdaptiveMaxPool2dOp(ctx.node).output_size());
}

/// Calls `reduce(plane, width, y0, y1, x0, x1)` on the rectangle of each output element: element i
/// of n covers [floor(i * size / n), ceil((i + 1) * size / n)).
template <class S, class F>
static void forEachAdaptiveWindow(const EvalContext<S> &ctx, F &&reduce) {
  const Shape &in = ctx.in(0).shape(), &out = ctx.out().shape();
  auto begin = [](int64_t i, int64_t size, int64_t n) { return i * size / n; };
  auto end = [](int64_t i, int64_t size, int64_t n) { return ((i + 1) * size + n - 1) / n; };
  int64_t planes = in[0] * in[1];
  S *to = ctx.out().reals.data();
  for (int64_t plane = 0; plane < planes; ++plane) {
    const S *from = ctx.in(0).reals.data() + plane * in[2] * in[3];
    for (int64_t oy = 0; oy < out[2]; ++oy) {
      for (int64_t ox = 0; ox < out[3]; ++ox)
        *to++ = reduce(from, in[3], begin(oy, in[2], out[2]), end(oy, in[2], out[2]),
                       begin(ox, in[3], out[3]), end(ox, in[3], out[3]));
    }
  }
}

template <class S> void evalAdaptiveAvgPool2d(const EvalContext<S> &ctx) {
  forEachAdaptiveWindow(
      ctx, [](const S *plane, int64_t width, int64_t y0, int64_t y1, int64_t x0, int64_t x1) {
        return scalar::div(sumRectangle(plane, width, y0, y1, x0, x1),
                           scalar::real<S>(double((y1 - y0) * (x1 - x0))));
      });
}

template <class S> void evalAdaptiveMaxPool2d(const EvalContext<S> &ctx) {
  forEachAdaptiveWindow(
      ctx, [](const S *plane, int64_t width, int64_t y0, int64_t y1, int64_t x0, int64_t x1) {
        S best = -scalar::infinity<S>();
        for (int64_t y = y0; y < y1; ++y) {
          for (int64_t x = x0; x < x1; ++x)
            best = scalar::max(best, plane[y * width + x]);
        }
        return best;
      });
}

WNNX_INSTANTIATE_EVAL(MaxPool2d);
WNNX_INSTANTIATE_EVAL(AvgPool2d);
WNNX_INSTANTIATE_EVAL(AdaptiveAvgPool2d);
WNNX_INSTANTIATE_EVAL(AdaptiveMaxPool2d);

} // namespace wnnx
