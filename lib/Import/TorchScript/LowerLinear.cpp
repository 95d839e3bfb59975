// SPDX-License-Identifier: Apache-2.0
//
// Matrix products. A product with a transposed weight is the `linear` it was written as.
#include "OpCall.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>
#include <map>

namespace wnnx::ts {
namespace {

/// The matrix of which `v` is the transpose, when that is a weight.
Ref transposedWeight(OpCall &c, const Val &v) {
  TensorObject *t = v.tensor;
  bool transposed = t->parent && t->step.kind == ViewStep::Permute && t->type.shape.rank() == 2 &&
                    t->step.ints[0] == 1;
  if (!transposed)
    return nullptr;
  Ref weight = c.read(t->parent);
  return weight->isConstant() ? weight : nullptr;
}

Ref scaledBy(OpCall &c, Ref r, llvm::StringRef factor) {
  double f = c.given(factor) ? c.number(factor) : 1;
  return f == 1 ? r : c.b.op(OpKind::Mul, {r, c.scalar(r->dtype(), f)});
}

} // namespace

Val lowerLinear(OpCall &c) {
  Ref x = c.in("input"), weight = c.in("weight"), bias = c.optional("bias");
  weight = c.b.convert(weight, x->dtype());
  bias = bias ? c.b.convert(bias, x->dtype()) : nullptr;
  if (c.b.failed)
    return Val::poison();
  if (weight->rank() == 2)
    return c.result(c.b.op(OpKind::Linear, {x, weight, bias}));
  Ref product = c.b.op(OpKind::Matmul, {x, weight});
  return c.result(bias ? c.b.op(OpKind::Add, {product, bias}) : product);
}

Val lowerMatmul(OpCall &c) {
  const Val &x = c.arg(0u), &y = c.arg(1u);
  DType t = c.resultType({x, y});
  Ref left = c.operand(x, t);
  if (Ref weight = transposedWeight(c, y); weight && left->rank() >= 2 && weight->dtype() == t)
    return c.result(c.b.op(OpKind::Linear, {left, weight}));
  return c.result(c.b.op(OpKind::Matmul, {left, c.operand(y, t)}));
}

/// beta * self + alpha * (x @ y); of addmm, addmv and baddbmm.
Val lowerAddmm(OpCall &c) {
  const Val &x = c.arg(1u), &y = c.arg(2u);
  Ref left = c.read(x.tensor);
  bool plain = c.number("beta") == 1 && c.number("alpha") == 1;
  if (Ref weight = transposedWeight(c, y); weight && plain && left->rank() == 2) {
    Ref bias = c.in(0u);
    if (!c.b.failed && bias->rank() == 1 && bias->dim(0) == weight->dim(0))
      return c.result(c.b.op(OpKind::Linear, {left, weight, bias}));
  }
  Ref product = scaledBy(c, c.b.op(OpKind::Matmul, {left, c.read(y.tensor)}), "alpha");
  if (c.number("beta") == 0)
    return c.result(product);
  return c.result(c.b.op(OpKind::Add, {scaledBy(c, c.in(0u), "beta"), product}));
}

Val lowerOuter(OpCall &c) {
  DType t = c.resultType({c.arg(0u), c.arg(1u)});
  Ref x = c.operand(c.arg(0u), t), y = c.operand(c.arg(1u), t);
  Ref column = c.b.reshape(x, {x->type.numel(), 1}), row = c.b.reshape(y, {1, y->type.numel()});
  return c.result(c.b.op(OpKind::Mul, {column, row}));
}

namespace {

/// One or two operands of an einsum, brought to [batch, free, contracted] by permute and reshape.
class Einsum {
  OpCall &c;
  std::string out;
  std::map<char, int64_t> sizes;

public:
  explicit Einsum(OpCall &call) : c(call) {}

