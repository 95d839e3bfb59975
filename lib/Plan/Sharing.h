// SPDX-License-Identifier: Apache-2.0
//
// Decides which buffers are one: copies become views of what they copy to or from, elementwise
// results are written over a dying operand. Every merge is checked against all accesses of the
// bytes concerned, so that no call sees a value that was overwritten.
#pragma once

#include "wnnx/Plan/Plan.h"

namespace wnnx {

/// What lowering knows of a call beyond what the kernel needs.
struct CallNote {
  /// The call only copies all bytes of `copyFrom` to `copyTo`.
  int copyFrom = -1, copyTo = -1;
  /// The call only writes a box of `pieceOf`, and others write the rest, each its own; `alike`:
  /// what it copies lies at the same place in this tensor, which has as many bytes.
  int pieceOf = -1, alike = -1;
  /// Arguments whose memory the first written argument may take over.
  llvm::SmallVector<unsigned, 2> inPlace;
};

/// Merges what is copied with what it is copied to, and removes the copies that became no-ops.
void shareCopies(Plan &plan, std::vector<CallNote> &notes);
/// Lets results take the memory of operands that die with their step. Depends on the order of
/// steps.
void shareInPlace(Plan &plan, std::vector<CallNote> &notes);

} // namespace wnnx
