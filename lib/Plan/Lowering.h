// SPDX-License-Identifier: Apache-2.0
//
// The state of lowering one graph: which tensors hold each value, in which layout, and the kernel
// calls made so far. The `Lower*.cpp` files, one per op family, ask for operands in the form they
// need and define results; conversions are inserted on demand and remembered. Sharing of buffers is
// not decided here: calls only say what could be shared (`Sharing.h`).
#pragma once

#include "Sharing.h"

#include "wnnx/IR/OpViews.h"
#include "wnnx/Ops/Activation.h"
#include "wnnx/Plan/Plan.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace wnnx {

using Dims = llvm::SmallVector<int64_t, 8>;

/// A strided box of elements in a plain tensor.
struct View {
  int tensor = -1;
  int64_t offset = 0; // elements from the tensor's start
  Dims dims, strides;
  TensorRef ref(DType dtype) const { return {tensor, offset * int64_t(dtypeBytes(dtype))}; }
};

/// An argument of a call: null, a tensor, a place in a tensor, or several.
struct CallArg {
  llvm::SmallVector<TensorRef, 1> refs;
  CallArg(int tensor) : refs(1, TensorRef{tensor, 0}) {}
  CallArg(TensorRef r) : refs(1, r) {}
  CallArg(llvm::ArrayRef<TensorRef> many) : refs(many.begin(), many.end()) {}
};
constexpr int noTensor = -1;

class Lowering {
public:
  Lowering(const Graph &graph, const PlanOptions &opts, Diagnostics &d);

  const Graph &graph;
  const PlanOptions &options;
  Diagnostics &diags;
  Plan plan;
  std::vector<CallNote> notes; // of each call

  /// Lowers every node that an output needs, and the outputs.
  LogicalResult run();

  // ---- values that are not computed yet
  /// A c16 value that its only user, a convolution, computes while it reads `x`:
  /// act(x * scale + shift).
  struct ScaledInput {
    int x, scale, shift;
    int64_t scaleBatchStride;
    wnnrt_act act;
    std::string formula;
    Location loc;
  };
  llvm::DenseMap<const Value *, ScaledInput> scaledInputs;
  /// Layers of blocks that are computed one by one although one kernel could do all.
  llvm::DenseMap<const Node *, BlockChoice> blockParts;
  /// A concatenation of two c16 values in front of a channel shuffle, which does its work.
  llvm::DenseMap<const Value *, const Node *> deferredCats;
  /// A shuffled concatenation of which only pieces are used: the concatenation, and its channel
  /// behind each channel of the value.
  struct Shuffled {
    const Node *cat;
    std::vector<int32_t> table;
  };
  llvm::DenseMap<const Value *, Shuffled> deferredShuffles;

  // ---- operands
  /// The dtype computed with: f32 for f16 and bf16 where the node runs in f32.
  DType dtype(const Value *v) const;
  /// True when the value lies in c16 and converting it to plain would cost a copy.
  bool inC16(const Value *v) const;
  /// True when a c16 tensor of the value exists; once true it stays so.
  bool hasC16(const Value *v) const;
  /// A dense row-major tensor.
  int plain(const Value *v);
  /// The c16 form of an f32 value of rank 4.
  int c16(const Value *v);
  /// As it lies, without copying where it is a strided view of a plain tensor.
  View view(const Value *v);
  /// `view`, with the shape extended and repeated (stride 0) to `shape`.
  View broadcastView(const Value *v, const Shape &shape);
  const Tensor *constant(const Value *v) const { return v ? v->constant() : nullptr; }
  /// `tensor`, or a copy of it, from which `bytes` can be read although it is shorter.
  int readable(int tensor, int64_t bytes);

  /// True when the value is a view in which channels lie together and fill whole blocks, as behind
  /// a permute from [N,H,W,C]: kernels that take strides read it as if it were c16.
  bool channelsLast(const Value *v);
  /// True when a convolution reads the value, at once or behind elementwise ops, or when it is
  /// combined with a value that lies in c16.
  bool wantsC16(const Value *v, unsigned depth = 4) const;

  // ---- results
  int definePlain(const Value *v);
  int defineC16(const Value *v);
  /// The value's elements are those of an existing dense tensor.
  void setPlain(const Value *v, int tensor);
  void setC16(const Value *v, int tensor);
  /// The value is a strided view; it becomes a plain alias where it is dense.
  void setView(const Value *v, View view);
  /// The value is the same as another one of the same shape.
  void setSame(const Value *v, const Value *other);

