// SPDX-License-Identifier: Apache-2.0
//
// Carries out the edits of a model's interface.
#include "wnnx/Pattern/Interface.h"

#include "InterfaceParts.h"
#include "wnnx/Ops/Infer.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

namespace {

class InterfaceEditor {
  Graph &g;
  const std::function<FailureOr<Tensor>(const std::string &)> &loadTensor;
  InterfaceResult &result;
  Diagnostics &diags;

public:
  InterfaceEditor(Graph &graph, const std::function<FailureOr<Tensor>(const std::string &)> &load,
                  InterfaceResult &r, Diagnostics &d)
      : g(graph), loadTensor(load), result(r), diags(d) {}

  bool run(const InterfaceEdit &e) {
    switch (e.kind) {
    case InterfaceEdit::DropOutputs:
    case InterfaceEdit::KeepOutputs:
      return selectOutputs(e);
    case InterfaceEdit::SetOutput:
      return setOutput(e);
    case InterfaceEdit::DropInput:
      return dropInput(e);
    case InterfaceEdit::AssumeValue:
      return assumeValue(e);
    case InterfaceEdit::AssumeRange:
      return assumeRange(e);
    case InterfaceEdit::UseChannels:
      return useChannels(e);
    case InterfaceEdit::KeepPart:
    case InterfaceEdit::DropPart:
      return part(e);
    }
    return false;
  }

private:
  bool error(SourceRange where, std::string message, std::string hint = "") {
    auto e = diags.error(where, "interface", std::move(message));
    if (!hint.empty())
      e.hint(std::move(hint));
    return false;
  }
  void note(std::string text) { result.notes.push_back(std::move(text)); }

  int output(const PortRef &p, bool mustBe = true) {
    auto outputs = g.outputs();
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (p.number ? int64_t(i) == (*p.number < 0 ? *p.number + int64_t(outputs.size()) : *p.number)
                   : outputs[i].name == p.name)
        return int(i);
    }
    if (mustBe) {
      std::vector<std::string_view> known;
      std::string list;
      for (const GraphOutput &o : outputs) {
        known.push_back(o.name);
        list += (list.empty() ? "" : ", ") + o.name;
      }
      error(p.range,
            fmt::format("the model has no output {}{}{}{}", p.number ? "" : "`", p.name,
                        p.number ? "" : "`", p.number ? "" : didYouMean(p.name, known)),
            "outputs are " + list);
    }
    return -1;
  }
  int input(const PortRef &p) {
    std::vector<std::string_view> known;
    std::string list;
    for (const auto &in : g.inputs()) {
      if (p.number ? int64_t(in->index()) == *p.number : in->name() == p.name)
        return int(in->index());
      known.push_back(in->name());
      list += (list.empty() ? "" : ", ") + in->name();
    }
    error(p.range, fmt::format("the model has no input `{}`{}", p.name, didYouMean(p.name, known)),
          "inputs are " + list);
    return -1;
  }
  /// A node behind all others; null when its types do not fit, which has been said.
  Value *make(OpKind op, Value *v, Value *other, std::vector<NamedAttr> attrs, SourceRange where) {
    Diagnostics scratch;
    llvm::SmallVector<Value *, 2> operands{v};
    if (other)
      operands.push_back(other);
    FailureOr<Node *> n = buildNode(g, op, operands, std::move(attrs),
                                    v->node() ? v->node()->loc() : Location(), scratch);
    if (failed(n)) {
      error(where, scratch.all().empty() ? "its types do not fit" : scratch.all()[0].message);
      return nullptr;
    }
    g.append(*n);
    return (*n)->result();
  }

  bool selectOutputs(const InterfaceEdit &e) {
    std::vector<int> chosen;
    bool ok = true;
    for (const PortRef &p : e.ports) {
      int i = output(p);
      ok &= i >= 0;
      if (i >= 0 && llvm::is_contained(chosen, i))
        ok = error(p.range, fmt::format("output `{}` is named twice", p.name));
      chosen.push_back(i);
    }
    if (!ok)
      return false;
    std::vector<GraphOutput> all(g.outputs().begin(), g.outputs().end()), kept;
    if (e.kind == InterfaceEdit::KeepOutputs) {
      for (int i : chosen)
        kept.push_back(all[size_t(i)]);
    } else {
      for (size_t i = 0; i < all.size(); ++i) {
        if (!llvm::is_contained(chosen, int(i)))
          kept.push_back(all[i]);
      }
    }
    if (kept.empty())
      return error(e.range, "this would leave the model without outputs");
    std::string gone;
    for (const GraphOutput &o : all) {
      if (llvm::none_of(kept, [&](const GraphOutput &k) { return k.name == o.name; }))
        gone += (gone.empty() ? "" : ", ") + o.name;
    }
    while (!g.outputs().empty())
      g.eraseOutput(unsigned(g.outputs().size()) - 1);
    for (GraphOutput &o : kept)
      g.addOutput(std::move(o.name), o.value);
    note(gone.empty() ? "outputs kept, in another order" : "dropped outputs: " + gone);
    return true;
  }

