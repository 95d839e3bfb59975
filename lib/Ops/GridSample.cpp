// SPDX-License-Identifier: Apache-2.0
//
// grid_sample: input at positions that are data. Positions that are no numbers count as far
// outside.
#include "Cubic.h"
#include "EvalHelpers.h"
#include "InferHelpers.h"

namespace wnnx {

LogicalResult inferGridSample(InferContext &ctx) {
  GridSampleOp op(ctx.node);
  const Value *input = op.input(), *grid = op.grid();
  bool ok = expectRank(ctx, input, "input", 4, "[N, C, H, W]");
  ok &= expectRank(ctx, grid, "grid", 4, "[N, OH, OW, 2]");
  ok &= expectFloat(ctx, input, "input");
  ok &= expectSameDType(ctx, grid, "grid", input, "input");
  auto oneOf = [&](const char *name, const std::string &value,
                   const std::vector<std::string_view> &known) {
    if (llvm::is_contained(known, std::string_view(value)))
      return;
    std::string list;
    for (std::string_view k : known)
      list += (list.empty() ? "`" : ", `") + std::string(k) + "`";
    ctx.error("`" + std::string(name) + "` is one of " + list + "; found `" + value + "`" +
              didYouMean(value, known));
    ok = false;
  };
  oneOf("mode", op.mode(), {"bilinear", "nearest", "bicubic"});
  oneOf("padding_mode", op.padding_mode(), {"zeros", "border", "reflection"});
  if (!ok)
    return failure();
  if (grid->dim(3) != 2) {
    ctx.error("`grid` must have 2 coordinates in its last dimension; found " + grid->shape().str());
    ok = false;
  }
  if (grid->dim(0) != input->dim(0)) {
    ctx.error("`input` " + input->shape().str() + " and `grid` " + grid->shape().str() +
              " differ in the batch dimension");
    ok = false;
  }
  if (input->dim(2) == 0 || input->dim(3) == 0) {
    ctx.error("`input` " + input->shape().str() + " has no pixels");
    ok = false;
  }
  if (!ok)
    return failure();
  return finish(ctx, input->dtype(), {input->dim(0), input->dim(1), grid->dim(1), grid->dim(2)});
}

namespace {
enum class Padding { Zeros, Border, Reflection };

/// Coordinates along one dimension, in pixels.
template <class S> struct Line {
  int64_t size;
  Padding padding;
  bool alignCorners;

  S unnormalize(S x) const {
    const S one = S(1), half = scalar::real<S>(0.5), n = scalar::real<S>(double(size));
    return alignCorners ? (x + one) * half * (n - one) : ((x + one) * n - one) * half;
  }
  /// Into the image, as the padding mode has it; zeros padding leaves what lies outside.
  S place(S x) const {
    if (padding == Padding::Reflection)
      x = alignCorners ? reflect(x, 0, 2 * (size - 1)) : reflect(x, -1, 2 * size - 1);
    if (padding != Padding::Zeros)
      x = scalar::min(scalar::max(x, S(0)), scalar::real<S>(double(size - 1)));
    // Beyond this a coordinate is no pixel of any image, and must stay convertible to an integer.
    const S limit = scalar::real<S>(1e15);
    return x > -limit && x < limit ? x : scalar::real<S>(-100);
  }
  bool inside(int64_t i) const { return i >= 0 && i < size; }

private:
  /// Mirrors x into [low / 2, high / 2].
  static S reflect(S x, int64_t low, int64_t high) {
    if (low == high)
      return S(0);
    const S least = scalar::real<S>(double(low) / 2),
            span = scalar::real<S>(double(high - low) / 2);
    S away = scalar::abs(x - least), extra = scalar::fmod(away, span);
    S flips = scalar::floor(scalar::div(away, span));
    bool even = scalar::fmod(flips, scalar::real<S>(2)) == S(0);
    return even ? extra + least : span - extra + least;
  }
};

template <class S> class Sampler {
  const S *image = nullptr;
  Line<S> rows, cols;

  S pixel(int64_t y, int64_t x) const {
    return rows.inside(y) && cols.inside(x) ? image[y * cols.size + x] : S(0);
  }

public:
  Sampler(Line<S> r, Line<S> c) : rows(r), cols(c) {}
  void setImage(const S *plane) { image = plane; }

  S nearest(S y, S x) const {
    return pixel(scalar::toInt(scalar::round(rows.place(rows.unnormalize(y)))),
                 scalar::toInt(scalar::round(cols.place(cols.unnormalize(x)))));
  }
  S bilinear(S y, S x) const {
    y = rows.place(rows.unnormalize(y));
    x = cols.place(cols.unnormalize(x));
    S top = scalar::floor(y), left = scalar::floor(x), dy = y - top, dx = x - left;
    int64_t iy = scalar::toInt(top), ix = scalar::toInt(left);
    const S one = S(1);
    return pixel(iy, ix) * (one - dy) * (one - dx) + pixel(iy, ix + 1) * (one - dy) * dx +
           pixel(iy + 1, ix) * dy * (one - dx) + pixel(iy + 1, ix + 1) * dy * dx;
  }
  /// Here the padding mode applies to each of the 16 pixels, not to the position.
  S bicubic(S y, S x) const {
    y = inRange(rows.unnormalize(y));
    x = inRange(cols.unnormalize(x));
    S top = scalar::floor(y), left = scalar::floor(x), wy[4], wx[4], sum = S(0);
    cubicWeights(y - top, wy);
    cubicWeights(x - left, wx);
    for (int i = 0; i < 4; ++i) {
      S line = S(0);
      for (int j = 0; j < 4; ++j)
        line += wx[j] * pixel(scalar::toInt(rows.place(top + scalar::real<S>(i - 1))),
                              scalar::toInt(cols.place(left + scalar::real<S>(j - 1))));
      sum += wy[i] * line;
    }
    return sum;
  }

private:
  static S inRange(S x) {
    const S limit = scalar::real<S>(1e15);
    return x > -limit && x < limit ? x : scalar::real<S>(-100);
  }
};
} // namespace

template <class S> void evalGridSample(const EvalContext<S> &ctx) {
  GridSampleOp op(ctx.node);
  const RefTensor<S> &input = ctx.in(0), &grid = ctx.in(1);
  const Shape &in = input.shape(), &out = ctx.out().shape();
  Padding padding = op.padding_mode() == "zeros"    ? Padding::Zeros
                    : op.padding_mode() == "border" ? Padding::Border
                                                    : Padding::Reflection;
  Sampler<S> sampler(Line<S>{in[2], padding, op.align_corners()},
                     Line<S>{in[3], padding, op.align_corners()});
  int64_t pixels = out[2] * out[3];
  S *to = ctx.out().reals.data();
  for (int64_t n = 0; n < in[0]; ++n) {
    for (int64_t c = 0; c < in[1]; ++c) {
      sampler.setImage(input.reals.data() + (n * in[1] + c) * in[2] * in[3]);
      for (int64_t p = 0; p < pixels; ++p) {
        S x = grid.reals[size_t(2 * (n * pixels + p))];
        S y = grid.reals[size_t(2 * (n * pixels + p) + 1)];
        *to++ = op.mode() == "bilinear"  ? sampler.bilinear(y, x)
                : op.mode() == "nearest" ? sampler.nearest(y, x)
                                         : sampler.bicubic(y, x);
      }
    }
  }
}

WNNX_INSTANTIATE_EVAL(GridSample);

} // namespace wnnx
