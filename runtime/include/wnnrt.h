/* SPDX-License-Identifier: Apache-2.0 */
/* The C ABI of libwnnrt: enums, parameter structs, the kernel table and the context that generated
 * inference code uses. C99-clean. A kernel reads and writes only the buffers it is given: no
 * allocation, no globals, no OS. Every kernel has the form
 *     wnnrt_status k(const wnnrt_context *ctx, const wnnrt_X_params *p, pointers...);
 * with shapes in `p`, inputs before outputs before scratch. The rows are in wnnrt_kernels.def. */
#ifndef WNNRT_H
#define WNNRT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bumped whenever a struct, an enum value, a packing equation or a row changes. */
#define WNNRT_ABI 6

/* Best alignment of arenas, weights and c16 tensors. Every kernel is correct at element alignment.
 */
#define WNNRT_ALIGNMENT 64
#define WNNRT_MAX_RANK 8
/* Channels per block of the c16 layout: [N][ceil(C/16)][H][W][16]. */
#define WNNRT_C16 16

typedef enum wnnrt_status {
  WNNRT_OK = 0,
  WNNRT_INVALID_ARGUMENT = 1, /* a parameter outside its documented range */
  WNNRT_OUT_OF_RANGE = 2,     /* an index value (gather, embedding...) outside its dimension */
  WNNRT_DIVISION_BY_ZERO = 3, /* integer division or remainder by zero */
  WNNRT_UNSUPPORTED = 4       /* this op is not defined for this dtype or mode */
} wnnrt_status;

typedef enum wnnrt_dtype {
  WNNRT_F32 = 0,
  WNNRT_F16 = 1,
  WNNRT_BF16 = 2,
  WNNRT_F64 = 3,
  WNNRT_I8 = 4,
  WNNRT_U8 = 5,
  WNNRT_I16 = 6,
  WNNRT_I32 = 7,
  WNNRT_I64 = 8,
  WNNRT_BOOL = 9 /* one byte, 0 or 1 */
} wnnrt_dtype;

typedef enum wnnrt_layout {
  WNNRT_PLAIN = 0, /* NCHW, contiguous */
  WNNRT_LAYOUT_C16 =
      1 /* NCHW16c; lanes of channels >= C are allocated but hold unspecified values */
} wnnrt_layout;

/* One list for fused activations and for the `unary` kernel. `a` and `b` are the op's scalars.
 * Values are appended only. */
typedef enum wnnrt_unary_op {
  WNNRT_IDENTITY = 0,
  WNNRT_RELU = 1,       /* NaN stays NaN */
  WNNRT_CLAMP = 2,      /* min(max(x, a), b); relu6 is clamp(0, 6); NaN stays NaN */
  WNNRT_LEAKY_RELU = 3, /* x > 0 ? x : a * x */
  WNNRT_ELU = 4,        /* x > 0 ? x : a * expm1(x) */
  WNNRT_SELU = 5,
  WNNRT_CELU = 6, /* max(0, x) + min(0, a * expm1(x / a)) */
  WNNRT_SILU = 7,
  WNNRT_HARDSWISH = 8,   /* x * clamp(x + 3, 0, 6) / 6 */
  WNNRT_HARDSIGMOID = 9, /* clamp(x + 3, 0, 6) / 6 */
  WNNRT_SIGMOID = 10,
  WNNRT_TANH = 11,
  WNNRT_GELU = 12,      /* with erf */
  WNNRT_GELU_TANH = 13, /* approximate="tanh" */
  WNNRT_SOFTPLUS = 14,  /* x * a > b ? x : log1p(exp(a * x)) / a */
  WNNRT_MISH = 15,
  WNNRT_EXP = 16,
  WNNRT_EXPM1 = 17,
  WNNRT_LOG = 18,
  WNNRT_LOG2 = 19,
  WNNRT_LOG10 = 20,
  WNNRT_LOG1P = 21,
  WNNRT_SQRT = 22,
  WNNRT_RSQRT = 23,
  WNNRT_RECIPROCAL = 24,
  WNNRT_SQUARE = 25,
  WNNRT_ABS = 26,
  WNNRT_NEG = 27,
  WNNRT_SIGN = 28,
  WNNRT_FLOOR = 29,
  WNNRT_CEIL = 30,
  WNNRT_ROUND = 31, /* half to even */
  WNNRT_TRUNC = 32,
  WNNRT_FRAC = 33,
  WNNRT_SIN = 34,
  WNNRT_COS = 35,
  WNNRT_TAN = 36,
  WNNRT_ASIN = 37,
  WNNRT_ACOS = 38,
  WNNRT_ATAN = 39,
  WNNRT_SINH = 40,
  WNNRT_COSH = 41,
  WNNRT_ASINH = 42,
  WNNRT_ACOSH = 43,
  WNNRT_ATANH = 44,
  WNNRT_ERF = 45,
  WNNRT_ERFC = 46,
  WNNRT_SOFTSIGN = 47,
  WNNRT_LOGSIGMOID = 48,
  WNNRT_HARDSHRINK = 49, /* |x| > a ? x : 0 */
  WNNRT_SOFTSHRINK = 50, /* sign(x) * max(|x| - a, 0) */
  WNNRT_TANHSHRINK = 51,
  WNNRT_THRESHOLD = 52,   /* x > a ? x : b */
  WNNRT_AFFINE = 53,      /* a * x + b */
  WNNRT_POW_SCALAR = 54,  /* pow(x, a) */
  WNNRT_LOGICAL_NOT = 55, /* from here on only in `unary`, not fused; result bool */
  WNNRT_ISNAN = 56,       /* result bool */
  WNNRT_ISINF = 57,       /* result bool */
  WNNRT_ISFINITE = 58,    /* result bool */
  WNNRT_BITWISE_NOT = 59, /* integers and bool */
  WNNRT_UNARY_OP_COUNT = 60
} wnnrt_unary_op;

