// SPDX-License-Identifier: Apache-2.0
//
// Checks a safetensors file against its format: sizes, offsets, no holes, no overlaps, no
// duplicates. Every number is taken for hostile until it is checked.
#include "wnnx/Import/Wnnx/Safetensors.h"

#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/Json.h"
#include "wnnx/Support/MappedFile.h"

#include <algorithm>

namespace wnnx {
namespace {

struct ElementKind {
  std::string_view name;
  unsigned bits;
  std::optional<DType> dtype;
};
constexpr ElementKind elementKinds[] = {
    {"F32", 32, DType::F32},      {"F16", 16, DType::F16},      {"BF16", 16, DType::BF16},
    {"F64", 64, DType::F64},      {"I8", 8, DType::I8},         {"U8", 8, DType::U8},
    {"I16", 16, DType::I16},      {"I32", 32, DType::I32},      {"I64", 64, DType::I64},
    {"BOOL", 8, DType::Bool},     {"U16", 16, std::nullopt},    {"U32", 32, std::nullopt},
    {"U64", 64, std::nullopt},    {"C64", 64, std::nullopt},    {"F8_E5M2", 8, std::nullopt},
    {"F8_E4M3", 8, std::nullopt}, {"F8_E8M0", 8, std::nullopt}, {"F6_E2M3", 6, std::nullopt},
    {"F6_E3M2", 6, std::nullopt}, {"F4", 4, std::nullopt},
};

constexpr uint64_t headerLimit = 100'000'000;

uint64_t headerLength(llvm::ArrayRef<uint8_t> bytes) {
  uint64_t n = 0;
  for (unsigned i = 0; i < 8; ++i)
    n |= uint64_t(bytes[i]) << (8 * i);
  return n;
}

} // namespace

class SafetensorsParser {
  SafetensorsFile &file;
  Diagnostics &diags;
  uint64_t dataBytes = 0;
  const uint8_t *data = nullptr;
  struct Range {
    uint64_t begin, end;
    size_t entry;
  };
  std::vector<Range> ranges;

  LogicalResult error(std::string message) {
    return diags.error(file.fileName, "safetensors-malformed", std::move(message));
  }

  LogicalResult parseMetadata(JsonValue value) {
    if (!value.is(JsonKind::Object))
      return error("`__metadata__` must be an object; found " +
                   std::string(jsonKindName(value.kind())));
    for (JsonValue member : value) {
      std::optional<std::string_view> text = member.asStr();
      if (!text)
        return error("`__metadata__` entry " + jsonQuote(member.key()) +
                     " must be a string; found " + std::string(jsonKindName(member.kind())));
      file.meta.emplace(member.key(), *text);
    }
    return success();
  }

  LogicalResult parseShape(JsonValue value, const std::string &what, Shape &shape) {
    if (!value.is(JsonKind::Array))
      return error(what + ": `shape` must be an array of sizes");
    if (value.size() > 64)
      return error(what + ": `shape` has " + std::to_string(value.size()) + " dimensions");
    for (JsonValue d : value) {
      std::optional<int64_t> n = d.asInt();
      if (!n || *n < 0)
        return error(what + ": `shape` must be an array of sizes");
      shape.push(*n);
    }
    if (!checkedNumel(shape.ref()))
      return error(what + ": shape " + shape.str() + " has too many elements");
    return success();
  }

  LogicalResult parseEntry(JsonValue value) {
    std::string what = "tensor " + jsonQuote(value.key().substr(0, 300));
    if (!value.is(JsonKind::Object))
      return error(what + " must be an object; found " + std::string(jsonKindName(value.kind())));
    for (JsonValue member : value) {
      if (member.key() != "dtype" && member.key() != "shape" && member.key() != "data_offsets")
        return error(what + ": unknown field " + jsonQuote(member.key().substr(0, 100)));
    }
    SafetensorsFile::Entry entry;
    entry.name = value.key();
    std::optional<std::string_view> dtype = value.get("dtype").asStr();
    if (!dtype)
      return error(what + ": `dtype` must be a string");
    auto kind = std::find_if(std::begin(elementKinds), std::end(elementKinds),
                             [&](const ElementKind &k) { return k.name == *dtype; });
    if (kind == std::end(elementKinds))
      return error(what + ": unknown dtype " + jsonQuote(dtype->substr(0, 100)));
    entry.dtypeName = *dtype;
    entry.dtype = kind->dtype;
    if (parseShape(value.get("shape"), what, entry.shape).failed())
      return failure();

    JsonValue offsets = value.get("data_offsets");
    std::vector<int64_t> ends;
    if (offsets.is(JsonKind::Array) && offsets.size() == 2) {
      for (JsonValue o : offsets)
        ends.push_back(o.asInt().value_or(-1));
    }
    if (ends.size() != 2 || ends[0] < 0 || ends[1] < 0)
      return error(what + ": `data_offsets` must be two offsets");
    Range r{uint64_t(ends[0]), uint64_t(ends[1]), file.list.size()};
    if (r.begin > r.end || r.end > dataBytes)
      return error(what + ": bytes [" + std::to_string(r.begin) + ", " + std::to_string(r.end) +
                   ") are not within the file's " + std::to_string(dataBytes) +
                   " bytes of data; the file may be truncated");
    uint64_t bits = uint64_t(entry.shape.numel()) * kind->bits; // at most 2^46
    if (bits != (r.end - r.begin) * 8)
      return error(what + ": " + entry.dtypeName + entry.shape.str() + " takes " +
                   std::to_string((bits + 7) / 8) + " bytes; its offsets span " +
                   std::to_string(r.end - r.begin));
    static const uint8_t none = 0;
    entry.data = r.end == r.begin ? &none : data + r.begin;
    entry.bytes = r.end - r.begin;
    ranges.push_back(r);
    file.index[entry.name] = file.list.size();
    file.list.push_back(std::move(entry));
    return success();
  }

