// SPDX-License-Identifier: Apache-2.0
//
// The result of a function that reports its own failures: on `failure()` the reason has already
// been given to `Diagnostics`; the caller only returns. `FailureOr<T>` carries a value on success.
#pragma once

#include <cassert>
#include <optional>
#include <utility>

namespace wnnx {

class [[nodiscard]] LogicalResult {
  bool ok;
  explicit LogicalResult(bool good) : ok(good) {}

public:
  static LogicalResult get(bool ok) { return LogicalResult(ok); }
  bool succeeded() const { return ok; }
  bool failed() const { return !ok; }
};

inline LogicalResult success(bool ok = true) {
  return LogicalResult::get(ok);
}
inline LogicalResult failure(bool bad = true) {
  return LogicalResult::get(!bad);
}
inline bool succeeded(LogicalResult r) {
  return r.succeeded();
}
inline bool failed(LogicalResult r) {
  return r.failed();
}

template <class T> class [[nodiscard]] FailureOr {
  std::optional<T> value;

public:
  FailureOr(LogicalResult r) {
    assert(r.failed() && "a FailureOr is made from a value or from a failure");
    (void)r;
  }
  FailureOr(T v) : value(std::move(v)) {}
  bool succeeded() const { return value.has_value(); }
  bool failed() const { return !value.has_value(); }
  T &operator*() { return *value; }
  const T &operator*() const { return *value; }
  T *operator->() { return &*value; }
  const T *operator->() const { return &*value; }
};

template <class T> bool failed(const FailureOr<T> &r) {
  return r.failed();
}
template <class T> bool succeeded(const FailureOr<T> &r) {
  return r.succeeded();
}

} // namespace wnnx
