// SPDX-License-Identifier: Apache-2.0
//
// Differences of tensors.
#include "wnnx/Driver/Compare.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace wnnx {

double Comparison::relative() const {
  return largest > 0 ? maxAbs / largest : maxAbs;
}

static double difference(double a, double b) {
  if (std::isnan(a) && std::isnan(b))
    return 0;
  if (a == b) // infinities of one sign too
    return 0;
  double d = std::fabs(a - b);
  return std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
}

Comparison compareTensors(const Tensor &found, const Tensor &expected) {
  Comparison c;
  double dot = 0, aa = 0, bb = 0;
  // 64-bit integers do not fit a double; when both are integers, compare them as such.
  bool ints = !isFloat(found.dtype()) && !isFloat(expected.dtype());
  for (int64_t i = 0; i < expected.numel(); ++i) {
    double a = found.getDouble(i), b = expected.getDouble(i);
    double d = difference(a, b);
    if (ints && d == 0 && found.getInt(i) != expected.getInt(i))
      d = 1;
    if (d > c.maxAbs) {
      c.maxAbs = d;
      c.worst = i;
      c.found = a;
      c.expected = b;
    }
    if (std::isfinite(b))
      c.largest = std::max(c.largest, std::fabs(b));
    if (std::isfinite(a) && std::isfinite(b)) {
      dot += a * b;
      aa += a * a;
      bb += b * b;
    }
  }
  if (aa > 0 && bb > 0)
    c.cosine = dot / std::sqrt(aa) / std::sqrt(bb);
  else if (aa > 0 || bb > 0)
    c.cosine = 0;
  return c;
}

std::string describeComparison(const Comparison &c, const Shape &shape) {
  std::string s = fmt::format("max abs {:.3g}  relative {:.3g}  cosine {:.9f}", c.maxAbs,
                              c.relative(), c.cosine);
  if (c.worst < 0)
    return s + "  all equal";
  std::string at = "[";
  llvm::SmallVector<int64_t, 6> strides = shape.strides();
  int64_t rest = c.worst;
  for (int64_t stride : strides) {
    at += (at.size() > 1 ? "," : "") + std::to_string(rest / stride);
    rest %= stride;
  }
  return s + fmt::format("  worst at {}]: {:.9g}, expected {:.9g}", at, c.found, c.expected);
}

} // namespace wnnx
