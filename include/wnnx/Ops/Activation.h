// SPDX-License-Identifier: Apache-2.0
//
// Activation functions, defined once: for the ops with `Trait::Activation` and for the fused `act`
// and `act_params` of conv2d and linear.
//
// `act` is `none` or an op's name. `act_params` is empty (the op's defaults; not for clamp, which
// has none) or has one number for each attribute of that op, in schema order; an absent `min` of
// clamp is -inf, an absent `max` inf; gelu's `approximate` is 0 for `none` and 1 for `tanh`.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Ops/Scalar.h"
#include "wnnx/Support/LogicalResult.h"

namespace wnnx {

struct Activation {
  OpKind kind = OpKind::Identity; // Identity is `none`
  llvm::SmallVector<double, 3> params;
};

/// Reads `act` and `act_params`. On failure `why`, when given, says what is wrong.
FailureOr<Activation> parseActivation(std::string_view name, llvm::ArrayRef<double> params,
                                      std::string *why = nullptr);

/// What an activation node computes; its attributes as numbers. The op must have the trait.
Activation activationOf(const Node &n);

/// The attributes, in schema order, of the node that computes `a`: the inverse of `activationOf`.
std::vector<Attribute> activationAttrs(const Activation &a);

template <class S> S applyActivation(const Activation &a, S x) {
  using scalar::real;
  const S zero = real<S>(0), one = real<S>(1), half = real<S>(0.5);
  switch (a.kind) {
  case OpKind::Identity:
    return x;
  case OpKind::Relu:
    return x < zero ? zero : x;
  case OpKind::Clamp:
    return scalar::min(scalar::max(x, real<S>(a.params[0])), real<S>(a.params[1]));
  case OpKind::LeakyRelu:
    return x > zero ? x : x * real<S>(a.params[0]);
  case OpKind::Elu:
    return x < zero ? scalar::expm1(x * real<S>(a.params[2])) * real<S>(a.params[0] * a.params[1])
                    : x * real<S>(a.params[1]);
  case OpKind::Silu:
    return scalar::div(x, one + scalar::exp(-x));
  case OpKind::Hardswish:
  case OpKind::Hardsigmoid: {
    S gate = scalar::min(scalar::max(x + real<S>(3), zero), real<S>(6));
    return scalar::div(a.kind == OpKind::Hardswish ? x * gate : gate, real<S>(6));
  }
  case OpKind::Sigmoid:
    return scalar::sigmoid(x);
  case OpKind::Tanh:
    return scalar::tanh(x);
  case OpKind::Gelu:
    if (a.params[0] != 0) {
      S inner = real<S>(0.79788456080286535588) * (x + real<S>(0.044715) * x * x * x);
      return half * x * (one + scalar::tanh(inner));
    }
    return x * half * (one + scalar::erf(x * real<S>(0.70710678118654752440)));
  case OpKind::Softplus: {
    S scaled = x * real<S>(a.params[0]);
    return scaled > real<S>(a.params[1])
               ? x
               : scalar::div(scalar::log1p(scalar::exp(scaled)), real<S>(a.params[0]));
  }
  case OpKind::Mish:
    return x * scalar::tanh(scalar::log1p(scalar::exp(x)));
  default:
    assert(false && "an activation without a definition");
    return x;
  }
}

} // namespace wnnx
