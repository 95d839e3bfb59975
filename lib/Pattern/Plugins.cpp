// SPDX-License-Identifier: Apache-2.0
//
// Plugins: their table of functions, and calls across the C interface.
#include "wnnx/Pattern/Plugins.h"

#include "wnnx/Pattern/Evaluator.h"
#include "wnnx/Support/Hash.h"

#include "fmt/format.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>

namespace wnnx::pat {

static std::map<std::string, wnnx_pat_function, std::less<>> &table() {
  static std::map<std::string, wnnx_pat_function, std::less<>> functions;
  return functions;
}

/// Hashes of plugin files, by function.
static std::map<std::string, std::string, std::less<>> &digests() {
  static std::map<std::string, std::string, std::less<>> hashes;
  return hashes;
}

static bool loadPlugin(const std::string &path, Diagnostics &diags) {
  auto fails = [&](std::string why) {
    diags.error(path, "pat-plugin", fmt::format("cannot use the plugin: {}", why));
    return false;
  };
  std::string why;
  // A name without a folder would be looked for in the system's libraries.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  llvm::sys::DynamicLibrary lib =
      llvm::sys::DynamicLibrary::getPermanentLibrary(file.c_str(), &why);
  if (!lib.isValid())
    return fails(why);
  void *symbol = lib.getAddressOfSymbol("wnnx_pat_plugin_v1");
  if (!symbol)
    return fails("it does not export `wnnx_pat_plugin_v1`");
  const wnnx_pat_plugin *plugin = reinterpret_cast<wnnx_pat_plugin_entry>(symbol)();
  if (!plugin || plugin->abi != WNNX_PAT_PLUGIN_ABI)
    return fails(fmt::format("it was made for version {} of the interface, this is version {}",
                             plugin ? plugin->abi : 0, WNNX_PAT_PLUGIN_ABI));
  bool ok = true;
  auto content = llvm::MemoryBuffer::getFile(file, false, false);
  std::string digest = content ? sha256Hex((*content)->getBuffer()) : "";
  for (int32_t i = 0; i < plugin->count; ++i) {
    const wnnx_pat_export &e = plugin->exports[i];
    if (!e.name || !e.function)
      return fails(fmt::format("entry {} of its table is empty", i));
    auto [it, fresh] = table().insert({e.name, e.function});
    if (fresh)
      digests()[e.name] = digest;
    if (!fresh && it->second != e.function)
      ok = fails(fmt::format("another plugin has a function `{}` already", e.name));
  }
  return ok;
}

bool loadPlugins(const std::vector<std::string> &paths, Diagnostics &diags) {
  bool ok = true;
  for (const std::string &p : paths)
    ok &= loadPlugin(p, diags);
  return ok;
}

wnnx_pat_function findPluginFunction(std::string_view name) {
  auto it = table().find(name);
  return it == table().end() ? nullptr : it->second;
}

std::string pluginDigest(std::string_view name) {
  auto it = digests().find(name);
  return it == digests().end() ? "" : it->second;
}

std::vector<std::string_view> pluginFunctions() {
  std::vector<std::string_view> names;
  for (const auto &f : table())
    names.push_back(f.first);
  return names;
}

namespace {

/// Memory of one call.
struct CallMemory {
  std::vector<std::unique_ptr<uint64_t[]>> blocks;
  size_t bytes = 0;
  static constexpr size_t limit = size_t(4) << 30;

