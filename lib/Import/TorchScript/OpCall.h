// SPDX-License-Identifier: Apache-2.0
//
// One call of an aten operator, as its handler sees it: arguments by name, and ways to make the
// result. A handler reports an error through `error`, and may go on with placeholders after a
// failure: the caller looks at `b.failed` when it is done.
#pragma once

#include "Functionalize.h"
#include "Schema.h"

namespace wnnx::ts {

class OpCall {
  Functionalizer &functionalizer;
  Diagnostics &diags;
  llvm::ArrayRef<Val> args;
  SourceRange where;

public:
  SsaBuilder &b;
  Heap &heap;
  const Schema &schema;
  llvm::StringRef name; // without the underscore of an in-place operator
  bool inPlace;
  int64_t fileVersion;

  OpCall(SsaBuilder &builder, Functionalizer &f, Heap &h, Diagnostics &d, const Schema &s,
         llvm::StringRef op, bool writesSelf, llvm::ArrayRef<Val> arguments, SourceRange range,
         int64_t version)
      : functionalizer(f), diags(d), args(arguments), where(range), b(builder), heap(h), schema(s),
        name(op), inPlace(writesSelf), fileVersion(version) {}

  llvm::StringRef overload() const { return schema.overload; }
  /// None when the overload has no such argument.
  Val arg(llvm::StringRef n) const;
  Val arg(unsigned i) const { return i < args.size() ? args[i] : Val::none(); }
  bool given(llvm::StringRef n) const { return !arg(n).isNone(); }
  /// The first tensor argument, usually `self` or `input`.
  TensorObject *object(llvm::StringRef n) const { return arg(n).tensor; }
  TensorObject *self() const { return args[0].tensor; }
  Ref read(TensorObject *t) { return functionalizer.read(t); }
  Ref in(unsigned i) { return read(args[i].tensor); }
  Ref in(llvm::StringRef n) { return read(arg(n).tensor); }
  /// Null when None.
  Ref optional(llvm::StringRef n) { return given(n) ? in(n) : nullptr; }
  std::vector<Ref> list(llvm::StringRef n); // null entries for None
  int64_t integer(llvm::StringRef n) const { return arg(n).i; }
  double number(llvm::StringRef n) const { return arg(n).number(); }
  double numberOr(llvm::StringRef n, double other) const { return given(n) ? number(n) : other; }
  bool flag(llvm::StringRef n) const { return arg(n).isBool() && arg(n).i; }
  std::string text(llvm::StringRef n) const { return arg(n).isStr() ? *arg(n).s : ""; }
  llvm::SmallVector<int64_t, 6> ints(llvm::StringRef n) const;
  /// As many as `n`: a single one stands for all of them.
  llvm::SmallVector<int64_t, 6> ints(llvm::StringRef n, unsigned count) const;
  llvm::SmallVector<double, 4> floats(llvm::StringRef n) const;
  /// The dtype named by a ScalarType argument, or nothing when it is None; an unsupported one is an
  /// error.
  std::optional<DType> dtype(llvm::StringRef n = "dtype");

  /// `d` in [0, rank); out of range is an error.
  int64_t dim(int64_t d, int64_t rank);
  llvm::SmallVector<int64_t, 6> dims(llvm::StringRef n, int64_t rank);

  Val result(Ref r);
  Val results(std::vector<Ref> refs); // several results
  Val listOf(const std::vector<Ref> &refs);
  Val view(TensorObject *parent, ViewStep step, Shape shape, Strides strides);
  /// A view whose present value has been computed already.
  Val cachedView(TensorObject *parent, ViewStep step, Strides strides, Ref value);
  Val perhapsView(TensorObject *of, Ref copy);
  Val alias(TensorObject *t) const;
  Val error(std::string message, std::string hint = "");
  Ref badRef(std::string message, std::string hint = "") {
    error(std::move(message), std::move(hint));
    return b.placeholder();
  }

  // Type promotion.
  /// PyTorch's result type over arguments that are tensors or numbers.
  DType resultType(llvm::ArrayRef<Val> operands) const;
  /// A tensor or number as an operand of the dtype.
  Ref operand(const Val &v, DType dtype);
  Ref binary(OpKind kind, const Val &x, const Val &y, std::vector<NamedAttr> attrs = {});
  Ref scalar(DType dtype, double v) { return b.scalar(dtype, v); }
};

#define TS_OP(name, handler) Val lower##handler(OpCall &c);
#define TS_UNARY(name, Op)
#define TS_UNARY_FLOAT(name, Op)
#define TS_BINARY(name, Op)
#define TS_COMPARE(name, Op)
#define TS_ROUNDING(name, Op)
#define TS_LOGICAL(name, Op)
#include "OpMap.def"
template <OpKind K> Val lowerUnary(OpCall &c);
template <OpKind K> Val lowerUnaryFloat(OpCall &c);
template <OpKind K> Val lowerBinary(OpCall &c);
template <OpKind K> Val lowerCompare(OpCall &c);
template <OpKind K> Val lowerRounding(OpCall &c);
template <OpKind K> Val lowerLogical(OpCall &c);

} // namespace wnnx::ts
