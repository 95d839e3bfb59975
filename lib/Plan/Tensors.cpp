// SPDX-License-Identifier: Apache-2.0
//
// The plan's tensors: temporaries, parts of others, and weights, which are stored once.
#include "Lowering.h"

#include "llvm/Support/xxhash.h"

#include <cstring>

namespace wnnx {

int Lowering::temp(std::string name, TensorType type, Layout layout) {
  PlanTensor t;
  t.name = std::move(name);
  t.bytes = type.bytes();
  if (layout == Layout::C16) {
    Dims d = c16Dims(type.shape);
    t.bytes = d[0] * d[1] * d[2] * d[3] * d[4] * 4;
  }
  t.type = std::move(type);
  t.layout = layout;
  t.buffer = unsigned(plan.buffers.size());
  PlanBuffer b;
  b.bytes = t.bytes;
  plan.buffers.push_back(b);
  plan.tensors.push_back(std::move(t));
  return int(plan.tensors.size()) - 1;
}

int Lowering::part(int tensor, std::string name, TensorType type, Layout layout,
                   int64_t byteOffset) {
  PlanTensor t = plan.tensors[size_t(tensor)];
  t.name = std::move(name);
  t.bytes = type.bytes();
  if (layout == Layout::C16) {
    Dims d = c16Dims(type.shape);
    t.bytes = d[0] * d[1] * d[2] * d[3] * d[4] * 4;
  }
  t.type = std::move(type);
  t.layout = layout;
  t.offset += byteOffset;
  plan.tensors.push_back(std::move(t));
  return int(plan.tensors.size()) - 1;
}

int Lowering::scratch(size_t bytes) {
  if (bytes == 0)
    return noTensor;
  return temp("scratch", {DType::U8, Shape{int64_t(bytes)}});
}

int Lowering::weight(std::string name, std::string packing, TensorType type,
                     std::vector<uint8_t> bytes) {
  uint64_t hash = llvm::xxh3_64bits(llvm::ArrayRef<uint8_t>(bytes)) ^ bytes.size();
  // The hash map reserves its two largest keys.
  auto &same = weightsByHash[hash & (~uint64_t(0) >> 1)];
  for (unsigned w : same)
    if (plan.weights[w].bytes == bytes) {
      for (size_t t = 0; t < plan.tensors.size(); ++t) {
        const PlanBuffer &b = plan.buffers[plan.tensors[t].buffer];
        if (b.storage == Storage::Weight && b.index == w && plan.tensors[t].type == type &&
            plan.tensors[t].offset == 0)
          return int(t);
        if (b.storage == Storage::Weight && b.index == w)
          return part(int(t), plan.weights[w].name, type, Layout::Plain, -plan.tensors[t].offset);
      }
    }
  unsigned index = unsigned(plan.weights.size());
  same.push_back(index);
  PlanTensor t;
  t.name = name;
  t.type = type;
  t.bytes = int64_t(bytes.size());
  t.buffer = unsigned(plan.buffers.size());
  PlanBuffer b;
  b.storage = Storage::Weight;
  b.index = index;
  b.bytes = t.bytes;
  plan.buffers.push_back(b);
  plan.tensors.push_back(std::move(t));
  plan.weights.push_back({std::move(name), std::move(packing), std::move(type), std::move(bytes)});
  return int(plan.tensors.size()) - 1;
}

int Lowering::packedWeight(std::string name, std::string packing, TensorType type, size_t floats,
                           llvm::function_ref<void(float *)> fill) {
  std::vector<uint8_t> bytes(floats * sizeof(float));
  if (floats) // memory from the heap is aligned for every scalar
    fill(reinterpret_cast<float *>(bytes.data()));
  return weight(std::move(name), std::move(packing), std::move(type), std::move(bytes));
}

int Lowering::weightFloats(std::string name, std::string packing, TensorType type,
                           llvm::ArrayRef<float> values) {
  std::vector<uint8_t> bytes(values.size() * 4);
  if (!values.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  return weight(std::move(name), std::move(packing), std::move(type), std::move(bytes));
}

int Lowering::channelConstant(std::string name, llvm::ArrayRef<float> values) {
  std::vector<float> padded(values.begin(), values.end());
  padded.resize(size_t(ceil16(int64_t(values.size()))));
  return weightFloats(std::move(name), "channels", {DType::F32, Shape{int64_t(values.size())}},
                      padded);
}

int Lowering::channelVector(const Value *v) {
  if (!v)
    return noTensor;
  auto found = channelVectors.find(v);
  if (found != channelVectors.end())
    return found->second;
  int t;
  if (const Tensor *c = constant(v)) {
    t = channelConstant(v->name(), {Floats(*c).data(), size_t(c->numel())});
  } else {
    t = readable(plain(v), ceil16(v->type().numel()) * 4);
  }
  channelVectors[v] = t;
  return t;
}

} // namespace wnnx
