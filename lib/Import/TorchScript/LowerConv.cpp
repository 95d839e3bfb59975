// SPDX-License-Identifier: Apache-2.0
//
// Convolutions of one and two dimensions, with and without a batch.
#include "LowerWindow.h"

#include <fmt/format.h>

namespace wnnx::ts {
namespace {

struct ConvArgs {
  Ref input, weight, bias;
  WindowInts stride, padding, dilation, outputPadding;
  int64_t groups = 1;
  bool transposed = false;
};

/// "same" and "valid" as numbers.
bool namedPadding(OpCall &c, ConvArgs &a, unsigned n) {
  std::string mode = c.text("padding");
  if (mode.empty())
    return true;
  a.padding.assign(n, 0);
  if (mode == "valid")
    return true;
  if (mode != "same") {
    c.error("padding `" + mode + "` is not known");
    return false;
  }
  for (int64_t d : a.dilation)
    if (d < 1 || d > 1 << 20) {
      c.error("impossible dilation");
      return false;
    }
  WindowInts before, after;
  for (unsigned i = 0; i < n; ++i) {
    int64_t total = a.dilation[i] * (a.weight->dim(2 + i) - 1);
    before.push_back(total / 2);
    after.push_back(total - total / 2);
  }
  a.padding = before;
  if (before != after)
    a.padding.append(after.begin(), after.end());
  return true;
}

/// One spatial dimension becomes the horizontal of two.
void widen(WindowInts &v, int64_t fill) {
  if (v.size() == 2) // before and after
    v = {fill, v[0], fill, v[1]};
  else
    v = {fill, v[0]};
}

Val convolution(OpCall &c, ConvArgs a) {
  if (c.b.failed)
    return Val::poison();
  if (a.weight->rank() != 3 && a.weight->rank() != 4)
    return c.error(fmt::format("convolutions of {} dimensions are not supported",
                               std::max<int64_t>(a.weight->rank() - 2, 0)));
  unsigned n = unsigned(a.weight->rank() - 2);
  if (!namedPadding(c, a, n))
    return Val::poison();
  if (a.stride.size() != n || a.dilation.size() != n || a.padding.size() % n ||
      (a.transposed && a.outputPadding.size() != n))
    return c.error("stride, padding or dilation have the wrong number of entries");
  Window w(c, a.input, n);
  Ref weight = a.weight;
  if (n == 1 && !c.b.failed) {
    weight = c.b.reshape(weight, {weight->dim(0), weight->dim(1), 1, weight->dim(2)});
    widen(a.stride, 1);
    widen(a.padding, 0);
    widen(a.dilation, 1);
    if (a.transposed)
      widen(a.outputPadding, 0);
  }
  weight = c.b.convert(weight, a.input->dtype());
  Ref bias = a.bias ? c.b.convert(a.bias, a.input->dtype()) : nullptr;
  std::vector<NamedAttr> attrs = {{"stride", llvm::ArrayRef<int64_t>(a.stride)},
                                  {"padding", llvm::ArrayRef<int64_t>(a.padding)},
                                  {"dilation", llvm::ArrayRef<int64_t>(a.dilation)},
                                  {"groups", a.groups}};
  if (a.transposed)
    attrs.push_back({"output_padding", llvm::ArrayRef<int64_t>(a.outputPadding)});
  OpKind kind = a.transposed ? OpKind::ConvTranspose2d : OpKind::Conv2d;
  return c.result(w.restore(c.b.op(kind, {w.input(), weight, bias}, std::move(attrs))));
}

ConvArgs commonArgs(OpCall &c) {
  ConvArgs a;
  a.input = c.in("input");
  a.weight = c.in("weight");
  a.bias = c.optional("bias");
  unsigned n = unsigned(std::max<int64_t>(a.weight->rank() - 2, 1));
  a.stride = c.ints("stride", n);
  if (!c.arg("padding").isStr())
    a.padding = c.ints("padding", n);
  a.dilation = c.ints("dilation", n);
  a.groups = c.integer("groups");
  return a;
}

} // namespace

Val lowerConvForward(OpCall &c) {
  return convolution(c, commonArgs(c));
}

Val lowerConvTranspose(OpCall &c) {
  ConvArgs a = commonArgs(c);
  a.transposed = true;
  a.outputPadding = c.ints("output_padding", unsigned(std::max<int64_t>(a.weight->rank() - 2, 1)));
  return convolution(c, a);
}

Val lowerConvolution(OpCall &c) {
  return c.flag("transposed") ? lowerConvTranspose(c) : lowerConvForward(c);
}

} // namespace wnnx::ts
