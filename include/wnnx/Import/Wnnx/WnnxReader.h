// SPDX-License-Identifier: Apache-2.0
//
// Reads `.wnnx`: a safetensors file whose metadata carries the graph; docs/wnnx-format.md specifies
// it. Weights are views of the mapped file.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Import/Wnnx/Safetensors.h"

#include <memory>
#include <string>

namespace wnnx {

/// Null after errors, all of them reported. The graph is structurally sound; whether its types are
/// what inference says is for `verifyGraph` to tell.
std::unique_ptr<Graph> importWnnx(const std::string &path, Diagnostics &diags);
/// The same from an opened container.
std::unique_ptr<Graph> readWnnxGraph(const std::shared_ptr<const SafetensorsFile> &file,
                                     Diagnostics &diags);

} // namespace wnnx