typedef enum wnnrt_binary_op {
  WNNRT_ADD = 0,
  WNNRT_SUB = 1,
  WNNRT_MUL = 2,
  WNNRT_DIV = 3,       /* true division; floating dtypes only */
  WNNRT_DIV_FLOOR = 4, /* rounding_mode="floor", floor_divide */
  WNNRT_DIV_TRUNC = 5, /* rounding_mode="trunc" */
  WNNRT_POW = 6,
  WNNRT_MAXIMUM = 7,   /* NaN propagates */
  WNNRT_MINIMUM = 8,   /* NaN propagates */
  WNNRT_REMAINDER = 9, /* sign of the divisor, as Python's % */
  WNNRT_FMOD = 10,     /* sign of the dividend, as C's fmod */
  WNNRT_ATAN2 = 11,
  WNNRT_EQ = 12, /* comparisons and logical ops: result bool */
  WNNRT_NE = 13,
  WNNRT_LT = 14,
  WNNRT_LE = 15,
  WNNRT_GT = 16,
  WNNRT_GE = 17,
  WNNRT_LOGICAL_AND = 18,
  WNNRT_LOGICAL_OR = 19,
  WNNRT_LOGICAL_XOR = 20,
  WNNRT_BITWISE_AND = 21, /* integers and bool; result has the operands' dtype */
  WNNRT_BITWISE_OR = 22,
  WNNRT_BITWISE_XOR = 23,
  WNNRT_SHIFT_LEFT = 24,
  WNNRT_SHIFT_RIGHT = 25,
  WNNRT_BINARY_OP_COUNT = 26
} wnnrt_binary_op;

typedef enum wnnrt_reduce_op {
  WNNRT_REDUCE_SUM = 0, /* integers and bool: result i64 */
  WNNRT_REDUCE_MEAN = 1,
  WNNRT_REDUCE_PROD = 2, /* integers and bool: result i64 */
  WNNRT_REDUCE_MAX = 3,  /* amax; NaN propagates */
  WNNRT_REDUCE_MIN = 4,
  WNNRT_REDUCE_ARGMAX =
      5, /* result i64: position in the flattened reduced dims; first winner; NaN wins */
  WNNRT_REDUCE_ARGMIN = 6,
  WNNRT_REDUCE_ANY = 7, /* result bool */
  WNNRT_REDUCE_ALL = 8, /* result bool */
  WNNRT_REDUCE_VAR = 9, /* with `correction` */
  WNNRT_REDUCE_STD = 10,
  WNNRT_REDUCE_L1 = 11,
  WNNRT_REDUCE_L2 = 12,
  WNNRT_REDUCE_LOGSUMEXP = 13,
  WNNRT_REDUCE_OP_COUNT = 14
} wnnrt_reduce_op;

