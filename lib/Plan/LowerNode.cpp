// SPDX-License-Identifier: Apache-2.0
//
// Which lowering serves which op, and the formula that stands in the generated code's comments.
#include "Lowering.h"

namespace wnnx {

// No default: a new op without a lowering is a compiler warning here.
LogicalResult lowerNode(Lowering &l, const Node &n) {
  switch (n.kind()) {
  case OpKind::Constant:
    return success();
  case OpKind::Identity:
  case OpKind::Dropout:
  case OpKind::Contiguous:
    return lowerIdentity(l, n);
  case OpKind::To:
    return lowerTo(l, n);
  case OpKind::Conv2d:
    return lowerConv2d(l, n);
  case OpKind::ConvTranspose2d:
    return lowerConvTranspose2d(l, n);
  case OpKind::Linear:
    return lowerLinear(l, n);
  case OpKind::Matmul:
    return lowerMatmul(l, n);
  case OpKind::ScaledDotProductAttention:
    return lowerSdpa(l, n);
  case OpKind::BatchNorm:
    return lowerBatchNorm(l, n);
  case OpKind::LayerNorm:
  case OpKind::RmsNorm:
    return lowerRowNorm(l, n);
  case OpKind::GroupNorm:
  case OpKind::InstanceNorm:
    return lowerGroupNorm(l, n);
  case OpKind::MaxPool2d:
  case OpKind::AvgPool2d:
    return lowerPool(l, n);
  case OpKind::AdaptiveAvgPool2d:
  case OpKind::AdaptiveMaxPool2d:
    return lowerAdaptivePool(l, n);
  case OpKind::UpsampleNearest2d:
  case OpKind::UpsampleBilinear2d:
  case OpKind::UpsampleBicubic2d:
    return lowerUpsample(l, n);
  case OpKind::GridSample:
    return lowerGridSample(l, n);
  case OpKind::Relu:
  case OpKind::Clamp:
  case OpKind::LeakyRelu:
  case OpKind::Elu:
  case OpKind::Silu:
  case OpKind::Hardswish:
  case OpKind::Hardsigmoid:
  case OpKind::Sigmoid:
  case OpKind::Tanh:
  case OpKind::Gelu:
  case OpKind::Softplus:
  case OpKind::Mish:
    return lowerActivation(l, n);
  case OpKind::Prelu:
    return lowerPrelu(l, n);
  case OpKind::Abs:
  case OpKind::Neg:
  case OpKind::Exp:
  case OpKind::Log:
  case OpKind::Log2:
  case OpKind::Log1p:
  case OpKind::Expm1:
  case OpKind::Sqrt:
  case OpKind::Rsqrt:
  case OpKind::Reciprocal:
  case OpKind::Sin:
  case OpKind::Cos:
  case OpKind::Tan:
  case OpKind::Erf:
  case OpKind::Floor:
  case OpKind::Ceil:
  case OpKind::Round:
  case OpKind::Trunc:
  case OpKind::Sign:
  case OpKind::LogicalNot:
  case OpKind::BitwiseNot:
  case OpKind::IsNan:
    return lowerUnary(l, n);
  case OpKind::Add:
  case OpKind::Sub:
  case OpKind::Mul:
  case OpKind::Div:
  case OpKind::Pow:
  case OpKind::Maximum:
  case OpKind::Minimum:
  case OpKind::Remainder:
  case OpKind::Fmod:
  case OpKind::Atan2:
  case OpKind::Eq:
  case OpKind::Ne:
  case OpKind::Lt:
  case OpKind::Le:
  case OpKind::Gt:
  case OpKind::Ge:
  case OpKind::LogicalAnd:
  case OpKind::LogicalOr:
  case OpKind::LogicalXor:
  case OpKind::BitwiseAnd:
  case OpKind::BitwiseOr:
  case OpKind::BitwiseXor:
    return lowerBinary(l, n);
  case OpKind::Where:
    return lowerWhere(l, n);
  case OpKind::Sum:
  case OpKind::Mean:
  case OpKind::Prod:
  case OpKind::Amax:
  case OpKind::Amin:
  case OpKind::Any:
  case OpKind::All:
  case OpKind::Var:
  case OpKind::Argmax:
  case OpKind::Argmin:
    return lowerReduce(l, n);
  case OpKind::Cumsum:
    return lowerCumsum(l, n);
  case OpKind::Softmax:
  case OpKind::LogSoftmax:
    return lowerSoftmax(l, n);
  case OpKind::Topk:
  case OpKind::Sort:
    return lowerSort(l, n);
  case OpKind::Reshape:
    return lowerReshape(l, n);
  case OpKind::Permute:
    return lowerPermute(l, n);
  case OpKind::Expand:
    return lowerExpand(l, n);
  case OpKind::Slice:
  case OpKind::Select:
  case OpKind::Split:
    return lowerSlices(l, n);
  case OpKind::Cat:
    return lowerCat(l, n);
  case OpKind::Pad:
    return lowerPad(l, n);
  case OpKind::Flip:
    return lowerFlip(l, n);
  case OpKind::Roll:
    return lowerRoll(l, n);
  case OpKind::Repeat:
    return lowerRepeat(l, n);
  case OpKind::Tril:
  case OpKind::Triu:
    return lowerTri(l, n);
  case OpKind::Embedding:
    return lowerEmbedding(l, n);
  case OpKind::IndexSelect:
    return lowerIndexSelect(l, n);
  case OpKind::Gather:
    return lowerGather(l, n);
  case OpKind::Index:
    return lowerIndex(l, n);
  case OpKind::SliceScatter:
  case OpKind::SelectScatter:
    return lowerSliceScatter(l, n);
  case OpKind::Scatter:
    return lowerScatter(l, n);
  case OpKind::Lstm:
  case OpKind::Gru:
    return lowerRecurrent(l, n);
  }
  return l.unsupported(n, "no kernel for this op");
}

static std::string operandText(const Value *v) {
  const Tensor *c = v->constant();
  if (c && c->numel() == 1 && c->shape().rank() == 0)
    return isFloat(c->dtype()) ? formatFloat(c->getDouble(0)) : std::to_string(c->getInt(0));
  return v->name();
}

std::string formulaOf(const Node &n) {
  std::string call = std::string(opName(n.kind())) + "(";
  std::string post, act;
  bool first = true;
  auto add = [&](std::string text) {
    call += (first ? "" : ", ") + std::move(text);
    first = false;
  };
  int residual = n.info().operandIndex("residual");
  for (unsigned i = 0; i < n.numOperands(); ++i) {
    if (!n.operand(i))
      continue;
    if (int(i) == residual)
      post = " + " + operandText(n.operand(i));
    else
      add(operandText(n.operand(i)));
  }
  for (size_t i = 0; i < n.info().attrs.size(); ++i) {
    const AttrInfo &info = n.info().attrs[i];
    const Attribute &a = n.attr(unsigned(i));
    if (info.name == "act" && a.asStr() != "none") {
      act = a.asStr();
      continue;
    }
    if (info.name == "act_params" || a.isNone() || (!info.required && a == info.defaultValue))
      continue;
    add(std::string(info.name) + "=" + a.str());
  }
  call += ")" + post;
  if (!act.empty()) {
    call = act + "(" + call;
    for (double p : n.attr("act_params").asFloats())
      call += ", " + formatFloat(p);
    call += ")";
  }
  std::string results;
  for (unsigned i = 0; i < n.numResults(); ++i)
    results += (i ? ", " : "") + n.result(i)->name();
  return results + " = " + call;
}

} // namespace wnnx
