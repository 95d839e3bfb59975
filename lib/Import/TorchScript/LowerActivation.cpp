// SPDX-License-Identifier: Apache-2.0
//
// Activations with parameters.
#include "LowerElementwise.h"

namespace wnnx::ts {

Val lowerLeakyRelu(OpCall &c) {
  return c.result(
      c.b.op(OpKind::LeakyRelu, {c.in(0u)}, {{"negative_slope", c.number("negative_slope")}}));
}

static Ref elu(OpCall &c, double alpha, double scale, double inputScale) {
  return c.b.op(OpKind::Elu, {c.in(0u)},
                {{"alpha", alpha}, {"scale", scale}, {"input_scale", inputScale}});
}

Val lowerElu(OpCall &c) {
  return c.result(elu(c, c.number("alpha"), c.number("scale"), c.number("input_scale")));
}
Val lowerSelu(OpCall &c) {
  return c.result(elu(c, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1));
}
Val lowerCelu(OpCall &c) {
  double alpha = c.number("alpha");
  return alpha == 0 ? c.error("alpha is 0") : c.result(elu(c, alpha, 1, 1 / alpha));
}

Val lowerGelu(OpCall &c) {
  std::string approximate = c.text("approximate");
  return c.result(c.b.op(OpKind::Gelu, {c.in(0u)},
                         {{"approximate", approximate.empty() ? "none" : approximate}}));
}

Val lowerSoftplus(OpCall &c) {
  return c.result(c.b.op(OpKind::Softplus, {c.in(0u)},
                         {{"beta", c.number("beta")}, {"threshold", c.number("threshold")}}));
}

Val lowerPrelu(OpCall &c) {
  Ref weight = c.in("weight");
  return c.result(c.b.op(OpKind::Prelu, {c.in(0u), c.b.reshape(weight, {weight->type.numel()})}));
}

static Ref clamp(OpCall &c, Ref x, std::optional<double> min, std::optional<double> max) {
  return c.b.op(
      OpKind::Clamp, {x},
      {{"min", min ? Attribute(*min) : Attribute()}, {"max", max ? Attribute(*max) : Attribute()}});
}

Val lowerRelu6(OpCall &c) {
  return c.result(clamp(c, c.in(0u), 0.0, 6.0));
}
Val lowerHardtanh(OpCall &c) {
  return c.result(clamp(c, c.in(0u), c.number("min_val"), c.number("max_val")));
}

Val lowerClamp(OpCall &c) {
  Val min = c.arg("min"), max = c.arg("max");
  if (min.isTensor() || max.isTensor()) {
    std::vector<Val> all{c.arg(0u)};
    if (!min.isNone())
      all.push_back(min);
    if (!max.isNone())
      all.push_back(max);
    DType t = c.resultType(all);
    Ref r = c.operand(c.arg(0u), t);
    if (!min.isNone())
      r = c.b.op(OpKind::Maximum, {r, c.operand(min, t)});
    if (!max.isNone())
      r = c.b.op(OpKind::Minimum, {r, c.operand(max, t)});
    return c.result(r);
  }
  std::vector<Val> all{c.arg(0u)};
  std::optional<double> low, high;
  if (!min.isNone())
    low = min.number(), all.push_back(min);
  if (!max.isNone())
    high = max.number(), all.push_back(max);
  return c.result(clamp(c, c.b.convert(c.in(0u), c.resultType(all)), low, high));
}

Val lowerLogSigmoid(OpCall &c) {
  Ref minus = c.b.op(OpKind::Neg, {c.in(0u)});
  return c.result(c.b.op(OpKind::Neg, {c.b.op(OpKind::Softplus, {minus})}));
}

Val lowerThreshold(OpCall &c) {
  Ref x = c.in(0u);
  Ref over = c.b.op(OpKind::Gt, {x, c.operand(c.arg("threshold"), x->dtype())});
  return c.result(c.b.op(OpKind::Where, {over, x, c.operand(c.arg("value"), x->dtype())}));
}

Val lowerHardshrink(OpCall &c) {
  Ref x = c.in(0u), limit = c.operand(c.arg("lambd"), x->dtype());
  Ref zero = c.b.op(OpKind::Le, {c.b.op(OpKind::Abs, {x}), limit});
  return c.result(c.b.op(OpKind::Where, {zero, c.scalar(x->dtype(), 0), x}));
}

Val lowerSoftshrink(OpCall &c) {
  // x minus its part inside of [-lambd, lambd].
  Ref x = c.in(0u);
  double lambda = c.number("lambd");
  return c.result(c.b.op(OpKind::Sub, {x, clamp(c, x, -lambda, lambda)}));
}

Val lowerRrelu(OpCall &c) {
  if (c.flag("training"))
    return c.error("random slopes: the model was saved in training mode",
                   "call model.eval() before tracing or scripting");
  return c.result(c.b.op(OpKind::LeakyRelu, {c.in(0u)},
                         {{"negative_slope", (c.number("lower") + c.number("upper")) / 2}}));
}

Val lowerGlu(OpCall &c) {
  Ref x = c.in(0u);
  int64_t dim = c.dim(c.integer("dim"), x->rank());
  if (c.b.failed || x->rank() == 0 || x->dim(dim) % 2)
    return c.error("the dimension must be even");
  int64_t half = x->dim(dim) / 2;
  std::vector<Ref> parts =
      c.b.emit(OpKind::Split, {x}, {{"sizes", std::vector<int64_t>{half, half}}, {"dim", dim}});
  if (c.b.failed)
    return Val::poison();
  return c.result(c.b.op(OpKind::Mul, {parts[0], c.b.op(OpKind::Sigmoid, {parts[1]})}));
}

} // namespace wnnx::ts
