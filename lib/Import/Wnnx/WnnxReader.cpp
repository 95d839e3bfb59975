// SPDX-License-Identifier: Apache-2.0
//
// The graph's JSON to a Graph. Field by field against docs/wnnx-format.md; what is not known is an
// error that names it. After an error in a node, its results are known as bad and cause no more.
#include "wnnx/Import/Wnnx/WnnxReader.h"

#include "wnnx/IR/Verifier.h"
#include "wnnx/Support/Json.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>
#include <limits>

namespace wnnx {
namespace {

std::string code(std::string_view text) {
  return "`" + std::string(text.substr(0, 200)) + (text.size() > 200 ? "...`" : "`");
}

class GraphReader {
  const SafetensorsFile &file;
  Diagnostics &diags;
  JsonDocument doc;
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  std::vector<Location> locations;
  llvm::StringSet<> bad; // results of nodes with errors
  bool ok = true;

  /// An error at a JSON value; `what` is the node it belongs to, if any.
  DiagnosticBuilder error(JsonValue at, std::string message, const std::string &what = "") {
    ok = false;
    std::string place = file.name() + ": wnnx.graph" + (at ? at.path() : "");
    if (!what.empty())
      place += ": " + what;
    return diags.error(place, "wnnx-graph", std::move(message));
  }
  bool expect(JsonValue owner, std::string_view name, JsonKind kind, JsonValue &out) {
    out = owner.get(name);
    if (out.is(kind))
      return true;
    error(out ? out : owner, code(name) + " must be " + std::string(jsonKindName(kind)) +
                                 (out ? "; found " + std::string(jsonKindName(out.kind()))
                                      : std::string("; it is missing")));
    return false;
  }
  void checkFields(JsonValue object, std::initializer_list<std::string_view> known,
                   const std::string &what = "") {
    for (JsonValue m : object) {
      if (std::find(known.begin(), known.end(), m.key()) == known.end())
        error(m, "unknown field " + code(m.key()) + didYouMean(m.key(), known), what);
    }
  }

  bool readType(JsonValue owner, TensorType &type) {
    JsonValue v;
    if (!expect(owner, "type", JsonKind::Str, v))
      return false;
    std::optional<TensorType> parsed = parseTensorType(*v.asStr());
    if (!parsed) {
      error(v, code(*v.asStr()) + " is not a tensor type such as `f32[1,3,224,224]`");
      return false;
    }
    type = *parsed;
    return true;
  }
  /// The name of a new value; it must be unused.
  bool readNewName(JsonValue owner, std::string &name) {
    JsonValue v;
    if (!expect(owner, "name", JsonKind::Str, v))
      return false;
    name = *v.asStr();
    if (name.empty()) {
      error(v, "a value's name is empty");
      return false;
    }
    if (graph->lookup(name) || bad.contains(name)) {
      error(v, "two values are named " + code(name));
      return false;
    }
    return true;
  }

  void readLocations(JsonValue list) {
    for (JsonValue v : list) {
      Location loc;
      if (v.get("rule")) {
        checkFields(v, {"rule", "place", "parts"});
        std::vector<Location> parts;
        constexpr size_t partLimit = 1024; // our writer stays under 256
        if (v.get("parts").size() > partLimit) {
          error(v, "more than " + std::to_string(partLimit) + " parts");
          return;
        }
        for (JsonValue p : v.get("parts")) {
          std::optional<int64_t> i = p.asInt();
          if (!i || *i < 0 || size_t(*i) >= locations.size())
            error(p, "a location's part must be the index of an earlier location");
          else
            parts.push_back(locations[size_t(*i)]);
        }
        std::string rule(v.get("rule").asStr().value_or(""));
        if (rule.empty())
          error(v, "`rule` must be a string that is not empty");
        loc = Location::fused(rule, std::string(v.get("place").asStr().value_or("")),
                              std::move(parts));
      } else {
        checkFields(v, {"file", "line", "column", "scope"});
        auto number = [&](std::string_view field) {
          JsonValue n = v.get(field);
          int64_t i = n ? n.asInt().value_or(-1) : 0;
          if (i < 0 || i > std::numeric_limits<int32_t>::max()) {
            error(n, code(field) + " must be a number from 0 on");
            i = 0;
          }
          return unsigned(i);
        };
        unsigned line = number("line"), column = number("column");
        loc = Location::file(std::string(v.get("file").asStr().value_or("")), line, column,
                             std::string(v.get("scope").asStr().value_or("")));
      }
      locations.push_back(std::move(loc));
    }
  }

