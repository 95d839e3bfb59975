// SPDX-License-Identifier: Apache-2.0
//
// The safetensors container: header first, then the bytes of each tensor.
#include "wnnx/Export/Wnnx/WnnxWriter.h"

#include "wnnx/Support/Json.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace wnnx {

constexpr int64_t dataAlignment = 64;
constexpr size_t headerLimit = 100'000'000; // the format's own

/// The largest power of two, up to the alignment we want, that divides a tensor's size. The format
/// allows no gaps, so in falling order of this every tensor begins at a multiple of its own.
static int64_t sizeAlignment(const Tensor &t) {
  int64_t n = t.bytes();
  return n % dataAlignment == 0 ? dataAlignment : n & -n;
}

llvm::Error writeSafetensors(llvm::raw_ostream &os, std::vector<NamedTensor> tensors,
                             const std::map<std::string, std::string> &metadata) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const NamedTensor &a, const NamedTensor &b) {
    return sizeAlignment(a.tensor) > sizeAlignment(b.tensor);
  });
  std::string header;
  JsonWriter w(header);
  w.beginObject();
  w.key("__metadata__");
  w.beginObject();
  for (const auto &[key, value] : metadata) {
    w.key(key);
    w.value(value);
  }
  w.endObject();
  int64_t offset = 0;
  for (const NamedTensor &t : tensors) {
    w.key(t.name);
    w.beginObject();
    w.key("dtype");
    // The format's names are ours in capitals.
    w.value(llvm::StringRef(dtypeName(t.tensor.dtype())).upper());
    w.key("shape");
    w.beginArray();
    for (int64_t d : t.tensor.shape())
      w.value(d);
    w.endArray();
    w.key("data_offsets");
    w.beginArray();
    w.value(offset);
    offset += t.tensor.bytes();
    w.value(offset);
    w.endArray();
    w.endObject();
  }
  w.endObject();
  header.append((dataAlignment - (8 + header.size()) % dataAlignment) % dataAlignment, ' ');
  if (header.size() > headerLimit)
    return llvm::createStringError("the header would have " + std::to_string(header.size()) +
                                   " bytes; the format allows " + std::to_string(headerLimit));
  for (unsigned i = 0; i < 8; ++i)
    os << char((uint64_t(header.size()) >> (8 * i)) & 255);
  os << header;
  for (const NamedTensor &t : tensors)
    os.write(reinterpret_cast<const char *>(t.tensor.data()), size_t(t.tensor.bytes()));
  return llvm::Error::success();
}

} // namespace wnnx
