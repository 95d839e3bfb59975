// SPDX-License-Identifier: Apache-2.0
//
// A pickle machine restricted to what TorchScript archives hold. Nothing is ever executed: the
// result is a graph of plain nodes, in which sharing is kept (and cycles are possible). Names of
// globals come from a fixed list, or are `__torch__.` classes that the archive's source defines.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include "llvm/ADT/ArrayRef.h"

#include <deque>
#include <string>
#include <vector>

namespace wnnx::ts {

/// Index of a node in `PickleData::nodes`.
using PickleRef = uint32_t;

enum class PickleKind : uint8_t {
  None,
  Bool,    // integer
  Int,     // integer
  Float,   // number
  Str,     // strings[aux]
  Tuple,   // children[aux]
  List,    // children[aux]
  Dict,    // children[aux]: keys and values in turn
  Global,  // strings[aux]: "module.name"
  Object,  // strings[aux]: class; integer: the state's ref + 1, or 0 before BUILD
  Enum,    // strings[aux]: class; integer: the value's ref
  Storage, // storages[aux]
  Tensor,  // tensors[aux]
  Device,  // strings[aux]
  Complex,
};

struct PickleNode {
  PickleKind kind = PickleKind::None;
  uint32_t aux = 0;
  union {
    int64_t integer = 0;
    double number;
  };
};

struct PickleStorage {
  std::string key;
  std::string type; // "FloatStorage"
  std::string location;
  int64_t numel = 0;
};

struct PickleTensor {
  PickleRef storage = 0;
  int64_t offset = 0;
  std::vector<int64_t> sizes, strides;
  bool quantized = false;
  bool conjugateOrNegative = false;
};

struct PickleData {
  std::vector<PickleNode> nodes;
  std::deque<std::string> strings;
  std::deque<std::vector<PickleRef>> children;
  std::deque<PickleStorage> storages;
  std::deque<PickleTensor> tensors;
  PickleRef root = 0;

  const PickleNode &operator[](PickleRef r) const { return nodes[r]; }
  llvm::ArrayRef<PickleRef> items(PickleRef r) const { return children[nodes[r].aux]; }
  const std::string &text(PickleRef r) const { return strings[nodes[r].aux]; }
};

/// `place` is the file and entry, such as "m.pt:m/data.pkl"; messages add the byte.
FailureOr<PickleData> readPickle(llvm::ArrayRef<uint8_t> bytes, const std::string &place,
                                 Diagnostics &diags);

} // namespace wnnx::ts
