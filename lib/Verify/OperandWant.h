// SPDX-License-Identifier: Apache-2.0
//
// What an operand should be like, given what is already there of a node: sizes that the op
// demands, sizes that are merely good, and which numbers make sense.
#pragma once

#include "RandomAttribute.h"
#include "RandomTensor.h"

#include <functional>

namespace wnnx::verify {

struct DimWant {
  int64_t size = -1;    // demanded
  int64_t suggest = -1; // taken when nothing else is known
};

struct Want {
  std::optional<DType> dtype;
  bool hasDims = false;
  bool soft = false; // the sizes are a proposal, which the pattern may overrule
  llvm::SmallVector<DimWant, 4> dims;
  Domain domain;
  bool parameter = false; // usually a weight

  void shape(const Shape &s) {
    hasDims = true;
    dims.clear();
    for (int64_t d : s)
      dims.push_back({d, -1});
  }
  void sizes(std::initializer_list<DimWant> list) {
    hasDims = true;
    dims.assign(list.begin(), list.end());
  }
};

/// A node under construction, as far as it is known.
struct PartialNode {
  OpKind op;
  llvm::ArrayRef<Value *> operands; // by schema position, null where not there (yet)
  llvm::ArrayRef<bool> known;
  /// An attribute, chosen now if it was not before.
  std::function<const Attribute *(std::string_view)> attr;
  /// An attribute that the pattern fixes, or null.
  std::function<const Attribute *(std::string_view)> fixedAttr;
  /// The type of the result without the operand that is asked for, when that can be inferred.
  std::function<std::optional<TensorType>()> result;
  /// How many dimensions the operand asked for has, where its pattern says so.
  int64_t rank = -1;
  /// Attributes are away from their defaults, and sizes should be such that it matters.
  bool bold = false;
  /// What the result is wanted to be.
  const Want *wanted = nullptr;
};

/// What operand `index` should be. `variadicIndex` counts within the group.
Want wantOf(Choices &choices, Key key, const PartialNode &node, unsigned index,
            unsigned variadicIndex = 0);

} // namespace wnnx::verify
