// SPDX-License-Identifier: Apache-2.0
// Which ISAs are built, their kernels' declarations, and the rows each of them replaces in the
// reference table. Each ISA is a namespace; src/simd is compiled once for each.
#ifndef WNNRT_SRC_ISA_H
#define WNNRT_SRC_ISA_H

#include "wnnrt.h"

#ifndef WNNRT_HAVE_VEC128
#define WNNRT_HAVE_VEC128 0
#endif
#ifndef WNNRT_HAVE_AVX2
#define WNNRT_HAVE_AVX2 0
#endif
#ifndef WNNRT_HAVE_AVX512
#define WNNRT_HAVE_AVX512 0
#endif

namespace wnnrt {

namespace ref {
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status name(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
} // namespace ref
namespace vec128 {
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status name(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
} // namespace vec128
namespace avx2 {
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status name(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
} // namespace avx2
namespace avx512 {
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status name(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
} // namespace avx512

/// conv2d_scaled_c16 works on runs of at most so many pixels, whose scaled input lies in the
/// second-level cache.
int64_t scaledConvRun(const wnnrt_scaled_conv_params *p);

/// How many threads may work on an attention, each with its part of the scratch.
int64_t sdpaParts(const wnnrt_sdpa_params *p);
int64_t sdpaPartFloats(const wnnrt_sdpa_params *p);

/// The rows that src/simd defines, for every ISA.
#define WNNRT_SIMD_ROWS(X)                                                                         \
  X(conv2d_c16)                                                                                    \
  X(conv2d_first)                                                                                  \
  X(depthwise_c16)                                                                                 \
  X(conv2d_plain)                                                                                  \
  X(conv_transpose2d_plain)                                                                        \
  X(conv_transpose2d_c16)                                                                          \
  X(linear)                                                                                        \
  X(matmul)                                                                                        \
  X(max_pool2d)                                                                                    \
  X(avg_pool2d)                                                                                    \
  X(adaptive_avg_pool2d)                                                                           \
  X(adaptive_max_pool2d)                                                                           \
  X(global_avg_pool)                                                                               \
  X(plain_to_c16)                                                                                  \
  X(c16_to_plain)                                                                                  \
  X(copy_channels_c16)                                                                             \
  X(gather_channels_c16)                                                                           \
  X(unary)                                                                                         \
  X(binary)                                                                                        \
  X(batch_norm)                                                                                    \
  X(softmax)                                                                                       \
  X(layer_norm)                                                                                    \
  X(rms_norm)                                                                                      \
  X(group_norm)                                                                                    \
  X(copy_strided)                                                                                  \
  X(upsample2d)                                                                                    \
  X(sdpa)                                                                                          \
  X(mbconv_c16)                                                                                    \
  X(conv2d_winograd2_c16)                                                                          \
  X(conv2d_winograd4_c16)                                                                          \
  X(conv2d_scaled_c16)                                                                             \
  X(layer_norm_c16)
} // namespace wnnrt

#endif // WNNRT_SRC_ISA_H
