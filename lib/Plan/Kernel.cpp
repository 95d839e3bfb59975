// SPDX-License-Identifier: Apache-2.0
//
// Kernel rows from `wnnrt_kernels.def`, and names of the runtime's enumerators.
#include "wnnx/Plan/Kernel.h"

#include "EnumNames.h"

#include "llvm/ADT/StringRef.h"

#include <cassert>

namespace wnnx {

// The argument kinds of wnnrt.h are macros for its declarations; here they are wanted as text.
#undef WNNRT_IN
#undef WNNRT_OPT
#undef WNNRT_INS
#undef WNNRT_OUT
#undef WNNRT_OPT_OUT
#undef WNNRT_SCRATCH
#define WNNX_TEXT(...) #__VA_ARGS__

static std::vector<KernelArgInfo> parseArgs(llvm::StringRef text) {
  std::vector<KernelArgInfo> args;
  text = text.trim("() ");
  while (!text.empty()) {
    auto [one, rest] = text.split(',');
    auto [kind, name] = one.trim().split(' ');
    ArgKind k = kind == "WNNRT_IN"        ? ArgKind::In
                : kind == "WNNRT_OPT"     ? ArgKind::Opt
                : kind == "WNNRT_INS"     ? ArgKind::Ins
                : kind == "WNNRT_OUT"     ? ArgKind::Out
                : kind == "WNNRT_OPT_OUT" ? ArgKind::OptOut
                                          : ArgKind::Scratch;
    assert((k != ArgKind::Scratch || kind == "WNNRT_SCRATCH") && "unknown argument kind");
    args.push_back({k, std::string_view(name.data(), name.size())});
    text = rest;
  }
  return args;
}

const KernelInfo &kernelInfo(wnnrt_kernel_id id) {
  static const std::vector<KernelInfo> table = [] {
    std::vector<KernelInfo> t;
#define WNNRT_KERNEL(name, params, args) t.push_back({#name, #params, parseArgs(WNNX_TEXT args)});
#include "wnnrt_kernels.def"
    return t;
  }();
  return table[size_t(id)];
}

Enumerator unaryName(int32_t value) {
  switch (wnnrt_unary_op(value)) {
  case WNNRT_IDENTITY:
    return {"WNNRT_IDENTITY"};
  case WNNRT_RELU:
    return {"WNNRT_RELU"};
  case WNNRT_CLAMP:
    return {"WNNRT_CLAMP"};
  case WNNRT_LEAKY_RELU:
    return {"WNNRT_LEAKY_RELU"};
  case WNNRT_ELU:
    return {"WNNRT_ELU"};
  case WNNRT_SELU:
    return {"WNNRT_SELU"};
  case WNNRT_CELU:
    return {"WNNRT_CELU"};
  case WNNRT_SILU:
    return {"WNNRT_SILU"};
  case WNNRT_HARDSWISH:
    return {"WNNRT_HARDSWISH"};
  case WNNRT_HARDSIGMOID:
    return {"WNNRT_HARDSIGMOID"};
  case WNNRT_SIGMOID:
    return {"WNNRT_SIGMOID"};
  case WNNRT_TANH:
    return {"WNNRT_TANH"};
  case WNNRT_GELU:
    return {"WNNRT_GELU"};
  case WNNRT_GELU_TANH:
    return {"WNNRT_GELU_TANH"};
  case WNNRT_SOFTPLUS:
    return {"WNNRT_SOFTPLUS"};
  case WNNRT_MISH:
    return {"WNNRT_MISH"};
  case WNNRT_EXP:
    return {"WNNRT_EXP"};
  case WNNRT_EXPM1:
    return {"WNNRT_EXPM1"};
  case WNNRT_LOG:
    return {"WNNRT_LOG"};
  case WNNRT_LOG2:
    return {"WNNRT_LOG2"};
  case WNNRT_LOG10:
    return {"WNNRT_LOG10"};
  case WNNRT_LOG1P:
    return {"WNNRT_LOG1P"};
  case WNNRT_SQRT:
    return {"WNNRT_SQRT"};
  case WNNRT_RSQRT:
    return {"WNNRT_RSQRT"};
  case WNNRT_RECIPROCAL:
    return {"WNNRT_RECIPROCAL"};
  case WNNRT_SQUARE:
    return {"WNNRT_SQUARE"};
  case WNNRT_ABS:
    return {"WNNRT_ABS"};
  case WNNRT_NEG:
    return {"WNNRT_NEG"};
  case WNNRT_SIGN:
    return {"WNNRT_SIGN"};
  case WNNRT_FLOOR:
    return {"WNNRT_FLOOR"};
  case WNNRT_CEIL:
    return {"WNNRT_CEIL"};
  case WNNRT_ROUND:
    return {"WNNRT_ROUND"};
  case WNNRT_TRUNC:
    return {"WNNRT_TRUNC"};
  case WNNRT_FRAC:
    return {"WNNRT_FRAC"};
  case WNNRT_SIN:
    return {"WNNRT_SIN"};
  case WNNRT_COS:
    return {"WNNRT_COS"};
  case WNNRT_TAN:
    return {"WNNRT_TAN"};
  case WNNRT_ASIN:
    return {"WNNRT_ASIN"};
  case WNNRT_ACOS:
    return {"WNNRT_ACOS"};
  case WNNRT_ATAN:
    return {"WNNRT_ATAN"};
  case WNNRT_SINH:
    return {"WNNRT_SINH"};
  case WNNRT_COSH:
    return {"WNNRT_COSH"};
  case WNNRT_ASINH:
    return {"WNNRT_ASINH"};
  case WNNRT_ACOSH:
    return {"WNNRT_ACOSH"};
  case WNNRT_ATANH:
    return {"WNNRT_ATANH"};
  case WNNRT_ERF:
    return {"WNNRT_ERF"};
  case WNNRT_ERFC:
    return {"WNNRT_ERFC"};
  case WNNRT_SOFTSIGN:
    return {"WNNRT_SOFTSIGN"};
  case WNNRT_LOGSIGMOID:
    return {"WNNRT_LOGSIGMOID"};
  case WNNRT_HARDSHRINK:
    return {"WNNRT_HARDSHRINK"};
  case WNNRT_SOFTSHRINK:
    return {"WNNRT_SOFTSHRINK"};
  case WNNRT_TANHSHRINK:
    return {"WNNRT_TANHSHRINK"};
  case WNNRT_THRESHOLD:
    return {"WNNRT_THRESHOLD"};
  case WNNRT_AFFINE:
    return {"WNNRT_AFFINE"};
  case WNNRT_POW_SCALAR:
    return {"WNNRT_POW_SCALAR"};
  case WNNRT_LOGICAL_NOT:
    return {"WNNRT_LOGICAL_NOT"};
  case WNNRT_ISNAN:
    return {"WNNRT_ISNAN"};
  case WNNRT_ISINF:
    return {"WNNRT_ISINF"};
  case WNNRT_ISFINITE:
    return {"WNNRT_ISFINITE"};
  case WNNRT_BITWISE_NOT:
    return {"WNNRT_BITWISE_NOT"};
  case WNNRT_UNARY_OP_COUNT:
    break;
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator binaryName(int32_t value) {
  switch (wnnrt_binary_op(value)) {
  case WNNRT_ADD:
    return {"WNNRT_ADD"};
  case WNNRT_SUB:
    return {"WNNRT_SUB"};
  case WNNRT_MUL:
    return {"WNNRT_MUL"};
  case WNNRT_DIV:
    return {"WNNRT_DIV"};
  case WNNRT_DIV_FLOOR:
    return {"WNNRT_DIV_FLOOR"};
  case WNNRT_DIV_TRUNC:
    return {"WNNRT_DIV_TRUNC"};
  case WNNRT_POW:
    return {"WNNRT_POW"};
  case WNNRT_MAXIMUM:
    return {"WNNRT_MAXIMUM"};
  case WNNRT_MINIMUM:
    return {"WNNRT_MINIMUM"};
  case WNNRT_REMAINDER:
    return {"WNNRT_REMAINDER"};
  case WNNRT_FMOD:
    return {"WNNRT_FMOD"};
  case WNNRT_ATAN2:
    return {"WNNRT_ATAN2"};
  case WNNRT_EQ:
    return {"WNNRT_EQ"};
  case WNNRT_NE:
    return {"WNNRT_NE"};
  case WNNRT_LT:
    return {"WNNRT_LT"};
  case WNNRT_LE:
    return {"WNNRT_LE"};
  case WNNRT_GT:
    return {"WNNRT_GT"};
  case WNNRT_GE:
    return {"WNNRT_GE"};
  case WNNRT_LOGICAL_AND:
    return {"WNNRT_LOGICAL_AND"};
  case WNNRT_LOGICAL_OR:
    return {"WNNRT_LOGICAL_OR"};
  case WNNRT_LOGICAL_XOR:
    return {"WNNRT_LOGICAL_XOR"};
  case WNNRT_BITWISE_AND:
    return {"WNNRT_BITWISE_AND"};
  case WNNRT_BITWISE_OR:
    return {"WNNRT_BITWISE_OR"};
  case WNNRT_BITWISE_XOR:
    return {"WNNRT_BITWISE_XOR"};
  case WNNRT_SHIFT_LEFT:
    return {"WNNRT_SHIFT_LEFT"};
  case WNNRT_SHIFT_RIGHT:
    return {"WNNRT_SHIFT_RIGHT"};
  case WNNRT_BINARY_OP_COUNT:
    break;
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator reduceName(int32_t value) {
  switch (wnnrt_reduce_op(value)) {
  case WNNRT_REDUCE_SUM:
    return {"WNNRT_REDUCE_SUM"};
  case WNNRT_REDUCE_MEAN:
    return {"WNNRT_REDUCE_MEAN"};
  case WNNRT_REDUCE_PROD:
    return {"WNNRT_REDUCE_PROD"};
  case WNNRT_REDUCE_MAX:
    return {"WNNRT_REDUCE_MAX"};
  case WNNRT_REDUCE_MIN:
    return {"WNNRT_REDUCE_MIN"};
  case WNNRT_REDUCE_ARGMAX:
    return {"WNNRT_REDUCE_ARGMAX"};
  case WNNRT_REDUCE_ARGMIN:
    return {"WNNRT_REDUCE_ARGMIN"};
  case WNNRT_REDUCE_ANY:
    return {"WNNRT_REDUCE_ANY"};
  case WNNRT_REDUCE_ALL:
    return {"WNNRT_REDUCE_ALL"};
  case WNNRT_REDUCE_VAR:
    return {"WNNRT_REDUCE_VAR"};
  case WNNRT_REDUCE_STD:
    return {"WNNRT_REDUCE_STD"};
  case WNNRT_REDUCE_L1:
    return {"WNNRT_REDUCE_L1"};
  case WNNRT_REDUCE_L2:
    return {"WNNRT_REDUCE_L2"};
  case WNNRT_REDUCE_LOGSUMEXP:
    return {"WNNRT_REDUCE_LOGSUMEXP"};
  case WNNRT_REDUCE_OP_COUNT:
    break;
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator dtypeEnumName(int32_t value) {
  switch (wnnrt_dtype(value)) {
  case WNNRT_F32:
    return {"WNNRT_F32"};
  case WNNRT_F16:
    return {"WNNRT_F16"};
  case WNNRT_BF16:
    return {"WNNRT_BF16"};
  case WNNRT_F64:
    return {"WNNRT_F64"};
  case WNNRT_I8:
    return {"WNNRT_I8"};
  case WNNRT_U8:
    return {"WNNRT_U8"};
  case WNNRT_I16:
    return {"WNNRT_I16"};
  case WNNRT_I32:
    return {"WNNRT_I32"};
  case WNNRT_I64:
    return {"WNNRT_I64"};
  case WNNRT_BOOL:
    return {"WNNRT_BOOL"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator layoutName(int32_t value) {
  switch (wnnrt_layout(value)) {
  case WNNRT_PLAIN:
    return {"WNNRT_PLAIN"};
  case WNNRT_LAYOUT_C16:
    return {"WNNRT_LAYOUT_C16"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator padModeName(int32_t value) {
  switch (wnnrt_pad_mode(value)) {
  case WNNRT_PAD_CONSTANT:
    return {"WNNRT_PAD_CONSTANT"};
  case WNNRT_PAD_REFLECT:
    return {"WNNRT_PAD_REFLECT"};
  case WNNRT_PAD_REPLICATE:
    return {"WNNRT_PAD_REPLICATE"};
  case WNNRT_PAD_CIRCULAR:
    return {"WNNRT_PAD_CIRCULAR"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator upsampleModeName(int32_t value) {
  switch (wnnrt_upsample_mode(value)) {
  case WNNRT_NEAREST:
    return {"WNNRT_NEAREST"};
  case WNNRT_NEAREST_EXACT:
    return {"WNNRT_NEAREST_EXACT"};
  case WNNRT_BILINEAR:
    return {"WNNRT_BILINEAR"};
  case WNNRT_BICUBIC:
    return {"WNNRT_BICUBIC"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator gridModeName(int32_t value) {
  switch (wnnrt_grid_mode(value)) {
  case WNNRT_GRID_BILINEAR:
    return {"WNNRT_GRID_BILINEAR"};
  case WNNRT_GRID_NEAREST:
    return {"WNNRT_GRID_NEAREST"};
  case WNNRT_GRID_BICUBIC:
    return {"WNNRT_GRID_BICUBIC"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator gridPaddingName(int32_t value) {
  switch (wnnrt_grid_padding(value)) {
  case WNNRT_GRID_ZEROS:
    return {"WNNRT_GRID_ZEROS"};
  case WNNRT_GRID_BORDER:
    return {"WNNRT_GRID_BORDER"};
  case WNNRT_GRID_REFLECTION:
    return {"WNNRT_GRID_REFLECTION"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

Enumerator maskKindName(int32_t value) {
  switch (wnnrt_mask_kind(value)) {
  case WNNRT_MASK_NONE:
    return {"WNNRT_MASK_NONE"};
  case WNNRT_MASK_BOOL:
    return {"WNNRT_MASK_BOOL"};
  case WNNRT_MASK_F32:
    return {"WNNRT_MASK_F32"};
  }
  assert(false && "no such enumerator");
  return {"WNNRT_INVALID"};
}

} // namespace wnnx
