// SPDX-License-Identifier: Apache-2.0
//
// Messages as JSON.
#include "wnnx/Support/DiagnosticsJson.h"

#include "wnnx/Support/Json.h"

namespace wnnx {

static void writePlace(JsonWriter &w, SourceRange range, const std::string &place) {
  if (!range) {
    w.key("file");
    w.value(place);
    return;
  }
  auto [line, column] = range.file->lineColumn(range.begin);
  auto [endLine, endColumn] = range.file->lineColumn(range.end);
  w.key("file");
  w.value(range.file->name());
  const std::pair<const char *, size_t> numbers[] = {
      {"line", line},           {"column", column},     {"endLine", endLine},
      {"endColumn", endColumn}, {"begin", range.begin}, {"end", range.end}};
  for (const auto &[key, n] : numbers) {
    w.key(key);
    w.value(int64_t(n));
  }
}

static void write(JsonWriter &w, const Diagnostic &d) {
  w.newline();
  w.beginObject();
  w.key("severity");
  w.value(severityName(d.severity));
  w.key("code");
  w.value(d.code);
  writePlace(w, d.range, d.place);
  w.key("message");
  w.value(d.message);
  w.key("hint");
  w.value(d.hint);
  w.key("notes");
  w.beginArray();
  for (const Diagnostic &n : d.notes)
    write(w, n);
  w.endArray();
  w.key("fixes");
  w.beginArray();
  for (const FixIt &f : d.fixes) {
    w.beginObject();
    writePlace(w, f.range, "");
    w.key("text");
    w.value(f.text);
    w.endObject();
  }
  w.endArray();
  w.endObject();
}

std::string diagnosticsJson(const Diagnostics &diags) {
  std::string out;
  JsonWriter w(out);
  w.beginArray();
  for (const Diagnostic &d : diags.all())
    write(w, d);
  w.endArray();
  return out;
}

} // namespace wnnx
