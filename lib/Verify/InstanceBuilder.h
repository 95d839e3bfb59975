// SPDX-License-Identifier: Apache-2.0
//
// Builds the graph of one instance, pattern by pattern from the operands up.
#pragma once

#include "Generator.h"
#include "OperandWant.h"

namespace wnnx::verify {

class InstanceBuilder {
  using Result = std::optional<Value *>; // nothing: failed; null: an operand that is absent
  const pat::Rule &rule;
  const pat::RewriteOptions &options;
  Choices &choices;
  Graph &g;
  pat::Slots slots;
  std::vector<bool> built;                                // statements
  std::vector<std::vector<const pat::TypePat *>> typesOf; // by slot, where they always hold
  std::vector<Value *> free;
  std::vector<int64_t> seenSizes; // small ones, to be drawn again: coincidences find faults
  DType mainType = DType::F64;

public:
  std::vector<Tensor> inputs;
  /// Another rule whose first root is to be the node at `sharedAt`, a pattern of this rule.
  InstanceBuilder *other = nullptr;
  const pat::Pat *sharedAt = nullptr;
  Value *shared = nullptr;             // made for both
  InstanceBuilder *inputsOf = nullptr; // who keeps the inputs, when not this one
  uint64_t salt = 0; // tells the decisions of the other rule from those of this one
  Features features;
  unsigned nodesBuilt = 0;
  bool unusualTypes = false;
  bool bold = false;       // nearly all attributes are away from their defaults
  bool coincident = false; // most sizes are sizes that are there already
  std::vector<AttributeChoice> attributes;
  std::string why; // why nothing could be built

  InstanceBuilder(const pat::Rule &r, const pat::RewriteOptions &o, Choices &c, Graph &graph);
  /// With `met`, that rule's other statements are built and its outputs marked too.
  bool run(InstanceBuilder *met = nullptr);
  /// The node at which the rule is tried.
  Node *anchor() const;

private:
  void collectTypes(const pat::Pat &p, bool always);
  void note(std::string group, std::string value) {
    features.push_back({std::move(group), std::move(value)});
  }
  std::nullopt_t fail(std::string reason) {
    if (why.empty())
      why = std::move(reason);
    return std::nullopt;
  }
  bool bind(int slot, pat::Datum d);
  bool bound(unsigned slot) const { return slots[slot].bound(); }
  std::string slotName(unsigned slot) const { return rule.slots[slot].name; }

  /// `want` is what the user of its first value would like, when it is made for one.
  bool statement(unsigned index, const Want *want = nullptr);
  bool set(unsigned index);
  /// The members of the set whose elements are the rest of a list, built now; null when the rest is
  /// no set, and nothing when it cannot be built.
  std::optional<const pat::DatumList *> listedMembers(int restSlot);
  bool build();
  /// Roots are outputs always, or, where they may be inside of another rule, when nobody uses them.
  bool addOutputs(bool always);

  Key keyOf(uint64_t n) const { return salt ? Key(salt) / n : Key(n); }
  Result pattern(const pat::Pat &p, Key key, const Want &want, unsigned results = 1);
  Result variable(const pat::Pat &p, Key key, const Want &want);
  Result alternatives(const pat::Pat &p, Key key, const Want &want);
  Result literal(const pat::Pat &p, Key key, const Want &want);
  Result flat(const pat::Pat &p, Key key, const Want &want);
  Result chain(const pat::Pat &p, Key key, const Want &want);
  Result op(const pat::Pat &p, Key key, const Want &want, unsigned results);
  // Of two rules (SharedBuilder.cpp).
  Result withOther(const pat::Pat &p, Key key, const Want &want, unsigned results);
  Result both(const pat::Pat &mine, InstanceBuilder &o, const pat::Pat &theirs, Key key,
              const Want &want, unsigned results);
  Result bothOps(const pat::Pat &mine, InstanceBuilder &o, const pat::Pat &theirs, Key key,
                 const Want &want, unsigned results);
  /// Whether the operand follows from what is there, so that others should follow from it.
  bool leads(const pat::Pat &p) const;

  bool solveShape(llvm::ArrayRef<const pat::TypePat *> types, const Want &want, Key key,
                  Shape &out);
  /// Binds the names of sizes to those of a value that is there.
  bool bindSizes(llvm::ArrayRef<const pat::TypePat *> types, const Shape &shape);
  /// How many dimensions the types of a name give it; -1 where they leave that open.
  int64_t rankOf(const pat::Pat &var) const;
  /// What the types of a name say before the value is there.
  Want wantOfTypes(unsigned slot) const;
  int64_t dimension(Key key);
  Value *freeValue(const std::string &name, const TensorType &type, bool constant,
                   const Domain &domain, Key key);
  Result anything(const std::string &name, Key key, const Want &want);
  friend class NodeBuilder;
};

} // namespace wnnx::verify
