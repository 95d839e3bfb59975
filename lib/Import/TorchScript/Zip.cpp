// SPDX-License-Identifier: Apache-2.0
//
// The zip directory and its checks, and raw inflate through zlib.
#include "wnnx/Import/TorchScript/Zip.h"

#include "Limits.h"
#include "wnnx/IR/Attribute.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <zlib.h>

namespace wnnx::ts {
namespace {

constexpr uint32_t localSignature = 0x04034b50, centralSignature = 0x02014b50,
                   endSignature = 0x06054b50, end64Signature = 0x06064b50,
                   locator64Signature = 0x07064b50;

/// Little-endian fields at checked offsets.
class Fields {
  llvm::ArrayRef<uint8_t> bytes;

public:
  explicit Fields(llvm::ArrayRef<uint8_t> b) : bytes(b) {}
  uint64_t size() const { return bytes.size(); }
  bool has(uint64_t at, uint64_t n) const { return at <= size() && n <= size() - at; }
  template <class T> T get(uint64_t at) const {
    T v = 0;
    for (unsigned i = 0; i < sizeof(T); ++i)
      v |= T(T(bytes[size_t(at + i)]) << (8 * i));
    return v;
  }
  uint16_t u16(uint64_t at) const { return get<uint16_t>(at); }
  uint32_t u32(uint64_t at) const { return get<uint32_t>(at); }
  uint64_t u64(uint64_t at) const { return get<uint64_t>(at); }
  std::string text(uint64_t at, uint64_t n) const {
    return std::string(reinterpret_cast<const char *>(bytes.data()) + at, size_t(n));
  }
};

struct Directory {
  uint64_t offset = 0, size = 0, count = 0;
  uint64_t endOffset = 0; // where the records that follow it begin
};

class DirectoryReader {
  Fields f;
  const std::string &place;
  Diagnostics &diags;

public:
  DirectoryReader(llvm::ArrayRef<uint8_t> b, const std::string &p, Diagnostics &d)
      : f(b), place(p), diags(d) {}

  DiagnosticBuilder error(std::string message) {
    return diags.error(place, "ts-zip", std::move(message));
  }

  FailureOr<Directory> locate() {
    constexpr uint64_t endSize = 22;
    if (f.size() < endSize)
      return noEnd();
    uint64_t lowest = f.size() > endSize + 0xffff ? f.size() - endSize - 0xffff : 0;
    for (uint64_t at = f.size() - endSize + 1; at-- > lowest;) {
      if (f.u32(at) != endSignature || at + endSize + f.u16(at + 20) != f.size())
        continue;
      return readEnd(at);
    }
    return noEnd();
  }

  FailureOr<ZipEntry> entry(uint64_t &at, const Directory &dir) {
    uint64_t dirEnd = dir.offset + dir.size;
    if (!f.has(at, 46) || at + 46 > dirEnd || f.u32(at) != centralSignature)
      return error(fmt::format("damaged zip directory at byte {}", at));
    uint16_t flags = f.u16(at + 8), method = f.u16(at + 10);
    ZipEntry e;
    e.crc = f.u32(at + 16);
    e.compressedSize = f.u32(at + 20);
    e.size = f.u32(at + 24);
    uint64_t nameLength = f.u16(at + 28), extraLength = f.u16(at + 30),
             commentLength = f.u16(at + 32);
    uint16_t disk = f.u16(at + 34);
    e.headerOffset = f.u32(at + 42);
    uint64_t end = at + 46 + nameLength + extraLength + commentLength;
    if (end > dirEnd)
      return error(
          fmt::format("damaged zip directory at byte {}: an entry reaches past its end", at));
    e.name = f.text(at + 46, nameLength);
    if (failed(checkName(e.name)) || failed(readExtra64(e, at + 46 + nameLength, extraLength)))
      return failure();
    if (flags & 0x2041)
      return error(fmt::format("entry `{}` is encrypted", e.name));
    if (disk != 0 && disk != 0xffff)
      return error(fmt::format("entry `{}` lies on another disk of a multi-disk archive", e.name));
    if (method != 0 && method != 8)
      return error(fmt::format("entry `{}` uses compression method {}; only stored and deflated "
                               "entries can be read",
                               e.name, method));
    e.deflated = method == 8;
    if (!e.deflated && e.compressedSize != e.size)
      return error(
          fmt::format("stored entry `{}` claims {} bytes in {}", e.name, e.size, e.compressedSize));
    if (failed(readLocal(e, dir)))
      return failure();
    at = end;
    return e;
  }

private:
  LogicalResult noEnd() {
    if (f.size() >= 4 && f.u32(0) == localSignature)
      return error("the file is truncated: it starts as a zip archive but has no directory at its "
                   "end")
          .hint("download or save the file again");
    return error("not a zip archive, so not a TorchScript file");
  }

