// SPDX-License-Identifier: Apache-2.0
//
// Verdicts as text.
#include "wnnx/Support/Json.h"
#include "wnnx/Verify/Overlaps.h"
#include "wnnx/Verify/Verify.h"

#include "fmt/format.h"

namespace wnnx::verify {

static std::string indented(const std::string &text) {
  std::string out = "    ";
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '\n' && i + 1 < text.size())
      out += "    ";
  }
  return out;
}

static std::string coverageText(const RuleVerdict &v) {
  std::string out;
  for (const auto &[group, values] : v.coverage) {
    unsigned total = 0;
    for (const auto &entry : values)
      total += entry.second;
    std::string list;
    for (const auto &[value, count] : values)
      list += fmt::format("{}{} {}%", list.empty() ? "" : ", ", value,
                          (100 * count + total / 2) / total);
    out += fmt::format("    {}: {}\n", group, list);
  }
  if (v.attributePairs)
    out += fmt::format("    pairs of attributes away from their defaults: {} of {}\n",
                       v.attributePairsMet, v.attributePairs);
  for (const std::string &pair : v.neverTogether)
    out += fmt::format("      never together: {}\n", pair);
  return out;
}

std::string describe(const RuleVerdict &v, bool coverage) {
  std::string head = fmt::format("{}: {} ({}): ", v.place, v.rule, v.eqClass);
  if (v.status == RuleVerdict::Vacuous)
    return head + fmt::format("vacuous: {} instances found in {} attempts{}\n", v.instances,
                              v.attempts, v.why.empty() ? "" : "; nearest: " + v.why);
  std::string out = head;
  if (v.status == RuleVerdict::Passed) {
    out += fmt::format("tested on {} instances", v.instances);
    if (v.inField)
      out += fmt::format(", {} of them exact over GF(2^61-1)", v.inField);
    else if (v.eqClass == "real")
      out += ", with evidence in floating point only";
    out += "\n";
  } else {
    const Counterexample &c = *v.counterexample;
    out += fmt::format("wrong ({}): {}{}\n", v.layer, c.message,
                       c.place.empty() ? "" : ", at " + c.place);
    if (!c.instance.empty())
      out += "  smallest instance:\n" + indented(c.instance);
    if (!c.left.empty())
      out += fmt::format("  left  {}\n  right {}\n", c.left, c.right);
    out += "  as a test:\n" + indented(c.test);
  }
  return coverage ? out + coverageText(v) : out;
}

static void writeOverlaps(JsonWriter &w, const OverlapReport &report) {
  auto field = [&](const char *name, const auto &value) {
    w.key(name);
    w.value(value);
  };
  w.key("overlaps");
  w.beginObject();
  field("pairs", int64_t(report.candidates));
  field("meet", int64_t(report.met));
  field("join", int64_t(report.joins));
  w.key("open");
  w.beginArray();
  for (const Overlap &o : report.open) {
    w.newline();
    w.beginObject();
    field("at", o.at.str());
    field("equalResults", o.outcome != Overlap::Disagrees);
    field("runsForEver", o.runsForEver);
    field("goesFirst", o.wins < 0 ? std::string() : o.wins ? o.inner.rule : o.outer.rule);
    field("firstIsCostlier", o.worse);
    field("graph", o.graph);
    w.key("rules");
    w.beginArray();
    for (int i : {0, 1}) {
      const OverlapSide &s = i ? o.inner : o.outer;
      w.beginObject();
      field("rule", s.rule);
      field("place", s.place);
      field("nodes", s.nodes);
      field("macs", s.macs);
      field("bytes", s.bytes);
      field("left", o.left[i]);
      w.endObject();
    }
    w.endArray();
    w.endObject();
  }
  w.endArray();
  w.endObject();
}

std::string describeJson(llvm::ArrayRef<RuleVerdict> verdicts, const std::string &termination,
                         const OverlapReport *overlaps) {
  std::string out;
  JsonWriter w(out);
  auto field = [&](const char *name, const auto &value) {
    w.key(name);
    w.value(value);
  };
  w.beginObject();
  field("note", "tested, not proven");
  w.key("rules");
  w.beginArray();
  for (const RuleVerdict &v : verdicts) {
    w.newline();
    w.beginObject();
    field("rule", v.rule);
    field("place", v.place);
    field("class", v.eqClass);
    field("verdict", v.status == RuleVerdict::Passed  ? "passed"
                     : v.status == RuleVerdict::Wrong ? "wrong"
                                                      : "vacuous");
    field("instances", int64_t(v.instances));
    field("exactInField", int64_t(v.inField));
    field("attempts", int64_t(v.attempts));
    if (v.status == RuleVerdict::Vacuous)
      field("nearest", v.why);
    if (v.counterexample) {
      field("layer", v.layer);
      w.key("counterexample");
      w.beginObject();
      field("message", v.counterexample->message);
      if (!v.counterexample->place.empty())
        field("place", v.counterexample->place);
      field("inputs", v.counterexample->instance);
      field("left", v.counterexample->left);
      field("right", v.counterexample->right);
      field("test", v.counterexample->test);
      w.endObject();
    }
    w.key("coverage");
    w.beginObject();
    for (const auto &[group, values] : v.coverage) {
      w.key(group);
      w.beginObject();
      for (const auto &[value, count] : values)
        field(value.c_str(), int64_t(count));
      w.endObject();
    }
    w.endObject();
    field("attributePairs", int64_t(v.attributePairs));
    field("attributePairsMet", int64_t(v.attributePairsMet));
    w.endObject();
  }
  w.endArray();
  w.key("termination");
  w.beginArray();
  for (size_t at = 0; at < termination.size();) {
    size_t end = std::min(termination.find('\n', at), termination.size());
    w.value(std::string_view(termination).substr(at, end - at));
    at = end + 1;
  }
  w.endArray();
  if (overlaps)
    writeOverlaps(w, *overlaps);
  w.endObject();
  return out + "\n";
}

} // namespace wnnx::verify
