// SPDX-License-Identifier: Apache-2.0
//
// The report on operators that cannot be imported, and the advice that goes with each kind.
#include "Unsupported.h"

#include "OpTable.h"

#include <fmt/format.h>

namespace wnnx::ts {

void Unsupported::add(std::string op, llvm::ArrayRef<Val> args, SourceRange where,
                      const std::string &scope) {
  std::string kinds;
  for (const Val &v : args)
    kinds += (kinds.empty() ? "" : ", ") + kindName(v);
  auto [it, fresh] = index.try_emplace(op, list.size());
  if (fresh)
    list.push_back({op, kinds, scope, where, 0});
  ++list[it->second].count;
}

std::string adviceFor(llvm::StringRef op) {
  auto has = [&](std::initializer_list<llvm::StringRef> parts) {
    for (llvm::StringRef p : parts)
      if (op.contains(p))
        return true;
    return false;
  };
  if (has({"mkldnn"}))
    return "the file went through torch.jit.optimize_for_inference, which moves the weights out of "
           "it; save the model before that call";
  if (has({"prepacked::", "metal_prepack", "vulkan_prepack"}))
    return "the file went through optimize_for_mobile, which packs the weights; save the model "
           "before "
           "that call";
  if (has({"quantized::", "quantize", "fake_quant"}))
    return "quantized models are not supported; export the float model";
  if (has({"torchvision::", "nms", "roi_align"}))
    return "the number of detections depends on the data; cut the model before this operator and "
           "do "
           "it in your own code";
  if (has({"rand", "bernoulli", "multinomial", "normal_", "uniform_", "exponential_", "poisson"}))
    return "random numbers cannot be compiled in; make the noise an input of the model";
  if (has({"nonzero", "unique", "masked_select", "bincount"}))
    return "the shape of the result depends on the data";
  if (has({"fft", "stft", "complex", "view_as_real"}))
    return "complex numbers are not supported";
  if (has({"sparse", "nested"}))
    return "only dense tensors are supported";
  if (has({"conv3d", "3d"}))
    return "three-dimensional operators are not supported";
  if (!op.starts_with("aten::"))
    return "a custom operator; replace it by operators of PyTorch itself, or cut the model there";
  std::string base = op.substr(6).str();
  std::vector<std::string_view> names;
  for (const std::string &n : supportedOps())
    names.push_back(n);
  std::string near = nearestName(base, names);
  return near.empty() ? "" : "the supported operator with the nearest name is `" + near + "`";
}

void Unsupported::report(const std::string &place, Diagnostics &diags) const {
  Diagnostic d;
  d.code = "ts-unsupported";
  d.place = place;
  d.message = list.size() == 1
                  ? "the model uses 1 operator that cannot be imported"
                  : fmt::format("the model uses {} operators that cannot be imported", list.size());
  for (const Entry &e : list) {
    Diagnostic note;
    note.severity = Severity::Note;
    note.range = e.where;
    note.message = fmt::format("`{}({})`", e.op, e.signature);
    if (e.count > 1)
      note.message += fmt::format(", {} times", e.count);
    if (!e.scope.empty())
      note.message += fmt::format(", first in `{}`", e.scope);
    note.hint = adviceFor(e.op);
    d.notes.push_back(std::move(note));
  }
  diags.add(std::move(d));
}

} // namespace wnnx::ts
