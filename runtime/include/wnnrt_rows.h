// SPDX-License-Identifier: Apache-2.0
// Every kernel of every ISA by name: wnnrt::avx2::conv2d_c16. A program that names kernels instead
// of asking for a whole table (wnnrt_kernels_for) holds these alone, and whatever they call. Rows
// that an ISA does not have are those of `ref`. What an ISA's name stands for on a CPU without it
// must not be called: wnnrt_cpu_isa() tells.
#ifndef WNNRT_ROWS_H
#define WNNRT_ROWS_H

#include "wnnrt.h"

// The ISAs that the library has; its CMake files say so, and this is what they say.
#if defined(__GNUC__) || defined(__clang__)
#ifndef WNNRT_HAVE_VEC128
#define WNNRT_HAVE_VEC128 1
#endif
#ifdef __x86_64__
#ifndef WNNRT_HAVE_AVX2
#define WNNRT_HAVE_AVX2 1
#endif
#ifndef WNNRT_HAVE_AVX512
#define WNNRT_HAVE_AVX512 1
#endif
#endif
#endif
#ifndef WNNRT_HAVE_VEC128
#define WNNRT_HAVE_VEC128 0
#endif
#ifndef WNNRT_HAVE_AVX2
#define WNNRT_HAVE_AVX2 0
#endif
#ifndef WNNRT_HAVE_AVX512
#define WNNRT_HAVE_AVX512 0
#endif

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
  X(conv2d_matrix_c16)                                                                             \
  X(conv2d_scaled_c16)                                                                             \
  X(layer_norm_c16)

/// Vector forms of the unary ops, in groups that are linked together.
#define WNNRT_ACTS_SIMPLE(X)                                                                       \
  X(RELU)                                                                                          \
  X(CLAMP)                                                                                         \
  X(LEAKY_RELU)                                                                                    \
  X(HARDSWISH)                                                                                     \
  X(HARDSIGMOID)                                                                                   \
  X(SQRT)                                                                                          \
  X(RSQRT)                                                                                         \
  X(RECIPROCAL)                                                                                    \
  X(SQUARE)                                                                                        \
  X(ABS)                                                                                           \
  X(NEG)                                                                                           \
  X(AFFINE)
#define WNNRT_ACTS_EXP(X) X(EXP) X(SIGMOID) X(SILU)
#define WNNRT_ACTS_TANH(X) X(TANH) X(GELU_TANH) X(MISH)
#define WNNRT_ACTS_ERF(X) X(ERF) X(GELU)

/// What kernels of an ISA use only where the program names it, in `wnnrt_kernels::parts`. They are
/// right without it, and slow.
#define WNNRT_PARTS(X)                                                                             \
  X(acts_simple)                                                                                   \
  X(acts_exp)                                                                                      \
  X(acts_tanh)                                                                                     \
  X(acts_erf)                                                                                      \
  X(depthwise_3)                                                                                   \
  X(depthwise_5)                                                                                   \
  X(depthwise_7)                                                                                   \
  X(depthwise_rows)                                                                                \
  X(first_3s1)                                                                                     \
  X(first_3s2)                                                                                     \
  X(first_wide)                                                                                    \
  X(first_any)                                                                                     \
  X(first_pixels)                                                                                  \
  X(first_image)                                                                                   \
  X(linear_rows)                                                                                   \
  X(tiles_strided)                                                                                 \
  X(tiles_indirect)

/// The same of AVX-512 alone: products on the matrix unit, with many weights and with few, and
/// first convolutions.
#define WNNRT_AVX512_PARTS(X) X(matrix_unit) X(matrix_narrow) X(first_matrix)

#ifndef WNNRT_PART_LINKAGE // the library itself refers to parts that need not be there
#define WNNRT_PART_LINKAGE
#endif

namespace wnnrt {

namespace ref {
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status name(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
} // namespace ref

template <class T> struct RowType;
template <class T> struct RowType<T *> {
  using Type = T;
};

// A name that the ISA does not declare itself is found in `ref`.
#define WNNRT_DECLARE_ROW(name) RowType<decltype(wnnrt_kernels::name)>::Type name;
#define WNNRT_DECLARE_PART(name) extern const wnnrt_part name WNNRT_PART_LINKAGE;
namespace vec128 {
using namespace ref;
WNNRT_SIMD_ROWS(WNNRT_DECLARE_ROW)
WNNRT_PARTS(WNNRT_DECLARE_PART)
} // namespace vec128
namespace avx2 {
using namespace ref;
WNNRT_SIMD_ROWS(WNNRT_DECLARE_ROW)
WNNRT_PARTS(WNNRT_DECLARE_PART)
} // namespace avx2
namespace avx512 {
using namespace ref;
WNNRT_SIMD_ROWS(WNNRT_DECLARE_ROW)
WNNRT_PARTS(WNNRT_DECLARE_PART)
WNNRT_AVX512_PARTS(WNNRT_DECLARE_PART)
} // namespace avx512
#undef WNNRT_DECLARE_ROW
#undef WNNRT_DECLARE_PART

} // namespace wnnrt
#endif // WNNRT_ROWS_H
