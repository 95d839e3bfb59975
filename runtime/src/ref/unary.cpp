// SPDX-License-Identifier: Apache-2.0
// Reference elementwise unary ops for every dtype that PyTorch defines them on, and cast.
#include "../Half.h"
#include "../Kernels.h"
#include "../ScalarMath.h"

#include <limits.h>

namespace wnnrt {
namespace {

template <class T> struct IsFloating {
  static constexpr bool value = false;
};
template <> struct IsFloating<float> {
  static constexpr bool value = true;
};
template <> struct IsFloating<double> {
  static constexpr bool value = true;
};
template <> struct IsFloating<F16> {
  static constexpr bool value = true;
};
template <> struct IsFloating<BF16> {
  static constexpr bool value = true;
};

template <class T> wnnrt_status unaryFloating(const wnnrt_unary_params *p, const T *x, void *yv) {
  using E = Element<T>;
  using C = typename E::Compute;
  auto *flag = static_cast<Bool *>(yv);
  auto *y = static_cast<T *>(yv);
  C a = static_cast<C>(p->a), b = static_cast<C>(p->b);
  switch (p->op) {
  case WNNRT_LOGICAL_NOT:
    for (int64_t i = 0; i < p->n; ++i)
      flag[i].byte = E::load(x[i]) == C(0);
    return WNNRT_OK;
  case WNNRT_ISNAN:
    for (int64_t i = 0; i < p->n; ++i)
      flag[i].byte = E::load(x[i]) != E::load(x[i]);
    return WNNRT_OK;
  case WNNRT_ISINF:
    for (int64_t i = 0; i < p->n; ++i)
      flag[i].byte = isinf(E::load(x[i])) != 0;
    return WNNRT_OK;
  case WNNRT_ISFINITE:
    for (int64_t i = 0; i < p->n; ++i)
      flag[i].byte = isfinite(E::load(x[i])) != 0;
    return WNNRT_OK;
  default:
    if (p->op < WNNRT_IDENTITY || p->op > WNNRT_POW_SCALAR)
      return WNNRT_UNSUPPORTED;
    for (int64_t i = 0; i < p->n; ++i)
      y[i] = E::store(unaryOp<C>(p->op, E::load(x[i]), a, b));
    return WNNRT_OK;
  }
}

/// An int64 nearest to a bound that may be infinite or beyond the range.
int64_t saturated(double v) {
  if (v >= 9223372036854775807.0)
    return INT64_MAX;
  if (v <= -9223372036854775808.0)
    return INT64_MIN;
  return static_cast<int64_t>(v);
}

/// Integers are computed in 64 bits and wrapped to T, as two's complement hardware does.
template <class T> wnnrt_status unaryInteger(const wnnrt_unary_params *p, const T *x, void *yv) {
  auto *flag = static_cast<Bool *>(yv);
  auto *y = static_cast<T *>(yv);
  int64_t a = saturated(p->a), b = saturated(p->b);
  auto map = [&](auto f) {
    for (int64_t i = 0; i < p->n; ++i)
      y[i] = static_cast<T>(f(static_cast<int64_t>(x[i])));
    return WNNRT_OK;
  };
  auto test = [&](auto f) {
    for (int64_t i = 0; i < p->n; ++i)
      flag[i].byte = f(x[i]);
    return WNNRT_OK;
  };
  auto wrapMul = [](int64_t l, int64_t r) {
    return static_cast<int64_t>(static_cast<uint64_t>(l) * static_cast<uint64_t>(r));
  };
  switch (p->op) {
  case WNNRT_IDENTITY:
  case WNNRT_FLOOR:
  case WNNRT_CEIL:
  case WNNRT_ROUND:
  case WNNRT_TRUNC:
    return map([](int64_t v) { return v; });
  case WNNRT_RELU:
    return map([](int64_t v) { return v < 0 ? 0 : v; });
  case WNNRT_CLAMP:
    return map([=](int64_t v) { return min2(max2(v, a), b); });
  case WNNRT_SQUARE:
    return map([=](int64_t v) { return wrapMul(v, v); });
  case WNNRT_ABS:
    return map([=](int64_t v) { return v < 0 ? wrapMul(v, -1) : v; });
  case WNNRT_NEG:
    return map([=](int64_t v) { return wrapMul(v, -1); });
  case WNNRT_SIGN:
    return map([](int64_t v) { return int64_t((v > 0) - (v < 0)); });
  case WNNRT_AFFINE:
    return map([=](int64_t v) {
      return static_cast<int64_t>(static_cast<uint64_t>(wrapMul(a, v)) + static_cast<uint64_t>(b));
    });
  case WNNRT_THRESHOLD:
    return map([=](int64_t v) { return v <= a ? b : v; });
  case WNNRT_BITWISE_NOT:
    return map([](int64_t v) { return ~v; });
  case WNNRT_LOGICAL_NOT:
    return test([](T v) { return v == 0; });
  case WNNRT_ISNAN:
  case WNNRT_ISINF:
    return test([](T) { return false; });
  case WNNRT_ISFINITE:
    return test([](T) { return true; });
  default:
    return WNNRT_UNSUPPORTED;
  }
}

wnnrt_status unaryBool(const wnnrt_unary_params *p, const Bool *x, Bool *y) {
  for (int64_t i = 0; i < p->n; ++i) {
    bool v = x[i].byte != 0;
    switch (p->op) {
    case WNNRT_IDENTITY:
      break;
    case WNNRT_LOGICAL_NOT:
    case WNNRT_BITWISE_NOT:
      v = !v;
      break;
    case WNNRT_ISNAN:
    case WNNRT_ISINF:
      v = false;
      break;
    case WNNRT_ISFINITE:
      v = true;
      break;
    default:
      return WNNRT_UNSUPPORTED;
    }
    y[i].byte = v;
  }
  return WNNRT_OK;
}

template <class D, class S> D convert(S v) {
  // Out of range conversions are undefined in C++; saturate (NaN gives 0) so that they are not
  // here.
  if constexpr (IsFloating<S>::value && !IsFloating<D>::value) {
    if constexpr (sizeof(D) < 8) { // PyTorch converts to narrow integers through wider ones
      if (v > S(-9.2e18) && v < S(9.2e18))
        return static_cast<D>(static_cast<int64_t>(v));
      return D(0);
    } else {
      return v == v ? static_cast<D>(saturated(static_cast<double>(v))) : D(INT64_MIN);
    }
  } else {
    return static_cast<D>(v);
  }
}

} // namespace

wnnrt_status ref::unary(const wnnrt_context *, const wnnrt_unary_params *p, const void *x,
                        void *y) {
  return dispatchDtype(p->dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    auto *in = static_cast<const T *>(x);
    if constexpr (IsFloating<T>::value)
      return unaryFloating<T>(p, in, y);
    else if constexpr (sizeof(T) == 1 && __is_class(T))
      return unaryBool(p, in, static_cast<Bool *>(y));
    else
      return unaryInteger<T>(p, in, y);
  });
}

