// SPDX-License-Identifier: Apache-2.0
//
// Writes `.wnnx` and plain safetensors files. Weights go to the stream one by one, straight from
// where they are; the bytes depend on the graph alone.
#pragma once

#include "wnnx/IR/Graph.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <string>
#include <vector>

namespace wnnx {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A safetensors file. Names must differ and not be `__metadata__`. Tensors whose size allows it
/// come first and are aligned to 64 bytes in the file, all others to their element size.
llvm::Error writeSafetensors(llvm::raw_ostream &os, std::vector<NamedTensor> tensors,
                             const std::map<std::string, std::string> &metadata);

/// A `.wnnx` file. Constants that share their bytes and type are stored once.
llvm::Error writeWnnx(const Graph &graph, llvm::raw_ostream &os);

} // namespace wnnx