  Ref run() {
    std::string equation;
    for (char ch : c.text("equation"))
      if (ch != ' ')
        equation += ch;
    if (equation.find('.') != std::string::npos)
      return c.badRef("`...` is not supported");
    std::vector<Ref> tensors = c.list("tensors");
    llvm::SmallVector<llvm::StringRef> terms;
    auto [left, right] = llvm::StringRef(equation).split("->");
    left.split(terms, ',');
    if (terms.size() != tensors.size() || tensors.empty() || tensors.size() > 2)
      return c.badRef("only one or two operands are supported");
    for (size_t i = 0; i < terms.size(); ++i)
      if (!note(terms[i], tensors[i]))
        return c.badRef("subscripts that do not fit their operand");
    out = right.str();
    if (!llvm::StringRef(equation).contains("->"))
      for (auto [label, size] : sizes)
        if (left.count(label) == 1)
          out += label;
    for (char ch : out)
      if (!sizes.count(ch) || llvm::StringRef(out).count(ch) != 1)
        return c.badRef("malformed result subscripts");
    std::string first = terms[0].str(), second = terms.size() > 1 ? terms[1].str() : "";
    Ref x = reduceAbsent(tensors[0], first, second);
    if (terms.size() == 1)
      return reorder(x, first, out);
    Ref y = reduceAbsent(tensors[1], second, first);
    return product(x, first, y, second);
  }

private:
  bool note(llvm::StringRef term, Ref r) {
    if (int64_t(term.size()) != r->rank())
      return false;
    for (size_t i = 0; i < term.size(); ++i) {
      auto [it, fresh] = sizes.try_emplace(term[i], r->dim(int64_t(i)));
      if (!llvm::isAlpha(term[i]) || it->second != r->dim(int64_t(i)) || term.count(term[i]) != 1)
        return false;
    }
    return true;
  }
  /// Sums over labels that are nowhere else.
  Ref reduceAbsent(Ref r, std::string &term, const std::string &other) {
    std::vector<int64_t> dims;
    std::string kept;
    for (size_t i = 0; i < term.size(); ++i) {
      bool used =
          other.find(term[i]) != std::string::npos || out.find(term[i]) != std::string::npos;
      if (used)
        kept += term[i];
      else
        dims.push_back(int64_t(i));
    }
    term = kept;
    return dims.empty() ? r : c.b.op(OpKind::Sum, {r}, {{"dim", dims}});
  }
  Ref reorder(Ref r, const std::string &from, const std::string &to) {
    llvm::SmallVector<int64_t, 6> dims;
    for (char ch : to)
      dims.push_back(int64_t(from.find(ch)));
    return c.b.permute(r, dims);
  }
  int64_t total(const std::string &labels) {
    int64_t n = 1;
    for (char ch : labels)
      n *= sizes[ch];
    return n;
  }
  Ref product(Ref x, const std::string &first, Ref y, const std::string &second) {
    std::string batch, contracted, onlyX, onlyY;
    for (char ch : first) {
      bool inY = second.find(ch) != std::string::npos;
      bool inOut = out.find(ch) != std::string::npos;
      (inY ? inOut ? batch : contracted : onlyX) += ch;
    }
    for (char ch : second)
      if (first.find(ch) == std::string::npos)
        onlyY += ch;
    int64_t b = total(batch), m = total(onlyX), n = total(onlyY), k = total(contracted);
    x = c.b.reshape(reorder(x, first, batch + onlyX + contracted), {b, m, k});
    y = c.b.reshape(reorder(y, second, batch + contracted + onlyY), {b, k, n});
    Ref r = c.b.op(OpKind::Matmul, {x, y});
    std::string order = batch + onlyX + onlyY;
    llvm::SmallVector<int64_t, 6> shape;
    for (char ch : order)
      shape.push_back(sizes[ch]);
    return reorder(c.b.reshape(r, shape), order, out);
  }
};

} // namespace

Val lowerEinsum(OpCall &c) {
  return c.result(Einsum(c).run());
}

} // namespace wnnx::ts
