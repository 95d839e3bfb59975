// SPDX-License-Identifier: Apache-2.0
//
// Elementwise ops: activations, functions of one operand, arithmetic and comparisons with
// broadcasting, selection, conversion. c16 operands stay in c16.
#include "Lowering.h"

#include "wnnx/Ops/Activation.h"

#include <algorithm>

namespace wnnx {

static wnnrt_act step(wnnrt_unary_op op, double a = 0, double b = 0) {
  return {int32_t(op), float(a), float(b)};
}

std::optional<llvm::SmallVector<wnnrt_act, 3>> activationSteps(const Activation &act) {
  using Steps = llvm::SmallVector<wnnrt_act, 3>;
  const auto &p = act.params;
  switch (act.kind) {
  case OpKind::Identity:
    return Steps{};
  case OpKind::Relu:
    return Steps{step(WNNRT_RELU)};
  case OpKind::Clamp:
    return Steps{step(WNNRT_CLAMP, p[0], p[1])};
  case OpKind::LeakyRelu:
    return Steps{step(WNNRT_LEAKY_RELU, p[0])};
  case OpKind::Elu: {
    double alpha = p[0], scale = p[1], inputScale = p[2];
    if (scale == 1 && inputScale == 1)
      return Steps{step(WNNRT_ELU, alpha)};
    if (float(alpha) == 1.6732632423543772848f && float(scale) == 1.0507009873554804934f &&
        inputScale == 1)
      return Steps{step(WNNRT_SELU)};
    if (!(inputScale > 0))
      return std::nullopt;
    // With u = input_scale * x: scale / input_scale * (u > 0 ? u : alpha * input_scale * expm1(u)).
    Steps s;
    if (inputScale != 1)
      s.push_back(step(WNNRT_AFFINE, inputScale, 0));
    s.push_back(step(WNNRT_ELU, alpha * inputScale));
    if (scale != inputScale)
      s.push_back(step(WNNRT_AFFINE, scale / inputScale, 0));
    return s;
  }
  case OpKind::Silu:
    return Steps{step(WNNRT_SILU)};
  case OpKind::Hardswish:
    return Steps{step(WNNRT_HARDSWISH)};
  case OpKind::Hardsigmoid:
    return Steps{step(WNNRT_HARDSIGMOID)};
  case OpKind::Sigmoid:
    return Steps{step(WNNRT_SIGMOID)};
  case OpKind::Tanh:
    return Steps{step(WNNRT_TANH)};
  case OpKind::Gelu:
    return Steps{step(p[0] != 0 ? WNNRT_GELU_TANH : WNNRT_GELU)};
  case OpKind::Softplus:
    return Steps{step(WNNRT_SOFTPLUS, p[0], p[1])};
  case OpKind::Mish:
    return Steps{step(WNNRT_MISH)};
  default:
    return std::nullopt;
  }
}

static LogicalResult noSteps(Lowering &l, const Node &n, const Activation &act) {
  return l.unsupported(
      n, "activation `" + std::string(opName(act.kind)) + "` with these parameters has no kernel",
      act.kind == OpKind::Elu ? "input_scale must be positive" : "");
}

FailureOr<llvm::SmallVector<wnnrt_act, 3>> fusedSteps(Lowering &l, const Node &n) {
  std::string why;
  auto act = parseActivation(n.attr("act").asStr(), n.attr("act_params").asFloats(), &why);
  if (failed(act))
    return l.unsupported(n, why);
  auto steps = activationSteps(*act);
  if (!steps)
    return noSteps(l, n, *act);
  return *steps;
}

/// One unary kernel on a whole value, in the layout where it lies.
static int unary(Lowering &l, int from, bool c16, const Value *result, wnnrt_unary_op op, double a,
                 double b, DType t, bool sameType) {
  int to = c16 ? l.defineC16(result) : l.definePlain(result);
  wnnrt_unary_params p = {};
  p.op = op;
  p.dtype = runtimeDType(t);
  p.n = l.plan.tensors[size_t(from)].bytes / dtypeBytes(t);
  p.a = a;
  p.b = b;
  l.call(WNNRT_K_unary, p, {from, to},
         sameType ? llvm::ArrayRef<unsigned>(0u) : llvm::ArrayRef<unsigned>());
  return to;
}

/// A dense plain tensor of the value, converted to `t`.
static int converted(Lowering &l, const Value *v, DType t) {
  int from = l.plain(v);
  if (l.dtype(v) == t)
    return from;
  int to = l.temp(v->name() + "." + std::string(dtypeName(t)), {t, v->shape()});
  l.cast(from, l.dtype(v), to, t, v->type().numel());
  return to;
}

LogicalResult lowerActivation(Lowering &l, const Node &n) {
  Activation act = activationOf(n);
  const Value *x = n.operand(0);
  DType t = l.dtype(x);
  bool toFloat = !isFloat(t) && isFloat(l.dtype(n.result()));
  if (toFloat)
    t = l.dtype(n.result());
  else if (!isFloat(t) && act.kind != OpKind::Relu && act.kind != OpKind::Clamp)
    return l.unsupported(n, "`" + std::string(opName(n.kind())) + "` has no kernel for " +
                                std::string(dtypeName(t)));
  auto steps = activationSteps(act);
  if (!steps)
    return noSteps(l, n, act);
  bool c16 = l.inC16(x);
  int from = c16 ? l.c16(x) : toFloat ? converted(l, x, t) : l.plain(x);
  // A fused activation has f32 parameters; a limit of an f64 or i64 tensor needs more.
  wnnrt_act first = (*steps)[0];
  double a = double(first.a), b = double(first.b);
  if (steps->size() == 1 && first.op != WNNRT_SELU && !act.params.empty()) {
    a = act.params[0];
    if (act.kind == OpKind::Clamp || act.kind == OpKind::Softplus)
      b = act.params[1];
  }
  int to = unary(l, from, c16, n.result(), wnnrt_unary_op(first.op), a, b, t, !toFloat);
  for (size_t i = 1; i < steps->size(); ++i)
    l.unaryInPlace(to, (*steps)[i]);
  return success();
}

namespace {
struct UnaryRow {
  OpKind kind;
  wnnrt_unary_op op;
  bool floatsOnly; // integers are converted to the result's dtype first
};
constexpr UnaryRow unaryRows[] = {
    {OpKind::Abs, WNNRT_ABS, false},
    {OpKind::Neg, WNNRT_NEG, false},
    {OpKind::Exp, WNNRT_EXP, true},
    {OpKind::Log, WNNRT_LOG, true},
    {OpKind::Log2, WNNRT_LOG2, true},
    {OpKind::Log1p, WNNRT_LOG1P, true},
    {OpKind::Expm1, WNNRT_EXPM1, true},
    {OpKind::Sqrt, WNNRT_SQRT, true},
    {OpKind::Rsqrt, WNNRT_RSQRT, true},
    {OpKind::Reciprocal, WNNRT_RECIPROCAL, true},
    {OpKind::Sin, WNNRT_SIN, true},
    {OpKind::Cos, WNNRT_COS, true},
    {OpKind::Tan, WNNRT_TAN, true},
    {OpKind::Erf, WNNRT_ERF, true},
    {OpKind::Floor, WNNRT_FLOOR, false},
    {OpKind::Ceil, WNNRT_CEIL, false},
    {OpKind::Round, WNNRT_ROUND, false},
    {OpKind::Trunc, WNNRT_TRUNC, false},
    {OpKind::Sign, WNNRT_SIGN, false},
    {OpKind::LogicalNot, WNNRT_LOGICAL_NOT, false},
    {OpKind::BitwiseNot, WNNRT_BITWISE_NOT, false},
    {OpKind::IsNan, WNNRT_ISNAN, false},
};

struct BinaryRow {
  OpKind kind;
  wnnrt_binary_op op;
};
constexpr BinaryRow binaryRows[] = {
    {OpKind::Add, WNNRT_ADD},
    {OpKind::Sub, WNNRT_SUB},
    {OpKind::Mul, WNNRT_MUL},
    {OpKind::Div, WNNRT_DIV},
    {OpKind::Pow, WNNRT_POW},
    {OpKind::Maximum, WNNRT_MAXIMUM},
    {OpKind::Minimum, WNNRT_MINIMUM},
    {OpKind::Remainder, WNNRT_REMAINDER},
    {OpKind::Fmod, WNNRT_FMOD},
    {OpKind::Atan2, WNNRT_ATAN2},
    {OpKind::Eq, WNNRT_EQ},
    {OpKind::Ne, WNNRT_NE},
    {OpKind::Lt, WNNRT_LT},
    {OpKind::Le, WNNRT_LE},
    {OpKind::Gt, WNNRT_GT},
    {OpKind::Ge, WNNRT_GE},
    {OpKind::LogicalAnd, WNNRT_LOGICAL_AND},
    {OpKind::LogicalOr, WNNRT_LOGICAL_OR},
    {OpKind::LogicalXor, WNNRT_LOGICAL_XOR},
    {OpKind::BitwiseAnd, WNNRT_BITWISE_AND},
    {OpKind::BitwiseOr, WNNRT_BITWISE_OR},
    {OpKind::BitwiseXor, WNNRT_BITWISE_XOR},
};
} // namespace

LogicalResult lowerUnary(Lowering &l, const Node &n) {
  const Value *x = n.operand(0);
  if (n.kind() == OpKind::Sign && x->dtype() == DType::Bool) {
    l.setSame(n.result(), x);
    return success();
  }
  for (const UnaryRow &row : unaryRows)
    if (row.kind == n.kind()) {
      bool c16 = l.inC16(x) && l.dtype(n.result()) == DType::F32;
      DType t = l.dtype(x);
      int from;
      if (row.floatsOnly && !isFloat(t)) {
        t = l.dtype(n.result());
        from = converted(l, x, t);
      } else {
        from = c16 ? l.c16(x) : l.plain(x);
      }
      unary(l, from, c16, n.result(), row.op, 0, 0, t, t == l.dtype(n.result()));
      return success();
    }
  return l.unsupported(n, "no kernel for this op");
}

/// Strides of `v` over the c16 dims of `shape`, from its c16 tensor, or from its plain one where
/// that reads at most padding besides. Nothing when it must be converted first.
static std::optional<View> c16View(Lowering &l, const Value *v, const Shape &shape) {
  Dims dims = c16Dims(shape);
  if (v->shape() == shape) {
    if (!l.channelsLast(v))
      return denseView(l.c16(v), dims);
    View last = l.view(v);
    const Dims &s = last.strides;
    return View{last.tensor, last.offset, dims, {s[0], 16, s[2], s[3], 1}};
  }
  Dims own(4, 1);
  for (int64_t i = 0; i < v->rank(); ++i)
    own[size_t(4 - v->rank() + i)] = v->dim(i);
  if (l.inC16(v)) {
    // The operand's own blocks; dims of size 1 repeat. One channel lies in lane 0.
    Dims mine = c16Dims(v->shape()), s = denseStrides(mine);
    Dims strides{own[0] == 1 ? 0 : s[0], own[1] == 1 ? 0 : s[1], own[2] == 1 ? 0 : s[2],
                 own[3] == 1 ? 0 : s[3], own[1] == 1 ? 0 : 1};
    return View{l.c16(v), 0, dims, strides};
  }
  View plain = l.broadcastView(v, shape);
  int64_t channel = plain.strides[1];
  if (channel != 0 && shape[1] % 16 != 0) {
    // Lanes past the last channel read on; allowed when that stays inside readable memory.
    if (own[2] * own[3] != 1 || channel != 1)
      return std::nullopt;
    if (plain.offset != 0 || l.plan.tensors[size_t(plain.tensor)].type.numel() != v->type().numel())
      return std::nullopt;
    plain.tensor = l.readable(plain.tensor, (v->type().numel() - own[1] + ceil16(own[1])) * 4);
  }
  const Dims &s = plain.strides;
  return View{plain.tensor, plain.offset, dims, {s[0], s[1] * 16, s[2], s[3], s[1]}};
}

/// True when an operand lies in c16 and the whole op can be done there.
static bool worksInC16(Lowering &l, const Node &n) {
  const Value *r = n.result();
  if (r->rank() != 4 || l.dtype(r) != DType::F32)
    return false;
  bool any = false, last = false;
  for (const Value *v : n.operands()) {
    if (l.dtype(v) != DType::F32)
      return false;
    any |= l.inC16(v) && v->shape() == r->shape();
    last |= l.channelsLast(v) && v->shape() == r->shape();
  }
  return any || (last && l.wantsC16(r));
}

/// A product of a c16 value and a factor for each channel, in front of a convolution that can do
/// it.
static bool lowerChannelScale(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *scale = n.operand(1), *y = n.result();
  if (y->rank() != 4)
    return false;
  if (x->shape() != y->shape())
    std::swap(x, scale);
  if (n.kind() != OpKind::Mul || x->shape() != y->shape() || !l.inC16(x) || l.inC16(scale) ||
      l.dtype(scale) != DType::F32 || scale->rank() != 4 || scale->dim(1) != y->dim(1) ||
      scale->dim(2) * scale->dim(3) != 1)
    return false;
  wnnrt_act act = {};
  const Value *result = y;
  if (!takesScaledInput(l, y)) {
    // The convolution may stand behind an activation.
    const Node *next = y->hasOneUse() ? y->uses()[0].user : nullptr;
    if (!next || !next->info().has(Trait::Activation) || !takesScaledInput(l, next->result()))
      return false;
    result = l.foldActivation(n, act);
    if (result == y)
      return false;
  }
  int xt = l.c16(x), st = l.plain(scale);
  l.scaledInputs[result] = {xt,  st,        noTensor, scale->dim(0) == 1 ? 0 : scale->dim(1),
                            act, l.formula, n.loc()};
  return true;
}

LogicalResult lowerBinary(Lowering &l, const Node &n) {
  if (lowerChannelScale(l, n))
    return success();
  const BinaryRow *row = std::find_if(std::begin(binaryRows), std::end(binaryRows),
                                      [&](const BinaryRow &r) { return r.kind == n.kind(); });
  const Value *a = n.operand(0), *b = n.operand(1), *y = n.result();
  wnnrt_binary_params p = {};
  p.op = row->op;
  DType t = l.dtype(a);
  if (n.kind() == OpKind::Div) {
    const std::string &mode = DivOp(n).rounding_mode();
    p.op = mode == "floor" ? WNNRT_DIV_FLOOR : mode == "trunc" ? WNNRT_DIV_TRUNC : WNNRT_DIV;
  }
  if (!isFloat(t) && isFloat(l.dtype(y))) // true division, atan2
    t = l.dtype(y);
  p.dtype = runtimeDType(t);
  std::optional<View> va, vb;
  bool c16 = worksInC16(l, n);
  if (c16) {
    va = c16View(l, a, y->shape());
    vb = c16View(l, b, y->shape());
    c16 = va && vb;
  }
  if (!c16) {
    auto operand = [&](const Value *v) {
      if (l.dtype(v) == t)
        return l.broadcastView(v, y->shape());
      View d = denseView(converted(l, v, t), v->shape().ref());
      View r{d.tensor, 0, Dims(y->shape().begin(), y->shape().end()), Dims(size_t(y->rank()), 0)};
      for (size_t i = 0, skip = r.dims.size() - d.dims.size(); i < d.dims.size(); ++i)
        r.strides[skip + i] = d.dims[i] == 1 ? 0 : d.strides[i];
      return r;
    };
    va = operand(a);
    vb = operand(b);
  }
  const Value *result = l.foldActivation(n, p.act);
  int to = c16 ? l.defineC16(result) : l.definePlain(result);
  // Merge neighbouring dims that both operands walk alike.
  Dims dims, sa, sb;
  for (size_t i = 0; i < va->dims.size(); ++i) {
    int64_t d = va->dims[i];
    if (d == 1)
      continue;
    if (!dims.empty() && sa.back() == va->strides[i] * d && sb.back() == vb->strides[i] * d) {
      dims.back() *= d;
      sa.back() = va->strides[i];
      sb.back() = vb->strides[i];
    } else {
      dims.push_back(d);
      sa.push_back(va->strides[i]);
      sb.push_back(vb->strides[i]);
    }
  }
  if (dims.empty()) {
    dims.push_back(1);
    sa.push_back(0);
    sb.push_back(0);
  }
  p.rank = i32(int64_t(dims.size()));
  setDims(p.dims, dims);
  setDims(p.a_strides, sa);
  setDims(p.b_strides, sb);
  llvm::SmallVector<unsigned, 2> inPlace;
  bool sameBytes = dtypeBytes(t) == dtypeBytes(l.dtype(y)) && l.dtype(y) == t;
  if (sameBytes && isDense(*va) && va->offset == 0)
    inPlace.push_back(0);
  if (sameBytes && isDense(*vb) && vb->offset == 0)
    inPlace.push_back(1);
  l.call(WNNRT_K_binary, p, {va->ref(t), vb->ref(t), to}, inPlace);
  return success();
}

LogicalResult lowerWhere(Lowering &l, const Node &n) {
  WhereOp op(n);
  const Value *y = n.result();
  View c = l.broadcastView(op.condition(), y->shape());
  View a = l.broadcastView(op.input(), y->shape()), b = l.broadcastView(op.other(), y->shape());
  wnnrt_where_params p = {};
  p.element_bytes = i32(dtypeBytes(y->dtype()));
  p.rank = i32(y->rank());
  setDims(p.dims, y->shape().ref());
  setDims(p.cond_strides, c.strides);
  setDims(p.a_strides, a.strides);
  setDims(p.b_strides, b.strides);
  l.call(WNNRT_K_where, p,
         {c.ref(DType::Bool), a.ref(y->dtype()), b.ref(y->dtype()), l.definePlain(y)});
  return success();
}

LogicalResult lowerTo(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  if (x->dtype() == y->dtype()) {
    l.setSame(y, x);
    return success();
  }
  int from = l.plain(x);
  l.cast(from, x->dtype(), l.definePlain(y), y->dtype(), y->type().numel());
  return success();
}

LogicalResult lowerPrelu(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  PreluOp op(n);
  const Value *x = op.input(), *y = n.result();
  bool c16 = l.inC16(x);
  wnnrt_channel_params p = {};
  p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
  p.weights = i32(op.weight()->type().numel());
  if (x->rank() >= 2) {
    p.n = i32(x->dim(0));
    p.c = i32(x->dim(1));
    p.hw = i32(x->shape().product(2, x->rank()));
  } else {
    p.n = 1, p.c = 1, p.hw = i32(x->type().numel());
  }
  int from = c16 ? l.c16(x) : l.plain(x);
  int weight = l.channelVector(op.weight());
  l.call(WNNRT_K_prelu, p, {from, weight, c16 ? l.defineC16(y) : l.definePlain(y)}, {0u});
  return success();
}

LogicalResult lowerIdentity(Lowering &l, const Node &n) {
  l.setSame(n.result(), n.operand(0));
  return success();
}

} // namespace wnnx