  std::optional<double> readFloat(JsonValue v) {
    if (std::optional<std::string_view> s = v.asStr()) {
      constexpr double inf = std::numeric_limits<double>::infinity();
      if (*s == "inf" || *s == "-inf")
        return *s == "inf" ? inf : -inf;
      if (*s == "nan")
        return std::numeric_limits<double>::quiet_NaN();
    }
    return v.asFloat();
  }

  const SafetensorsFile::Entry *readTensorRef(JsonValue v, const std::string &what) {
    JsonValue name = v.get("tensor");
    if (!name.is(JsonKind::Str)) {
      error(v, "a tensor is written `{\"tensor\": NAME}`", what);
      return nullptr;
    }
    const SafetensorsFile::Entry *entry = file.lookup(*name.asStr());
    if (!entry)
      error(name,
            "the file has no tensor " + code(*name.asStr()) +
                (diags.errorCount() < 20 ? didYouMean(*name.asStr(), file.names()) : ""),
            what);
    else if (!entry->dtype)
      error(name,
            "tensor " + code(entry->name) + " has dtype " + entry->dtypeName +
                ", which graphs do not have",
            what);
    return entry && entry->dtype ? entry : nullptr;
  }

  /// A value of the kind that the schema gives. None is an error that has been reported.
  Attribute readAttr(JsonValue v, const AttrInfo &info, const std::string &what) {
    auto list = [&](auto read) {
      using T = std::decay_t<decltype(*read(v))>;
      std::vector<T> items;
      for (JsonValue item : v) {
        auto x = read(item);
        if (!x)
          return Attribute();
        items.push_back(*x);
      }
      return v.is(JsonKind::Array) ? Attribute(std::move(items)) : Attribute();
    };
    auto one = [](const auto &x) { return x ? Attribute(*x) : Attribute(); };
    Attribute result;
    switch (info.kind) {
    case AttrKind::None:
      break;
    case AttrKind::Bool:
      result = one(v.asBool());
      break;
    case AttrKind::Int:
      result = one(v.asInt());
      break;
    case AttrKind::Float:
      result = one(readFloat(v));
      break;
    case AttrKind::Str:
      if (std::optional<std::string_view> s = v.asStr())
        result = Attribute(std::string(*s));
      break;
    case AttrKind::DType:
      result = one(parseDType(v.asStr().value_or("")));
      break;
    case AttrKind::Ints:
      result = list([](JsonValue i) { return i.asInt(); });
      break;
    case AttrKind::Floats:
      result = list([&](JsonValue i) { return readFloat(i); });
      break;
    case AttrKind::Tensor: {
      const SafetensorsFile::Entry *entry = readTensorRef(v, what);
      return entry ? Attribute(file.tensor(*entry)) : Attribute();
    }
    }
    if (result.isNone())
      error(v,
            "attribute " + code(info.name) + " must be of kind `" +
                std::string(attrKindName(info.kind)) + "`; found " +
                std::string(jsonKindName(v.kind())),
            what);
    return result;
  }

  std::vector<Attribute> readAttrs(JsonValue node, const OpInfo &op, const std::string &what) {
    std::vector<Attribute> attrs;
    for (const AttrInfo &a : op.attrs)
      attrs.push_back(a.defaultValue);
    JsonValue object = node.get("attrs");
    if (object && !object.is(JsonKind::Object))
      error(object, "`attrs` must be an object", what);
    for (JsonValue a : object) {
      int i = op.attrIndex(a.key());
      if (i < 0) {
        std::vector<std::string_view> names;
        for (const AttrInfo &info : op.attrs)
          names.push_back(info.name);
        error(a,
              "`" + std::string(op.name) + "` has no attribute " + code(a.key()) +
                  didYouMean(a.key(), names),
              what)
            .note("", "schema: " + op.schema());
        continue;
      }
      const AttrInfo &info = op.attrs[size_t(i)];
      if (!(a.is(JsonKind::Null) && info.optional))
        attrs[size_t(i)] = readAttr(a, info, what);
      else
        attrs[size_t(i)] = Attribute();
    }
    for (size_t i = 0; i < attrs.size(); ++i) {
      if (op.attrs[i].required && !object.get(op.attrs[i].name))
        error(node, "attribute " + code(op.attrs[i].name) + " is missing", what);
    }
    return attrs;
  }

