// SPDX-License-Identifier: Apache-2.0
//
// Operand values for which an op has no result, so that PyTorch raises: positions out of range and
// integer division by zero. Evaluators and generated code do not raise: a position counts as the
// nearest valid one (elements read from an empty dimension are 0), and an integer divided by zero
// gives 0, as does its remainder.
#pragma once

#include "wnnx/Ops/Evaluate.h"

namespace wnnx {

/// What is wrong with these operands, or nothing.
std::optional<std::string> findRuntimeError(const Node &n,
                                            llvm::ArrayRef<const RefTensor<double> *> operands);
/// The same for tensors, in operand order, null where an operand is absent.
std::optional<std::string> findRuntimeError(const Node &n, llvm::ArrayRef<const Tensor *> operands);

} // namespace wnnx
