// SPDX-License-Identifier: Apache-2.0
//
// Which attributes were away from their defaults together. Many faults need two, so the search aims
// at the pairs that have not occurred yet.
#pragma once

#include "Generator.h"

namespace wnnx::verify {

class AttributePairs {
  struct Attr {
    const pat::Pat *pattern;
    OpKind op;
    unsigned index;
    uint64_t key;
    unsigned away = 0;
  };
  struct Pair {
    unsigned seen = 0, tried = 0;
  };
  std::vector<Attr> attrs;             // in the order in which they were met
  std::vector<std::vector<Pair>> with; // [i][k], k < i
  bool complete = true;                // nothing is left to aim at

public:
  void count(llvm::ArrayRef<AttributeChoice> choices);
  /// Decisions that bring a pair together that has not been; false when there is none left.
  bool aim(Trace &t);
  /// "conv2d.stride"; with the place where several ops of the kind are in the rule.
  std::string label(size_t i) const;
  /// For the report: pairs that were met and that were not, of attributes that were away at all.
  void report(unsigned &pairs, unsigned &met, std::vector<std::string> &missing) const;
};

} // namespace wnnx::verify
