// SPDX-License-Identifier: Apache-2.0
//
// Errors of the world as text in our style.
#include "wnnx/Support/ErrorText.h"

#include <cctype>

namespace wnnx {

std::string errorText(llvm::Error error) {
  std::string text;
  llvm::handleAllErrors(
      std::move(error), [&](const llvm::FileError &e) { text = e.messageWithoutFileInfo(); },
      [&](const llvm::ErrorInfoBase &e) { text = e.message(); });
  // Messages of ours start in lower case; an abbreviation keeps its capitals.
  if (text.size() > 1 && !std::isupper(static_cast<unsigned char>(text[1])))
    text[0] = char(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

} // namespace wnnx
