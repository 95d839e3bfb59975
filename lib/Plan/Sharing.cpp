// SPDX-License-Identifier: Apache-2.0
//
// Buffer sharing: copies away, results in place.
#include "Sharing.h"

#include "wnnx/Support/Check.h"

#include <algorithm>
#include <limits>

namespace wnnx {
namespace {

struct Access {
  int step;
  unsigned arg;
  int tensor;
  bool write;
};

class Sharer {
  Plan &plan;
  std::vector<CallNote> &notes;
  std::vector<std::vector<Access>> accesses; // of each buffer, by step
  std::vector<std::vector<int>> tensorsOf;   // of each buffer
  std::vector<bool> dead;                    // calls

public:
  Sharer(Plan &p, std::vector<CallNote> &n) : plan(p), notes(n) {
    accesses.resize(p.buffers.size());
    tensorsOf.resize(p.buffers.size());
    dead.resize(p.calls.size());
    for (size_t t = 0; t < p.tensors.size(); ++t)
      tensorsOf[p.tensors[t].buffer].push_back(int(t));
    for (size_t s = 0; s < p.calls.size(); ++s)
      for (unsigned a = 0; a < p.calls[s].args.size(); ++a)
        for (const TensorRef &r : p.calls[s].args[a].refs)
          if (r.tensor >= 0)
            accesses[tensor(r.tensor).buffer].push_back(
                {int(s), a, r.tensor, isWrite(p.calls[s].args[a].kind)});
  }

  void copies() {
    // The largest concatenations usually stand last; they take their operands in first.
    for (int s = int(plan.calls.size()) - 1; s >= 0; --s)
      if (notes[size_t(s)].copyFrom >= 0)
        removeCopy(s);
    for (int s = 0; s < int(plan.calls.size()); ++s)
      if (notes[size_t(s)].alike >= 0)
        removePiece(s);
    removeContiguousCopies();
    compact();
  }

  void inPlace() {
    for (int s = 0; s < int(plan.calls.size()); ++s)
      for (unsigned arg : notes[size_t(s)].inPlace)
        if (writeInPlace(s, arg))
          break;
  }

private:
  PlanTensor &tensor(int t) { return plan.tensors[size_t(t)]; }
  PlanBuffer &buffer(int t) { return plan.buffers[tensor(t).buffer]; }
  bool overlaps(int t, int64_t begin, int64_t end) {
    return tensor(t).offset < end && begin < tensor(t).offset + tensor(t).bytes;
  }

  /// Everything in buffer `from` lies in buffer `to` from now on, `delta` bytes further.
  void merge(unsigned from, unsigned to, int64_t delta) {
    for (int t : tensorsOf[from]) {
      tensor(t).buffer = to;
      tensor(t).offset += delta;
      tensorsOf[to].push_back(t);
    }
    tensorsOf[from].clear();
    std::vector<Access> both;
    std::merge(accesses[from].begin(), accesses[from].end(), accesses[to].begin(),
               accesses[to].end(), std::back_inserter(both),
               [](const Access &a, const Access &b) { return a.step < b.step; });
    accesses[to] = std::move(both);
    accesses[from].clear();
    plan.buffers[from].bytes = 0;
  }

  void kill(int step) {
    dead[size_t(step)] = true;
    for (const KernelArg &arg : plan.calls[size_t(step)].args)
      for (const TensorRef &r : arg.refs)
        if (r.tensor >= 0) {
          auto &list = accesses[tensor(r.tensor).buffer];
          list.erase(std::remove_if(list.begin(), list.end(),
                                    [&](const Access &a) { return a.step == step; }),
                     list.end());
        }
  }

  /// The copy at `step` goes away when its source is made in its destination at once.
  void removeCopy(int step) {
    int from = notes[size_t(step)].copyFrom, to = notes[size_t(step)].copyTo;
    unsigned source = tensor(from).buffer, target = tensor(to).buffer;
    if (source == target || plan.buffers[source].storage != Storage::Arena)
      return;
    int64_t delta = tensor(to).offset - tensor(from).offset;
    if (delta < 0 || delta + plan.buffers[source].bytes > plan.buffers[target].bytes)
      return;
    // The source is finished before the copy, and read no longer than its copy stays as it is.
    int lastRead = step;
    for (const Access &a : accesses[source]) {
      if (a.write && a.step >= step)
        return;
      lastRead = std::max(lastRead, a.step);
    }
    // Nobody touches that part of the target before, and nobody changes it while the source lives.
    for (const Access &a : accesses[target])
      if (a.step != step && overlaps(a.tensor, delta, delta + plan.buffers[source].bytes) &&
          (a.step < step || (a.write && a.step <= lastRead)))
        return;
    kill(step);
    merge(source, target, delta);
  }

  /// The copy of a piece at `step` goes away when the tensor that it comes from, which nobody needs
  /// once others write their pieces, becomes the tensor that it goes to.
  void removePiece(int step) {
    const CallNote &note = notes[size_t(step)];
    int from = note.alike, to = note.pieceOf;
    unsigned source = tensor(from).buffer, target = tensor(to).buffer;
    int64_t delta = tensor(to).offset - tensor(from).offset;
    if (source == target) {
      if (delta == 0) // by another piece
        kill(step);
      return;
    }
    if (plan.buffers[source].storage != Storage::Arena ||
        (plan.buffers[target].storage != Storage::Arena &&
         plan.buffers[target].storage != Storage::Output) ||
        delta < 0 || delta + plan.buffers[source].bytes > plan.buffers[target].bytes)
      return;
    int last = -1;
    for (const Access &a : accesses[source])
      if (a.step != step)
        last = std::max(last, a.step);
    for (const Access &a : accesses[target])
      if (a.step != step && overlaps(a.tensor, delta, delta + plan.buffers[source].bytes) &&
          (a.step <= last || (a.step < step && notes[size_t(a.step)].pieceOf != to)))
        return;
    kill(step);
    merge(source, target, delta);
  }

