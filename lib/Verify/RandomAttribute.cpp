// SPDX-License-Identifier: Apache-2.0
//
// Every attribute over its legal range: by name, since names mean the same in all ops that have
// them, with the exceptions spelled out.
#include "RandomAttribute.h"

#include "wnnx/Ops/Activation.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace wnnx::verify {

namespace {

class Chooser {
  Choices &choices;
  Key key;
  const AttributeContext &ctx;
  const AttrInfo &info;
  using Ints = std::vector<int64_t>;

  const Shape *shape() const { return ctx.input() ? &ctx.input()->shape() : nullptr; }
  int64_t rank() const { return shape() ? shape()->rank() : 4; }
  int64_t sizeOf(int64_t d) const { return shape() && d >= 0 && d < rank() ? (*shape())[d] : 3; }

  int64_t anyOf(std::initializer_list<int64_t> list, uint64_t at = 0) {
    return choices.pick(key / (at + 100), list);
  }
  /// A dimension, counted from either end.
  int64_t dimension(uint64_t at = 0) {
    int64_t r = std::max<int64_t>(rank(), 1);
    int64_t d = int64_t(choices.draw(key / "dim" / at, uint64_t(r)));
    return choices.chance(key / "back" / at, 1, 3) ? d - r : d;
  }
  /// Indices of some dimensions, in any order, possibly counted from the back.
  Ints someDimensions(bool allowNone) {
    Ints all(static_cast<size_t>(rank())), out;
    std::iota(all.begin(), all.end(), 0);
    for (int64_t d : all) {
      if (choices.chance(key / "take" / uint64_t(d), 1, 2))
        out.push_back(choices.chance(key / "back" / uint64_t(d), 1, 3) ? d - rank() : d);
    }
    if (out.empty() && !allowNone && rank() > 0)
      out.push_back(int64_t(choices.draw(key / "one", uint64_t(rank()))));
    if (choices.chance(key / "turn", 1, 3))
      std::reverse(out.begin(), out.end());
    return out;
  }
  Ints permutation() {
    Ints p(static_cast<size_t>(rank()));
    std::iota(p.begin(), p.end(), 0);
    // Often two neighbours change places, as in transposes and shuffles.
    if (p.size() > 1 && choices.chance(key / "neighbours", 1, 3)) {
      size_t i = choices.draw(key / "first", p.size() - 1);
      std::swap(p[i], p[i + 1]);
      return p;
    }
    for (size_t i = p.size(); i-- > 1;)
      std::swap(p[i], p[i - choices.draw(key / uint64_t(i), i + 1)]);
    return p;
  }
  Ints pair(std::initializer_list<int64_t> list) {
    bool same = !choices.chance(key / "differ", 1, 2);
    int64_t a = anyOf(list, 0);
    return {a, same ? a : anyOf(list, 1)};
  }
  /// Sizes that are wanted are kept; the others are parts of the input's dimensions, in order, as
  /// when dimensions are split and joined, and the last of them is what is left.
  Ints reshapedAsWanted() {
    int64_t left = shape()->numel(), fromDim = 0, part = 1;
    size_t lastOpen = ctx.wanted.size();
    for (size_t i = 0; i < ctx.wanted.size(); ++i) {
      if (ctx.wanted[i] < 0)
        lastOpen = i;
      else if (ctx.wanted[i] > 0 && left % ctx.wanted[i] == 0)
        left /= ctx.wanted[i];
    }
    Ints out;
    for (size_t i = 0; i < ctx.wanted.size(); ++i) {
      while (part == 1 && fromDim < rank())
        part = sizeOf(fromDim++);
      int64_t size = ctx.wanted[i];
      bool open = size < 0;
      if (i == lastOpen) {
        size = left;
      } else if (size < 0) {
        Ints divisors;
        for (int64_t d = part; d >= 1; --d) {
          if (part % d == 0)
            divisors.push_back(d);
        }
        size = divisors.empty() ? 1 : choices.pick(key / "part" / uint64_t(i), divisors);
        if (fromDim < rank() && size == part && choices.chance(key / "join" / uint64_t(i), 1, 3))
          size *= sizeOf(fromDim++);
      }
      part = size > 0 && part % size == 0 ? part / size : 1;
      left = open && size > 0 && left % size == 0 ? left / size : left;
      out.push_back(size);
    }
    return out;
  }
  /// A shape that the elements had before: many rules are about what comes back.
  std::optional<Ints> shapeBefore() {
    std::vector<const Shape *> shapes;
    const Value *v = ctx.input();
    for (unsigned steps = 0; v && v->node() && steps < 8; ++steps) {
      v = v->node()->numOperands() ? v->node()->operand(0) : nullptr;
      if (v && v->shape() != *shape() && v->type().numel() == shape()->numel())
        shapes.push_back(&v->shape());
    }
    if (shapes.empty() || !choices.chance(key / "back", 1, 3))
      return std::nullopt;
    const Shape &s = *choices.pick(key / "before", shapes);
    return Ints(s.begin(), s.end());
  }
  Ints reshaped() {
    int64_t n = shape() ? shape()->numel() : 12;
    if (shape() && llvm::all_of(ctx.wanted, [](int64_t d) { return d < 0; })) {
      if (std::optional<Ints> before = shapeBefore())
        return *before;
    }
    if (shape() && !ctx.wanted.empty())
      return reshapedAsWanted();
    if (shape() && choices.chance(key / "same", 1, 6))
      return Ints(shape()->begin(), shape()->end());
    int64_t r = 1 + int64_t(choices.draw(key / "rank", 4));
    Ints out;
    int64_t left = n;
    for (int64_t i = 0; i + 1 < r; ++i) {
      Ints divisors;
      for (int64_t d = 1; d <= std::min<int64_t>(left, 64); ++d) {
        if (left % d == 0)
          divisors.push_back(d);
      }
      out.push_back(divisors.empty() ? 1 : choices.pick(key / "part" / uint64_t(i), divisors));
      left = out.back() ? left / out.back() : 0;
    }
    out.push_back(left);
    if (n > 0 && choices.chance(key / "open", 1, 4))
      out[choices.draw(key / "which", out.size())] = -1;
    return out;
  }
  Ints expanded() {
    Ints out;
    for (uint64_t i = choices.draw(key / "lead", 4) / 3; i > 0; --i)
      out.push_back(anyOf({1, 2, 3}, i));
    for (int64_t d = 0; d < rank(); ++d) {
      int64_t size = sizeOf(d);
      if (size == 1)
        size = anyOf({1, 3, 2}, uint64_t(10 + d));
      out.push_back(choices.chance(key / "keep" / uint64_t(d), 1, 5) ? -1 : size);
    }
    return out;
  }
  Ints padding() {
    if (ctx.op == OpKind::MaxPool2d || ctx.op == OpKind::AvgPool2d) {
      // At most half of the window.
      Ints p = pair({0, 1, 0, 2});
      const Attribute *window = ctx.attr ? ctx.attr("kernel_size") : nullptr;
      for (size_t i = 0; i < p.size() && window && window->kind() == AttrKind::Ints; ++i)
        p[i] = i < window->asInts().size() ? std::min(p[i], window->asInts()[i] / 2) : p[i];
      return p;
    }
    bool four = ctx.listLength == 4 || (ctx.op == OpKind::Conv2d && ctx.listLength < 0 &&
                                        choices.chance(key / "four", 1, 4));
    Ints p = pair({0, 1, 2, 0});
    if (four)
      p = {p[0], p[1], anyOf({0, 1, 2}, 2), anyOf({0, 1, 2}, 3)};
    return p;
  }
  Ints padPairs() {
    int64_t dims = 1 + int64_t(choices.draw(key / "dims", uint64_t(std::max<int64_t>(rank(), 1))));
    if (rank() == 4 && choices.chance(key / "image", 1, 2))
      dims = 2;
    Ints out;
    bool even = choices.chance(key / "even", 1, 3);
    for (int64_t i = 0; i < 2 * dims; ++i) {
      int64_t v = anyOf({0, 1, 2, 0, 1, -1}, uint64_t(i));
      if (i >= 4 && choices.chance(key / "zero" / uint64_t(i), 1, 2))
        v = 0;
      out.push_back(even && i % 2 ? out.back() : v);
    }
    return out;
  }
  Ints splitSizes() {
    int64_t d = 0;
    if (ctx.op == OpKind::Split && shape() && rank() > 0)
      d = int64_t(choices.draw(key / "along", uint64_t(rank())));
    int64_t left = sizeOf(d);
    uint64_t parts = ctx.results > 1 ? ctx.results : 1 + choices.draw(key / "parts", 3);
    Ints out;
    bool even = left % int64_t(parts) == 0 && choices.chance(key / "even", 1, 2);
    for (uint64_t i = 0; i + 1 < parts; ++i) {
      out.push_back(even ? sizeOf(d) / int64_t(parts)
                         : int64_t(choices.draw(key / "size" / i, uint64_t(left) + 1)));
      left -= out.back();
    }
    out.push_back(left);
    return out;
  }
  /// A place along the dimension that the node works on.
  int64_t within() {
    const Attribute *along = ctx.attr ? ctx.attr("dim") : nullptr;
    int64_t d = along && along->kind() == AttrKind::Int ? along->asInt() : 0;
    int64_t size = sizeOf(d < 0 ? d + rank() : d);
    return int64_t(choices.draw(key / "place", uint64_t(std::max<int64_t>(size, 0)) + 1));
  }
  /// Factors that give the sizes asked for, though not always those that the sizes would give.
  std::vector<double> scales() {
    const Attribute *sizes = ctx.attr ? ctx.attr("output_size") : nullptr;
    std::vector<double> out;
    for (int64_t i = 0; i < 2; ++i) {
      double from = double(std::max<int64_t>(sizeOf(2 + i), 1)), to = 2 * from;
      if (sizes && sizes->kind() == AttrKind::Ints && i < int64_t(sizes->asInts().size()))
        to = double(sizes->asInts()[size_t(i)]);
      out.push_back((to + choices.pick(key / uint64_t(i), {0.0, 0.5, 0.25})) / from);
    }
    return out;
  }
  std::string activation() {
    return choices.pick<std::string>(key, {"none", "relu", "silu", "none", "tanh", "sigmoid",
                                           "leaky_relu", "clamp", "elu", "gelu"});
  }
  /// Numbers for the activation that the node has, or none where its own defaults do.
  std::vector<double> activationParams() {
    const Attribute *act = ctx.attr ? ctx.attr("act") : nullptr;
    std::string name = act && act->kind() == AttrKind::Str ? act->asStr() : "none";
    auto one = [&](uint64_t i, std::initializer_list<double> list) {
      return choices.pick(key / i, list);
    };
    if (name == "clamp")
      return {one(0, {0.0, -1.0, -0.5}), one(1, {6.0, 1.0, 0.25})};
    if (!choices.chance(key / "given", 1, 2))
      return {};
    if (name == "leaky_relu")
      return {one(0, {0.25, 0.5, 1.5})};
    if (name == "elu")
      return {one(0, {1.0, 0.5}), one(1, {2.0, 1.0}), one(2, {1.0, 0.5})};
    if (name == "gelu")
      return {one(0, {0.0, 1.0})};
    return {};
  }
  double number(std::initializer_list<double> list) { return choices.pick(key / "number", list); }
  Attribute maybe(double x) {
    return choices.chance(key / "given", 3, 4) ? Attribute(x) : Attribute();
  }
  int64_t groups() {
    Ints divisors;
    int64_t c = sizeOf(1);
    for (int64_t d = 1; d <= c && c <= 64; ++d) {
      if (c % d == 0)
        divisors.push_back(d);
    }
    return divisors.empty() || !choices.chance(key / "grouped", 3, 4)
               ? 1
               : choices.pick(key / "groups", divisors);
  }

public:
  Chooser(Choices &c, Key k, const AttributeContext &x, const AttrInfo &i)
      : choices(c), key(k), ctx(x), info(i) {}

