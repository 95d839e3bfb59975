// SPDX-License-Identifier: Apache-2.0
//
// One attempt at an instance: build, then ask the matcher.
#include "Generator.h"

#include "InstanceBuilder.h"

namespace wnnx::verify {

std::optional<Instance> Generator::make(const Trace &trace, uint64_t seed, bool simplest,
                                        Progress &progress, std::string *why) const {
  Instance in;
  in.graph = std::make_unique<Graph>();
  Choices choices(trace, seed, simplest);
  InstanceBuilder builder(rule, options, choices, *in.graph);
  progress = 0;
  if (!builder.run()) {
    progress = builder.nodesBuilt;
    if (why)
      *why = builder.why;
    return std::nullopt;
  }
  in.graph->nameAll();
  in.anchor = builder.anchor();
  in.inputs = std::move(builder.inputs);
  in.features = std::move(builder.features);
  in.attributes = std::move(builder.attributes);
  in.unusualTypes = builder.unusualTypes;
  in.trace = std::move(choices.taken);
  pat::NearMiss near;
  if (!in.anchor ||
      pat::Matcher(rule, options).match(in.anchor, in.match, &near) != pat::MatchOutcome::Matched) {
    // Conditions are tried in the order in which they stand: a later one is nearer.
    progress = near.stage <= pat::NearMiss::Attributes
                   ? 1000 + 10 * Progress(near.ops) + near.stage
                   : 10000000 * Progress(near.stage) + near.where.begin;
    if (why)
      *why = near.reason;
    return std::nullopt;
  }
  progress = INT64_MAX;
  return in;
}

} // namespace wnnx::verify
