// SPDX-License-Identifier: Apache-2.0
//
// Reads zip archives lying in memory (usually a memory map). Sizes come from the central directory,
// data offsets from the local headers, as archives written by PyTorch need. The directory is
// checked as a whole when it is opened: names, ranges, overlaps; contents are checked against their
// CRC when they are read.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

namespace wnnx::ts {

struct ZipEntry {
  std::string name;
  uint64_t headerOffset = 0;
  uint64_t dataOffset = 0;
  uint64_t compressedSize = 0;
  uint64_t size = 0;
  uint32_t crc = 0;
  bool deflated = false;
};

class Zip {
  llvm::ArrayRef<uint8_t> bytes;
  std::string place;
  std::vector<ZipEntry> list;
  llvm::StringMap<uint32_t> index;
  uint64_t inflated = 0; // bytes so far, of all entries together

public:
  /// `place` names the archive in messages. The bytes must outlive the object.
  static FailureOr<Zip> open(llvm::ArrayRef<uint8_t> bytes, std::string place, Diagnostics &diags);
  /// True when the text starts like a zip archive.
  static bool sniff(llvm::ArrayRef<uint8_t> bytes);

  /// In the order of the central directory.
  const std::vector<ZipEntry> &entries() const { return list; }
  const ZipEntry *find(llvm::StringRef name) const;
  /// "model.pt:archive/data.pkl"
  std::string placeOf(const ZipEntry &e) const { return place + ":" + e.name; }
  /// The bytes of a stored entry, in place. The CRC is not checked.
  llvm::ArrayRef<uint8_t> stored(const ZipEntry &e) const {
    return bytes.slice(size_t(e.dataOffset), size_t(e.size));
  }
  LogicalResult checkCrc(const ZipEntry &e, Diagnostics &diags) const;
  /// A copy of the contents, inflated where needed, of at most `limit` bytes.
  FailureOr<std::vector<uint8_t>> read(const ZipEntry &e, uint64_t limit, Diagnostics &diags);
};

} // namespace wnnx::ts
