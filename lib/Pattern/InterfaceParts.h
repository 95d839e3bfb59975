// SPDX-License-Identifier: Apache-2.0
//
// Cuts a model in two: what follows from some of its inputs alone, and the rest. In a loop around
// the model those inputs stay the same (a decoder's encoder states), so the first part runs once.
#pragma once

#include "wnnx/Pattern/Interface.h"

namespace wnnx::pat {

/// `keep part of inputs ...` and `drop part of inputs ...`, with the numbers of the inputs. What
/// goes from the first part to the second is an output of the one and an input of the other, by the
/// same name. Returns what was done, or the empty string after `why` was set.
std::string takePart(Graph &g, InterfaceEdit::Kind kind, llvm::ArrayRef<unsigned> inputs,
                     std::string &why);

} // namespace wnnx::pat