  FailureOr<Directory> readEnd(uint64_t at) {
    Directory d;
    d.endOffset = at;
    d.count = f.u16(at + 10);
    d.size = f.u32(at + 12);
    d.offset = f.u32(at + 16);
    bool split = f.u16(at + 4) != f.u16(at + 6) || (f.u16(at + 4) != 0 && f.u16(at + 4) != 0xffff);
    if (at >= 20 && f.u32(at - 20) == locator64Signature) {
      uint64_t at64 = f.u64(at - 20 + 8);
      if (!f.has(at64, 56) || at64 + 56 > at - 20 || f.u32(at64) != end64Signature)
        return error("damaged zip64 end of the zip directory");
      split |= f.u32(at64 + 16) != 0 || f.u32(at64 + 20) != 0;
      d.count = f.u64(at64 + 32);
      d.size = f.u64(at64 + 40);
      d.offset = f.u64(at64 + 48);
      d.endOffset = at64;
    }
    if (split)
      return error("multi-disk zip archives cannot be read");
    if (d.count > limits::zipEntries || d.size > limits::zipDirectoryBytes)
      return error(
          fmt::format("zip directory of {} entries in {} bytes is too large", d.count, d.size));
    if (!f.has(d.offset, d.size) || d.offset + d.size > d.endOffset)
      return error("the zip directory lies outside the file; the file is truncated or damaged");
    if (d.count * 46 > d.size)
      return error(
          fmt::format("zip directory of {} bytes cannot hold {} entries", d.size, d.count));
    return d;
  }

  LogicalResult checkName(const std::string &name) {
    if (name.empty() || name.size() > limits::zipNameBytes)
      return error(fmt::format("entry with a name of {} bytes", name.size()));
    bool bad = name.front() == '/' || name.find('\\') != std::string::npos ||
               name.find('\0') != std::string::npos;
    for (size_t begin = 0; begin <= name.size();) {
      size_t end = std::min(name.find('/', begin), name.size());
      bad |= name.compare(begin, end - begin, "..") == 0;
      begin = end + 1;
    }
    if (bad)
      return error(fmt::format("entry with the unsafe name {}", quote(name)));
    return success();
  }

  LogicalResult readExtra64(ZipEntry &e, uint64_t at, uint64_t length) {
    uint64_t end = at + length;
    bool need =
        e.size == UINT32_MAX || e.compressedSize == UINT32_MAX || e.headerOffset == UINT32_MAX;
    while (need && at + 4 <= end) {
      uint64_t id = f.u16(at), n = f.u16(at + 2);
      at += 4;
      if (at + n > end)
        break;
      if (id == 1) {
        uint64_t fieldEnd = at + n;
        for (uint64_t *field : {&e.size, &e.compressedSize, &e.headerOffset}) {
          if (*field != UINT32_MAX)
            continue;
          if (at + 8 > fieldEnd)
            return error(fmt::format("damaged zip64 sizes of entry `{}`", e.name));
          *field = f.u64(at);
          at += 8;
        }
        return success();
      }
      at += n;
    }
    return success();
  }

  LogicalResult readLocal(ZipEntry &e, const Directory &dir) {
    uint64_t at = e.headerOffset;
    if (!f.has(at, 30) || f.u32(at) != localSignature)
      return error(fmt::format("entry `{}` has no header at byte {}", e.name, at));
    uint64_t nameLength = f.u16(at + 26), extraLength = f.u16(at + 28);
    if (!f.has(at + 30, nameLength + extraLength) || f.text(at + 30, nameLength) != e.name)
      return error(fmt::format("the header of entry `{}` names another entry", e.name));
    e.dataOffset = at + 30 + nameLength + extraLength;
    if (!f.has(e.dataOffset, e.compressedSize) || e.dataOffset + e.compressedSize > dir.offset)
      return error(fmt::format("entry `{}` ({} bytes at byte {}) reaches past the data of the file",
                               e.name, e.compressedSize, e.dataOffset));
    return success();
  }
};

} // namespace

bool Zip::sniff(llvm::ArrayRef<uint8_t> bytes) {
  return bytes.size() >= 4 && Fields(bytes).u32(0) == localSignature;
}

FailureOr<Zip> Zip::open(llvm::ArrayRef<uint8_t> bytes, std::string place, Diagnostics &diags) {
  Zip zip;
  zip.bytes = bytes;
  zip.place = std::move(place);
  DirectoryReader reader(bytes, zip.place, diags);
  FailureOr<Directory> dir = reader.locate();
  if (failed(dir))
    return failure();
  uint64_t at = dir->offset;
  zip.list.reserve(size_t(dir->count));
  for (uint64_t i = 0; i < dir->count; ++i) {
    FailureOr<ZipEntry> e = reader.entry(at, *dir);
    if (failed(e))
      return failure();
    if (!zip.index.try_emplace(e->name, uint32_t(i)).second)
      return reader.error(fmt::format("two entries are named `{}`", e->name));
    zip.list.push_back(std::move(*e));
  }
  // Entries that share bytes make archives that unpack to far more than they hold.
  std::vector<uint32_t> order(zip.list.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return zip.list[a].headerOffset < zip.list[b].headerOffset;
  });
  for (size_t i = 1; i < order.size(); ++i) {
    const ZipEntry &a = zip.list[order[i - 1]], &b = zip.list[order[i]];
    if (a.dataOffset + a.compressedSize > b.headerOffset)
      return reader.error(fmt::format("entries `{}` and `{}` overlap", a.name, b.name));
  }
  return zip;
}

