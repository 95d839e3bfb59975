// SPDX-License-Identifier: Apache-2.0
//
// Functions on integers, lists and permutations.
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

#include <algorithm>
#include <limits>

namespace wnnx::pat {

static bool isPermutation(const std::vector<int64_t> &p) {
  std::vector<bool> seen(p.size(), false);
  for (int64_t i : p) {
    if (i < 0 || i >= int64_t(p.size()) || seen[size_t(i)])
      return false;
    seen[size_t(i)] = true;
  }
  return true;
}

static void fromFront(std::vector<int64_t> &dims) {
  for (int64_t &i : dims)
    i += i < 0 ? int64_t(dims.size()) : 0;
}

std::optional<Datum> Evaluator::callList(const Code &c, const std::vector<Datum> &a) {
  auto integer = [&](size_t i) -> std::optional<int64_t> {
    auto *x = a[i].as<int64_t>();
    return x ? std::optional<int64_t>(*x)
             : fail(c, fmt::format("{} is not an integer", a[i].str()));
  };
  switch (c.builtin) {
  case Builtin::FloorDiv:
  case Builtin::CeilDiv: {
    auto x = integer(0), y = integer(1);
    if (!x || !y)
      return std::nullopt;
    if (*y == 0 || (*y == -1 && *x == std::numeric_limits<int64_t>::min()))
      return fail(c, "division by zero");
    int64_t q = *x / *y, r = *x % *y;
    if (r && c.builtin == Builtin::FloorDiv && (r < 0) != (*y < 0))
      --q;
    if (r && c.builtin == Builtin::CeilDiv && (r < 0) == (*y < 0))
      ++q;
    return Datum(q);
  }
  case Builtin::Repeat: {
    auto n = integer(1);
    if (!n || *n < 0 || *n > (1 << 20))
      return fail(c, "not a length of a list");
    return Datum(DatumList(size_t(*n), a[0]));
  }
  default:
    break;
  }
  const DatumList *l = a[0].list();
  if (!l)
    return fail(c, fmt::format("{} is not a list", a[0].str()));
  switch (c.builtin) {
  case Builtin::Len:
    return Datum(int64_t(l->size()));
  case Builtin::AllEqual:
    for (const Datum &d : *l) {
      if (!d.equals((*l)[0]))
        return Datum(false);
    }
    return Datum(true);
  case Builtin::AnyOf:
  case Builtin::AllOf: {
    bool any = c.builtin == Builtin::AnyOf;
    for (const Datum &d : *l) {
      if (!d.as<bool>())
        return fail(c, "the list is not of true and false");
      if (*d.as<bool>() == any)
        return Datum(any);
    }
    return Datum(!any);
  }
  case Builtin::Contains:
    for (const Datum &d : *l) {
      if (d.equals(a[1]))
        return Datum(true);
    }
    return Datum(false);
  case Builtin::IndexOf:
    for (size_t i = 0; i < l->size(); ++i) {
      if ((*l)[i].equals(a[1]))
        return Datum(int64_t(i));
    }
    return fail(c, fmt::format("{} is not in the list", a[1].str()));
  case Builtin::Reverse:
    return Datum(DatumList(l->rbegin(), l->rend()));
  case Builtin::Unique: {
    DatumList once;
    for (const Datum &d : *l) {
      if (std::none_of(once.begin(), once.end(), [&](const Datum &o) { return o.equals(d); }))
        once.push_back(d);
    }
    return Datum(std::move(once));
  }
  case Builtin::Without:
  case Builtin::Inserted:
  case Builtin::ReplacedAt: {
    auto i = integer(1);
    int64_t n = int64_t(l->size());
    if (!i)
      return std::nullopt;
    bool inserts = c.builtin == Builtin::Inserted;
    int64_t at = *i < 0 ? *i + n : *i;
    if (at < 0 || at >= n + inserts)
      return fail(c, fmt::format("index {} in a list of {}", *i, n));
    DatumList out = *l;
    if (inserts)
      out.insert(out.begin() + at, a[2]);
    else if (c.builtin == Builtin::ReplacedAt)
      out[size_t(at)] = a[2];
    else
      out.erase(out.begin() + at);
    return Datum(std::move(out));
  }
  default:
    break;
  }
  std::optional<std::vector<int64_t>> p = a[0].ints();
  if (!p)
    return fail(c, "the list is not of integers");
  int64_t total = c.builtin == Builtin::Prod ? 1 : 0;
  switch (c.builtin) {
  case Builtin::Prod:
    for (int64_t i : *p) {
      if (__builtin_mul_overflow(total, i, &total))
        return fail(c, "the product is too large");
    }
    return Datum(total);
  case Builtin::Sorted:
    std::sort(p->begin(), p->end());
    return Datum::ofInts(*p);
  case Builtin::Smallest:
  case Builtin::Largest:
    if (p->empty())
      return fail(c, "the list is empty");
    return Datum(c.builtin == Builtin::Smallest ? *std::min_element(p->begin(), p->end())
                                                : *std::max_element(p->begin(), p->end()));
  case Builtin::PrefixSum:
    for (int64_t &i : *p) {
      int64_t own = i;
      i = total;
      if (__builtin_add_overflow(total, own, &total))
        return fail(c, "the sum is too large");
    }
    return Datum::ofInts(*p);
  default:
    break;
  }
  // Permutations; negative dimensions count from the end.
  fromFront(*p);
  if (!isPermutation(*p))
    return fail(c, fmt::format("{} is not a permutation", a[0].str()));
  switch (c.builtin) {
  case Builtin::ComposePerm: {
    std::optional<std::vector<int64_t>> q = a[1].ints();
    if (q)
      fromFront(*q);
    if (!q || q->size() != p->size() || !isPermutation(*q))
      return fail(c, "not two permutations of one length");
    for (int64_t &i : *q)
      i = (*p)[size_t(i)];
    return Datum::ofInts(*q);
  }
  case Builtin::InversePerm: {
    std::vector<int64_t> inverse(p->size());
    for (size_t i = 0; i < p->size(); ++i)
      inverse[size_t((*p)[i])] = int64_t(i);
    return Datum::ofInts(inverse);
  }
  case Builtin::IsIdentityPerm:
    for (size_t i = 0; i < p->size(); ++i) {
      if ((*p)[i] != int64_t(i))
        return Datum(false);
    }
    return Datum(true);
  default:
    return fail(c, "unknown function");
  }
}

} // namespace wnnx::pat
