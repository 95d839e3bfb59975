// SPDX-License-Identifier: Apache-2.0
//
// JSON reading on top of nlohmann_json's event parser, which this file alone includes. Built
// without exceptions: only calls that report by return value are used.
#include "wnnx/Support/Json.h"

#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/JSON.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace wnnx {

std::string_view jsonKindName(JsonKind kind) {
  switch (kind) {
  case JsonKind::Null:
    return "null";
  case JsonKind::Bool:
    return "a boolean";
  case JsonKind::Int:
    return "an integer";
  case JsonKind::Float:
    return "a float";
  case JsonKind::Str:
    return "a string";
  case JsonKind::Array:
    return "an array";
  case JsonKind::Object:
    return "an object";
  }
  return "?";
}

/// Receives the parser's events and lays the tree out.
class JsonTreeBuilder {
  JsonDocument &doc;
  const JsonLimits &limits;
  std::vector<uint32_t> open;
  JsonDocument::Text pendingKey;

  bool fail(std::string message) {
    error = JsonError{consumed, 1, 1, std::move(message)};
    return false;
  }
  JsonDocument::Text store(std::string_view s) {
    JsonDocument::Text t{uint32_t(doc.strings.size()), uint32_t(s.size())};
    doc.strings += s;
    return t;
  }
  JsonDocument::Entry *add(JsonKind kind) {
    if (doc.entries.size() >= limits.maxValues) {
      fail("more than " + std::to_string(limits.maxValues) + " values");
      return nullptr;
    }
    if (!open.empty())
      ++doc.entries[open.back()].count;
    uint32_t index = uint32_t(doc.entries.size());
    doc.entries.push_back({kind, index + 1, 0, pendingKey, {}, {}});
    pendingKey = {};
    return &doc.entries.back();
  }
  bool begin(JsonKind kind) {
    if (open.size() >= limits.maxDepth)
      return fail("nested deeper than " + std::to_string(limits.maxDepth) + " levels");
    uint32_t index = uint32_t(doc.entries.size());
    if (!add(kind))
      return false;
    open.push_back(index);
    return true;
  }
  bool end() {
    doc.entries[open.back()].next = uint32_t(doc.entries.size());
    open.pop_back();
    return true;
  }

public:
  size_t consumed = 0; // bytes the parser has read
  std::optional<JsonError> error;

  JsonTreeBuilder(JsonDocument &d, const JsonLimits &l) : doc(d), limits(l) {}
  bool null() { return add(JsonKind::Null); }
  bool boolean(bool v) {
    JsonDocument::Entry *e = add(JsonKind::Bool);
    return e && (e->boolean = v, true);
  }
  bool number_integer(int64_t v) {
    JsonDocument::Entry *e = add(JsonKind::Int);
    return e && (e->integer = v, true);
  }
  bool number_unsigned(uint64_t v) {
    return v <= uint64_t(INT64_MAX) ? number_integer(int64_t(v)) : number_float(double(v), {});
  }
  bool number_float(double v, const std::string &) {
    JsonDocument::Entry *e = add(JsonKind::Float);
    return e && (e->real = v, true);
  }
  bool string(std::string &v) {
    JsonDocument::Entry *e = add(JsonKind::Str);
    return e && (e->text = store(v), true);
  }
  bool binary(std::vector<uint8_t> &) { return fail("binary value"); }
  bool start_object(size_t) { return begin(JsonKind::Object); }
  bool key(std::string &k) {
    pendingKey = store(k);
    return true;
  }
  bool end_object() {
    uint32_t object = open.back();
    std::vector<std::string_view> keys;
    for (uint32_t i = object + 1; i < doc.entries.size(); i = doc.entries[i].next)
      keys.push_back(doc.string(doc.entries[i].key));
    std::sort(keys.begin(), keys.end());
    auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end())
      return fail("duplicate key " + jsonQuote(twice->substr(0, 200)));
    return end();
  }
  bool start_array(size_t) { return begin(JsonKind::Array); }
  bool end_array() { return end(); }
  bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &e) {
    std::string text = e.what();
    // What stands before the colon is the library's number for the error and the position.
    size_t colon = text.find(": ");
    if (colon != std::string::npos)
      text.erase(0, colon + 2);
    for (char &c : text) {
      if (c == '\n' || c == '\r')
        c = ' ';
    }
    if (text.size() > 300)
      text = text.substr(0, 300) + "...";
    error = JsonError{position ? position - 1 : 0, 1, 1, jsonQuote(text)};
    error->message = error->message.substr(1, error->message.size() - 2);
    return false;
  }
};

namespace {
/// Walks the text and counts what was read.
class CountingIterator {
  const char *p = nullptr;
  size_t *count = nullptr;

public:
  using difference_type = ptrdiff_t;
  using value_type = char;
  using pointer = const char *;
  using reference = const char &;
  using iterator_category = std::input_iterator_tag;
  CountingIterator(const char *at, size_t *c) : p(at), count(c) {}
  reference operator*() const { return *p; }
  CountingIterator &operator++() {
    ++p;
    ++*count;
    return *this;
  }
  bool operator==(const CountingIterator &o) const { return p == o.p; }
  bool operator!=(const CountingIterator &o) const { return p != o.p; }
};
} // namespace

