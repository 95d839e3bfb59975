// SPDX-License-Identifier: Apache-2.0
//
// A TorchScript file opened: its pickled objects, its source (parsed when first asked for), its
// tensors (views of the memory map where their layout allows).
#pragma once

#include "Ast.h"

#include "wnnx/IR/Tensor.h"
#include "wnnx/Import/TorchScript/Pickle.h"
#include "wnnx/Import/TorchScript/Zip.h"

#include "llvm/ADT/StringMap.h"

namespace wnnx::ts {

/// The dtype of a `torch.XStorage`, or of a ScalarType number in the source text.
std::optional<DType> dtypeOfStorage(llvm::StringRef storage);
std::optional<DType> dtypeOfScalarType(int64_t code);
int64_t scalarTypeOf(DType t);
/// "complex64", "quint8"... for messages about the ScalarTypes that have no dtype here.
std::string scalarTypeName(int64_t code);

class Archive {
  std::shared_ptr<const void> owner;
  llvm::ArrayRef<uint8_t> bytes;
  std::string filePlace, root;
  std::optional<Zip> zip;
  Diagnostics *diags = nullptr;
  llvm::StringMap<std::unique_ptr<Module>> modules; // by path; null when missing or malformed
  struct Storage {
    std::shared_ptr<const void> owner;
    const uint8_t *data = nullptr;
    bool good = false;
  };
  llvm::StringMap<Storage> storages; // by entry name

public:
  /// `owner` keeps the bytes alive. Fails with a message that says what the file is instead.
  static FailureOr<std::unique_ptr<Archive>> open(llvm::ArrayRef<uint8_t> bytes,
                                                  std::shared_ptr<const void> owner,
                                                  std::string place, Diagnostics &diags);

  PickleData data, constants, tracedInputs;
  bool hasTracedInputs = false;
  int64_t version = 0;

  const std::string &place() const { return filePlace; }
  /// "m.pt:m/data.pkl"
  std::string placeOf(llvm::StringRef record) const {
    return filePlace + ":" + root + record.str();
  }

  /// `name` is qualified: "__torch__.a.b.C". Null when there is none.
  const Class *findClass(llvm::StringRef name, const Module **module);
  const Function *findFunction(llvm::StringRef name, const Module **module);

  /// The tensor at `ref` of `data` (folder "data/") or `constants` ("constants/").
  FailureOr<Tensor> loadTensor(const PickleData &pickle, PickleRef ref, llvm::StringRef folder,
                               llvm::StringRef name);
  /// Equal for tensors that are the same part of the same storage.
  static std::string identity(const PickleData &pickle, PickleRef ref, llvm::StringRef folder);

private:
  LogicalResult load();
  LogicalResult rejectOtherFormats();
  LogicalResult readVersion();
  LogicalResult readRecord(llvm::StringRef record, PickleData &out);
  const ZipEntry *entry(llvm::StringRef record) const;
  const Module *module(llvm::StringRef path);
  const Module *moduleOf(llvm::StringRef qualified, llvm::StringRef &last);
  FailureOr<const Storage *> loadStorage(const PickleStorage &s, llvm::StringRef folder,
                                         unsigned itemSize, llvm::StringRef name);
};

} // namespace wnnx::ts