  Value *indexed(Value *v, const InterfaceEdit &e) {
    int64_t given = 0, dim = 0;
    for (const PortIndex &i : e.indices)
      given += i.kind != PortIndex::Rest;
    if (given > v->rank()) {
      error(e.range,
            fmt::format("{} indices for `{}`, which is {}", given, e.source.name, v->type().str()));
      return nullptr;
    }
    bool rest = false;
    for (const PortIndex &i : e.indices) {
      if (i.kind == PortIndex::Rest) {
        if (rest) {
          error(i.range, "`..` stands in an index once");
          return nullptr;
        }
        rest = true;
        dim = v->rank() - given;
        continue;
      }
      if (i.kind == PortIndex::At) {
        v = make(OpKind::Select, v, nullptr, {{"dim", dim}, {"index", i.at}}, i.range);
      } else {
        if (i.start || i.end || i.step)
          v = make(OpKind::Slice, v, nullptr,
                   {{"dim", dim},
                    {"start", i.start.value_or(0)},
                    {"end", i.end.value_or(std::numeric_limits<int64_t>::max())},
                    {"step", i.step.value_or(1)}},
                   i.range);
        ++dim;
      }
      --given; // those still to come
      if (!v)
        return nullptr;
    }
    return v;
  }

  bool setOutput(const InterfaceEdit &e) {
    Value *v = nullptr;
    if (int o = output(e.source, false); o >= 0)
      v = g.outputs()[size_t(o)].value;
    else
      v = g.lookup(e.source.name);
    if (!v) {
      std::vector<std::string_view> known;
      for (const auto &in : g.inputs())
        known.push_back(in->name());
      for (Node *n : nodesOf(g)) {
        for (unsigned i = 0; i < n->numResults(); ++i)
          known.push_back(n->result(i)->name());
      }
      return error(e.source.range,
                   fmt::format("the model has no value `{}`{}", e.source.name,
                               didYouMean(e.source.name, known)),
                   "`wnnx-opt` prints the model with the names of its values");
    }
    v = indexed(v, e);
    if (!v)
      return false;
    int o = output(e.ports[0], false);
    if (o >= 0)
      g.setOutput(unsigned(o), v);
    else
      g.addOutput(e.ports[0].name, v);
    note(fmt::format("output {} is now {} ({})", e.ports[0].name,
                     std::string(e.range.file->text().substr(e.source.range.begin,
                                                             e.range.end - e.source.range.begin)),
                     v->type().str()));
    return true;
  }

  bool dropInput(const InterfaceEdit &e) {
    int i = input(e.ports[0]);
    if (i < 0)
      return false;
    g.eraseDeadNodes();
    Value *v = g.input(unsigned(i));
    if (v->hasUses())
      return error(e.ports[0].range, fmt::format("input `{}` is still used", v->name()),
                   "assume a value for it, or drop the outputs that need it");
    note("dropped input " + v->name());
    g.eraseInput(unsigned(i));
    return true;
  }

  bool part(const InterfaceEdit &e) {
    std::vector<unsigned> chosen;
    for (const PortRef &p : e.ports) {
      int i = input(p);
      if (i < 0)
        return false;
      chosen.push_back(unsigned(i));
    }
    g.eraseDeadNodes();
    std::string why, done = takePart(g, e.kind, chosen, why);
    if (done.empty())
      return error(e.range, why);
    note(std::move(done));
    return true;
  }

