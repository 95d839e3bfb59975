// SPDX-License-Identifier: Apache-2.0
//
// Everything that generated files call by name, decided once so that header, source and map agree.
#pragma once

#include "wnnx/CodeGen/CodeGen.h"

#include <map>

namespace wnnx::cg {

struct Names {
  std::string model, upper;                                 // "resnet18", "RESNET18"
  std::vector<std::string> inputs, outputs;                 // parameters of `run`
  std::vector<std::string> inputConstants, outputConstants; // "RESNET18_X"
  std::vector<std::string> weights;                         // "w_conv1_weight", of each weight
  std::vector<std::string> tensors; // "at_relu"; empty where not in the arena
};

Names nameAll(const Plan &plan, const std::string &modelName);

/// Hashes and sizes that header, source and weight file share.
struct Facts {
  std::string version;               // of the compiler
  std::string graphHash, rulesHash;  // SHA-256, shortened; rules may be empty
  std::vector<uint8_t> weightHeader; // of `weightHeaderBytes`; empty without weights
  int64_t weightBytes = 0;           // header included
  WeightMode mode = WeightMode::Embed;
  std::vector<std::string> isas; // oldest first
  bool matrixUnit = true;        // may be used
};

class CodePrinter;
/// The kernels of the steps for each ISA, and the choice between them.
void emitKernelTables(CodePrinter &out, const Plan &plan, const Names &names, const Facts &facts);
/// The function that hands these tables out; behind the unnamed namespace.
void emitKernelsFunction(CodePrinter &out, const Names &names, const Facts &facts);

GeneratedFile emitHeader(const Plan &plan, const Names &names, const Facts &facts);
/// `firstLines` receives the line at which each step starts.
GeneratedFile emitSource(const Plan &plan, const Names &names, const Facts &facts,
                         std::vector<unsigned> &firstLines);
GeneratedFile emitMap(const Plan &plan, const Names &names,
                      const std::vector<unsigned> &firstLines);
GeneratedFile emitCMake(const Names &names, const Facts &facts);
GeneratedFile emitAssembly(const Names &names);
/// A program that prints the time of each step.
GeneratedFile emitProfile(const Plan &plan, const Names &names, const Facts &facts);
GeneratedFile emitWeights(const Plan &plan, const Names &names, const Facts &facts);
/// "f32 [1, 3, 8, 8]"
std::string typeText(const TensorType &type);

} // namespace wnnx::cg
