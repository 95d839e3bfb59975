// SPDX-License-Identifier: Apache-2.0
//
// The plan of one model: kernel calls in order, the tensors they work on, where each tensor lies,
// and the packed weights. A value without pointers into the graph; code generation prints it.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Plan/Kernel.h"
#include "wnnx/Support/Diagnostics.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <vector>

namespace wnnx {

/// Plain is row-major; C16 is the runtime's [N][ceil(C/16)][H][W][16] of f32.
enum class Layout : uint8_t { Plain, C16 };
enum class Storage : uint8_t { Input, Output, Arena, Weight };

/// Memory that tensors lie in.
struct PlanBuffer {
  Storage storage = Storage::Arena;
  unsigned index = 0;        // number of the input, output or weight
  int64_t bytes = 0;         // padding included
  int64_t offset = 0;        // in the arena, or in the weights
  int first = -1, last = -1; // steps that touch it, both included; -1 when none does
};

/// A tensor in a buffer. Several may share bytes: views, and results written in place.
struct PlanTensor {
  std::string name;
  TensorType type;
  Layout layout = Layout::Plain;
  unsigned buffer = 0;
  int64_t offset = 0; // bytes from the buffer's start
  int64_t bytes = 0;  // padding lanes included
};

/// Where an argument points; tensor -1 is the null pointer.
struct TensorRef {
  int tensor = -1;
  int64_t byteOffset = 0;
};

struct KernelArg {
  ArgKind kind;
  llvm::SmallVector<TensorRef, 1> refs; // one, but for ArgKind::Ins
};

/// Part of a block of layers that one kernel can compute as well.
struct BlockChoice {
  std::string block, variant, modelVariant; // as KernelCall has them
  bool begins = false;                      // the first layer of its block
};

struct KernelCall {
  wnnrt_kernel_id kernel;
  ParamRecord params;
  llvm::SmallVector<KernelArg, 5> args; // as the kernel's row
  std::string formula;                  // "relu = relu(conv2d(x, w, b))"
  std::vector<std::string> nodes;       // places in the model, for people
  std::vector<std::string> rules; // rewrite rules that made the node: "conv_relu (fuse.pat:12)"
  Location loc;
  int64_t macs = 0, bytes = 0;
  bool alone = false; // too short to be shared out to threads
  /// Where several kernels could do it: the layer as tuning files name it, the kernel that was
  /// taken, and the one that the cost model prefers.
  std::string layer, variant, modelVariant;
  BlockChoice block; // empty outside of blocks
};

struct PackedWeight {
  std::string name;    // as in the model
  std::string packing; // "conv2d_c16", "linear", "plain"...
  TensorType type;     // before packing
  std::vector<uint8_t> bytes;
  int64_t offset = 0; // from the start of all weights
};

struct PlanPort {
  std::string name;
  TensorType type;
};

struct TuningTable;

struct Plan {
  std::vector<PlanPort> inputs, outputs;
  std::vector<PlanBuffer> buffers;
  std::vector<PlanTensor> tensors;
  std::vector<KernelCall> calls;
  std::vector<PackedWeight> weights; // in order of first use
  int64_t weightBytes = 0;           // a multiple of 64
  int64_t arenaBytes = 0, arenaLowerBound = 0;
  int64_t arenaBytesAsWritten = 0; // what the steps would need in the model's own order
  int64_t arenaAlignment = 64;
  int64_t macs = 0;

  const PlanBuffer &bufferOf(int tensor) const { return buffers[tensors[size_t(tensor)].buffer]; }
};

/// Whether convolutions may run on a CPU's matrix unit: never; where nothing is lost on CPUs
/// without one; or wherever it is the fastest on CPUs that have it.
enum class MatrixUnit { Off, On, Assume };

struct PlanOptions {
  /// Off: every 4-D tensor stays plain and convolutions run on the plain kernel. For tests.
  bool blockedLayout = true;
  /// The largest output tile of Winograd convolutions that may be chosen: 0 (none), 2 or 4.
  int winograd = 4;
  MatrixUnit matrixUnit = MatrixUnit::On;
  /// Measured choices that go before those of the cost model; may be null.
  const TuningTable *tuning = nullptr;
  /// The variant of all layers that have it, before everything else; for measuring.
  std::string variant;
  /// Off: no buffer is shared but by views. For tests.
  bool shareBuffers = true;

  /// The name of the variant to take for a layer if it has that one; empty: the cost model's.
  std::string wantedVariant(const std::string &layer) const;
};

/// Lowers a verified graph. Everything that cannot be compiled is reported, node by node.
FailureOr<Plan> makePlan(const Graph &g, const PlanOptions &options, Diagnostics &diags);

/// Arena, lower bound and arena in the model's own order, in bytes, and which tensors live in the
/// step that decides the bound. For people and for tests.
std::string printArena(const Plan &plan);

/// A table of the plan for people and tests: one line per call, then the arena.
std::string printPlan(const Plan &plan);

} // namespace wnnx
