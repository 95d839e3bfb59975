// SPDX-License-Identifier: Apache-2.0
//
// The archive's pickled objects as evaluator values, made when first asked for, and the paths
// ("layer1.0.conv1.weight") that name them.
#pragma once

#include "Archive.h"
#include "Functionalize.h"
#include "Value.h"

namespace wnnx::ts {

class Objects {
  Archive &archive;
  Heap &heap;
  SsaBuilder &builder;
  Functionalizer &functionalizer;
  Diagnostics &diags;
  struct Source {
    const PickleData *pickle;
    std::string folder;
    std::vector<std::string> paths; // by ref; of objects and tensors
    std::vector<Val> made;
    std::vector<uint8_t> state; // 0 not made, 1 being made, 2 made
  };
  Source dataSource, constantsSource;
  llvm::StringMap<TensorObject *> byStorage; // tied weights are one tensor
  llvm::StringMap<std::unique_ptr<ClassInfo>> classes;

public:
  Objects(Archive &a, Heap &h, SsaBuilder &b, Functionalizer &f, Diagnostics &d);

  Val root() { return make(dataSource, archive.data.root, 0); }
  /// Element `n` of the constants table; poison, with a message, when there is none.
  Val constant(int64_t n, SourceRange where);
  /// The class of that qualified name, or null.
  const ClassInfo *classNamed(llvm::StringRef name);
  /// A stored attribute, or nothing.
  std::optional<Val> attribute(Instance &object, llvm::StringRef name);

private:
  void findPaths();
  Val make(Source &s, PickleRef ref, unsigned depth);
  Val makeTensor(Source &s, PickleRef ref);
  Val makeObject(Source &s, PickleRef ref);
  Val makeContainer(Source &s, PickleRef ref, unsigned depth);
};

} // namespace wnnx::ts
