// SPDX-License-Identifier: Apache-2.0
//
// Normalisation layers.
#include "OpCall.h"

namespace wnnx::ts {
namespace {

/// A parameter in the dtype of the input; null stays null.
Ref parameter(OpCall &c, llvm::StringRef name, DType t) {
  Ref r = c.optional(name);
  return r ? c.b.convert(r, t) : nullptr;
}

/// `r` seen along dimension 1 of a tensor of `rank` dimensions.
Ref perChannel(OpCall &c, Ref r, int64_t rank) {
  llvm::SmallVector<int64_t, 6> shape(size_t(rank), 1);
  shape[1] = r->type.numel();
  return c.b.reshape(r, shape);
}

/// Normalises by the batch's own statistics, as a layer without running statistics does.
Ref byBatchStatistics(OpCall &c, Ref x, Ref weight, Ref bias, double eps) {
  std::vector<int64_t> dims{0};
  for (int64_t i = 2; i < x->rank(); ++i)
    dims.push_back(i);
  Ref mean = c.b.op(OpKind::Mean, {x}, {{"dim", dims}, {"keepdim", true}});
  Ref var = c.b.op(OpKind::Var, {x}, {{"dim", dims}, {"keepdim", true}, {"correction", 0.0}});
  Ref scale = c.b.op(OpKind::Rsqrt, {c.b.op(OpKind::Add, {var, c.scalar(x->dtype(), eps)})});
  Ref r = c.b.op(OpKind::Mul, {c.b.op(OpKind::Sub, {x, mean}), scale});
  if (weight)
    r = c.b.op(OpKind::Mul, {r, perChannel(c, weight, x->rank())});
  return bias ? c.b.op(OpKind::Add, {r, perChannel(c, bias, x->rank())}) : r;
}

} // namespace

Val lowerBatchNorm(OpCall &c) {
  Ref x = c.in("input");
  DType t = x->dtype();
  Ref weight = parameter(c, "weight", t), bias = parameter(c, "bias", t);
  Ref mean = parameter(c, "running_mean", t), var = parameter(c, "running_var", t);
  if (c.b.failed)
    return Val::poison();
  if (x->rank() < 2)
    return c.error("the input has fewer than two dimensions");
  if (c.flag("training") && mean)
    return c.error(
        "the model was saved in training mode: this layer would use the statistics of "
        "each batch, and change its own",
        "call model.eval() before torch.jit.trace or torch.jit.script, and save it again");
  if (!mean || !var)
    return c.result(byBatchStatistics(c, x, weight, bias, c.number("eps")));
  return c.result(
      c.b.op(OpKind::BatchNorm, {x, mean, var, weight, bias}, {{"eps", c.number("eps")}}));
}

Val lowerInstanceNorm(OpCall &c) {
  Ref x = c.in("input");
  DType t = x->dtype();
  Ref weight = parameter(c, "weight", t), bias = parameter(c, "bias", t);
  if (c.flag("use_input_stats"))
    return c.result(c.b.op(OpKind::InstanceNorm, {x, weight, bias}, {{"eps", c.number("eps")}}));
  Ref mean = parameter(c, "running_mean", t), var = parameter(c, "running_var", t);
  if (!mean || !var)
    return c.error("neither statistics of the input nor running statistics");
  return c.result(
      c.b.op(OpKind::BatchNorm, {x, mean, var, weight, bias}, {{"eps", c.number("eps")}}));
}

Val lowerLayerNorm(OpCall &c) {
  Ref x = c.in("input");
  return c.result(c.b.op(OpKind::LayerNorm,
                         {x, parameter(c, "weight", x->dtype()), parameter(c, "bias", x->dtype())},
                         {{"normalized_shape", llvm::ArrayRef<int64_t>(c.ints("normalized_shape"))},
                          {"eps", c.number("eps")}}));
}

Val lowerGroupNorm(OpCall &c) {
  Ref x = c.in("input");
  return c.result(c.b.op(OpKind::GroupNorm,
                         {x, parameter(c, "weight", x->dtype()), parameter(c, "bias", x->dtype())},
                         {{"num_groups", c.integer("num_groups")}, {"eps", c.number("eps")}}));
}

Val lowerRmsNorm(OpCall &c) {
  Ref x = c.in("input");
  Attribute eps = c.given("eps") ? Attribute(c.number("eps")) : Attribute();
  return c.result(c.b.op(
      OpKind::RmsNorm, {x, parameter(c, "weight", x->dtype())},
      {{"normalized_shape", llvm::ArrayRef<int64_t>(c.ints("normalized_shape"))}, {"eps", eps}}));
}

Val lowerCosineSimilarity(OpCall &c) {
  // sum(x * y) / (max(|x|, eps) * max(|y|, eps))
  DType t = c.resultType({c.arg(0u), c.arg(1u)});
  Ref x = c.operand(c.arg(0u), t), y = c.operand(c.arg(1u), t);
  int64_t dim = c.dim(c.integer("dim"), std::max(x->rank(), y->rank()));
  auto sum = [&](Ref r, bool keep) {
    return c.b.op(OpKind::Sum, {r}, {{"dim", std::vector<int64_t>{dim}}, {"keepdim", keep}});
  };
  auto unit = [&](Ref r) {
    Ref norm = c.b.op(OpKind::Sqrt, {sum(c.b.op(OpKind::Mul, {r, r}), true)});
    norm = c.b.op(OpKind::Clamp, {norm}, {{"min", c.number("eps")}});
    return c.b.op(OpKind::Div, {r, norm});
  };
  return c.result(sum(c.b.op(OpKind::Mul, {unit(x), unit(y)}), false));
}

} // namespace wnnx::ts