  Value *lookup(JsonValue at, std::string_view name, const std::string &what) {
    if (Value *v = graph->lookup(name))
      return v;
    if (bad.contains(llvm::StringRef(name)))
      ok = false;
    else
      error(at, "value " + code(name) + " is not made before it is used", what);
    return nullptr;
  }

  void checkConstant(JsonValue node, const Attribute &value, const TensorType &type,
                     const std::string &what) {
    const TensorType &found = value.asTensor().type();
    if (found != type) {
      std::string tensor(node.get("attrs").get("value").get("tensor").asStr().value_or(""));
      error(node,
            "tensor " + code(tensor) + " is " + found.str() + "; the graph was made for " +
                type.str(),
            what)
          .hint("a weight may be replaced by one of the same dtype and shape");
    }
  }

  /// Makes and appends the node, or reports why not and marks its results as bad.
  void readNode(JsonValue v) {
    unsigned before = diags.errorCount();
    bool wasOk = std::exchange(ok, true);
    std::vector<std::string> names;
    std::vector<TensorType> types;
    readNode(v, names, types);
    if (!ok || diags.errorCount() != before) {
      for (const std::string &n : names)
        bad.insert(n);
      ok = false;
    }
    ok &= wasOk;
  }

  void readNode(JsonValue v, std::vector<std::string> &names, std::vector<TensorType> &types) {
    if (!v.is(JsonKind::Object)) {
      error(v, "a node must be an object");
      return;
    }
    for (JsonValue r : v.get("results")) {
      std::string name;
      TensorType type;
      if (!readNewName(r, name) | !readType(r, type))
        return;
      checkFields(r, {"name", "type"});
      if (std::find(names.begin(), names.end(), name) != names.end())
        error(r, "two values are named " + code(name));
      names.push_back(name);
      types.push_back(type);
    }
    JsonValue opName;
    if (!expect(v, "op", JsonKind::Str, opName))
      return;
    std::string what =
        code(*opName.asStr()) + " node" + (names.empty() ? std::string() : " " + code(names[0]));
    const OpInfo *op = lookupOp(*opName.asStr());
    if (!op) {
      error(opName, "unknown op " + code(*opName.asStr()) + didYouMean(*opName.asStr(), opNames()),
            what);
      return;
    }
    checkFields(v, {"op", "operands", "attrs", "results", "loc"}, what);

    std::vector<Value *> operands;
    for (JsonValue o : v.get("operands")) {
      if (o.is(JsonKind::Null)) {
        operands.push_back(nullptr);
      } else if (std::optional<std::string_view> name = o.asStr()) {
        operands.push_back(lookup(o, *name, what));
      } else {
        error(o, "an operand must be a value's name or null", what);
      }
    }
    if (!op->isVariadic() && operands.size() > op->operands.size())
      error(v.get("operands"),
            std::to_string(operands.size()) + " operands; the op takes " +
                std::to_string(op->operands.size()),
            what)
          .note("", "schema: " + op->schema());
    bool many = !op->results.empty() && op->results.back().variadic;
    if (many ? names.empty() : names.size() != op->results.size())
      error(v,
            std::to_string(names.size()) + " results; the op has " +
                (many ? "at least 1" : std::to_string(op->results.size())),
            what);
    std::vector<Attribute> attrs = readAttrs(v, *op, what);
    Location loc;
    if (JsonValue l = v.get("loc")) {
      std::optional<int64_t> i = l.asInt();
      if (!i || *i < 0 || size_t(*i) >= locations.size())
        error(l, "`loc` must be the index of a location", what);
      else
        loc = locations[size_t(*i)];
    }
    if (ok && op->kind == OpKind::Constant)
      checkConstant(v, attrs[0], types[0], what);
    if (!ok)
      return;
    Node *n = graph->createRaw(op->kind, operands, std::move(attrs), types, std::move(loc));
    graph->append(n);
    for (unsigned i = 0; i < names.size(); ++i)
      graph->setName(n->result(i), names[i]);
    if (verifySchema(*n, diags).failed())
      ok = false;
  }

