// SPDX-License-Identifier: Apache-2.0
//
// Which operand types go together, op by op. Everything here only makes valid instances more
// likely: inference decides.
#include "OperandWant.h"

#include <algorithm>

namespace wnnx::verify {

namespace {

class Proposer {
  Choices &choices;
  Key key;
  const PartialNode &node;
  unsigned index, variadicIndex;
  Want w;

  const Value *at(unsigned i) const {
    return i < node.operands.size() ? node.operands[i] : nullptr;
  }
  int64_t anyOf(std::initializer_list<int64_t> list, uint64_t n) {
    return choices.pick(key / n, list);
  }
  int64_t intAttr(std::string_view name) {
    const Attribute *a = node.attr(name);
    return a && a->kind() == AttrKind::Int ? a->asInt() : 1;
  }
  int64_t wantedDim(size_t i) const {
    return node.wanted && node.wanted->hasDims && i < node.wanted->dims.size()
               ? node.wanted->dims[i].size
               : -1;
  }

  void image() {
    w.sizes({{-1, anyOf({1, 2, 3}, 0)},
             {-1, anyOf({1, 2, 4, 6, 3, 4, 8, 5}, 1)},
             {-1, anyOf({1, 4, 5, 6, 3, 7, 8}, 2)},
             {-1, anyOf({1, 5, 4, 6, 3, 8, 2}, 3)}});
    if (!node.bold)
      return;
    if (w.dims[1].suggest == 1)
      w.dims[1].suggest = 4;
    for (size_t side : {size_t(0), size_t(1)})
      w.dims[2 + side].suggest = imageSize(side, w.dims[2 + side].suggest);
  }
  /// A few windows, and often something left over behind the last one.
  int64_t imageSize(size_t side, int64_t otherwise) {
    auto of = [&](std::string_view name, int64_t none) {
      const Attribute *a = opInfo(node.op).attrIndex(name) >= 0 ? node.attr(name) : nullptr;
      return a && a->kind() == AttrKind::Ints && side < a->asInts().size() ? a->asInts()[side]
                                                                           : none;
    };
    const Value *weight = at(1);
    int64_t window =
        of("kernel_size", weight && weight->rank() == 4 ? weight->dim(2 + int64_t(side)) : -1);
    if (window < 1 || node.op == OpKind::ConvTranspose2d)
      return otherwise;
    int64_t stride = std::max<int64_t>(of("stride", 1), 1);
    int64_t least = of("dilation", 1) * (window - 1) + 1 - 2 * of("padding", 0);
    int64_t size =
        std::max<int64_t>(least, 1) + stride * int64_t(choices.draw(key / "windows" / side, 3)) +
        int64_t(choices.draw(key / "left" / side, uint64_t(std::min<int64_t>(stride, 8))));
    return size >= 1 && size <= 12 ? size : otherwise;
  }
  void vectorOf(int64_t n) { w.sizes({{n, -1}}); }

  void conv() {
    bool transposed = node.op == OpKind::ConvTranspose2d;
    const Value *input = at(0), *weight = at(1);
    switch (index) {
    case 0:
      image();
      if (weight && weight->rank() == 4)
        w.dims[1].size = transposed ? weight->dim(0) : weight->dim(1) * intAttr("groups");
      break;
    case 1: {
      w.parameter = true;
      int64_t g = intAttr("groups"), k = anyOf({1, 3, 2, 1, 3}, 4), l = anyOf({1, 3, 2, 4}, 5);
      if (node.bold && k == 1 && choices.chance(key / "wider", 2, 3))
        k = 2;
      if (choices.chance(key / "square", 1, 2))
        l = k;
      int64_t perGroup = anyOf({1, 2, 1, 3}, 6);
      int64_t c = input && input->rank() == 4 ? input->dim(1) : 2 * g;
      if (transposed) {
        w.sizes({{c, -1}, {-1, perGroup}, {-1, k}, {-1, l}});
      } else {
        int64_t o = wantedDim(1) > 0 ? wantedDim(1) : g * perGroup;
        w.sizes({{-1, o}, {c / std::max<int64_t>(g, 1), -1}, {-1, k}, {-1, l}});
      }
      break;
    }
    case 2:
      w.parameter = true;
      if (weight && weight->rank() == 4)
        vectorOf(transposed ? weight->dim(1) * intAttr("groups") : weight->dim(0));
      break;
    default:
      likeResult();
    }
  }

