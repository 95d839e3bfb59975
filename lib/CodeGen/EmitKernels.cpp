// SPDX-License-Identifier: Apache-2.0
//
// The kernel tables of a program: of each ISA only the rows that the steps call, so that the linker
// takes nothing else out of libwnnrt.
#include "CodePrinter.h"
#include "Names.h"

#include "wnnx/Support/Check.h"

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

/// What holds where the library may lack an ISA: its vectors are of other machines, or of no
/// compiler's that it knows.
std::string condition(std::string_view isa) {
  return isa == "ref" ? "1" : "WNNRT_HAVE_" + upperCase(isa);
}

void table(CodePrinter &out, const std::string &isa, llvm::ArrayRef<wnnrt_kernel_id> rows) {
  out.put("constexpr wnnrt_kernels " + isa + "_rows() {");
  out.indent();
  out.put("wnnrt_kernels k = {};");
  out.put("k.isa = \"" + isa + "\";");
  out.put(isa == "ref" ? "k.reference = nullptr;" : "k.reference = &ref_kernels;");
  for (wnnrt_kernel_id row : rows) {
    std::string name(kernelInfo(row).name);
    out.put("k." + name + " = wnnrt::" + isa + "::" + name + ";");
  }
  out.put("return k;");
  out.dedent();
  out.put("}");
  out.put("constexpr wnnrt_kernels " + isa + "_kernels = " + isa + "_rows();");
}

} // namespace

void emitKernelTables(CodePrinter &out, const Plan &plan, const Names &names, const Facts &facts) {
  const std::vector<wnnrt_kernel_id> rows = rowsOf(plan);
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
              "others. Reference kernels do what the others leave to them.");
  table(out, "ref", rows);
  for (const std::string &isa : facts.isas) {
    if (isa == "ref")
      continue;
    out.put("#if " + condition(isa));
    table(out, isa, rows);
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
