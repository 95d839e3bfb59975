// SPDX-License-Identifier: Apache-2.0
//
// The importer's entry: open, bind inputs, evaluate, name, tidy up.
#include "wnnx/Import/TorchScript/Import.h"

#include "Inputs.h"
#include "Limits.h"

#include "wnnx/Support/MappedFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wnnx {

using namespace ts;

namespace {

/// Tensors of a result in depth-first order, with the names that dicts and named tuples give.
class Outputs {
  Evaluator &ev;
  struct Leaf {
    std::string name; // empty: by number
    TensorObject *tensor;
  };
  std::vector<Leaf> leaves;
  bool unknown = false;
  unsigned dropped = 0;

public:
  explicit Outputs(Evaluator &e) : ev(e) {}

  bool run(const Val &result, const std::string &place) {
    collect(result, "", 0);
    if (unknown) {
      if (!ev.diags.hasErrors() && ev.unsupported.empty())
        ev.diags.error(place, "ts-eval", "an output of the model could not be computed");
      return false;
    }
    if (leaves.empty()) {
      ev.diags.error(place, "ts-eval",
                     fmt::format("the model returns no tensor, but `{}`", kindName(result)));
      return false;
    }
    if (dropped)
      ev.diags.warning(place, "ts-eval",
                       fmt::format("{} outputs that are not tensors are left out", dropped));
    return addAll(place);
  }

private:
  void collect(const Val &v, const std::string &name, unsigned depth) {
    if (depth > limits::containerDepth || leaves.size() > limits::listLength) {
      unknown = true;
      return;
    }
    auto nested = [&](size_t i) { return name.empty() ? "" : name + "." + std::to_string(i); };
    switch (v.kind) {
    case ValKind::Poison:
      unknown = true;
      return;
    case ValKind::None:
      return;
    case ValKind::Tensor:
      leaves.push_back({name, v.tensor});
      return;
    case ValKind::List:
      for (size_t i = 0; i < v.list->items.size(); ++i)
        collect(v.list->items[i], nested(i), depth + 1);
      return;
    case ValKind::Tuple:
      for (size_t i = 0; i < v.tuple->items.size(); ++i) {
        const ClassInfo *cls = v.tuple->cls;
        bool named = cls && i < cls->decl->attrs.size();
        std::string field = named ? cls->decl->attrs[i].name.str() : "";
        collect(v.tuple->items[i],
                !named         ? nested(i)
                : name.empty() ? field
                               : name + "." + field,
                depth + 1);
      }
      return;
    case ValKind::Dict:
      for (const auto &[k, x] : v.dict->items) {
        std::string key = formatVal(k);
        collect(x, name.empty() ? key : name + "." + key, depth + 1);
      }
      return;
    default:
      ++dropped;
    }
  }

