// SPDX-License-Identifier: Apache-2.0
//
// In-place operations and views made functional. A tensor of the program is a view of a storage
// box; the box holds one immutable value at a time. Writing through a view rebuilds the box's value
// (`slice_scatter` and the like); reading any other view of the box afterwards computes it anew.
#pragma once

#include "SsaBuilder.h"

#include <optional>

namespace wnnx::ts {

/// How a view is made from its parent; each kind can be read and written through.
struct ViewStep {
  enum Kind : uint8_t {
    Slice,   // ints: dim, start, end, step
    Select,  // ints: dim, index
    Permute, // ints: dims
    Reshape, // ints: shape
    Expand,  // ints: shape; cannot be written through
    Same,    // a pass-through node `op` with `p` (dropout)
  } kind = Same;
  llvm::SmallVector<int64_t, 6> ints;
  OpKind op = OpKind::Identity;
  double p = 0;
};

struct StorageBox {
  Ref base = nullptr;
  uint64_t version = 0;
  std::string stateName; // of a parameter or buffer, else empty
  /// Copies of which we cannot tell whether PyTorch would have made views, because it depends on
  /// memory layout. A write to one makes the others unreadable.
  llvm::SmallVector<StorageBox *, 1> perhapsAliases;
  bool stale = false;
};

using Strides = std::optional<llvm::SmallVector<int64_t, 6>>;

struct TensorObject {
  StorageBox *box = nullptr;
  TensorObject *parent = nullptr; // null: the whole box
  ViewStep step;
  TensorType type;
  Strides strides;      // as PyTorch's; nothing when they depend on a kernel's choice
  bool wrapped = false; // a Python number that tracing turned into a constant
  Ref cached = nullptr;
  uint64_t cachedVersion = 0;
};

class Functionalizer {
  SsaBuilder &builder;
  std::deque<StorageBox> boxes;
  std::deque<TensorObject> tensors;

public:
  explicit Functionalizer(SsaBuilder &b) : builder(b) {}

  /// A tensor with a storage of its own.
  TensorObject *fresh(Ref r, bool contiguous = true);
  TensorObject *view(TensorObject *parent, ViewStep step, TensorType type, Strides strides);
  /// A copy that may be a view in PyTorch.
  TensorObject *perhapsView(TensorObject *of, Ref copy);
  /// The present value.
  Ref read(TensorObject *t);
  /// Replaces the tensor's elements. `dependsOnOld` is false when the value is a full overwrite
  /// that did not look at the old one.
  void write(TensorObject *t, Ref value, bool dependsOnOld = true);

  static bool isContiguous(const TensorObject *t);

private:
  Ref applyStep(const ViewStep &s, Ref parent);
  Ref writeThrough(const TensorObject &t, Ref parent, Ref value);
};

/// Row-major strides.
llvm::SmallVector<int64_t, 6> rowMajorStrides(const Shape &s);

} // namespace wnnx::ts
