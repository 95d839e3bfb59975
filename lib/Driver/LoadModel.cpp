// SPDX-License-Identifier: Apache-2.0
//
// Reading models of every kind into verified graphs.
#include "wnnx/Driver/ModelFile.h"

#include "wnnx/IR/Text.h"
#include "wnnx/Import/TorchScript/Import.h"
#include "wnnx/Import/Wnnx/WnnxReader.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/MappedFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cstring>

namespace wnnx {

FailureOr<InputSpec> parseInputSpec(std::string_view text, Diagnostics &diags) {
  size_t colon = text.rfind(':');
  InputSpec spec;
  if (colon != std::string_view::npos)
    spec.name = text.substr(0, colon);
  std::optional<TensorType> type =
      parseTensorType(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!type)
    return diags
        .error("--input", "bad-input", "`" + std::string(text) + "` is not a name and a type")
        .hint("write it as `x:f32[1,3,224,224]`; element types are f32, f16, bf16, f64, i8, u8, "
              "i16, i32, i64 and bool");
  spec.type = *type;
  return spec;
}

LogicalResult parseInputSpecs(llvm::ArrayRef<std::string> texts, std::vector<InputSpec> &out,
                              Diagnostics &diags) {
  bool ok = true;
  for (const std::string &text : texts) {
    FailureOr<InputSpec> spec = parseInputSpec(text, diags);
    if (succeeded(spec))
      out.push_back(*spec);
    else
      ok = false;
  }
  return success(ok);
}

std::optional<ModelFormat> detectFormat(std::string_view path, llvm::ArrayRef<uint8_t> head) {
  if (head.size() >= 4 && std::memcmp(head.data(), "PK\x03\x04", 4) == 0)
    return ModelFormat::TorchScript;
  if (SafetensorsFile::looksLike(head))
    return ModelFormat::Wnnx;
  if (llvm::StringRef(path).ends_with(".wnnxt"))
    return ModelFormat::Text;
  if (llvm::StringRef(path).ends_with(".wnnx"))
    return ModelFormat::Wnnx;
  if (sniffTorchScript(head))
    return ModelFormat::TorchScript;
  // The text form begins with `wnnx`, behind blanks and comments.
  llvm::StringRef text(reinterpret_cast<const char *>(head.data()), head.size());
  for (text = text.ltrim(); text.starts_with("//"); text = text.ltrim())
    text = text.drop_until([](char c) { return c == '\n'; });
  if (text.starts_with("wnnx"))
    return ModelFormat::Text;
  return std::nullopt;
}

namespace {

/// Finds the constants that a text refers to; opens each file once.
class ConstantLoader {
  std::string folder; // of the text
  llvm::StringMap<std::shared_ptr<const SafetensorsFile>> files;

public:
  explicit ConstantLoader(std::string textFolder) : folder(std::move(textFolder)) {}

