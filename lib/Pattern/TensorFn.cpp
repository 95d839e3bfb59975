// SPDX-License-Identifier: Apache-2.0
//
// The scalar functions of compile-time tensors, in double.
#include "wnnx/Pattern/TensorExpr.h"

#include <cmath>

namespace wnnx::pat {

double applyFn(TensorFn f, double a, double b) {
  switch (f) {
  case TensorFn::Neg:
    return -a;
  case TensorFn::Abs:
    return std::fabs(a);
  case TensorFn::Sqrt:
    return std::sqrt(a);
  case TensorFn::Rsqrt:
    return 1.0 / std::sqrt(a);
  case TensorFn::Exp:
    return std::exp(a);
  case TensorFn::Log:
    return std::log(a);
  case TensorFn::Tanh:
    return std::tanh(a);
  case TensorFn::Sigmoid:
    return 1.0 / (1.0 + std::exp(-a));
  case TensorFn::Floor:
    return std::floor(a);
  case TensorFn::Ceil:
    return std::ceil(a);
  case TensorFn::Round:
    return std::nearbyint(a);
  case TensorFn::Sign:
    return std::isnan(a) ? a : double(a > 0) - double(a < 0);
  case TensorFn::Erf:
    return std::erf(a);
  case TensorFn::Logit:
    return std::log(a / (1.0 - a));
  case TensorFn::Sin:
    return std::sin(a);
  case TensorFn::Cos:
    return std::cos(a);
  case TensorFn::Log1p:
    return std::log1p(a);
  case TensorFn::Expm1:
    return std::expm1(a);
  case TensorFn::Add:
  case TensorFn::Sum:
  case TensorFn::Mean:
    return a + b;
  case TensorFn::Sub:
    return a - b;
  case TensorFn::Mul:
    return a * b;
  case TensorFn::Div:
    return a / b;
  case TensorFn::Min:
  case TensorFn::Amin:
    return std::isnan(a) || a < b ? a : b;
  case TensorFn::Max:
  case TensorFn::Amax:
    return std::isnan(a) || a > b ? a : b;
  case TensorFn::Pow:
    return std::pow(a, b);
  }
  return 0;
}

} // namespace wnnx::pat