wnnrt_status ref::cast(const wnnrt_context *, const wnnrt_cast_params *p, const void *xv,
                       void *yv) {
  return dispatchDtype(p->src_dtype, [&](auto srcTag) {
    using S = typename decltype(srcTag)::Type;
    return dispatchDtype(p->dst_dtype, [&](auto dstTag) {
      using D = typename decltype(dstTag)::Type;
      auto *x = static_cast<const S *>(xv);
      auto *y = static_cast<D *>(yv);
      using C = typename Element<D>::Compute;
      for (int64_t i = 0; i < p->n; ++i) {
        auto v = Element<S>::load(x[i]);
        if constexpr (__is_same(D, Bool))
          y[i].byte = v != 0;
        else
          y[i] = Element<D>::store(convert<C>(v));
      }
      return WNNRT_OK;
    });
  });
}

wnnrt_status ref::prelu(const wnnrt_context *, const wnnrt_channel_params *p, const void *xv,
                        const void *wv, void *yv) {
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  auto *y = static_cast<float *>(yv);
  if (p->weights != 1 && p->weights != p->c)
    return WNNRT_INVALID_ARGUMENT;
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t c = 0; c < p->c; ++c) {
      Plane plane = planeOf(p->layout, n, c, p->c, p->hw);
      float slope = w[p->weights == 1 ? 0 : c];
      for (int64_t i = 0; i < p->hw; ++i) {
        int64_t at = plane.offset + i * plane.pixelStride;
        y[at] = x[at] > 0 ? x[at] : slope * x[at];
      }
    }
  return WNNRT_OK;
}

} // namespace wnnrt
