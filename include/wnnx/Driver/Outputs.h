// SPDX-License-Identifier: Apache-2.0
//
// The files that one run of a tool makes: all of them appear, or none.
#pragma once

#include "wnnx/Support/Diagnostics.h"
#include "wnnx/Support/OutputFile.h"

#include <deque>
#include <string>

namespace wnnx {

class Outputs {
  struct Pending {
    std::string path;
    OutputFile file;
  };
  std::deque<Pending> files;
  Diagnostics &diags;

public:
  explicit Outputs(Diagnostics &d) : diags(d) {}
  /// A stream for a file that `commit` will put in place; null after an error, which is reported.
  /// "-" is not a file here.
  llvm::raw_ostream *create(const std::string &path);
  /// Puts all files in place. Without it they vanish.
  LogicalResult commit();
};

} // namespace wnnx