std::optional<JsonError> JsonDocument::parse(std::string_view text, const JsonLimits &limits) {
  entries.clear();
  strings.clear();
  if (text.size() >= UINT32_MAX)
    return JsonError{0, 1, 1, "text of 4 GiB or more"};
  JsonTreeBuilder builder(*this, limits);
  bool ok = nlohmann::json::sax_parse(
      CountingIterator(text.data(), &builder.consumed),
      CountingIterator(text.data() + text.size(), &builder.consumed), &builder);
  if (ok && !builder.error)
    return std::nullopt;
  JsonError error = builder.error.value_or(JsonError{builder.consumed, 1, 1, "malformed JSON"});
  error.offset = std::min(error.offset, text.size());
  std::string_view before = text.substr(0, error.offset);
  error.line = unsigned(std::count(before.begin(), before.end(), '\n')) + 1;
  size_t lineStart = before.rfind('\n');
  error.column = unsigned(error.offset - (lineStart == before.npos ? 0 : lineStart + 1)) + 1;
  return error;
}

JsonKind JsonValue::kind() const {
  return doc->entries[index].kind;
}

std::optional<bool> JsonValue::asBool() const {
  return is(JsonKind::Bool) ? std::optional(doc->entries[index].boolean) : std::nullopt;
}
std::optional<int64_t> JsonValue::asInt() const {
  return is(JsonKind::Int) ? std::optional(doc->entries[index].integer) : std::nullopt;
}
std::optional<double> JsonValue::asFloat() const {
  if (is(JsonKind::Int))
    return double(doc->entries[index].integer);
  return is(JsonKind::Float) ? std::optional(doc->entries[index].real) : std::nullopt;
}
std::optional<std::string_view> JsonValue::asStr() const {
  return is(JsonKind::Str) ? std::optional(doc->string(doc->entries[index].text)) : std::nullopt;
}
std::string_view JsonValue::key() const {
  return doc ? doc->string(doc->entries[index].key) : std::string_view();
}

JsonValue JsonValue::get(std::string_view name) const {
  if (!is(JsonKind::Object))
    return {};
  for (JsonValue member : *this) {
    if (member.key() == name)
      return member;
  }
  return {};
}

size_t JsonValue::size() const {
  return doc ? doc->entries[index].count : 0;
}
JsonValue::Iterator JsonValue::begin() const {
  return Iterator(doc ? JsonValue(doc, index + 1) : JsonValue());
}
JsonValue::Iterator JsonValue::end() const {
  return Iterator(doc ? JsonValue(doc, doc->entries[index].next) : JsonValue());
}
JsonValue::Iterator &JsonValue::Iterator::operator++() {
  at.index = at.doc->entries[at.index].next;
  return *this;
}

std::string JsonValue::path() const {
  std::string s;
  for (uint32_t at = 0; doc && at != index;) {
    bool array = doc->entries[at].kind == JsonKind::Array;
    uint32_t child = at + 1, number = 0;
    for (; doc->entries[child].next <= index; child = doc->entries[child].next)
      ++number;
    s += "/";
    s += array ? std::to_string(number) : std::string(doc->string(doc->entries[child].key));
    at = child;
  }
  return s;
}

bool isUtf8(std::string_view text) {
  return llvm::json::isUTF8(llvm::StringRef(text));
}

std::string jsonQuote(std::string_view text) {
  static const char digits[] = "0123456789abcdef";
  std::string fixed;
  if (!isUtf8(text)) {
    fixed = llvm::json::fixUTF8(llvm::StringRef(text));
    text = fixed;
  }
  std::string s = "\"";
  for (char c : text) {
    switch (c) {
    case '"':
      s += "\\\"";
      break;
    case '\\':
      s += "\\\\";
      break;
    case '\n':
      s += "\\n";
      break;
    case '\t':
      s += "\\t";
      break;
    case '\r':
      s += "\\r";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        s += "\\u00";
        s += digits[(c >> 4) & 15];
        s += digits[c & 15];
      } else {
        s += c;
      }
    }
  }
  return s + "\"";
}

void JsonWriter::separate() {
  if (!first)
    out += ',';
  if (lineEnd)
    out += '\n';
  first = lineEnd = false;
}
void JsonWriter::beginObject() {
  separate();
  out += '{';
  first = true;
}
void JsonWriter::endObject() {
  if (lineEnd)
    out += '\n';
  out += '}';
  first = lineEnd = false;
}
void JsonWriter::beginArray() {
  separate();
  out += '[';
  first = true;
}
void JsonWriter::endArray() {
  if (lineEnd)
    out += '\n';
  out += ']';
  first = lineEnd = false;
}
void JsonWriter::key(std::string_view name) {
  separate();
  out += jsonQuote(name);
  out += ':';
  first = true;
}
void JsonWriter::null() {
  separate();
  out += "null";
}
void JsonWriter::value(bool v) {
  separate();
  out += v ? "true" : "false";
}
void JsonWriter::value(int64_t v) {
  separate();
  out += std::to_string(v);
}
void JsonWriter::value(double v) {
  if (std::isnan(v))
    return value("nan");
  if (std::isinf(v))
    return value(v < 0 ? "-inf" : "inf");
  separate();
  char buffer[40];
  auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, v);
  (void)ec; // 40 characters hold any double
  std::string s(buffer, end);
  if (s.find_first_of(".e") == std::string::npos)
    s += ".0";
  out += s;
}
void JsonWriter::value(std::string_view v) {
  separate();
  out += jsonQuote(v);
}

} // namespace wnnx
