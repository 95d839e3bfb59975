// SPDX-License-Identifier: Apache-2.0
//
// The end of a run that found a mistake of our own.
#include "wnnx/Support/Check.h"

#include <cstdio>
#include <cstdlib>

namespace wnnx {
void checkFailed(const char *file, int line, const char *condition, const char *what) {
  std::fprintf(stderr, "internal error: %s (`%s`, %s:%d); please report this\n", what, condition,
               file, line);
  std::exit(70);
}
} // namespace wnnx
