// SPDX-License-Identifier: Apache-2.0
//
// The decisions by which an instance is made. Each is a number under a key that says what is
// decided, so that an instance can be made again, made again with some decisions taken anew, and
// made smaller: 0 is always the simplest choice.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace wnnx::verify {

inline uint64_t mixBits(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Where in the making of an instance a decision stands.
class Key {
  uint64_t h;

public:
  explicit Key(uint64_t x = 0) : h(x) {}
  Key operator/(uint64_t x) const { return Key(mixBits(h ^ (x + 0x51ed2701))); }
  Key operator/(std::string_view name) const {
    uint64_t x = 1469598103934665603ULL;
    for (char c : name)
      x = (x ^ uint8_t(c)) * 1099511628211ULL;
    return *this / x;
  }
  uint64_t value() const { return h; }
};

/// Numbers by key. Ordered, so that walking over it is the same everywhere.
using Trace = std::map<uint64_t, uint64_t>;

class Choices {
  const Trace &fixed;
  uint64_t state;
  bool simplest; // what is not fixed is 0 instead of random

public:
  Trace taken;

  Choices(const Trace &given, uint64_t seed, bool simple = false)
      : fixed(given), state(seed), simplest(simple) {}

  /// A number below n.
  uint64_t draw(Key key, uint64_t n) {
    if (n == 0)
      n = 1;
    uint64_t v = 0;
    if (auto it = fixed.find(key.value()); it != fixed.end())
      v = it->second < n ? it->second : n - 1;
    else if (!simplest)
      v = mixBits(state ^ key.value()) % n;
    taken[key.value()] = v;
    return v;
  }
  /// True with a chance of `k` in `n`; false is the simple choice.
  bool chance(Key key, uint64_t k, uint64_t n) { return draw(key, n) >= n - k; }
  template <class T> T pick(Key key, std::initializer_list<T> list) {
    return *(list.begin() + draw(key, list.size()));
  }
  template <class T> const T &pick(Key key, const std::vector<T> &list) {
    return list[draw(key, list.size())];
  }
};

} // namespace wnnx::verify
