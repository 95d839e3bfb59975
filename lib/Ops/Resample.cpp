// SPDX-License-Identifier: Apache-2.0
//
// upsample_nearest2d, upsample_bilinear2d and upsample_bicubic2d. Where source pixels lie is known
// from sizes and attributes alone; like PyTorch we compute it in f32 (f64 for f64 tensors), because
// the rounding decides which pixel is nearest.
#include "Cubic.h"
#include "EvalHelpers.h"
#include "InferHelpers.h"

#include <algorithm>
#include <cmath>

namespace wnnx {

static LogicalResult inferUpsample(InferContext &ctx, const std::vector<int64_t> &size,
                                   const std::vector<double> &scales) {
  const Value *input = ctx.node.operand(0);
  bool ok = expectRank(ctx, input, "input", 4, "[N, C, H, W]");
  ok &= expectFloat(ctx, input, "input");
  ok &= expectInts(ctx, "output_size", size, 2, 1);
  bool positive = llvm::all_of(scales, [](double s) { return s > 0 && std::isfinite(s); });
  if ((!scales.empty() && scales.size() != 2) || !positive) {
    ctx.error("`scales` must be empty or two positive factors; found " + Attribute(scales).str());
    ok = false;
  }
  if (!ok)
    return failure();
  if (llvm::any_of(input->shape().ref().drop_front(), [](int64_t d) { return d == 0; }))
    return ctx.error("`input` " + input->shape().str() +
                     " may be empty in the batch dimension only");
  return finish(ctx, input->dtype(), {input->dim(0), input->dim(1), size[0], size[1]});
}

LogicalResult inferUpsampleNearest2d(InferContext &ctx) {
  UpsampleNearest2dOp op(ctx.node);
  return inferUpsample(ctx, op.output_size(), op.scales());
}
LogicalResult inferUpsampleBilinear2d(InferContext &ctx) {
  UpsampleBilinear2dOp op(ctx.node);
  return inferUpsample(ctx, op.output_size(), op.scales());
}
LogicalResult inferUpsampleBicubic2d(InferContext &ctx) {
  UpsampleBicubic2dOp op(ctx.node);
  return inferUpsample(ctx, op.output_size(), op.scales());
}

namespace {
enum class Filter { Nearest, Linear, Cubic };

/// The source elements of one output position along one dimension, and their weights.
struct Taps {
  unsigned count = 0;
  int64_t index[4] = {};
  double weight[4] = {};
};

struct Axis {
  int64_t in, out;
  double scale; // 0: from the sizes
  Filter filter;
  bool alignCorners;

  /// R is the type in which PyTorch computes coordinates.
  template <class R> R ratio() const {
    if (alignCorners)
      return out > 1 ? R(in - 1) / R(out - 1) : R(0);
    return scale > 0 ? R(1.0 / scale) : R(in) / R(out);
  }
  template <class R> Taps at(int64_t position, R ratio) const {
    Taps t;
    // PyTorch takes equal sizes, and for the nearest pixel doubled ones, for copies, whatever the
    // scales say.
    if (filter != Filter::Cubic && (out == in || (filter == Filter::Nearest && out == 2 * in))) {
      t.count = 1;
      t.index[0] = out == in ? position : position / 2;
      t.weight[0] = 1;
      return t;
    }
    auto clamped = [&](int64_t i) { return std::clamp<int64_t>(i, 0, in - 1); };
    if (filter == Filter::Nearest) {
      t.count = 1;
      t.index[0] = clamped(toIndex(std::floor(R(position) * ratio)));
      t.weight[0] = 1;
      return t;
    }
    // With one rounding, as in PyTorch's builds for CPUs with fused multiply-add.
    R source = alignCorners ? ratio * R(position) : std::fma(ratio, R(position) + R(0.5), R(-0.5));
    if (filter == Filter::Linear) {
      source = std::max(source, R(0));
      int64_t low = clamped(toIndex(std::floor(source)));
      R fraction = std::clamp(source - R(low), R(0), R(1));
      t.count = 2;
      t.index[0] = low;
      t.index[1] = clamped(low + 1);
      t.weight[0] = double(R(1) - fraction);
      t.weight[1] = double(fraction);
      return t;
    }
    int64_t middle = toIndex(std::floor(source));
    double fraction = std::clamp(double(source - R(middle)), 0.0, 1.0);
    t.count = 4;
    for (int i = 0; i < 4; ++i)
      t.index[i] = clamped(middle - 1 + i);
    cubicWeights(fraction, t.weight);
    return t;
  }
  std::vector<Taps> taps(DType dtype) const {
    std::vector<Taps> all;
    all.reserve(size_t(out));
    for (int64_t i = 0; i < out; ++i)
      all.push_back(dtype == DType::F64 ? at<double>(i, ratio<double>())
                                        : at<float>(i, ratio<float>()));
    return all;
  }

private:
  /// A coordinate as an integer, also for the absurd ones that tiny scales give.
  static int64_t toIndex(double x) { return int64_t(std::clamp(x, -1e15, 1e15)); }
};
} // namespace

template <class S>
static void resample(const EvalContext<S> &ctx, Filter filter, bool alignCorners,
                     const std::vector<double> &scales) {
  const RefTensor<S> &input = ctx.in(0);
  const Shape &in = input.shape(), &out = ctx.out().shape();
  auto taps = [&](unsigned axis) {
    double scale = scales.empty() ? 0 : scales[axis];
    return Axis{in[2 + axis], out[2 + axis], scale, filter, alignCorners}.taps(input.type.dtype);
  };
  std::vector<Taps> rows = taps(0), cols = taps(1);
  S *to = ctx.out().reals.data();
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    const S *from = input.reals.data() + plane * in[2] * in[3];
    for (const Taps &row : rows) {
      for (const Taps &col : cols) {
        if (filter == Filter::Nearest) {
          *to++ = from[row.index[0] * in[3] + col.index[0]];
          continue;
        }
        S sum = S(0);
        for (unsigned y = 0; y < row.count; ++y) {
          S line = S(0);
          for (unsigned x = 0; x < col.count; ++x)
            line += scalar::real<S>(col.weight[x]) * from[row.index[y] * in[3] + col.index[x]];
          sum += scalar::real<S>(row.weight[y]) * line;
        }
        *to++ = sum;
      }
    }
  }
}

template <class S> void evalUpsampleNearest2d(const EvalContext<S> &ctx) {
  resample(ctx, Filter::Nearest, false, UpsampleNearest2dOp(ctx.node).scales());
}
template <class S> void evalUpsampleBilinear2d(const EvalContext<S> &ctx) {
  UpsampleBilinear2dOp op(ctx.node);
  resample(ctx, Filter::Linear, op.align_corners(), op.scales());
}
template <class S> void evalUpsampleBicubic2d(const EvalContext<S> &ctx) {
  UpsampleBicubic2dOp op(ctx.node);
  resample(ctx, Filter::Cubic, op.align_corners(), op.scales());
}

WNNX_INSTANTIATE_EVAL(UpsampleNearest2d);
WNNX_INSTANTIATE_EVAL(UpsampleBilinear2d);
WNNX_INSTANTIATE_EVAL(UpsampleBicubic2d);

} // namespace wnnx
