// SPDX-License-Identifier: Apache-2.0
//
// Going over the elements of compile-time tensors: offsets by strides, and pieces of large work
// shared out among threads.
#pragma once

#include "wnnx/IR/Type.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace wnnx::pat {

/// Work, in elements or multiplications, below which threads cost more than they save.
constexpr double worthThreads = 1 << 18;

/// Calls `f(begin, end)` for pieces that cover [0, n), several at a time when there is much work.
template <class F> void inParallel(int64_t n, int64_t piece, double work, F &&f) {
  int64_t pieces = (n + piece - 1) / piece;
  unsigned threads = work < worthThreads ? 1 : std::max(1u, std::thread::hardware_concurrency());
  threads = unsigned(std::min<int64_t>(threads, std::max<int64_t>(pieces, 1)));
  std::atomic<int64_t> next{0};
  auto run = [&] {
    for (int64_t i; (i = next.fetch_add(1)) < pieces;)
      f(i * piece, std::min(n, (i + 1) * piece));
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i)
    others.emplace_back(run);
  run();
  for (std::thread &t : others)
    t.join();
}

using Strides = llvm::SmallVector<int64_t, 6>;

/// Walks over the indices of a shape in row-major order, with an offset that moves by strides.
class Walker {
  const Shape &shape;
  llvm::ArrayRef<int64_t> strides;
  Strides at;

public:
  int64_t offset;
  Walker(const Shape &s, llvm::ArrayRef<int64_t> by, int64_t base, int64_t index)
      : shape(s), strides(by), at(size_t(s.rank()), 0), offset(base) {
    for (int64_t d = s.rank(); d-- > 0;) {
      at[size_t(d)] = index % s[d];
      index /= s[d];
      offset += at[size_t(d)] * by[size_t(d)];
    }
  }
  /// Elements up to the end of the innermost row, and their stride.
  int64_t run() const { return shape.rank() ? shape.back() - at.back() : 1; }
  int64_t stride() const { return shape.rank() ? strides.back() : 0; }
  /// Moves on by n elements, n no more than `run()`.
  void advance(int64_t n) {
    int64_t d = shape.rank() - 1;
    if (d < 0)
      return;
    at[size_t(d)] += n;
    offset += n * strides[size_t(d)];
    while (d > 0 && at[size_t(d)] == shape[d]) {
      offset -= shape[d] * strides[size_t(d)];
      at[size_t(d)] = 0;
      --d;
      ++at[size_t(d)];
      offset += strides[size_t(d)];
    }
  }
};

/// Strides of `from` seen as the larger shape `to`.
inline Strides broadcastStrides(const Shape &from, const Shape &to) {
  auto own = from.strides();
  Strides s;
  int64_t lead = to.rank() - from.rank();
  for (int64_t i = 0; i < to.rank(); ++i)
    s.push_back(i < lead || from[i - lead] == 1 ? 0 : own[size_t(i - lead)]);
  return s;
}

} // namespace wnnx::pat
