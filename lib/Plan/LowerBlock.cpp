// SPDX-License-Identifier: Apache-2.0
//
// Blocks of mobile networks on large images: expansion, depthwise convolution and projection as one
// call of mbconv_c16, which never has the wide tensors in memory as a whole.
#include "Lowering.h"

#include "wnnrt_pack.h"

#include <fmt/format.h>

namespace wnnx {
namespace {

/// Tensors that go through memory between two steps are worth a fused block; what stays in the
/// second-level cache is not (docs/decisions/0005-blocks-in-strips.md).
constexpr int64_t worthBytes = 1000 * 1000;

// As tuning files name them.
constexpr const char *fused = "fused", *separate = "separate";

struct Part {
  const Node *node = nullptr;
  llvm::SmallVector<wnnrt_act, 3> steps;
  explicit operator bool() const { return node != nullptr; }
  Conv2dOp op() const { return Conv2dOp(*node); }
  wnnrt_act act() const { return steps.empty() ? wnnrt_act{} : steps[0]; }
};

bool isF32(Lowering &l, const Value *v) {
  return !v || (v->dtype() == DType::F32 && l.dtype(v) == DType::F32);
}

/// The convolution if a block can contain it, with at most one activation.
Part partOf(Lowering &l, const Node *n, bool residual) {
  if (!n || n->kind() != OpKind::Conv2d)
    return {};
  Conv2dOp op(*n);
  if (!l.constant(op.weight()) || (op.bias() && !l.constant(op.bias())) ||
      (op.residual() && !residual) || !isF32(l, op.input()) || !isF32(l, op.result()) ||
      !isF32(l, op.residual()) || !isF32(l, op.weight()))
    return {};
  auto steps = fusedSteps(l, *n);
  if (failed(steps) || steps->size() > 1)
    return {};
  return {n, *steps};
}

bool isPointwise(const Part &part) {
  if (!part)
    return false;
  Conv2dOp op = part.op();
  const Value *x = op.input(), *w = op.weight(), *y = op.result();
  return op.groups() == 1 && w->dim(2) == 1 && w->dim(3) == 1 && op.stride()[0] == 1 &&
         op.stride()[1] == 1 && op.padding()[0] == 0 && op.padding()[1] == 0 &&
         x->dim(2) == y->dim(2) && x->dim(3) == y->dim(3);
}

bool isDepthwise(const Part &part) {
  if (!part)
    return false;
  Conv2dOp op = part.op();
  int64_t channels = op.input()->dim(1);
  return channels > 1 && op.groups() == channels && op.result()->dim(1) == channels &&
         op.dilation()[0] == 1 && op.dilation()[1] == 1 && op.weight()->dim(2) <= 15;
}

/// The convolution that alone reads the result of `n`.
const Node *onlyUser(const Node &n) {
  const Value *y = n.result();
  return y->hasOneUse() && y->uses()[0].index == 0 ? y->uses()[0].user : nullptr;
}

int64_t c16Bytes(const Value *v) {
  return int64_t(wnnrt_c16_bytes(v->dim(0), v->dim(1), v->dim(2), v->dim(3)));
}

int packed(Lowering &l, const Part &part, const char *packing,
           size_t (*floats)(const wnnrt_conv2d_params *),
           void (*pack)(const wnnrt_conv2d_params *, const float *, float *)) {
  const Value *w = part.op().weight();
  Floats source(*l.constant(w));
  wnnrt_conv2d_params p = {};
  p.co = i32(w->dim(0)), p.kh = i32(w->dim(2)), p.kw = i32(w->dim(3));
  p.groups = i32(part.op().groups()), p.ci = i32(w->dim(1)) * p.groups;
  return l.packedWeight(w->name(), packing, w->type(), floats(&p),
                        [&](float *to) { pack(&p, source.data(), to); });
}

int64_t macs(const Part &part) {
  return part.op().result()->type().numel() * part.op().weight()->type().numel() /
         part.op().result()->dim(1);
}

/// Three convolutions, of which the first or the last may be missing.
struct Block {
  Part expand, depthwise, project;

