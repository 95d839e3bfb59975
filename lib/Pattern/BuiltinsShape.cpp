// SPDX-License-Identifier: Apache-2.0
//
// Functions that follow dimensions and slices through permutations and reshapes.
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

#include <algorithm>
#include <limits>

namespace wnnx::pat {

namespace {

/// A slice with everything counted from the front: 0 <= start <= end <= size.
struct SliceRange {
  int64_t dim = 0, start = 0, end = 0, step = 1;
  int64_t length() const { return end > start ? (end - start - 1) / step + 1 : 0; }
  /// The end right behind the last element that is taken.
  void tighten() {
    int64_t n = length();
    end = n ? start + (n - 1) * step + 1 : start;
  }
  Datum record() const {
    return DatumRecord{{"dim", dim}, {"start", start}, {"end", end}, {"step", step}};
  }
};

std::optional<SliceRange> readSlice(const Datum &d, llvm::ArrayRef<int64_t> sizes) {
  auto integer = [&](const char *name, int64_t otherwise) -> std::optional<int64_t> {
    const Datum *f = d.field(name);
    if (!f || f->isAbsent())
      return otherwise;
    return f->as<int64_t>() ? std::optional<int64_t>(*f->as<int64_t>()) : std::nullopt;
  };
  const Datum *dim = d.field("dim");
  if (!dim || !dim->as<int64_t>() || sizes.empty())
    return std::nullopt;
  std::optional<int64_t> at = normalizeDim(*dim->as<int64_t>(), int64_t(sizes.size()));
  auto start = integer("start", 0), end = integer("end", std::numeric_limits<int64_t>::max()),
       step = integer("step", 1);
  if (!at || !start || !end || !step || *step <= 0)
    return std::nullopt;
  int64_t size = sizes[size_t(*at)];
  if (size < 0)
    return std::nullopt;
  auto clampTo = [&](int64_t x) { return std::clamp<int64_t>(x < 0 ? x + size : x, 0, size); };
  SliceRange s{*at, clampTo(*start), clampTo(*end), *step};
  s.end = std::max(s.start, s.end);
  s.step = std::min(s.step, std::max<int64_t>(size, 1));
  s.tighten();
  return s;
}

int64_t product(llvm::ArrayRef<int64_t> sizes, size_t from, size_t to) {
  int64_t p = 1;
  for (size_t i = from; i < to; ++i)
    p *= sizes[i];
  return p;
}

/// Whether both are shapes of one tensor with elements.
bool sameElements(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
  std::optional<int64_t> n = checkedNumel(a), m = checkedNumel(b);
  return n && m && *n == *m && *n > 0;
}

std::optional<int64_t> mapDim(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to, size_t d) {
  if (!sameElements(from, to))
    return std::nullopt;
  int64_t outer = product(from, 0, d), count = 0;
  std::optional<int64_t> found;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == from[d] && product(to, 0, i) == outer) {
      ++count;
      if (!found)
        found = int64_t(i);
    }
  }
  // Among several dimensions of size 1 in a row, the one as far behind the last larger one.
  if (from[d] == 1 && count > 1) {
    size_t behind = 0;
    while (behind < d && from[d - behind - 1] == 1)
      ++behind;
    if (int64_t(behind) < count)
      return *found + int64_t(behind);
    return std::nullopt;
  }
  return found;
}

/// The slice of a tensor of shape `to` that keeps what `s` keeps of it reshaped to `from`.
std::optional<SliceRange> mapSlice(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to,
                                   SliceRange s) {
  if (!sameElements(from, to))
    return std::nullopt;
  if (std::optional<int64_t> d = mapDim(from, to, size_t(s.dim))) {
    s.dim = *d;
    return s;
  }
  // Runs of `inner` elements, `size` of them in each of `outer` blocks, on either side.
  int64_t size = from[size_t(s.dim)], outer = product(from, 0, size_t(s.dim));
  int64_t inner = product(from, size_t(s.dim) + 1, from.size());
  for (size_t i = 0; i < to.size(); ++i) {
    if (product(to, 0, i) != outer)
      continue;
    int64_t theirs = product(to, i + 1, to.size());
    if (to[i] > size && theirs != 0 && inner % theirs == 0 && s.step == 1) {
      // The sliced dimension is the outer part of a larger one.
      int64_t k = inner / theirs;
      return SliceRange{int64_t(i), s.start * k, s.end * k, 1};
    }
    if (to[i] < size && inner != 0 && theirs % inner == 0 && s.step == 1) {
      // It is joined from several, of which the outer one is cut between its entries.
      int64_t k = theirs / inner;
      if (s.start % k == 0 && s.end % k == 0)
        return SliceRange{int64_t(i), s.start / k, s.end / k, 1};
    }
  }
  return std::nullopt;
}

} // namespace