  void likeResult() {
    if (std::optional<TensorType> t = node.result())
      w.shape(t->shape);
  }

  void linear() {
    const Value *input = at(0), *weight = at(1);
    if (index == 0) {
      w.hasDims = true;
      uint64_t rank = 1 + choices.draw(key / "rank", 4);
      for (uint64_t i = 0; i < rank; ++i)
        w.dims.push_back({-1, anyOf({1, 2, 3, 5, 4}, i)});
      if (weight && weight->rank() == 2)
        w.dims.back().size = weight->dim(1);
    } else if (index == 1) {
      w.parameter = true;
      int64_t outs = node.wanted && node.wanted->hasDims && !node.wanted->dims.empty()
                         ? node.wanted->dims.back().size
                         : -1;
      w.sizes({{-1, outs > 0 ? outs : anyOf({1, 2, 3, 5}, 9)},
               {input && input->rank() ? input->shape().back() : -1, -1}});
    } else if (index == 2) {
      w.parameter = true;
      if (weight && weight->rank() == 2)
        vectorOf(weight->dim(0));
    } else {
      likeResult();
    }
  }

  void matmul() {
    const Value *other = at(1 - index);
    w.hasDims = true;
    if (!other || other->rank() == 0) {
      uint64_t rank = choices.pick<uint64_t>(key / "rank", {2, 3, 2, 4, 1});
      for (uint64_t i = 0; i < rank; ++i)
        w.dims.push_back({-1, anyOf({1, 2, 3, 4}, i)});
      return;
    }
    const Shape &s = other->shape();
    int64_t k = index == 1 ? s.back() : s.rank() > 1 ? s.back(1) : s.back();
    int64_t free = anyOf({1, 2, 3, 5}, 9);
    if (choices.chance(key / "batched", 2, 3)) {
      for (int64_t i = 0; i + 2 < s.rank(); ++i)
        w.dims.push_back({s[i], -1});
    } else if (choices.chance(key / "lead", 1, 4)) {
      w.dims.push_back({anyOf({1, 2}, 8), -1});
    }
    if (index == 1) {
      w.dims.push_back({k, -1});
      w.dims.push_back({-1, free});
    } else {
      w.dims.push_back({-1, free});
      w.dims.push_back({k, -1});
    }
    w.soft = true;
  }

  void attention() {
    const Value *q = at(0), *k = at(1), *v = at(2);
    const Value *some = q ? q : k ? k : v;
    for (const Value *t : {q, k, v}) {
      if (t && t->rank() < 2)
        return;
    }
    w.hasDims = true;
    if (index == 3) {
      if (q && k && q->rank() > 1 && k->rank() > 1)
        w.sizes({{q->shape().back(1), -1}, {k->shape().back(1), -1}});
      if (choices.chance(key / "bool", 1, 3))
        w.dtype = DType::Bool;
      return;
    }
    uint64_t batch = some && some->rank() > 1 ? uint64_t(some->rank() - 2)
                                              : choices.pick<uint64_t>(key / "rank", {1, 2, 0});
    for (uint64_t i = 0; i < batch; ++i)
      w.dims.push_back({some ? some->dim(int64_t(i)) : -1, anyOf({1, 2, 3}, i)});
    int64_t length = index == 1 && v   ? v->shape().back(1)
                     : index == 2 && k ? k->shape().back(1)
                                       : -1;
    int64_t width = index == 0 && k ? k->shape().back() : index == 1 && q ? q->shape().back() : -1;
    w.dims.push_back({length, anyOf({1, 2, 3, 4}, 8)});
    w.dims.push_back({width, anyOf({1, 2, 3, 4}, 9)});
  }