  bool assumeValue(const InterfaceEdit &e) {
    int index = input(e.ports[0]);
    if (index < 0)
      return false;
    Value *v = g.input(unsigned(index));
    const TensorType &type = v->type();
    Tensor t;
    std::string what;
    if (e.arange) {
      // Along the last dimension, as positions are.
      std::vector<double> x(size_t(type.numel()));
      int64_t width = type.shape.rank() ? type.shape.back() : 1;
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = double(int64_t(i) % width);
      t = Tensor::fromDoubles(type, x);
      what = "0, 1, 2 ...";
    } else if (!e.file.empty()) {
      llvm::SmallString<256> path(e.file);
      if (llvm::sys::path::is_relative(path)) {
        path = llvm::sys::path::parent_path(e.range.file->name());
        llvm::sys::path::append(path, e.file);
      }
      FailureOr<Tensor> loaded = loadTensor(path.str().str());
      if (failed(loaded))
        return false;
      if ((*loaded).type() != type)
        return error(e.range, fmt::format("`{}` holds {}, and input `{}` is {}", e.file,
                                          (*loaded).type().str(), v->name(), type.str()));
      t = *loaded;
      what = e.file;
    } else {
      bool list = e.integer;
      if (list && int64_t(e.numbers.size()) != type.numel())
        return error(e.range, fmt::format("{} numbers for input `{}`, which is {}",
                                          e.numbers.size(), v->name(), type.str()));
      for (double x : e.numbers) {
        uint8_t bytes[8];
        storeElement(type.dtype, bytes, x);
        double kept = Tensor::view({type.dtype, {}}, nullptr, bytes).getDouble(0);
        if (!isFloat(type.dtype) && kept != x)
          return error(e.range,
                       fmt::format("{} is no number of type {}", x, dtypeName(type.dtype)));
      }
      t = list ? Tensor::fromDoubles(type, e.numbers) : Tensor::splat(type, e.numbers[0]);
      what = list ? "the numbers given" : fmt::format("{}", e.numbers[0]);
    }
    std::string name = v->name();
    note(fmt::format("input {} is {}", name, what));
    Value *c = g.addConstant(std::move(t), "");
    v->replaceAllUsesWith(c);
    g.eraseInput(unsigned(index));
    g.setName(c, name);
    return true;
  }

  bool assumeRange(const InterfaceEdit &e) {
    int i = input(e.ports[0]);
    if (i < 0)
      return false;
    if (!(e.numbers[0] <= e.numbers[1]))
      return error(e.range, "the lower limit is above the upper one");
    Value *v = g.input(unsigned(i));
    ValueRange r;
    r.lo = e.numbers[0];
    r.hi = e.numbers[1];
    r.noNan = true;
    r.integer = e.integer || !isFloat(v->dtype());
    result.ranges[v->name()] = r;
    note(fmt::format("input {} lies in [{}, {}]", v->name(), r.lo, r.hi));
    return true;
  }

  bool useChannels(const InterfaceEdit &e) {
    int o = output(e.ports[0]);
    if (o < 0)
      return false;
    Value *v = g.outputs()[size_t(o)].value;
    std::optional<int64_t> d =
        v->rank() ? normalizeDim(e.dim, v->rank()) : std::optional<int64_t>();
    if (!d)
      return error(e.range, fmt::format("output `{}` is {} and has no dimension {}",
                                        e.ports[0].name, v->type().str(), e.dim));
    int64_t size = v->dim(*d);
    std::vector<int64_t> channels = e.channels;
    for (int64_t &c : channels) {
      c += c < 0 ? size : 0;
      if (c < 0 || c >= size)
        return error(e.range, fmt::format("dimension {} of output `{}` has {} channels", *d,
                                          e.ports[0].name, size));
    }
    bool run = true;
    for (size_t i = 1; i < channels.size(); ++i)
      run &= channels[i] == channels[0] + int64_t(i);
    Value *cut = nullptr;
    if (run) {
      cut = make(OpKind::Slice, v, nullptr,
                 {{"dim", *d}, {"start", channels[0]}, {"end", channels.back() + 1}}, e.range);
    } else {
      Value *c = g.addConstant(Tensor::fromInts({int64_t(channels.size())}, channels), "channels");
      cut = make(OpKind::IndexSelect, v, c, {{"dim", *d}}, e.range);
    }
    if (!cut)
      return false;
    g.setOutput(unsigned(o), cut);
    note(fmt::format("output {} has {} of {} channels ({})", g.outputs()[size_t(o)].name,
                     channels.size(), size, cut->type().str()));
    return true;
  }
};

} // namespace

LogicalResult
applyInterface(Graph &g, llvm::ArrayRef<InterfaceEdit> edits,
               const std::function<FailureOr<Tensor>(const std::string &path)> &loadTensor,
               InterfaceResult &result, Diagnostics &diags) {
  if (edits.empty())
    return success(); // the graph stays as it is, with nodes that nobody uses
  InterfaceEditor editor(g, loadTensor, result, diags);
  bool ok = true;
  g.nameAll();
  for (const InterfaceEdit &e : edits)
    ok &= editor.run(e);
  if (!ok)
    return failure();
  g.eraseDeadNodes();
  for (const auto &in : g.inputs()) {
    if (!in->hasUses())
      result.notes.push_back("input " + in->name() + " is not used any more");
  }
  g.nameAll();
  return success();
}

} // namespace wnnx::pat
