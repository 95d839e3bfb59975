// SPDX-License-Identifier: Apache-2.0
// The kernels of all ISAs, and how one of src/simd reaches the reference kernel for what it does
// not do itself: by the table that it was called with, so that a program with a table of its own
// holds the reference kernels that it names.
#ifndef WNNRT_SRC_ISA_H
#define WNNRT_SRC_ISA_H

// A part of an ISA that the program does not name need not be there. Linkers without weak
// references always take them all.
#if defined(__ELF__) && !defined(WNNRT_PART_LINKAGE)
#define WNNRT_PART_LINKAGE __attribute__((weak))
#endif
#include "wnnrt_rows.h"

namespace wnnrt {
/// y[i] = op(x[i]) for i in [0, n); y may be x.
using ActRow = void (*)(const float *x, float *y, int64_t n, float a, float b);
struct MatrixJob;
} // namespace wnnrt

/// What a part is: one of these.
struct wnnrt_part {
  wnnrt::ActRow (*actRow)(int32_t op) = nullptr; // null for ops of other parts
  const void *tiles = nullptr;                   // a TileTable
  // Of matrix_unit; false if y is to be computed by other means.
  bool (*product)(const wnnrt_context *ctx, const wnnrt::MatrixJob &job) = nullptr;
};

namespace wnnrt {

/// conv2d_scaled_c16 works on runs of at most so many pixels, whose scaled input lies in the
/// second-level cache.
int64_t scaledConvRun(const wnnrt_scaled_conv_params *p);
/// Whether it scales weights instead of pixels where there is no shift. Each of up to so many
/// threads has its own: what another core wrote is far away.
bool scaledConvByWeights(const wnnrt_scaled_conv_params *p);
constexpr int64_t scaledConvCopies = 2;

/// How many threads may work on an attention, each with its part of the scratch.
int64_t sdpaParts(const wnnrt_sdpa_params *p);
int64_t sdpaPartFloats(const wnnrt_sdpa_params *p);

} // namespace wnnrt

#ifdef WNNRT_SIMD_NS
namespace wnnrt {
namespace WNNRT_SIMD_NS {
namespace ref {
namespace { // ISA flags: nothing here may have linkage
#define WNNRT_KERNEL(name, params, args)                                                           \
  constexpr struct {                                                                               \
    template <class... A>                                                                          \
    __attribute__((always_inline)) wnnrt_status operator()(const wnnrt_context *ctx,               \
                                                           A... a) const {                         \
      const wnnrt_kernels *plain = ctx->kernels ? ctx->kernels->reference : nullptr;               \
      return plain && plain->name ? plain->name(ctx, a...) : WNNRT_UNSUPPORTED;                    \
    }                                                                                              \
  } name = {};
#include "wnnrt_kernels.def"
} // namespace
} // namespace ref
} // namespace WNNRT_SIMD_NS
} // namespace wnnrt
#endif

#endif // WNNRT_SRC_ISA_H
