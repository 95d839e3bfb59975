// SPDX-License-Identifier: Apache-2.0
//
// conv2d and conv_transpose2d: shapes as torch.nn.functional has them, and evaluation as products
// of the weights with strips of patches. Padding is zeros that take part in the sums.
#include "EvalHelpers.h"
#include "FusedTail.h"
#include "Product.h"
#include "Window.h"

#include <algorithm>
#include <array>

namespace wnnx {

static Window verticalWindow(const Conv2dOp &op) {
  auto pad = op.padding();
  return {op.input()->dim(2),
          op.weight()->dim(2),
          op.stride()[0],
          op.dilation()[0],
          pad[0],
          pad.size() == 4 ? pad[2] : pad[0]};
}

static Window horizontalWindow(const Conv2dOp &op) {
  auto pad = op.padding();
  return {op.input()->dim(3),
          op.weight()->dim(3),
          op.stride()[1],
          op.dilation()[1],
          pad[1],
          pad.size() == 4 ? pad[3] : pad[1]};
}

/// The kernel's size is known from the weight, which no attribute check has limited.
static bool checkKernel(InferContext &ctx, const Value *weight) {
  for (unsigned axis = 0; axis < 2; ++axis) {
    int64_t k = weight->dim(2 + axis);
    if (k < 1 || k > maxWindowValue) {
      ctx.error("the kernel has " + std::to_string(k) + " taps " + alongAxis(axis) +
                "; `weight` is " + weight->type().str());
      return false;
    }
  }
  return true;
}

static bool checkGroups(InferContext &ctx, int64_t groups, int64_t channels, const char *which) {
  if (groups >= 1 && groups <= std::max<int64_t>(channels, 1) && channels % groups == 0)
    return true;
  ctx.error("`groups` " + std::to_string(groups) + " must divide the " + std::to_string(channels) +
            " " + which + " channels");
  return false;
}

LogicalResult inferConv2d(InferContext &ctx) {
  Conv2dOp op(ctx.node);
  const Value *input = op.input(), *weight = op.weight();
  bool ok = expectRank(ctx, input, "input", 4, "[N, C, H, W]");
  ok &= expectRank(ctx, weight, "weight", 4, "[O, C / groups, KH, KW]");
  ok &= expectFloat(ctx, input, "input");
  ok &= expectSameDType(ctx, weight, "weight", input, "input");
  ok &= expectSameDType(ctx, op.bias(), "bias", input, "input");
  ok &= expectSameDType(ctx, op.residual(), "residual", input, "input");
  ok &= expectInts(ctx, "stride", op.stride(), 2, 1);
  ok &= expectInts(ctx, "dilation", op.dilation(), 2, 1);
  ok &= expectInts(ctx, "padding", op.padding(), op.padding().size() == 4 ? 4 : 2, 0);
  ok &= checkFusedAct(ctx, op.act(), op.act_params());
  if (!ok || !checkKernel(ctx, weight))
    return failure();

  int64_t groups = op.groups(), channels = input->dim(1), outs = weight->dim(0);
  ok = checkGroups(ctx, groups, channels, "input") && checkGroups(ctx, groups, outs, "output");
  if (ok && weight->dim(1) != channels / groups) {
    ctx.error("`weight` " + weight->shape().str() + " expects " +
              (groups == 1 ? std::to_string(weight->dim(1))
                           : std::to_string(groups) + " * " + std::to_string(weight->dim(1))) +
              " input channels, `input` " + input->shape().str() + " has " +
              std::to_string(channels));
    ok = false;
  }
  ok &= expectShape(ctx, op.bias(), "bias", {outs});
  std::array<Window, 2> windows = {verticalWindow(op), horizontalWindow(op)};
  for (unsigned axis = 0; axis < 2; ++axis) {
    const Window &w = windows[axis];
    if (w.count() >= 1)
      continue;
    ctx.error("the kernel spans " + std::to_string(w.extent()) + " elements " + alongAxis(axis) +
              ", the padded input has " + std::to_string(w.padded()));
    ok = false;
  }
  if (!ok)
    return failure();
  Shape shape{input->dim(0), outs, windows[0].count(), windows[1].count()};
  if (!expectShape(ctx, op.residual(), "residual", shape))
    return failure();
  return finish(ctx, input->dtype(), std::move(shape));
}

namespace {
/// Fills strips with patches: row (c, ky, kx), column an output position.
template <class S> class PatchReader {
  const S *image;
  Window rows, cols;
  int64_t channels;

public:
  PatchReader(const S *from, Window r, Window c, int64_t count)
      : image(from), rows(r), cols(c), channels(count) {}

  void fill(int64_t first, int64_t columns, S *strip) const {
    std::array<int64_t, size_t(stripWidth)> y{}, x{};
    int64_t outWidth = cols.count();
    for (int64_t j = 0; j < columns; ++j) {
      y[size_t(j)] = rows.at((first + j) / outWidth, 0);
      x[size_t(j)] = cols.at((first + j) % outWidth, 0);
    }
    for (int64_t c = 0; c < channels; ++c) {
      const S *plane = image + c * rows.size * cols.size;
      for (int64_t ky = 0; ky < rows.kernel; ++ky) {
        for (int64_t kx = 0; kx < cols.kernel; ++kx, strip += stripWidth) {
          for (int64_t j = 0; j < columns; ++j) {
            int64_t py = y[size_t(j)] + ky * rows.dilation, px = x[size_t(j)] + kx * cols.dilation;
            strip[j] = rows.inside(py) && cols.inside(px) ? plane[py * cols.size + px] : S(0);
          }
        }
      }
    }
  }
};
} // namespace

template <class S> void evalConv2d(const EvalContext<S> &ctx) {
  Conv2dOp op(ctx.node);
  const RefTensor<S> &input = ctx.in(0), &weight = ctx.in(1);
  RefTensor<S> &out = ctx.out();
  int64_t groups = op.groups(), channels = input.shape()[1] / groups;
  int64_t outs = out.shape()[1] / groups, pixels = out.shape()[2] * out.shape()[3];
  Window rows = verticalWindow(op), cols = horizontalWindow(op);
  int64_t k = channels * rows.kernel * cols.kernel, imageSize = channels * rows.size * cols.size;
  std::vector<S> strip(size_t(k * stripWidth), S(0));
  for (int64_t n = 0; n < input.shape()[0]; ++n) {
    for (int64_t g = 0; g < groups; ++g) {
      PatchReader<S> patches(input.reals.data() + (n * groups + g) * imageSize, rows, cols,
                             channels);
      const S *w = weight.reals.data() + g * outs * k;
      S *to = out.reals.data() + (n * groups + g) * outs * pixels;
      for (int64_t p = 0; p < pixels; p += stripWidth) {
        int64_t columns = std::min(stripWidth, pixels - p);
        patches.fill(p, columns, strip.data());
        multiplyStrip(w, k, strip.data(), outs, k, to + p, pixels, columns);
      }
    }
  }
  applyFusedTail(ctx, op.act(), op.act_params(), pixels);
}

static Window transposedWindow(const ConvTranspose2dOp &op, unsigned axis, int64_t outSize) {
  return {outSize,
          op.weight()->dim(2 + axis),
          op.stride()[axis],
          op.dilation()[axis],
          op.padding()[axis],
          0};
}

LogicalResult inferConvTranspose2d(InferContext &ctx) {
  ConvTranspose2dOp op(ctx.node);
  const Value *input = op.input(), *weight = op.weight();
  bool ok = expectRank(ctx, input, "input", 4, "[N, C, H, W]");
  ok &= expectRank(ctx, weight, "weight", 4, "[C, O / groups, KH, KW]");
  ok &= expectFloat(ctx, input, "input");
  ok &= expectSameDType(ctx, weight, "weight", input, "input");
  ok &= expectSameDType(ctx, op.bias(), "bias", input, "input");
  ok &= expectInts(ctx, "stride", op.stride(), 2, 1);
  ok &= expectInts(ctx, "padding", op.padding(), 2, 0);
  ok &= expectInts(ctx, "output_padding", op.output_padding(), 2, 0);
  ok &= expectInts(ctx, "dilation", op.dilation(), 2, 1);
  if (!ok || !checkKernel(ctx, weight))
    return failure();

  int64_t groups = op.groups(), channels = input->dim(1);
  ok = checkGroups(ctx, groups, channels, "input");
  if (weight->dim(0) != channels) {
    ctx.error("`weight` " + weight->shape().str() + " expects " + std::to_string(weight->dim(0)) +
              " input channels, `input` " + input->shape().str() + " has " +
              std::to_string(channels));
    ok = false;
  }
  if (!ok)
    return failure();
  if (groups > maxWindowValue || weight->dim(1) > maxWindowValue)
    return ctx.error("too many output channels: `groups` " + std::to_string(groups) +
                     ", `weight` " + weight->shape().str());
  int64_t outs = weight->dim(1) * groups;
  ok = expectShape(ctx, op.bias(), "bias", {outs});
  Shape shape{input->dim(0), outs, 0, 0};
  for (unsigned axis = 0; axis < 2; ++axis) {
    int64_t size = input->dim(2 + axis), extra = op.output_padding()[axis];
    if (extra >= op.stride()[axis] && extra >= op.dilation()[axis]) {
      ctx.error("`output_padding` must be smaller than stride or dilation; found " +
                std::to_string(extra) + " " + alongAxis(axis));
      ok = false;
      continue;
    }
    Window w = transposedWindow(op, axis, 0);
    int64_t covered = 0;
    if (size < 1 || __builtin_mul_overflow(size - 1, w.stride, &covered) ||
        __builtin_add_overflow(covered, w.extent() + extra - 2 * w.before, &covered) ||
        covered < 0) {
      ctx.error("the result would have a negative size or be too large " +
                std::string(alongAxis(axis)) + ": `input` " + input->shape().str() +
                ", kernel of " + std::to_string(w.extent()) + ", stride " +
                std::to_string(w.stride) + ", padding " + std::to_string(w.before));
      ok = false;
      continue;
    }
    shape[2 + axis] = covered;
  }
  return ok ? finish(ctx, input->dtype(), std::move(shape)) : failure();
}

template <class S> void evalConvTranspose2d(const EvalContext<S> &ctx) {
  ConvTranspose2dOp op(ctx.node);
  const RefTensor<S> &input = ctx.in(0), &weight = ctx.in(1);
  const RefTensor<S> *bias = ctx.optional(2);
  RefTensor<S> &out = ctx.out();
  int64_t groups = op.groups(), channels = input.shape()[1] / groups;
  int64_t outs = weight.shape()[1], height = out.shape()[2], width = out.shape()[3];
  int64_t pixels = input.shape()[2] * input.shape()[3], inWidth = input.shape()[3];
  Window rows = transposedWindow(op, 0, height), cols = transposedWindow(op, 1, width);
  int64_t taps = outs * rows.kernel * cols.kernel;
  // One column of products for each input pixel; they are then added where the kernel lies.
  std::vector<S> transposed(size_t(taps * channels)), strip(size_t(channels * stripWidth), S(0));
  std::vector<S> products(size_t(taps * stripWidth));
  for (int64_t n = 0; n < input.shape()[0]; ++n) {
    for (int64_t g = 0; g < groups; ++g) {
      const S *image = input.reals.data() + (n * groups + g) * channels * pixels;
      const S *w = weight.reals.data() + g * channels * taps;
      S *to = out.reals.data() + (n * groups + g) * outs * height * width;
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t t = 0; t < taps; ++t)
          transposed[size_t(t * channels + c)] = w[c * taps + t];
      }
      for (int64_t o = 0; o < outs; ++o)
        std::fill_n(to + o * height * width, height * width,
                    bias ? bias->reals[size_t(g * outs + o)] : S(0));
      for (int64_t p = 0; p < pixels; p += stripWidth) {
        int64_t columns = std::min(stripWidth, pixels - p);
        for (int64_t c = 0; c < channels; ++c)
          std::copy_n(image + c * pixels + p, columns, strip.data() + c * stripWidth);
        std::fill(products.begin(), products.end(), S(0));
        multiplyStrip(transposed.data(), channels, strip.data(), taps, channels, products.data(),
                      stripWidth, columns);
        const S *from = products.data();
        for (int64_t o = 0; o < outs; ++o) {
          for (int64_t ky = 0; ky < rows.kernel; ++ky) {
            for (int64_t kx = 0; kx < cols.kernel; ++kx, from += stripWidth) {
              for (int64_t j = 0; j < columns; ++j) {
                int64_t y = rows.at((p + j) / inWidth, ky), x = cols.at((p + j) % inWidth, kx);
                if (rows.inside(y) && cols.inside(x))
                  to[(o * height + y) * width + x] += from[j];
              }
            }
          }
        }
      }
    }
  }
}

WNNX_INSTANTIATE_EVAL(Conv2d);
WNNX_INSTANTIATE_EVAL(ConvTranspose2d);

} // namespace wnnx