  const Part &first() const { return expand ? expand : depthwise; }
  const Part &last() const { return project ? project : depthwise; }
  /// Bytes that one kernel need not have in memory.
  int64_t saved() const {
    return (expand ? c16Bytes(depthwise.op().input()) : 0) +
           (project ? c16Bytes(depthwise.op().result()) : 0);
  }
  std::string name() const {
    auto shape = [](const Value *v, unsigned from) {
      std::string s;
      for (unsigned i = from; i < 4; ++i)
        s += fmt::format("{}{}", i > from ? "x" : "", v->dim(i));
      return s;
    };
    Conv2dOp op = depthwise.op();
    return fmt::format("block {}{}, depthwise {} stride {}x{} to {}{}",
                       shape(first().op().input(), 0),
                       expand ? fmt::format(" to {}", op.input()->dim(1)) : "",
                       shape(op.weight(), 2), op.stride()[0], op.stride()[1], shape(op.result(), 1),
                       project ? fmt::format(" to {}", project.op().result()->dim(1)) : "");
  }
};

/// The block that begins with `n`, if there is one.
std::optional<Block> blockAt(Lowering &l, const Node &n) {
  Block b;
  Part first = partOf(l, &n, false);
  if (isDepthwise(first)) {
    b.depthwise = std::move(first);
  } else if (isPointwise(first)) {
    b.expand = std::move(first);
    b.depthwise = partOf(l, onlyUser(n), false);
  }
  if (!isDepthwise(b.depthwise))
    return std::nullopt;
  Part project = partOf(l, onlyUser(*b.depthwise.node), true);
  if (isPointwise(project)) {
    // A sum with what is not computed yet, or would have to be converted first, is none of it.
    const Value *r = project.op().residual();
    if (!r || l.hasC16(r))
      b.project = std::move(project);
  }
  if (!b.expand && !b.project)
    return std::nullopt;
  return b;
}

/// By the options, a tuning file, or the cost model.
BlockChoice choose(const Lowering &l, const Block &b) {
  BlockChoice c;
  c.block = b.name();
  c.modelVariant = b.saved() >= worthBytes ? fused : separate;
  const std::string wanted = l.options.wantedVariant(c.block);
  c.variant = wanted == fused || wanted == separate ? wanted : c.modelVariant;
  return c;
}

} // namespace

bool lowerMobileBlock(Lowering &l, const Node &n) {
  if (!l.options.blockedLayout || l.scaledInputs.count(Conv2dOp(n).input()) ||
      l.blockParts.count(&n))
    return false;
  std::optional<Block> block = blockAt(l, n);
  if (!block)
    return false;
  const auto &[expand, depthwise, project] = *block;
  BlockChoice choice = choose(l, *block);
  if (choice.variant == separate) {
    for (const Part *part : {&project, &depthwise, &expand})
      if (*part)
        l.blockParts[part->node] = choice;
    l.blockParts[&n].begins = true;
    return false;
  }
  const Value *middle = depthwise.op().input();
  const Value *x = expand ? expand.op().input() : middle;
  const Value *y = block->last().op().result(), *w = depthwise.op().weight();
  const Value *residual = project ? project.op().residual() : nullptr;
  wnnrt_mbconv_params p = {};
  p.n = i32(x->dim(0)), p.ci = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.ce = i32(middle->dim(1));
  p.co = i32(y->dim(1)), p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  p.kh = i32(w->dim(2)), p.kw = i32(w->dim(3));
  p.stride_h = i32(depthwise.op().stride()[0]), p.stride_w = i32(depthwise.op().stride()[1]);
  p.pad_top = i32(depthwise.op().padding()[0]), p.pad_left = i32(depthwise.op().padding()[1]);
  p.act_depthwise = depthwise.act();
  int xt = l.c16(x), rt = residual ? l.c16(residual) : noTensor;
  int we = noTensor, be = noTensor, wp = noTensor, bp = noTensor;
  int64_t work = macs(depthwise);
  if (expand) {
    p.act_expand = expand.act();
    we = packed(l, expand, "conv2d_c16", wnnrt_pack_conv2d_c16_floats, wnnrt_pack_conv2d_c16);
    be = l.channelVector(expand.op().bias());
    work += macs(expand);
    l.alsoLower(*depthwise.node);
  }
  int wd = packed(l, depthwise, "depthwise_c16", wnnrt_pack_depthwise_c16_floats,
                  wnnrt_pack_depthwise_c16);
  int bd = l.channelVector(depthwise.op().bias());
  if (project) {
    p.act = project.act();
    wp = packed(l, project, "conv2d_c16", wnnrt_pack_conv2d_c16_floats, wnnrt_pack_conv2d_c16);
    bp = l.channelVector(project.op().bias());
    work += macs(project);
    l.alsoLower(*project.node);
  }
  int scratch = l.scratch(wnnrt_mbconv_c16_scratch_bytes(&p));
  KernelCall &made =
      l.call(WNNRT_K_mbconv_c16, p, {xt, we, be, wd, bd, wp, bp, rt, l.defineC16(y), scratch});
  made.macs = work;
  made.block = std::move(choice);
  made.block.begins = true;
  return true;
}

} // namespace wnnx