  void channelNorm(int64_t leastRank) {
    const Value *input = at(0);
    if (index == 0) {
      w.hasDims = true;
      uint64_t rank = uint64_t(leastRank) + choices.draw(key / "rank", 3);
      for (uint64_t i = 0; i < rank; ++i)
        w.dims.push_back({-1, anyOf({1, 2, 3, 4}, i)});
      for (unsigned i = 1; i < node.operands.size(); ++i) {
        if (at(i) && at(i)->rank() == 1)
          w.dims[1].size = at(i)->dim(0);
      }
    } else {
      w.parameter = true;
      if (input && input->rank() > 1)
        vectorOf(input->dim(1));
      w.domain.nonnegative = node.op == OpKind::BatchNorm && index == 2;
    }
  }

  void rowNorm() {
    if (index == 0)
      return;
    w.parameter = true;
    if (const Attribute *a = node.attr("normalized_shape"); a && a->kind() == AttrKind::Ints)
      w.shape(Shape(llvm::ArrayRef<int64_t>(a->asInts())));
  }

  /// Something that broadcasts with a sibling.
  void broadcasting() {
    const Value *sibling = nullptr;
    for (unsigned i = 0; i < node.operands.size(); ++i) {
      if (i != index && at(i) && !(node.op == OpKind::Where && i == 0))
        sibling = at(i);
    }
    if (node.op == OpKind::Where && index == 0)
      w.dtype = DType::Bool;
    w.soft = true;
    if (!sibling) {
      if (node.wanted && node.wanted->hasDims) {
        w.hasDims = true;
        w.dims = node.wanted->dims;
      }
      return;
    }
    Shape s = sibling->shape();
    switch (choices.pick<int>(key / "broadcast", {0, 1, 0, 2, 3, 0, 4, 2, 0, 3, 0})) {
    case 1: // fewer leading dimensions
      for (uint64_t n = choices.draw(key / "drop", uint64_t(s.rank()) + 1); n > 0; --n)
        s.erase(0);
      break;
    case 2: // ones
      for (int64_t d = 0; d < s.rank(); ++d) {
        if (choices.chance(key / "one" / uint64_t(d), 1, 2))
          s[d] = 1;
      }
      break;
    case 3: // one for each channel, or each feature
      if (s.rank() > 1 && choices.chance(key / "channel", 2, 3)) {
        // Now and then it is one for each of another dimension.
        int64_t kept = choices.chance(key / "not channel", 1, 4)
                           ? int64_t(choices.draw(key / "kept", uint64_t(s.rank())))
                           : 1;
        for (int64_t d = 0; d < s.rank(); ++d)
          s[d] = d == kept ? s[d] : 1;
        if (choices.chance(key / "nobatch", 1, 2)) {
          do
            s.erase(0);
          while (kept > 1 && s.rank() > 1 && s[0] == 1);
        }
      } else if (choices.chance(key / "scalar", 1, 2)) {
        s = Shape();
      }
      break;
    case 4: // larger
      for (int64_t d = 0; d < s.rank(); ++d) {
        if (s[d] == 1)
          s[d] = anyOf({1, 2, 3}, uint64_t(d));
      }
      if (choices.chance(key / "lead", 1, 2) && s.rank() < 5)
        s.insert(0, anyOf({1, 2}, 20));
      break;
    default:
      break;
    }
    w.shape(s);
  }

  void indexed(unsigned indexOperand) {
    const Value *input = at(0);
    if (index < indexOperand)
      return;
    int64_t dim = 0;
    if (node.op == OpKind::IndexSelect || node.op == OpKind::Gather || node.op == OpKind::Scatter)
      dim = intAttr("dim");
    if (index == indexOperand) {
      w.dtype = DType::I64;
      w.domain.below = 1;
      if (input) {
        std::optional<int64_t> d = normalizeDim(dim, input->rank());
        w.domain.below = d && input->rank() > 0 ? std::max<int64_t>(input->dim(*d), 1) : 1;
        if (node.op == OpKind::Gather || node.op == OpKind::Scatter) {
          w.shape(input->shape());
          if (d && input->rank() > 0)
            w.dims[size_t(*d)] = {-1, anyOf({1, 2, 3}, 1)};
        }
      }
      if (node.op == OpKind::IndexSelect)
        w.sizes({{-1, anyOf({1, 2, 3, 4}, 1)}});
    } else if (at(indexOperand)) {
      w.shape(at(indexOperand)->shape());
    }
  }

