// SPDX-License-Identifier: Apache-2.0
//
// Opening an archive: telling it from PyTorch's other formats, reading its pickles, finding source
// files. Tensors are in ArchiveTensors.cpp.
#include "Archive.h"

#include "Limits.h"
#include "Parser.h"

#include <fmt/format.h>

namespace wnnx::ts {

FailureOr<std::unique_ptr<Archive>> Archive::open(llvm::ArrayRef<uint8_t> bytes,
                                                  std::shared_ptr<const void> owner,
                                                  std::string place, Diagnostics &diags) {
  auto a = std::make_unique<Archive>();
  a->bytes = bytes;
  a->owner = std::move(owner);
  a->filePlace = std::move(place);
  a->diags = &diags;
  if (failed(a->load()))
    return failure();
  return a;
}

LogicalResult Archive::load() {
  if (bytes.empty())
    return diags->error(filePlace, "ts-format", "the file is empty");
  llvm::StringRef head(reinterpret_cast<const char *>(bytes.data()),
                       std::min<size_t>(bytes.size(), 64));
  if (head.starts_with("\x80\x02") || head.starts_with("\x80\x04"))
    return diags
        ->error(filePlace, "ts-format",
                "this is a pickled PyTorch checkpoint (a state_dict or a whole Python object), not "
                "TorchScript: it holds weights but no program")
        .hint("in Python: torch.jit.trace(model.eval(), example).save(\"model.pt\")");
  if (head.starts_with("PYTORCH1"))
    return diags->error(filePlace, "ts-format", "this file was written by a PyTorch older than 1.0")
        .hint("load it with the PyTorch that wrote it and save it with 1.5 or newer");
  FailureOr<Zip> opened = Zip::open(bytes, filePlace, *diags);
  if (failed(opened))
    return failure();
  zip = std::move(*opened);
  if (zip->entries().empty())
    return diags->error(filePlace, "ts-format", "the zip archive is empty");
  llvm::StringRef first = zip->entries().front().name;
  size_t slash = first.find('/');
  root = slash == llvm::StringRef::npos ? "" : first.take_front(slash + 1).str();
  if (failed(rejectOtherFormats()) || failed(readVersion()))
    return failure();
  if (const ZipEntry *order = entry("byteorder")) {
    FailureOr<std::vector<uint8_t>> text = zip->read(*order, 16, *diags);
    if (failed(text))
      return failure();
    if (std::string(text->begin(), text->end()) != "little")
      return diags->error(placeOf("byteorder"), "ts-format",
                          "the weights are stored in big-endian order, which is not supported");
  }
  if (failed(readRecord("data.pkl", data)) || failed(readRecord("constants.pkl", constants)))
    return failure();
  if (entry("traced_inputs.pkl")) {
    if (failed(readRecord("traced_inputs.pkl", tracedInputs)))
      return failure();
    hasTracedInputs = true;
  }
  if (data[data.root].kind != PickleKind::Object)
    return diags->error(placeOf("data.pkl"), "ts-format", "the archive's main object is no module");
  return success();
}

const ZipEntry *Archive::entry(llvm::StringRef record) const {
  return zip->find(root + record.str());
}

LogicalResult Archive::rejectOtherFormats() {
  auto reject = [&](std::string message, std::string hint) {
    return diags->error(filePlace, "ts-format", std::move(message)).hint(std::move(hint));
  };
  const std::string traceAdvice =
      "in Python: torch.jit.trace(model.eval(), example).save(\"model.pt\")";
  if (zip->find("serialized_exported_program.json") || entry("archive_format"))
    return reject("this is a torch.export program (.pt2), not TorchScript", traceAdvice);
  if (entry("model.json"))
    return reject("this TorchScript file was written by a PyTorch older than 1.4",
                  "load it with PyTorch 1.4 to 1.13 (torch.jit.load) and save it again");
  bool code = false, package = false;
  for (const ZipEntry &e : zip->entries()) {
    llvm::StringRef name = e.name;
    package |= name.contains("/.data/ts_code/");
    code |= name.consume_front(root) && name.starts_with("code/");
  }
  if (package)
    return reject("this is a torch.package archive, not a plain TorchScript file",
                  "save the module inside it with torch.jit.save");
  if (!entry("data.pkl"))
    return reject("not a TorchScript file: the archive has no `data.pkl`", traceAdvice);
  if (!code && !entry("constants.pkl"))
    return reject("this is a PyTorch checkpoint (a state_dict or a whole Python object), not "
                  "TorchScript: it holds weights but no program",
                  traceAdvice);
  if (!entry("constants.pkl"))
    return reject("not a TorchScript file: the archive has no `constants.pkl`", traceAdvice);
  return success();
}

LogicalResult Archive::readVersion() {
  const ZipEntry *e = entry("version");
  if (!e)
    e = entry(".data/version");
  if (!e)
    return diags->error(filePlace, "ts-format", "the archive has no `version` record");
  FailureOr<std::vector<uint8_t>> text = zip->read(*e, 64, *diags);
  if (failed(text))
    return failure();
  llvm::StringRef digits(reinterpret_cast<const char *>(text->data()), text->size());
  if (digits.trim().getAsInteger(10, version) || version < 0)
    return diags->error(zip->placeOf(*e), "ts-format", "the version is not a number");
  if (version < 3)
    return diags
        ->error(
            zip->placeOf(*e), "ts-format",
            fmt::format("file format version {}; 3 (PyTorch 1.5) and newer can be read", version))
        .hint("load the file with PyTorch 1.5 or newer (torch.jit.load) and save it again");
  if (version > 10)
    diags->warning(zip->placeOf(*e), "ts-format",
                   fmt::format("file format version {} is newer than the versions known here (3 to "
                               "10); operators may mean something else",
                               version));
  return success();
}

LogicalResult Archive::readRecord(llvm::StringRef record, PickleData &out) {
  const ZipEntry *e = entry(record);
  FailureOr<std::vector<uint8_t>> text = zip->read(*e, limits::pickleBytes, *diags);
  if (failed(text))
    return failure();
  FailureOr<PickleData> read = readPickle(*text, zip->placeOf(*e), *diags);
  if (failed(read))
    return failure();
  out = std::move(*read);
  return success();
}

const Module *Archive::module(llvm::StringRef path) {
  auto [it, fresh] = modules.try_emplace(path);
  if (!fresh)
    return it->second.get();
  const ZipEntry *e = entry(path);
  if (!e)
    return nullptr;
  FailureOr<std::vector<uint8_t>> text = zip->read(*e, limits::sourceFileBytes, *diags);
  if (failed(text))
    return nullptr;
  const SourceFile &file = diags->addFile(path.str(), std::string(text->begin(), text->end()));
  std::unique_ptr<Module> parsed = parseModule(file, *diags);
  const Module *result = parsed.get();
  modules[path] = std::move(parsed);
  return result;
}

const Module *Archive::moduleOf(llvm::StringRef qualified, llvm::StringRef &last) {
  auto [prefix, name] = qualified.rsplit('.');
  last = name;
  if (name.empty())
    return nullptr;
  std::string path = "code/" + prefix.str() + ".py";
  for (size_t i = 5; i + 3 < path.size(); ++i)
    if (path[i] == '.')
      path[i] = '/';
  return module(path);
}

const Class *Archive::findClass(llvm::StringRef name, const Module **owningModule) {
  llvm::StringRef last;
  const Module *m = moduleOf(name, last);
  if (!m)
    return nullptr;
  for (const Class *c : m->classes)
    if (c->name == last) {
      *owningModule = m;
      return c;
    }
  return nullptr;
}

const Function *Archive::findFunction(llvm::StringRef name, const Module **owningModule) {
  llvm::StringRef last;
  const Module *m = moduleOf(name, last);
  if (!m)
    return nullptr;
  for (const Function *f : m->functions)
    if (f->name == last) {
      *owningModule = m;
      return f;
    }
  return nullptr;
}

} // namespace wnnx::ts
