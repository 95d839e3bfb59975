// SPDX-License-Identifier: Apache-2.0
//
// Access to test/Import/TorchScript/Inputs, and a writer of small zip archives for tests of damaged
// ones.
#pragma once

#include "wnnx/Import/TorchScript/Import.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace wnnx::testing {

inline std::filesystem::path inputsFolder() {
  return std::filesystem::path(WNNX_SOURCE_DIR) / "test/Import/TorchScript/Inputs";
}

inline std::vector<uint8_t> readBytes(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Imports bytes; an error is left in `diags`.
inline std::unique_ptr<Graph> importBytes(std::vector<uint8_t> bytes,
                                          const TorchScriptOptions &options, Diagnostics &diags) {
  auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  FailureOr<std::unique_ptr<Graph>> g =
      importTorchScript(*owner, owner, "model.pt", options, diags);
  return failed(g) ? nullptr : std::move(*g);
}

inline TorchScriptOptions
inputs(std::initializer_list<std::pair<const char *, const char *>> list) {
  TorchScriptOptions o;
  for (auto [name, type] : list)
    o.inputs.push_back({name, *parseTensorType(type)});
  return o;
}

/// Writes zip archives of stored entries; fields can be spoiled before `finish`.
struct ZipWriter {
  struct Entry {
    std::string name;
    std::vector<uint8_t> data; // as stored, perhaps compressed
    uint32_t crc = 0;
    uint64_t size = 0; // when inflated
    uint16_t method = 0, flags = 0x0800;
  };
  std::vector<Entry> entries;

  Entry &add(std::string name, std::string_view text);
  std::vector<uint8_t> finish() const;
};

} // namespace wnnx::testing
