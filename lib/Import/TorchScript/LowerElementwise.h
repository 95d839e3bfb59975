// SPDX-License-Identifier: Apache-2.0
//
// Handlers that are templates on the op, for the uniform rows of `OpMap.def`.
#pragma once

#include "OpCall.h"

namespace wnnx::ts {

template <OpKind K> Val lowerUnary(OpCall &c) {
  return c.result(c.b.op(K, {c.in(0u)}));
}

/// Integers and bool become f32 first.
inline Ref floatInput(OpCall &c, Ref r) {
  return isFloat(r->dtype()) ? r : c.b.convert(r, DType::F32);
}

template <OpKind K> Val lowerUnaryFloat(OpCall &c) {
  return c.result(c.b.op(K, {floatInput(c, c.in(0u))}));
}

template <OpKind K> Val lowerRounding(OpCall &c) {
  Ref x = c.in(0u);
  if (c.given("decimals"))
    return c.error("rounding to a number of decimals is not supported");
  return isFloat(x->dtype()) ? c.result(c.b.op(K, {x})) : c.result(x);
}

template <OpKind K> Val lowerBinary(OpCall &c) {
  return c.result(c.binary(K, c.arg(0u), c.arg(1u)));
}

template <OpKind K> Val lowerCompare(OpCall &c) {
  return c.result(c.binary(K, c.arg(0u), c.arg(1u)));
}

template <OpKind K> Val lowerLogical(OpCall &c) {
  return c.result(c.binary(K, c.arg(0u), c.arg(1u)));
}

} // namespace wnnx::ts
