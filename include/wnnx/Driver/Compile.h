// SPDX-License-Identifier: Apache-2.0
//
// What `wnnxc` does: a model in, a model or C++ out.
#pragma once

#include "wnnx/Driver/Pipeline.h"

namespace wnnx {

struct CompileJobOptions {
  std::string model, output;
  std::vector<std::string> inputs; // "x:f32[1,3,224,224]"
  /// Name of the model; for C++ it is the prefix of symbols and the stem of files.
  std::string name;
  std::string weights = "auto"; // auto, embed, incbin, file
  PipelineOptions pipeline;
  bool stats = false;
  bool arenaReport = false; // prints `printArena` to the log
  bool profile = false;
  std::vector<std::string> isas; // whose kernels C++ holds; empty: all
  std::string winograd = "f4";   // off, f2, f4
  std::string matrixUnit = "on"; // off, on, assume
  std::string tuning;            // a file of measured choices (Plan/Tuning.h) to use
  std::string tune;              // a file to write them to, after measuring
};

/// Reads, transforms and writes. On failure nothing has been written, and the reason is reported.
LogicalResult compileModel(CompileJobOptions options, llvm::raw_ostream &log, Diagnostics &diags);

/// A table of nodes with their multiply-adds and bytes.
std::string nodeTable(const Graph &graph);
/// The ops with their schemas and what they do.
std::string opTable();

} // namespace wnnx