  static void *allocate(wnnx_pat_context *context, size_t size) {
    auto &m = *static_cast<CallMemory *>(context->state);
    if (size > limit - m.bytes)
      return nullptr;
    m.bytes += size;
    m.blocks.push_back(std::make_unique<uint64_t[]>(size / 8 + 1));
    return m.blocks.back().get();
  }
};

} // namespace

std::optional<Datum> Evaluator::callExtern(const Code &c) {
  const ExternFn &fn = *c.external;
  std::vector<wnnx_pat_value> args(c.kids.size());
  std::vector<std::string> texts(args.size());
  std::vector<std::vector<int64_t>> ints(args.size());
  std::vector<std::vector<double>> data(args.size());
  std::optional<DType> dtype;
  for (size_t i = 0; i < args.size(); ++i) {
    std::optional<Datum> d = eval(*c.kids[i]);
    if (!d)
      return std::nullopt;
    wnnx_pat_value &v = args[i];
    v = {};
    auto wrong = [&] {
      return fail(c, fmt::format("argument {} of `{}` is {}, not {}", i + 1, fn.name, d->str(),
                                 fn.params[i].str()));
    };
    switch (fn.params[i].kind) {
    case TypeKind::Int:
      if (!d->as<int64_t>())
        return wrong();
      v.kind = WNNX_PAT_INT;
      v.integer = *d->as<int64_t>();
      break;
    case TypeKind::Float:
      if (!d->isNumber())
        return wrong();
      v.kind = WNNX_PAT_FLOAT;
      v.number = d->asDouble();
      break;
    case TypeKind::Bool:
      if (!d->as<bool>())
        return wrong();
      v.kind = WNNX_PAT_BOOL;
      v.integer = *d->as<bool>();
      break;
    case TypeKind::Str:
      if (!d->as<std::string>())
        return wrong();
      v.kind = WNNX_PAT_STR;
      texts[i] = *d->as<std::string>();
      v.text = texts[i].c_str();
      break;
    case TypeKind::List: {
      std::optional<std::vector<int64_t>> l = d->ints();
      if (!l)
        return wrong();
      ints[i] = std::move(*l);
      v.kind = WNNX_PAT_INTS;
      break;
    }
    default: {
      TensorRef t = tensor(*c.kids[i], *d);
      if (!t)
        return std::nullopt;
      if (t->shape.numel() > maxTensorElements)
        return fail(c, fmt::format("argument {} of `{}` is too large", i + 1, fn.name));
      if (!dtype)
        dtype = t->dtype;
      ints[i].assign(t->shape.begin(), t->shape.end());
      data[i] = t->values();
      v.kind = WNNX_PAT_TENSOR;
      v.data = data[i].data();
      break;
    }
    }
    v.count = ints[i].size();
    v.ints = ints[i].data();
  }
  CallMemory memory;
  wnnx_pat_context context = {&memory, CallMemory::allocate};
  wnnx_pat_value r = {};
  auto function = reinterpret_cast<wnnx_pat_function>(fn.function);
  if (const char *reason = function(&context, args.data(), args.size(), &r))
    return fail(c, fmt::format("`{}`: {}", fn.name, reason));
  static const std::map<int32_t, TypeKind> kinds = {
      {WNNX_PAT_INT, TypeKind::Int},   {WNNX_PAT_FLOAT, TypeKind::Float},
      {WNNX_PAT_BOOL, TypeKind::Bool}, {WNNX_PAT_STR, TypeKind::Str},
      {WNNX_PAT_INTS, TypeKind::List}, {WNNX_PAT_TENSOR, TypeKind::Tensor}};
  auto kind = kinds.find(r.kind);
  if (kind == kinds.end() || kind->second != fn.result.kind)
    return fail(c, fmt::format("`{}` gave something else than {}", fn.name, fn.result.str()));
  if ((r.kind == WNNX_PAT_STR && !r.text) || (r.count && !r.ints))
    return fail(c, fmt::format("`{}` gave no result", fn.name));
  switch (r.kind) {
  case WNNX_PAT_INT:
    return Datum(r.integer);
  case WNNX_PAT_FLOAT:
    return Datum(r.number);
  case WNNX_PAT_BOOL:
    return Datum(r.integer != 0);
  case WNNX_PAT_STR:
    return Datum(std::string(r.text));
  case WNNX_PAT_INTS:
    return Datum::ofInts({r.ints, r.count});
  default:
    break;
  }
  int64_t elements = 1;
  for (size_t i = 0; i < r.count; ++i) {
    if (r.ints[i] < 0 || __builtin_mul_overflow(elements, r.ints[i], &elements) ||
        elements > maxTensorElements)
      return fail(c, fmt::format("`{}` gave a tensor that is too large", fn.name));
  }
  if (r.count > 64 || (elements && !r.data))
    return fail(c, fmt::format("`{}` gave no result", fn.name));
  TensorType type{DType::F64, Shape(llvm::ArrayRef<int64_t>(r.ints, r.count))};
  Tensor content = Tensor::fromDoubles(type, {r.data, size_t(elements)});
  // As numbers of the first tensor given, or of single precision.
  TensorBuilder b;
  return made(c, b.cast(b.leaf(std::move(content), ""), dtype.value_or(DType::F32)), b);
}

} // namespace wnnx::pat
