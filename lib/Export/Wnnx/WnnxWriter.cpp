// SPDX-License-Identifier: Apache-2.0
//
// A Graph to the JSON of docs/wnnx-format.md, and its constants to named tensors.
#include "wnnx/Export/Wnnx/WnnxWriter.h"

#include "wnnx/Support/Json.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

namespace wnnx {
namespace {

class GraphWriter {
  const Graph &graph;
  std::string text, locationText;
  JsonWriter json{text}, locationJson{locationText};
  std::vector<NamedTensor> tensors;
  llvm::StringSet<> tensorNames;
  /// Tensors by where their bytes are; a list, as one address may be seen under several types.
  llvm::DenseMap<const uint8_t *, std::vector<size_t>> byAddress;
  std::map<std::string, int64_t> byText;
  llvm::DenseMap<const void *, int64_t> byIdentity;

  const std::string &tensorName(const Tensor &t, std::string_view wanted) {
    std::vector<size_t> &known = byAddress[t.data()];
    if (t.bytes()) {
      for (size_t i : known) {
        if (tensors[i].tensor.type() == t.type())
          return tensors[i].name;
      }
    }
    std::string name(wanted == "__metadata__" ? "metadata" : wanted);
    for (unsigned n = 1; !tensorNames.insert(name).second; ++n)
      name = std::string(wanted) + "_" + std::to_string(n);
    known.push_back(tensors.size());
    tensors.push_back({std::move(name), t});
    return tensors.back().name;
  }

  /// The index of a location in the table, which has each one once and parts before wholes.
  int64_t locationIndex(const Location &loc) {
    auto seen = byIdentity.find(loc.identity());
    if (seen != byIdentity.end())
      return seen->second;
    std::vector<int64_t> parts;
    for (const Location &p : loc.parts()) {
      if (p)
        parts.push_back(locationIndex(p));
    }
    std::string one;
    JsonWriter w(one);
    auto field = [&](std::string_view key, std::string_view value) {
      if (!value.empty()) {
        w.key(key);
        w.value(value);
      }
    };
    w.beginObject();
    if (loc.isFused()) {
      field("rule", loc.ruleName());
      field("place", loc.rulePlace());
      w.key("parts");
      w.beginArray();
      for (int64_t p : parts)
        w.value(p);
      w.endArray();
    } else {
      field("file", loc.fileLine().file);
      for (auto [key, n] :
           {std::pair("line", loc.fileLine().line), std::pair("column", loc.fileLine().column)}) {
        if (n) {
          w.key(key);
          w.value(int64_t(n));
        }
      }
      field("scope", loc.scopeName());
    }
    w.endObject();
    auto [it, fresh] = byText.try_emplace(one, int64_t(byText.size()));
    if (fresh)
      locationText += (it->second ? ",\n" : "\n") + one;
    byIdentity[loc.identity()] = it->second;
    return it->second;
  }

  void writeAttr(const Attribute &a, std::string_view tensor) {
    switch (a.kind()) {
    case AttrKind::None:
      return json.null();
    case AttrKind::Bool:
      return json.value(a.asBool());
    case AttrKind::Int:
      return json.value(a.asInt());
    case AttrKind::Float:
      return json.value(a.asFloat());
    case AttrKind::Str:
      return json.value(a.asStr());
    case AttrKind::DType:
      return json.value(dtypeName(a.asDType()));
    case AttrKind::Ints:
      json.beginArray();
      for (int64_t i : a.asInts())
        json.value(i);
      return json.endArray();
    case AttrKind::Floats:
      json.beginArray();
      for (double f : a.asFloats())
        json.value(f);
      return json.endArray();
    case AttrKind::Tensor:
      json.beginObject();
      json.key("tensor");
      json.value(tensorName(a.asTensor(), tensor));
      return json.endObject();
    }
  }

  void writeValue(const Value &v) {
    json.beginObject();
    json.key("name");
    json.value(v.name());
    json.key("type");
    json.value(v.type().str());
    json.endObject();
  }

