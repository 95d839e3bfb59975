// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 as text.
#include "wnnx/Support/Hash.h"

#include "llvm/ADT/StringExtras.h"

namespace wnnx {

std::string Sha256::hex() {
  return llvm::toHex(state.final(), /*LowerCase=*/true);
}

std::string sha256Hex(llvm::ArrayRef<uint8_t> bytes) {
  Sha256 h;
  h.update(bytes);
  return h.hex();
}

std::string sha256Hex(std::string_view text) {
  Sha256 h;
  h.update(text);
  return h.hex();
}

} // namespace wnnx
