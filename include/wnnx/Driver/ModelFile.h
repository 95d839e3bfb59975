// SPDX-License-Identifier: Apache-2.0
//
// Models as files: `.pt`, `.wnnx` and `.wnnxt` are told apart by their content and read into a
// verified graph; `.wnnx` and `.wnnxt` are written.
#pragma once

#include "wnnx/Driver/Outputs.h"
#include "wnnx/IR/Graph.h"
#include "wnnx/Support/MappedFile.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wnnx {

/// What a user says about an input: `x:f32[1,3,224,224]`; the name may be left out.
struct InputSpec {
  std::string name;
  TensorType type;
};
FailureOr<InputSpec> parseInputSpec(std::string_view text, Diagnostics &diags);
LogicalResult parseInputSpecs(llvm::ArrayRef<std::string> texts, std::vector<InputSpec> &out,
                              Diagnostics &diags);

enum class ModelFormat { TorchScript, Wnnx, Text };
/// By the file's first bytes; nothing when they are of no model that we read.
std::optional<ModelFormat> detectFormat(std::string_view path, llvm::ArrayRef<uint8_t> head);

struct LoadOptions {
  /// Types of inputs: needed for `.pt` files that do not record them, checked for the others.
  std::vector<InputSpec> inputs;
  /// When set, receives the model's file as it is mapped, for giving its pages back.
  std::shared_ptr<const MappedFile> *mapped = nullptr;
};
/// Reads a model; "-" is standard input. Null after errors, all of them reported. What comes back
/// has passed `verifyGraph`.
std::unique_ptr<Graph> loadModel(const std::string &path, const LoadOptions &options,
                                 Diagnostics &diags);

LogicalResult writeWnnxFile(const Graph &graph, const std::string &path, Outputs &outputs,
                            Diagnostics &diags);
/// The text form; constants too large for the text go to a safetensors file beside it, named
/// `PATH.safetensors`, which the text refers to.
LogicalResult writeTextFile(const Graph &graph, const std::string &path, Outputs &outputs,
                            Diagnostics &diags);
/// Either of the two, by the path's extension.
LogicalResult writeModelFile(const Graph &graph, const std::string &path, Outputs &outputs,
                             Diagnostics &diags);
/// The text form in one piece, for standard output: all constants inline.
void printText(const Graph &graph, llvm::raw_ostream &os, bool locations);

} // namespace wnnx
