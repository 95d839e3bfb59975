// SPDX-License-Identifier: Apache-2.0
//
// The text form of graphs, `.wnnxt`; docs/wnnxt.md has the grammar.
//
//   wnnx 1;
//   graph small(x: f32[1,3,8,8]) {
//     const conv.weight: f32[4,3,3,3] = file("small.safetensors", "conv.weight");
//     y: f32[1,4,8,8] = conv2d(x, conv.weight, padding=[1, 1]) @("net.py":12:5, "conv");
//     return output = y;
//   }
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

#include "llvm/Support/raw_ostream.h"

#include <functional>

namespace wnnx {

struct PrintOptions {
  bool types = true;
  bool locations = false;
  /// Constants with more elements than this are printed as `file(...)` when `externalFile` is set,
  /// else as `dense` all the same.
  int64_t inlineLimit = 64;
  std::string externalFile;
  /// The name under which `externalFile` holds a constant, or nothing to print it inline; takes the
  /// place of `inlineLimit` and the constant's own name.
  std::function<std::string(const Node &constant)> externalName;
};
void printGraph(const Graph &g, llvm::raw_ostream &os, const PrintOptions &options = {});
std::string printGraph(const Graph &g, const PrintOptions &options = {});
/// One statement, without indentation and line end.
std::string printNode(const Node &n, const PrintOptions &options = {});

struct ParseOptions {
  /// Sets result types where the text leaves them out, and checks them where it does not. Without
  /// it every type must be written.
  std::function<LogicalResult(Node &, Diagnostics &)> infer;
  /// Finds `file("path", "name")` constants.
  std::function<FailureOr<Tensor>(const std::string &path, const std::string &name,
                                  const TensorType &type, SourceRange where, Diagnostics &)>
      loadConstant;
};

/// Parses a whole `.wnnxt` text. Null after errors, all of which have been reported.
std::unique_ptr<Graph> parseGraph(const SourceFile &file, Diagnostics &diags,
                                  const ParseOptions &options);

/// Parses one `graph NAME(...) {...}` starting at `offset` (for texts that embed graphs, such as
/// rule tests); moves `offset` past it. A name is optional.
std::unique_ptr<Graph> parseEmbeddedGraph(const SourceFile &file, uint32_t &offset,
                                          Diagnostics &diags, const ParseOptions &options);

} // namespace wnnx
