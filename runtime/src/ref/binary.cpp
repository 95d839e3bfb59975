// SPDX-License-Identifier: Apache-2.0
// Reference broadcasting binary ops and where. Each (op, dtype) pair is one row function; the walk
// over the broadcast shape is shared.
#include "../Half.h"
#include "../Kernels.h"
#include "../ScalarMath.h"
#include "../Strided.h"

namespace wnnrt {
namespace {

template <class C> constexpr bool isFloat = __is_same(C, float) || __is_same(C, double);
template <class C> constexpr bool isBool = __is_same(C, bool);

/// Row of n results; returns a wnnrt_status.
using RowFn = int (*)(const void *a, int64_t as, const void *b, int64_t bs, void *y, int64_t n);

template <class T, class R, class Op>
int row(const void *av, int64_t as, const void *bv, int64_t bs, void *yv, int64_t n) {
  using E = Element<T>;
  auto *a = static_cast<const T *>(av), *b = static_cast<const T *>(bv);
  auto *y = static_cast<R *>(yv);
  if constexpr (Op::divides && !isFloat<typename E::Compute>) {
    for (int64_t i = 0, end = bs ? n : min2<int64_t>(n, 1); i < end; ++i)
      if (E::load(b[i * bs]) == 0)
        return WNNRT_DIVISION_BY_ZERO;
  }
  if (as == 1 && bs == 1) {
    for (int64_t i = 0; i < n; ++i)
      y[i] = Element<R>::store(Op::apply(E::load(a[i]), E::load(b[i])));
  } else if (as == 1 && bs == 0) {
    auto right = E::load(*b);
    for (int64_t i = 0; i < n; ++i)
      y[i] = Element<R>::store(Op::apply(E::load(a[i]), right));
  } else {
    for (int64_t i = 0; i < n; ++i)
      y[i] = Element<R>::store(Op::apply(E::load(a[i * as]), E::load(b[i * bs])));
  }
  return WNNRT_OK;
}

/// Integers wrap around, computed in uint64.
template <class C> C wrap(uint64_t v) {
  return static_cast<C>(v);
}
template <class C> uint64_t wide(C v) {
  return static_cast<uint64_t>(static_cast<int64_t>(v));
}

struct OpBase {
  static constexpr bool divides = false;
};
struct Divides {
  static constexpr bool divides = true;
};

struct Add : OpBase {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return a + b;
    else if constexpr (isBool<C>)
      return a || b;
    else
      return wrap<C>(wide(a) + wide(b));
  }
};
struct Sub : OpBase {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return a - b;
    else
      return wrap<C>(wide(a) - wide(b));
  }
};
struct Mul : OpBase {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return a * b;
    else if constexpr (isBool<C>)
      return a && b;
    else
      return wrap<C>(wide(a) * wide(b));
  }
};
struct TrueDiv : OpBase {
  template <class C> static C apply(C a, C b) { return a / b; }
};
struct Remainder : Divides {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>) {
      C mod = C(fmod(a, b));
      return mod != 0 && (b < 0) != (mod < 0) ? mod + b : mod;
    } else {
      if (b == C(-1)) // avoids the overflow of min % -1; 255 for unsigned is handled the same way
        return C(-1) < C(0) ? C(0) : C(a % b);
      C mod = static_cast<C>(a % b);
      return mod != 0 && (b < 0) != (mod < 0) ? static_cast<C>(mod + b) : mod;
    }
  }
};
struct Fmod : Divides {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return C(fmod(a, b));
    else
      return b == C(-1) && C(-1) < C(0) ? C(0) : static_cast<C>(a % b);
  }
};
struct TruncDiv : Divides {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return C(trunc(a / b));
    else
      return b == C(-1) && C(-1) < C(0) ? wrap<C>(0 - wide(a)) : static_cast<C>(a / b);
  }
};
struct FloorDiv : Divides {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>) {
      if (b == 0)
        return a / b;
      // Through fmod, so that the result agrees with remainder even where a / b rounds up.
      C mod = C(fmod(a, b)), div = (a - mod) / b;
      if (mod != 0 && (b < 0) != (mod < 0))
        div -= 1;
      if (div == 0)
        return C(copysign(C(0), a / b));
      C down = C(floor(div));
      return div - down > C(0.5) ? down + 1 : down;
    } else {
      C q = TruncDiv::apply(a, b);
      return Fmod::apply(a, b) != 0 && (a < 0) != (b < 0) ? static_cast<C>(q - 1) : q;
    }
  }
};
struct Pow : OpBase {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>) {
      return C(pow(a, b));
    } else {
      if (b < 0) {
        if (a == 1)
          return 1;
        return a == C(-1) ? static_cast<C>(b % 2 ? -1 : 1) : C(0);
      }
      uint64_t result = 1, base = wide(a), e = wide(b);
      for (; e; e >>= 1, base *= base)
        if (e & 1)
          result *= base;
      return wrap<C>(result);
    }
  }
};
struct Maximum : OpBase {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return a != a ? a : b != b ? b : a > b ? a : b;
    else
      return a > b ? a : b;
  }
};
struct Minimum : OpBase {
  template <class C> static C apply(C a, C b) {
    if constexpr (isFloat<C>)
      return a != a ? a : b != b ? b : a < b ? a : b;
    else
      return a < b ? a : b;
  }
};
struct Atan2 : OpBase {
  template <class C> static C apply(C a, C b) { return C(atan2(a, b)); }
};
template <int op> struct Compare : OpBase {
  template <class C> static bool apply(C a, C b) {
    return op == WNNRT_EQ   ? a == b
           : op == WNNRT_NE ? a != b
           : op == WNNRT_LT ? a < b
           : op == WNNRT_LE ? a <= b
           : op == WNNRT_GT ? a > b
                            : a >= b;
  }
};
template <int op> struct Logical : OpBase {
  template <class C> static bool apply(C a, C b) {
    bool l = a != 0, r = b != 0;
    return op == WNNRT_LOGICAL_AND ? l && r : op == WNNRT_LOGICAL_OR ? l || r : l != r;
  }
};
template <int op> struct Bitwise : OpBase {
  template <class C> static C apply(C a, C b) {
    return static_cast<C>(op == WNNRT_BITWISE_AND ? a & b : op == WNNRT_BITWISE_OR ? a | b : a ^ b);
  }
};
template <bool left> struct Shift : OpBase {
  template <class C> static C apply(C a, C b) {
    if (b < 0 || uint64_t(b) >= sizeof(C) * 8)
      return !left && a < 0 ? C(-1) : C(0);
    return left ? wrap<C>(wide(a) << b) : static_cast<C>(a >> b);
  }
};