  /// Ops that are not elementwise and give the shape that they take.
  bool keepsShape() const {
    switch (node.op) {
    case OpKind::Flip:
    case OpKind::Roll:
    case OpKind::Cumsum:
    case OpKind::Softmax:
    case OpKind::LogSoftmax:
    case OpKind::Sort:
    case OpKind::Tril:
    case OpKind::Triu:
      return true;
    default:
      return false;
    }
  }

  /// Neighbours of the sizes wanted, joined until there are as many as the pattern says, or split.
  void reshaped() {
    if (!node.wanted || !node.wanted->hasDims || node.wanted->dims.empty())
      return;
    llvm::SmallVector<int64_t, 6> sizes;
    for (const DimWant &d : node.wanted->dims)
      sizes.push_back(d.size >= 0 ? d.size : anyOf({1, 2, 3}, 40 + sizes.size()));
    size_t rank = node.rank >= 0 ? size_t(node.rank) : 1 + choices.draw(key / "rank", sizes.size());
    for (uint64_t n = 0; sizes.size() > rank && sizes.size() > 1; ++n) {
      size_t i = choices.draw(key / "join" / n, sizes.size() - 1);
      sizes[i] *= sizes[i + 1];
      sizes.erase(sizes.begin() + std::ptrdiff_t(i) + 1);
    }
    for (uint64_t n = 0; sizes.size() < rank; ++n) {
      size_t i = choices.draw(key / "split" / n, sizes.size());
      llvm::SmallVector<int64_t, 6> divisors;
      for (int64_t d = 1; d <= sizes[i] && d <= 64; ++d) {
        if (sizes[i] % d == 0)
          divisors.push_back(d);
      }
      if (divisors.empty())
        return;
      int64_t part = divisors[choices.draw(key / "part" / n, divisors.size())];
      sizes[i] /= part;
      sizes.insert(sizes.begin() + std::ptrdiff_t(i), part);
    }
    if (sizes.size() != rank)
      return;
    w.shape(Shape(llvm::ArrayRef<int64_t>(sizes)));
    w.soft = true;
  }

  void permuted() {
    const Attribute *dims = node.fixedAttr("dims");
    if (!dims || dims->kind() != AttrKind::Ints)
      return;
    w.hasDims = true;
    w.dims.assign(dims->asInts().size(), DimWant());
    for (size_t i = 0; i < w.dims.size(); ++i) {
      std::optional<int64_t> from = normalizeDim(dims->asInts()[i], int64_t(w.dims.size()));
      if (from)
        w.dims[size_t(*from)].size = wantedDim(i);
    }
  }

  /// [T, N, I] and states of [layers * directions, N, H], then weights and biases of each cell.
  void recurrent() {
    const Value *input = at(0), *h0 = at(1);
    auto flag = [&](std::string_view name) {
      const Attribute *a = node.attr(name);
      return a && a->kind() == AttrKind::Bool && a->asBool();
    };
    int64_t directions = flag("bidirectional") ? 2 : 1, layers = intAttr("num_layers");
    int64_t batch = flag("batch_first") ? 0 : 1, gates = node.op == OpKind::Lstm ? 4 : 3;
    unsigned states = node.op == OpKind::Lstm ? 2 : 1;
    if (index == 0) {
      w.sizes({{-1, anyOf({1, 2, 3}, 0)}, {-1, anyOf({1, 2, 3}, 1)}, {-1, anyOf({1, 2, 3}, 2)}});
      return;
    }
    if (!input || input->rank() != 3)
      return;
    if (index <= states) {
      w.sizes({{layers * directions, -1}, {input->dim(batch), -1}, {-1, anyOf({1, 2, 3}, 3)}});
      if (h0 && h0->rank() == 3)
        w.dims[2].size = h0->dim(2);
      return;
    }
    if (!h0 || h0->rank() != 3)
      return;
    w.parameter = true;
    int64_t hidden = h0->dim(2), perCell = flag("has_biases") ? 4 : 2;
    int64_t cell = variadicIndex / perCell, role = variadicIndex % perCell;
    int64_t features = cell < directions ? input->dim(2) : hidden * directions;
    if (role < 2)
      w.sizes({{gates * hidden, -1}, {role == 0 ? features : hidden, -1}});
    else
      vectorOf(gates * hidden);
  }

