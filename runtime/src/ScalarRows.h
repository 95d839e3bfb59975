// SPDX-License-Identifier: Apache-2.0
// Scalar work that ISA files hand back to baseline code. Declarations only, so that ISA files can
// include this without getting a symbol of their own.
#ifndef WNNRT_SRC_SCALARROWS_H
#define WNNRT_SRC_SCALARROWS_H

#include "wnnrt.h"

namespace wnnrt {
/// x[i] = op(x[i]) for any op up to POW_SCALAR.
void scalarActRow(const wnnrt_act &act, float *x, int64_t n);
/// The documented ranges of wnnrt_conv2d_params.
bool validConv(const wnnrt_conv2d_params *p);
} // namespace wnnrt
#endif // WNNRT_SRC_SCALARROWS_H
