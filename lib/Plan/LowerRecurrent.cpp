// SPDX-License-Identifier: Apache-2.0
//
// LSTM and GRU: one kernel call for each layer and direction. Directions write their halves of the
// layer's output; layers pass it on.
#include "Lowering.h"

#include "wnnrt_pack.h"

namespace wnnx {

/// [n][k] weights in panels of 16 rows. Weights that are known only at run time are packed by
/// strided copies.
static int packedMatrix(Lowering &l, const Value *w) {
  int64_t n = w->dim(0), k = w->dim(1);
  if (const Tensor *c = l.constant(w)) {
    Floats source(*c);
    return l.packedWeight(w->name(), "linear", w->type(), wnnrt_pack_linear_floats(n, k),
                          [&](float *to) { wnnrt_pack_linear(n, k, source.data(), to); });
  }
  View from = l.view(w);
  int to = l.temp(w->name() + ".packed", {DType::F32, Shape{ceil16(n) / 16, k, 16}});
  int64_t panels = n / 16, rest = n % 16, row = from.strides[0], col = from.strides[1];
  if (panels)
    l.copyBox(DType::F32, {from.tensor, from.offset, {panels, k, 16}, {16 * row, col, row}},
              {to, 0, {panels, k, 16}, {16 * k, 16, 1}});
  if (rest) {
    int tail =
        l.part(to, w->name() + ".tail", {DType::F32, Shape{k, 16}}, Layout::Plain, panels * k * 64);
    l.fill(tail, DType::F32, k * 16, 0);
    l.copyBox(DType::F32, {from.tensor, from.offset + panels * 16 * row, {k, rest}, {col, row}},
              {tail, 0, {k, rest}, {16, 1}});
  }
  return to;
}

LogicalResult lowerRecurrent(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  bool lstm = n.kind() == OpKind::Lstm;
  const Value *x = n.operand(0), *h0 = n.operand(1), *c0 = lstm ? n.operand(2) : nullptr;
  auto weights = n.variadicOperands();
  bool biases = n.attr("has_biases").asBool(), batchFirst = n.attr("batch_first").asBool();
  int64_t layers = n.attr("num_layers").asInt(), dirs = n.attr("bidirectional").asBool() ? 2 : 1;
  int64_t each = biases ? 4 : 2;
  if (x->rank() != 3)
    return l.unsupported(n, "an input of rank " + std::to_string(x->rank()) + " has no kernel",
                         "give the batch dimension");
  int64_t seq = x->dim(batchFirst ? 1 : 0), batch = x->dim(batchFirst ? 0 : 1);
  int64_t hidden = h0->shape().back(), width = dirs * hidden;
  View in = l.view(x);
  if (in.strides[2] != 1 && in.dims[2] != 1)
    in = denseView(l.plain(x), x->shape().ref());
  int64_t timeStride = in.strides[batchFirst ? 1 : 0], batchStride = in.strides[batchFirst ? 0 : 1];
  int64_t inputSize = x->dim(2);
  View h = denseView(l.plain(h0), h0->shape().ref()), c;
  if (c0)
    c = denseView(l.plain(c0), c0->shape().ref());
  const Value *y = n.result(0);
  int hn = n.result(1)->hasUses() ? l.definePlain(n.result(1)) : noTensor;
  int cn = lstm && n.result(2)->hasUses() ? l.definePlain(n.result(2)) : noTensor;
  std::string formula = l.formula;
  for (int64_t layer = 0; layer < layers; ++layer) {
    bool last = layer + 1 == layers;
    int out = last ? l.definePlain(y)
                   : l.temp(y->name() + ".layer" + std::to_string(layer),
                            {DType::F32, Shape{seq, batch, width}});
    // The last layer's output is ordered as the op says; those between are time-major.
    int64_t outTime = last && batchFirst ? width : batch * width;
    int64_t outBatch = last && batchFirst ? seq * width : width;
    for (int64_t dir = 0; dir < dirs; ++dir) {
      int64_t k = layer * dirs + dir;
      const Value *const *w = &weights[size_t(k * each)];
      wnnrt_rnn_params p = {};
      p.seq = i32(seq), p.batch = i32(batch), p.input = i32(inputSize), p.hidden = i32(hidden);
      p.reverse = dir == 1;
      p.x_strides[0] = timeStride, p.x_strides[1] = batchStride;
      p.y_strides[0] = outTime, p.y_strides[1] = outBatch;
      int wi = packedMatrix(l, w[0]), wh = packedMatrix(l, w[1]);
      int bi = biases ? l.channelVector(w[2]) : noTensor;
      int bh = biases ? l.channelVector(w[3]) : noTensor;
      int64_t state = k * batch * hidden * 4;
      auto at = [&](int tensor) { return TensorRef{tensor, tensor < 0 ? 0 : state}; };
      TensorRef yt{out, dir * hidden * 4};
      int64_t macs = seq * batch * (lstm ? 4 : 3) * hidden * (inputSize + hidden);
      l.formula = formula + ", layer " + std::to_string(layer) + (dir ? " backwards" : "");
      if (lstm) {
        int scratch = l.scratch(wnnrt_lstm_scratch_bytes(&p));
        l.call(WNNRT_K_lstm, p,
               {in.ref(DType::F32), wi, wh, bi, bh, at(h.tensor), at(c.tensor), yt, at(hn), at(cn),
                scratch})
            .macs = macs;
      } else {
        int scratch = l.scratch(wnnrt_gru_scratch_bytes(&p));
        l.call(WNNRT_K_gru, p,
               {in.ref(DType::F32), wi, wh, bi, bh, at(h.tensor), yt, at(hn), scratch})
            .macs = macs;
      }
    }
    in = denseView(out, {seq, batch, width});
    timeStride = batch * width;
    batchStride = width;
    inputSize = width;
  }
  return success();
}

} // namespace wnnx
