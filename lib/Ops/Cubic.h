// SPDX-License-Identifier: Apache-2.0
//
// Cubic convolution interpolation with A = -0.75, for bicubic upsampling and sampling.
#pragma once

#include "wnnx/Ops/Scalar.h"

namespace wnnx {

/// Weights of the four neighbours at distances 1 + t, t, 1 - t and 2 - t, for t in [0, 1].
template <class S> void cubicWeights(S t, S weights[4]) {
  const S a = scalar::real<S>(-0.75), one = scalar::real<S>(1), two = scalar::real<S>(2);
  auto near = [&](S d) { return ((a + two) * d - (a + scalar::real<S>(3))) * d * d + one; };
  auto far = [&](S d) {
    return ((a * d - scalar::real<S>(5) * a) * d + scalar::real<S>(8) * a) * d -
           scalar::real<S>(4) * a;
  };
  weights[0] = far(t + one);
  weights[1] = near(t);
  weights[2] = near(one - t);
  weights[3] = far(two - t);
}

} // namespace wnnx
