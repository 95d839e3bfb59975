// SPDX-License-Identifier: Apache-2.0
//
// Line index of a text and ranges into it.
#include "wnnx/Support/SourceFile.h"

#include <algorithm>
#include <cassert>

namespace wnnx {

SourceFile::SourceFile(std::string name, std::string text)
    : fileName(std::move(name)), contents(std::move(text)) {
  lineStarts.push_back(0);
  for (size_t i = 0; i < contents.size(); ++i) {
    if (contents[i] == '\n')
      lineStarts.push_back(uint32_t(i + 1));
  }
}

std::pair<unsigned, unsigned> SourceFile::lineColumn(uint32_t offset) const {
  offset = std::min<uint32_t>(offset, uint32_t(contents.size()));
  auto it = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset) - 1;
  return {unsigned(it - lineStarts.begin()) + 1, offset - *it + 1};
}

std::string_view SourceFile::line(unsigned number) const {
  if (number == 0 || number > lineStarts.size())
    return {};
  size_t begin = lineStarts[number - 1];
  size_t end = number < lineStarts.size() ? lineStarts[number] - 1 : contents.size();
  if (end > begin && contents[end - 1] == '\r')
    --end;
  return std::string_view(contents).substr(begin, end - begin);
}

std::string SourceRange::str() const {
  if (!file)
    return {};
  auto [line, column] = file->lineColumn(begin);
  return file->name() + ":" + std::to_string(line) + ":" + std::to_string(column);
}

SourceRange join(SourceRange a, SourceRange b) {
  if (!a)
    return b;
  if (!b)
    return a;
  assert(a.file == b.file);
  return {a.file, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

} // namespace wnnx