  std::optional<Attribute> ints() {
    std::string_view n = info.name;
    if (n == "stride")
      return Attribute(pair({1, 2, 1, 3}));
    if (n == "dilation")
      return Attribute(pair({1, 2, 1}));
    if (n == "kernel_size")
      return Attribute(pair({1, 2, 3, 2, 3}));
    if (n == "padding")
      return Attribute(padding());
    if (n == "output_padding")
      return Attribute(pair({0, 0, 1}));
    if (n == "output_size") {
      Ints p = pair({1, 2, 3, 5, 4});
      if (shape() && rank() == 4 && choices.chance(key / "scale", 1, 2))
        p = {sizeOf(2) * anyOf({1, 2, 3}, 5), sizeOf(3) * anyOf({1, 2}, 6)};
      return Attribute(p);
    }
    if (n == "dims" && ctx.op == OpKind::Permute)
      return Attribute(permutation());
    if (n == "dims" && ctx.op == OpKind::Roll)
      return Attribute(Ints{dimension()});
    if (n == "shifts")
      return Attribute(Ints{anyOf({0, 1, -1, 2})});
    if (n == "dims" || n == "dim")
      return Attribute(someDimensions(n == "dim"));
    if (n == "shape")
      return Attribute(ctx.op == OpKind::Expand ? expanded() : reshaped());
    if (n == "normalized_shape") {
      Ints out;
      if (shape() && rank() > 0) {
        int64_t k = 1 + int64_t(choices.draw(key / "k", std::min<uint64_t>(uint64_t(rank()), 2)));
        for (int64_t d = rank() - k; d < rank(); ++d)
          out.push_back(sizeOf(d));
      } else {
        out.push_back(anyOf({2, 3, 5}));
      }
      return Attribute(out);
    }
    if (n == "pad")
      return Attribute(padPairs());
    if (n == "sizes")
      return Attribute(splitSizes());
    if (n == "repeats") {
      Ints out;
      for (int64_t d = 0; d < rank(); ++d)
        out.push_back(anyOf({1, 2, 1, 3}, uint64_t(d)));
      return Attribute(out);
    }
    return std::nullopt;
  }

