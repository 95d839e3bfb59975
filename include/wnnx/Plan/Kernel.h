// SPDX-License-Identifier: Apache-2.0
//
// The runtime's kernel rows as data: names and argument kinds, read from `wnnrt_kernels.def`, and
// parameter structs as ordered named fields, so that code generation spells what the plan decided
// without knowing any struct.
#pragma once

#include "wnnrt.h"
#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wnnx {

enum class ArgKind : uint8_t { In, Opt, Ins, Out, OptOut, Scratch };
inline bool isWrite(ArgKind k) {
  return k >= ArgKind::Out;
}

struct KernelArgInfo {
  ArgKind kind;
  std::string_view name;
};
struct KernelInfo {
  std::string_view name;   // "conv2d_c16"
  std::string_view params; // "wnnrt_conv2d_params"
  std::vector<KernelArgInfo> args;
};
const KernelInfo &kernelInfo(wnnrt_kernel_id id);

/// One of the runtime's enumerators, by name: "WNNRT_RELU".
struct Enumerator {
  std::string_view name;
  bool operator==(const Enumerator &o) const { return name == o.name; }
};
/// Bits of a fill value; spelled in hexadecimal.
struct Bits {
  uint64_t value;
  bool operator==(const Bits &o) const { return value == o.value; }
};
using ParamValue = std::variant<int64_t, float, double, Enumerator, Bits, std::vector<int64_t>>;

/// A field of a parameter struct, as it is written behind `p.`: "act.op", "dims",
/// "index_strides[1]".
struct ParamField {
  std::string name;
  ParamValue value;
  bool operator==(const ParamField &o) const { return name == o.name && value == o.value; }
};

/// A parameter struct, as the fields that are not zero, in the struct's order.
struct ParamRecord {
  std::string_view type;
  std::vector<ParamField> fields;
};

ParamRecord describe(const wnnrt_conv2d_params &p);
ParamRecord describe(const wnnrt_scaled_conv_params &p);
ParamRecord describe(const wnnrt_mbconv_params &p);
ParamRecord describe(const wnnrt_linear_params &p);
ParamRecord describe(const wnnrt_matmul_params &p);
ParamRecord describe(const wnnrt_pool2d_params &p);
ParamRecord describe(const wnnrt_adaptive_pool2d_params &p);
ParamRecord describe(const wnnrt_global_avg_pool_params &p);
ParamRecord describe(const wnnrt_reorder_params &p);
ParamRecord describe(const wnnrt_copy_channels_params &p);
ParamRecord describe(const wnnrt_gather_channels_params &p);
ParamRecord describe(const wnnrt_unary_params &p);
ParamRecord describe(const wnnrt_binary_params &p);
ParamRecord describe(const wnnrt_where_params &p);
ParamRecord describe(const wnnrt_softmax_params &p);
ParamRecord describe(const wnnrt_row_norm_params &p);
ParamRecord describe(const wnnrt_group_norm_params &p);
ParamRecord describe(const wnnrt_channel_params &p);
ParamRecord describe(const wnnrt_reduce_params &p);
ParamRecord describe(const wnnrt_cumulative_params &p);
ParamRecord describe(const wnnrt_sort_params &p);
ParamRecord describe(const wnnrt_copy_params &p);
ParamRecord describe(const wnnrt_fill_params &p);
ParamRecord describe(const wnnrt_pad_params &p);
ParamRecord describe(const wnnrt_cast_params &p);
ParamRecord describe(const wnnrt_embedding_params &p);
ParamRecord describe(const wnnrt_index_select_params &p);
ParamRecord describe(const wnnrt_gather_params &p);
ParamRecord describe(const wnnrt_index_params &p);
ParamRecord describe(const wnnrt_tri_params &p);
ParamRecord describe(const wnnrt_upsample2d_params &p);
ParamRecord describe(const wnnrt_sdpa_params &p);
ParamRecord describe(const wnnrt_rnn_params &p);
ParamRecord describe(const wnnrt_grid_sampler2d_params &p);

} // namespace wnnx