  /// The tensors cover the data exactly once.
  LogicalResult checkCover() {
    std::sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    uint64_t at = 0;
    for (const Range &r : ranges) {
      if (r.begin != at)
        return error("tensor " + jsonQuote(file.list[r.entry].name) + " begins at byte " +
                     std::to_string(r.begin) + " of the data where byte " + std::to_string(at) +
                     (r.begin < at ? " is expected: tensors overlap"
                                   : " is expected: bytes belong to no tensor"));
      at = r.end;
    }
    if (at != dataBytes)
      return error("the last " + std::to_string(dataBytes - at) +
                   " bytes of the file belong to no tensor");
    return success();
  }

public:
  SafetensorsParser(SafetensorsFile &f, Diagnostics &d) : file(f), diags(d) {}

  LogicalResult parse(llvm::ArrayRef<uint8_t> bytes) {
    if (bytes.size() < 8)
      return error("a file of " + std::to_string(bytes.size()) +
                   " bytes is too short to be a safetensors file");
    uint64_t length = headerLength(bytes);
    if (length > headerLimit)
      return error("not a safetensors file: its header would have " + std::to_string(length) +
                   " bytes; the format allows " + std::to_string(headerLimit));
    if (length > bytes.size() - 8)
      return error("the header promises " + std::to_string(length) + " bytes; only " +
                   std::to_string(bytes.size() - 8) + " follow: the file is truncated");
    std::string_view text(reinterpret_cast<const char *>(bytes.data()) + 8, size_t(length));
    if (text.empty() || text[0] != '{')
      return error("the header does not begin with `{`");
    data = bytes.data() + 8 + length;
    dataBytes = bytes.size() - 8 - length;

    JsonDocument header;
    if (std::optional<JsonError> e = header.parse(text))
      return error("header at byte " + std::to_string(e->offset) + ": " + e->message);
    bool ok = true;
    for (JsonValue member : header.root())
      ok &=
          (member.key() == "__metadata__" ? parseMetadata(member) : parseEntry(member)).succeeded();
    return ok ? checkCover() : failure();
  }
};

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open(const std::string &path,
                                                             Diagnostics &diags) {
  auto file = MappedFile::open(path);
  if (!file) {
    diags.error(path, "cannot-read", "cannot read: " + errorText(file.takeError()));
    return nullptr;
  }
  llvm::ArrayRef<uint8_t> bytes((*file)->data(), (*file)->size());
  return parse(path, *file, bytes, diags);
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::parse(const std::string &name,
                                                              std::shared_ptr<const void> owner,
                                                              llvm::ArrayRef<uint8_t> bytes,
                                                              Diagnostics &diags) {
  auto file = std::make_shared<SafetensorsFile>();
  file->fileName = name;
  file->owner = std::move(owner);
  if (SafetensorsParser(*file, diags).parse(bytes).failed())
    return nullptr;
  return file;
}

bool SafetensorsFile::looksLike(llvm::ArrayRef<uint8_t> bytes) {
  return bytes.size() > 8 && bytes[8] == '{' && headerLength(bytes) <= headerLimit;
}

const SafetensorsFile::Entry *SafetensorsFile::lookup(std::string_view tensor) const {
  auto it = index.find(llvm::StringRef(tensor));
  return it == index.end() ? nullptr : &list[it->second];
}

Tensor SafetensorsFile::tensor(const Entry &entry) const {
  return Tensor::view({*entry.dtype, entry.shape}, owner, entry.data);
}

std::vector<std::string_view> SafetensorsFile::names() const {
  std::vector<std::string_view> all;
  for (const Entry &e : list)
    all.push_back(e.name);
  return all;
}

} // namespace wnnx
