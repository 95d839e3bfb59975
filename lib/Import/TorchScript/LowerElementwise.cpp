// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic and selection.
#include "LowerElementwise.h"

#include <cmath>

namespace wnnx::ts {

/// `other * alpha`, of the result's dtype.
static Ref scaled(OpCall &c, const Val &other, DType t) {
  Val alpha = c.arg("alpha");
  if (!alpha.isNumber() || alpha.number() == 1)
    return c.operand(other, t);
  if (other.isNumber() && !other.isFloat() && !alpha.isFloat())
    return c.operand(Val::integer(int64_t(uint64_t(other.i) * uint64_t(alpha.i))), t);
  if (other.isNumber())
    return c.scalar(t, other.number() * alpha.number());
  return c.b.op(OpKind::Mul, {c.operand(other, t), c.operand(alpha, t)});
}

static Ref addOrSub(OpCall &c, OpKind kind, const Val &x, const Val &y) {
  DType t = c.resultType({x, y});
  Ref left = c.operand(x, t);
  Ref right = scaled(c, y, t);
  if (t == DType::Bool && kind == OpKind::Add)
    kind = OpKind::LogicalOr;
  return c.b.op(kind, {left, right});
}

Val lowerAdd(OpCall &c) {
  return c.result(addOrSub(c, OpKind::Add, c.arg(0u), c.arg(1u)));
}
Val lowerSub(OpCall &c) {
  return c.result(addOrSub(c, OpKind::Sub, c.arg(0u), c.arg(1u)));
}

Val lowerRsub(OpCall &c) {
  // other - alpha * self
  DType t = c.resultType({c.arg(0u), c.arg(1u)});
  Ref right = scaled(c, c.arg(0u), t);
  return c.result(c.b.op(OpKind::Sub, {c.operand(c.arg(1u), t), right}));
}

Val lowerDiv(OpCall &c) {
  std::string mode = c.text("rounding_mode");
  const Val &x = c.arg(0u), &y = c.arg(1u);
  DType t = c.resultType({x, y});
  if (mode.empty()) {
    if (!isFloat(t) && c.fileVersion <= 3 && c.name == "div")
      return c.result(c.binary(OpKind::Div, x, y, {{"rounding_mode", "trunc"}}));
    if (!isFloat(t))
      t = DType::F32;
    return c.result(c.b.op(OpKind::Div, {c.operand(x, t), c.operand(y, t)}));
  }
  if (mode != "trunc" && mode != "floor")
    return c.error("rounding mode `" + mode + "` is not known");
  return c.result(c.binary(OpKind::Div, x, y, {{"rounding_mode", mode}}));
}

Val lowerFloorDivide(OpCall &c) {
  return c.result(c.binary(OpKind::Div, c.arg(0u), c.arg(1u), {{"rounding_mode", "floor"}}));
}

Val lowerAtan2(OpCall &c) {
  DType t = c.resultType({c.arg(0u), c.arg(1u)});
  t = isFloat(t) ? t : DType::F32;
  return c.result(c.b.op(OpKind::Atan2, {c.operand(c.arg(0u), t), c.operand(c.arg(1u), t)}));
}

Val lowerSquare(OpCall &c) {
  Ref x = c.in(0u);
  return c.result(c.b.op(OpKind::Mul, {x, x}));
}

Val lowerLog10(OpCall &c) {
  Ref x = floatInput(c, c.in(0u));
  return c.result(
      c.b.op(OpKind::Mul, {c.b.op(OpKind::Log, {x}), c.scalar(x->dtype(), 1 / std::log(10.0))}));
}

static Ref isInfinite(OpCall &c, Ref x) {
  return c.b.op(OpKind::Eq, {c.b.op(OpKind::Abs, {x}), c.scalar(x->dtype(), INFINITY)});
}

Val lowerIsInf(OpCall &c) {
  return c.result(isInfinite(c, floatInput(c, c.in(0u))));
}

Val lowerIsFinite(OpCall &c) {
  // NaN and infinities are what does not lie below infinity.
  Ref x = floatInput(c, c.in(0u));
  return c.result(c.b.op(OpKind::Lt, {c.b.op(OpKind::Abs, {x}), c.scalar(x->dtype(), INFINITY)}));
}

Val lowerNanToNum(OpCall &c) {
  Ref x = c.in(0u);
  if (!isFloat(x->dtype()))
    return c.result(x);
  double largest = x->dtype() == DType::F16    ? 65504.0
                   : x->dtype() == DType::F64  ? 1.7976931348623157e308
                   : x->dtype() == DType::BF16 ? 3.3895313892515355e38
                                               : 3.4028234663852886e38;
  auto number = [&](llvm::StringRef n, double missing) {
    return c.scalar(x->dtype(), c.numberOr(n, missing));
  };
  Ref nan = c.b.op(OpKind::IsNan, {x});
  Ref plus = c.b.op(OpKind::Eq, {x, c.scalar(x->dtype(), INFINITY)});
  Ref minus = c.b.op(OpKind::Eq, {x, c.scalar(x->dtype(), -INFINITY)});
  Ref r = c.b.op(OpKind::Where, {nan, number("nan", 0), x});
  r = c.b.op(OpKind::Where, {plus, number("posinf", largest), r});
  return c.result(c.b.op(OpKind::Where, {minus, number("neginf", -largest), r}));
}

Val lowerWhere(OpCall &c) {
  if (c.schema.args.size() < 3)
    return c.error("the number of results depends on the data",
                   "use torch.where with two values to choose from");
  Ref condition = c.b.convert(c.in("condition"), DType::Bool);
  const Val x = c.arg("self"), y = c.arg("other");
  DType t = c.resultType({x, y});
  return c.result(c.b.op(OpKind::Where, {condition, c.operand(x, t), c.operand(y, t)}));
}

Val lowerMaskedFill(OpCall &c) {
  Ref x = c.in("self"), mask = c.b.convert(c.in("mask"), DType::Bool);
  return c.result(c.b.op(OpKind::Where, {mask, c.operand(c.arg("value"), x->dtype()), x}));
}

static Ref addProduct(OpCall &c, OpKind kind) {
  DType t = c.resultType({c.arg(0u), c.arg(1u), c.arg(2u)});
  if (kind == OpKind::Div && !isFloat(t))
    t = DType::F32;
  Ref product = c.b.op(kind, {c.operand(c.arg(1u), t), c.operand(c.arg(2u), t)});
  if (c.number("value") != 1)
    product = c.b.op(OpKind::Mul, {product, c.operand(c.arg("value"), t)});
  return c.b.op(OpKind::Add, {c.operand(c.arg(0u), t), product});
}

Val lowerAddcmul(OpCall &c) {
  return c.result(addProduct(c, OpKind::Mul));
}
Val lowerAddcdiv(OpCall &c) {
  return c.result(addProduct(c, OpKind::Div));
}

Val lowerLerp(OpCall &c) {
  // self + weight * (end - self)
  DType t = c.resultType({c.arg(0u), c.arg(1u), c.arg(2u)});
  Ref x = c.operand(c.arg(0u), t), end = c.operand(c.arg(1u), t);
  Ref step = c.b.op(OpKind::Mul, {c.operand(c.arg(2u), t), c.b.op(OpKind::Sub, {end, x})});
  return c.result(c.b.op(OpKind::Add, {x, step}));
}

} // namespace wnnx::ts
