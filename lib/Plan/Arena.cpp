// SPDX-License-Identifier: Apache-2.0
//
// Offline placement of blocks: greedy best fit under several orders; the best result wins.
#include "wnnx/Plan/Arena.h"

#include <algorithm>
#include <numeric>

namespace wnnx {

namespace {

struct Placed {
  int64_t begin, end;
};

class Placer {
  llvm::ArrayRef<ArenaBlock> blocks;
  std::vector<int64_t> sizes; // aligned
  int64_t alignment;

public:
  Placer(llvm::ArrayRef<ArenaBlock> b, int64_t align) : blocks(b), alignment(align) {
    for (const ArenaBlock &block : b)
      sizes.push_back((block.bytes + align - 1) / align * align);
  }

  int64_t size(unsigned i) const { return sizes[i]; }

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

  /// Places the blocks in the given order, each into the gap that fits it best (or first).
  int64_t place(llvm::ArrayRef<unsigned> order, bool bestFit, std::vector<int64_t> &offsets) const {
    offsets.assign(blocks.size(), 0);
    int64_t total = 0;
    std::vector<unsigned> done;
    std::vector<Placed> busy;
    for (unsigned i : order) {
      busy.clear();
      for (unsigned j : done)
        if (blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last)
          busy.push_back({offsets[j], offsets[j] + sizes[j]});
      std::sort(busy.begin(), busy.end(),
                [](const Placed &a, const Placed &b) { return a.begin < b.begin; });
      int64_t at = 0, chosen = -1, slack = 0;
      for (const Placed &p : busy) {
        int64_t gap = p.begin - at;
        if (gap >= sizes[i] && (chosen < 0 || gap - sizes[i] < slack)) {
          chosen = at;
          slack = gap - sizes[i];
          if (!bestFit)
            break;
        }
        at = std::max(at, p.end);
      }
      offsets[i] = chosen >= 0 ? chosen : at;
      total = std::max(total, offsets[i] + sizes[i]);
      if (sizes[i])
        done.push_back(i);
    }
    return total;
  }
};

} // namespace

ArenaLayout planArena(llvm::ArrayRef<ArenaBlock> blocks, int64_t alignment) {
  Placer placer(blocks, alignment);
  ArenaLayout best;
  best.lowerBound = placer.lowerBound();
  auto span = [&](unsigned i) { return int64_t(blocks[i].last) - blocks[i].first + 1; };
  std::vector<unsigned> order(blocks.size());
  std::vector<int64_t> offsets;
  bool have = false;
  auto attempt = [&](auto before) {
    if (have && best.bytes == best.lowerBound)
      return;
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), before);
    for (bool bestFit : {true, false}) {
      int64_t total = placer.place(order, bestFit, offsets);
      if (!have || total < best.bytes) {
        best.bytes = total;
        best.offsets = offsets;
        have = true;
      }
    }
  };
  attempt([&](unsigned a, unsigned b) { return placer.size(a) > placer.size(b); });
  attempt([&](unsigned a, unsigned b) {
    return double(placer.size(a)) * double(span(a)) > double(placer.size(b)) * double(span(b));
  });
  attempt([&](unsigned a, unsigned b) { return span(a) > span(b); });
  attempt([&](unsigned a, unsigned b) { return blocks[a].first < blocks[b].first; });
  attempt([&](unsigned a, unsigned b) { return blocks[a].last > blocks[b].last; });
  // Steps with the most live bytes first, largest blocks first inside a step: what decides the
  // total is placed while there is still room to choose.
  std::vector<int64_t> pressure(blocks.size());
  if (blocks.size() <= 4000)
    for (unsigned i = 0; i < blocks.size(); ++i)
      for (unsigned j = 0; j < blocks.size(); ++j)
        if (blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last)
          pressure[i] += placer.size(j);
  attempt([&](unsigned a, unsigned b) {
    return pressure[a] != pressure[b] ? pressure[a] > pressure[b] : placer.size(a) > placer.size(b);
  });
  return best;
}

bool arenaIsValid(llvm::ArrayRef<ArenaBlock> blocks, const ArenaLayout &layout, int64_t alignment) {
  if (layout.offsets.size() != blocks.size())
    return false;
  for (size_t i = 0; i < blocks.size(); ++i) {
    int64_t begin = layout.offsets[i], end = begin + blocks[i].bytes;
    if (begin < 0 || begin % alignment || end > layout.bytes)
      return false;
    for (size_t j = 0; j < i; ++j) {
      bool together = blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
      int64_t otherBegin = layout.offsets[j], otherEnd = otherBegin + blocks[j].bytes;
      if (together && begin < otherEnd && otherBegin < end)
        return false;
    }
  }
  return true;
}

} // namespace wnnx
