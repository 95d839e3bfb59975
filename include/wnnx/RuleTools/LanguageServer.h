// SPDX-License-Identifier: Apache-2.0
//
// A language server for rule files: the Language Server Protocol over a pair of streams.
#pragma once

#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <string>

namespace wnnx::pat {

/// Reads up to `size` bytes to `to`; 0 at the end of the input.
using ReadBytes = std::function<size_t(char *to, size_t size)>;

/// Serves until `exit` or the end of the input; returns the exit status: 0 after an orderly
/// shutdown. Input that is no message is answered with an error or ends the session; it never
/// crashes the server.
int serveLanguage(const ReadBytes &read, llvm::raw_ostream &out, llvm::raw_ostream &log);

} // namespace wnnx::pat
