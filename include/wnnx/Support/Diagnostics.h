// SPDX-License-Identifier: Apache-2.0
//
// Messages about wrong input. A phase reports everything it finds, the driver prints it once.
// A message starts in lower case, has no final period, quotes code in backticks, says what was
// found, and then, as a hint, what to do.
#pragma once

#include "wnnx/Support/LogicalResult.h"
#include "wnnx/Support/SourceFile.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wnnx {

enum class Severity { Error, Warning, Remark, Note };

/// What a message proposes to do: replace a range by a text. An empty range inserts.
struct FixIt {
  SourceRange range;
  std::string text;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;  // a short stable name such as `pat-unknown-op`; may be empty
  SourceRange range; // where, when it is in a text that we hold
  std::string place; // where otherwise: "model.pt", "model.pt:data.pkl", "node conv1 (net.py:12)"
  std::string message;
  std::string hint;
  std::vector<Diagnostic> notes;
  std::vector<FixIt> fixes = {}; // for editors and programs; all of them together
};

class Diagnostics;

/// A message under construction. It is recorded when it dies, and converts to failure, so that
/// `return diags.error(range, "pat-arity", "...").hint("...")` is one statement.
class DiagnosticBuilder {
  Diagnostics *owner;
  Diagnostic diag;

public:
  DiagnosticBuilder(Diagnostics &to, Diagnostic d) : owner(&to), diag(std::move(d)) {}
  DiagnosticBuilder(DiagnosticBuilder &&o) noexcept : owner(o.owner), diag(std::move(o.diag)) {
    o.owner = nullptr;
  }
  DiagnosticBuilder(const DiagnosticBuilder &) = delete;
  DiagnosticBuilder &operator=(const DiagnosticBuilder &) = delete;
  DiagnosticBuilder &operator=(DiagnosticBuilder &&) = delete;
  ~DiagnosticBuilder();

  DiagnosticBuilder &&hint(std::string text) &&;
  DiagnosticBuilder &hint(std::string text) &;
  DiagnosticBuilder &&note(SourceRange range, std::string text) &&;
  DiagnosticBuilder &note(SourceRange range, std::string text) &;
  DiagnosticBuilder &&note(std::string place, std::string text) &&;
  DiagnosticBuilder &&fix(SourceRange range, std::string text) &&;
  DiagnosticBuilder &fix(SourceRange range, std::string text) &;
  /// A fix that puts the candidate nearest to `name`, if one is near, where the message points.
  DiagnosticBuilder &&fixName(std::string_view name,
                              const std::vector<std::string_view> &candidates) &&;
  DiagnosticBuilder &fixName(std::string_view name,
                             const std::vector<std::string_view> &candidates) &;

  operator LogicalResult() && { return failure(); }
  template <class T> operator FailureOr<T>() && { return failure(); }
};

class Diagnostics {
  std::vector<std::unique_ptr<SourceFile>> files;
  std::vector<Diagnostic> list;
  unsigned errors = 0;

public:
  /// Errors past this number are counted but not kept.
  unsigned errorLimit = 200;

  Diagnostics() = default;
  Diagnostics(const Diagnostics &) = delete;
  Diagnostics &operator=(const Diagnostics &) = delete;

  /// Takes a text over; the file lives as long as this object.
  const SourceFile &addFile(std::string name, std::string text);

  DiagnosticBuilder error(SourceRange range, std::string code, std::string message);
  DiagnosticBuilder warning(SourceRange range, std::string code, std::string message);
  DiagnosticBuilder error(std::string place, std::string code, std::string message);
  DiagnosticBuilder warning(std::string place, std::string code, std::string message);
  DiagnosticBuilder remark(std::string place, std::string code, std::string message);

  void add(Diagnostic d);
  unsigned errorCount() const { return errors; }
  bool hasErrors() const { return errors != 0; }
  const std::vector<Diagnostic> &all() const { return list; }
  void clear();

  /// All messages in order, then the number of errors; with carets where the text is at hand.
  std::string render() const;
  static std::string render(const Diagnostic &d);
};

/// The candidate nearest to `name` by edit distance, or the empty string when none is near.
std::string nearestName(std::string_view name, const std::vector<std::string_view> &candidates);
/// "; did you mean `x`?" or the empty string.
std::string didYouMean(std::string_view name, const std::vector<std::string_view> &candidates);

} // namespace wnnx