  std::optional<Attribute> integer() {
    std::string_view n = info.name;
    if (n == "dim")
      return Attribute(info.optional && !choices.chance(key / "given", 4, 5)
                           ? Attribute()
                           : Attribute(dimension()));
    if (n == "groups")
      return Attribute(groups());
    if (n == "num_groups")
      return Attribute(groups());
    if (n == "start")
      return Attribute(choices.chance(key / "within", 1, 4) ? within()
                                                            : anyOf({0, 1, 0, 2, -1, -2}));
    if (n == "end")
      return Attribute(choices.chance(key / "within", 1, 3)
                           ? within()
                           : anyOf({INT64_MAX, INT64_MAX, 2, INT64_MAX, 3, -1, INT64_MAX, 1, 100}));
    if (n == "step")
      return Attribute(anyOf({1, 1, 2, 1, 3}));
    if (n == "index")
      return Attribute(anyOf({0, 1, -1, 2, -2}));
    if (n == "k")
      return Attribute(anyOf({1, 2, 3}));
    if (n == "diagonal")
      return Attribute(anyOf({0, 1, -1, 2}));
    if (n == "divisor_override")
      return choices.chance(key / "given", 1, 3) ? Attribute(anyOf({1, 2, 3, 5})) : Attribute();
    if (n == "num_layers")
      return Attribute(anyOf({1, 1, 2}));
    return std::nullopt;
  }