  // ---- tensors
  int temp(std::string name, TensorType type, Layout layout = Layout::Plain);
  /// Part of a tensor's bytes under its own type.
  int part(int tensor, std::string name, TensorType type, Layout layout, int64_t byteOffset);
  /// Null for 0 bytes.
  int scratch(size_t bytes);
  /// A weight by its final bytes; equal bytes are stored once.
  int weight(std::string name, std::string packing, TensorType type, std::vector<uint8_t> bytes);
  /// A weight of `floats` f32 numbers that `fill` writes; they start as zeros.
  int packedWeight(std::string name, std::string packing, TensorType type, size_t floats,
                   llvm::function_ref<void(float *)> fill);
  int weightFloats(std::string name, std::string packing, TensorType type,
                   llvm::ArrayRef<float> values);
  /// A per-channel vector, padded to a multiple of 16 floats.
  int channelVector(const Value *v);
  int channelConstant(std::string name, llvm::ArrayRef<float> values);

  // ---- calls
  template <class P>
  KernelCall &call(wnnrt_kernel_id id, const P &params, llvm::ArrayRef<CallArg> args,
                   llvm::ArrayRef<unsigned> inPlace = {}) {
    return addCall(id, describe(params), args, inPlace);
  }
  /// Values [N,H,W,C] that lie in c16 tensors as [N,C,H,W], where all their users can read that.
  llvm::DenseMap<const Value *, int> channelsLastC16;

  /// The call also does what stands at `loc`.
  void addPlaces(const Location &loc, KernelCall &c);
  void flatCopy(int from, int to);
  /// Copies a box; the same dims on both sides.
  void copyBox(DType t, const View &from, const View &to);
  void cast(int from, DType fromType, int to, DType toType, int64_t n);
  void fill(int to, DType t, int64_t n, double value);
  /// In place on a whole tensor.
  void unaryInPlace(int tensor, wnnrt_act act);
  /// Where the only user of `n` is an activation that one kernel step can do: sets `act`, and
  /// returns the activation's result, which `n` then defines. Otherwise returns n's own result.
  const Value *foldActivation(const Node &n, wnnrt_act &act);

  /// The call that is made next also does `n`, which nothing has to be done for any more.
  void alsoLower(const Node &n);

  // ---- errors
  LogicalResult unsupported(const Node &n, std::string why, std::string hint = "");
  /// False, after a message, when a float operand or result is not f32 here.
  bool requireF32(const Node &n);

  /// Text of the node being lowered, "y = relu(conv2d(x, w))"; helpers replace it for their calls.
  std::string formula;

private:
  struct Rep {
    int plain = -1, c16 = -1;
    std::optional<View> view;
  };
  llvm::DenseMap<const Value *, Rep> reps, asF32;
  struct Pending {
    const Value *value;
    int tensor;
  };
  std::vector<Pending> pending; // f32 results that still have to be rounded to half
  const Node *current = nullptr;
  llvm::SmallVector<const Node *, 2> folded; // nodes that the current one also does
  llvm::DenseMap<const Node *, bool> done;
  bool computeInF32 = false;
  llvm::DenseMap<uint64_t, llvm::SmallVector<unsigned, 1>> weightsByHash;
  llvm::DenseMap<const Value *, int> channelVectors;

  bool half(const Value *v) const;
  Rep &rep(const Value *v);
  int constantTensor(const Value *v);
  KernelCall &addCall(wnnrt_kernel_id id, ParamRecord params, llvm::ArrayRef<CallArg> args,
                      llvm::ArrayRef<unsigned> inPlace);
  void lower(const Node &n);
  void finishHalfResults();
  void defineEmpty(const Node &n);
  void writeOutputs(const Value *v);
  void writeOutput(unsigned i);
};

/// Strides of the five c16 dims [N, C/16, H, W, 16] for a dense c16 tensor.
Dims c16Dims(const Shape &s);
Dims denseStrides(llvm::ArrayRef<int64_t> dims);
inline int64_t ceil16(int64_t n) {
  return (n + 15) / 16 * 16;
}
inline int32_t i32(int64_t v) {
  return int32_t(v);
}
View denseView(int tensor, llvm::ArrayRef<int64_t> dims);
bool isDense(const View &v);
/// The view under another shape without copying, where strides allow it.
std::optional<View> reshapeView(const View &v, llvm::ArrayRef<int64_t> shape);
wnnrt_dtype runtimeDType(DType t);
std::string formulaOf(const Node &n);
void setDims(int64_t *to, llvm::ArrayRef<int64_t> from);

/// A constant's elements as f32; copied only where they are of another dtype or not aligned.
class Floats {
  std::vector<float> copy;
  const float *first;

public:
  explicit Floats(const Tensor &t);
  const float *data() const { return first; }
};

