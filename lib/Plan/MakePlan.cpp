// SPDX-License-Identifier: Apache-2.0
//
// The phases of planning: lower, share buffers, order the steps, place weights and arena, check.
#include "Lowering.h"
#include "StepCost.h"
#include "StepOrder.h"

#include "wnnx/Plan/Arena.h"
#include "wnnx/Support/Check.h"

#include <algorithm>

namespace wnnx {

/// First and last step of each buffer, from the calls.
static void findLifeSpans(Plan &plan) {
  for (PlanBuffer &b : plan.buffers)
    b.first = b.last = -1;
  for (size_t s = 0; s < plan.calls.size(); ++s)
    for (const KernelArg &arg : plan.calls[s].args)
      for (const TensorRef &r : arg.refs) {
        if (r.tensor < 0)
          continue;
        PlanBuffer &b = plan.buffers[plan.tensors[size_t(r.tensor)].buffer];
        if (b.first < 0)
          b.first = int(s);
        b.last = int(s);
      }
}

static void placeArena(Plan &plan) {
  std::vector<ArenaBlock> blocks;
  std::vector<PlanBuffer *> owners;
  for (PlanBuffer &b : plan.buffers)
    if (b.storage == Storage::Arena && b.first >= 0) {
      blocks.push_back({b.bytes, b.first, b.last});
      owners.push_back(&b);
    }
  ArenaLayout layout = planArena(blocks, plan.arenaAlignment);
  WNNX_CHECK(arenaIsValid(blocks, layout, plan.arenaAlignment),
             "no two tensors that live at the same time overlap");
  for (size_t i = 0; i < owners.size(); ++i)
    owners[i]->offset = layout.offsets[i];
  plan.arenaBytes = layout.bytes;
  plan.arenaLowerBound = layout.lowerBound;
  plan.arenaBytesAsWritten = layout.bytes;
}

static void placeSteps(Plan &plan, std::vector<CallNote> &notes) {
  shareInPlace(plan, notes);
  findLifeSpans(plan);
  placeArena(plan);
}

/// In the order that was lowered, or in another one where that makes the arena smaller.
static void orderAndPlace(Plan &plan, std::vector<CallNote> &notes) {
  std::vector<unsigned> order = findStepOrder(plan, notes);
  if (std::is_sorted(order.begin(), order.end()))
    return placeSteps(plan, notes);
  // Weights are the bulk of a plan, and the same for both.
  std::vector<PackedWeight> weights = std::move(plan.weights);
  plan.weights.clear();
  Plan other = plan;
  std::vector<CallNote> otherNotes;
  for (size_t i = 0; i < order.size(); ++i) {
    other.calls[i] = plan.calls[order[i]];
    otherNotes.push_back(notes[order[i]]);
  }
  placeSteps(plan, notes);
  placeSteps(other, otherNotes);
  if (other.arenaBytes < plan.arenaBytes) {
    other.arenaBytesAsWritten = plan.arenaBytes;
    plan = std::move(other);
    notes = std::move(otherNotes);
  }
  plan.weights = std::move(weights);
}

/// In order of first use; weights that no call reads (because they were packed) are left out.
static void placeWeights(Plan &plan) {
  std::vector<PackedWeight> kept;
  std::vector<PlanBuffer *> owner(plan.weights.size(), nullptr);
  std::vector<unsigned> order;
  for (PlanBuffer &b : plan.buffers)
    if (b.storage == Storage::Weight)
      owner[b.index] = &b;
  for (const KernelCall &c : plan.calls)
    for (const KernelArg &arg : c.args)
      for (const TensorRef &r : arg.refs) {
        if (r.tensor < 0)
          continue;
        PlanBuffer &b = plan.buffers[plan.tensors[size_t(r.tensor)].buffer];
        if (b.storage == Storage::Weight && owner[b.index]) {
          order.push_back(b.index);
          owner[b.index] = nullptr;
        }
      }
  std::vector<int> newIndex(plan.weights.size(), -1);
  int64_t at = 0;
  for (unsigned w : order) {
    newIndex[w] = int(kept.size());
    kept.push_back(std::move(plan.weights[w]));
    kept.back().offset = at;
    at += (int64_t(kept.back().bytes.size()) + 63) / 64 * 64;
  }
  for (PlanBuffer &b : plan.buffers)
    if (b.storage == Storage::Weight && newIndex[b.index] >= 0) {
      b.index = unsigned(newIndex[b.index]);
      b.offset = kept[b.index].offset;
    }
  plan.weights = std::move(kept);
  plan.weightBytes = at;
}

/// Arguments stay inside their buffers, and nobody writes to inputs or weights.
static void checkArguments(const Plan &plan) {
  for (const KernelCall &c : plan.calls)
    for (const KernelArg &arg : c.args)
      for (const TensorRef &r : arg.refs) {
        if (r.tensor < 0) {
          WNNX_CHECK(arg.kind != ArgKind::In && arg.kind != ArgKind::Out,
                     "a required argument is there");
          continue;
        }
        const PlanTensor &t = plan.tensors[size_t(r.tensor)];
        const PlanBuffer &b = plan.buffers[t.buffer];
        WNNX_CHECK(t.offset >= 0 && r.byteOffset >= 0 && t.offset + t.bytes <= b.bytes &&
                       r.byteOffset <= t.bytes,
                   "a tensor lies inside its buffer");
        WNNX_CHECK(!isWrite(arg.kind) || b.storage == Storage::Arena ||
                       b.storage == Storage::Output,
                   "only the arena and outputs are written");
      }
}

FailureOr<Plan> makePlan(const Graph &g, const PlanOptions &options, Diagnostics &diags) {
  Lowering lowering(g, options, diags);
  if (failed(lowering.run()))
    return failure();
  Plan plan = std::move(lowering.plan);
  if (options.shareBuffers) {
    shareCopies(plan, lowering.notes);
    orderAndPlace(plan, lowering.notes);
  } else {
    findLifeSpans(plan);
    placeArena(plan);
  }
  placeWeights(plan);
  checkArguments(plan);
  for (const KernelCall &c : plan.calls)
    plan.macs += c.macs;
  chooseAlone(plan);
  return plan;
}

std::string printPlan(const Plan &plan) {
  std::string out;
  auto text = [&](const TensorRef &r) -> std::string {
    if (r.tensor < 0)
      return "null";
    const PlanTensor &t = plan.tensors[size_t(r.tensor)];
    const PlanBuffer &b = plan.buffers[t.buffer];
    int64_t at = (b.storage == Storage::Arena || b.storage == Storage::Weight ? b.offset : 0) +
                 t.offset + r.byteOffset;
    std::string where = b.storage == Storage::Input    ? "input" + std::to_string(b.index)
                        : b.storage == Storage::Output ? "output" + std::to_string(b.index)
                        : b.storage == Storage::Arena  ? "arena"
                                                       : "weights";
    return t.name + ":" + t.type.str() + (t.layout == Layout::C16 ? "c16" : "") + "@" + where +
           "+" + std::to_string(at);
  };
  for (size_t s = 0; s < plan.calls.size(); ++s) {
    const KernelCall &c = plan.calls[s];
    out += "[" + std::to_string(s) + "] " + std::string(kernelInfo(c.kernel).name) + "(";
    bool first = true;
    for (const KernelArg &arg : c.args)
      for (const TensorRef &r : arg.refs) {
        out += (first ? "" : ", ") + text(r);
        first = false;
      }
    out += ")  // " + c.formula + "\n";
  }
  out += "arena " + std::to_string(plan.arenaBytes) + " bytes, lower bound " +
         std::to_string(plan.arenaLowerBound) + "\n";
  out += "weights " + std::to_string(plan.weightBytes) + " bytes\n";
  return out;
}

} // namespace wnnx
