// SPDX-License-Identifier: Apache-2.0
//
// Reads TorchScript files (`torch.jit.save`) without libtorch: the model's `forward` is evaluated
// on symbolic inputs of known shapes, which gives one flat graph. docs/torchscript.md says what is
// supported.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx {

struct TorchScriptInput {
  std::string name; // may be empty where the model has one input
  TensorType type;
};

struct TorchScriptOptions {
  /// Types of the inputs; those of a traced file's example inputs where left out.
  std::vector<TorchScriptInput> inputs;
  std::string method = "forward";
};

/// True when the bytes look like a TorchScript file, or like another PyTorch file that the importer
/// can say something about.
bool sniffTorchScript(llvm::ArrayRef<uint8_t> bytes);

/// Weights point into the memory-mapped file. All that is wrong with the model has been reported on
/// failure.
FailureOr<std::unique_ptr<Graph>>
importTorchScript(const std::string &path, const TorchScriptOptions &options, Diagnostics &diags);
/// The same from memory that `owner` keeps alive; `place` stands for the file in messages.
FailureOr<std::unique_ptr<Graph>>
importTorchScript(llvm::ArrayRef<uint8_t> bytes, std::shared_ptr<const void> owner,
                  const std::string &place, const TorchScriptOptions &options, Diagnostics &diags);

} // namespace wnnx
