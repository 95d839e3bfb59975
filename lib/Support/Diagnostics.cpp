// SPDX-License-Identifier: Apache-2.0
//
// Recording and printing of messages about wrong input.
#include "wnnx/Support/Diagnostics.h"

#include "wnnx/Support/DiagnosticsJson.h"

#include "llvm/ADT/StringRef.h"

#include <algorithm>

namespace wnnx {

DiagnosticBuilder::~DiagnosticBuilder() {
  if (owner)
    owner->add(std::move(diag));
}

DiagnosticBuilder &DiagnosticBuilder::hint(std::string text) & {
  diag.hint = std::move(text);
  return *this;
}
DiagnosticBuilder &&DiagnosticBuilder::hint(std::string text) && {
  return std::move(hint(std::move(text)));
}
DiagnosticBuilder &DiagnosticBuilder::note(SourceRange range, std::string text) & {
  diag.notes.push_back({Severity::Note, "", range, "", std::move(text), "", {}});
  return *this;
}
DiagnosticBuilder &&DiagnosticBuilder::note(SourceRange range, std::string text) && {
  return std::move(note(range, std::move(text)));
}
DiagnosticBuilder &&DiagnosticBuilder::note(std::string place, std::string text) && {
  diag.notes.push_back({Severity::Note, "", {}, std::move(place), std::move(text), "", {}});
  return std::move(*this);
}
DiagnosticBuilder &DiagnosticBuilder::fix(SourceRange range, std::string text) & {
  diag.fixes.push_back({range, std::move(text)});
  return *this;
}
DiagnosticBuilder &&DiagnosticBuilder::fix(SourceRange range, std::string text) && {
  return std::move(fix(range, std::move(text)));
}
DiagnosticBuilder &DiagnosticBuilder::fixName(std::string_view name,
                                              const std::vector<std::string_view> &candidates) & {
  std::string near = nearestName(name, candidates);
  if (!near.empty() && diag.range)
    diag.fixes.push_back({diag.range, std::move(near)});
  return *this;
}
DiagnosticBuilder &&DiagnosticBuilder::fixName(std::string_view name,
                                               const std::vector<std::string_view> &candidates) && {
  return std::move(fixName(name, candidates));
}

const SourceFile &Diagnostics::addFile(std::string name, std::string text) {
  files.push_back(std::make_unique<SourceFile>(std::move(name), std::move(text)));
  return *files.back();
}

DiagnosticBuilder Diagnostics::error(SourceRange range, std::string code, std::string message) {
  return {*this, {Severity::Error, std::move(code), range, "", std::move(message), "", {}}};
}
DiagnosticBuilder Diagnostics::warning(SourceRange range, std::string code, std::string message) {
  return {*this, {Severity::Warning, std::move(code), range, "", std::move(message), "", {}}};
}
DiagnosticBuilder Diagnostics::error(std::string place, std::string code, std::string message) {
  return {*this,
          {Severity::Error, std::move(code), {}, std::move(place), std::move(message), "", {}}};
}
DiagnosticBuilder Diagnostics::warning(std::string place, std::string code, std::string message) {
  return {*this,
          {Severity::Warning, std::move(code), {}, std::move(place), std::move(message), "", {}}};
}
DiagnosticBuilder Diagnostics::remark(std::string place, std::string code, std::string message) {
  return {*this,
          {Severity::Remark, std::move(code), {}, std::move(place), std::move(message), "", {}}};
}

void Diagnostics::add(Diagnostic d) {
  if (d.severity == Severity::Error && ++errors > errorLimit)
    return;
  list.push_back(std::move(d));
}

void Diagnostics::clear() {
  list.clear();
  errors = 0;
}

const char *severityName(Severity s) {
  switch (s) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Remark:
    return "remark";
  case Severity::Note:
    return "note";
  }
  return "error";
}

/// The source line with a caret under the range; long lines are cut round the caret.
static std::string caretLines(const SourceRange &range) {
  auto [lineNo, column] = range.file->lineColumn(range.begin);
  std::string_view line = range.file->line(lineNo);
  constexpr size_t width = 120;
  size_t first = column - 1 > width / 2 && line.size() > width ? column - 1 - width / 2 : 0;
  std::string shown(line.substr(first, width));
  std::string marks;
  size_t caretAt = column - 1 - first;
  for (size_t i = 0; i < caretAt && i < shown.size(); ++i)
    marks += shown[i] == '\t' ? '\t' : ' ';
  size_t length = range.end > range.begin ? range.end - range.begin : 1;
  size_t room = shown.size() > caretAt ? shown.size() - caretAt : 1;
  marks += '^';
  marks.append(std::max<size_t>(std::min(length, room), 1) - 1, '~');
  std::string number = std::to_string(lineNo);
  std::string margin(number.size() + 1, ' ');
  return " " + number + " | " + shown + "\n" + margin + " | " + marks + "\n";
}

std::string Diagnostics::render(const Diagnostic &d) {
  std::string out = d.range ? d.range.str() : d.place;
  if (!out.empty())
    out += ": ";
  out += severityName(d.severity);
  out += ": " + d.message;
  if (!d.code.empty())
    out += " [" + d.code + "]";
  out += "\n";
  if (d.range)
    out += caretLines(d.range);
  for (const Diagnostic &n : d.notes)
    out += render(n);
  if (!d.hint.empty())
    out += "  hint: " + d.hint + "\n";
  return out;
}

std::string Diagnostics::render() const {
  std::string out;
  for (const Diagnostic &d : list)
    out += render(d);
  if (errors > errorLimit)
    out += "(" + std::to_string(errors - errorLimit) + " more errors not shown)\n";
  if (errors)
    out += std::to_string(errors) + (errors == 1 ? " error\n" : " errors\n");
  return out;
}

/// Whether two neighbouring letters changed places, which is one slip and two edits.
static bool swapped(std::string_view a, std::string_view b) {
  if (a.size() != b.size() || a.size() < 2)
    return false;
  size_t at = size_t(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] &&
         a.substr(at + 2) == b.substr(at + 2);
}

std::string nearestName(std::string_view name, const std::vector<std::string_view> &candidates) {
  if (name.size() < 2 && candidates.size() > 1)
    return ""; // any other letter is as near
  unsigned best = std::max<unsigned>(1, unsigned(name.size()) / 3) + 1;
  std::string found;
  for (std::string_view c : candidates) {
    unsigned d =
        swapped(name, c) ? 1 : llvm::StringRef(name).edit_distance(llvm::StringRef(c), true, best);
    if (d < best) {
      best = d;
      found = c;
    }
  }
  return found;
}

std::string didYouMean(std::string_view name, const std::vector<std::string_view> &candidates) {
  std::string near = nearestName(name, candidates);
  return near.empty() ? "" : "; did you mean `" + near + "`?";
}

} // namespace wnnx
