// SPDX-License-Identifier: Apache-2.0
//
// The kernel tables of a program: of each ISA only the rows that the steps call, so that the linker
// takes nothing else out of libwnnrt.
#include "CodePrinter.h"
#include "Names.h"

#include "wnnrt_first.h"
#include "wnnrt_matrix.h"
#include "wnnrt_rows.h"

#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>
#include <set>

namespace wnnx::cg {

llvm::ArrayRef<std::string_view> isaNames() {
  static constexpr std::string_view names[] = {"ref", "vec128", "avx2", "avx512"};
  return names;
}

namespace {

std::string upperCase(std::string_view s) {
  std::string text(s);
  for (char &c : text)
    if (c >= 'a' && c <= 'z')
      c = char(c - 'a' + 'A');
  return text;
}

/// The rows of the steps in the order of the kernels' ids, with those that they call themselves.
std::vector<wnnrt_kernel_id> rowsOf(const Plan &plan) {
  std::set<wnnrt_kernel_id> rows;
  for (const KernelCall &c : plan.calls) {
    rows.insert(c.kernel);
    if (c.kernel == WNNRT_K_lstm || c.kernel == WNNRT_K_gru)
      rows.insert(WNNRT_K_linear);
  }
  return {rows.begin(), rows.end()};
}

int64_t number(const KernelCall &c, std::string_view field) {
  for (const ParamField &f : c.params.fields)
    if (f.name == field)
      if (auto *value = std::get_if<int64_t>(&f.value))
        return *value;
  return 0; // fields that are not named
}
std::string_view word(const KernelCall &c, std::string_view field) {
  for (const ParamField &f : c.params.fields)
    if (f.name == field)
      if (auto *value = std::get_if<Enumerator>(&f.value))
        return value->name;
  return {};
}

struct VectorOp {
  std::string_view enumerator, part;
};
#define WNNX_SIMPLE(name) {"WNNRT_" #name, "acts_simple"},
#define WNNX_EXP(name) {"WNNRT_" #name, "acts_exp"},
#define WNNX_TANH(name) {"WNNRT_" #name, "acts_tanh"},
#define WNNX_ERF(name) {"WNNRT_" #name, "acts_erf"},
constexpr VectorOp vectorOps[] = {WNNRT_ACTS_SIMPLE(WNNX_SIMPLE) WNNRT_ACTS_EXP(WNNX_EXP)
                                      WNNRT_ACTS_TANH(WNNX_TANH) WNNRT_ACTS_ERF(WNNX_ERF)};
#undef WNNX_SIMPLE
#undef WNNX_EXP
#undef WNNX_TANH
#undef WNNX_ERF

/// Null for ops without a vector form.
const VectorOp *vectorOp(std::string_view enumerator) {
  for (const VectorOp &op : vectorOps)
    if (op.enumerator == enumerator)
      return &op;
  return nullptr;
}

/// Whether the vector kernels may leave this step to the reference kernel: false only where it is
/// known that they do not. A wrong false is a WNNRT_UNSUPPORTED, not a wrong result.
bool mayNeedReference(const KernelCall &c) {
  auto f32 = [&] {
    std::string_view dtype = word(c, "dtype");
    return dtype.empty() || dtype == "WNNRT_F32";
  };
  switch (c.kernel) {
  case WNNRT_K_conv2d_c16:
  case WNNRT_K_conv2d_matrix_c16:
    return number(c, "kh") * number(c, "kw") > 49 || number(c, "ci") <= 0;
  case WNNRT_K_conv2d_first: {
    int64_t lines = number(c, "ci") * number(c, "kh");
    int64_t span = 13 * number(c, "stride_w") + (number(c, "kw") - 1) * number(c, "dilation_w") + 1;
    return lines > 128 || lines * span > 4096;
  }
  case WNNRT_K_depthwise_c16:
    return number(c, "kh") > 32 || number(c, "residual_after_act") != 0;
  case WNNRT_K_mbconv_c16:
    return number(c, "kh") > 32;
  case WNNRT_K_linear:
    return number(c, "k") <= 0;
  case WNNRT_K_global_avg_pool:
  case WNNRT_K_plain_to_c16:
  case WNNRT_K_c16_to_plain:
  case WNNRT_K_layer_norm:
  case WNNRT_K_rms_norm:
    return false;
  case WNNRT_K_avg_pool2d:
  case WNNRT_K_adaptive_avg_pool2d:
    return word(c, "layout") != "WNNRT_LAYOUT_C16";
  case WNNRT_K_batch_norm:
    return false;
  case WNNRT_K_max_pool2d: // the last argument is the indices
    return word(c, "layout") != "WNNRT_LAYOUT_C16" || c.args.back().refs[0].tensor >= 0;
  case WNNRT_K_softmax:
    return number(c, "dim") <= 0;
  case WNNRT_K_layer_norm_c16:
    return number(c, "c") <= 0 || number(c, "hw") <= 0 || number(c, "n") <= 0;
  case WNNRT_K_unary:
    return !f32() || !vectorOp(word(c, "op"));
  case WNNRT_K_binary: {
    std::string_view op = word(c, "op");
    return !f32() || (op != "WNNRT_ADD" && op != "WNNRT_SUB" && op != "WNNRT_MUL" &&
                      op != "WNNRT_DIV" && op != "WNNRT_MAXIMUM" && op != "WNNRT_MINIMUM");
  }
  default:
    return true;
  }
}

/// Whether the step runs linears of more than a row.
bool hasSeveralRows(const KernelCall &c) {
  return c.kernel == WNNRT_K_lstm || c.kernel == WNNRT_K_gru ||
         (c.kernel == WNNRT_K_linear && number(c, "m") != 1);
}

/// Whether a first convolution may be the part first_image's.
bool mayRunOnImage(const KernelCall &c) {
  return number(c, "kw") >= wnnrt::firstLongRow ||
         wnnrt::firstOnCopiedImage(number(c, "ci"), number(c, "kh"), number(c, "kw"),
                                   number(c, "oh"), number(c, "ow"), number(c, "stride_h"),
                                   number(c, "stride_w"), number(c, "dilation_h"),
                                   number(c, "dilation_w"));
}

/// Whether the step may run matrix tiles whose pixels do not lie next to each other.
bool mayUseSpreadTiles(const KernelCall &c) {
  switch (c.kernel) {
  case WNNRT_K_conv2d_c16:
  case WNNRT_K_conv2d_matrix_c16:
    for (std::string_view field : {"kh", "kw", "stride_h", "stride_w"})
      if (number(c, field) != 1)
        return true;
    return number(c, "pad_top") != 0 || number(c, "pad_left") != 0 ||
           number(c, "oh") != number(c, "ih") || number(c, "ow") != number(c, "iw");
  case WNNRT_K_conv2d_first:
    return mayRunOnImage(c);
  case WNNRT_K_linear:
  case WNNRT_K_lstm:
  case WNNRT_K_gru:
    return hasSeveralRows(c);
  case WNNRT_K_mbconv_c16:
  case WNNRT_K_conv2d_scaled_c16:
  case WNNRT_K_depthwise_c16:
  case WNNRT_K_max_pool2d:
  case WNNRT_K_avg_pool2d:
  case WNNRT_K_adaptive_avg_pool2d:
  case WNNRT_K_adaptive_max_pool2d:
  case WNNRT_K_global_avg_pool:
  case WNNRT_K_plain_to_c16:
  case WNNRT_K_c16_to_plain:
  case WNNRT_K_copy_channels_c16:
  case WNNRT_K_gather_channels_c16:
  case WNNRT_K_unary:
  case WNNRT_K_binary:
  case WNNRT_K_batch_norm:
  case WNNRT_K_softmax:
  case WNNRT_K_layer_norm:
  case WNNRT_K_rms_norm:
  case WNNRT_K_group_norm:
  case WNNRT_K_layer_norm_c16:
  case WNNRT_K_copy_strided:
  case WNNRT_K_upsample2d:
    return false;
  default:
    break;
  }
  bool vector = false;
#define WNNX_ROW(name) vector |= c.kernel == WNNRT_K_##name;
  WNNRT_SIMD_ROWS(WNNX_ROW)
#undef WNNX_ROW
  return vector;
}

/// The part that computes most of a depthwise convolution.
std::string_view depthwisePart(const KernelCall &c) {
  int64_t k = number(c, "kw"), stride = number(c, "stride_w"), left = number(c, "pad_left");
  bool dilated = number(c, "dilation_h") > 1 || number(c, "dilation_w") > 1;
  int64_t right = (number(c, "ow") - 1) * stride + k - left - number(c, "iw");
  bool tiles = (k == 3 || k == 5 || (k == 7 && stride == 1)) && number(c, "kh") == k && !dilated &&
               stride >= 1 && stride <= 2 && left == k / 2 && right <= k / 2 &&
               number(c, "ow") >= 3 && number(c, "iw") <= 256;
  return !tiles   ? "depthwise_rows"
         : k == 3 ? "depthwise_3"
         : k == 5 ? "depthwise_5"
                  : "depthwise_7";
}

/// The runtime's parts (wnnrt_rows.h) that make the steps fast.
std::vector<std::string> partsOf(const Plan &plan) {
  std::set<std::string_view> used;
  for (const KernelCall &c : plan.calls) {
    if (c.kernel == WNNRT_K_depthwise_c16 || c.kernel == WNNRT_K_mbconv_c16)
      used.insert(depthwisePart(c));
    if (c.kernel == WNNRT_K_conv2d_first) {
      int64_t kw = number(c, "kw"), stride = number(c, "stride_w"), ow = number(c, "ow");
      bool three = kw == 3 && (stride == 1 || stride == 2);
      bool wide = (kw == 4 && stride == 4) || (kw == 7 && (stride == 2 || stride == 4));
      bool full = number(c, "dilation_w") == 1 && c.args[3].refs[0].tensor < 0 && (three || wide);
      if (full)
        used.insert(!three ? "first_wide" : stride == 1 ? "first_3s1" : "first_3s2");
      if (!full || ow < 14) // the widest tile has 14 pixels
        used.insert("first_any");
      if (wnnrt::firstHasPixelVectors(number(c, "ci"), number(c, "kh") * kw, number(c, "co"), ow,
                                      stride, c.args[3].refs[0].tensor >= 0))
        used.insert("first_pixels");
      if (mayRunOnImage(c))
        used.insert("first_image");
    }
    if (hasSeveralRows(c))
      used.insert("linear_rows");
    if (mayUseSpreadTiles(c))
      used.insert({"tiles_strided", "tiles_indirect"});
    for (const ParamField &f : c.params.fields) {
      auto *value = std::get_if<Enumerator>(&f.value);
      const VectorOp *op = value ? vectorOp(value->name) : nullptr;
      // As activations these two are limits of what is computed.
      bool limits = value && f.name != "op" && c.kernel != WNNRT_K_group_norm &&
                    (value->name == "WNNRT_RELU" || value->name == "WNNRT_CLAMP");
      if (op && !limits)
        used.insert(op->part);
    }
  }
  std::vector<std::string> parts;
#define WNNX_PART(name)                                                                            \
  if (used.count(#name))                                                                           \
    parts.push_back(#name);
  WNNRT_PARTS(WNNX_PART)
#undef WNNX_PART
  return parts;
}

/// The parts of AVX-512 by which steps may be worth the matrix unit.
std::vector<std::string> matrixPartsOf(const Plan &plan) {
  bool many = false, few = false, first = false;
  auto product = [&](int64_t rows, int64_t k, int64_t n) {
    bool worth = wnnrt::productWorthMatrixUnit(rows, k, n);
    many |= worth && wnnrt::isWideProduct(k, n);
    few |= worth && wnnrt::isNarrowProduct(rows, k, n);
  };
  for (const KernelCall &c : plan.calls)
    switch (c.kernel) {
    case WNNRT_K_linear:
      // Its rows are not in blocks of channels, which the part for few weights wants.
      many |= wnnrt::productWorthMatrixUnit(number(c, "m"), number(c, "k"), number(c, "n"));
      break;
    case WNNRT_K_conv2d_scaled_c16:
      product(number(c, "hw"), number(c, "ci"), number(c, "co"));
      break;
    case WNNRT_K_mbconv_c16:
      product(number(c, "ih") * number(c, "iw"), number(c, "ci"), number(c, "ce"));
      product(number(c, "oh") * number(c, "ow"), number(c, "ce"), number(c, "co"));
      break;
    case WNNRT_K_conv2d_c16:
    case WNNRT_K_conv2d_matrix_c16:
      if (number(c, "kh") * number(c, "kw") == 1)
        product(number(c, "oh") * number(c, "ow"), number(c, "ci"), number(c, "co"));
      break;
    case WNNRT_K_conv_transpose2d_c16:
      if (number(c, "kh") == number(c, "stride_h") && number(c, "kw") == number(c, "stride_w"))
        few |= wnnrt::transposedWorthMatrixUnit(number(c, "ci"), number(c, "kh") * number(c, "kw"),
                                                number(c, "co"), number(c, "iw"),
                                                number(c, "oh") * number(c, "ow"));
      break;
    case WNNRT_K_conv2d_first:
      first |= number(c, "kw") <= 8 && number(c, "dilation_h") == 1 &&
               number(c, "dilation_w") == 1 &&
               wnnrt::firstWorthMatrixUnit(number(c, "ci"), number(c, "kh") * number(c, "kw"),
                                           number(c, "co"), number(c, "oh"), number(c, "ow"),
                                           number(c, "stride_w"));
      break;
    default:
      break;
    }
  std::vector<std::string> parts;
  if (many)
    parts.push_back("matrix_unit");
  if (few)
    parts.push_back("matrix_narrow");
  if (first)
    parts.push_back("first_matrix");
  return parts;
}

/// What holds where the library may lack an ISA: its vectors are of other machines, or of no
/// compiler's that it knows.
std::string condition(std::string_view isa) {
  return isa == "ref" ? "1" : "WNNRT_HAVE_" + upperCase(isa);
}

void putRows(CodePrinter &out, std::string_view isa, llvm::ArrayRef<wnnrt_kernel_id> rows) {
  for (wnnrt_kernel_id row : rows) {
    std::string name(kernelInfo(row).name);
    out.put("k." + name + " = wnnrt::" + std::string(isa) + "::" + name + ";");
  }
}

void endTable(CodePrinter &out, const std::string &isa) {
  out.put("return k;");
  out.dedent();
  out.put("}");
  out.put("constexpr wnnrt_kernels " + isa + "_kernels = " + isa + "_rows();");
}

void beginTable(CodePrinter &out, const std::string &isa) {
  out.put("constexpr wnnrt_kernels " + isa + "_rows() {");
  out.indent();
  out.put("wnnrt_kernels k = {};");
  out.put("k.isa = \"" + isa + "\";");
}

/// Rows that vector kernels leave to these, and all where a program uses the table itself.
void referenceTable(CodePrinter &out, const Plan &plan, const Facts &facts,
                    llvm::ArrayRef<wnnrt_kernel_id> rows) {
  std::vector<wnnrt_kernel_id> always, alone;
  bool whole = llvm::is_contained(facts.isas, "ref");
  for (wnnrt_kernel_id row : rows) {
    bool needed = whole || llvm::any_of(plan.calls, [&](const KernelCall &c) {
                    return c.kernel == row && mayNeedReference(c);
                  });
    (needed ? always : alone).push_back(row);
  }
  beginTable(out, "ref");
  putRows(out, "ref", always);
  if (!alone.empty() && llvm::is_contained(facts.isas, "vec128")) {
    out.dedent();
    out.put("#if !" + condition("vec128"));
    out.indent();
    putRows(out, "ref", alone);
    out.dedent();
    out.put("#endif");
    out.indent();
  }
  endTable(out, "ref");
}

void table(CodePrinter &out, const std::string &isa, llvm::ArrayRef<wnnrt_kernel_id> rows,
           llvm::ArrayRef<std::string> parts) {
  if (!parts.empty()) {
    std::vector<std::string> items;
    for (const std::string &part : parts)
      items.push_back("&wnnrt::" + isa + "::" + part + ",");
    items.back().pop_back();
    items.back() += "};";
    out.fill("constexpr const wnnrt_part *" + isa + "_parts[] = {", items, 4);
  }
  beginTable(out, isa);
  out.put("k.reference = &ref_kernels;");
  if (!parts.empty())
    out.put("k.parts = " + isa + "_parts;");
  putRows(out, isa, rows);
  endTable(out, isa);
}

} // namespace

void emitKernelTables(CodePrinter &out, const Plan &plan, const Names &names, const Facts &facts) {
  const std::vector<wnnrt_kernel_id> rows = rowsOf(plan);
  const std::vector<std::string> parts = partsOf(plan);
  out.blank();
  if (!llvm::is_contained(facts.isas, "ref") && !llvm::is_contained(facts.isas, "vec128")) {
    std::string any, held;
    for (const std::string &isa : facts.isas) {
      any += (any.empty() ? "" : " && ") + ("!" + condition(isa));
      held += (held.empty() ? "" : ", ") + isa;
    }
    out.put("#if " + any);
    out.put("#error \"" + names.model + " was generated for " + held +
            " alone: generate it with --isa=vec128 for this target\"");
    out.put("#endif");
  }
  out.comment("The kernels that the steps call, for each instruction set; the program holds no "
              "others. Those of `ref` are what the vector kernels may leave to them.");
  referenceTable(out, plan, facts, rows);
  for (const std::string &isa : facts.isas) {
    if (isa == "ref")
      continue;
    out.put("#if " + condition(isa));
    std::vector<std::string> own = parts;
    if (isa == "avx512" && facts.matrixUnit)
      llvm::append_range(own, matrixPartsOf(plan));
    table(out, isa, rows, own);
    out.put("#endif");
  }
}

void emitKernelsFunction(CodePrinter &out, const Names &names, const Facts &facts) {
  out.put("const wnnrt_kernels *" + names.model + "_kernels(wnnrt_isa isa) {");
  out.put("  if (isa > wnnrt_cpu_isa()) return nullptr;");
  for (const std::string &isa : llvm::reverse(facts.isas)) {
    out.put("#if " + condition(isa));
    out.put("  if (isa >= WNNRT_ISA_" + upperCase(isa) + ") return &" + isa + "_kernels;");
    out.put("#endif");
  }
  // A library without vectors has nothing but the reference kernels.
  if (llvm::is_contained(facts.isas, "vec128") && !llvm::is_contained(facts.isas, "ref")) {
    out.put("#if !" + condition("vec128"));
    out.put("  return &ref_kernels;");
    out.put("#endif");
  }
  out.put("  return nullptr;");
  out.put("}");
}

} // namespace wnnx::cg
