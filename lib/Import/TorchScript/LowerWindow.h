// SPDX-License-Identifier: Apache-2.0
//
// The IR's windowed ops take [N, C, H, W]. PyTorch's also take inputs without a batch and of one
// spatial dimension; `Window` brings those into the one form and the result back.
#pragma once

#include "OpCall.h"

namespace wnnx::ts {

using WindowInts = llvm::SmallVector<int64_t, 6>;

class Window {
  OpCall &c;
  Ref x;
  unsigned spatial;
  bool batched;

public:
  Window(OpCall &call, Ref input, unsigned spatialDims)
      : c(call), x(input), spatial(spatialDims), batched(input->rank() == spatialDims + 2) {
    if (c.b.failed)
      return;
    if (!batched && x->rank() != spatial + 1) {
      c.error("the input has rank " + std::to_string(x->rank()));
      return;
    }
    Shape s = x->shape();
    if (!batched)
      s.insert(0, 1);
    if (spatial == 1)
      s.insert(2, 1);
    x = c.b.reshape(x, s.ref());
  }
  Ref input() const { return x; }
  Ref restore(Ref r) {
    if (c.b.failed)
      return r;
    Shape s = r->shape();
    if (spatial == 1)
      s.erase(2);
    if (!batched)
      s.erase(0);
    return c.b.reshape(r, s.ref());
  }
};

} // namespace wnnx::ts