  /// A buffer that is filled only by copies of pieces that already lie in the same order in one
  /// other buffer is a view of that buffer.
  void removeContiguousCopies() {
    for (unsigned target = 0; target < plan.buffers.size(); ++target) {
      if (plan.buffers[target].storage != Storage::Arena || accesses[target].empty())
        continue;
      std::vector<int> copies;
      bool fits = true;
      int64_t delta = 0;
      unsigned source = 0;
      int lastUse = 0, firstCopy = std::numeric_limits<int>::max();
      for (const Access &a : accesses[target]) {
        lastUse = std::max(lastUse, a.step);
        if (!a.write)
          continue;
        const CallNote &note = notes[size_t(a.step)];
        if (note.copyTo < 0 || tensor(note.copyTo).buffer != target) {
          fits = false;
          break;
        }
        int64_t d = tensor(note.copyFrom).offset - tensor(note.copyTo).offset;
        if (copies.empty()) {
          source = tensor(note.copyFrom).buffer;
          delta = d;
        }
        fits = fits && tensor(note.copyFrom).buffer == source && d == delta;
        firstCopy = std::min(firstCopy, a.step);
        copies.push_back(a.step);
      }
      if (!fits || copies.empty() || source == target || delta < 0 ||
          delta + plan.buffers[target].bytes > plan.buffers[source].bytes)
        continue;
      // What was copied must stay as it is until the last use of the copy.
      for (const Access &a : accesses[source])
        if (a.write && a.step > firstCopy && a.step <= lastUse &&
            overlaps(a.tensor, delta, delta + plan.buffers[target].bytes))
          fits = false;
      if (!fits)
        continue;
      for (int s : copies)
        kill(s);
      merge(target, source, delta);
    }
  }

  /// Lets the first written argument of `step` take the memory of argument `arg`.
  bool writeInPlace(int step, unsigned arg) {
    const KernelCall &call = plan.calls[size_t(step)];
    int x = call.args[arg].refs[0].tensor, y = -1;
    for (const KernelArg &a : call.args)
      if (isWrite(a.kind) && y < 0)
        y = a.refs[0].tensor;
    if (x < 0 || y < 0 || call.args[arg].refs[0].byteOffset != 0 ||
        tensor(x).bytes != tensor(y).bytes)
      return false;
    unsigned xb = tensor(x).buffer, yb = tensor(y).buffer;
    if (xb == yb)
      return false;
    // Other arguments that read what would be overwritten.
    int64_t xBegin = tensor(x).offset, xEnd = xBegin + tensor(x).bytes;
    for (unsigned a = 0; a < call.args.size(); ++a)
      for (const TensorRef &r : call.args[a].refs)
        if (a != arg && r.tensor >= 0 && tensor(r.tensor).buffer == xb &&
            overlaps(r.tensor, xBegin, xEnd))
          return false;
    return mergeAt(step, xb, yb, tensor(y).offset - xBegin, true) ||
           mergeAt(step, yb, xb, xBegin - tensor(y).offset, false);
  }

  /// Puts `from` whole into `to`. `fromDies`: `from` holds the operand and `to` the result.
  bool mergeAt(int step, unsigned from, unsigned to, int64_t delta, bool fromDies) {
    if (plan.buffers[from].storage != Storage::Arena ||
        (plan.buffers[to].storage != Storage::Arena &&
         plan.buffers[to].storage != Storage::Output) ||
        delta < 0 || delta + plan.buffers[from].bytes > plan.buffers[to].bytes)
      return false;
    // What lies in an output is there to stay, although no step may read it any more.
    if (!fromDies && plan.buffers[to].storage == Storage::Output)
      return false;
    for (const Access &a : accesses[from])
      if (fromDies ? a.step > step : a.step < step)
        return false;
    for (const Access &a : accesses[to])
      if (overlaps(a.tensor, delta, delta + plan.buffers[from].bytes) &&
          (fromDies ? a.step < step : a.step > step))
        return false;
    merge(from, to, delta);
    return true;
  }

  void compact() {
    size_t kept = 0;
    for (size_t s = 0; s < plan.calls.size(); ++s) {
      if (dead[s])
        continue;
      if (kept != s) {
        plan.calls[kept] = std::move(plan.calls[s]);
        notes[kept] = std::move(notes[s]);
      }
      ++kept;
    }
    plan.calls.resize(kept);
    notes.resize(kept);
  }
};

} // namespace

void shareCopies(Plan &plan, std::vector<CallNote> &notes) {
  WNNX_CHECK(notes.size() == plan.calls.size(), "a note for every call");
  Sharer(plan, notes).copies();
}

void shareInPlace(Plan &plan, std::vector<CallNote> &notes) {
  WNNX_CHECK(notes.size() == plan.calls.size(), "a note for every call");
  Sharer(plan, notes).inPlace();
}

} // namespace wnnx
