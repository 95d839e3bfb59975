// SPDX-License-Identifier: Apache-2.0
//
// Offline placement of blocks: greedy fits under several orders, then a search over orders that
// moves the blocks that stick out forward, until the lower bound is met or a budget is used up. The
// budget counts work, not time, so that the result is the same on every machine.
#include "wnnx/Plan/Arena.h"

#include <algorithm>
#include <numeric>

namespace wnnx {

namespace {

bool together(const ArenaBlock &a, const ArenaBlock &b) {
  return a.first <= b.last && b.first <= a.last;
}

enum class Fit : uint8_t { Best, First };

/// A deterministic stream of numbers (xorshift).
class Numbers {
  uint64_t state = 0x9e3779b97f4a7c15u;

public:
  unsigned below(unsigned n) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return unsigned((state >> 20) % n);
  }
};

class Placer {
  llvm::ArrayRef<ArenaBlock> blocks;
  std::vector<int64_t> sizes; // aligned
  std::vector<std::vector<unsigned>> neighbours;
  std::vector<std::pair<int64_t, int64_t>> busy;
  std::vector<uint8_t> placed;

public:
  int64_t work = 0; // neighbours looked at

  Placer(llvm::ArrayRef<ArenaBlock> b, int64_t align) : blocks(b) {
    for (const ArenaBlock &block : b)
      sizes.push_back((block.bytes + align - 1) / align * align);
    // A sweep over the steps; empty blocks are nobody's neighbours.
    neighbours.resize(b.size());
    std::vector<unsigned> byStart(b.size()), live;
    std::iota(byStart.begin(), byStart.end(), 0u);
    std::stable_sort(byStart.begin(), byStart.end(),
                     [&](unsigned x, unsigned y) { return b[x].first < b[y].first; });
    for (unsigned i : byStart) {
      if (!sizes[i])
        continue;
      live.erase(std::remove_if(live.begin(), live.end(),
                                [&](unsigned j) { return b[j].last < b[i].first; }),
                 live.end());
      for (unsigned j : live)
        if (together(b[i], b[j])) {
          neighbours[i].push_back(j);
          neighbours[j].push_back(i);
        }
      live.push_back(i);
    }
  }

  int64_t size(unsigned i) const { return sizes[i]; }
  llvm::ArrayRef<unsigned> neighboursOf(unsigned i) const { return neighbours[i]; }

  int64_t lowerBound() const {
    std::vector<std::pair<int, int64_t>> events; // step, change
    for (unsigned i = 0; i < blocks.size(); ++i) {
      events.push_back({blocks[i].first, sizes[i]});
      events.push_back({blocks[i].last + 1, -sizes[i]});
    }
    std::sort(events.begin(), events.end());
    int64_t live = 0, most = 0;
    for (auto [step, change] : events)
      most = std::max(most, live += change);
    return most;
  }

  /// Places the blocks in the given order, each into the gap that fits it best, or the first one.
  int64_t place(llvm::ArrayRef<unsigned> order, Fit fit, std::vector<int64_t> &offsets) {
    offsets.assign(blocks.size(), 0);
    placed.assign(blocks.size(), 0);
    int64_t total = 0;
    for (unsigned i : order) {
      busy.clear();
      for (unsigned j : neighbours[i])
        if (placed[j])
          busy.push_back({offsets[j], offsets[j] + sizes[j]});
      work += int64_t(neighbours[i].size()) + 4 * int64_t(busy.size()) + 4;
      std::sort(busy.begin(), busy.end());
      int64_t at = 0, chosen = -1, slack = 0;
      for (auto [begin, end] : busy) {
        int64_t gap = begin - at;
        if (gap >= sizes[i] && (chosen < 0 || gap - sizes[i] < slack)) {
          chosen = at;
          slack = gap - sizes[i];
          if (fit == Fit::First)
            break;
        }
        at = std::max(at, end);
      }
      offsets[i] = chosen >= 0 ? chosen : at;
      total = std::max(total, offsets[i] + sizes[i]);
      placed[i] = 1;
    }
    return total;
  }
};

class Planner {
  llvm::ArrayRef<ArenaBlock> blocks;
  Placer placer;
  ArenaLayout best;
  struct Start {
    std::vector<unsigned> order;
    Fit fit;
    int64_t total;
  };
  std::vector<Start> starts;

public:
  Planner(llvm::ArrayRef<ArenaBlock> b, int64_t alignment) : blocks(b), placer(b, alignment) {
    best.lowerBound = placer.lowerBound();
    best.bytes = -1;
  }

  ArenaLayout run() {
    greedy();
    if (!done())
      search();
    return std::move(best);
  }

private:
  bool done() const { return best.bytes == best.lowerBound; }

  int64_t attempt(llvm::ArrayRef<unsigned> order, Fit fit, std::vector<int64_t> &offsets) {
    int64_t total = placer.place(order, fit, offsets);
    if (best.bytes < 0 || total < best.bytes) {
      best.bytes = total;
      best.offsets = offsets;
    }
    return total;
  }

  template <class Less> void tryOrder(Less less) {
    if (done())
      return;
    std::vector<unsigned> order(blocks.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), less);
    std::vector<int64_t> offsets;
    for (Fit fit : {Fit::Best, Fit::First})
      starts.push_back({order, fit, attempt(order, fit, offsets)});
  }

