// SPDX-License-Identifier: Apache-2.0
//
// Files that appear whole or not at all: written beside their final place, renamed by `commit`.
// What is no regular file, such as /dev/null or a pipe, is written in place.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>

namespace wnnx {

class OutputFile {
  std::string path, tempPath;
  std::unique_ptr<llvm::raw_fd_ostream> stream;
  OutputFile() = default;

public:
  OutputFile(OutputFile &&) noexcept;
  OutputFile &operator=(OutputFile &&) = delete;
  /// Removes the temporary file when `commit` was not reached.
  ~OutputFile();
  static llvm::Expected<OutputFile> create(const std::string &path);
  llvm::raw_fd_ostream &os() { return *stream; }
  /// Writes what is buffered and closes; `commit` then only renames. For files that belong
  /// together: finish all, then commit all.
  llvm::Error finish();
  llvm::Error commit();
};

/// Writes a whole text; for outputs that belong together, create all files first, then commit all.
llvm::Error writeWholeFile(const std::string &path, std::string_view text);

} // namespace wnnx
