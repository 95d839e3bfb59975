// SPDX-License-Identifier: Apache-2.0
//
// lstm and gru: layers over layers, each in one or both directions. Weights stand in the order of
// torch.nn.LSTM's flat list.
#include "EvalHelpers.h"
#include "InferHelpers.h"
#include "Product.h"

namespace wnnx {

namespace {
/// What lstm and gru have in common, apart from the number of gates.
struct RecurrentAttrs {
  unsigned gates, firstWeight;
  bool hasBiases, bidirectional, batchFirst;
  int64_t layers;
  int64_t directions() const { return bidirectional ? 2 : 1; }
  int64_t weightsPerCell() const { return hasBiases ? 4 : 2; }
};
} // namespace

static RecurrentAttrs attrsOf(const LstmOp &op) {
  return {4, 3, op.has_biases(), op.bidirectional(), op.batch_first(), op.num_layers()};
}
static RecurrentAttrs attrsOf(const GruOp &op) {
  return {3, 2, op.has_biases(), op.bidirectional(), op.batch_first(), op.num_layers()};
}

/// Checks the operands and adds the results: the output and one state for each initial state.
static LogicalResult inferRecurrent(InferContext &ctx, const RecurrentAttrs &attrs,
                                    llvm::ArrayRef<Value *> weights) {
  const Node &n = ctx.node;
  const Value *input = n.operand(0), *h0 = n.operand(1);
  bool ok = expectRank(ctx, input, "input", 3, attrs.batchFirst ? "[N, T, I]" : "[T, N, I]");
  ok &= expectRank(ctx, h0, "h0", 3, "[layers * directions, N, H]");
  ok &= expectFloat(ctx, input, "input");
  for (unsigned i = 1; i < n.numOperands(); ++i)
    ok &= expectSameDType(ctx, n.operand(i),
                          i < attrs.firstWeight
                              ? n.info().operands[i].name
                              : "weights[" + std::to_string(i - attrs.firstWeight) + "]",
                          input, "input");
  if (attrs.layers < 1 || attrs.layers > maxWindowValue) {
    ctx.error("`num_layers` must be at least 1; found " + std::to_string(attrs.layers));
    ok = false;
  }
  if (!ok)
    return failure();
  int64_t cells = attrs.layers * attrs.directions(), hidden = h0->dim(2);
  if (int64_t(weights.size()) != cells * attrs.weightsPerCell())
    return ctx.error(std::to_string(attrs.layers) + " layers in " +
                     std::to_string(attrs.directions()) + " directions need " +
                     std::to_string(cells * attrs.weightsPerCell()) + " weights; found " +
                     std::to_string(weights.size()));
  int64_t steps = input->dim(attrs.batchFirst ? 1 : 0),
          batch = input->dim(attrs.batchFirst ? 0 : 1);
  if (steps == 0) {
    ctx.error("`input` " + input->shape().str() + " has no time steps");
    ok = false;
  }
  if (hidden < 1 || hidden > maxWindowValue) {
    ctx.error("the hidden size, the last dimension of `h0` " + h0->shape().str() +
              ", must be at least 1");
    return failure();
  }
  for (unsigned i = 1; i < attrs.firstWeight; ++i)
    ok &= expectShape(ctx, n.operand(i), n.info().operands[i].name, {cells, batch, hidden});
  for (int64_t i = 0; i < int64_t(weights.size()); ++i) {
    int64_t layer = i / (attrs.weightsPerCell() * attrs.directions());
    int64_t features = layer == 0 ? input->dim(2) : hidden * attrs.directions();
    int64_t part = i % attrs.weightsPerCell(), rows = int64_t(attrs.gates) * hidden;
    Shape want = part == 0 ? Shape{rows, features} : part == 1 ? Shape{rows, hidden} : Shape{rows};
    ok &= expectShape(ctx, weights[size_t(i)], "weights[" + std::to_string(i) + "]", want);
  }
  if (!ok)
    return failure();
  Shape out = input->shape();
  out[2] = hidden * attrs.directions();
  if (failed(finish(ctx, input->dtype(), std::move(out))))
    return failure();
  for (unsigned i = 1; i < attrs.firstWeight; ++i)
    ctx.result(input->dtype(), h0->shape());
  return success();
}

LogicalResult inferLstm(InferContext &ctx) {
  LstmOp op(ctx.node);
  return inferRecurrent(ctx, attrsOf(op), op.weights());
}
LogicalResult inferGru(InferContext &ctx) {
  GruOp op(ctx.node);
  return inferRecurrent(ctx, attrsOf(op), op.weights());
}

namespace {
template <class S> using Matrix = std::vector<S>;

/// The weights of one layer in one direction.
template <class S> struct Cell {
  const RefTensor<S> *inputWeight, *hiddenWeight, *inputBias, *hiddenBias;
};

/// rows @ weight.T + bias
template <class S>
Matrix<S> project(const Matrix<S> &rows, int64_t count, const RefTensor<S> &weight,
                  const RefTensor<S> *bias) {
  int64_t outs = weight.shape()[0], features = weight.shape()[1];
  Matrix<S> result(size_t(count * outs), S(0));
  multiplyTransposed(rows.data(), weight.reals.data(), count, outs, features, result.data());
  for (size_t i = 0; bias && i < result.size(); ++i)
    result[i] += bias->reals[i % size_t(outs)];
  return result;
}

/// One step of an LSTM for one sample: gates i, f, g, o.
template <class S> void step(const S *x, const S *r, int64_t hidden, S *h, S *c) {
  for (int64_t j = 0; j < hidden; ++j) {
    auto gate = [&](int64_t g) { return x[g * hidden + j] + r[g * hidden + j]; };
    c[j] = scalar::sigmoid(gate(1)) * c[j] + scalar::sigmoid(gate(0)) * scalar::tanh(gate(2));
    h[j] = scalar::sigmoid(gate(3)) * scalar::tanh(c[j]);
  }
}

/// One step of a GRU for one sample: gates r, z, n.
template <class S> void step(const S *x, const S *r, int64_t hidden, S *h) {
  for (int64_t j = 0; j < hidden; ++j) {
    S reset = scalar::sigmoid(x[j] + r[j]);
    S keep = scalar::sigmoid(x[hidden + j] + r[hidden + j]);
    S fresh = scalar::tanh(x[2 * hidden + j] + reset * r[2 * hidden + j]);
    h[j] = (S(1) - keep) * fresh + keep * h[j];
  }
}

template <class S> class RecurrentEvaluator {
  const EvalContext<S> &ctx;
  const RecurrentAttrs &attrs;
  int64_t steps, batch, hidden;

  Cell<S> cell(int64_t number) const {
    unsigned at = attrs.firstWeight + unsigned(number * attrs.weightsPerCell());
    return {ctx.operands[at], ctx.operands[at + 1],
            attrs.hasBiases ? ctx.operands[at + 2] : nullptr,
            attrs.hasBiases ? ctx.operands[at + 3] : nullptr};
  }

  /// Element (t, n) of a sequence in the node's layout.
  int64_t row(int64_t t, int64_t n) const {
    return attrs.batchFirst ? n * steps + t : t * batch + n;
  }

  /// Runs one direction of one layer over [T, N, features]; writes h into columns of `out`.
  void runCell(int64_t number, bool backward, const Matrix<S> &in, Matrix<S> &out, int64_t column,
               int64_t width) {
    Cell<S> w = cell(number);
    int64_t gates = attrs.gates * hidden, state = number * batch * hidden;
    auto initial = [&](unsigned operand) {
      auto begin = ctx.in(operand).reals.begin() + state;
      return Matrix<S>(begin, begin + batch * hidden);
    };
    Matrix<S> h = initial(1), c = attrs.gates == 4 ? initial(2) : Matrix<S>();
    Matrix<S> x = project(in, steps * batch, *w.inputWeight, w.inputBias);
    for (int64_t i = 0; i < steps; ++i) {
      int64_t t = backward ? steps - 1 - i : i;
      Matrix<S> r = project(h, batch, *w.hiddenWeight, w.hiddenBias);
      for (int64_t n = 0; n < batch; ++n) {
        const S *gx = x.data() + (t * batch + n) * gates, *gr = r.data() + n * gates;
        S *hn = h.data() + n * hidden;
        if (attrs.gates == 4)
          step(gx, gr, hidden, hn, c.data() + n * hidden);
        else
          step(gx, gr, hidden, hn);
        std::copy_n(hn, hidden, out.data() + (t * batch + n) * width + column);
      }
    }
    std::copy(h.begin(), h.end(), ctx.out(1).reals.begin() + state);
    if (attrs.gates == 4)
      std::copy(c.begin(), c.end(), ctx.out(2).reals.begin() + state);
  }

public:
  RecurrentEvaluator(const EvalContext<S> &context, const RecurrentAttrs &a)
      : ctx(context), attrs(a) {
    steps = ctx.in(0).shape()[attrs.batchFirst ? 1 : 0];
    batch = ctx.in(0).shape()[attrs.batchFirst ? 0 : 1];
    hidden = ctx.in(1).shape()[2];
  }

  void run() {
    int64_t features = ctx.in(0).shape()[2], width = hidden * attrs.directions();
    Matrix<S> sequence(size_t(steps * batch * features)); // [T, N, features]
    for (int64_t t = 0; t < steps; ++t) {
      for (int64_t n = 0; n < batch; ++n)
        std::copy_n(ctx.in(0).reals.data() + row(t, n) * features, features,
                    sequence.data() + (t * batch + n) * features);
    }
    for (int64_t layer = 0; layer < attrs.layers; ++layer) {
      Matrix<S> out(size_t(steps * batch * width));
      for (int64_t d = 0; d < attrs.directions(); ++d)
        runCell(layer * attrs.directions() + d, d == 1, sequence, out, d * hidden, width);
      sequence = std::move(out);
    }
    for (int64_t t = 0; t < steps; ++t) {
      for (int64_t n = 0; n < batch; ++n)
        std::copy_n(sequence.data() + (t * batch + n) * width, width,
                    ctx.out(0).reals.data() + row(t, n) * width);
    }
  }
};
} // namespace

template <class S> void evalLstm(const EvalContext<S> &ctx) {
  RecurrentAttrs attrs = attrsOf(LstmOp(ctx.node));
  RecurrentEvaluator<S>(ctx, attrs).run();
}
template <class S> void evalGru(const EvalContext<S> &ctx) {
  RecurrentAttrs attrs = attrsOf(GruOp(ctx.node));
  RecurrentEvaluator<S>(ctx, attrs).run();
}

WNNX_INSTANTIATE_EVAL(Lstm);
WNNX_INSTANTIATE_EVAL(Gru);

} // namespace wnnx
