// SPDX-License-Identifier: Apache-2.0
//
// What an op or attribute is called here that has another name elsewhere (OtherNames.def), for
// messages about unknown names.
#pragma once

#include "wnnx/IR/Ops.h"

namespace wnnx::pat {

/// The op meant by a name of PyTorch's modules (`nn.ReLU`), functions (`F.relu`, `view`) or ONNX
/// (`Gemm`); empty where there is none.
std::string_view opKnownAs(std::string_view name);

/// The attribute of `op` meant by a name such as `axis`; empty where there is none.
std::string_view attrKnownAs(std::string_view name, const OpInfo &op);

} // namespace wnnx::pat
