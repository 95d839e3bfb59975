// SPDX-License-Identifier: Apache-2.0
//
// What `wnnx-run` does: runs a model with the interpreter or as compiled code, on given or random
// inputs; writes, compares and times results.
#pragma once

#include "wnnx/Driver/Pipeline.h"

namespace wnnx {

struct RunJobOptions {
  std::string model;
  /// "x=x.npy"; the name may be left out where the model has one input, output...
  std::vector<std::string> inputs, outputs, expects;
  std::vector<std::string> shapes; // "x:f32[1,3]", for `.pt` files without `inputs`
  std::string engine = "interp";   // interp, compiled
  PipelineOptions pipeline;
  /// Compares with `expects`, or without them with the interpreter on the model as it was read.
  bool compare = false;
  double tolerance = 1e-4; // of the difference relative to the largest value expected
  bool time = false;
  uint64_t runs = 20;
  uint64_t seed = 0;
  std::string keep; // folder for the generated files of the compiled engine
};

/// Results go to `out`, remarks to `options.pipeline.log`. Fails, without a message of error, when
/// a comparison is beyond its tolerance.
LogicalResult runModel(RunJobOptions options, llvm::raw_ostream &out, Diagnostics &diags);

} // namespace wnnx