  std::optional<Attribute> real() {
    std::string_view n = info.name;
    if (n == "eps") {
      double x = number({1e-5, 0.5, 0.125, 1e-3, 0.25});
      return info.optional ? maybe(x) : Attribute(x);
    }
    if (n == "p")
      return Attribute(number({0.5, 0.25, 0.0}));
    if (n == "min")
      return maybe(number({0.0, -1.0, 0.5, -0.25, 1.0, 0.0, -0.5}));
    if (n == "max")
      return maybe(number({6.0, 1.0, 0.5, 2.0, 0.0, -0.5, 0.25}));
    if (n == "scale" && info.optional)
      return maybe(number({1.0, 0.5, 0.25, 2.0}));
    if (n == "value")
      return Attribute(number({0.0, 0.0, 1.0, -0.5, -std::numeric_limits<double>::infinity()}));
    if (n == "threshold")
      return Attribute(number({20.0, 1.0, 2.0}));
    if (n == "correction")
      return Attribute(number({1.0, 0.0, 2.0}));
    if (n == "negative_slope")
      return Attribute(number({0.01, 0.25, 0.5, 1.5, -0.5}));
    return Attribute(number({1.0, 0.5, 2.0, 0.25, 1.5, 1.0, 0.5, -0.5}));
  }

