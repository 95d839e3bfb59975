// SPDX-License-Identifier: Apache-2.0
//
// JSON: a strict parser into a compact read-only tree, and a writer whose output depends on nothing
// but what is written. The parser bounds depth and number of values, refuses duplicate keys, and
// says where a text is wrong. Nothing here throws or aborts on any input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wnnx {

enum class JsonKind : uint8_t { Null, Bool, Int, Float, Str, Array, Object };
/// "null", "a boolean", "an integer"... for messages.
std::string_view jsonKindName(JsonKind kind);

struct JsonError {
  size_t offset = 0;             // in bytes
  unsigned line = 1, column = 1; // of that byte, both from 1
  std::string message;
};

struct JsonLimits {
  unsigned maxDepth = 64;
  size_t maxValues = 4'000'000;
};

class JsonDocument;

/// A value in a document, which must outlive it. The default one stands for "not there".
class JsonValue {
  const JsonDocument *doc = nullptr;
  uint32_t index = 0;
  friend class JsonDocument;
  JsonValue(const JsonDocument *d, uint32_t i) : doc(d), index(i) {}

public:
  class Iterator;
  JsonValue() = default;
  explicit operator bool() const { return doc != nullptr; }
  JsonKind kind() const;
  bool is(JsonKind k) const { return doc && kind() == k; }
  /// Nothing when the value is of another kind. A float with an integral value is not an integer;
  /// an integer is a fine float.
  std::optional<bool> asBool() const;
  std::optional<int64_t> asInt() const;
  std::optional<double> asFloat() const;
  std::optional<std::string_view> asStr() const;
  /// The member's key when this is a member of an object, else empty.
  std::string_view key() const;
  /// A member of an object; "not there" when absent or when this is no object.
  JsonValue get(std::string_view name) const;
  size_t size() const; // of an array or object, else 0
  /// Elements of an array or members of an object, in the text's order.
  Iterator begin() const;
  Iterator end() const;
  /// JSON pointer from the root, "/nodes/3/attrs"; "" for the root.
  std::string path() const;
};

class JsonDocument {
  friend class JsonValue;
  friend class JsonTreeBuilder;
  struct Text {
    uint32_t begin = 0, size = 0;
  };
  struct Entry {
    JsonKind kind;
    uint32_t next;  // index behind the value and all it holds
    uint32_t count; // children
    Text key, text;
    union {
      bool boolean;
      int64_t integer;
      double real;
    };
  };
  std::vector<Entry> entries; // in order of the text, parents before children
  std::string strings;
  std::string_view string(Text t) const {
    return std::string_view(strings).substr(t.begin, t.size);
  }

public:
  JsonDocument() = default;
  JsonDocument(const JsonDocument &) = delete;
  JsonDocument &operator=(const JsonDocument &) = delete;
  /// Nothing on success, after which `root` is valid.
  std::optional<JsonError> parse(std::string_view text, const JsonLimits &limits = {});
  JsonValue root() const { return {this, 0}; }
};

class JsonValue::Iterator {
  JsonValue at;
  friend class JsonValue;
  explicit Iterator(JsonValue v) : at(v) {}

public:
  JsonValue operator*() const { return at; }
  Iterator &operator++();
  bool operator!=(const Iterator &o) const { return at.index != o.at.index; }
};

/// Appends to a string. Numbers are written shortest and exact; strings that are not UTF-8 have the
/// bad bytes replaced by U+FFFD; infinities and NaN are written as the strings "inf", "-inf",
/// "nan".
class JsonWriter {
  std::string &out;
  bool first = true;
  void separate();

public:
  explicit JsonWriter(std::string &to) : out(to) {}
  void beginObject();
  void endObject();
  void beginArray();
  void endArray();
  void key(std::string_view name);
  void null();
  void value(bool v);
  void value(int64_t v);
  void value(double v);
  void value(std::string_view v);
  void value(const char *v) { value(std::string_view(v)); }
  /// A line end between two values, for readers; has no meaning.
  void newline() { lineEnd = true; }

private:
  bool lineEnd = false;
};

/// The text as a JSON string in double quotes, all of it ASCII-safe controls and valid UTF-8.
std::string jsonQuote(std::string_view text);
bool isUtf8(std::string_view text);

} // namespace wnnx
