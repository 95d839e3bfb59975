// SPDX-License-Identifier: Apache-2.0
//
// The protocol: framing, dispatch, answers. What is known of rule files is in RuleDocument.
#include "wnnx/RuleTools/LanguageServer.h"

#include "LanguageAnswers.h"
#include "wnnx/RuleTools/Format.h"

#include "fmt/format.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

namespace {

constexpr size_t maxMessage = size_t(64) << 20, maxHeader = 4096, maxDocuments = 1000;

class Server {
  const ReadBytes &read;
  llvm::raw_ostream &out, &log;
  std::string input;
  std::map<std::string, std::unique_ptr<RuleDocument>> documents; // by URI
  bool shutDown = false;

public:
  Server(const ReadBytes &r, llvm::raw_ostream &o, llvm::raw_ostream &l)
      : read(r), out(o), log(l) {}

  int run() {
    std::string message;
    while (receive(message)) {
      if (std::optional<int> status = handle(message))
        return *status;
    }
    return shutDown ? 0 : 1;
  }

private:
  bool fill() {
    char buffer[65536];
    size_t n = read(buffer, sizeof buffer);
    input.append(buffer, n);
    return n > 0;
  }

  /// The next message; false at the end, and when the framing is lost.
  bool receive(std::string &message) {
    size_t end;
    while ((end = input.find("\r\n\r\n")) == std::string::npos) {
      if (input.size() > maxHeader) {
        log << "wnnx-pat lsp: a header of more than 4096 bytes\n";
        return false;
      }
      if (!fill())
        return false;
    }
    size_t length = 0;
    bool known = false;
    llvm::SmallVector<llvm::StringRef, 4> lines;
    llvm::StringRef(input).take_front(end).split(lines, "\r\n");
    for (llvm::StringRef l : lines) {
      auto [name, value] = l.split(':');
      if (name.trim().equals_insensitive("content-length"))
        known = !value.trim().getAsInteger(10, length);
    }
    if (!known || length > maxMessage) {
      log << "wnnx-pat lsp: "
          << (known ? "a message of more than 64 MiB\n" : "a message without `Content-Length`\n");
      return false;
    }
    input.erase(0, end + 4);
    while (input.size() < length) {
      if (!fill())
        return false;
    }
    message = input.substr(0, length);
    input.erase(0, length);
    return true;
  }

  void send(const std::string &json) {
    out << "Content-Length: " << json.size() << "\r\n\r\n" << json;
    out.flush();
  }
  void reply(const std::string &id, const std::string &result) {
    send(fmt::format("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{}}}", id, result));
  }
  void refuse(const std::string &id, int code, std::string_view message) {
    send(fmt::format("{{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{{\"code\":{},\"message\":{}}}}}",
                     id, code, jsonQuote(message)));
  }

