// SPDX-License-Identifier: Apache-2.0
//
// The safetensors container: an 8-byte length, a JSON header, then the tensors' bytes. All the
// format's rules are checked on opening, so that what this class gives out is safe to read; the
// bytes stay in the mapped file.
#pragma once

#include "wnnx/IR/Tensor.h"
#include "wnnx/Support/Diagnostics.h"

#include "llvm/ADT/StringMap.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wnnx {

class SafetensorsFile {
public:
  struct Entry {
    std::string name;
    std::string dtypeName;      // as the file spells it: "F32"
    std::optional<DType> dtype; // nothing for element types that graphs do not have
    Shape shape;
    const uint8_t *data = nullptr;
    uint64_t bytes = 0;
  };

  /// Maps and checks a file. Null after errors, all of them reported.
  static std::shared_ptr<const SafetensorsFile> open(const std::string &path, Diagnostics &diags);
  /// The same for bytes that `owner` keeps alive; `name` stands in messages.
  static std::shared_ptr<const SafetensorsFile> parse(const std::string &name,
                                                      std::shared_ptr<const void> owner,
                                                      llvm::ArrayRef<uint8_t> bytes,
                                                      Diagnostics &diags);
  /// Whether the first bytes look like this format; no promise that `parse` succeeds.
  static bool looksLike(llvm::ArrayRef<uint8_t> bytes);

  const std::string &name() const { return fileName; }
  /// In the header's order.
  llvm::ArrayRef<Entry> entries() const { return list; }
  const Entry *lookup(std::string_view tensor) const;
  const std::map<std::string, std::string> &metadata() const { return meta; }
  /// A view of the entry's bytes that keeps the file mapped; its dtype must be known.
  Tensor tensor(const Entry &entry) const;
  /// All names, for "did you mean".
  std::vector<std::string_view> names() const;

private:
  std::string fileName;
  std::shared_ptr<const void> owner;
  std::vector<Entry> list;
  llvm::StringMap<size_t> index;
  std::map<std::string, std::string> meta;
  friend class SafetensorsParser;
};

} // namespace wnnx
