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

/// Whether products of so many numbers are worth the unit, where there is one: an element of the
/// left side is checked and split once for all n columns. The same for all parts of a product, so
/// that results do not depend on how it is shared among threads.
inline bool worthMatrixUnit(const wnnrt_context *ctx, int64_t rows, int64_t k, int64_t n) {
  return (ctx->features & WNNRT_FEATURE_MATRIX_UNIT) && rows >= 16 && k >= 32 && n >= 48 &&
         rows * k * n >= 262144;
}

/// A part of a product that is worth it. False: y is to be computed by other means.
inline bool matrixUnitPart(const wnnrt_context *ctx, const wnnrt::MatrixJob &job) {
  const wnnrt_part *const volatile *part = matrixParts;
  return *part && (*part)->product(ctx, job);
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
