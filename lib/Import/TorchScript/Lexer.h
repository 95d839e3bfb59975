// SPDX-License-Identifier: Apache-2.0
//
// Tokens of TorchScript source, with indentation turned into Indent and Dedent tokens as Python
// does. Inside brackets line ends do not count.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include <vector>

namespace wnnx::ts {

enum class Tok : uint8_t {
  Name,
  Int,
  Float,
  Imaginary,
  Str,
  Punct, // one of ()[]{},:.=-* or ->
  Newline,
  Indent,
  Dedent,
  End,
};

struct Token {
  Tok kind = Tok::End;
  char punct = 0; // '>' stands for "->"
  uint32_t begin = 0, end = 0;
};

/// The tokens of a whole file, ending with End. Fails after an error.
FailureOr<std::vector<Token>> tokenize(const SourceFile &file, Diagnostics &diags);

/// The value of a string literal token, or nothing when an escape is malformed.
std::optional<std::string> unescape(std::string_view literal);

} // namespace wnnx::ts
