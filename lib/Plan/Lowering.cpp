// SPDX-License-Identifier: Apache-2.0
//
// Operands in the form a kernel wants, results, calls, and the walk over the graph.
#include "Lowering.h"

#include "wnnx/Ops/Activation.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Support/Check.h"

#include <cstring>
#include <utility>

namespace wnnx {

Lowering::Lowering(const Graph &g, const PlanOptions &opts, Diagnostics &d)
    : graph(g), options(opts), diags(d) {
  for (unsigned i = 0; i < g.inputs().size(); ++i) {
    const Value *v = g.input(i);
    plan.inputs.push_back({v->name(), v->type()});
    int t = temp(v->name(), v->type());
    plan.buffers.back().storage = Storage::Input;
    plan.buffers.back().index = i;
    reps[v].plain = t;
  }
}

// ---- operands

bool Lowering::half(const Value *v) const {
  return computeInF32 && (v->dtype() == DType::F16 || v->dtype() == DType::BF16);
}

DType Lowering::dtype(const Value *v) const {
  return half(v) ? DType::F32 : v->dtype();
}

int Lowering::constantTensor(const Value *v) {
  const Tensor &c = *v->constant();
  if (half(v)) {
    return weightFloats(v->name(), "f32", {DType::F32, c.shape()},
                        {Floats(c).data(), size_t(c.numel())});
  }
  llvm::ArrayRef<uint8_t> raw = c.raw();
  return weight(v->name(), "plain", c.type(), std::vector<uint8_t>(raw.begin(), raw.end()));
}

Lowering::Rep &Lowering::rep(const Value *v) {
  if (!half(v)) {
    Rep &r = reps[v];
    if (v->constant() && r.plain < 0)
      r.plain = constantTensor(v);
    return r;
  }
  if (!asF32.count(v)) {
    if (v->constant()) {
      asF32[v].plain = constantTensor(v);
    } else {
      computeInF32 = false;
      int from = plain(v);
      computeInF32 = true;
      int to = temp(v->name() + ".f32", {DType::F32, v->shape()});
      cast(from, v->dtype(), to, DType::F32, v->type().numel());
      asF32[v].plain = to;
    }
  }
  return asF32[v];
}

/// Whether plain and c16 have the same bytes, but for padding at the end.
static bool sameInBoth(const Shape &s) {
  return s.rank() == 4 && s[2] * s[3] == 1 && (s[0] == 1 || s[1] % 16 == 0);
}

bool Lowering::inC16(const Value *v) const {
  if (half(v))
    return false;
  auto found = reps.find(v);
  return found != reps.end() && found->second.c16 >= 0 && found->second.plain < 0 &&
         !sameInBoth(v->shape());
}

bool Lowering::hasC16(const Value *v) const {
  auto found = reps.find(v);
  return found != reps.end() && found->second.c16 >= 0;
}

static bool isEmpty(const Value *v) {
  return v->type().numel() == 0;
}

int Lowering::plain(const Value *v) {
  Rep r = rep(v);
  if (r.plain >= 0)
    return r.plain;
  TensorType type{dtype(v), v->shape()};
  int t;
  if (r.c16 >= 0 && sameInBoth(v->shape())) {
    t = part(r.c16, v->name(), type, Layout::Plain, 0);
  } else {
    t = temp(v->name() + (r.c16 >= 0 ? ".plain" : ".dense"), type);
    std::string saved = std::move(formula);
    if (r.c16 >= 0) {
      formula = v->name() + " from c16 to plain";
      wnnrt_reorder_params p = {};
      p.n = i32(v->dim(0)), p.c = i32(v->dim(1)), p.hw = i32(v->dim(2) * v->dim(3));
      if (!isEmpty(v))
        call(WNNRT_K_c16_to_plain, p, {r.c16, t});
    } else {
      WNNX_CHECK(r.view.has_value(), "an operand was defined before its use");
      formula = v->name() + " made dense";
      copyBox(type.dtype, *r.view, denseView(t, r.view->dims));
    }
    formula = std::move(saved);
  }
  (half(v) ? asF32 : reps)[v].plain = t;
  return t;
}

int Lowering::c16(const Value *v) {
  Rep r = rep(v);
  if (r.c16 >= 0)
    return r.c16;
  WNNX_CHECK(v->rank() == 4 && dtype(v) == DType::F32, "c16 is for f32 of rank 4");
  TensorType type{DType::F32, v->shape()};
  int t;
  if (r.plain < 0 && r.view && v->dim(1) % 16 == 0 && v->type().numel() != 0) {
    // A permuted tensor whose channels split evenly is gathered straight into c16.
    t = temp(v->name() + ".c16", type, Layout::C16);
    Dims dims = c16Dims(v->shape());
    const Dims &s = r.view->strides;
    std::string saved = std::move(formula);
    formula = v->name() + " from a view to c16";
    copyBox(DType::F32, {r.view->tensor, r.view->offset, dims, {s[0], s[1] * 16, s[2], s[3], s[1]}},
            denseView(t, dims));
    formula = std::move(saved);
  } else if (sameInBoth(v->shape())) {
    int from = readable(plain(v), v->dim(0) * ceil16(v->dim(1)) * 4);
    t = part(from, v->name() + ".c16", type, Layout::C16, 0);
  } else {
    int from = plain(v);
    t = temp(v->name() + ".c16", type, Layout::C16);
    std::string saved = std::move(formula);
    formula = v->name() + " from plain to c16";
    wnnrt_reorder_params p = {};
    p.n = i32(v->dim(0)), p.c = i32(v->dim(1)), p.hw = i32(v->dim(2) * v->dim(3));
    if (v->type().numel() != 0)
      call(WNNRT_K_plain_to_c16, p, {from, t});
    formula = std::move(saved);
  }
  (half(v) ? asF32 : reps)[v].c16 = t;
  return t;
}

View Lowering::view(const Value *v) {
  Rep &r = rep(v);
  if (r.plain < 0 && r.view)
    return *r.view;
  return denseView(plain(v), v->shape().ref());
}

View Lowering::broadcastView(const Value *v, const Shape &shape) {
  View from = view(v);
  View r{from.tensor, from.offset, Dims(shape.begin(), shape.end()), Dims(size_t(shape.rank()), 0)};
  size_t skip = size_t(shape.rank()) - from.dims.size();
  for (size_t i = 0; i < from.dims.size(); ++i)
    r.strides[skip + i] = from.dims[i] == 1 ? 0 : from.strides[i];
  return r;
}

int Lowering::readable(int tensor, int64_t bytes) {
  PlanTensor &t = plan.tensors[size_t(tensor)];
  PlanBuffer &b = plan.buffers[t.buffer];
  int64_t wanted = t.offset + bytes;
  if (wanted <= b.bytes)
    return tensor;
  if (b.storage == Storage::Arena) {
    b.bytes = wanted;
    return tensor;
  }
  if (b.storage == Storage::Weight) {
    plan.weights[b.index].bytes.resize(size_t(wanted));
    b.bytes = wanted;
    return tensor;
  }
  int copy = temp(t.name + ".padded", t.type);
  flatCopy(tensor, copy);
  plan.buffers[plan.tensors[size_t(copy)].buffer].bytes = bytes;
  return copy;
}

bool Lowering::channelsLast(const Value *v) {
  if (v->rank() != 4 || dtype(v) != DType::F32 || half(v) || v->dim(1) % 16 != 0)
    return false;
  auto found = reps.find(v);
  return found != reps.end() && found->second.plain < 0 && found->second.c16 < 0 &&
         found->second.view && found->second.view->strides[1] == 1;
}

bool Lowering::wantsC16(const Value *v, unsigned depth) const {
  if (!options.blockedLayout)
    return false;
  for (const Use &u : v->uses()) {
    if (!u.user || u.user->numResults() == 0)
      continue;
    if (u.user->kind() == OpKind::Conv2d && u.index == 0)
      return true;
    const OpInfo &info = u.user->info();
    if (info.has(Trait::BinaryElementwise) && u.user->result()->shape() == v->shape()) {
      const Value *other = u.user->operand(1 - u.index);
      if (inC16(other) && other->shape() == v->shape())
        return true;
    }
    bool elementwise = info.has(Trait::UnaryElementwise) || info.has(Trait::BinaryElementwise);
    if (elementwise && depth && u.user->result()->shape() == v->shape() &&
        wantsC16(u.user->result(), depth - 1))
      return true;
  }
  return false;
}

// ---- results

int Lowering::definePlain(const Value *v) {
  int t = temp(v->name(), {dtype(v), v->shape()});
  setPlain(v, t);
  return t;
}

int Lowering::defineC16(const Value *v) {
  int t = temp(v->name(), {DType::F32, v->shape()}, Layout::C16);
  setC16(v, t);
  return t;
}

void Lowering::setPlain(const Value *v, int tensor) {
  if (half(v))
    pending.push_back({v, tensor});
  else
    reps[v].plain = tensor;
}

void Lowering::setC16(const Value *v, int tensor) {
  if (half(v))
    pending.push_back({v, tensor});
  else
    reps[v].c16 = tensor;
}

void Lowering::setView(const Value *v, View newView) {
  WNNX_CHECK(!half(v), "views keep their dtype");
  if (isDense(newView)) {
    const PlanTensor &base = plan.tensors[size_t(newView.tensor)];
    if (newView.offset == 0 && base.type == v->type())
      return setPlain(v, newView.tensor);
    return setPlain(v, part(newView.tensor, v->name(), v->type(), Layout::Plain,
                            newView.offset * int64_t(dtypeBytes(v->dtype()))));
  }
  reps[v].view = std::move(newView);
}

void Lowering::setSame(const Value *v, const Value *other) {
  bool inF32 = std::exchange(computeInF32, false);
  Rep copy = rep(other);
  computeInF32 = inF32;
  reps[v] = copy;
}

// ---- calls

/// The places in the model and the rules of a location.
void Lowering::addPlaces(const Location &loc, KernelCall &c) {
  for (const Location &leaf : loc.leaves())
    c.nodes.push_back(leaf.scopeName().empty() ? leaf.str() : leaf.scopeName());
  if (!loc.isFused())
    return;
  for (const std::string &rule : loc.rules())
    c.rules.push_back(rule == loc.ruleName() && !loc.rulePlace().empty()
                          ? rule + " (" + loc.rulePlace() + ")"
                          : rule);
}

KernelCall &Lowering::addCall(wnnrt_kernel_id id, ParamRecord params, llvm::ArrayRef<CallArg> args,
                              llvm::ArrayRef<unsigned> inPlace) {
  const KernelInfo &info = kernelInfo(id);
  WNNX_CHECK(params.type == info.params, "parameters are those of the kernel");
  WNNX_CHECK(args.size() == info.args.size(), "arguments are those of the kernel");
  KernelCall c;
  c.kernel = id;
  c.params = std::move(params);
  for (size_t i = 0; i < args.size(); ++i) {
    WNNX_CHECK(info.args[i].kind == ArgKind::Ins || args[i].refs.size() == 1,
               "one tensor for each argument");
    c.args.push_back({info.args[i].kind, args[i].refs});
    for (const TensorRef &r : args[i].refs)
      if (r.tensor >= 0)
        c.bytes += plan.tensors[size_t(r.tensor)].bytes;
  }
  c.formula = formula;
  if (current) {
    c.loc = current->loc();
    addPlaces(c.loc, c);
    for (const Node *n : folded)
      addPlaces(n->loc(), c);
  }
  plan.calls.push_back(std::move(c));
  CallNote note;
  note.inPlace.assign(inPlace.begin(), inPlace.end());
  notes.push_back(std::move(note));
  return plan.calls.back();
}

void Lowering::flatCopy(int from, int to) {
  const PlanTensor &a = plan.tensors[size_t(from)];
  int64_t bytes = std::min(a.bytes, plan.tensors[size_t(to)].bytes);
  if (bytes == 0)
    return;
  wnnrt_copy_params p = {};
  p.element_bytes = bytes % 8 == 0 && a.type.dtype == DType::I64 ? 8 : bytes % 4 == 0 ? 4 : 1;
  p.rank = 1;
  p.dims[0] = bytes / p.element_bytes;
  p.src_strides[0] = p.dst_strides[0] = 1;
  bool whole = a.bytes == plan.tensors[size_t(to)].bytes;
  call(WNNRT_K_copy_strided, p, {from, to});
  if (whole) {
    notes.back().copyFrom = from;
    notes.back().copyTo = to;
  }
}

void Lowering::copyBox(DType t, const View &from, const View &to) {
  WNNX_CHECK(from.dims == to.dims, "boxes of one size");
  // Neighbouring dims that are dense on both sides become one; dims of size 1 go away.
  Dims dims, src, dst;
  for (size_t i = 0; i < from.dims.size(); ++i) {
    if (from.dims[i] == 0)
      return;
    if (from.dims[i] == 1)
      continue;
    if (!dims.empty() && src.back() == from.strides[i] * from.dims[i] &&
        dst.back() == to.strides[i] * to.dims[i]) {
      dims.back() *= from.dims[i];
      src.back() = from.strides[i];
      dst.back() = to.strides[i];
    } else {
      dims.push_back(from.dims[i]);
      src.push_back(from.strides[i]);
      dst.push_back(to.strides[i]);
    }
  }
  if (dims.empty()) {
    dims.push_back(1);
    src.push_back(1);
    dst.push_back(1);
  }
  wnnrt_copy_params p = {};
  p.element_bytes = i32(dtypeBytes(t));
  p.rank = i32(int64_t(dims.size()));
  setDims(p.dims, dims);
  setDims(p.src_strides, src);
  setDims(p.dst_strides, dst);
  call(WNNRT_K_copy_strided, p, {from.ref(t), to.ref(t)});
}

void Lowering::cast(int from, DType fromType, int to, DType toType, int64_t n) {
  if (n == 0)
    return;
  wnnrt_cast_params p = {};
  p.src_dtype = runtimeDType(fromType);
  p.dst_dtype = runtimeDType(toType);
  p.n = n;
  call(WNNRT_K_cast, p, {from, to});
}

void Lowering::fill(int to, DType t, int64_t n, double value) {
  if (n == 0)
    return;
  wnnrt_fill_params p = {};
  p.element_bytes = i32(dtypeBytes(t));
  p.n = n;
  uint8_t bytes[8] = {};
  storeElement(t, bytes, value);
  std::memcpy(&p.bits, bytes, 8);
  call(WNNRT_K_fill, p, {to});
}

void Lowering::unaryInPlace(int tensor, wnnrt_act act) {
  wnnrt_unary_params p = {};
  p.op = act.op;
  p.dtype = WNNRT_F32;
  p.n = plan.tensors[size_t(tensor)].bytes / 4;
  p.a = double(act.a);
  p.b = double(act.b);
  if (p.n)
    call(WNNRT_K_unary, p, {tensor, tensor});
}

const Value *Lowering::foldActivation(const Node &n, wnnrt_act &act) {
  const Value *own = n.result();
  if (!own->hasOneUse() || !own->uses()[0].user || dtype(own) != DType::F32 || half(own))
    return own;
  const Node *next = own->uses()[0].user;
  if (!next->info().has(Trait::Activation) || next->result()->type() != own->type())
    return own;
  Activation a = activationOf(*next);
  auto steps = activationSteps(a);
  if (!steps || steps->size() != 1)
    return own;
  act = (*steps)[0];
  alsoLower(*next);
  return next->result();
}

void Lowering::alsoLower(const Node &n) {
  done[&n] = true;
  folded.push_back(&n);
  formula += "; " + formulaOf(n);
}

// ---- errors

LogicalResult Lowering::unsupported(const Node &n, std::string why, std::string hint) {
  auto d = diags.error(describe(n), "plan-unsupported", std::move(why));
  if (!hint.empty())
    d.hint(std::move(hint));
  return failure();
}

bool Lowering::requireF32(const Node &n) {
  auto check = [&](const Value *v, bool data) {
    if (!v || dtype(v) == DType::F32 || (!data && !isFloat(v->dtype())))
      return true;
    (void)unsupported(n,
                      "`" + std::string(opName(n.kind())) + "` has no kernel for " +
                          std::string(dtypeName(v->dtype())),
                      "compiled code computes it in f32; convert the operands with `to`");
    return false;
  };
  // The first operand and result carry the data; others may be masks or indices.
  for (unsigned i = 0; i < n.numOperands(); ++i)
    if (!check(n.operand(i), i == 0))
      return false;
  for (unsigned i = 0; i < n.numResults(); ++i)
    if (!check(n.result(i), i == 0))
      return false;
  return true;
}

// ---- nodes

/// Ops whose kernels take f16 and bf16 as they are (they move bytes, or convert inside).
static bool takesHalf(const Node &n) {
  switch (n.kind()) {
  case OpKind::To:
  case OpKind::Where:
  case OpKind::Tril:
  case OpKind::Triu:
    return true;
  case OpKind::UpsampleNearest2d:
    return false;
  default:
    return n.info().has(Trait::Identity) || n.info().has(Trait::Movement) ||
           n.info().has(Trait::Reshape);
  }
}

void Lowering::defineEmpty(const Node &n) {
  for (unsigned i = 0; i < n.numResults(); ++i)
    reps[n.result(i)].plain = temp(n.result(i)->name(), n.result(i)->type());
}

void Lowering::finishHalfResults() {
  computeInF32 = false;
  for (const Pending &p : pending) {
    int from = p.tensor;
    if (plan.tensors[size_t(from)].layout == Layout::C16) {
      const Value *v = p.value;
      int dense = temp(v->name() + ".f32", {DType::F32, v->shape()});
      wnnrt_reorder_params r = {};
      r.n = i32(v->dim(0)), r.c = i32(v->dim(1)), r.hw = i32(v->dim(2) * v->dim(3));
      call(WNNRT_K_c16_to_plain, r, {from, dense});
      from = dense;
    }
    int to = definePlain(p.value);
    formula = p.value->name() + " rounded to " + std::string(dtypeName(p.value->dtype()));
    cast(from, DType::F32, to, p.value->dtype(), p.value->type().numel());
  }
  pending.clear();
}

void Lowering::lower(const Node &n) {
  if (done.count(&n))
    return;
  current = &n;
  folded.clear();
  formula = formulaOf(n);
  bool anyElements = n.numResults() == 0;
  for (unsigned i = 0; i < n.numResults(); ++i)
    anyElements |= n.result(i)->type().numel() != 0;
  auto fits = [&](const Value *v) {
    if (!v)
      return true;
    if (v->rank() > WNNRT_MAX_RANK) {
      (void)unsupported(n, "rank " + std::to_string(v->rank()) + " of `" + v->name() +
                               "` exceeds the runtime's limit of " +
                               std::to_string(WNNRT_MAX_RANK));
      return false;
    }
    for (int64_t d : v->shape())
      if (d < 0 || d > INT32_MAX) {
        (void)unsupported(n, "shape " + v->shape().str() + " of `" + v->name() +
                                 "` has a dimension that is not in [0, 2^31)");
        return false;
      }
    return true;
  };
  bool ok = true;
  for (const Value *v : n.operands())
    ok = ok && fits(v);
  for (unsigned i = 0; i < n.numResults(); ++i)
    ok = ok && fits(n.result(i));
  if (!ok || !anyElements) {
    defineEmpty(n);
    return;
  }
  if (!takesHalf(n)) {
    auto isHalf = [](const Value *v) {
      return v && (v->dtype() == DType::F16 || v->dtype() == DType::BF16);
    };
    for (const Value *v : n.operands())
      computeInF32 |= isHalf(v);
    for (unsigned i = 0; i < n.numResults(); ++i)
      computeInF32 |= isHalf(n.result(i));
  }

  const size_t before = plan.calls.size();
  LogicalResult result = lowerNode(*this, n);
  finishHalfResults();
  if (auto part = blockParts.find(&n); part != blockParts.end())
    for (size_t i = before; i < plan.calls.size(); ++i) {
      plan.calls[i].block = part->second;
      plan.calls[i].block.begins &= i == before;
    }
  if (result.failed())
    defineEmpty(n);
}

void Lowering::writeOutput(unsigned i) {
  const Value *v = graph.outputs()[i].value;
  int t = temp(graph.outputs()[i].name, v->type());
  plan.buffers.back().storage = Storage::Output;
  plan.buffers.back().index = i;
  formula = graph.outputs()[i].name + " = " + v->name();
  if (v->type().numel() == 0)
    return;
  Rep &r = rep(v);
  if (r.plain >= 0 || (r.c16 >= 0 && sameInBoth(v->shape())))
    return flatCopy(plain(v), t);
  if (r.view)
    return copyBox(v->dtype(), *r.view, denseView(t, v->shape().ref()));
  wnnrt_reorder_params p = {};
  p.n = i32(v->dim(0)), p.c = i32(v->dim(1)), p.hw = i32(v->dim(2) * v->dim(3));
  call(WNNRT_K_c16_to_plain, p, {r.c16, t});
}

void Lowering::writeOutputs(const Value *v) {
  for (unsigned i = 0; i < graph.outputs().size(); ++i)
    if (graph.outputs()[i].value == v)
      writeOutput(i);
}

LogicalResult Lowering::run() {
  // What no output needs is not computed.
  llvm::DenseMap<const Node *, bool> needed;
  std::vector<Node *> nodes = graph.nodes();
  for (const GraphOutput &o : graph.outputs()) {
    plan.outputs.push_back({o.name, o.value->type()});
    if (o.value->node())
      needed[o.value->node()] = true;
  }
  for (size_t i = nodes.size(); i-- > 0;)
    if (needed.count(nodes[i]))
      for (const Value *v : nodes[i]->operands())
        if (v && v->node())
          needed[v->node()] = true;
  unsigned before = diags.errorCount();
  for (Node *n : nodes) {
    if (!needed.count(n) || n->kind() == OpKind::Constant)
      continue;
    lower(*n);
    for (unsigned i = 0; i < n->numResults(); ++i)
      if (n->result(i)->isGraphOutput())
        writeOutputs(n->result(i));
  }
  current = nullptr;
  folded.clear();
  for (unsigned i = 0; i < graph.outputs().size(); ++i) {
    const Value *v = graph.outputs()[i].value;
    if (v->isInput() || v->constant())
      writeOutput(i);
  }
  return success(diags.errorCount() == before);
}

} // namespace wnnx
