// SPDX-License-Identifier: Apache-2.0
// Whether a matrix product goes to the matrix unit: where there is one, the context allows it, and
// the product is large enough.
#ifndef WNNRT_SRC_SIMD_MATRIXUNIT_H
#define WNNRT_SRC_SIMD_MATRIXUNIT_H

#include "../Isa.h"
#include "../MatrixJob.h"

namespace {

#if defined(__AVX512F__)
// Weak references must not be folded, hence a table.
const wnnrt_part *const matrixParts[] = {&wnnrt::WNNRT_SIMD_NS::matrix_unit};

/// False: y is to be computed by other means.
inline bool onMatrixUnit(const wnnrt_context *ctx, const wnnrt::MatrixJob &job) {
  const wnnrt_part *const volatile *part = matrixParts;
  if (!(ctx->features & WNNRT_FEATURE_MATRIX_UNIT) || job.rows < 16 || job.k < 32 ||
      job.rows * job.k * job.n < 262144)
    return false;
  return *part && (*part)->product(ctx, job);
}
#else
inline bool onMatrixUnit(const wnnrt_context *, const wnnrt::MatrixJob &) {
  return false;
}
#endif

} // namespace
#endif // WNNRT_SRC_SIMD_MATRIXUNIT_H
