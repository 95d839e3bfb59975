// SPDX-License-Identifier: Apache-2.0
//
// LSTM and GRU layers, and their single steps.
#include "OpCall.h"

namespace wnnx::ts {
namespace {

bool checkRecurrent(OpCall &c, size_t weights) {
  if (c.overload() == "data") {
    c.error("packed sequences are not supported", "run the layer on the padded batch");
    return false;
  }
  if (c.flag("train") && c.number("dropout") != 0) {
    c.error("random dropout: the model was saved in training mode",
            "call model.eval() before tracing or scripting, and save it again");
    return false;
  }
  size_t each = c.flag("has_biases") ? 4 : 2;
  size_t expected = size_t(c.integer("num_layers")) * (c.flag("bidirectional") ? 2 : 1) * each;
  if (weights != expected)
    c.error("projections (proj_size) are not supported");
  return !c.b.failed;
}

std::vector<NamedAttr> layerAttrs(OpCall &c) {
  return {{"has_biases", c.flag("has_biases")},
          {"num_layers", c.integer("num_layers")},
          {"bidirectional", c.flag("bidirectional")},
          {"batch_first", c.flag("batch_first")}};
}

/// One step of a cell as a sequence of length 1.
std::vector<Ref> runCell(OpCall &c, OpKind kind, std::vector<Ref> states) {
  Ref x = c.in("input"), bih = c.optional("b_ih"), bhh = c.optional("b_hh");
  if (c.b.failed || x->rank() != 2 || !bih != !bhh) {
    c.error("the input must have two dimensions");
    return {};
  }
  std::vector<Ref> operands{c.b.reshape(x, {1, x->dim(0), x->dim(1)})};
  for (Ref s : states)
    operands.push_back(s->rank() == 2 ? c.b.reshape(s, {1, s->dim(0), s->dim(1)}) : s);
  operands.push_back(c.in("w_ih"));
  operands.push_back(c.in("w_hh"));
  if (bih)
    operands.insert(operands.end(), {bih, bhh});
  std::vector<Ref> out = c.b.emit(kind, operands, {{"has_biases", bih != nullptr}});
  std::vector<Ref> next;
  for (size_t i = 1; i < out.size(); ++i)
    next.push_back(c.b.reshape(out[i], {out[i]->dim(1), out[i]->dim(2)}));
  return next;
}

} // namespace

Val lowerLstm(OpCall &c) {
  std::vector<Ref> weights = c.list("params"), states = c.list("hx");
  if (!checkRecurrent(c, weights.size()))
    return Val::poison();
  if (states.size() != 2)
    return c.error("two states are expected");
  std::vector<Ref> operands{c.in("input"), states[0], states[1]};
  operands.insert(operands.end(), weights.begin(), weights.end());
  return c.results(c.b.emit(OpKind::Lstm, operands, layerAttrs(c)));
}

Val lowerGru(OpCall &c) {
  std::vector<Ref> weights = c.list("params");
  if (!checkRecurrent(c, weights.size()))
    return Val::poison();
  std::vector<Ref> operands{c.in("input"), c.in("hx")};
  operands.insert(operands.end(), weights.begin(), weights.end());
  return c.results(c.b.emit(OpKind::Gru, operands, layerAttrs(c)));
}

Val lowerLstmCell(OpCall &c) {
  std::vector<Ref> states = c.list("hx");
  if (states.size() != 2)
    return c.error("two states are expected");
  return c.results(runCell(c, OpKind::Lstm, states));
}

Val lowerGruCell(OpCall &c) {
  std::vector<Ref> next = runCell(c, OpKind::Gru, {c.in("hx")});
  return next.empty() ? Val::poison() : c.result(next[0]);
}

} // namespace wnnx::ts
