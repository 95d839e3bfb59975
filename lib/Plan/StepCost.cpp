// SPDX-License-Identifier: Apache-2.0
//
// A step takes the longer of its arithmetic and its memory traffic. Shared out, half of that and a
// hand-off, and numbers that lie in the other core's caches have to come from there, which takes
// about as long as computing them did in small networks. So steps are not judged one by one: the
// cheapest way through the whole network is looked for, each step alone or shared.
#include "StepCost.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace wnnx {
namespace {

double macsPerUs(wnnrt_kernel_id k) {
  switch (k) {
  case WNNRT_K_conv2d_winograd4_c16:
    return 200e3; // counted as direct
  case WNNRT_K_conv2d_matrix_c16:
    return 230e3;
  case WNNRT_K_conv2d_c16:
  case WNNRT_K_conv2d_winograd2_c16:
    return 130e3;
  case WNNRT_K_depthwise_c16:
    return 50e3;
  case WNNRT_K_conv2d_first:
    return 50e3;
  case WNNRT_K_conv2d_plain:
  case WNNRT_K_conv_transpose2d_plain:
    return 2e3;
  default:
    return 65e3;
  }
}

constexpr double handOffUs = 1; // measured 0.45; ranges are never quite alike
constexpr double matrixUs = 3;  // more on the matrix unit: two hand-offs, and weights split by each
constexpr double fetchBytesPerUs = 8e3; // from the other core
// Of the whole run. A thread that has little to do goes to sleep between its steps, and waking it
// takes longer than they do.
constexpr double leastGain = 0.1;

/// How a step may be shared out, as runtime/src/simd/Parallel.h has it.
enum class Cut { Pixels, Channels };

/// What a step moves.
struct Traffic {
  double before = 0; // bytes that the step before wrote
  Cut cut = Cut::Channels;
  bool mixes = false; // each output needs all channels
};

Traffic trafficOf(const Plan &plan, size_t step) {
  const KernelCall &c = plan.calls[step];
  Traffic t;
  std::vector<unsigned> written;
  if (step > 0)
    for (const KernelArg &arg : plan.calls[step - 1].args)
      if (isWrite(arg.kind) && arg.kind != ArgKind::Scratch)
        for (const TensorRef &r : arg.refs)
          if (r.tensor >= 0)
            written.push_back(plan.tensors[size_t(r.tensor)].buffer);
  for (const KernelArg &arg : c.args)
    for (const TensorRef &r : arg.refs) {
      if (r.tensor < 0 || arg.kind == ArgKind::Scratch)
        continue;
      const PlanTensor &x = plan.tensors[size_t(r.tensor)];
      if (!isWrite(arg.kind) &&
          std::find(written.begin(), written.end(), x.buffer) != written.end())
        t.before += double(x.bytes);
      if (x.layout == Layout::C16 && x.type.shape.rank() == 4 && x.type.shape.product(2, 4) >= 128)
        t.cut = Cut::Pixels;
    }
  t.mixes = c.kernel == WNNRT_K_linear || (c.macs > 0 && c.kernel != WNNRT_K_depthwise_c16);
  return t;
}

/// On one core with AVX-512. Narrower vectors make steps longer and sharing them more worthwhile,
/// never less.
double stepUs(const KernelCall &c, double bytesPerUs) {
  return std::max(double(c.macs) / macsPerUs(c.kernel), double(c.bytes) / bytesPerUs);
}

} // namespace

void chooseAlone(Plan &plan) {
  // Microseconds until the end of a step that ran alone, and of one that was shared.
  // Small networks stay in the second-level cache from one run to the next.
  const double bytesPerUs = double(plan.weightBytes + plan.arenaBytes) < 1.5e6 ? 100e3 : 30e3;
  double alone = 0, shared = HUGE_VAL, nothingShared = 0;
  std::vector<bool> aloneWasShared, sharedWasShared; // the step before
  Cut cut = Cut::Channels;
  for (size_t i = 0; i < plan.calls.size(); ++i) {
    const Traffic t = trafficOf(plan, i);
    const double us = stepUs(plan.calls[i], bytesPerUs), half = t.before / 2 / fetchBytesPerUs;
    // Cut as the step before was, a core finds its part where it left it, and a seam beside it.
    bool near = i > 0 && t.cut == cut && !(t.cut == Cut::Channels && t.mixes);
    const bool matrix = plan.calls[i].kernel == WNNRT_K_conv2d_matrix_c16;
    const double both = us / 2 + handOffUs + (matrix ? matrixUs : 0);
    nothingShared += us;
    const double a[2] = {alone + us, shared + us + half};
    const double s[2] = {alone + both + half, shared + both + (near ? half / 8 : half)};
    aloneWasShared.push_back(a[1] < a[0]);
    sharedWasShared.push_back(s[1] < s[0]);
    alone = std::min(a[0], a[1]);
    shared = std::min(s[0], s[1]);
    cut = t.cut;
  }
  bool isShared = shared < alone;
  const bool worthwhile = std::min(alone, shared) < (1 - leastGain) * nothingShared;
  for (size_t i = plan.calls.size(); i-- > 0;) {
    plan.calls[i].alone = !isShared || !worthwhile;
    isShared = isShared ? sharedWasShared[i] : aloneWasShared[i];
  }
}

} // namespace wnnx
