// SPDX-License-Identifier: Apache-2.0
// Reference reductions over any set of dims, and cumulative sums and products. Floating sums are
// accumulated in double.
#include "../Half.h"
#include "../Kernels.h"
#include "../Strided.h"

#include <math.h>

namespace wnnrt {
namespace {

template <class C> constexpr bool isFloat = __is_same(C, float) || __is_same(C, double);

/// Kept dims outside, reduced dims inside; visit(position, value) in row-major order.
template <class T> struct Reducer {
  const wnnrt_reduce_params *p;
  StridedBox<1> kept, reduced;
  int64_t count = 1;

  explicit Reducer(const wnnrt_reduce_params *params) : p(params) {
    for (int d = 0; d < p->rank; ++d) {
      if (p->reduce_mask >> d & 1) {
        reduced.add(p->dims[d], {p->strides[d]});
        count *= p->dims[d];
      } else {
        kept.add(p->dims[d], {p->strides[d]});
      }
    }
  }

  template <class Visit> void visit(const T *x, Visit &&f) const {
    if (count == 0)
      return;
    reduced.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
      const T *row = x + offset[0];
      for (int64_t i = 0; i < n; ++i)
        f(Element<T>::load(row[i * step[0]]));
      return 0;
    });
  }

  /// y[k] = one(x at the k-th kept position) for all kept positions in order.
  template <class R, class One> void forEachKept(const T *x, R *y, One &&one) const {
    kept.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
      for (int64_t i = 0; i < n; ++i)
        *y++ = one(x + offset[0] + i * step[0]);
      return 0;
    });
  }
};

template <class T>
void reduceFloating(const Reducer<T> &r, const T *x, T *y, double correction, int32_t op) {
  using E = Element<T>;
  using C = typename E::Compute;
  auto store = [](double v) { return E::store(static_cast<C>(v)); };
  r.forEachKept(x, y, [&](const T *at) {
    double acc = op == WNNRT_REDUCE_PROD ? 1 : 0;
    switch (op) {
    case WNNRT_REDUCE_SUM:
    case WNNRT_REDUCE_MEAN:
      r.visit(at, [&](C v) { acc += double(v); });
      return store(op == WNNRT_REDUCE_MEAN ? acc / double(r.count) : acc);
    case WNNRT_REDUCE_PROD:
      r.visit(at, [&](C v) { acc *= double(v); });
      return store(acc);
    case WNNRT_REDUCE_L1:
      r.visit(at, [&](C v) { acc += fabs(double(v)); });
      return store(acc);
    case WNNRT_REDUCE_L2:
      r.visit(at, [&](C v) { acc += double(v) * double(v); });
      return store(sqrt(acc));
    case WNNRT_REDUCE_LOGSUMEXP: {
      double largest = -__builtin_huge_val();
      r.visit(at, [&](C v) { largest = double(v) > largest ? double(v) : largest; });
      double shift = isinf(largest) ? 0 : largest;
      r.visit(at, [&](C v) { acc += exp(double(v) - shift); });
      return store(log(acc) + shift);
    }
    default: { // VAR, STD
      r.visit(at, [&](C v) { acc += double(v); });
      double mean = acc / double(r.count), squares = 0;
      r.visit(at, [&](C v) { squares += (double(v) - mean) * (double(v) - mean); });
      double degrees = double(r.count) - correction;
      double var = squares / (degrees > 0 ? degrees : 0);
      return store(op == WNNRT_REDUCE_VAR ? var : sqrt(var));
    }
    }
  });
}

/// Whether `v` replaces `best`: NaN wins and stays, otherwise strictly better.
template <bool max, class C> bool better(C v, C best) {
  if constexpr (isFloat<C>) {
    if (best != best)
      return false;
    if (v != v)
      return true;
  }
  return max ? v > best : v < best;
}

template <bool max, class T>
wnnrt_status extremum(const Reducer<T> &r, const T *x, void *y, bool position) {
  using E = Element<T>;
  using C = typename E::Compute;
  if (r.count == 0)
    return WNNRT_INVALID_ARGUMENT;
  auto find = [&](const T *at, C &best) {
    int64_t i = 0, where = 0;
    r.visit(at, [&](C v) {
      if (i == 0 || better<max>(v, best)) {
        best = v;
        where = i;
      }
      ++i;
    });
    return where;
  };
  C best{};
  if (position)
    r.forEachKept(x, static_cast<int64_t *>(y), [&](const T *at) { return find(at, best); });
  else
    r.forEachKept(x, static_cast<T *>(y), [&](const T *at) {
      find(at, best);
      return E::store(best);
    });
  return WNNRT_OK;
}

