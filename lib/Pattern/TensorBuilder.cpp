// SPDX-License-Identifier: Apache-2.0
//
// Builds compile-time tensor expressions: checks shapes, says what does not fit.
#include "wnnx/Pattern/TensorExpr.h"

#include "fmt/format.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

namespace {

std::shared_ptr<TensorExpr> node(TensorExpr::Kind k, Shape s) {
  auto t = std::make_shared<TensorExpr>();
  t->kind = k;
  t->shape = std::move(s);
  return t;
}

void adoptType(TensorExpr &to, const TensorExpr &of) {
  to.dtype = of.dtype;
  to.fromFloat = of.fromFloat;
}

bool makesFraction(TensorFn f) {
  return f == TensorFn::Sqrt || f == TensorFn::Rsqrt || f == TensorFn::Exp || f == TensorFn::Log ||
         f == TensorFn::Tanh || f == TensorFn::Sigmoid || f == TensorFn::Div ||
         f == TensorFn::Mean || f == TensorFn::Erf || f == TensorFn::Logit || f == TensorFn::Sin ||
         f == TensorFn::Cos || f == TensorFn::Log1p || f == TensorFn::Expm1;
}

/// The dtype of a result; fractions of integers are f32, as in PyTorch.
void mergeTypes(TensorExpr &to, llvm::ArrayRef<TensorRef> from, bool fraction) {
  for (const TensorRef &t : from) {
    to.fromFloat |= t->fromFloat;
    if (t->dtype)
      to.dtype = to.dtype ? promote(*to.dtype, *t->dtype) : *t->dtype;
  }
  to.fromFloat |= fraction;
  if (to.dtype && !isFloat(*to.dtype) && to.fromFloat)
    to.dtype = DType::F32;
}

} // namespace

TensorRef TensorBuilder::fail(std::string reason) {
  if (why.empty())
    why = std::move(reason);
  return nullptr;
}

bool TensorBuilder::fits(const Shape &s) {
  std::optional<int64_t> n = checkedNumel(s.ref());
  if (n && *n <= maxTensorElements)
    return true;
  fail(fmt::format("a compile-time tensor of shape {} is too large", s.str()));
  return false;
}

TensorRef TensorBuilder::leaf(Tensor t, std::string name) {
  auto e = node(TensorExpr::Leaf, t.shape());
  if (!fits(e->shape))
    return nullptr;
  e->dtype = t.dtype();
  e->leaf = std::move(t);
  e->name = std::move(name);
  return e;
}

TensorRef TensorBuilder::number(double v, bool isFloat) {
  return fill({}, v, isFloat);
}

TensorRef TensorBuilder::fill(const std::vector<int64_t> &sizes, double v, bool isFloat) {
  for (int64_t d : sizes) {
    if (d < 0)
      return fail(fmt::format("a dimension of size {}", d));
  }
  auto e = node(TensorExpr::Fill, Shape(sizes));
  if (!fits(e->shape))
    return nullptr;
  e->value = v;
  e->fromFloat = isFloat;
  return e;
}

TensorRef TensorBuilder::iota(int64_t n) {
  if (n < 0)
    return fail(fmt::format("a dimension of size {}", n));
  auto e = node(TensorExpr::Iota, Shape{n});
  return fits(e->shape) ? e : nullptr;
}

TensorRef TensorBuilder::eye(int64_t n) {
  if (n < 0 || n > (int64_t(1) << 20))
    return fail(fmt::format("eye({}) is not a matrix that can be made", n));
  // One padded behind by n zeros is the first n+1 elements of each row: [n, n+1] flattened is the
  // identity with a column too many.
  TensorRef one = fill({n, 1}, 1, false);
  TensorRef padded = one ? pad(one, {0, 0, 0, n}, 0) : nullptr;
  TensorRef flat = padded ? reshape(padded, {n * (n + 1)}) : nullptr;
  TensorRef cut = flat ? slice(flat, 0, 0, n * n, 1) : nullptr;
  return cut ? reshape(cut, {n, n}) : nullptr;
}

TensorRef TensorBuilder::identityKernel(int64_t o, int64_t groups, int64_t kh, int64_t kw) {
  if (o <= 0 || groups <= 0 || o % groups || kh <= 0 || kw <= 0 || kh % 2 == 0 || kw % 2 == 0)
    return fail(fmt::format("no identity kernel for {} channels, {} groups, size {}x{}", o, groups,
                            kh, kw));
  int64_t c = o / groups;
  TensorRef id = eye(c);
  id = id ? reshape(id, {1, c, c, 1, 1}) : nullptr;
  id = id ? expand(id, {groups, c, c, 1, 1}) : nullptr;
  id = id ? reshape(id, {o, c, 1, 1}) : nullptr;
  return id ? pad(id, {0, 0, 0, 0, kh / 2, kh / 2, kw / 2, kw / 2}, 0) : nullptr;
}