const ZipEntry *Zip::find(llvm::StringRef name) const {
  auto it = index.find(name);
  return it == index.end() ? nullptr : &list[it->second];
}

static uint32_t crcOf(llvm::ArrayRef<uint8_t> data) {
  uLong crc = crc32(0, nullptr, 0);
  while (!data.empty()) {
    size_t n = std::min<size_t>(data.size(), 1u << 30);
    crc = crc32(crc, data.data(), uInt(n));
    data = data.drop_front(n);
  }
  return uint32_t(crc);
}

LogicalResult Zip::checkCrc(const ZipEntry &e, Diagnostics &diags) const {
  if (crcOf(stored(e)) != e.crc)
    return diags.error(placeOf(e), "ts-zip", "checksum mismatch: the file is damaged");
  return success();
}

FailureOr<std::vector<uint8_t>> Zip::read(const ZipEntry &e, uint64_t limit, Diagnostics &diags) {
  auto error = [&](std::string message) {
    return diags.error(placeOf(e), "ts-zip", std::move(message));
  };
  if (e.size > limit)
    return error(fmt::format("entry of {} bytes; at most {} are read", e.size, limit));
  if (!e.deflated) {
    if (failed(checkCrc(e, diags)))
      return failure();
    llvm::ArrayRef<uint8_t> data = stored(e);
    return std::vector<uint8_t>(data.begin(), data.end());
  }
  if (e.size / limits::inflateRatio > e.compressedSize)
    return error(fmt::format("{} bytes cannot inflate to {}", e.compressedSize, e.size));
  inflated += e.size;
  if (inflated > limits::inflatedBytes)
    return error(fmt::format("the archive's compressed entries inflate to more than {} bytes",
                             limits::inflatedBytes))
        .hint("save the model with PyTorch, which does not compress weights");
  z_stream z{};
  if (inflateInit2(&z, -15) != Z_OK)
    return error("zlib cannot be initialised");
  std::vector<uint8_t> out(size_t(e.size));
  uint8_t spare = 0; // lets zlib show that there is more than was declared
  llvm::ArrayRef<uint8_t> in = bytes.slice(size_t(e.dataOffset), size_t(e.compressedSize));
  size_t inAt = 0, outAt = 0;
  int status = Z_OK;
  bool overlong = false;
  while (status == Z_OK) {
    size_t inPart = std::min<size_t>(in.size() - inAt, 1u << 30);
    size_t outPart = std::min<size_t>(out.size() - outAt, 1u << 30);
    bool useSpare = outPart == 0;
    z.next_in = const_cast<uint8_t *>(in.data()) + inAt;
    z.avail_in = uInt(inPart);
    z.next_out = useSpare ? &spare : out.data() + outAt;
    z.avail_out = useSpare ? 1 : uInt(outPart);
    status = inflate(&z, Z_NO_FLUSH);
    size_t made = (useSpare ? 1 : outPart) - z.avail_out;
    size_t used = inPart - z.avail_in;
    if (useSpare && made) {
      overlong = true;
      break;
    }
    inAt += used;
    outAt += useSpare ? 0 : made;
    if (!used && !made)
      break;
  }
  inflateEnd(&z);
  if (status != Z_STREAM_END || overlong || outAt != out.size())
    return error("damaged compressed data");
  if (crcOf(out) != e.crc)
    return error("checksum mismatch: the file is damaged");
  return out;
}

} // namespace wnnx::ts
