// SPDX-License-Identifier: Apache-2.0
//
// Tensors of an archive: storage records checked against their description, views of the memory
// map where the layout is row-major, strided copies elsewhere.
#include "Archive.h"
#include "Limits.h"

#include "llvm/ADT/StringSwitch.h"

#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wnnx::ts {

std::optional<DType> dtypeOfStorage(llvm::StringRef s) {
  using R = std::optional<DType>;
  return llvm::StringSwitch<R>(s)
      .Case("ByteStorage", R(DType::U8))
      .Case("CharStorage", R(DType::I8))
      .Case("ShortStorage", R(DType::I16))
      .Case("IntStorage", R(DType::I32))
      .Case("LongStorage", R(DType::I64))
      .Case("HalfStorage", R(DType::F16))
      .Case("FloatStorage", R(DType::F32))
      .Case("DoubleStorage", R(DType::F64))
      .Case("BoolStorage", R(DType::Bool))
      .Case("BFloat16Storage", R(DType::BF16))
      .Default(std::nullopt);
}

std::optional<DType> dtypeOfScalarType(int64_t code) {
  switch (code) {
  case 0:
    return DType::U8;
  case 1:
    return DType::I8;
  case 2:
    return DType::I16;
  case 3:
    return DType::I32;
  case 4:
    return DType::I64;
  case 5:
    return DType::F16;
  case 6:
    return DType::F32;
  case 7:
    return DType::F64;
  case 11:
    return DType::Bool;
  case 15:
    return DType::BF16;
  default:
    return std::nullopt;
  }
}

int64_t scalarTypeOf(DType t) {
  switch (t) {
  case DType::U8:
    return 0;
  case DType::I8:
    return 1;
  case DType::I16:
    return 2;
  case DType::I32:
    return 3;
  case DType::I64:
    return 4;
  case DType::F16:
    return 5;
  case DType::F32:
    return 6;
  case DType::F64:
    return 7;
  case DType::Bool:
    return 11;
  case DType::BF16:
    return 15;
  }
  return 6;
}

std::string scalarTypeName(int64_t code) {
  static constexpr const char *names[] = {
      "uint8",   "int8",    "int16",     "int32",     "int64",      "float16",
      "float32", "float64", "complex32", "complex64", "complex128", "bool",
      "qint8",   "quint8",  "qint32",    "bfloat16",  "quint4x2",   "quint2x4"};
  if (code >= 0 && code < int64_t(std::size(names)))
    return names[code];
  return fmt::format("ScalarType {}", code);
}

std::string Archive::identity(const PickleData &pickle, PickleRef ref, llvm::StringRef folder) {
  const PickleTensor &t = pickle.tensors[pickle[ref].aux];
  const PickleStorage &s = pickle.storages[pickle[t.storage].aux];
  return fmt::format("{}{}:{}:{}:{}:{}", folder.str(), s.key, s.type, t.offset,
                     fmt::join(t.sizes, ","), fmt::join(t.strides, ","));
}

FailureOr<const Archive::Storage *> Archive::loadStorage(const PickleStorage &s,
                                                         llvm::StringRef folder, unsigned itemSize,
                                                         llvm::StringRef name) {
  std::string record = folder.str() + s.key;
  auto [it, fresh] = storages.try_emplace(record);
  Storage &result = it->second;
  if (!fresh)
    return result.good ? FailureOr<const Storage *>(&result) : failure();
  auto error = [&](std::string message) {
    return diags->error(placeOf(record), "ts-weights",
                        fmt::format("weights of `{}`: {}", name.str(), message));
  };
  const ZipEntry *e = entry(record);
  if (s.location == "meta")
    return error("the model was saved on the meta device, so its weights are not in the file");
  if (!e)
    return error("the record is missing");
  if (s.numel > int64_t(e->size / itemSize) || uint64_t(s.numel) * itemSize != e->size)
    return error(fmt::format("the record has {} bytes, but {} elements of {} bytes are expected",
                             e->size, s.numel, itemSize));
  if (e->deflated) {
    FailureOr<std::vector<uint8_t>> copy = zip->read(*e, limits::inflatedBytes, *diags);
    if (failed(copy))
      return failure();
    auto kept = std::make_shared<std::vector<uint8_t>>(std::move(*copy));
    result.data = kept->data();
    result.owner = std::move(kept);
  } else {
    if (failed(zip->checkCrc(*e, *diags)))
      return failure();
    result.data = zip->stored(*e).data();
    result.owner = owner;
  }
  result.good = true;
  return &result;
}

