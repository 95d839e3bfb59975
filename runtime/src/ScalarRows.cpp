// SPDX-License-Identifier: Apache-2.0
#include "ScalarRows.h"
#include "ScalarMath.h"

void wnnrt::scalarActRow(const wnnrt_act &act, float *x, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    x[i] = applyAct(act, x[i]);
}

bool wnnrt::validConv(const wnnrt_conv2d_params *p) {
  return p->groups > 0 && p->ci % p->groups == 0 && p->co % p->groups == 0 && p->kh > 0 &&
         p->kw > 0 && p->stride_h > 0 && p->stride_w > 0 && p->dilation_h > 0 &&
         p->dilation_w > 0 && validAct(p->act);
}
