// SPDX-License-Identifier: Apache-2.0
//
// Runs plans the way a product would: generates the files into a temporary folder, builds a shared
// object with the C++ compiler against libwnnrt, loads it and calls it.
#pragma once

#include "wnnx/CodeGen/CodeGen.h"

#include <memory>

namespace wnnx::cg {

struct CompileOptions {
  std::string compiler;                  // empty: $CXX, else c++
  std::string runtimeDir;                // with include/ and libwnnrt.a; empty: $WNNRT_DIR, else
                                         // that of this build
  std::vector<std::string> flags{"-O2"}; // further compiler flags
  std::string keepIn;                    // a folder for the files instead of a temporary one
};

struct CompileJob {
  const Plan *plan;
  const Graph *graph;
  CodeGenOptions options;
};

struct RunResult {
  std::vector<Tensor> outputs;
  double medianMs = 0, fastestMs = 0;
};

/// A loaded shared object with one or more models.
class CompiledModels {
public:
  ~CompiledModels();
  CompiledModels(const CompiledModels &) = delete;
  CompiledModels &operator=(const CompiledModels &) = delete;

  /// Model names must differ. One model is built from its files as they are; several are built as
  /// one source with embedded weights, which is much faster. Plans must outlive the result.
  static FailureOr<std::unique_ptr<CompiledModels>>
  build(llvm::ArrayRef<CompileJob> jobs, const CompileOptions &options, Diagnostics &diags);

  /// Inputs are of the plan's types (checked). `repeats` runs are timed after one that is not; 0
  /// runs once. A status other than WNNRT_OK is reported.
  FailureOr<RunResult> run(unsigned model, llvm::ArrayRef<Tensor> inputs, unsigned repeats,
                           Diagnostics &diags) const;

private:
  CompiledModels() = default;
  struct Model;
  std::vector<Model> models;
  std::string folder; // removed at the end when temporary
  bool temporary = false;
  void *handle = nullptr;
};

/// Builds the program that `CodeGenOptions::profile` asks for; returns its path in `keepIn`, which
/// must be given. The weights lie beside it, as MODEL.weights.
FailureOr<std::string> buildProfileProgram(const CompileJob &job, const CompileOptions &options,
                                           Diagnostics &diags);

/// For one model: plan, build, run.
FailureOr<RunResult> compileAndRun(const Graph &graph, llvm::ArrayRef<Tensor> inputs,
                                   const CompileOptions &options, unsigned repeats,
                                   Diagnostics &diags);

/// "index out of range" for WNNRT_OUT_OF_RANGE, and so on.
std::string_view statusText(int status);

} // namespace wnnx::cg
