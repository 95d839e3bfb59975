// SPDX-License-Identifier: Apache-2.0
//
// `.npy`: a magic string, a version, and a header that is a Python dict of literals.
#include "wnnx/Support/Npy.h"

#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/Json.h"
#include "wnnx/Support/MappedFile.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wnnx {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr int64_t maxElements = int64_t(1) << 40;
constexpr size_t maxRank = 64;

/// Reads the header's dict: string keys; values are strings, booleans and tuples of integers.
class HeaderParser {
  std::string_view text;
  size_t at = 0;

  void space() {
    while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos)
      ++at;
  }
  bool take(char c) {
    space();
    if (at < text.size() && text[at] == c)
      return ++at, true;
    return false;
  }
  bool fail(std::string message) {
    if (error.empty())
      error = "header at byte " + std::to_string(at) + ": " + std::move(message);
    return false;
  }
  bool expect(char c) { return take(c) || fail(std::string("expected `") + c + "`"); }
  bool string(std::string &out) {
    space();
    char q = at < text.size() ? text[at] : 0;
    if (q != '\'' && q != '"')
      return fail("expected a string");
    size_t end = text.find(q, at + 1);
    if (end == text.npos || text.substr(at, end - at).find('\\') != text.npos)
      return fail("malformed string");
    out = text.substr(at + 1, end - at - 1);
    at = end + 1;
    return true;
  }
  bool boolean(bool &out) {
    space();
    for (bool v : {false, true}) {
      std::string_view word = v ? "True" : "False";
      if (text.substr(at, word.size()) == word) {
        at += word.size();
        out = v;
        return true;
      }
    }
    return fail("expected `True` or `False`");
  }
  bool tuple(std::vector<int64_t> &out) {
    if (!expect('('))
      return false;
    while (!take(')')) {
      int64_t n = 0;
      space();
      auto [end, ec] = std::from_chars(text.data() + at, text.data() + text.size(), n);
      if (ec != std::errc() || n < 0)
        return fail("expected a size");
      if (out.size() >= maxRank)
        return fail("more than " + std::to_string(maxRank) + " dimensions");
      out.push_back(n);
      at = size_t(end - text.data());
      if (at < text.size() && text[at] == 'L') // Python 2 wrote 3L
        ++at;
      if (!take(',')) {
        if (!expect(')'))
          return false;
        break;
      }
    }
    return true;
  }

public:
  std::string descr, error;
  bool fortran = false;
  std::vector<int64_t> shape;

  explicit HeaderParser(std::string_view t) : text(t) {}
  bool parse() {
    bool seen[3] = {};
    if (!expect('{'))
      return false;
    while (!take('}')) {
      std::string name;
      if (!string(name) || !expect(':'))
        return false;
      static constexpr std::string_view names[3] = {"descr", "fortran_order", "shape"};
      size_t which = size_t(std::find(names, names + 3, name) - names);
      if (which == 3)
        return fail("unknown field " + jsonQuote(name));
      if (seen[which])
        return fail("field `" + name + "` stands twice");
      seen[which] = true;
      space();
      if (which == 0 && at < text.size() && text[at] == '[')
        return fail("record arrays are not supported; store a plain array");
      if (!(which == 0 ? string(descr) : which == 1 ? boolean(fortran) : tuple(shape)))
        return false;
      if (!take(',')) {
        if (!expect('}'))
          return false;
        break;
      }
    }
    space();
    if (at != text.size())
      return fail("text behind the dict");
    if (!seen[0] || !seen[1] || !seen[2])
      return fail("the dict lacks `descr`, `fortran_order` or `shape`");
    return true;
  }
};

uint32_t little(const uint8_t *p, unsigned bytes) {
  uint32_t v = 0;
  for (unsigned i = 0; i < bytes; ++i)
    v |= uint32_t(p[i]) << (8 * i);
  return v;
}

/// Row-major little-endian bytes from any order.
std::vector<uint8_t> reorder(const uint8_t *from, const NpyArray &a, bool fortran, bool bigEndian) {
  unsigned size = a.elementBytes;
  size_t count = a.bytes / size, rank = a.shape.size();
  std::vector<uint8_t> out(a.bytes);
  std::vector<int64_t> index(rank, 0);
  for (size_t i = 0; i < count; ++i) {
    size_t source = i;
    if (fortran) {
      source = 0;
      for (size_t d = rank; d-- > 0;)
        source = source * size_t(a.shape[d]) + size_t(index[d]);
      for (size_t d = rank; d-- > 0;) {
        if (++index[d] < a.shape[d])
          break;
        index[d] = 0;
      }
    }
    uint8_t *to = &out[i * size];
    std::memcpy(to, from + source * size, size);
    if (bigEndian)
      std::reverse(to, to + size);
  }
  return out;
}

} // namespace

