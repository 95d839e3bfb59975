// SPDX-License-Identifier: Apache-2.0
//
// Makes one node of an instance from an op pattern, or from two patterns of different rules that
// are to share it.
#pragma once

#include "InstanceBuilder.h"

namespace wnnx::verify {

/// Of the ways to choose an attribute the last one, which is surely not the default if there is
/// another value.
constexpr uint64_t howMany = 12, surely = howMany - 1;
static_assert(surely == surelyOther);

/// One node for an op pattern.
class NodeBuilder {
  using Result = InstanceBuilder::Result;
  InstanceBuilder &b;
  InstanceBuilder *says; // whose names attributes speak of: `b`, or the other rule's
  InstanceBuilder *twinBuilder = nullptr;
  const pat::Pat *twin = nullptr;
  const pat::Pat *p; // null: any node of the kind
  Key key;
  OpKind kind;
  const OpInfo &info;
  const Want want;
  unsigned results;
  std::vector<Value *> operands;
  std::vector<bool> knownOperands;
  std::vector<std::optional<Attribute>> attrs;
  std::vector<bool> choosing;               // attributes whose choice is under way
  std::vector<std::optional<Key>> awayKeys; // of the decision whether it is the default

public:
  NodeBuilder(InstanceBuilder &builder, const pat::Pat *pattern, Key k, OpKind op, const Want &w,
              unsigned r)
      : b(builder), says(&builder), p(pattern), key(k), kind(op), info(opInfo(op)), want(w),
        results(r), operands(info.numFixedOperands()), knownOperands(operands.size()),
        attrs(info.attrs.size()), choosing(attrs.size()), awayKeys(attrs.size()) {}

  /// The node is also what a pattern of another rule says, whose names `o` binds.
  void share(InstanceBuilder &o, const pat::Pat &pattern) {
    twinBuilder = &o;
    twin = &pattern;
  }
  /// Operand 0 is given.
  void start(Value *v) {
    operands[0] = v;
    knownOperands[0] = true;
  }
  Result build();

private:
  const pat::Pat *operandPattern(unsigned i) const {
    return p && i < p->operands.size() ? p->operands[i].get() : nullptr;
  }
  Want wantFor(unsigned index, unsigned variadicIndex, Key k);
  bool operand(unsigned i);
  bool group();
  uint64_t recurrentWeights();
  const Attribute *attribute(unsigned i);
  std::optional<Attribute> random(unsigned i, int64_t listLength = -1);
  std::optional<pat::Datum> fromPattern(const pat::AttrPat &a, unsigned i, const pat::Datum &base,
                                        Key k);
  std::optional<pat::Datum> listFromPattern(const pat::AttrPat &a, unsigned i, Key k);
  std::optional<TensorType> resultSoFar();
  // Where two rules share the node (SharedBuilder.cpp).
  const pat::Pat *twinOperand(unsigned i) const {
    return twin && i < twin->operands.size() ? twin->operands[i].get() : nullptr;
  }
  bool sharedOperand(unsigned i, Key k);
  bool sharedElements(const std::function<bool(Result)> &add, unsigned fixed);
  std::optional<Attribute> sharedAttribute(unsigned i);
  std::optional<Attribute> fixedBy(InstanceBuilder &of, const pat::Pat &by, unsigned i, Key k);
  static bool capture(InstanceBuilder &of, const pat::AttrPat &a, const pat::Datum &d);
  bool captureAll(InstanceBuilder &of, const pat::Pat &by);
  bool bindAttributes();
};

} // namespace wnnx::verify