typedef enum wnnrt_pad_mode {
  WNNRT_PAD_CONSTANT = 0,
  WNNRT_PAD_REFLECT = 1,
  WNNRT_PAD_REPLICATE = 2,
  WNNRT_PAD_CIRCULAR = 3
} wnnrt_pad_mode;

typedef enum wnnrt_upsample_mode {
  WNNRT_NEAREST = 0,
  WNNRT_NEAREST_EXACT = 1,
  WNNRT_BILINEAR = 2,
  WNNRT_BICUBIC = 3
} wnnrt_upsample_mode;

typedef enum wnnrt_grid_mode {
  WNNRT_GRID_BILINEAR = 0,
  WNNRT_GRID_NEAREST = 1,
  WNNRT_GRID_BICUBIC = 2
} wnnrt_grid_mode;

typedef enum wnnrt_grid_padding {
  WNNRT_GRID_ZEROS = 0,
  WNNRT_GRID_BORDER = 1,
  WNNRT_GRID_REFLECTION = 2
} wnnrt_grid_padding;

typedef enum wnnrt_mask_kind {
  WNNRT_MASK_NONE = 0,
  WNNRT_MASK_BOOL = 1, /* true keeps */
  WNNRT_MASK_F32 = 2   /* added to the scores */
} wnnrt_mask_kind;

/* ---------------------------------------------------------------- parameter structs
 * Sizes and strides count elements, never bytes, unless the name says so. A batch stride of 0 means
 * dense. Zero-initialise, then set named fields. */

/* A fused activation: IDENTITY .. POW_SCALAR of wnnrt_unary_op. */
typedef struct wnnrt_act {
  int32_t op;
  float a, b;
} wnnrt_act;

/* y = act(conv(x, w) + bias + residual), or act(conv(x, w) + bias) + residual when
 * residual_after_act. residual has y's layout and sizes; y may be the same buffer as residual.
 * Output sizes are given, so any right or bottom padding is allowed. For transposed convolutions
 * pad_top and pad_left are PyTorch's `padding`, and output_padding shows only in oh, ow.
 * Batch strides let a c16 tensor be a 16-aligned channel slice of a larger one. */
typedef struct wnnrt_conv2d_params {
  int32_t n, ci, ih, iw; /* input */
  int32_t co, oh, ow;    /* output */
  int32_t kh, kw, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t groups;
  wnnrt_act act;
  int32_t residual_after_act;
  int64_t x_batch_stride, y_batch_stride, residual_batch_stride;
} wnnrt_conv2d_params;

/* A 1x1 convolution of stride 1 whose input is scaled first, as behind a batch norm or a
 * squeeze-excite block: y = act(conv(input_act(x * scale + shift), w) + bias + residual), residual
 * as in conv2d. x, y and residual are dense c16; weights are packed as for conv2d_c16. scale has ci
 * values for all images (batch stride 0) or for each; so has shift, which may be absent. */
typedef struct wnnrt_scaled_conv_params {
  int32_t n, ci, co, hw;
  wnnrt_act input_act, act;
  int32_t residual_after_act;
  int64_t scale_batch_stride;
} wnnrt_scaled_conv_params;

/* A block of a mobile network: y = act(project(dw) + residual) (or residual added after, as above),
 * dw = act(depthwise(expand)), expand = act(1x1 convolution of x). Either 1x1 convolution may be
 * missing: w_expand null, ce == ci; w_project null, co == ce, no residual. What lies between is
 * never in memory as a whole. ce is the depthwise channels; kernel, strides and pads are the
 * depthwise convolution's. */
typedef struct wnnrt_mbconv_params {
  int32_t n, ci, ih, iw; /* input */
  int32_t ce;
  int32_t co, oh, ow; /* output */
  int32_t kh, kw, stride_h, stride_w;
  int32_t pad_top, pad_left;
  wnnrt_act act_expand, act_depthwise, act;
  int32_t residual_after_act;
  int64_t x_batch_stride, y_batch_stride, residual_batch_stride;
} wnnrt_mbconv_params;