std::optional<Datum> Evaluator::callShape(const Code &c, const std::vector<Datum> &a) {
  auto integer = [&](size_t i) -> std::optional<int64_t> {
    auto *x = a[i].as<int64_t>();
    return x ? std::optional<int64_t>(*x)
             : fail(c, fmt::format("{} is not an integer", a[i].str()));
  };
  if (c.builtin == Builtin::Norm) {
    auto d = integer(0), r = integer(1);
    std::optional<int64_t> n = d && r && *r >= 0 ? normalizeDim(*d, *r) : std::nullopt;
    return n ? std::optional<Datum>(*n) : fail(c, "the dimension is out of range");
  }
  std::optional<std::vector<int64_t>> sizes = a[0].ints();
  if (!sizes)
    return fail(c, fmt::format("{} is not a list of integers", a[0].str()));
  switch (c.builtin) {
  case Builtin::Broadcasts:
  case Builtin::BroadcastShape: {
    std::optional<std::vector<int64_t>> other = a[1].ints();
    if (!other)
      return fail(c, fmt::format("{} is not a list of integers", a[1].str()));
    std::optional<Shape> s = broadcast(Shape(*sizes), Shape(*other));
    if (c.builtin == Builtin::Broadcasts)
      return Datum(s.has_value());
    return s ? std::optional<Datum>(Datum::ofInts(s->ref()))
             : fail(c, "the shapes do not broadcast");
  }
  case Builtin::PermDim: {
    auto d = integer(1);
    int64_t rank = int64_t(sizes->size());
    std::optional<int64_t> n = d && rank ? normalizeDim(*d, rank) : std::nullopt;
    std::optional<int64_t> at = n ? normalizeDim((*sizes)[size_t(*n)], rank) : std::nullopt;
    return at ? std::optional<Datum>(*at) : fail(c, "the dimension is out of range");
  }
  case Builtin::MapDim: {
    std::optional<std::vector<int64_t>> to = a[1].ints();
    auto d = integer(2);
    if (!to || !d)
      return fail(c, "not a list of integers");
    std::optional<int64_t> n = normalizeDim(*d, int64_t(sizes->size()));
    if (!n || sizes->empty())
      return fail(c, "the dimension is out of range");
    std::optional<int64_t> m = mapDim(*sizes, *to, size_t(*n));
    return m ? std::optional<Datum>(*m)
             : fail(c, fmt::format("dimension {} of {} is no dimension of {}", *d,
                                   Shape(*sizes).str(), Shape(*to).str()));
  }
  default:
    break;
  }
  bool maps = c.builtin == Builtin::MapSlice;
  std::optional<SliceRange> s = readSlice(a[maps ? 2 : 1], *sizes);
  if (!s)
    return fail(c, "not a slice { dim, start, end, step } of such a value");
  switch (c.builtin) {
  case Builtin::NormSlice:
    return s->record();
  case Builtin::SliceShape:
    (*sizes)[size_t(s->dim)] = s->length();
    return Datum::ofInts(*sizes);
  case Builtin::ComposeSlices: {
    (*sizes)[size_t(s->dim)] = s->length();
    std::optional<SliceRange> t = readSlice(a[2], *sizes);
    if (!t || t->dim != s->dim)
      return fail(c, "not two slices along one dimension");
    SliceRange r{s->dim, s->start + t->start * s->step, 0, s->step * t->step};
    int64_t n = t->length();
    r.end = n ? r.start + (n - 1) * r.step + 1 : r.start;
    return r.record();
  }
  case Builtin::MapSlice: {
    std::optional<std::vector<int64_t>> to = a[1].ints();
    std::optional<SliceRange> m = to ? mapSlice(*sizes, *to, *s) : std::nullopt;
    return m ? std::optional<Datum>(m->record()) : fail(c, "the slice is none of the other shape");
  }
  default:
    return fail(c, "unknown function");
  }
}

} // namespace wnnx::pat
