// SPDX-License-Identifier: Apache-2.0
//
// Evaluates the expressions of a rule over what a match has bound. An expression either has a value
// or it has not, with a reason: a division that does not come out even, an index outside a list, a
// shape that does not fit, a size that is not known. Conditions without a value do not hold.
#pragma once

#include "wnnx/Pattern/Program.h"
#include "wnnx/Pattern/Rules.h"

namespace wnnx::pat {

/// Values of the slots of a rule while it is tried.
using Slots = std::vector<Datum>;

/// Makes nodes for `Build` expressions; the rewriter's part.
class NodeMaker {
public:
  virtual ~NodeMaker() = default;
  /// The results of the new node, or a null vector and `why`.
  virtual std::optional<std::vector<Value *>> make(const Code &c, OpKind op,
                                                   std::vector<Datum> operands,
                                                   std::vector<NamedAttr> attrs,
                                                   std::string &why) = 0;
};

class Evaluator {
  const Rule &rule;
  Slots &slots;
  const RewriteOptions &options;
  NodeMaker *maker;
  class Trial; // makes nodes whose cost is asked for

public:
  /// Why the last evaluation had no value, and where.
  std::string why;
  SourceRange whyRange;

  Evaluator(const Rule &r, Slots &s, const RewriteOptions &o, NodeMaker *m = nullptr)
      : rule(r), slots(s), options(o), maker(m) {}

  std::optional<Datum> eval(const Code &c);
  /// False also when there is no value.
  bool holds(const Code &c);
  /// All results of a `Build`.
  std::optional<std::vector<Value *>> build(const Code &c);

private:
  std::nullopt_t fail(const Code &c, std::string reason);
  std::optional<Datum> evalSlot(const Code &c);
  std::optional<Datum> unary(const Code &c);
  std::optional<Datum> binary(const Code &c);
  std::optional<Datum> arith(const Code &c, const Datum &a, const Datum &b);
  std::optional<Datum> intArith(const Code &c, int64_t a, int64_t b);
  std::optional<Datum> index(const Code &c);
  std::optional<Datum> indexTensor(const Code &c, TensorRef t);
  std::optional<Datum> indexList(const Code &c, const DatumList &l);
  std::optional<Datum> list(const Code &c);
  std::optional<Datum> comprehension(const Code &c);
  std::optional<Datum> buildFlat(const Code &c);
  std::optional<std::vector<Value *>> buildChain(const Code &c);
  std::optional<Datum> callExtern(const Code &c);
  std::optional<Datum> call(const Code &c);
  std::optional<Datum> callValue(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callNode(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callFact(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callList(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callShape(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callArith(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callTensor(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callPredicate(const Code &c, const std::vector<Datum> &a);
  std::optional<Datum> callOp(const Code &c, const std::vector<Datum> &a);
  TensorRef tensor(const Code &c, const Datum &d);
  std::optional<Datum> made(const Code &c, TensorRef t, TensorBuilder &b);
};

} // namespace wnnx::pat