/* y[m][n] = act(sum_k x[m][k] * W[n][k] + bias[n] + residual[m][n]), residual as in conv2d.
 * Row strides of 0 mean dense. y may be the same buffer as residual. */
typedef struct wnnrt_linear_params {
  int64_t m, n, k;
  int64_t x_row_stride, y_row_stride, residual_row_stride;
  wnnrt_act act;
  int32_t residual_after_act;
} wnnrt_linear_params;

/* y[batch][i][j] = alpha * sum_k a[batch][i][k] * b[batch][k][j]. Any strides, so transposes and
 * broadcast batches (stride 0) are free. All strides are explicit. */
typedef struct wnnrt_matmul_params {
  int32_t batch_rank; /* 0..6 */
  int64_t batch_dims[6];
  int64_t a_batch_strides[6], b_batch_strides[6], y_batch_strides[6];
  int64_t m, n, k;
  int64_t a_row_stride, a_col_stride; /* a[i][k] */
  int64_t b_row_stride, b_col_stride; /* b[k][j] */
  int64_t y_row_stride, y_col_stride;
  float alpha;
} wnnrt_matmul_params;

/* Pooling windows. pad_bottom and pad_right are used only by the average with count_include_pad:
 * the divisor counts positions up to ih + pad_bottom, as PyTorch does with ceil_mode. */
typedef struct wnnrt_pool2d_params {
  int32_t layout; /* of input and output */
  int32_t n, c, ih, iw, oh, ow;
  int32_t kh, kw, stride_h, stride_w, dilation_h, dilation_w; /* dilation: max only */
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t count_include_pad;
  int32_t divisor_override; /* 0: none */
} wnnrt_pool2d_params;

/* Windows [floor(o*I/O), ceil((o+1)*I/O)). */
typedef struct wnnrt_adaptive_pool2d_params {
  int32_t layout;
  int32_t n, c, ih, iw, oh, ow;
} wnnrt_adaptive_pool2d_params;

/* Mean over H, W to a dense plain [N, C], whatever the input's layout. */
typedef struct wnnrt_global_avg_pool_params {
  int32_t layout; /* of the input */
  int32_t n, c, hw;
} wnnrt_global_avg_pool_params;

/* plain NCHW <-> c16. The padding lanes of a c16 result are written with 0. */
typedef struct wnnrt_reorder_params {
  int32_t n, c, hw;
  int64_t plain_batch_stride, c16_batch_stride;
} wnnrt_reorder_params;

/* dst[:, dst_offset : dst_offset + c] = src[:, src_offset : src_offset + c], both c16; other lanes
 * of dst keep their values. src_c and dst_c are the tensors' whole channel counts. */
typedef struct wnnrt_copy_channels_params {
  int32_t n, hw, c;
  int32_t src_c, dst_c, src_offset, dst_offset;
} wnnrt_copy_channels_params;

/* y[:, j] = cat(x, x2)[:, table[j]] on c16 tensors, table of c_out int32 values (channel shuffle).
 * x2 is null where c_in2 is 0. */
typedef struct wnnrt_gather_channels_params {
  int32_t n, hw, c_in, c_in2, c_out;
} wnnrt_gather_channels_params;

/* Elementwise on n contiguous elements; y may be x. Result dtype is `dtype`, or bool where the op
 * says so. f32, f64 (and f16, bf16 through f32): all ops; integers: IDENTITY, RELU, CLAMP, SQUARE,
 * ABS, NEG, SIGN, FLOOR/CEIL/ROUND/TRUNC, AFFINE, THRESHOLD, LOGICAL_NOT, BITWISE_NOT, IS*;
 * bool: IDENTITY, LOGICAL_NOT, BITWISE_NOT, IS*. */
typedef struct wnnrt_unary_params {
  int32_t op;
  int32_t dtype;
  int64_t n;
  double a, b;
} wnnrt_unary_params;

/* y = act(op(a, b)) with broadcasting by strides (0 repeats); y is dense in `dims`. Both operands
 * have `dtype`. act is for f32 results only. y may be a or b where that operand is dense.
 * A c16 tensor is the dims [N, ceil(C/16), H, W, 16]; a [N, C, 1, 1] factor in c16 then has the
 * strides [ceil(C/16)*16, 16, 0, 0, 1]. */
