// SPDX-License-Identifier: Apache-2.0
//
// Compile-time tensors that are made of simpler ones: products, gathers, and kernels of
// convolutions.
#include "wnnx/Pattern/TensorExpr.h"

#include "fmt/format.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

TensorRef TensorBuilder::matmul(TensorRef a, TensorRef b) {
  int64_t ra = a->shape.rank(), rb = b->shape.rank();
  if (ra >= 1 && rb >= 1 && ra <= 12 && rb <= 12) {
    int64_t batch = std::max<int64_t>(std::max(ra, rb) - 2, 0);
    std::string lead;
    for (int64_t i = 0; i < batch; ++i)
      lead += char('A' + i);
    std::string left = ra == 1 ? "k" : lead + "ik", right = rb == 1 ? "k" : lead + "kj";
    std::string out = lead + (ra == 1 ? "" : "i") + (rb == 1 ? "" : "j");
    bool fits = int64_t(left.size()) == ra && int64_t(right.size()) == rb &&
                a->shape.back() == b->shape[rb == 1 ? 0 : rb - 2];
    for (int64_t i = 0; i < batch && fits; ++i)
      fits = a->shape[i] == b->shape[i];
    if (fits)
      return contract(left + "," + right + "->" + out, {a, b});
  }
  return fail(fmt::format("matmul of {} and {}; other products are written with einsum",
                          a->shape.str(), b->shape.str()));
}

TensorRef TensorBuilder::stack(const std::vector<TensorRef> &parts, int64_t dim) {
  if (parts.empty())
    return fail("stack of no tensors");
  std::optional<int64_t> d = normalizeDim(dim, parts[0]->shape.rank() + 1);
  if (!d)
    return fail(fmt::format("{} gets no dimension {}", parts[0]->shape.str(), dim));
  std::vector<TensorRef> wide;
  for (const TensorRef &p : parts) {
    if (p->shape != parts[0]->shape)
      return fail(fmt::format("cannot stack {} and {}", parts[0]->shape.str(), p->shape.str()));
    std::vector<int64_t> sizes(p->shape.begin(), p->shape.end());
    sizes.insert(sizes.begin() + *d, 1);
    wide.push_back(reshape(p, sizes));
  }
  return cat(std::move(wide), *d);
}

TensorRef TensorBuilder::gather(TensorRef a, int64_t dim, TensorRef index) {
  const Shape &from = a->shape, &to = index->shape;
  std::optional<int64_t> d = normalizeDim(dim, from.rank());
  bool fits = d && from.rank() > 0 && to.rank() == from.rank();
  for (int64_t i = 0; fits && i < from.rank(); ++i)
    fits = i == *d || to[i] <= from[i];
  if (!fits)
    return fail(fmt::format("gather of {} at {} along {}", from.str(), to.str(), dim));
  // Positions in the flattened tensor.
  std::vector<double> values = index->values();
  std::vector<int64_t> at(values.size());
  auto strides = from.strides();
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t rest = int64_t(i);
    for (int64_t k = from.rank(); k-- > 0;) {
      int64_t own = rest % to[k];
      rest /= to[k];
      if (k == *d) {
        if (!(values[i] >= 0) || values[i] >= double(from[k]) || values[i] != std::floor(values[i]))
          return fail(
              fmt::format("index {} is outside dimension {} of {}", values[i], dim, from.str()));
        own = int64_t(values[i]);
      }
      at[i] += own * strides[size_t(k)];
    }
  }
  std::vector<int64_t> sizes(to.begin(), to.end());
  TensorRef flat = reshape(a, {from.numel()});
  TensorRef taken = flat ? select(flat, 0, std::move(at)) : nullptr;
  return taken ? reshape(taken, sizes) : nullptr;
}

