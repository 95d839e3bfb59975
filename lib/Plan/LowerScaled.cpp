// SPDX-License-Identifier: Apache-2.0
//
// Batch norms and squeeze-excite scales in front of a 1x1 convolution: the convolution's kernel
// does them on the pixels that it is about to read.
#include "Lowering.h"

namespace wnnx {

bool takesScaledInput(const Lowering &l, const Value *v) {
  if (!l.options.blockedLayout || v->rank() != 4 || l.dtype(v) != DType::F32 || !v->hasOneUse() ||
      v->uses()[0].index != 0)
    return false;
  const Node *user = v->uses()[0].user;
  if (!user || user->kind() != OpKind::Conv2d)
    return false;
  Conv2dOp op(user);
  const Value *w = op.weight();
  auto all = [](llvm::ArrayRef<int64_t> values, int64_t wanted) {
    return llvm::all_of(values, [wanted](int64_t x) { return x == wanted; });
  };
  // Fewer channels may take another kernel, as may pictures of one pixel.
  return l.constant(w) && w->dim(2) == 1 && w->dim(3) == 1 && op.groups() == 1 &&
         all(op.stride(), 1) && all(op.padding(), 0) && v->dim(1) > 8 &&
         v->dim(2) * v->dim(3) > 1 && v->type().numel() != 0 && user->result()->type().numel() != 0;
}

int lowerScaledConv(Lowering &l, const Lowering::ScaledInput &input, const Conv2dOp &op,
                    const wnnrt_conv2d_params &conv, int weight, int bias) {
  wnnrt_scaled_conv_params p = {};
  p.n = conv.n, p.ci = conv.ci, p.co = conv.co, p.hw = conv.oh * conv.ow;
  p.input_act = input.act;
  p.act = conv.act;
  p.residual_after_act = conv.residual_after_act;
  p.scale_batch_stride = input.scaleBatchStride;
  int residual = op.residual() ? l.c16(op.residual()) : noTensor;
  int y = l.defineC16(op.result());
  l.formula = input.formula + "; " + l.formula;
  KernelCall &call = l.call(WNNRT_K_conv2d_scaled_c16, p,
                            {input.x, input.scale, input.shift, weight, bias, residual, y,
                             l.scratch(wnnrt_conv2d_scaled_c16_scratch_bytes(&p))},
                            {5u});
  call.macs = op.result()->type().numel() * conv.ci;
  l.addPlaces(input.loc, call);
  return y;
}

} // namespace wnnx
