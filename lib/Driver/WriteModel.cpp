// SPDX-License-Identifier: Apache-2.0
//
// Writing graphs as `.wnnx` and as text with its constants beside it.
#include "wnnx/Driver/ModelFile.h"

#include "wnnx/Export/Wnnx/WnnxWriter.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Support/ErrorText.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Path.h"

namespace wnnx {

LogicalResult writeWnnxFile(const Graph &graph, const std::string &path, Outputs &outputs,
                            Diagnostics &diags) {
  llvm::raw_ostream *os = outputs.create(path);
  if (!os)
    return failure();
  if (llvm::Error e = writeWnnx(graph, *os))
    return diags.error(path, "cannot-write", "cannot write: " + errorText(std::move(e)));
  return success();
}

namespace {

/// Which constants of a graph go to the file beside the text, and under which names: large ones,
/// and those that share their bytes with others, so that reading the text shares them again.
class ExternalConstants {
  llvm::DenseMap<const Node *, std::string> names;

public:
  std::vector<NamedTensor> tensors;

  ExternalConstants(const Graph &g, int64_t inlineLimit) {
    llvm::DenseMap<const uint8_t *, unsigned> users;
    auto tensorOf = [](const Node *n) -> const Tensor & { return n->attr(0u).asTensor(); };
    for (const Node *n : nodesOf(g)) {
      if (n->kind() == OpKind::Constant && tensorOf(n).bytes())
        ++users[tensorOf(n).data()];
    }
    llvm::DenseMap<const uint8_t *, std::vector<const Node *>> stored;
    for (const Node *n : nodesOf(g)) {
      if (n->kind() != OpKind::Constant)
        continue;
      const Tensor &t = tensorOf(n);
      if (t.numel() <= inlineLimit && users.lookup(t.data()) < 2)
        continue;
      const Node *same = nullptr;
      for (const Node *other : stored[t.data()]) {
        if (tensorOf(other).type() == t.type())
          same = other;
      }
      if (same) {
        names[n] = names[same];
        continue;
      }
      std::string name = n->result()->name();
      names[n] = name == "__metadata__" ? "metadata" : name;
      stored[t.data()].push_back(n);
      tensors.push_back({names[n], t});
    }
  }
  std::string nameOf(const Node &constant) const { return names.lookup(&constant); }
};

} // namespace

LogicalResult writeTextFile(const Graph &graph, const std::string &path, Outputs &outputs,
                            Diagnostics &diags) {
  PrintOptions options;
  options.locations = true;
  ExternalConstants constants(graph, options.inlineLimit);
  std::string side = path + ".safetensors";
  options.externalFile = llvm::sys::path::filename(side).str();
  options.externalName = [&](const Node &n) { return constants.nameOf(n); };
  llvm::raw_ostream *os = outputs.create(path);
  if (!os)
    return failure();
  printGraph(graph, *os, options);
  if (constants.tensors.empty())
    return success();
  llvm::raw_ostream *weights = outputs.create(side);
  if (!weights)
    return failure();
  if (llvm::Error e = writeSafetensors(*weights, std::move(constants.tensors), {}))
    return diags.error(side, "cannot-write", "cannot write: " + errorText(std::move(e)));
  return success();
}

LogicalResult writeModelFile(const Graph &graph, const std::string &path, Outputs &outputs,
                             Diagnostics &diags) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".wnnx")
    return writeWnnxFile(graph, path, outputs, diags);
  if (extension == ".wnnxt")
    return writeTextFile(graph, path, outputs, diags);
  return diags.error(path, "unknown-format", "a model is written as `.wnnx` or `.wnnxt`");
}

void printText(const Graph &graph, llvm::raw_ostream &os, bool locations) {
  PrintOptions options;
  options.locations = locations;
  printGraph(graph, os, options);
}

} // namespace wnnx