TensorRef TensorBuilder::dilate(TensorRef a, const std::vector<int64_t> &factors) {
  int64_t rank = a->shape.rank(), lead = rank - int64_t(factors.size());
  if (lead < 0)
    return fail(fmt::format("{} factors for {}", factors.size(), a->shape.str()));
  TensorRef t = a;
  for (size_t i = 0; i < factors.size() && t; ++i) {
    int64_t f = factors[i], d = lead + int64_t(i), size = t->shape[d];
    if (f < 1 || f > maxTensorElements)
      return fail(fmt::format("a dilation by {}", f));
    if (f == 1 || size < 2)
      continue;
    // [.., k, ..] to [.., k, 1, ..], zeros behind each, flat again, and the last zeros cut off.
    std::vector<int64_t> sizes(t->shape.begin(), t->shape.end());
    sizes.insert(sizes.begin() + d + 1, 1);
    t = reshape(t, sizes);
    std::vector<int64_t> pairs(2 * sizes.size(), 0);
    pairs[size_t(2 * (d + 1) + 1)] = f - 1;
    t = t ? pad(t, pairs, 0) : nullptr;
    if (!t)
      return nullptr;
    sizes.erase(sizes.begin() + d + 1);
    sizes[size_t(d)] = size * f;
    t = reshape(t, sizes);
    t = t ? slice(t, d, 0, (size - 1) * f + 1, 1) : nullptr;
  }
  return t;
}

TensorRef TensorBuilder::denseKernel(TensorRef w, int64_t groups) {
  if (w->shape.rank() != 4 || groups < 1 || w->shape[0] % groups)
    return fail(fmt::format("{} is no kernel of {} groups", w->shape.str(), groups));
  if (groups == 1)
    return w;
  int64_t o = w->shape[0], i = w->shape[1], h = w->shape[2], k = w->shape[3];
  TensorRef parts = reshape(w, {groups, o / groups, i, h, k});
  TensorRef own = eye(groups);
  TensorRef all = parts && own ? contract("goihk,gf->gofihk", {parts, own}) : nullptr;
  return all ? reshape(all, {o, groups * i, h, k}) : nullptr;
}

TensorRef TensorBuilder::composeConv(TensorRef first, TensorRef second, int64_t groups) {
  const Shape &p = first->shape, &q = second->shape;
  if (p.rank() != 4 || q.rank() != 4 || groups < 1 || p[0] % groups || q[0] % groups ||
      q[1] * groups != p[0] || p.numel() == 0 || q.numel() == 0)
    return fail(fmt::format("convolutions with weights {} and {} in {} groups do not follow each "
                            "other",
                            p.str(), q.str(), groups));
  // out[o, i, a] = sum over m, b of second[o, m, b] * first[m, i, a - b]: the first, padded, seen
  // through windows as large as the second reversed.
  int64_t kh = q[2], kw = q[3];
  TensorRef padded = pad(first, {0, 0, 0, 0, kh - 1, kh - 1, kw - 1, kw - 1}, 0);
  TensorRef reversed = flip(second, {2, 3});
  if (!padded || !reversed)
    return nullptr;
  int64_t oh = p[2] + kh - 1, ow = p[3] + kw - 1, m = q[1];
  auto windows = std::make_shared<TensorExpr>();
  windows->kind = TensorExpr::View;
  windows->shape = Shape{groups, m, p[1], oh, ow, kh, kw};
  windows->dtype = padded->dtype;
  windows->fromFloat = padded->fromFloat;
  auto s = padded->shape.strides();
  windows->ints = {m * s[0], s[0], s[1], s[2], s[3], s[2], s[3]};
  windows->args = {padded};
  TensorRef kernel = reshape(reversed, {groups, q[0] / groups, m, kh, kw});
  TensorRef all = kernel ? contract("gomuv,gmihwuv->goihw", {kernel, TensorRef(windows)}) : nullptr;
  return all ? reshape(all, {q[0], p[1], oh, ow}) : nullptr;
}

} // namespace wnnx::pat
