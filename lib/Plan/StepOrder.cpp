// SPDX-License-Identifier: Apache-2.0
//
// A beam search over the sets of calls that are done. Sets that are reached in several ways are
// kept once, with the lowest peak, so that it is exact while a network has few branches at a time.
#include "StepOrder.h"

#include "llvm/ADT/DenseSet.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace wnnx {
namespace {

/// What the search needs of a plan.
struct Problem {
  struct Call {
    std::vector<unsigned> after;                       // calls that need this one to be done
    unsigned needs = 0;                                // how many calls must be done before
    std::vector<unsigned> buffers;                     // in the arena, each once
    std::vector<std::pair<unsigned, unsigned>> reuses; // (operand's buffer, result's buffer)
  };
  std::vector<Call> calls;
  std::vector<int64_t> bytes;    // of each buffer, aligned
  std::vector<unsigned> touches; // by how many calls

  Problem(const Plan &plan, llvm::ArrayRef<CallNote> notes) {
    struct Access {
      unsigned call;
      int64_t begin, end;
      bool write;
    };
    calls.resize(plan.calls.size());
    bytes.resize(plan.buffers.size());
    touches.resize(plan.buffers.size());
    for (size_t b = 0; b < plan.buffers.size(); ++b)
      if (plan.buffers[b].storage == Storage::Arena)
        bytes[b] = (plan.buffers[b].bytes + plan.arenaAlignment - 1) / plan.arenaAlignment *
                   plan.arenaAlignment;
    std::vector<std::vector<Access>> accesses(plan.buffers.size());
    for (unsigned c = 0; c < plan.calls.size(); ++c)
      for (const KernelArg &arg : plan.calls[c].args)
        for (const TensorRef &r : arg.refs) {
          if (r.tensor < 0)
            continue;
          const PlanTensor &t = plan.tensors[size_t(r.tensor)];
          Storage s = plan.buffers[t.buffer].storage;
          if (s == Storage::Arena || s == Storage::Output)
            accesses[t.buffer].push_back({c, t.offset, t.offset + t.bytes, isWrite(arg.kind)});
          if (s == Storage::Arena)
            calls[c].buffers.push_back(t.buffer);
        }
    for (const std::vector<Access> &list : accesses)
      for (size_t i = 0; i < list.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          if ((list[i].write || list[j].write) && list[i].begin < list[j].end &&
              list[j].begin < list[i].end && list[i].call != list[j].call)
            calls[list[j].call].after.push_back(list[i].call);
    for (unsigned c = 0; c < calls.size(); ++c) {
      Call &call = calls[c];
      unique(call.after);
      unique(call.buffers);
      for (unsigned next : call.after)
        ++calls[next].needs;
      for (unsigned b : call.buffers)
        ++touches[b];
      findReuses(plan, notes[c], c);
    }
  }

private:
  static void unique(std::vector<unsigned> &v) {
    std::sort(v.begin(), v.end());
    v.erase(std::unique(v.begin(), v.end()), v.end());
  }

  void findReuses(const Plan &plan, const CallNote &note, unsigned c) {
    const KernelCall &call = plan.calls[c];
    for (const KernelArg &out : call.args) {
      if (!isWrite(out.kind) || out.refs[0].tensor < 0)
        continue;
      unsigned y = plan.tensors[size_t(out.refs[0].tensor)].buffer;
      for (unsigned a : note.inPlace)
        if (int t = call.args[a].refs[0].tensor; t >= 0)
          if (unsigned x = plan.tensors[size_t(t)].buffer; x != y && bytes[x] && bytes[y])
            calls[c].reuses.push_back({x, y});
      return;
    }
  }
};

struct State {
  std::vector<uint64_t> done;  // a bit for each call
  std::vector<uint32_t> needs; // of each call
  std::vector<uint32_t> left;  // touches of each buffer still to come
  std::vector<unsigned> ready; // calls, ascending
  int64_t live = 0, peak = 0;  // bytes
  int64_t strays = 0;          // calls that were not the first ready one
  int chosen = -1;             // the last call, in the history
  uint64_t hash = 0;           // of `done`
};

struct Candidate {
  int state;
  unsigned call;
  int64_t live, peak, strays;
  uint64_t hash;
};

uint64_t mix(uint64_t x) {
  x = (x + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// The state after `c`, as far as it is needed to judge it.
Candidate judge(const Problem &p, const State &s, int index, unsigned c) {
  const Problem::Call &call = p.calls[c];
  int64_t born = 0, died = 0, reused = 0;
  for (unsigned b : call.buffers) {
    born += s.left[b] == p.touches[b] ? p.bytes[b] : 0;
    died += s.left[b] == 1 ? p.bytes[b] : 0;
  }
  for (auto [x, y] : call.reuses)
    if (s.left[x] == 1 && s.left[y] == p.touches[y])
      reused = std::max(reused, std::min(p.bytes[x], p.bytes[y]));
  return {index,
          c,
          s.live + born - died,
          std::max(s.peak, s.live + born - reused),
          s.strays + (c != s.ready.front()),
          s.hash ^ mix(c)};
}

State advance(const Problem &p, const State &s, const Candidate &k) {
  State n = s;
  n.done[k.call / 64] |= uint64_t(1) << (k.call % 64);
  for (unsigned b : p.calls[k.call].buffers)
    --n.left[b];
  n.ready.erase(std::find(n.ready.begin(), n.ready.end(), k.call));
  for (unsigned next : p.calls[k.call].after)
    if (--n.needs[next] == 0)
      n.ready.insert(std::upper_bound(n.ready.begin(), n.ready.end(), next), next);
  n.live = k.live;
  n.peak = k.peak;
  n.strays = k.strays;
  n.hash = k.hash;
  return n;
}

} // namespace

std::vector<unsigned> findStepOrder(const Plan &plan, llvm::ArrayRef<CallNote> notes) {
  size_t count = plan.calls.size();
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0u);
  // Copying a state takes the time of its buffers; very long plans are left as they are.
  if (count < 3 || count > 4000)
    return order;
  Problem p(plan, notes);
  size_t width = std::clamp<size_t>(20'000'000 / (count * (plan.buffers.size() + count)), 2, 48);

  State first;
  first.done.assign((count + 63) / 64, 0);
  for (const Problem::Call &c : p.calls)
    first.needs.push_back(c.needs);
  first.left.assign(p.touches.begin(), p.touches.end());
  for (unsigned c = 0; c < count; ++c)
    if (p.calls[c].needs == 0)
      first.ready.push_back(c);
  std::vector<State> beam(1, std::move(first)), next;
  std::vector<std::pair<int, unsigned>> history; // parent, call
  std::vector<Candidate> candidates;
  llvm::DenseSet<uint64_t> seen;
  for (size_t step = 0; step < count; ++step) {
    candidates.clear();
    for (size_t i = 0; i < beam.size(); ++i)
      for (unsigned c : beam[i].ready)
        candidates.push_back(judge(p, beam[i], int(i), c));
    std::stable_sort(
        candidates.begin(), candidates.end(), [](const Candidate &a, const Candidate &b) {
          return std::tie(a.peak, a.live, a.strays) < std::tie(b.peak, b.live, b.strays);
        });
    next.clear();
    seen.clear();
    for (const Candidate &k : candidates) {
      if (next.size() == width)
        break;
      if (!seen.insert(k.hash >> 1).second) // the set's own markers are not among these
        continue;
      next.push_back(advance(p, beam[size_t(k.state)], k));
      history.push_back({beam[size_t(k.state)].chosen, k.call});
      next.back().chosen = int(history.size()) - 1;
    }
    beam.swap(next);
  }
  int at = beam.front().chosen;
  for (size_t i = count; i-- > 0; at = history[size_t(at)].first)
    order[i] = history[size_t(at)].second;
  return order;
}

} // namespace wnnx