  std::optional<int> handle(const std::string &message);
  std::optional<std::string> request(std::string_view method, JsonValue params, std::string &error);
  void notify(std::string_view method, JsonValue params);
  void open(std::string_view uri, std::string_view text);
  void publish(const std::string &uri, const RuleDocument *d);
  RuleDocument *find(JsonValue params) {
    auto uri = params.get("textDocument").get("uri").asStr();
    auto it = uri ? documents.find(std::string(*uri)) : documents.end();
    return it == documents.end() ? nullptr : it->second.get();
  }
  std::optional<std::string> names(std::string_view method, const RuleDocument &d, JsonValue params,
                                   std::string &error) const;
  static uint32_t offset(const RuleDocument &d, JsonValue params) {
    return offsetIn(d, params.get("position"));
  }
  static uint32_t offsetIn(const RuleDocument &d, JsonValue p) {
    auto number = [&](const char *key) {
      int64_t n = p.get(key).asInt().value_or(0);
      return unsigned(std::min<int64_t>(std::max<int64_t>(n, 0), INT32_MAX));
    };
    return d.offsetOf({number("line"), number("character")});
  }
};

std::optional<int> Server::handle(const std::string &message) {
  JsonDocument doc;
  if (auto e = doc.parse(message)) {
    refuse("null", -32700, "not JSON: " + e->message);
    return std::nullopt;
  }
  JsonValue root = doc.root();
  JsonValue idValue = root.get("id"), params = root.get("params");
  std::string id = "null";
  if (auto n = idValue.asInt())
    id = std::to_string(*n);
  else if (auto s = idValue.asStr())
    id = jsonQuote(*s);
  auto method = root.get("method").asStr();
  if (!method) {
    // An answer to something that we asked would have a result; we ask nothing.
    if (idValue && !root.get("result") && !root.get("error"))
      refuse(id, -32600, "a request without a method");
    return std::nullopt;
  }
  if (*method == "exit")
    return shutDown ? 0 : 1;
  if (!idValue) {
    notify(*method, params);
    return std::nullopt;
  }
  std::string error;
  std::optional<std::string> result = request(*method, params, error);
  if (result)
    reply(id, *result);
  else if (error.empty())
    refuse(id, -32601, "unknown method");
  else
    refuse(id, -32602, error);
  return std::nullopt;
}

void Server::notify(std::string_view method, JsonValue params) {
  JsonValue document = params.get("textDocument");
  auto uri = document.get("uri").asStr();
  if (!uri)
    return;
  if (method == "textDocument/didOpen") {
    open(*uri, document.get("text").asStr().value_or(""));
  } else if (method == "textDocument/didChange") {
    // Whole texts, as the capabilities say.
    std::optional<std::string_view> text;
    for (JsonValue change : params.get("contentChanges")) {
      if (!change.get("range"))
        text = change.get("text").asStr();
    }
    if (text)
      open(*uri, *text);
  } else if (method == "textDocument/didSave") {
    // Files that import this one see it now.
    for (auto &[name, d] : documents) {
      if (name == *uri)
        continue;
      d = std::make_unique<RuleDocument>(pathOf(name), std::string(d->file().text()));
      publish(name, d.get());
    }
  } else if (method == "textDocument/didClose") {
    documents.erase(std::string(*uri));
    publish(std::string(*uri), nullptr);
  }
}

void Server::open(std::string_view uri, std::string_view text) {
  std::string name(uri);
  if (text.size() > (size_t(16) << 20) ||
      (documents.size() >= maxDocuments && !documents.count(name))) {
    log << "wnnx-pat lsp: too many or too large documents\n";
    return;
  }
  auto &d = documents[name];
  d = std::make_unique<RuleDocument>(pathOf(uri), std::string(text));
  publish(name, d.get());
}

void Server::publish(const std::string &uri, const RuleDocument *d) {
  std::string list;
  for (const Diagnostic &p : d ? d->problems() : std::vector<Diagnostic>()) {
    std::string related;
    for (const Diagnostic &n : p.notes) {
      if (n.range)
        related += fmt::format(
            "{}{{\"location\":{{\"uri\":{},\"range\":{}}},\"message\":{}}}",
            related.empty() ? "" : ",",
            jsonQuote(n.range.file->name() == d->file().name() ? uri : uriOf(n.range.file->name())),
            rangeJson(n.range), jsonQuote(n.message));
    }
    list += fmt::format(
        "{}{{\"range\":{},\"severity\":{},\"code\":{},\"source\":\"wnnx-pat\",\"message\":{}{}}}",
        list.empty() ? "" : ",", rangeJson(p.range), p.severity == Severity::Error ? 1 : 2,
        jsonQuote(p.code), jsonQuote(p.hint.empty() ? p.message : p.message + "\n" + p.hint),
        related.empty() ? "" : ",\"relatedInformation\":[" + related + "]");
  }
  send(
      fmt::format("{{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":"
                  "{{\"uri\":{},\"diagnostics\":[{}]}}}}",
                  jsonQuote(uri), list));
}

/// References and renaming. The search sees open documents as they are, others as on disk.
std::optional<std::string> Server::names(std::string_view method, const RuleDocument &d,
                                         JsonValue params, std::string &error) const {
  OpenTexts texts;
  for (const auto &[uri, document] : documents)
    texts[pathOf(uri)] = std::string(document->file().text());
  NameSearch search(std::move(texts));
  const std::string &path = d.file().name();
  const NameUse *at = search.at(path, offset(d, params));
  if (!at && method != "textDocument/rename")
    return method == "textDocument/references" ? "[]" : "null";
  if (!at) {
    error = "there is no name here";
    return std::nullopt;
  }
  if (method == "textDocument/references")
    return locationsJson(search.all(path, *at),
                         params.get("context").get("includeDeclaration").asBool().value_or(true));
  if (method == "textDocument/prepareRename") {
    error = search.objection(path, *at, at->name + "_");
    if (!error.empty())
      return std::nullopt;
    return fmt::format("{{\"range\":{},\"placeholder\":{}}}",
                       rangeJson({&d.file(), at->begin, at->end}), jsonQuote(at->name));
  }
  std::string name(params.get("newName").asStr().value_or(""));
  error = search.objection(path, *at, name);
  if (!error.empty())
    return std::nullopt;
  return renameJson(search.all(path, *at), name);
}

std::optional<std::string> Server::request(std::string_view method, JsonValue params,
                                           std::string &error) {
  if (method == "initialize")
    return "{\"capabilities\":{\"textDocumentSync\":{\"openClose\":true,\"change\":1,\"save\":true}"
           ",\"referencesProvider\":true,\"renameProvider\":{\"prepareProvider\":true},"
           "\"codeActionProvider\":{\"codeActionKinds\":[\"quickfix\"]},"
           "\"semanticTokensProvider\":{\"full\":true,\"legend\":" +
           tokenLegendJson() +
           "},"
           "\"hoverProvider\":true,\"definitionProvider\":true,\"documentSymbolProvider\":true,"
           "\"documentFormattingProvider\":true,"
           "\"completionProvider\":{\"triggerCharacters\":[\"@\",\"&\",\".\"]}},"
           "\"serverInfo\":{\"name\":\"wnnx-pat\"}}";
  if (method == "shutdown") {
    shutDown = true;
    return "null";
  }
  static const std::string_view known[] = {
      "textDocument/hover",          "textDocument/definition",
      "textDocument/documentSymbol", "textDocument/formatting",
      "textDocument/completion",     "textDocument/references",
      "textDocument/prepareRename",  "textDocument/rename",
      "textDocument/codeAction",     "textDocument/semanticTokens/full"};
  if (!llvm::is_contained(known, method))
    return std::nullopt;
  RuleDocument *d = find(params);
  if (!d) {
    error = "this document is not open";
    return std::nullopt;
  }
  if (method == "textDocument/semanticTokens/full")
    return semanticTokensJson(*d);
  if (method == "textDocument/codeAction") {
    auto edge = [&](const char *which) { return offsetIn(*d, params.get("range").get(which)); };
    auto uri = params.get("textDocument").get("uri").asStr();
    return codeActionsJson(*d, std::string(*uri), edge("start"), edge("end"));
  }
  if (method == "textDocument/references" || method == "textDocument/prepareRename" ||
      method == "textDocument/rename")
    return names(method, *d, params, error);
  if (method == "textDocument/hover") {
    SourceRange range;
    std::string text = d->hover(offset(*d, params), range);
    if (text.empty())
      return "null";
    return fmt::format("{{\"contents\":{{\"kind\":\"markdown\",\"value\":{}}},\"range\":{}}}",
                       jsonQuote(text), rangeJson(range));
  }
  if (method == "textDocument/definition") {
    SourceRange r = d->definition(offset(*d, params));
    if (!r)
      return "null";
    auto uri = params.get("textDocument").get("uri").asStr();
    return fmt::format("{{\"uri\":{},\"range\":{}}}",
                       jsonQuote(r.file == &d->file() ? std::string(*uri) : uriOf(r.file->name())),
                       rangeJson(r));
  }
  std::string list;
  if (method == "textDocument/documentSymbol") {
    for (const Symbol &s : d->symbols())
      list += fmt::format("{}{{\"name\":{},\"detail\":{},\"kind\":{},\"range\":{},"
                          "\"selectionRange\":{}}}",
                          list.empty() ? "" : ",", jsonQuote(s.name), jsonQuote(s.detail), s.kind,
                          rangeJson(s.range), rangeJson(s.nameRange));
    return "[" + list + "]";
  }
  if (method == "textDocument/completion") {
    for (const Completion &c : d->complete(offset(*d, params)))
      list += fmt::format("{}{{\"label\":{},\"kind\":{},\"detail\":{},\"documentation\":{}}}",
                          list.empty() ? "" : ",", jsonQuote(c.label), c.kind, jsonQuote(c.detail),
                          jsonQuote(c.doc));
    return "{\"isIncomplete\":false,\"items\":[" + list + "]}";
  }
  Diagnostics scratch;
  const SourceFile &file = scratch.addFile(d->file().name(), std::string(d->file().text()));
  FailureOr<std::string> text = formatRules(file, scratch);
  if (failed(text) || *text == file.text())
    return "[]";
  return fmt::format("[{{\"range\":{},\"newText\":{}}}]",
                     rangeJson({&file, 0, uint32_t(file.text().size())}), jsonQuote(*text));
}

} // namespace

int serveLanguage(const ReadBytes &read, llvm::raw_ostream &out, llvm::raw_ostream &log) {
  return Server(read, out, log).run();
}

} // namespace wnnx::pat
