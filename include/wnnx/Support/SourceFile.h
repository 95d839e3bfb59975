// SPDX-License-Identifier: Apache-2.0
//
// A text that diagnostics can point into, and byte ranges of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wnnx {

class SourceFile {
  std::string fileName;
  std::string contents;
  std::vector<uint32_t> lineStarts;

public:
  SourceFile(std::string name, std::string text);
  const std::string &name() const { return fileName; }
  std::string_view text() const { return contents; }
  /// 1-based line and 1-based byte column of a byte offset; offsets past the end mean the end.
  std::pair<unsigned, unsigned> lineColumn(uint32_t offset) const;
  /// The text of a 1-based line, without its line end.
  std::string_view line(unsigned number) const;
};

/// Bytes [begin, end) of a file; a null file means that the place is unknown.
struct SourceRange {
  const SourceFile *file = nullptr;
  uint32_t begin = 0, end = 0;
  explicit operator bool() const { return file != nullptr; }
  /// "name:line:col", or the empty string when unknown.
  std::string str() const;
};

/// The smallest range that covers both; they must be of one file.
SourceRange join(SourceRange a, SourceRange b);

} // namespace wnnx
