// SPDX-License-Identifier: Apache-2.0
//
// NumPy's element kinds to ours and back; random tensors.
#include "wnnx/Driver/TensorFile.h"

#include "wnnx/Support/Npy.h"

#include <algorithm>

namespace wnnx {

namespace {
struct Kind {
  std::string_view npy;
  DType dtype;
};
// The first row of a dtype is how it is written.
constexpr Kind kinds[] = {{"f4", DType::F32},  {"f2", DType::F16}, {"u2", DType::BF16},
                          {"V2", DType::BF16}, {"f8", DType::F64}, {"i1", DType::I8},
                          {"u1", DType::U8},   {"i2", DType::I16}, {"i4", DType::I32},
                          {"i8", DType::I64},  {"b1", DType::Bool}};
} // namespace

FailureOr<Tensor> readTensorFile(const std::string &path, Diagnostics &diags) {
  FailureOr<NpyArray> array = readNpy(path, diags);
  if (failed(array))
    return failure();
  auto kind = std::find_if(std::begin(kinds), std::end(kinds),
                           [&](const Kind &k) { return k.npy == array->kind; });
  if (kind == std::end(kinds))
    return diags.error(path, "npy-dtype", "tensors have no element type `" + array->kind + "`")
        .hint("convert it, for example with `a.astype(numpy.int64)`");
  return Tensor::view({kind->dtype, Shape(array->shape)}, array->owner, array->data);
}

LogicalResult writeTensorFile(const Tensor &tensor, const std::string &path, Outputs &outputs) {
  llvm::raw_ostream *os = outputs.create(path);
  if (!os)
    return failure();
  auto kind = std::find_if(std::begin(kinds), std::end(kinds),
                           [&](const Kind &k) { return k.dtype == tensor.dtype(); });
  writeNpy(*os, kind->npy, tensor.shape().ref(), tensor.raw());
  return success();
}

/// SplitMix64: a fixed, portable sequence.
static uint64_t nextRandom(uint64_t &state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Tensor randomTensor(const TensorType &type, uint64_t &seed) {
  std::vector<uint8_t> bytes(size_t(type.bytes()));
  unsigned step = dtypeBytes(type.dtype);
  for (size_t i = 0; i < bytes.size(); i += step) {
    uint64_t r = nextRandom(seed) >> 11;
    if (isFloat(type.dtype))
      storeElement(type.dtype, &bytes[i], double(r) * 0x1p-52 - 1);
    else if (type.dtype == DType::U8 || type.dtype == DType::I8)
      bytes[i] = uint8_t(r);
    else
      storeElementInt(type.dtype, &bytes[i], int64_t(r & 1));
  }
  return Tensor::own(type, std::move(bytes));
}

} // namespace wnnx
