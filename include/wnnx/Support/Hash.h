// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 of bytes, for naming inputs in what we write; the same on every machine.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SHA256.h"

#include <string>
#include <string_view>

namespace wnnx {

class Sha256 {
  llvm::SHA256 state;

public:
  void update(llvm::ArrayRef<uint8_t> bytes) { state.update(bytes); }
  void update(std::string_view text) { state.update(llvm::StringRef(text)); }
  /// 64 lower-case hex digits of all that was added.
  std::string hex();
};
std::string sha256Hex(llvm::ArrayRef<uint8_t> bytes);
std::string sha256Hex(std::string_view text);

} // namespace wnnx