TensorRef TensorBuilder::map(TensorFn f, TensorRef a) {
  if (a->kind == TensorExpr::Fill) {
    auto e = std::make_shared<TensorExpr>(*a);
    e->value = applyFn(f, a->value);
    e->fromFloat |= makesFraction(f);
    return e;
  }
  auto e = node(TensorExpr::Map1, a->shape);
  e->fn = f;
  mergeTypes(*e, {a}, makesFraction(f));
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::map(TensorFn f, TensorRef a, TensorRef b) {
  std::optional<Shape> s = broadcast(a->shape, b->shape);
  if (!s)
    return fail(fmt::format("shapes {} and {} do not broadcast", a->shape.str(), b->shape.str()));
  if (!fits(*s))
    return nullptr;
  // Adding zeros and multiplying by ones of a size that changes nothing.
  auto isFill = [](const TensorRef &t, double v) {
    return t->kind == TensorExpr::Fill && t->value == v && !t->dtype && !t->fromFloat;
  };
  if (f == TensorFn::Mul && isFill(b, 1) && a->shape == *s)
    return a;
  if (f == TensorFn::Mul && isFill(a, 1) && b->shape == *s)
    return b;
  if ((f == TensorFn::Add || f == TensorFn::Sub) && isFill(b, 0) && a->shape == *s)
    return a;
  if (f == TensorFn::Add && isFill(a, 0) && b->shape == *s)
    return b;
  auto e = node(TensorExpr::Map2, std::move(*s));
  e->fn = f;
  mergeTypes(*e, {a, b}, makesFraction(f));
  e->args = {std::move(a), std::move(b)};
  return e;
}

TensorRef TensorBuilder::reshape(TensorRef a, std::vector<int64_t> sizes) {
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1 && open < 0)
      open = int64_t(i);
    else if (sizes[i] < 0 || (sizes[i] && known > maxTensorElements / sizes[i]))
      return fail(fmt::format("cannot reshape {} to [{}]", a->shape.str(), fmt::join(sizes, ",")));
    else
      known *= sizes[i];
  }
  if (open >= 0 && known > 0 && a->shape.numel() % known == 0)
    sizes[size_t(open)] = a->shape.numel() / known;
  else if (open >= 0 || known != a->shape.numel())
    return fail(fmt::format("cannot reshape {} to [{}]", a->shape.str(), fmt::join(sizes, ",")));
  auto e = node(TensorExpr::Reshape, Shape(sizes));
  adoptType(*e, *a);
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::permute(TensorRef a, const std::vector<int64_t> &dims) {
  int64_t rank = a->shape.rank();
  std::vector<bool> seen(size_t(rank), false);
  Shape s;
  std::vector<int64_t> strides;
  auto from = a->shape.strides();
  for (int64_t d : dims) {
    std::optional<int64_t> n = normalizeDim(d, rank);
    if (!n || *n >= rank || seen[size_t(*n)])
      break;
    seen[size_t(*n)] = true;
    s.push(a->shape[*n]);
    strides.push_back(from[size_t(*n)]);
  }
  if (s.rank() != rank || int64_t(dims.size()) != rank)
    return fail(fmt::format("[{}] does not permute the dimensions of {}", fmt::join(dims, ","),
                            a->shape.str()));
  auto e = node(TensorExpr::View, std::move(s));
  adoptType(*e, *a);
  e->ints = std::move(strides);
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::expand(TensorRef a, const std::vector<int64_t> &sizes) {
  std::optional<Shape> s = broadcast(a->shape, Shape(sizes));
  if (!s || *s != Shape(sizes))
    return fail(fmt::format("{} does not expand to [{}]", a->shape.str(), fmt::join(sizes, ",")));
  if (!fits(*s))
    return nullptr;
  auto e = node(TensorExpr::View, std::move(*s));
  adoptType(*e, *a);
  auto from = a->shape.strides();
  int64_t lead = e->shape.rank() - a->shape.rank();
  for (int64_t i = 0; i < e->shape.rank(); ++i)
    e->ints.push_back(i < lead || a->shape[i - lead] == 1 ? 0 : from[size_t(i - lead)]);
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::slice(TensorRef a, int64_t dim, int64_t start, int64_t end, int64_t step) {
  int64_t rank = a->shape.rank();
  std::optional<int64_t> d = normalizeDim(dim, rank);
  if (!d || !rank || step <= 0)
    return fail(fmt::format("cannot slice {} along {} by steps of {}", a->shape.str(), dim, step));
  int64_t size = a->shape[*d];
  auto clampTo = [&](int64_t x) { return std::clamp<int64_t>(x < 0 ? x + size : x, 0, size); };
  int64_t from = clampTo(start), to = clampTo(end);
  Shape s = a->shape;
  s[*d] = to > from ? (to - from - 1) / step + 1 : 0;
  auto e = node(TensorExpr::View, std::move(s));
  adoptType(*e, *a);
  auto strides = a->shape.strides();
  e->ints.assign(strides.begin(), strides.end());
  e->offset = s.numel() == 0 ? 0 : from * strides[size_t(*d)];
  e->ints[size_t(*d)] *= step;
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::flip(TensorRef a, const std::vector<int64_t> &dims) {
  auto e = node(TensorExpr::View, a->shape);
  adoptType(*e, *a);
  auto strides = a->shape.strides();
  e->ints.assign(strides.begin(), strides.end());
  std::vector<bool> seen(size_t(a->shape.rank()), false);
  for (int64_t d : dims) {
    std::optional<int64_t> n = normalizeDim(d, a->shape.rank());
    if (!n || *n >= a->shape.rank() || seen[size_t(*n)])
      return fail(fmt::format("cannot flip dimension {} of {}", d, a->shape.str()));
    seen[size_t(*n)] = true;
    e->offset += std::max<int64_t>(a->shape[*n] - 1, 0) * strides[size_t(*n)];
    e->ints[size_t(*n)] *= -1;
  }
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::at(TensorRef a, int64_t dim, int64_t index) {
  std::optional<int64_t> d = normalizeDim(dim, a->shape.rank());
  if (!d || !a->shape.rank())
    return fail(fmt::format("{} has no dimension {}", a->shape.str(), dim));
  int64_t size = a->shape[*d];
  int64_t i = index < 0 ? index + size : index;
  if (i < 0 || i >= size)
    return fail(fmt::format("index {} is outside dimension {} of {}", index, dim, a->shape.str()));
  TensorRef s = slice(a, *d, i, i + 1, 1);
  std::vector<int64_t> sizes(s->shape.begin(), s->shape.end());
  sizes.erase(sizes.begin() + *d);
  return reshape(s, sizes);
}

TensorRef TensorBuilder::cat(std::vector<TensorRef> parts, int64_t dim) {
  if (parts.empty())
    return fail("cat of no tensors");
  std::optional<int64_t> d = normalizeDim(dim, parts[0]->shape.rank());
  if (!d || !parts[0]->shape.rank())
    return fail(fmt::format("{} has no dimension {}", parts[0]->shape.str(), dim));
  Shape s = parts[0]->shape;
  s[*d] = 0;
  for (const TensorRef &p : parts) {
    Shape rest = p->shape;
    if (rest.rank() == s.rank())
      rest[*d] = s[*d];
    if (rest != s)
      return fail(fmt::format("cannot join {} and {} along {}", parts[0]->shape.str(),
                              p->shape.str(), dim));
    s[*d] += p->shape[*d];
  }
  if (!fits(s))
    return nullptr;
  auto e = node(TensorExpr::Cat, std::move(s));
  e->dim = *d;
  mergeTypes(*e, parts, false);
  e->args = std::move(parts);
  return e;
}

TensorRef TensorBuilder::pad(TensorRef a, const std::vector<int64_t> &pairs, double v) {
  if (int64_t(pairs.size()) != 2 * a->shape.rank())
    return fail(fmt::format("pad of {} needs {} pairs", a->shape.str(), a->shape.rank()));
  Shape s = a->shape;
  std::vector<int64_t> before;
  for (int64_t i = 0; i < s.rank(); ++i) {
    int64_t b = pairs[size_t(2 * i)], e = pairs[size_t(2 * i + 1)];
    if (b < 0 || e < 0 || b > maxTensorElements || e > maxTensorElements)
      return fail(fmt::format("pad by {} and {}", b, e));
    s[i] += b + e;
    before.push_back(b);
  }
  if (!fits(s))
    return nullptr;
  auto e = node(TensorExpr::Pad, std::move(s));
  adoptType(*e, *a);
  e->value = v;
  e->ints = std::move(before);
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::select(TensorRef a, int64_t dim, std::vector<int64_t> indices) {
  std::optional<int64_t> d = normalizeDim(dim, a->shape.rank());
  if (!d || !a->shape.rank())
    return fail(fmt::format("{} has no dimension {}", a->shape.str(), dim));
  for (int64_t &i : indices) {
    i += i < 0 ? a->shape[*d] : 0;
    if (i < 0 || i >= a->shape[*d])
      return fail(fmt::format("an index outside dimension {} of {}", dim, a->shape.str()));
  }
  Shape s = a->shape;
  s[*d] = int64_t(indices.size());
  if (!fits(s))
    return nullptr;
  auto e = node(TensorExpr::Select, std::move(s));
  adoptType(*e, *a);
  e->dim = *d;
  e->ints = std::move(indices);
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::reduce(TensorFn f, TensorRef a, const std::vector<int64_t> &dims,
                                bool keep) {
  int64_t rank = a->shape.rank();
  std::vector<int64_t> flags(size_t(rank), dims.empty() ? 1 : 0);
  for (int64_t d : dims) {
    std::optional<int64_t> n = normalizeDim(d, rank);
    if (!n || !rank)
      return fail(fmt::format("{} has no dimension {}", a->shape.str(), d));
    flags[size_t(*n)] = 1;
  }
  Shape s;
  for (int64_t i = 0; i < rank; ++i) {
    if (!flags[size_t(i)])
      s.push(a->shape[i]);
    else if (keep)
      s.push(1);
    if (flags[size_t(i)] && a->shape[i] == 0 && (f == TensorFn::Amax || f == TensorFn::Amin))
      return fail(fmt::format("the largest or smallest of no elements ({})", a->shape.str()));
  }
  auto e = node(TensorExpr::Reduce, std::move(s));
  e->fn = f;
  e->ints = std::move(flags);
  mergeTypes(*e, {a}, makesFraction(f));
  e->args = {std::move(a)};
  return e;
}

TensorRef TensorBuilder::contract(const std::string &labels, std::vector<TensorRef> args) {
  std::string compact;
  for (char c : labels) {
    if (c != ' ')
      compact += c;
  }
  auto bad = [&](const std::string &reason) {
    return fail(fmt::format("einsum(\"{}\"): {}", labels, reason));
  };
  size_t arrow = compact.find("->");
  if (arrow == std::string::npos)
    return bad("`->` and the result's labels are missing");
  std::string left = compact.substr(0, arrow), right = compact.substr(arrow + 2);
  int64_t sizes[128];
  std::fill(std::begin(sizes), std::end(sizes), int64_t(-1));
  size_t arg = 0, at = 0;
  for (char c : left + ",") {
    if (c == ',') {
      if (arg >= args.size() || int64_t(at) != args[arg]->shape.rank())
        return bad("labels do not fit the operands' dimensions");
      ++arg;
      at = 0;
      continue;
    }
    if (!std::isalpha(static_cast<unsigned char>(c)) || arg >= args.size() ||
        int64_t(at) >= args[arg]->shape.rank())
      return bad("labels do not fit the operands' dimensions");
    int64_t size = args[arg]->shape[int64_t(at++)];
    int64_t &known = sizes[size_t(c)];
    if (known >= 0 && known != size)
      return bad(fmt::format("`{}` is both {} and {}", c, known, size));
    known = size;
  }
  if (arg != args.size())
    return bad(fmt::format("{} operands given", args.size()));
  Shape s;
  for (size_t i = 0; i < right.size(); ++i) {
    char c = right[i];
    if (!std::isalpha(static_cast<unsigned char>(c)) || sizes[size_t(c)] < 0 || right.find(c) != i)
      return bad("the result's labels must be distinct and occur on the left");
    s.push(sizes[size_t(c)]);
  }
  double work = 1;
  for (int64_t size : sizes)
    work *= size > 0 ? double(size) : 1.0;
  if (work > 1e11)
    return bad("too much work for compile time");
  if (!fits(s))
    return nullptr;
  auto e = node(TensorExpr::Contract, std::move(s));
  e->labels = compact;
  mergeTypes(*e, args, false);
  e->args = std::move(args);
  return e;
}

TensorRef TensorBuilder::cast(TensorRef a, DType t) {
  auto e = node(TensorExpr::Cast, a->shape);
  e->dtype = t;
  e->args = {std::move(a)};
  return e;
}

} // namespace wnnx::pat