  std::optional<Attribute> text() {
    std::string_view n = info.name;
    if (n == "act")
      return Attribute(activation());
    if (n == "approximate")
      return Attribute(choices.pick<std::string>(key, {"none", "tanh"}));
    if (n == "rounding_mode")
      return Attribute(choices.pick<std::string>(key, {"none", "floor", "trunc", "none"}));
    if (n == "padding_mode")
      return Attribute(choices.pick<std::string>(key, {"zeros", "border", "reflection"}));
    if (n == "mode" && ctx.op == OpKind::GridSample)
      return Attribute(choices.pick<std::string>(key, {"bilinear", "nearest", "bicubic"}));
    if (n == "mode")
      return Attribute(choices.pick<std::string>(
          key, {"constant", "constant", "reflect", "replicate", "circular", "constant"}));
    return std::nullopt;
  }

  std::optional<Attribute> any() {
    switch (info.kind) {
    case AttrKind::Bool:
      return Attribute(choices.draw(key, 2) !=
                       (info.defaultValue.kind() == AttrKind::Bool && info.defaultValue.asBool()));
    case AttrKind::Int:
      return integer();
    case AttrKind::Float:
      return real();
    case AttrKind::Str:
      return text();
    case AttrKind::DType:
      return Attribute(
          choices.pick(key, {DType::F32, DType::F64, DType::F16, DType::I64, DType::I32,
                             DType::Bool, DType::BF16, DType::U8, DType::I8, DType::I16}));
    case AttrKind::Ints:
      return ints();
    case AttrKind::Floats:
      if (info.name == "act_params")
        return Attribute(activationParams());
      if (info.name == "scales" && choices.chance(key / "given", 1, 2))
        return Attribute(scales());
      return Attribute(std::vector<double>());
    default:
      return std::nullopt;
    }
  }
};

} // namespace

std::optional<Attribute> randomAttribute(Choices &choices, Key key, const AttributeContext &ctx,
                                         const AttrInfo &info) {
  return Chooser(choices, key, ctx, info).any();
}

bool isNeutral(const AttrInfo &info, const Attribute &value) {
  if (!info.required)
    return value == info.defaultValue;
  if (value.kind() != AttrKind::Ints)
    return false;
  std::string_view n = info.name;
  int64_t neutral = n == "stride" || n == "kernel_size" || n == "repeats" ? 1 : n == "pad" ? 0 : -1;
  return neutral >= 0 && llvm::all_of(value.asInts(), [&](int64_t x) { return x == neutral; });
}

} // namespace wnnx::verify