  void cat() {
    const Value *first = at(0);
    if (!first)
      return;
    int64_t dim = intAttr("dim");
    w.shape(first->shape());
    std::optional<int64_t> d = normalizeDim(dim, first->rank());
    if (d && first->rank() > 0)
      w.dims[size_t(*d)] = {-1, first->dim(*d)};
  }

public:
  Proposer(Choices &c, Key k, const PartialNode &n, unsigned i, unsigned v)
      : choices(c), key(k), node(n), index(i), variadicIndex(v) {}

  Want run() {
    for (const Value *v : node.operands) {
      if (v && !w.dtype && !(node.op == OpKind::Where && v == at(0)))
        w.dtype = v->dtype();
    }
    const OpInfo &info = opInfo(node.op);
    switch (node.op) {
    case OpKind::Conv2d:
    case OpKind::ConvTranspose2d:
      conv();
      break;
    case OpKind::Linear:
      linear();
      break;
    case OpKind::Matmul:
      matmul();
      break;
    case OpKind::ScaledDotProductAttention:
      attention();
      break;
    case OpKind::BatchNorm:
    case OpKind::GroupNorm:
      channelNorm(2);
      break;
    case OpKind::InstanceNorm:
      channelNorm(3);
      break;
    case OpKind::LayerNorm:
    case OpKind::RmsNorm:
      rowNorm();
      break;
    case OpKind::MaxPool2d:
    case OpKind::AvgPool2d:
    case OpKind::AdaptiveAvgPool2d:
    case OpKind::AdaptiveMaxPool2d:
    case OpKind::UpsampleNearest2d:
    case OpKind::UpsampleBilinear2d:
    case OpKind::UpsampleBicubic2d:
      image();
      break;
    case OpKind::GridSample:
      image();
      if (index == 1)
        w.sizes({{at(0) && at(0)->rank() ? at(0)->dim(0) : -1, 1},
                 {-1, anyOf({1, 2, 3}, 1)},
                 {-1, 2},
                 {2, -1}});
      break;
    case OpKind::Prelu:
      if (index == 1) {
        w.parameter = true;
        int64_t channels = at(0) && at(0)->rank() > 1 ? at(0)->dim(1) : 1;
        vectorOf(choices.chance(key / "one", 1, 3) ? 1 : channels);
      }
      break;
    case OpKind::Embedding:
      if (index == 0) {
        w.parameter = true;
        w.sizes({{-1, anyOf({1, 3, 5, 4}, 0)}, {-1, anyOf({1, 2, 3}, 1)}});
      } else {
        indexed(1);
      }
      break;
    case OpKind::IndexSelect:
    case OpKind::Gather:
    case OpKind::Scatter:
    case OpKind::Index:
      indexed(1);
      break;
    case OpKind::SliceScatter:
    case OpKind::SelectScatter:
      if (index == 1 && at(0)) {
        w.shape(at(0)->shape());
        std::optional<int64_t> d = normalizeDim(intAttr("dim"), at(0)->rank());
        if (d && at(0)->rank() > 0 && node.op == OpKind::SelectScatter)
          w.dims.erase(w.dims.begin() + *d);
        else if (d && at(0)->rank() > 0)
          w.dims[size_t(*d)] = {-1, anyOf({1, 2, 3}, 3)};
      }
      break;
    case OpKind::Cat:
      cat();
      break;
    case OpKind::Reshape:
      reshaped();
      break;
    case OpKind::Permute:
      permuted();
      break;
    case OpKind::Lstm:
    case OpKind::Gru:
      recurrent();
      break;
    case OpKind::Where:
      broadcasting();
      break;
    default:
      if (info.has(Trait::BinaryElementwise)) {
        broadcasting();
      } else if ((info.has(Trait::UnaryElementwise) || keepsShape()) && node.wanted &&
                 node.wanted->hasDims && index == 0) {
        w.hasDims = w.soft = true;
        w.dims = node.wanted->dims;
      }
    }
    return w;
  }
};

} // namespace

Want wantOf(Choices &choices, Key key, const PartialNode &node, unsigned index,
            unsigned variadicIndex) {
  return Proposer(choices, key, node, index, variadicIndex).run();
}

} // namespace wnnx::verify
