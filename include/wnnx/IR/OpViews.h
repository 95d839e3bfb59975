// SPDX-License-Identifier: Apache-2.0
//
// Typed views of nodes, made from `Ops.def`: `Conv2dOp{node}.stride()`, `.weight()`, `.result()`.
#pragma once

#include "wnnx/IR/Graph.h"

namespace wnnx {
namespace detail {

template <AttrKind K> struct AttrRead;
template <> struct AttrRead<AttrKind::Bool> {
  static bool get(const Attribute &a) { return a.asBool(); }
};
template <> struct AttrRead<AttrKind::Int> {
  static int64_t get(const Attribute &a) { return a.asInt(); }
};
template <> struct AttrRead<AttrKind::Float> {
  static double get(const Attribute &a) { return a.asFloat(); }
};
template <> struct AttrRead<AttrKind::Str> {
  static const std::string &get(const Attribute &a) { return a.asStr(); }
};
template <> struct AttrRead<AttrKind::DType> {
  static DType get(const Attribute &a) { return a.asDType(); }
};
template <> struct AttrRead<AttrKind::Ints> {
  static const std::vector<int64_t> &get(const Attribute &a) { return a.asInts(); }
};
template <> struct AttrRead<AttrKind::Floats> {
  static const std::vector<double> &get(const Attribute &a) { return a.asFloats(); }
};
template <> struct AttrRead<AttrKind::Tensor> {
  static const Tensor &get(const Attribute &a) { return a.asTensor(); }
};
template <AttrKind K> auto readOptional(const Attribute &a) {
  using T = std::decay_t<decltype(AttrRead<K>::get(a))>;
  return a.isNone() ? std::optional<T>() : std::optional<T>(AttrRead<K>::get(a));
}

// Positions of operands and attributes of each op, as enumerators.
#define WNNX_OP(Name, mnemonic, traits, doc) enum class Name##Operand : unsigned {
#define WNNX_OPERAND(name, doc) name,
#define WNNX_OPTIONAL(name, doc) name,
#define WNNX_VARIADIC(name, doc) name,
#define WNNX_OPTIONAL_VARIADIC(name, doc) name,
#define WNNX_OP_END(Name)                                                                          \
  }                                                                                                \
  ;
#include "wnnx/IR/Ops.def"

#define WNNX_OP(Name, mnemonic, traits, doc) enum class Name##Attr : unsigned {
#define WNNX_ATTR(name, kind, doc, ...) name,
#define WNNX_ATTR_OPT(name, kind, doc) name,
#define WNNX_ATTR_REQ(name, kind, doc) name,
#define WNNX_OP_END(Name)                                                                          \
  }                                                                                                \
  ;
#include "wnnx/IR/Ops.def"

} // namespace detail

class OpView {
protected:
  const Node *n;

public:
  const Node *node() const { return n; }
  Value *result(unsigned i = 0) const { return n->result(i); }
};

#define WNNX_OP(Name, mnemonic, traits, doc)                                                       \
  class Name##Op : public OpView {                                                                 \
    using OperandId = detail::Name##Operand;                                                       \
    using AttrId = detail::Name##Attr;                                                             \
                                                                                                   \
  public:                                                                                          \
    explicit Name##Op(const Node *node) {                                                          \
      n = node;                                                                                    \
      assert(node->kind() == OpKind::Name && "view of another op");                                \
    }                                                                                              \
    explicit Name##Op(const Node &node) : Name##Op(&node) {}
#define WNNX_OPERAND(name, doc)                                                                    \
  Value *name() const {                                                                            \
    return n->operand(unsigned(OperandId::name));                                                  \
  }
#define WNNX_OPTIONAL(name, doc)                                                                   \
  Value *name() const {                                                                            \
    return n->operand(unsigned(OperandId::name));                                                  \
  }
#define WNNX_VARIADIC(name, doc)                                                                   \
  llvm::ArrayRef<Value *> name() const {                                                           \
    return n->variadicOperands();                                                                  \
  }
#define WNNX_OPTIONAL_VARIADIC(name, doc)                                                          \
  llvm::ArrayRef<Value *> name() const {                                                           \
    return n->variadicOperands();                                                                  \
  }
#define WNNX_ATTR(name, kind, doc, ...)                                                            \
  decltype(auto) name() const {                                                                    \
    return detail::AttrRead<AttrKind::kind>::get(n->attr(unsigned(AttrId::name)));                 \
  }
#define WNNX_ATTR_REQ(name, kind, doc)                                                             \
  decltype(auto) name() const {                                                                    \
    return detail::AttrRead<AttrKind::kind>::get(n->attr(unsigned(AttrId::name)));                 \
  }
#define WNNX_ATTR_OPT(name, kind, doc)                                                             \
  auto name() const {                                                                              \
    return detail::readOptional<AttrKind::kind>(n->attr(unsigned(AttrId::name)));                  \
  }
#define WNNX_OP_END(Name)                                                                          \
  }                                                                                                \
  ;
#include "wnnx/IR/Ops.def"

} // namespace wnnx
