// SPDX-License-Identifier: Apache-2.0
//
// The arena for people: how close it is to its bound, and which tensors decide the bound.
#include "wnnx/Plan/Plan.h"

#include <algorithm>
#include <fmt/format.h>

namespace wnnx {

/// The name under which most of a buffer's bytes are known.
static std::string bufferName(const Plan &plan, unsigned buffer) {
  const PlanTensor *largest = nullptr;
  for (const PlanTensor &t : plan.tensors)
    if (t.buffer == buffer && (!largest || t.bytes > largest->bytes))
      largest = &t;
  return largest ? fmt::format("{} {}{}", largest->name, largest->type.str(),
                               largest->layout == Layout::C16 ? " c16" : "")
                 : "?";
}

std::string printArena(const Plan &plan) {
  double over = plan.arenaLowerBound
                    ? 100.0 * (double(plan.arenaBytes) / double(plan.arenaLowerBound) - 1)
                    : 0;
  std::string out = fmt::format("arena {} bytes, lower bound {} (+{:.1f} %)\n", plan.arenaBytes,
                                plan.arenaLowerBound, over);
  if (plan.arenaBytesAsWritten != plan.arenaBytes)
    out += fmt::format("steps reordered: {} bytes in the model's own order\n",
                       plan.arenaBytesAsWritten);
  auto aligned = [&](const PlanBuffer &b) {
    return (b.bytes + plan.arenaAlignment - 1) / plan.arenaAlignment * plan.arenaAlignment;
  };
  auto livesAt = [](const PlanBuffer &b, int step) {
    return b.storage == Storage::Arena && b.first >= 0 && b.first <= step && step <= b.last;
  };
  std::vector<int64_t> live(plan.calls.size() + 1);
  for (const PlanBuffer &b : plan.buffers)
    if (b.storage == Storage::Arena && b.first >= 0) {
      live[size_t(b.first)] += aligned(b);
      live[size_t(b.last) + 1] -= aligned(b);
    }
  for (size_t s = 1; s < live.size(); ++s)
    live[s] += live[s - 1];
  auto peak = std::max_element(live.begin(), live.end());
  if (*peak == 0)
    return out;
  int step = int(peak - live.begin());
  out += fmt::format("most in step {}, {}: {}\n", step,
                     kernelInfo(plan.calls[size_t(step)].kernel).name,
                     plan.calls[size_t(step)].formula);
  std::vector<unsigned> alive;
  for (unsigned b = 0; b < plan.buffers.size(); ++b)
    if (livesAt(plan.buffers[b], step))
      alive.push_back(b);
  std::stable_sort(alive.begin(), alive.end(), [&](unsigned a, unsigned b) {
    return plan.buffers[a].bytes > plan.buffers[b].bytes;
  });
  for (unsigned b : alive)
    out += fmt::format("  {:>12} at {:>10}, steps {}..{}: {}\n", plan.buffers[b].bytes,
                       plan.buffers[b].offset, plan.buffers[b].first, plan.buffers[b].last,
                       bufferName(plan, b));
  return out;
}

} // namespace wnnx