typedef struct wnnrt_binary_params {
  int32_t op;
  int32_t dtype;
  int32_t rank;
  wnnrt_act act;
  int64_t dims[WNNRT_MAX_RANK];
  int64_t a_strides[WNNRT_MAX_RANK], b_strides[WNNRT_MAX_RANK];
} wnnrt_binary_params;

/* y = cond ? a : b, cond bool, dense y. masked_fill(x, mask, v) is where(mask, v, x) with a's
 * strides 0. */
typedef struct wnnrt_where_params {
  int32_t element_bytes; /* 1, 2, 4 or 8 */
  int32_t rank;
  int64_t dims[WNNRT_MAX_RANK];
  int64_t cond_strides[WNNRT_MAX_RANK], a_strides[WNNRT_MAX_RANK], b_strides[WNNRT_MAX_RANK];
} wnnrt_where_params;

/* Along the middle of dense [outer][dim][inner]; f32. y may be x. */
typedef struct wnnrt_softmax_params {
  int64_t outer, dim, inner;
  int32_t log; /* 1: log_softmax */
} wnnrt_softmax_params;

/* layer_norm and rms_norm over the last `size` elements of each row; f32. y may be x. */
typedef struct wnnrt_row_norm_params {
  int64_t rows, size;
  float eps;
} wnnrt_row_norm_params;

/* f32; instance_norm is groups == c. y may be x. layer_norm_c16 uses n, c, hw, eps and act. */
typedef struct wnnrt_group_norm_params {
  int32_t layout;
  int32_t n, c, hw, groups;
  float eps;
  wnnrt_act act;
} wnnrt_group_norm_params;

/* batch_norm: y = act(x * scale[c] + shift[c]). prelu: y = x > 0 ? x : weight[c] * x, with
 * weights == 1 or c values. f32. y may be x. */
typedef struct wnnrt_channel_params {
  int32_t layout;
  int32_t n, c, hw;
  int32_t weights; /* prelu only */
  wnnrt_act act;   /* batch_norm only */
} wnnrt_channel_params;

/* Reduces the dims whose bit is set in reduce_mask (bit i is dim i). x has element strides; the
 * result is dense over the remaining dims, in order. dtype is the input's. */
typedef struct wnnrt_reduce_params {
  int32_t op;
  int32_t dtype;
  int32_t rank;
  uint32_t reduce_mask;
  int64_t dims[WNNRT_MAX_RANK];
  int64_t strides[WNNRT_MAX_RANK];
  double correction; /* var, std */
} wnnrt_reduce_params;

/* cumsum or cumprod along the middle of dense [outer][dim][inner]. dtype of x and y: f32, f64,
 * i32, i64. */
typedef struct wnnrt_cumulative_params {
  int32_t product; /* 0: cumsum, 1: cumprod */
  int32_t dtype;
  int64_t outer, dim, inner;
} wnnrt_cumulative_params;

/* topk and stable sort along the middle of dense [outer][dim][inner]. Either output may be null.
 * NaN is greater than everything. Equal values keep their order. sort ignores k and largest. */
typedef struct wnnrt_sort_params {
  int32_t dtype; /* f32, f64, i32, i64, i8, u8, i16 */
  int32_t descending;
  int32_t largest;
  int64_t outer, dim, inner;
  int64_t k;
} wnnrt_sort_params;

/* Copies a strided box: permute, expand (stride 0), slice, cat and pad pieces, flip (negative
 * strides). The pointers point to element [0,0,...]; offsets are the caller's. */
typedef struct wnnrt_copy_params {
  int32_t element_bytes; /* 1, 2, 4 or 8 */
  int32_t rank;
  int64_t dims[WNNRT_MAX_RANK];
  int64_t src_strides[WNNRT_MAX_RANK], dst_strides[WNNRT_MAX_RANK];
} wnnrt_copy_params;

typedef struct wnnrt_fill_params {
  int32_t element_bytes;
  int64_t n;
  uint64_t bits; /* the element's bytes, little-endian, in the low element_bytes */
} wnnrt_fill_params;

/* Dense x[in_dims] -> dense y[out_dims], y index o reads x index o - before (by mode). before may
 * be negative (crop) in constant mode. */
