// SPDX-License-Identifier: Apache-2.0
//
// The zip writer of the tests.
#include "Fixtures.h"

#include <zlib.h>

namespace wnnx::testing {

ZipWriter::Entry &ZipWriter::add(std::string name, std::string_view text) {
  Entry e;
  e.name = std::move(name);
  e.data.assign(text.begin(), text.end());
  e.size = text.size();
  e.crc = uint32_t(crc32(0, e.data.data(), uInt(e.data.size())));
  return entries.emplace_back(std::move(e));
}

std::vector<uint8_t> ZipWriter::finish() const {
  std::vector<uint8_t> out, directory;
  auto put = [](std::vector<uint8_t> &to, uint64_t v, unsigned n) {
    for (unsigned i = 0; i < n; ++i)
      to.push_back(i < 8 ? uint8_t(v >> (8 * i)) : 0);
  };
  for (const Entry &e : entries) {
    uint64_t at = out.size();
    auto common = [&](std::vector<uint8_t> &to) {
      put(to, 20, 2);
      put(to, e.flags, 2);
      put(to, e.method, 2);
      put(to, 0, 4);
      put(to, e.crc, 4);
      put(to, e.data.size(), 4);
      put(to, e.size, 4);
      put(to, e.name.size(), 2);
      put(to, 0, 2);
    };
    put(out, 0x04034b50, 4);
    common(out);
    out.insert(out.end(), e.name.begin(), e.name.end());
    out.insert(out.end(), e.data.begin(), e.data.end());
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    common(directory);
    put(directory, 0, 2 + 2 + 2 + 4);
    put(directory, at, 4);
    directory.insert(directory.end(), e.name.begin(), e.name.end());
  }
  uint64_t at = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, entries.size(), 2);
  put(out, entries.size(), 2);
  put(out, directory.size(), 4);
  put(out, at, 4);
  put(out, 0, 2);
  return out;
}

} // namespace wnnx::testing