  bool addAll(const std::string &place) {
    ev.builder.failed = false;
    llvm::StringMap<unsigned> taken;
    for (size_t i = 0; i < leaves.size(); ++i) {
      Ref r = ev.functionalizer.read(leaves[i].tensor);
      if (ev.builder.failed)
        return false;
      if (r->state) {
        ev.diags
            .error(place, "ts-state",
                   fmt::format(
                       "the model keeps state: forward changes `{}`, and an output depends on it",
                       r->state))
            .hint("pass the state in and out as tensors");
        return false;
      }
      std::string name = leaves[i].name;
      if (name.empty())
        name = leaves.size() == 1 ? "output" : fmt::format("output{}", i);
      unsigned n = taken[name]++;
      ev.graph.addOutput(n ? fmt::format("{}_{}", name, n) : name, ev.builder.materialize(r));
    }
    return true;
  }
};

/// Names for what the program left unnamed: nodes after their op, constants after their use.
void nameValues(Graph &g) {
  for (Node *n : nodesOf(g))
    if (n->kind() != OpKind::Constant)
      for (unsigned i = 0; i < n->numResults(); ++i)
        if (n->result(i)->name().empty())
          g.setName(n->result(i), n->info().name);
  for (Node *n : nodesOf(g)) {
    Value *v = n->result();
    if (n->kind() != OpKind::Constant || !v->name().empty() || v->uses().empty() ||
        !v->uses()[0].user)
      continue;
    const Use &use = v->uses()[0];
    const auto &operands = use.user->info().operands;
    size_t operand = std::min<size_t>(use.index, operands.size() - 1);
    g.setName(v, fmt::format("{}.{}", use.user->result()->name(), operands[operand].name));
  }
  g.nameAll();
}

std::string modelName(llvm::StringRef place) {
  std::string name = llvm::sys::path::stem(place).str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name.empty() || llvm::isDigit(name[0]) ? "model_" + name : name;
}

FailureOr<std::unique_ptr<Graph>> importArchive(Archive &archive, const TorchScriptOptions &options,
                                                Diagnostics &diags) {
  auto graph = std::make_unique<Graph>();
  Evaluator ev(archive, *graph, diags);
  unsigned errorsBefore = diags.errorCount();
  Val root = ev.objects.root();
  if (!root.is(ValKind::Instance))
    return failure();
  const ClassInfo &cls = *root.instance->cls;
  const Function *method = cls.decl->method(options.method);
  if (!method) {
    std::vector<std::string_view> names;
    for (const ts::Function *f : cls.decl->methods)
      names.push_back({f->name.data(), f->name.size()});
    return diags
        .error(archive.place(), "ts-input",
               fmt::format("the model has no method `{}`{}", options.method,
                           didYouMean(options.method, names)))
        .hint(fmt::format("its methods are: {}", fmt::join(names, ", ")));
  }
  if (method->params.empty())
    return diags.error(archive.place(), "ts-input",
                       fmt::format("method `{}` has no self", options.method));
  if (options.method == "forward" && (!cls.decl->hooks.empty() || !cls.decl->preHooks.empty()))
    return diags.error(archive.place(), "ts-input", "forward hooks are not supported")
        .hint("remove the hooks before the model is saved");
  FailureOr<std::vector<Val>> args = InputBinder(ev, options, *method).run();
  if (failed(args))
    return failure();
  SourceRange where{cls.module->file, method->begin, method->begin + 1};
  Val result = ev.callMethod(root, options.method, std::move(*args), where);
  if (!ev.unsupported.empty())
    ev.unsupported.report(archive.place(), diags);
  bool complete = Outputs(ev).run(result, archive.place());
  if (!complete || diags.errorCount() != errorsBefore)
    return failure();
  graph->name = modelName(archive.place());
  graph->metadata["source"] = fmt::format("TorchScript, format version {}", archive.version);
  graph->eraseDeadNodes();
  nameValues(*graph);
  return graph;
}

} // namespace

bool sniffTorchScript(llvm::ArrayRef<uint8_t> bytes) {
  llvm::StringRef head(reinterpret_cast<const char *>(bytes.data()),
                       std::min<size_t>(bytes.size(), 8));
  return Zip::sniff(bytes) || head.starts_with("\x80\x02") || head.starts_with("PYTORCH1");
}

FailureOr<std::unique_ptr<Graph>>
importTorchScript(llvm::ArrayRef<uint8_t> bytes, std::shared_ptr<const void> owner,
                  const std::string &place, const TorchScriptOptions &options, Diagnostics &diags) {
  FailureOr<std::unique_ptr<Archive>> archive =
      Archive::open(bytes, std::move(owner), place, diags);
  if (failed(archive))
    return failure();
  return importArchive(**archive, options, diags);
}

FailureOr<std::unique_ptr<Graph>>
importTorchScript(const std::string &path, const TorchScriptOptions &options, Diagnostics &diags) {
  llvm::Expected<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return diags.error(path, "ts-open", llvm::toString(file.takeError()));
  llvm::ArrayRef<uint8_t> bytes((*file)->data(), size_t((*file)->size()));
  return importTorchScript(bytes, *file, path, options, diags);
}

} // namespace wnnx