typedef struct wnnrt_pad_params {
  int32_t mode;
  int32_t element_bytes;
  int32_t rank;
  int64_t in_dims[WNNRT_MAX_RANK], out_dims[WNNRT_MAX_RANK], before[WNNRT_MAX_RANK];
  uint64_t bits; /* constant value, as in wnnrt_fill_params */
} wnnrt_pad_params;

typedef struct wnnrt_cast_params {
  int32_t src_dtype, dst_dtype;
  int64_t n;
} wnnrt_cast_params;

/* Rows of a dense [vocabulary][row_bytes] table. index_dtype is i32 or i64. */
typedef struct wnnrt_embedding_params {
  int32_t index_dtype;
  int64_t vocabulary, row_bytes, count;
} wnnrt_embedding_params;

/* y[outer][i][inner] = x[outer][index[i]][inner]; negative indices count from the end. */
typedef struct wnnrt_index_select_params {
  int32_t index_dtype;
  int32_t element_bytes;
  int64_t outer, dim, inner, count;
} wnnrt_index_select_params;

/* gather: y[i..] = x[i.. with axis replaced by index[i..]]; y dense, as index.
 * scatter: y = x, then y[i.. with axis replaced by index] = src (or += src); index and src strides
 * explicit over index_dims. x and y dense over dims, may be the same buffer. */
typedef struct wnnrt_gather_params {
  int32_t index_dtype;
  int32_t dtype;
  int32_t rank, axis;
  int32_t accumulate;                 /* scatter: 0 set, 1 add */
  int64_t dims[WNNRT_MAX_RANK];       /* x (scatter: and y) */
  int64_t index_dims[WNNRT_MAX_RANK]; /* index (gather: and y; scatter: the part used) */
  int64_t index_strides[WNNRT_MAX_RANK];
  int64_t src_strides[WNNRT_MAX_RANK]; /* scatter only */
} wnnrt_gather_params;

/* Advanced indexing x[..., i0, i1, ...]. The broadcast index shape is `index_dims`; index tensor t
 * has strides index_strides[t] over it and indexes x dim index_axes[t] (a bool mask must have been
 * turned into indices). The result is written at y dims [first slice dims][index dims][other slice
 * dims]; the caller decides where index dims go by index_position, the number of slice dims before
 * them (0 when the indexed axes are not adjacent, as PyTorch). x is strided, y dense.
 * index_put: y = x (same buffer allowed), then y[...] = values (or +=), values dense or strided
 * over the result shape; there x and y are dense. */
typedef struct wnnrt_index_params {
  int32_t dtype;
  int32_t index_dtype;
  int32_t rank, index_count, index_rank, index_position;
  int32_t accumulate; /* index_put only */
  int32_t index_axes[WNNRT_MAX_RANK];
  int64_t dims[WNNRT_MAX_RANK], strides[WNNRT_MAX_RANK];
  int64_t index_dims[WNNRT_MAX_RANK];
  int64_t index_strides[WNNRT_MAX_RANK][WNNRT_MAX_RANK];
  int64_t value_strides[2 * WNNRT_MAX_RANK]; /* index_put: over [slices][index][slices] */
} wnnrt_index_params;

/* Keeps the lower (upper == 0: col - row <= diagonal) or upper (col - row >= diagonal) part of each
 * dense [rows][cols] matrix, the rest 0. */
typedef struct wnnrt_tri_params {
  int32_t element_bytes;
  int32_t upper;
  int64_t batch, rows, cols, diagonal;
} wnnrt_tri_params;

/* PyTorch's coordinates. scale_h, scale_w are the given scale factors (output / input), 0 where
 * none was given or where sizes must be used. */
typedef struct wnnrt_upsample2d_params {
  int32_t layout; /* c16: nearest, nearest_exact and bilinear; bicubic is plain only */
  int32_t mode;
  int32_t n, c, ih, iw, oh, ow;
  int32_t align_corners;
  double scale_h, scale_w;
} wnnrt_upsample2d_params;

/* o = softmax(scale * q k^T + mask) v for q [batch][heads][lq][d], k [batch][kv_heads][lk][d],
 * v [batch][kv_heads][lk][dv]; last dims dense, others strided. Head h reads kv head
 * h / (heads / kv_heads). causal keeps key j <= query i. A fully masked row gives 0 with a bool
 * mask and causal, as PyTorch. */