/// An activation as kernel steps, applied in order; empty for none. Nothing when there are no such
/// kernels.
std::optional<llvm::SmallVector<wnnrt_act, 3>> activationSteps(const Activation &a);
/// The same for the `act` and `act_params` of conv2d and linear.
FailureOr<llvm::SmallVector<wnnrt_act, 3>> fusedSteps(Lowering &l, const Node &n);

/// Calls the function below that fits the op.
LogicalResult lowerNode(Lowering &l, const Node &n);

// One function per op or family; each has reported its failure.
LogicalResult lowerActivation(Lowering &l, const Node &n);
LogicalResult lowerAdaptivePool(Lowering &l, const Node &n);
LogicalResult lowerBatchNorm(Lowering &l, const Node &n);
LogicalResult lowerBinary(Lowering &l, const Node &n);
LogicalResult lowerCat(Lowering &l, const Node &n);
LogicalResult lowerConv2d(Lowering &l, const Node &n);
LogicalResult lowerConvTranspose2d(Lowering &l, const Node &n);
LogicalResult lowerCumsum(Lowering &l, const Node &n);
LogicalResult lowerEmbedding(Lowering &l, const Node &n);
LogicalResult lowerExpand(Lowering &l, const Node &n);
LogicalResult lowerFlip(Lowering &l, const Node &n);
LogicalResult lowerGather(Lowering &l, const Node &n);
LogicalResult lowerGridSample(Lowering &l, const Node &n);
LogicalResult lowerGroupNorm(Lowering &l, const Node &n);
LogicalResult lowerIdentity(Lowering &l, const Node &n);
LogicalResult lowerIndex(Lowering &l, const Node &n);
LogicalResult lowerIndexSelect(Lowering &l, const Node &n);
LogicalResult lowerLinear(Lowering &l, const Node &n);
LogicalResult lowerMatmul(Lowering &l, const Node &n);
LogicalResult lowerPad(Lowering &l, const Node &n);
LogicalResult lowerPermute(Lowering &l, const Node &n);
LogicalResult lowerPool(Lowering &l, const Node &n);
LogicalResult lowerPrelu(Lowering &l, const Node &n);
LogicalResult lowerReduce(Lowering &l, const Node &n);
LogicalResult lowerRecurrent(Lowering &l, const Node &n);
LogicalResult lowerRepeat(Lowering &l, const Node &n);
LogicalResult lowerReshape(Lowering &l, const Node &n);
LogicalResult lowerRoll(Lowering &l, const Node &n);
LogicalResult lowerRowNorm(Lowering &l, const Node &n);
LogicalResult lowerScatter(Lowering &l, const Node &n);
LogicalResult lowerSdpa(Lowering &l, const Node &n);
LogicalResult lowerSlices(Lowering &l, const Node &n);
LogicalResult lowerSliceScatter(Lowering &l, const Node &n);
LogicalResult lowerSoftmax(Lowering &l, const Node &n);
LogicalResult lowerSort(Lowering &l, const Node &n);
LogicalResult lowerTo(Lowering &l, const Node &n);
LogicalResult lowerTri(Lowering &l, const Node &n);
LogicalResult lowerUnary(Lowering &l, const Node &n);
LogicalResult lowerUpsample(Lowering &l, const Node &n);
LogicalResult lowerWhere(Lowering &l, const Node &n);

/// True when the value's only user is a convolution that can scale it while it reads it.
bool takesScaledInput(const Lowering &l, const Value *v);
/// The convolution of such a value; returns the tensor of its result.
int lowerScaledConv(Lowering &l, const Lowering::ScaledInput &input, const Conv2dOp &op,
                    const wnnrt_conv2d_params &conv, int weight, int bias);

/// A reshape of a c16 value to [N,C,HW], and a concatenation of such ones, whose users all permute
/// to [N,HW,C]: made in that order. False where it is something else.
bool lowerToRows(Lowering &l, const Node &reshape);
bool catRows(Lowering &l, const Node &cat);

/// True when every user of a [N,H,W,C] value can read it from c16: layer norms, linears and
/// permutes back to [N,C,H,W].
bool staysInC16(const Lowering &l, const Value *v);
/// Layer norm and linear of such a value.
void lowerLayerNormC16(Lowering &l, const Node &n, int x);
LogicalResult lowerLinearC16(Lowering &l, const Node &n, int x);

/// A block of convolutions that starts with `n`, as one call where that pays; false otherwise.
bool lowerMobileBlock(Lowering &l, const Node &n);

/// Whether `lastReshape` ends a channel shuffle: reshape, permute, reshape, used by nothing else.
bool isChannelShuffle(const Node &lastReshape, int64_t &groups);

} // namespace wnnx
