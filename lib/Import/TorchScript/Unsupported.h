// SPDX-License-Identifier: Apache-2.0
//
// The operators of a model that cannot be imported, gathered over the whole model and reported in
// one list.
#pragma once

#include "Value.h"

#include "wnnx/Support/Diagnostics.h"

namespace wnnx::ts {

class Unsupported {
  struct Entry {
    std::string op, signature, scope;
    SourceRange where;
    unsigned count = 0;
  };
  std::vector<Entry> list; // in order of first use
  llvm::StringMap<size_t> index;

public:
  void add(std::string op, llvm::ArrayRef<Val> args, SourceRange where, const std::string &scope);
  bool empty() const { return list.empty(); }
  /// One error with a note for each operator.
  void report(const std::string &place, Diagnostics &diags) const;
};

/// What to do about an operator that is not supported; may be empty.
std::string adviceFor(llvm::StringRef op);

} // namespace wnnx::ts