typedef struct wnnrt_sdpa_params {
  int32_t batch, heads, kv_heads;
  int32_t lq, lk, d, dv;
  int64_t q_strides[3], k_strides[3], v_strides[3], y_strides[3]; /* batch, head, row */
  int32_t mask_kind;
  int64_t mask_strides[4]; /* batch, head, query, key */
  int32_t causal;
  float scale; /* already 1/sqrt(d) where that is wanted */
} wnnrt_sdpa_params;

/* One direction of one layer, PyTorch gate order (lstm i f g o, gru r z n). Weights packed with
 * wnnrt_pack_linear as [gates*hidden, input] and [gates*hidden, hidden]; biases plain
 * [gates*hidden], padded to 16. y[t][b][hidden] with strides, so that the two directions
 * interleave. h0, c0 null: zeros. hn, cn: dense [batch][hidden], may be null. */
typedef struct wnnrt_rnn_params {
  int32_t seq, batch, input, hidden;
  int32_t reverse;
  int64_t x_strides[2]; /* time, batch; last dim dense */
  int64_t y_strides[2];
} wnnrt_rnn_params;

/* x [n][c][ih][iw], grid [n][oh][ow][2] as (x, y) in [-1, 1], y [n][c][oh][ow]; dense plain. */
typedef struct wnnrt_grid_sampler2d_params {
  int32_t mode, padding;
  int32_t n, c, ih, iw, oh, ow;
  int32_t align_corners;
} wnnrt_grid_sampler2d_params;

/* ---------------------------------------------------------------- context and kernel table */

typedef struct wnnrt_context wnnrt_context;
typedef struct wnnrt_kernels wnnrt_kernels;
typedef struct wnnrt_part wnnrt_part;

/* Runs body(arg, i) for i in [0, count), in any order and on any threads, and returns when all are
 * done. */
typedef void (*wnnrt_task)(void *arg, int32_t index);
typedef void (*wnnrt_parallel_for)(void *user, int32_t count, wnnrt_task body, void *arg);

struct wnnrt_context {
  /* A network takes its kernels from here. Null: those it has itself, the best for this CPU. */
  const wnnrt_kernels *kernels;
  wnnrt_parallel_for parallel_for; /* null: everything on the calling thread */
  void *user;                      /* handed to parallel_for */
  int32_t num_threads;             /* how many tasks are worth making; 1 with a null parallel_for */
  uint32_t features;               /* WNNRT_FEATURE_*; kernels use no others */
};

/* What wnnrt_context_init finds on this CPU and allows. */
enum {
  /* Large matrix products by AMX tiles: each f32 operand as the sum of two bf16 numbers. */
  WNNRT_FEATURE_MATRIX_UNIT = 1
};

/* Argument kinds of the rows; a compiler can read them from the row's text. */
#define WNNRT_IN const void *
#define WNNRT_OPT const void * /* may be null */
#define WNNRT_INS const void *const *
#define WNNRT_OUT void *
#define WNNRT_OPT_OUT void * /* may be null */
#define WNNRT_SCRATCH void * /* wnnrt_<kernel>_scratch_bytes(params) bytes; aligned to 64 */

#define WNNRT_UNWRAP(...) __VA_ARGS__
/* A table of the library has all rows. That of a program may have those it needs; the others are
 * null. Tables made of another one, as those that take times, start as its copy. */
struct wnnrt_kernels {
  const char *isa;
  /* The rows of plain C++, for what a row above them does not do; a missing one is
   * WNNRT_UNSUPPORTED. */
  const wnnrt_kernels *reference;
  /* Names what else the linker is to take (wnnrt_rows.h); kernels do not read it. May be null. */
  const wnnrt_part *const *parts;
#define WNNRT_KERNEL(name, params, args)                                                           \
  wnnrt_status (*name)(const wnnrt_context *ctx, const params *p, WNNRT_UNWRAP args);
#include "wnnrt_kernels.def"
};

typedef enum wnnrt_kernel_id {
#define WNNRT_KERNEL(name, params, args) WNNRT_K_##name,
#include "wnnrt_kernels.def"
  WNNRT_KERNEL_COUNT
} wnnrt_kernel_id;