template <class T> RowFn rowFor(int32_t op) {
  using C = typename Element<T>::Compute;
  switch (op) {
  case WNNRT_ADD:
    return row<T, T, Add>;
  case WNNRT_MUL:
    return row<T, T, Mul>;
  case WNNRT_MAXIMUM:
    return row<T, T, Maximum>;
  case WNNRT_MINIMUM:
    return row<T, T, Minimum>;
  case WNNRT_EQ:
    return row<T, Bool, Compare<WNNRT_EQ>>;
  case WNNRT_NE:
    return row<T, Bool, Compare<WNNRT_NE>>;
  case WNNRT_LT:
    return row<T, Bool, Compare<WNNRT_LT>>;
  case WNNRT_LE:
    return row<T, Bool, Compare<WNNRT_LE>>;
  case WNNRT_GT:
    return row<T, Bool, Compare<WNNRT_GT>>;
  case WNNRT_GE:
    return row<T, Bool, Compare<WNNRT_GE>>;
  case WNNRT_LOGICAL_AND:
    return row<T, Bool, Logical<WNNRT_LOGICAL_AND>>;
  case WNNRT_LOGICAL_OR:
    return row<T, Bool, Logical<WNNRT_LOGICAL_OR>>;
  case WNNRT_LOGICAL_XOR:
    return row<T, Bool, Logical<WNNRT_LOGICAL_XOR>>;
  default:
    break;
  }
  if constexpr (!isBool<C>) {
    switch (op) {
    case WNNRT_SUB:
      return row<T, T, Sub>;
    case WNNRT_DIV_FLOOR:
      return row<T, T, FloorDiv>;
    case WNNRT_DIV_TRUNC:
      return row<T, T, TruncDiv>;
    case WNNRT_POW:
      return row<T, T, Pow>;
    case WNNRT_REMAINDER:
      return row<T, T, Remainder>;
    case WNNRT_FMOD:
      return row<T, T, Fmod>;
    default:
      break;
    }
  }
  if constexpr (isFloat<C>) {
    if (op == WNNRT_DIV)
      return row<T, T, TrueDiv>;
    if (op == WNNRT_ATAN2)
      return row<T, T, Atan2>;
  } else {
    if (op == WNNRT_BITWISE_AND)
      return row<T, T, Bitwise<WNNRT_BITWISE_AND>>;
    if (op == WNNRT_BITWISE_OR)
      return row<T, T, Bitwise<WNNRT_BITWISE_OR>>;
    if (op == WNNRT_BITWISE_XOR)
      return row<T, T, Bitwise<WNNRT_BITWISE_XOR>>;
    if constexpr (!isBool<C>) {
      if (op == WNNRT_SHIFT_LEFT)
        return row<T, T, Shift<true>>;
      if (op == WNNRT_SHIFT_RIGHT)
        return row<T, T, Shift<false>>;
    }
  }
  return nullptr;
}

