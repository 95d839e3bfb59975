// SPDX-License-Identifier: Apache-2.0
//
// Functions that compute with numbers and compile-time tensors.
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

#include <cmath>
#include <limits>

namespace wnnx::pat {

static std::optional<TensorFn> elementwise(Builtin b) {
  switch (b) {
  case Builtin::Min:
    return TensorFn::Min;
  case Builtin::Max:
    return TensorFn::Max;
  case Builtin::Pow:
    return TensorFn::Pow;
  case Builtin::Abs:
    return TensorFn::Abs;
  case Builtin::Sign:
    return TensorFn::Sign;
  case Builtin::Sqrt:
    return TensorFn::Sqrt;
  case Builtin::Rsqrt:
    return TensorFn::Rsqrt;
  case Builtin::Exp:
    return TensorFn::Exp;
  case Builtin::Expm1:
    return TensorFn::Expm1;
  case Builtin::Log:
    return TensorFn::Log;
  case Builtin::Log1p:
    return TensorFn::Log1p;
  case Builtin::Logit:
    return TensorFn::Logit;
  case Builtin::Sigmoid:
    return TensorFn::Sigmoid;
  case Builtin::Tanh:
    return TensorFn::Tanh;
  case Builtin::Erf:
    return TensorFn::Erf;
  case Builtin::Sin:
    return TensorFn::Sin;
  case Builtin::Cos:
    return TensorFn::Cos;
  case Builtin::Floor:
    return TensorFn::Floor;
  case Builtin::Ceil:
    return TensorFn::Ceil;
  case Builtin::Round:
    return TensorFn::Round;
  default:
    return std::nullopt;
  }
}

static bool given(const std::vector<Datum> &a, size_t i) {
  return a[i].bound() && !a[i].isAbsent();
}

std::optional<Datum> Evaluator::callArith(const Code &c, const std::vector<Datum> &a) {
  std::optional<TensorFn> f = elementwise(c.builtin);
  if (!f)
    return fail(c, "unknown function");
  bool two = a.size() == 2;
  if (a[0].isNumber() && (!two || a[1].isNumber())) {
    bool ints = a[0].as<int64_t>() && (!two || a[1].as<int64_t>());
    bool keeps = c.builtin == Builtin::Min || c.builtin == Builtin::Max ||
                 c.builtin == Builtin::Abs || c.builtin == Builtin::Sign ||
                 c.builtin == Builtin::Floor || c.builtin == Builtin::Ceil ||
                 c.builtin == Builtin::Round;
    if (ints && keeps) {
      int64_t x = *a[0].as<int64_t>(), y = two ? *a[1].as<int64_t>() : 0;
      if (c.builtin == Builtin::Abs && x == std::numeric_limits<int64_t>::min())
        return fail(c, "the integer is too large");
      return Datum(c.builtin == Builtin::Min    ? std::min(x, y)
                   : c.builtin == Builtin::Max  ? std::max(x, y)
                   : c.builtin == Builtin::Abs  ? std::abs(x)
                   : c.builtin == Builtin::Sign ? int64_t(x > 0) - (x < 0)
                                                : x);
    }
    return Datum(applyFn(*f, a[0].asDouble(), two ? a[1].asDouble() : 0));
  }
  TensorRef x = tensor(*c.kids[0], a[0]), y = x && two ? tensor(*c.kids[1], a[1]) : nullptr;
  if (!x || (two && !y))
    return std::nullopt;
  TensorBuilder b;
  return made(c, two ? b.map(*f, x, y) : b.map(*f, x), b);
}

std::optional<Datum> Evaluator::callTensor(const Code &c, const std::vector<Datum> &a) {
  TensorBuilder b;
  auto ints = [&](size_t i) { return a[i].ints().value_or(std::vector<int64_t>()); };
  auto integer = [&](size_t i, int64_t otherwise) {
    return i < a.size() && a[i].as<int64_t>() ? *a[i].as<int64_t>() : otherwise;
  };
  // Arguments that must be integers or lists of them, by position.
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string &type = allBuiltins()[size_t(c.builtin)].params[i].type;
    if (given(a, i) && ((type == "int" && !a[i].as<int64_t>()) || (type == "ints" && !a[i].ints())))
      return fail(c, fmt::format("{} is not {}", a[i].str(),
                                 type == "int" ? "an integer" : "a list of integers"));
  }
  switch (c.builtin) {
  case Builtin::Zeros:
    return made(c, b.fill(ints(0), 0, false), b);
  case Builtin::Ones:
    return made(c, b.fill(ints(0), 1, false), b);
  case Builtin::Full:
    return made(c, b.fill(ints(0), a[1].isNumber() ? a[1].asDouble() : 0, a[1].as<double>()), b);
  case Builtin::Eye:
    return made(c, b.eye(integer(0, 0)), b);
  case Builtin::Arange:
    return made(c, b.iota(integer(0, 0)), b);
  case Builtin::IdentityKernel:
    return made(c, b.identityKernel(integer(0, 0), integer(1, 0), integer(2, 0), integer(3, 0)), b);
  case Builtin::Cat:
  case Builtin::Stack:
  case Builtin::Einsum: {
    const DatumList *l = a[c.builtin == Builtin::Einsum ? 1 : 0].list();
    if (!l)
      return fail(c, "not a list of tensors");
    std::vector<TensorRef> parts;
    for (const Datum &d : *l) {
      parts.push_back(tensor(c, d));
      if (!parts.back())
        return std::nullopt;
    }
    if (c.builtin == Builtin::Cat)
      return made(c, b.cat(std::move(parts), integer(1, 0)), b);
    if (c.builtin == Builtin::Stack)
      return made(c, b.stack(parts, integer(1, 0)), b);
    return made(
        c, b.contract(a[0].as<std::string>() ? *a[0].as<std::string>() : "", std::move(parts)), b);
  }
  case Builtin::Sum:
    if (const DatumList *l = a[0].list()) {
      int64_t total = 0;
      for (const Datum &d : *l) {
        if (!d.as<int64_t>() || __builtin_add_overflow(total, *d.as<int64_t>(), &total))
          return fail(c, "the sum is too large, or not of integers");
      }
      return Datum(total);
    }
    break;
  default:
    break;
  }
  TensorRef t = tensor(*c.kids[0], a[0]);
  if (!t)
    return std::nullopt;
  bool keep = a.size() > 2 && a[2].as<bool>() && *a[2].as<bool>();
  switch (c.builtin) {
  case Builtin::Reshape:
    return made(c, b.reshape(t, ints(1)), b);
  case Builtin::Permute:
    return made(c, b.permute(t, ints(1)), b);
  case Builtin::Expand:
    return made(c, b.expand(t, ints(1)), b);
  case Builtin::Slice:
    return made(c,
                b.slice(t, integer(1, 0), integer(2, 0),
                        integer(3, std::numeric_limits<int64_t>::max()), integer(4, 1)),
                b);
  case Builtin::Flip:
    return made(c, b.flip(t, ints(1)), b);
  case Builtin::IndexSelect:
    return made(c, b.select(t, integer(1, 0), ints(2)), b);
  case Builtin::Pad: {
    std::vector<int64_t> flat;
    for (const Datum &d : a[1].list() ? *a[1].list() : DatumList()) {
      std::optional<std::vector<int64_t>> pair = d.ints();
      if (!pair || pair->size() != 2)
        return fail(c, "pad takes [before, after] for each dimension");
      flat.insert(flat.end(), pair->begin(), pair->end());
    }
    return made(c, b.pad(t, flat, given(a, 2) && a[2].isNumber() ? a[2].asDouble() : 0), b);
  }
  case Builtin::Sum:
    return made(c, b.reduce(TensorFn::Sum, t, ints(1), keep), b);
  case Builtin::Mean:
    return made(c, b.reduce(TensorFn::Mean, t, ints(1), keep), b);
  case Builtin::Amax:
    return made(c, b.reduce(TensorFn::Amax, t, ints(1), keep), b);
  case Builtin::Amin:
    return made(c, b.reduce(TensorFn::Amin, t, ints(1), keep), b);
  case Builtin::Cast:
    return a[1].as<DType>() ? made(c, b.cast(t, *a[1].as<DType>()), b) : fail(c, "not a dtype");
  case Builtin::Dilate:
    return made(c, b.dilate(t, ints(1)), b);
  case Builtin::DenseKernel:
    return made(c, b.denseKernel(t, integer(1, 1)), b);
  case Builtin::Gather:
  case Builtin::ComposeConv:
  case Builtin::Matmul: {
    size_t second = c.builtin == Builtin::Gather ? 2 : 1;
    TensorRef u = tensor(*c.kids[second], a[second]);
    if (!u)
      return std::nullopt;
    return made(c,
                c.builtin == Builtin::Gather   ? b.gather(t, integer(1, 0), u)
                : c.builtin == Builtin::Matmul ? b.matmul(t, u)
                                               : b.composeConv(t, u, integer(2, 1)),
                b);
  }
  default:
    return fail(c, "unknown function");
  }
}

} // namespace wnnx::pat