typedef enum wnnrt_isa {
  WNNRT_ISA_REF = 0,    /* plain portable C++ */
  WNNRT_ISA_VEC128 = 1, /* 128-bit vectors: NEON on ARM, SSE2 on x86 */
  WNNRT_ISA_AVX2 = 2,   /* with FMA */
  WNNRT_ISA_AVX512 = 3, /* F, BW, VL, DQ */
  WNNRT_ISA_COUNT = 4
} wnnrt_isa;

/* The newest ISA that the library has and this CPU can run; it can run all older ones. */
wnnrt_isa wnnrt_cpu_isa(void);
/* WNNRT_FEATURE_* of this CPU. The first call asks the operating system for what it does not give
 * unasked. */
uint32_t wnnrt_cpu_features(void);
/* The best table for this CPU. Never null. A program that calls this or wnnrt_kernels_for holds
 * every kernel there is; a network's own table needs neither. */
const wnnrt_kernels *wnnrt_kernels_best(void);
/* The table of one ISA, or null where it is not built or this CPU cannot run it. Slots that an ISA
 * does not have hold the reference kernel; no slot is null. */
const wnnrt_kernels *wnnrt_kernels_for(wnnrt_isa isa);
const char *wnnrt_isa_name(wnnrt_isa isa);

/* The network's own kernels, one thread, all features of the CPU. */
void wnnrt_context_init(wnnrt_context *ctx);

/* WNNRT_ABI and a hash of the rows and struct sizes that the library was built with. */
uint32_t wnnrt_abi_version(void);
uint64_t wnnrt_abi_hash(void);

/* Sets flush-to-zero and denormals-are-zero, returns the state to give back to wnnrt_fp_leave.
 * Without it subnormal activations cost two orders of magnitude of speed. */
uint64_t wnnrt_fp_enter(void);
void wnnrt_fp_leave(uint64_t state);

size_t wnnrt_dtype_bytes(wnnrt_dtype dtype);
/* Bytes of an f32 c16 tensor with its padding lanes. */
size_t wnnrt_c16_bytes(int64_t n, int64_t c, int64_t h, int64_t w);

/* Scratch a kernel needs; the same for every ISA. */
size_t wnnrt_matmul_scratch_bytes(const wnnrt_matmul_params *p);
size_t wnnrt_sort_scratch_bytes(const wnnrt_sort_params *p);
size_t wnnrt_topk_scratch_bytes(const wnnrt_sort_params *p);
size_t wnnrt_sdpa_scratch_bytes(const wnnrt_sdpa_params *p);
size_t wnnrt_lstm_scratch_bytes(const wnnrt_rnn_params *p);
size_t wnnrt_gru_scratch_bytes(const wnnrt_rnn_params *p);
size_t wnnrt_mbconv_c16_scratch_bytes(const wnnrt_mbconv_params *p);
size_t wnnrt_conv2d_winograd2_c16_scratch_bytes(const wnnrt_conv2d_params *p);
size_t wnnrt_conv2d_winograd4_c16_scratch_bytes(const wnnrt_conv2d_params *p);
/* 0 where conv2d_matrix_c16 would not use the matrix unit in any case. */
size_t wnnrt_conv2d_matrix_c16_scratch_bytes(const wnnrt_conv2d_params *p);
size_t wnnrt_conv2d_scaled_c16_scratch_bytes(const wnnrt_scaled_conv_params *p);

#ifdef __cplusplus
} /* extern "C" */

namespace wnnrt {
/* The hash that wnnrt_abi_hash() returns when header and library agree; usable in static_assert. */
constexpr uint64_t hashText(const char *text, uint64_t h) {
  while (*text)
    h = (h ^ static_cast<unsigned char>(*text++)) * 1099511628211ull;
  return h;
}
constexpr uint64_t abiHash() {
  uint64_t h = 14695981039346656037ull + WNNRT_ABI;
#define WNNRT_KERNEL(name, params, args) h = hashText(#name #params #args, h) + sizeof(params);
#include "wnnrt_kernels.def"
  return h;
}
} // namespace wnnrt
#endif
#endif /* WNNRT_H */
