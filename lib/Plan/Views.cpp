// SPDX-License-Identifier: Apache-2.0
//
// Strides, shapes of views, and constants as floats.
#include "Lowering.h"

#include "wnnx/Support/Check.h"

#include <cstring>

namespace wnnx {

Dims denseStrides(llvm::ArrayRef<int64_t> dims) {
  Dims s(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;)
    s[i - 1] = s[i] * dims[i];
  return s;
}

Dims c16Dims(const Shape &s) {
  return {s[0], (s[1] + 15) / 16, s[2], s[3], 16};
}

View denseView(int tensor, llvm::ArrayRef<int64_t> dims) {
  return {tensor, 0, Dims(dims.begin(), dims.end()), denseStrides(dims)};
}

bool isDense(const View &v) {
  int64_t expected = 1;
  for (size_t i = v.dims.size(); i-- > 0;) {
    if (v.dims[i] == 0)
      return true;
    if (v.dims[i] != 1 && v.strides[i] != expected)
      return false;
    expected *= v.dims[i];
  }
  return true;
}

std::optional<View> reshapeView(const View &v, llvm::ArrayRef<int64_t> shape) {
  // Old dims are grouped into runs that are dense in themselves; each run must be covered by whole
  // new dims.
  View r{v.tensor, v.offset, Dims(shape.begin(), shape.end()), Dims(shape.size(), 0)};
  size_t o = 0, n = 0;
  while (o < v.dims.size() || n < shape.size()) {
    size_t oEnd = o, nEnd = n;
    int64_t oProduct = 1, nProduct = 1;
    if (oEnd < v.dims.size())
      oProduct = v.dims[oEnd++];
    if (nEnd < shape.size())
      nProduct = shape[nEnd++];
    while (oProduct != nProduct) {
      if (oProduct < nProduct) {
        if (oEnd == v.dims.size())
          return std::nullopt;
        oProduct *= v.dims[oEnd++];
      } else {
        if (nEnd == shape.size())
          return std::nullopt;
        nProduct *= shape[nEnd++];
      }
    }
    int64_t stride = 0, size = 1;
    for (size_t i = oEnd; i-- > o;) {
      if (v.dims[i] == 1)
        continue;
      if (size == 1)
        stride = v.strides[i];
      else if (v.strides[i] != stride * size)
        return std::nullopt;
      size *= v.dims[i];
    }
    for (size_t i = nEnd; i-- > n;) {
      r.strides[i] = stride;
      stride *= shape[i];
    }
    o = oEnd;
    n = nEnd;
  }
  return r;
}

wnnrt_dtype runtimeDType(DType t) {
  static_assert(WNNRT_F32 == int(DType::F32) && WNNRT_F16 == int(DType::F16) &&
                    WNNRT_BF16 == int(DType::BF16) && WNNRT_F64 == int(DType::F64) &&
                    WNNRT_I8 == int(DType::I8) && WNNRT_U8 == int(DType::U8) &&
                    WNNRT_I16 == int(DType::I16) && WNNRT_I32 == int(DType::I32) &&
                    WNNRT_I64 == int(DType::I64) && WNNRT_BOOL == int(DType::Bool),
                "the runtime numbers dtypes as we do");
  return wnnrt_dtype(t);
}

void setDims(int64_t *to, llvm::ArrayRef<int64_t> from) {
  WNNX_CHECK(from.size() <= WNNRT_MAX_RANK, "rank fits the kernel's parameters");
  std::copy(from.begin(), from.end(), to);
}

Floats::Floats(const Tensor &t) {
  if (t.dtype() == DType::F32 && reinterpret_cast<uintptr_t>(t.data()) % alignof(float) == 0) {
    first = reinterpret_cast<const float *>(t.data());
    return;
  }
  copy.resize(size_t(t.numel()));
  if (t.dtype() == DType::F32)
    std::memcpy(copy.data(), t.data(), copy.size() * 4);
  else
    for (size_t i = 0; i < copy.size(); ++i)
      copy[i] = float(t.getDouble(int64_t(i)));
  first = copy.data();
}

} // namespace wnnx
