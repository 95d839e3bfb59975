// SPDX-License-Identifier: Apache-2.0
// Whether a matrix product goes to the matrix unit: where there is one, the context allows it, and
// the product is large enough. Those with few weights have a part of their own.
#ifndef WNNRT_SRC_SIMD_MATRIXUNIT_H
#define WNNRT_SRC_SIMD_MATRIXUNIT_H

#include "../Isa.h"
#include "../MatrixJob.h"
#include "../RowsJob.h"
#include "wnnrt_matrix.h"

namespace {

#if defined(__AVX512F__)
// Weak references must not be folded, hence tables that are read as if they changed.
const wnnrt_part *const matrixParts[] = {&wnnrt::WNNRT_SIMD_NS::matrix_unit,
                                         &wnnrt::WNNRT_SIMD_NS::matrix_narrow};

/// Whether products of so many numbers are worth the unit. The same for all parts of a product, so
/// that results do not depend on how it is shared among threads.
inline bool worthMatrixUnit(const wnnrt_context *ctx, int64_t rows, int64_t k, int64_t n) {
  return (ctx->features & WNNRT_FEATURE_MATRIX_UNIT) && wnnrt::productWorthMatrixUnit(rows, k, n);
}

/// A part of a product that is worth it. False: y is to be computed by other means.
inline bool matrixUnitPart(const wnnrt_context *ctx, const wnnrt::MatrixJob &job) {
  for (int i = 1; i >= 0; --i) {
    const wnnrt_part *const volatile *part = matrixParts + i;
    if (*part && (*part)->product(ctx, job))
      return true;
  }
  return false;
}

/// What runs products of few weights, or null.
inline const wnnrt::NarrowPart *narrowPart(const wnnrt_context *ctx) {
  const wnnrt_part *const volatile *narrow = matrixParts + 1;
  const wnnrt_part *part = *narrow;
  return part && (ctx->features & WNNRT_FEATURE_MATRIX_UNIT)
             ? static_cast<const wnnrt::NarrowPart *>(part->tiles)
             : nullptr;
}

#else
inline bool worthMatrixUnit(const wnnrt_context *, int64_t, int64_t, int64_t) {
  return false;
}
inline bool matrixUnitPart(const wnnrt_context *, const wnnrt::MatrixJob &) {
  return false;
}
#endif

/// A whole product. False: y is to be computed by other means.
inline bool onMatrixUnit(const wnnrt_context *ctx, const wnnrt::MatrixJob &job) {
  return worthMatrixUnit(ctx, job.rows, job.k, job.n) && matrixUnitPart(ctx, job);
}

} // namespace
#endif // WNNRT_SRC_SIMD_MATRIXUNIT_H
