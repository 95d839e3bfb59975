// SPDX-License-Identifier: Apache-2.0
//
// A read-only memory map of a whole file, shared by everything that points into it.
#pragma once

#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <string>

namespace wnnx {

class MappedFile {
  std::string filePath;
  const uint8_t *bytes = nullptr;
  uint64_t length = 0;
  void *mapping = nullptr;
  MappedFile() = default;

public:
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();
  /// Fails when the file cannot be opened, is not a regular file, or cannot be mapped.
  static llvm::Expected<std::shared_ptr<MappedFile>> open(const std::string &path);
  const std::string &path() const { return filePath; }
  const uint8_t *data() const { return bytes; }
  uint64_t size() const { return length; }
  /// Gives the pages back to the system; they are read again when they are touched.
  void discardPages() const;
};

} // namespace wnnx