FailureOr<NpyArray> readNpy(const std::string &path, Diagnostics &diags) {
  auto file = MappedFile::open(path);
  if (!file)
    return diags.error(path, "cannot-read", "cannot read: " + errorText(file.takeError()));
  llvm::ArrayRef<uint8_t> bytes((*file)->data(), (*file)->size());
  return parseNpy(path, *file, bytes, diags);
}

FailureOr<NpyArray> parseNpy(const std::string &name, std::shared_ptr<const void> owner,
                             llvm::ArrayRef<uint8_t> file, Diagnostics &diags) {
  auto fail = [&](std::string message) -> FailureOr<NpyArray> {
    return diags.error(name, "npy-malformed", std::move(message));
  };
  if (file.size() < 10 || std::memcmp(file.data(), magic.data(), magic.size()) != 0)
    return diags.error(name, "npy-malformed", "not a `.npy` file")
        .hint("write one with `numpy.save`");
  unsigned version = file[6], lengthBytes = version == 1 ? 2 : 4;
  if (version < 1 || version > 3)
    return fail("`.npy` format version " + std::to_string(version) + " is unknown");
  uint64_t start = 8 + lengthBytes;
  if (file.size() < start || little(&file[8], lengthBytes) > file.size() - start)
    return fail("the file ends inside its header");
  uint64_t headerSize = little(&file[8], lengthBytes);
  constexpr uint64_t headerLimit = 1 << 20;
  if (headerSize > headerLimit)
    return fail("header of " + std::to_string(headerSize) + " bytes");
  HeaderParser header({reinterpret_cast<const char *>(&file[0]) + start, size_t(headerSize)});
  if (!header.parse())
    return fail(header.error);

  const std::string &d = header.descr;
  static constexpr std::string_view kinds[] = {"f2", "f4", "f8", "i1", "i2", "i4", "i8",
                                               "u1", "u2", "u4", "u8", "b1", "V2"};
  std::string kind = d.empty() ? "" : d.substr(1);
  if (d.empty() || std::string_view("<>=|").find(d[0]) == std::string_view::npos ||
      std::find(std::begin(kinds), std::end(kinds), kind) == std::end(kinds))
    return fail("element type " + jsonQuote(d.substr(0, 100)) + " is not supported");

  NpyArray a;
  a.kind = kind;
  a.elementBytes = unsigned(kind[1] - '0');
  a.shape = header.shape;
  int64_t count = 1;
  bool empty = std::find(a.shape.begin(), a.shape.end(), 0) != a.shape.end();
  for (int64_t n : a.shape) {
    if (n > maxElements || (n != 0 && count > maxElements / n))
      return fail("the shape has too many elements");
    count *= std::max<int64_t>(n, 1);
  }
  a.bytes = empty ? 0 : uint64_t(count) * a.elementBytes;
  uint64_t present = file.size() - start - headerSize;
  if (present != a.bytes)
    return fail("the header promises " + std::to_string(a.bytes) + " bytes of data; found " +
                std::to_string(present));
  const uint8_t *data = file.data() + start + headerSize;
  bool bigEndian = d[0] == '>' && a.elementBytes > 1,
       fortran = header.fortran && a.shape.size() > 1;
  if (bigEndian || fortran) {
    auto copy = std::make_shared<std::vector<uint8_t>>(reorder(data, a, fortran, bigEndian));
    data = copy->data();
    owner = std::move(copy);
  }
  static const uint8_t none = 0;
  a.data = a.bytes ? data : &none;
  a.owner = std::move(owner);
  return a;
}

void writeNpy(llvm::raw_ostream &os, std::string_view kind, llvm::ArrayRef<int64_t> shape,
              llvm::ArrayRef<uint8_t> data) {
  bool single = kind.size() == 2 && (kind[1] == '1' || kind[0] == 'V');
  std::string header = "{'descr': '" + std::string(single ? "|" : "<") + std::string(kind) +
                       "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i)
    header += (i ? ", " : "") + std::to_string(shape[i]);
  header += shape.size() == 1 ? ",), }" : "), }";
  // Data begin at a multiple of 64; the header ends in a newline.
  unsigned lengthBytes = header.size() + 128 < 65536 ? 2 : 4;
  size_t start = 8 + lengthBytes, total = (start + header.size() + 1 + 63) / 64 * 64;
  header.append(total - start - header.size() - 1, ' ');
  header += '\n';
  os << llvm::StringRef(magic) << char(lengthBytes == 2 ? 1 : 2) << char(0);
  for (unsigned i = 0; i < lengthBytes; ++i)
    os << char((header.size() >> (8 * i)) & 255);
  os << header;
  os.write(reinterpret_cast<const char *>(data.data()), data.size());
}

} // namespace wnnx
