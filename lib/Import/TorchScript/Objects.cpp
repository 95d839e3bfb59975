// SPDX-License-Identifier: Apache-2.0
//
// Pickle nodes to evaluator values.
#include "Objects.h"

#include "Limits.h"

#include <fmt/format.h>

namespace wnnx::ts {

Objects::Objects(Archive &a, Heap &h, SsaBuilder &b, Functionalizer &f, Diagnostics &d)
    : archive(a), heap(h), builder(b), functionalizer(f), diags(d) {
  auto setUp = [](Source &s, const PickleData &p, const char *folder) {
    s.pickle = &p;
    s.folder = folder;
    s.paths.resize(p.nodes.size());
    s.made.resize(p.nodes.size());
    s.state.resize(p.nodes.size(), 0);
  };
  setUp(dataSource, a.data, "data/");
  setUp(constantsSource, a.constants, "constants/");
  findPaths();
}

void Objects::findPaths() {
  const PickleData &p = archive.data;
  std::vector<bool> seen(p.nodes.size(), false);
  std::vector<std::pair<PickleRef, std::string>> objects{{p.root, ""}}, containers;
  auto join = [](const std::string &path, const std::string &name) {
    return path.empty() ? name : path + "." + name;
  };
  // Depth first through submodules, in the order of declaration; containers only afterwards, so
  // that a weight that is also in a list keeps the name it has as an attribute.
  auto visit = [&](PickleRef ref, const std::string &path, bool &object) {
    object = p[ref].kind == PickleKind::Object && !seen[ref];
    if (p[ref].kind == PickleKind::Tensor && dataSource.paths[ref].empty())
      dataSource.paths[ref] = path;
  };
  while (!objects.empty() || !containers.empty()) {
    bool fromObjects = !objects.empty();
    auto [ref, path] = fromObjects ? std::move(objects.back()) : std::move(containers.back());
    (fromObjects ? objects : containers).pop_back();
    if (seen[ref] || path.size() > 1000)
      continue;
    seen[ref] = true;
    llvm::ArrayRef<PickleRef> items;
    bool dict = true;
    if (p[ref].kind == PickleKind::Object) {
      dataSource.paths[ref] = path;
      if (!p[ref].integer || p[PickleRef(p[ref].integer - 1)].kind != PickleKind::Dict)
        continue;
      items = p.items(PickleRef(p[ref].integer - 1));
    } else {
      items = p.items(ref);
      dict = p[ref].kind == PickleKind::Dict;
    }
    std::vector<std::pair<PickleRef, std::string>> children;
    for (size_t i = 0; i < items.size(); i += dict ? 2 : 1) {
      PickleRef child = items[dict ? i + 1 : i];
      PickleKind kind = p[child].kind;
      if (kind != PickleKind::Object && kind != PickleKind::Tensor && kind != PickleKind::List &&
          kind != PickleKind::Tuple && kind != PickleKind::Dict)
        continue;
      std::string name = !dict                                 ? std::to_string(i)
                         : p[items[i]].kind == PickleKind::Str ? p.text(items[i])
                                                               : "item";
      std::string childPath = join(path, name);
      bool object = false;
      visit(child, childPath, object);
      if (object)
        children.push_back({child, childPath});
      else if (kind != PickleKind::Object && kind != PickleKind::Tensor)
        containers.push_back({child, childPath});
    }
    objects.insert(objects.end(), children.rbegin(), children.rend());
  }
}

Val Objects::constant(int64_t n, SourceRange where) {
  const PickleData &p = archive.constants;
  if (p[p.root].kind != PickleKind::Tuple || n < 0 || size_t(n) >= p.items(p.root).size()) {
    diags.error(where, "ts-constants", fmt::format("the archive has no constant number {}", n));
    return Val::poison();
  }
  return make(constantsSource, p.items(p.root)[size_t(n)], 0);
}

const ClassInfo *Objects::classNamed(llvm::StringRef name) {
  auto [it, fresh] = classes.try_emplace(name);
  if (fresh) {
    const Module *module = nullptr;
    if (const Class *decl = archive.findClass(name, &module)) {
      it->second = std::make_unique<ClassInfo>();
      *it->second = {name.str(), decl, module};
    }
  }
  return it->second.get();
}

std::optional<Val> Objects::attribute(Instance &object, llvm::StringRef name) {
  if (auto it = object.attrs.find(name); it != object.attrs.end())
    return it->second;
  auto stored = object.stored.find(name);
  if (stored == object.stored.end())
    return std::nullopt;
  Source &s = object.pickle == dataSource.pickle ? dataSource : constantsSource;
  Val v = make(s, stored->second, 0);
  object.attrs[name] = v;
  return v;
}

Val Objects::make(Source &s, PickleRef ref, unsigned depth) {
  const PickleNode &n = (*s.pickle)[ref];
  if (s.state[ref] == 2)
    return s.made[ref];
  if (s.state[ref] == 1 || depth > limits::containerDepth) {
    diags.error(archive.placeOf(s.folder == "data/" ? "data.pkl" : "constants.pkl"), "ts-pickle",
                s.state[ref] == 1 ? "a container holds itself"
                                  : "containers are nested too deeply");
    return Val::poison();
  }
  s.state[ref] = 1;
  Val v = Val::none();
  switch (n.kind) {
  case PickleKind::None:
    break;
  case PickleKind::Bool:
    v = Val::boolean(n.integer);
    break;
  case PickleKind::Int:
    v = Val::integer(n.integer);
    break;
  case PickleKind::Float:
    v = Val::real(n.number);
    break;
  case PickleKind::Str:
    v = heap.str(s.pickle->text(ref));
    break;
  case PickleKind::Device:
    v = heap.device(s.pickle->text(ref));
    break;
  case PickleKind::Tensor:
    v = makeTensor(s, ref);
    break;
  case PickleKind::Object:
    v = makeObject(s, ref);
    break;
  case PickleKind::List:
  case PickleKind::Tuple:
  case PickleKind::Dict:
    v = makeContainer(s, ref, depth);
    break;
  case PickleKind::Enum: {
    const ClassInfo *cls = classNamed(s.pickle->text(ref));
    Val value = make(s, PickleRef(n.integer), depth + 1);
    v = heap.enumMember(cls, heap.str(""), value);
    break;
  }
  default:
    diags.error(
        archive.placeOf(s.folder == "data/" ? "data.pkl" : "constants.pkl"), "ts-pickle",
        "an attribute of a kind that is not supported (complex number, storage or function)");
    v = Val::poison();
  }
  s.state[ref] = 2;
  s.made[ref] = v;
  return v;
}

Val Objects::makeTensor(Source &s, PickleRef ref) {
  std::string key = Archive::identity(*s.pickle, ref, s.folder);
  Val v = Val::of(ValKind::Tensor);
  if (auto it = byStorage.find(key); it != byStorage.end()) {
    v.tensor = it->second;
    return v;
  }
  std::string path = s.paths[ref];
  FailureOr<Tensor> t =
      archive.loadTensor(*s.pickle, ref, s.folder, path.empty() ? "constant" : path);
  if (failed(t))
    return Val::poison();
  bool constants = &s == &constantsSource;
  v.tensor = functionalizer.fresh(builder.constant(std::move(*t), path));
  if (!constants)
    v.tensor->box->stateName = path;
  // Tracing stores Python numbers as 0-dim f64 and i64 tensors; they do not raise a dtype.
  v.tensor->wrapped = constants && v.tensor->type.shape.rank() == 0 &&
                      (v.tensor->type.dtype == DType::F64 || v.tensor->type.dtype == DType::I64);
  byStorage[key] = v.tensor;
  return v;
}

Val Objects::makeObject(Source &s, PickleRef ref) {
  const PickleNode &n = (*s.pickle)[ref];
  Instance *object = heap.instance();
  std::string className = s.pickle->text(ref);
  object->cls = classNamed(className);
  object->path = s.paths[ref];
  object->pickle = s.pickle;
  Val v = Val::of(ValKind::Instance);
  v.instance = object;
  llvm::StringRef name = className;
  if (!object->cls) {
    if (name.starts_with("__torch__.torch.classes."))
      diags
          .error(archive.placeOf("data.pkl"), "ts-class",
                 fmt::format("`{}` is an object of the C++ class `{}`", object->path,
                             name.drop_front(24).str()))
          .hint(name.contains("quantized")
                    ? "quantized modules are not supported; export the float model"
                    : "custom C++ classes are not supported");
    else
      diags.error(archive.placeOf("data.pkl"), "ts-class",
                  fmt::format("the archive has no source for class `{}`", className));
    return Val::poison();
  }
  if (!n.integer)
    return v;
  PickleRef state = PickleRef(n.integer - 1);
  if ((*s.pickle)[state].kind != PickleKind::Dict || object->cls->decl->method("__setstate__")) {
    bool quantized = name.contains("quantized");
    diags
        .error(archive.placeOf("data.pkl"), "ts-class",
               fmt::format("module `{}` ({}) restores itself with `__setstate__`", object->path,
                           className))
        .hint(quantized ? "quantized modules are not supported; export the float model"
                        : "modules with a state of their own are not supported");
    return Val::poison();
  }
  llvm::ArrayRef<PickleRef> items = s.pickle->items(state);
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    if ((*s.pickle)[items[i]].kind == PickleKind::Str)
      object->stored[s.pickle->text(items[i])] = items[i + 1];
  return v;
}

Val Objects::makeContainer(Source &s, PickleRef ref, unsigned depth) {
  std::vector<Val> items;
  for (PickleRef child : s.pickle->items(ref)) {
    items.push_back(make(s, child, depth + 1));
    if (items.back().isPoison())
      return Val::poison();
  }
  switch ((*s.pickle)[ref].kind) {
  case PickleKind::List:
    return heap.list(std::move(items));
  case PickleKind::Tuple:
    return heap.tuple(std::move(items));
  default: {
    Val d = heap.dict();
    for (size_t i = 0; i + 1 < items.size(); i += 2)
      d.dict->items.push_back({items[i], items[i + 1]});
    return d;
  }
  }
}

} // namespace wnnx::ts