  void writeNode(const Node &n) {
    json.newline();
    json.beginObject();
    json.key("op");
    json.value(opName(n.kind()));
    unsigned count = n.numOperands();
    while (count && !n.operand(count - 1) && !n.info().isVariadic())
      --count;
    if (count) {
      json.key("operands");
      json.beginArray();
      for (unsigned i = 0; i < count; ++i) {
        if (Value *v = n.operand(i))
          json.value(v->name());
        else
          json.null();
      }
      json.endArray();
    }
    bool open = false;
    for (unsigned i = 0; i < n.info().attrs.size(); ++i) {
      const AttrInfo &info = n.info().attrs[i];
      if (!info.required && n.attr(i) == info.defaultValue)
        continue;
      if (!open) {
        json.key("attrs");
        json.beginObject();
        open = true;
      }
      json.key(info.name);
      writeAttr(n.attr(i), n.numResults() ? n.result()->name() : "tensor");
    }
    if (open)
      json.endObject();
    json.key("results");
    json.beginArray();
    for (unsigned i = 0; i < n.numResults(); ++i)
      writeValue(*n.result(i));
    json.endArray();
    if (n.loc()) {
      json.key("loc");
      json.value(locationIndex(n.loc()));
    }
    json.endObject();
  }

public:
  explicit GraphWriter(const Graph &g) : graph(g) {}

  llvm::Error write(llvm::raw_ostream &os) {
    json.beginObject();
    json.key("name");
    json.value(graph.name);
    json.key("metadata");
    json.beginObject();
    for (const auto &[key, value] : graph.metadata) {
      json.key(key);
      json.value(value);
    }
    json.endObject();
    json.newline();
    json.key("inputs");
    json.beginArray();
    for (const auto &in : graph.inputs())
      writeValue(*in);
    json.endArray();
    json.newline();
    json.key("nodes");
    json.beginArray();
    for (const Node *n : nodesOf(graph))
      writeNode(*n);
    json.newline();
    json.endArray();
    json.newline();
    json.key("outputs");
    json.beginArray();
    for (const GraphOutput &o : graph.outputs()) {
      json.beginObject();
      json.key("name");
      json.value(o.name);
      json.key("value");
      json.value(o.value->name());
      json.endObject();
    }
    json.endArray();
    // The table of locations is complete only now; members of an object have no order.
    text += ",\n\"locations\":[" + locationText + "]";
    json.endObject();
    std::map<std::string, std::string> metadata{{"wnnx.version", "1"},
                                                {"wnnx.graph", std::move(text)}};
    return writeSafetensors(os, std::move(tensors), metadata);
  }
};

bool namesAreGood(const Graph &g) {
  auto good = [](const Value &v) { return !v.name().empty() && isUtf8(v.name()); };
  for (const auto &in : g.inputs()) {
    if (!good(*in))
      return false;
  }
  for (const Node *n : nodesOf(g)) {
    for (unsigned i = 0; i < n->numResults(); ++i) {
      if (!good(*n->result(i)))
        return false;
    }
  }
  return true;
}

/// A copy in which every value has a name that JSON can carry.
std::unique_ptr<Graph> withGoodNames(const Graph &g) {
  std::unique_ptr<Graph> copy = g.clone();
  copy->nameAll();
  auto fix = [&](Value *v) {
    if (!isUtf8(v->name())) {
      std::string quoted = jsonQuote(v->name());
      copy->setName(v, quoted.substr(1, quoted.size() - 2));
    }
  };
  for (const auto &in : copy->inputs())
    fix(in.get());
  for (Node *n : nodesOf(*copy)) {
    for (unsigned i = 0; i < n->numResults(); ++i)
      fix(n->result(i));
  }
  return copy;
}

} // namespace

llvm::Error writeWnnx(const Graph &graph, llvm::raw_ostream &os) {
  if (namesAreGood(graph))
    return GraphWriter(graph).write(os);
  return GraphWriter(*withGoodNames(graph)).write(os);
}

} // namespace wnnx
