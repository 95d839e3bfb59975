// SPDX-License-Identifier: Apache-2.0
//
// NumPy's `.npy` files, format versions 1 to 3. Reading gives elements little-endian and row-major,
// out of the mapped file where it already holds them so. Element kinds are NumPy's; what they mean
// to a tensor is the caller's business.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wnnx {

struct NpyArray {
  /// NumPy's kind and size without byte order: "f4", "i8", "u1", "b1", "u2", "V2"...
  std::string kind;
  unsigned elementBytes = 0;
  std::vector<int64_t> shape;
  std::shared_ptr<const void> owner; // keeps `data` alive
  const uint8_t *data = nullptr;     // may be unaligned
  uint64_t bytes = 0;
};

/// Reads a file; failures are reported with the file's name.
FailureOr<NpyArray> readNpy(const std::string &path, Diagnostics &diags);
/// The same from memory that `owner` keeps alive.
FailureOr<NpyArray> parseNpy(const std::string &name, std::shared_ptr<const void> owner,
                             llvm::ArrayRef<uint8_t> file, Diagnostics &diags);

/// Writes version 1 (2 when the header is long), row-major. `kind` as above.
void writeNpy(llvm::raw_ostream &os, std::string_view kind, llvm::ArrayRef<int64_t> shape,
              llvm::ArrayRef<uint8_t> data);

} // namespace wnnx