bool resultIsBool(int32_t op) {
  return op >= WNNRT_EQ && op <= WNNRT_LOGICAL_XOR;
}

} // namespace

wnnrt_status ref::binary(const wnnrt_context *, const wnnrt_binary_params *p, const void *av,
                         const void *bv, void *yv) {
  if (p->rank < 0 || p->rank > WNNRT_MAX_RANK || !validAct(p->act))
    return WNNRT_INVALID_ARGUMENT;
  bool fused = p->act.op != WNNRT_IDENTITY;
  if (fused && (p->dtype != WNNRT_F32 || resultIsBool(p->op)))
    return WNNRT_INVALID_ARGUMENT;
  return dispatchDtype(p->dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    RowFn fn = rowFor<T>(p->op);
    if (!fn)
      return WNNRT_UNSUPPORTED;
    int64_t yStrides[WNNRT_MAX_RANK];
    denseStrides(p->rank, p->dims, yStrides);
    StridedBox<3> box;
    for (int d = 0; d < p->rank; ++d)
      box.add(p->dims[d], {p->a_strides[d], p->b_strides[d], yStrides[d]});
    int64_t resultBytes = resultIsBool(p->op) ? 1 : int64_t(sizeof(T));
    return static_cast<wnnrt_status>(
        box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
          char *y = static_cast<char *>(yv) + offset[2] * resultBytes;
          int status = fn(static_cast<const T *>(av) + offset[0], step[0],
                          static_cast<const T *>(bv) + offset[1], step[1], y, n);
          if (fused && !status)
            for (int64_t i = 0; i < n; ++i) {
              auto *f = reinterpret_cast<float *>(y);
              f[i] = applyAct(p->act, f[i]);
            }
          return status;
        }));
  });
}

wnnrt_status ref::where(const wnnrt_context *, const wnnrt_where_params *p, const void *condv,
                        const void *av, const void *bv, void *yv) {
  if (p->rank < 0 || p->rank > WNNRT_MAX_RANK)
    return WNNRT_INVALID_ARGUMENT;
  return dispatchBytes(p->element_bytes, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    int64_t yStrides[WNNRT_MAX_RANK];
    denseStrides(p->rank, p->dims, yStrides);
    StridedBox<4> box;
    for (int d = 0; d < p->rank; ++d)
      box.add(p->dims[d], {p->cond_strides[d], p->a_strides[d], p->b_strides[d], yStrides[d]});
    box.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
      auto *cond = static_cast<const uint8_t *>(condv) + offset[0];
      auto *a = static_cast<const T *>(av) + offset[1], *b = static_cast<const T *>(bv) + offset[2];
      auto *y = static_cast<T *>(yv) + offset[3];
      for (int64_t i = 0; i < n; ++i)
        y[i] = cond[i * step[0]] ? a[i * step[1]] : b[i * step[2]];
      return 0;
    });
    return WNNRT_OK;
  });
}

} // namespace wnnrt
