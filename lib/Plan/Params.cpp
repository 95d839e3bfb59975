// SPDX-License-Identifier: Apache-2.0
//
// Every parameter struct of the runtime as named fields. A field that is left out here would be
// lost in the generated code: the unit test compares with the header's text.
#include "wnnx/Plan/Kernel.h"

#include "EnumNames.h"

namespace wnnx {
namespace {

class Recorder {
  ParamRecord r;

public:
  explicit Recorder(std::string_view type) { r.type = type; }
  ParamRecord take() { return std::move(r); }
  void put(std::string name, int64_t v) {
    if (v != 0)
      r.fields.push_back({std::move(name), v});
  }
  void real(std::string name, float v) {
    if (v != 0)
      r.fields.push_back({std::move(name), v});
  }
  void real(std::string name, double v) {
    if (v != 0)
      r.fields.push_back({std::move(name), v});
  }
  /// An enumerator is always written, even when it is the one that stands for 0.
  void named(std::string name, Enumerator e) { r.fields.push_back({std::move(name), e}); }
  void bits(std::string name, uint64_t v) {
    if (v != 0)
      r.fields.push_back({std::move(name), Bits{v}});
  }
  template <class T> void list(std::string name, const T *v, int64_t n) {
    std::vector<int64_t> values(v, v + n);
    for (int64_t x : values)
      if (x != 0) {
        r.fields.push_back({std::move(name), std::move(values)});
        return;
      }
  }
  void act(const wnnrt_act &a, const std::string &name = "act") {
    if (a.op == WNNRT_IDENTITY)
      return;
    named(name + ".op", unaryName(a.op));
    real(name + ".a", a.a);
    real(name + ".b", a.b);
  }
};

} // namespace

ParamRecord describe(const wnnrt_conv2d_params &p) {
  Recorder r("wnnrt_conv2d_params");
  r.put("n", p.n);
  r.put("ci", p.ci);
  r.put("ih", p.ih);
  r.put("iw", p.iw);
  r.put("co", p.co);
  r.put("oh", p.oh);
  r.put("ow", p.ow);
  r.put("kh", p.kh);
  r.put("kw", p.kw);
  r.put("stride_h", p.stride_h);
  r.put("stride_w", p.stride_w);
  r.put("dilation_h", p.dilation_h);
  r.put("dilation_w", p.dilation_w);
  r.put("pad_top", p.pad_top);
  r.put("pad_left", p.pad_left);
  r.put("groups", p.groups);
  r.act(p.act);
  r.put("residual_after_act", p.residual_after_act);
  r.put("x_batch_stride", p.x_batch_stride);
  r.put("y_batch_stride", p.y_batch_stride);
  r.put("residual_batch_stride", p.residual_batch_stride);
  return r.take();
}

ParamRecord describe(const wnnrt_scaled_conv_params &p) {
  Recorder r("wnnrt_scaled_conv_params");
  r.put("n", p.n);
  r.put("ci", p.ci);
  r.put("co", p.co);
  r.put("hw", p.hw);
  r.act(p.input_act, "input_act");
  r.act(p.act);
  r.put("residual_after_act", p.residual_after_act);
  r.put("scale_batch_stride", p.scale_batch_stride);
  return r.take();
}

ParamRecord describe(const wnnrt_mbconv_params &p) {
  Recorder r("wnnrt_mbconv_params");
  r.put("n", p.n);
  r.put("ci", p.ci);
  r.put("ih", p.ih);
  r.put("iw", p.iw);
  r.put("ce", p.ce);
  r.put("co", p.co);
  r.put("oh", p.oh);
  r.put("ow", p.ow);
  r.put("kh", p.kh);
  r.put("kw", p.kw);
  r.put("stride_h", p.stride_h);
  r.put("stride_w", p.stride_w);
  r.put("pad_top", p.pad_top);
  r.put("pad_left", p.pad_left);
  r.act(p.act_expand, "act_expand");
  r.act(p.act_depthwise, "act_depthwise");
  r.act(p.act);
  r.put("residual_after_act", p.residual_after_act);
  r.put("x_batch_stride", p.x_batch_stride);
  r.put("y_batch_stride", p.y_batch_stride);
  r.put("residual_batch_stride", p.residual_batch_stride);
  return r.take();
}

ParamRecord describe(const wnnrt_linear_params &p) {
  Recorder r("wnnrt_linear_params");
  r.put("m", p.m);
  r.put("n", p.n);
  r.put("k", p.k);
  r.put("x_row_stride", p.x_row_stride);
  r.put("y_row_stride", p.y_row_stride);
  r.put("residual_row_stride", p.residual_row_stride);
  r.act(p.act);
  r.put("residual_after_act", p.residual_after_act);
  return r.take();
}

ParamRecord describe(const wnnrt_matmul_params &p) {
  Recorder r("wnnrt_matmul_params");
  r.put("batch_rank", p.batch_rank);
  r.list("batch_dims", p.batch_dims, p.batch_rank);
  r.list("a_batch_strides", p.a_batch_strides, p.batch_rank);
  r.list("b_batch_strides", p.b_batch_strides, p.batch_rank);
  r.list("y_batch_strides", p.y_batch_strides, p.batch_rank);
  r.put("m", p.m);
  r.put("n", p.n);
  r.put("k", p.k);
  r.put("a_row_stride", p.a_row_stride);
  r.put("a_col_stride", p.a_col_stride);
  r.put("b_row_stride", p.b_row_stride);
  r.put("b_col_stride", p.b_col_stride);
  r.put("y_row_stride", p.y_row_stride);
  r.put("y_col_stride", p.y_col_stride);
  r.real("alpha", p.alpha);
  return r.take();
}

ParamRecord describe(const wnnrt_pool2d_params &p) {
  Recorder r("wnnrt_pool2d_params");
  r.named("layout", layoutName(p.layout));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("ih", p.ih);
  r.put("iw", p.iw);
  r.put("oh", p.oh);
  r.put("ow", p.ow);
  r.put("kh", p.kh);
  r.put("kw", p.kw);
  r.put("stride_h", p.stride_h);
  r.put("stride_w", p.stride_w);
  r.put("dilation_h", p.dilation_h);
  r.put("dilation_w", p.dilation_w);
  r.put("pad_top", p.pad_top);
  r.put("pad_left", p.pad_left);
  r.put("pad_bottom", p.pad_bottom);
  r.put("pad_right", p.pad_right);
  r.put("count_include_pad", p.count_include_pad);
  r.put("divisor_override", p.divisor_override);
  return r.take();
}

ParamRecord describe(const wnnrt_adaptive_pool2d_params &p) {
  Recorder r("wnnrt_adaptive_pool2d_params");
  r.named("layout", layoutName(p.layout));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("ih", p.ih);
  r.put("iw", p.iw);
  r.put("oh", p.oh);
  r.put("ow", p.ow);
  return r.take();
}

ParamRecord describe(const wnnrt_global_avg_pool_params &p) {
  Recorder r("wnnrt_global_avg_pool_params");
  r.named("layout", layoutName(p.layout));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("hw", p.hw);
  return r.take();
}

ParamRecord describe(const wnnrt_reorder_params &p) {
  Recorder r("wnnrt_reorder_params");
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("hw", p.hw);
  r.put("plain_batch_stride", p.plain_batch_stride);
  r.put("c16_batch_stride", p.c16_batch_stride);
  return r.take();
}

ParamRecord describe(const wnnrt_copy_channels_params &p) {
  Recorder r("wnnrt_copy_channels_params");
  r.put("n", p.n);
  r.put("hw", p.hw);
  r.put("c", p.c);
  r.put("src_c", p.src_c);
  r.put("dst_c", p.dst_c);
  r.put("src_offset", p.src_offset);
  r.put("dst_offset", p.dst_offset);
  return r.take();
}

ParamRecord describe(const wnnrt_gather_channels_params &p) {
  Recorder r("wnnrt_gather_channels_params");
  r.put("n", p.n);
  r.put("hw", p.hw);
  r.put("c_in", p.c_in);
  r.put("c_in2", p.c_in2);
  r.put("c_out", p.c_out);
  return r.take();
}

ParamRecord describe(const wnnrt_unary_params &p) {
  Recorder r("wnnrt_unary_params");
  r.named("op", unaryName(p.op));
  r.named("dtype", dtypeEnumName(p.dtype));
  r.put("n", p.n);
  r.real("a", p.a);
  r.real("b", p.b);
  return r.take();
}

ParamRecord describe(const wnnrt_binary_params &p) {
  Recorder r("wnnrt_binary_params");
  r.named("op", binaryName(p.op));
  r.named("dtype", dtypeEnumName(p.dtype));
  r.put("rank", p.rank);
  r.act(p.act);
  r.list("dims", p.dims, p.rank);
  r.list("a_strides", p.a_strides, p.rank);
  r.list("b_strides", p.b_strides, p.rank);
  return r.take();
}

ParamRecord describe(const wnnrt_where_params &p) {
  Recorder r("wnnrt_where_params");
  r.put("element_bytes", p.element_bytes);
  r.put("rank", p.rank);
  r.list("dims", p.dims, p.rank);
  r.list("cond_strides", p.cond_strides, p.rank);
  r.list("a_strides", p.a_strides, p.rank);
  r.list("b_strides", p.b_strides, p.rank);
  return r.take();
}

ParamRecord describe(const wnnrt_softmax_params &p) {
  Recorder r("wnnrt_softmax_params");
  r.put("outer", p.outer);
  r.put("dim", p.dim);
  r.put("inner", p.inner);
  r.put("log", p.log);
  return r.take();
}

ParamRecord describe(const wnnrt_row_norm_params &p) {
  Recorder r("wnnrt_row_norm_params");
  r.put("rows", p.rows);
  r.put("size", p.size);
  r.real("eps", p.eps);
  return r.take();
}

ParamRecord describe(const wnnrt_group_norm_params &p) {
  Recorder r("wnnrt_group_norm_params");
  r.named("layout", layoutName(p.layout));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("hw", p.hw);
  r.put("groups", p.groups);
  r.real("eps", p.eps);
  r.act(p.act);
  return r.take();
}

ParamRecord describe(const wnnrt_channel_params &p) {
  Recorder r("wnnrt_channel_params");
  r.named("layout", layoutName(p.layout));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("hw", p.hw);
  r.put("weights", p.weights);
  r.act(p.act);
  return r.take();
}

ParamRecord describe(const wnnrt_reduce_params &p) {
  Recorder r("wnnrt_reduce_params");
  r.named("op", reduceName(p.op));
  r.named("dtype", dtypeEnumName(p.dtype));
  r.put("rank", p.rank);
  r.put("reduce_mask", p.reduce_mask);
  r.list("dims", p.dims, p.rank);
  r.list("strides", p.strides, p.rank);
  r.real("correction", p.correction);
  return r.take();
}

ParamRecord describe(const wnnrt_cumulative_params &p) {
  Recorder r("wnnrt_cumulative_params");
  r.put("product", p.product);
  r.named("dtype", dtypeEnumName(p.dtype));
  r.put("outer", p.outer);
  r.put("dim", p.dim);
  r.put("inner", p.inner);
  return r.take();
}

ParamRecord describe(const wnnrt_sort_params &p) {
  Recorder r("wnnrt_sort_params");
  r.named("dtype", dtypeEnumName(p.dtype));
  r.put("descending", p.descending);
  r.put("largest", p.largest);
  r.put("outer", p.outer);
  r.put("dim", p.dim);
  r.put("inner", p.inner);
  r.put("k", p.k);
  return r.take();
}

ParamRecord describe(const wnnrt_copy_params &p) {
  Recorder r("wnnrt_copy_params");
  r.put("element_bytes", p.element_bytes);
  r.put("rank", p.rank);
  r.list("dims", p.dims, p.rank);
  r.list("src_strides", p.src_strides, p.rank);
  r.list("dst_strides", p.dst_strides, p.rank);
  return r.take();
}

ParamRecord describe(const wnnrt_fill_params &p) {
  Recorder r("wnnrt_fill_params");
  r.put("element_bytes", p.element_bytes);
  r.put("n", p.n);
  r.bits("bits", p.bits);
  return r.take();
}

ParamRecord describe(const wnnrt_pad_params &p) {
  Recorder r("wnnrt_pad_params");
  r.named("mode", padModeName(p.mode));
  r.put("element_bytes", p.element_bytes);
  r.put("rank", p.rank);
  r.list("in_dims", p.in_dims, p.rank);
  r.list("out_dims", p.out_dims, p.rank);
  r.list("before", p.before, p.rank);
  r.bits("bits", p.bits);
  return r.take();
}

ParamRecord describe(const wnnrt_cast_params &p) {
  Recorder r("wnnrt_cast_params");
  r.named("src_dtype", dtypeEnumName(p.src_dtype));
  r.named("dst_dtype", dtypeEnumName(p.dst_dtype));
  r.put("n", p.n);
  return r.take();
}

ParamRecord describe(const wnnrt_embedding_params &p) {
  Recorder r("wnnrt_embedding_params");
  r.named("index_dtype", dtypeEnumName(p.index_dtype));
  r.put("vocabulary", p.vocabulary);
  r.put("row_bytes", p.row_bytes);
  r.put("count", p.count);
  return r.take();
}

ParamRecord describe(const wnnrt_index_select_params &p) {
  Recorder r("wnnrt_index_select_params");
  r.named("index_dtype", dtypeEnumName(p.index_dtype));
  r.put("element_bytes", p.element_bytes);
  r.put("outer", p.outer);
  r.put("dim", p.dim);
  r.put("inner", p.inner);
  r.put("count", p.count);
  return r.take();
}

ParamRecord describe(const wnnrt_gather_params &p) {
  Recorder r("wnnrt_gather_params");
  r.named("index_dtype", dtypeEnumName(p.index_dtype));
  r.named("dtype", dtypeEnumName(p.dtype));
  r.put("rank", p.rank);
  r.put("axis", p.axis);
  r.put("accumulate", p.accumulate);
  r.list("dims", p.dims, p.rank);
  r.list("index_dims", p.index_dims, p.rank);
  r.list("index_strides", p.index_strides, p.rank);
  r.list("src_strides", p.src_strides, p.rank);
  return r.take();
}

ParamRecord describe(const wnnrt_index_params &p) {
  Recorder r("wnnrt_index_params");
  r.named("dtype", dtypeEnumName(p.dtype));
  r.named("index_dtype", dtypeEnumName(p.index_dtype));
  r.put("rank", p.rank);
  r.put("index_count", p.index_count);
  r.put("index_rank", p.index_rank);
  r.put("index_position", p.index_position);
  r.put("accumulate", p.accumulate);
  r.list("index_axes", p.index_axes, p.index_count);
  r.list("dims", p.dims, p.rank);
  r.list("strides", p.strides, p.rank);
  r.list("index_dims", p.index_dims, p.index_rank);
  for (int t = 0; t < p.index_count; ++t)
    r.list("index_strides[" + std::to_string(t) + "]", p.index_strides[t], p.index_rank);
  r.list("value_strides", p.value_strides, 2 * WNNRT_MAX_RANK);
  return r.take();
}

ParamRecord describe(const wnnrt_tri_params &p) {
  Recorder r("wnnrt_tri_params");
  r.put("element_bytes", p.element_bytes);
  r.put("upper", p.upper);
  r.put("batch", p.batch);
  r.put("rows", p.rows);
  r.put("cols", p.cols);
  r.put("diagonal", p.diagonal);
  return r.take();
}

ParamRecord describe(const wnnrt_upsample2d_params &p) {
  Recorder r("wnnrt_upsample2d_params");
  r.named("layout", layoutName(p.layout));
  r.named("mode", upsampleModeName(p.mode));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("ih", p.ih);
  r.put("iw", p.iw);
  r.put("oh", p.oh);
  r.put("ow", p.ow);
  r.put("align_corners", p.align_corners);
  r.real("scale_h", p.scale_h);
  r.real("scale_w", p.scale_w);
  return r.take();
}

ParamRecord describe(const wnnrt_sdpa_params &p) {
  Recorder r("wnnrt_sdpa_params");
  r.put("batch", p.batch);
  r.put("heads", p.heads);
  r.put("kv_heads", p.kv_heads);
  r.put("lq", p.lq);
  r.put("lk", p.lk);
  r.put("d", p.d);
  r.put("dv", p.dv);
  r.list("q_strides", p.q_strides, 3);
  r.list("k_strides", p.k_strides, 3);
  r.list("v_strides", p.v_strides, 3);
  r.list("y_strides", p.y_strides, 3);
  r.named("mask_kind", maskKindName(p.mask_kind));
  r.list("mask_strides", p.mask_strides, 4);
  r.put("causal", p.causal);
  r.real("scale", p.scale);
  return r.take();
}

ParamRecord describe(const wnnrt_rnn_params &p) {
  Recorder r("wnnrt_rnn_params");
  r.put("seq", p.seq);
  r.put("batch", p.batch);
  r.put("input", p.input);
  r.put("hidden", p.hidden);
  r.put("reverse", p.reverse);
  r.list("x_strides", p.x_strides, 2);
  r.list("y_strides", p.y_strides, 2);
  return r.take();
}

ParamRecord describe(const wnnrt_grid_sampler2d_params &p) {
  Recorder r("wnnrt_grid_sampler2d_params");
  r.named("mode", gridModeName(p.mode));
  r.named("padding", gridPaddingName(p.padding));
  r.put("n", p.n);
  r.put("c", p.c);
  r.put("ih", p.ih);
  r.put("iw", p.iw);
  r.put("oh", p.oh);
  r.put("ow", p.ow);
  r.put("align_corners", p.align_corners);
  return r.take();
}

} // namespace wnnx