  FailureOr<Tensor> load(const std::string &path, const std::string &name, const TensorType &type,
                         SourceRange where, Diagnostics &diags) {
    llvm::SmallString<128> full(path);
    if (llvm::sys::path::is_relative(path)) {
      full = folder;
      llvm::sys::path::append(full, path);
    }
    auto [it, fresh] = files.try_emplace(full);
    if (fresh)
      it->second = SafetensorsFile::open(std::string(full), diags);
    if (!it->second) {
      if (!fresh)
        return failure(); // reported at its first use
      return diags.error(where, "text-constant", "the file of this constant cannot be read");
    }
    const SafetensorsFile::Entry *entry = it->second->lookup(name);
    if (!entry)
      return diags.error(where, "text-constant",
                         "`" + path + "` has no tensor `" + name + "`" +
                             didYouMean(name, it->second->names()));
    if (!entry->dtype || TensorType{*entry->dtype, entry->shape} != type)
      return diags.error(
          where, "text-constant",
          "tensor `" + name + "` is " +
              (entry->dtype ? std::string(dtypeName(*entry->dtype)) : entry->dtypeName) +
              entry->shape.str() + " in `" + path + "`; the text says " + type.str());
    return it->second->tensor(*entry);
  }
};

std::unique_ptr<Graph> parseText(const std::string &name, std::string text, Diagnostics &diags) {
  std::string folder = name == "<stdin>" ? "" : llvm::sys::path::parent_path(name).str();
  auto constants = std::make_shared<ConstantLoader>(folder);
  ParseOptions options;
  options.infer = inferNode;
  options.loadConstant = [constants](const std::string &path, const std::string &tensor,
                                     const TensorType &type, SourceRange where, Diagnostics &d) {
    return constants->load(path, tensor, type, where, d);
  };
  return parseGraph(diags.addFile(name, std::move(text)), diags, options);
}

/// Types given for inputs of a file that already has types: they must be the same.
LogicalResult checkInputs(const Graph &g, const std::string &path, llvm::ArrayRef<InputSpec> specs,
                          Diagnostics &diags) {
  std::vector<std::string_view> names;
  for (const auto &in : g.inputs())
    names.push_back(in->name());
  bool ok = true;
  for (const InputSpec &s : specs) {
    const Value *input = nullptr;
    for (const auto &in : g.inputs()) {
      if (in->name() == s.name || (s.name.empty() && g.inputs().size() == 1))
        input = in.get();
    }
    if (!input) {
      std::string list;
      for (std::string_view n : names)
        list += (list.empty() ? "`" : ", `") + std::string(n) + "`";
      diags
          .error(path, "bad-input",
                 s.name.empty()
                     ? "the model has " + std::to_string(names.size()) +
                           " inputs; say which one is meant"
                     : "the model has no input `" + s.name + "`" + didYouMean(s.name, names))
          .hint(list.empty() ? "the model has no inputs" : "its inputs are " + list);
      ok = false;
    } else if (input->type() != s.type) {
      diags
          .error(path, "bad-input",
                 "input `" + input->name() + "` is " + input->type().str() + " in the model; " +
                     s.type.str() + " was given")
          .hint("shapes in this file are fixed; import the `.pt` again for others");
      ok = false;
    }
  }
  return success(ok);
}

std::unique_ptr<Graph> checked(std::unique_ptr<Graph> g, const std::string &path,
                               const LoadOptions &options, Diagnostics &diags) {
  if (!g || checkInputs(*g, path, options.inputs, diags).failed() ||
      verifyGraph(*g, diags).failed())
    return nullptr;
  g->nameAll();
  return g;
}

} // namespace

std::unique_ptr<Graph> loadModel(const std::string &path, const LoadOptions &options,
                                 Diagnostics &diags) {
  if (path == "-") {
    auto buffer = llvm::MemoryBuffer::getSTDIN();
    if (!buffer) {
      diags.error("<stdin>", "cannot-read", "cannot read: " + buffer.getError().message());
      return nullptr;
    }
    return checked(parseText("<stdin>", (*buffer)->getBuffer().str(), diags), "<stdin>", options,
                   diags);
  }
  auto file = MappedFile::open(path);
  if (!file) {
    diags.error(path, "cannot-read", "cannot read: " + errorText(file.takeError()));
    return nullptr;
  }
  if (options.mapped)
    *options.mapped = *file;
  llvm::ArrayRef<uint8_t> bytes((*file)->data(), (*file)->size());
  std::optional<ModelFormat> format = detectFormat(path, bytes.take_front(1 << 16));
  if (!format) {
    diags.error(path, "unknown-format",
                bytes.empty() ? "the file is empty"
                              : "not a model: neither TorchScript, `.wnnx` nor `.wnnxt`");
    return nullptr;
  }
  switch (*format) {
  case ModelFormat::TorchScript: {
    TorchScriptOptions torch;
    for (const InputSpec &i : options.inputs)
      torch.inputs.push_back({i.name, i.type});
    FailureOr<std::unique_ptr<Graph>> g = importTorchScript(bytes, *file, path, torch, diags);
    return succeeded(g) ? checked(std::move(*g), path, {}, diags) : nullptr;
  }
  case ModelFormat::Wnnx: {
    auto container = SafetensorsFile::parse(path, *file, bytes, diags);
    return container ? checked(readWnnxGraph(container, diags), path, options, diags) : nullptr;
  }
  case ModelFormat::Text:
    constexpr size_t textLimit = size_t(1) << 30;
    if (bytes.size() > textLimit) {
      diags.error(path, "text-syntax", "a text of more than 1 GiB; use `.wnnx`");
      return nullptr;
    }
    return checked(parseText(path, std::string(bytes.begin(), bytes.end()), diags), path, options,
                   diags);
  }
  return nullptr;
}

} // namespace wnnx