  void greedy() {
    auto span = [&](unsigned i) { return int64_t(blocks[i].last) - blocks[i].first + 1; };
    auto size = [&](unsigned i) { return placer.size(i); };
    tryOrder([&](unsigned a, unsigned b) { return size(a) > size(b); });
    tryOrder([&](unsigned a, unsigned b) {
      return double(size(a)) * double(span(a)) > double(size(b)) * double(span(b));
    });
    tryOrder([&](unsigned a, unsigned b) { return span(a) > span(b); });
    tryOrder([&](unsigned a, unsigned b) { return blocks[a].first < blocks[b].first; });
    tryOrder([&](unsigned a, unsigned b) { return blocks[a].last > blocks[b].last; });
    // Steps with the most live bytes first, largest blocks first inside a step: what decides the
    // total is placed while there is still room to choose.
    std::vector<int64_t> pressure(blocks.size());
    for (unsigned i = 0; i < blocks.size(); ++i) {
      pressure[i] = size(i);
      for (unsigned j : placer.neighboursOf(i))
        pressure[i] += size(j);
    }
    tryOrder([&](unsigned a, unsigned b) {
      return pressure[a] != pressure[b] ? pressure[a] > pressure[b] : size(a) > size(b);
    });
  }

  /// From each of the best starts: a block that reaches over the bound is moved to before one of
  /// those it shares steps with, or to the front; the new order is kept unless it is worse.
  void search() {
    constexpr int64_t budget = 60'000'000; // about a quarter of a second
    std::stable_sort(starts.begin(), starts.end(),
                     [](const Start &a, const Start &b) { return a.total < b.total; });
    if (starts.size() > 4)
      starts.resize(4);
    Numbers numbers;
    for (size_t s = 0; s < starts.size() && !done(); ++s)
      climb(starts[s], numbers, budget * int64_t(s + 1) / int64_t(starts.size()));
  }

  void climb(Start start, Numbers &numbers, int64_t until) {
    std::vector<unsigned> order = start.order, next;
    std::vector<int64_t> offsets, nextOffsets;
    std::vector<unsigned> over;
    int64_t current = excess(order, start.fit, offsets, over);
    while (!over.empty() && !done() && placer.work < until) {
      next = order;
      unsigned moves = 1 + numbers.below(3);
      for (unsigned m = 0; m < moves; ++m)
        move(next, over[numbers.below(unsigned(over.size()))], numbers);
      std::vector<unsigned> nextOver;
      int64_t e = excess(next, start.fit, nextOffsets, nextOver);
      // Now and then a slightly worse order, to leave a hollow.
      if (e <= current || (numbers.below(50) == 0 && e - current <= best.lowerBound / 50)) {
        current = e;
        order.swap(next);
        over.swap(nextOver);
      }
    }
  }

  void move(std::vector<unsigned> &order, unsigned block, Numbers &numbers) {
    auto from = std::find(order.begin(), order.end(), block);
    auto to = order.begin();
    llvm::ArrayRef<unsigned> near = placer.neighboursOf(block);
    if (!near.empty() && numbers.below(8) != 0)
      to = std::find(order.begin(), order.end(), near[numbers.below(unsigned(near.size()))]);
    if (to < from)
      std::rotate(to, from, from + 1);
    else
      std::rotate(from, from + 1, to + 1);
  }

  /// What an order is judged by: the bytes over the bound of all blocks that reach over it, and
  /// these blocks.
  int64_t excess(llvm::ArrayRef<unsigned> order, Fit fit, std::vector<int64_t> &offsets,
                 std::vector<unsigned> &over) {
    int64_t total = attempt(order, fit, offsets), sum = 0;
    for (unsigned i = 0; i < blocks.size(); ++i)
      if (int64_t beyond = offsets[i] + placer.size(i) - best.lowerBound; beyond > 0) {
        over.push_back(i);
        sum += beyond;
      }
    return (total - best.lowerBound) * 4 + sum;
  }
};

} // namespace

ArenaLayout planArena(llvm::ArrayRef<ArenaBlock> blocks, int64_t alignment) {
  return Planner(blocks, alignment).run();
}

bool arenaIsValid(llvm::ArrayRef<ArenaBlock> blocks, const ArenaLayout &layout, int64_t alignment) {
  if (layout.offsets.size() != blocks.size())
    return false;
  // A sweep over the steps: a block is compared with those that still live when it begins.
  std::vector<unsigned> order(blocks.size()), live;
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](unsigned a, unsigned b) { return blocks[a].first < blocks[b].first; });
  for (unsigned i : order) {
    int64_t begin = layout.offsets[i], end = begin + blocks[i].bytes;
    if (begin < 0 || begin % alignment || end > layout.bytes)
      return false;
    size_t kept = 0;
    for (unsigned j : live) {
      if (blocks[j].last < blocks[i].first)
        continue;
      live[kept++] = j;
      int64_t otherBegin = layout.offsets[j], otherEnd = otherBegin + blocks[j].bytes;
      if (together(blocks[i], blocks[j]) && begin < otherEnd && otherBegin < end)
        return false;
    }
    live.resize(kept);
    live.push_back(i);
  }
  return true;
}

} // namespace wnnx