template <class T> wnnrt_status reduceAs(const wnnrt_reduce_params *p, const void *xv, void *yv) {
  using C = typename Element<T>::Compute;
  Reducer<T> r(p);
  auto *x = static_cast<const T *>(xv);
  switch (p->op) {
  case WNNRT_REDUCE_MAX:
    return extremum<true>(r, x, yv, false);
  case WNNRT_REDUCE_MIN:
    return extremum<false>(r, x, yv, false);
  case WNNRT_REDUCE_ARGMAX:
    return extremum<true>(r, x, yv, true);
  case WNNRT_REDUCE_ARGMIN:
    return extremum<false>(r, x, yv, true);
  case WNNRT_REDUCE_ANY:
    r.forEachKept(x, static_cast<uint8_t *>(yv), [&](const T *at) {
      bool any = false;
      r.visit(at, [&](C v) { any |= v != 0; });
      return static_cast<uint8_t>(any);
    });
    return WNNRT_OK;
  case WNNRT_REDUCE_ALL:
    r.forEachKept(x, static_cast<uint8_t *>(yv), [&](const T *at) {
      bool all = true;
      r.visit(at, [&](C v) { all &= v != 0; });
      return static_cast<uint8_t>(all);
    });
    return WNNRT_OK;
  default:
    break;
  }
  if constexpr (isFloat<C>) {
    reduceFloating(r, x, static_cast<T *>(yv), p->correction, p->op);
    return WNNRT_OK;
  } else {
    if (p->op != WNNRT_REDUCE_SUM && p->op != WNNRT_REDUCE_PROD)
      return WNNRT_UNSUPPORTED;
    bool product = p->op == WNNRT_REDUCE_PROD;
    r.forEachKept(x, static_cast<int64_t *>(yv), [&](const T *at) {
      uint64_t acc = product;
      r.visit(at, [&](C v) {
        uint64_t wide = static_cast<uint64_t>(static_cast<int64_t>(v));
        acc = product ? acc * wide : acc + wide;
      });
      return static_cast<int64_t>(acc);
    });
    return WNNRT_OK;
  }
}

template <class T, class Acc> void accumulate(const wnnrt_cumulative_params *p, const T *x, T *y) {
  for (int64_t o = 0; o < p->outer; ++o)
    for (int64_t i = 0; i < p->inner; ++i) {
      Acc acc = p->product ? Acc(1) : Acc(0);
      for (int64_t d = 0; d < p->dim; ++d) {
        int64_t at = (o * p->dim + d) * p->inner + i;
        acc = p->product ? acc * static_cast<Acc>(x[at]) : acc + static_cast<Acc>(x[at]);
        y[at] = static_cast<T>(acc);
      }
    }
}

} // namespace

wnnrt_status ref::reduce(const wnnrt_context *, const wnnrt_reduce_params *p, const void *x,
                         void *y) {
  if (p->rank < 0 || p->rank > WNNRT_MAX_RANK || p->op < 0 || p->op >= WNNRT_REDUCE_OP_COUNT)
    return WNNRT_INVALID_ARGUMENT;
  return dispatchDtype(p->dtype,
                       [&](auto tag) { return reduceAs<typename decltype(tag)::Type>(p, x, y); });
}

wnnrt_status ref::cumulative(const wnnrt_context *, const wnnrt_cumulative_params *p, const void *x,
                             void *y) {
  switch (p->dtype) {
  case WNNRT_F32:
    accumulate<float, double>(p, static_cast<const float *>(x), static_cast<float *>(y));
    return WNNRT_OK;
  case WNNRT_F64:
    accumulate<double, double>(p, static_cast<const double *>(x), static_cast<double *>(y));
    return WNNRT_OK;
  case WNNRT_I32:
    accumulate<int32_t, uint64_t>(p, static_cast<const int32_t *>(x), static_cast<int32_t *>(y));
    return WNNRT_OK;
  case WNNRT_I64:
    accumulate<int64_t, uint64_t>(p, static_cast<const int64_t *>(x), static_cast<int64_t *>(y));
    return WNNRT_OK;
  default:
    return WNNRT_UNSUPPORTED;
  }
}

} // namespace wnnrt
