// SPDX-License-Identifier: Apache-2.0
//
// Checks that stay on in release builds, for our own mistakes that would corrupt a user's results.
#pragma once

namespace wnnx {
[[noreturn]] void checkFailed(const char *file, int line, const char *condition, const char *what);
} // namespace wnnx

#define WNNX_CHECK(cond, what)                                                                     \
  do {                                                                                             \
    if (!(cond))                                                                                   \
      ::wnnx::checkFailed(__FILE__, __LINE__, #cond, what);                                        \
  } while (false)
