// SPDX-License-Identifier: Apache-2.0
//
// Edits of a model's interface: outputs dropped, kept, replaced, cut to the channels in use; inputs
// taken to be constant or in a range. Written in `interface { ... }` blocks of rule files, and on
// the command line. They change what the model promises, so nothing but a request makes them.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Pattern/RangeFacts.h"
#include "wnnx/Support/Diagnostics.h"

#include <functional>
#include <optional>

namespace wnnx::pat {

/// A name, or the number of an output.
struct PortRef {
  std::string name;
  std::optional<int64_t> number;
  SourceRange range;
};

/// One entry of `value[:, -1, 2:4]`.
struct PortIndex {
  enum Kind { At, Slice, Rest } kind = Slice;
  int64_t at = 0;
  std::optional<int64_t> start, end, step;
  SourceRange range;
};

struct InterfaceEdit {
  enum Kind {
    DropOutputs, // drop output a, b;
    KeepOutputs, // keep outputs a, 1;   in this order
    SetOutput,   // output a = v[..., -1];
    DropInput,   // drop input a;        when it has no uses left
    AssumeValue, // assume input a = 1;  = [0, 1];  = file("a.npy");  = arange;
    AssumeRange, // assume input a in [0, 255];
    UseChannels, // use channels [0, 2] of output a dim 1;
    KeepPart,    // keep part of inputs a;   what follows from them alone
    DropPart, // drop part of inputs a;   the rest, which takes the results of that part as inputs
  } kind = DropOutputs;
  SourceRange range;
  std::vector<PortRef> ports; // what is dropped, kept, or named by a part; else a port alone
  PortRef source;             // SetOutput
  std::vector<PortIndex> indices;
  std::vector<double> numbers; // AssumeValue: one, or all elements; AssumeRange: low and high
  std::string file;            // AssumeValue
  bool arange = false, integer = false;
  std::vector<int64_t> channels; // UseChannels
  int64_t dim = 1;
};

/// Reads the edits in [begin, end) of a file, which stand between braces there, or alone.
std::vector<InterfaceEdit> parseInterface(const SourceFile &file, uint32_t begin, uint32_t end,
                                          Diagnostics &diags);

struct InterfaceResult {
  InputRanges ranges;             // of inputs, for range facts
  std::vector<std::string> notes; // one line for each edit made
};

/// Makes the edits in order, then takes away what no output needs. On failure everything wrong has
/// been reported and the graph must not be used. `loadTensor` reads a file named by an edit.
LogicalResult
applyInterface(Graph &g, llvm::ArrayRef<InterfaceEdit> edits,
               const std::function<FailureOr<Tensor>(const std::string &path)> &loadTensor,
               InterfaceResult &result, Diagnostics &diags);

} // namespace wnnx::pat
