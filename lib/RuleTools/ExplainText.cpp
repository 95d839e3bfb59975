// SPDX-License-Identifier: Apache-2.0
//
// Explanations as text for people and as JSON for programs.
#include "Labels.h"
#include "wnnx/RuleTools/Explain.h"
#include "wnnx/Support/Json.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

/// The lines of `text`, each behind `indent` blanks.
static std::string indented(std::string_view text, size_t indent) {
  std::string out;
  llvm::SmallVector<llvm::StringRef, 8> lines;
  llvm::StringRef(text).rtrim('\n').split(lines, '\n');
  for (llvm::StringRef l : lines)
    out += std::string(indent, ' ') + l.rtrim().str() + "\n";
  return out;
}

static std::string renderObstacle(const Obstacle &o, const Attempt &a, bool first) {
  Diagnostic d;
  d.severity = Severity::Note;
  d.range = o.where;
  d.message = (first ? "" : "also: ") + (o.stage == "where" || o.stage == "when"
                                             ? fmt::format("{}: {}", o.stage, o.reason)
                                             : o.reason);
  std::string s = indented(o.where ? Diagnostics::render(d) : d.message, 4);
  if (!o.value.empty() && (o.value != a.node || !first))
    s += fmt::format("      at %{} ({}){}\n", o.value, o.op,
                     o.location.empty() ? "" : ", " + o.location);
  if (!o.expected.empty())
    s += fmt::format("      expected: {}\n      found:    {}\n", o.expected, o.actual);
  if (!o.hint.empty())
    s += fmt::format("      try: {}\n", o.hint);
  return s;
}

std::string renderText(const Explanation &e, const ExplainOptions &options) {
  std::string s;
  if (!options.node.empty() && !e.nodeGone.empty())
    s += fmt::format("%{} is gone: `{}` matched it\n", options.node, e.nodeGone);
  size_t nowhere = 0, far = 0;
  for (const RuleExplanation &r : e.rules) {
    // Of many rules, those that have nothing to say are only counted.
    bool alone = !options.rule.empty() || e.rules.size() == 1;
    if (!alone && !r.fired && !r.anchors) {
      ++nowhere;
      continue;
    }
    if (!alone && !r.fired && r.attempts.empty()) {
      ++far;
      continue;
    }
    size_t near = 0;
    for (const Attempt &a : r.attempts)
      near += a.missedBy ? 1 + a.alike.size() : 0;
    s += fmt::format("{} ({}): ", r.rule, r.place);
    s += r.fired ? "fired " + plural(r.fired, "time") : std::string("did not fire");
    if (near)
      s += ", " + plural(near, "near miss");
    s += "\n";
    if (!r.note.empty())
      s += "  " + r.note + "\n";
    if (r.fired && !options.rule.empty()) {
      for (const std::string &a : r.firedAt)
        s += "  fired at " + a + "\n";
    }
    for (const Attempt &a : r.attempts) {
      s += fmt::format("  {} at %{} ({}){}: matched {} of {}", a.missedBy ? "near miss" : "attempt",
                       a.node, a.op, a.location.empty() ? "" : ", " + a.location, a.opsMatched,
                       plural(a.ops, "op"));
      if (a.missedBy)
        s += ", " + plural(a.missedBy, "condition") + (a.missedBy == 1 ? " fails" : " fail");
      s += "\n";
      if (a.alternatives > 1)
        s += fmt::format("    alternative {} of {}, which came farthest\n", a.alternative,
                         a.alternatives);
      for (size_t i = 0; i < a.obstacles.size(); ++i)
        s += renderObstacle(a.obstacles[i], a, i == 0);
      if (!a.alike.empty()) {
        s += "    the same at ";
        for (size_t i = 0; i < a.alike.size() && i < 5; ++i)
          s += (i ? ", %" : "%") + a.alike[i];
        s += a.alike.size() > 5 ? fmt::format(" and {} more\n", a.alike.size() - 5) : "\n";
      }
    }
    if (r.others)
      s += fmt::format("  {} stopped by other conditions (`--top=N` shows more)\n",
                       plural(r.others, "more attempt"));
  }
  if (nowhere)
    s += fmt::format("{} found no op to begin with (`--rule R` says which)\n",
                     plural(nowhere, "rule"));
  if (far)
    s += fmt::format("{} came nowhere near\n", plural(far, "rule"));
  return s;
}

static void writePlace(JsonWriter &j, const SourceRange &r) {
  if (!r) {
    j.null();
    return;
  }
  auto [line, column] = r.file->lineColumn(r.begin);
  j.beginObject();
  j.key("file");
  j.value(r.file->name());
  j.key("line");
  j.value(int64_t(line));
  j.key("column");
  j.value(int64_t(column));
  j.key("text");
  j.value(r.file->text().substr(r.begin, r.end - r.begin));
  j.endObject();
}

static const char *kindName(NearMiss::Kind k) {
  switch (k) {
  case NearMiss::Other:
    return "other";
  case NearMiss::Op:
    return "op";
  case NearMiss::Operand:
    return "operand";
  case NearMiss::SameValue:
    return "same_value";
  case NearMiss::NotConst:
    return "not_const";
  case NearMiss::Literal:
    return "literal";
  case NearMiss::Widening:
    return "widening";
  case NearMiss::AttrUnsaid:
    return "attribute_unsaid";
  case NearMiss::AttrValue:
    return "attribute";
  case NearMiss::DType:
    return "dtype";
  case NearMiss::Dims:
    return "dims";
  case NearMiss::Property:
    return "property";
  case NearMiss::Users:
    return "users";
  case NearMiss::Condition:
    return "condition";
  case NearMiss::ExtraOp:
    return "extra_op";
  case NearMiss::Members:
    return "members";
  }
  return "other";
}

std::string renderJson(const Explanation &e) {
  std::string out;
  JsonWriter j(out);
  auto text = [&](const char *key, const std::string &v) {
    j.key(key);
    j.value(v);
  };
  auto number = [&](const char *key, uint64_t v) {
    j.key(key);
    j.value(int64_t(v));
  };
  j.beginObject();
  j.key("rules");
  j.beginArray();
  for (const RuleExplanation &r : e.rules) {
    j.newline();
    j.beginObject();
    text("rule", r.rule);
    text("place", r.place);
    text("ruleset", r.ruleset);
    text("class", r.eqClass);
    number("fired", r.fired);
    number("anchors", r.anchors);
    text("note", r.note);
    number("others", r.others);
    j.key("attempts");
    j.beginArray();
    for (const Attempt &a : r.attempts) {
      j.newline();
      j.beginObject();
      text("node", a.node);
      text("op", a.op);
      text("location", a.location);
      number("ops_matched", a.opsMatched);
      number("ops", a.ops);
      number("missed_by", a.missedBy);
      j.key("alike");
      j.beginArray();
      for (const std::string &n : a.alike)
        j.value(n);
      j.endArray();
      j.key("conditions");
      j.beginArray();
      for (const Obstacle &o : a.obstacles) {
        j.beginObject();
        text("stage", o.stage);
        j.key("kind");
        j.value(kindName(o.kind));
        text("reason", o.reason);
        text("expected", o.expected);
        text("actual", o.actual);
        text("hint", o.hint);
        text("value", o.value);
        text("op", o.op);
        text("location", o.location);
        j.key("rule_place");
        writePlace(j, o.where);
        j.endObject();
      }
      j.endArray();
      j.endObject();
    }
    j.endArray();
    j.endObject();
  }
  j.endArray();
  j.endObject();
  return out + "\n";
}

} // namespace wnnx::pat