namespace {

/// Copies a strided region of elements into row-major order.
std::vector<uint8_t> gather(const uint8_t *base, const PickleTensor &t, unsigned itemSize,
                            int64_t numel) {
  std::vector<uint8_t> out(size_t(numel) * itemSize);
  size_t rank = t.sizes.size();
  std::vector<int64_t> index(rank, 0);
  int64_t offset = t.offset;
  uint8_t *to = out.data();
  for (int64_t i = 0; i < numel; ++i, to += itemSize) {
    std::memcpy(to, base + offset * itemSize, itemSize);
    for (size_t d = rank; d-- > 0;) {
      offset += t.strides[d];
      if (++index[d] < t.sizes[d])
        break;
      offset -= t.strides[d] * t.sizes[d];
      index[d] = 0;
    }
  }
  return out;
}

bool rowMajor(const PickleTensor &t) {
  int64_t expected = 1;
  for (size_t d = t.sizes.size(); d-- > 0;) {
    if (t.sizes[d] != 1 && t.strides[d] != expected)
      return false;
    expected *= t.sizes[d];
  }
  return true;
}

} // namespace

FailureOr<Tensor> Archive::loadTensor(const PickleData &pickle, PickleRef ref,
                                      llvm::StringRef folder, llvm::StringRef name) {
  const PickleTensor &t = pickle.tensors[pickle[ref].aux];
  const PickleStorage &s = pickle.storages[pickle[t.storage].aux];
  auto error = [&](std::string message) {
    return diags->error(placeOf(folder.str() + s.key), "ts-weights",
                        fmt::format("tensor `{}`: {}", name.str(), message));
  };
  llvm::StringRef type = s.type;
  type.consume_back("Storage");
  if (t.quantized)
    return error("quantized tensors are not supported")
        .hint("export the float model; quantize it after the import");
  if (t.conjugateOrNegative || type.starts_with("Complex"))
    return error("complex tensors are not supported");
  std::optional<DType> dtype = dtypeOfStorage(s.type);
  if (!dtype)
    return error(fmt::format("elements of type `{}` are not supported", type.str()));
  unsigned itemSize = dtypeBytes(*dtype);
  std::optional<int64_t> numel = checkedNumel(t.sizes);
  if (!numel || int64_t(t.sizes.size()) > limits::tensorRank || t.offset < 0)
    return error("impossible sizes");
  // The last element must lie inside of the storage.
  int64_t last = t.offset;
  for (size_t d = 0; d < t.sizes.size(); ++d) {
    int64_t span = 0;
    if (t.strides[d] < 0 ||
        (*numel && (__builtin_mul_overflow(t.sizes[d] - 1, t.strides[d], &span) ||
                    __builtin_add_overflow(last, span, &last))))
      return error("impossible strides");
  }
  if (*numel && last >= s.numel)
    return error(fmt::format("element {} lies outside of its storage of {}", last, s.numel));
  TensorType ty{*dtype, Shape(t.sizes)};
  if (*numel == 0)
    return Tensor::zeros(ty);
  FailureOr<const Storage *> storage = loadStorage(s, folder, itemSize, name);
  if (failed(storage))
    return failure();
  const uint8_t *base = (*storage)->data;
  bool direct = rowMajor(t);
  if (!direct && *numel > s.numel && *numel * itemSize > limits::expandedBytes)
    return error("an expanded view of more than 1 GiB");
  if (*dtype == DType::Bool) {
    std::vector<uint8_t> copy = gather(base, t, 1, *numel);
    for (uint8_t &b : copy)
      b = b != 0;
    return Tensor::own(ty, std::move(copy));
  }
  if (direct)
    return Tensor::view(ty, (*storage)->owner, base + t.offset * itemSize);
  return Tensor::own(ty, gather(base, t, itemSize, *numel));
}

} // namespace wnnx::ts