  void readInputs(JsonValue list) {
    for (JsonValue v : list) {
      std::string name;
      TensorType type;
      checkFields(v, {"name", "type"});
      if (readNewName(v, name) && readType(v, type))
        graph->addInput(name, type);
    }
  }
  void readOutputs(JsonValue list) {
    llvm::StringSet<> seen;
    for (JsonValue v : list) {
      JsonValue name, value;
      checkFields(v, {"name", "value"});
      if (!expect(v, "name", JsonKind::Str, name) || !expect(v, "value", JsonKind::Str, value))
        continue;
      if (!seen.insert(llvm::StringRef(*name.asStr())).second)
        error(name, "two outputs are named " + code(*name.asStr()));
      if (Value *made = lookup(value, *value.asStr(), ""))
        graph->addOutput(std::string(*name.asStr()), made);
    }
  }

  /// The search costs time; a long name is nobody's typing error, nor is the twentieth.
  std::string didYouMean(std::string_view name,
                         const std::vector<std::string_view> &candidates) const {
    bool sensible = name.size() <= 100 && diags.errorCount() < 20;
    return sensible ? wnnx::didYouMean(name, candidates) : "";
  }

public:
  GraphReader(const SafetensorsFile &f, Diagnostics &d) : file(f), diags(d) {}

  std::unique_ptr<Graph> read(std::string_view text) {
    if (std::optional<JsonError> e = doc.parse(text)) {
      diags.error(file.name(), "wnnx-graph",
                  "wnnx.graph at line " + std::to_string(e->line) + ", column " +
                      std::to_string(e->column) + ": " + e->message);
      return nullptr;
    }
    JsonValue root = doc.root();
    if (!root.is(JsonKind::Object)) {
      error(root, "the graph must be an object");
      return nullptr;
    }
    checkFields(root, {"name", "metadata", "locations", "inputs", "nodes", "outputs"});
    JsonValue name, inputs, nodes, outputs;
    bool complete = expect(root, "name", JsonKind::Str, name);
    complete &= expect(root, "inputs", JsonKind::Array, inputs);
    complete &= expect(root, "nodes", JsonKind::Array, nodes);
    complete &= expect(root, "outputs", JsonKind::Array, outputs);
    if (!complete)
      return nullptr;
    graph->name = *name.asStr();
    for (JsonValue m : root.get("metadata")) {
      if (std::optional<std::string_view> s = m.asStr())
        graph->metadata.emplace(m.key(), *s);
      else
        error(m, "metadata must be strings");
    }
    readLocations(root.get("locations"));
    readInputs(inputs);
    for (JsonValue n : nodes)
      readNode(n);
    readOutputs(outputs);
    if (!ok || verifyStructure(*graph, diags).failed())
      return nullptr;
    return std::move(graph);
  }
};

} // namespace

std::unique_ptr<Graph> readWnnxGraph(const std::shared_ptr<const SafetensorsFile> &file,
                                     Diagnostics &diags) {
  auto version = file->metadata().find("wnnx.version");
  auto text = file->metadata().find("wnnx.graph");
  if (version == file->metadata().end() && text == file->metadata().end()) {
    diags.error(file->name(), "wnnx-no-graph", "a safetensors file without a graph")
        .hint("a `.wnnx` file carries its graph as `wnnx.graph` in `__metadata__`; when weights "
              "are replaced, the metadata must be saved with them");
    return nullptr;
  }
  if (version == file->metadata().end() || version->second != "1") {
    diags.error(file->name(), "wnnx-version",
                version == file->metadata().end()
                    ? std::string("`wnnx.version` is missing from `__metadata__`")
                    : "version " + code(version->second) +
                          " of the format is not known; this tool reads version `1`");
    return nullptr;
  }
  if (text == file->metadata().end()) {
    diags.error(file->name(), "wnnx-no-graph", "`wnnx.graph` is missing from `__metadata__`");
    return nullptr;
  }
  return GraphReader(*file, diags).read(text->second);
}

std::unique_ptr<Graph> importWnnx(const std::string &path, Diagnostics &diags) {
  std::shared_ptr<const SafetensorsFile> file = SafetensorsFile::open(path, diags);
  return file ? readWnnxGraph(file, diags) : nullptr;
}

} // namespace wnnx
