// SPDX-License-Identifier: Apache-2.0
//
// What a monitor saw, as files: remarks in YAML and JSON, frozen counts, a trace, a table.
#include "Labels.h"
#include "wnnx/RuleTools/Monitor.h"
#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/Json.h"
#include "wnnx/Support/OutputFile.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

#include <algorithm>

namespace wnnx::pat {

/// One field list for both formats.
template <class Field, class List>
static void applicationFields(const AppliedRule &a, Field field, List list) {
  field("rule", jsonQuote(a.rule->title()));
  field("place", jsonQuote(a.rule->place()));
  field("class", jsonQuote(eqClassName(a.rule->eqClass)));
  field("anchor", jsonQuote(a.anchor));
  field("location", jsonQuote(a.location));
  list("matched", a.matched);
  list("added", a.added);
  field("delta_nodes", fmt::format("{}", int64_t(a.added.size()) - int64_t(a.erased)));
  field("delta_macs", fmt::format("{}", a.addedCost.macs - a.removed.macs));
  field("delta_weight_bytes", fmt::format("{}", a.addedCost.weightBytes - a.removed.weightBytes));
  field("delta_data_bytes", fmt::format("{}", a.addedCost.dataBytes - a.removed.dataBytes));
  field("computed_weight_bytes", fmt::format("{}", a.weightBytes));
}

static std::string flowList(const std::vector<std::string> &items) {
  std::string s = "[";
  for (size_t i = 0; i < items.size(); ++i)
    s += (i ? ", " : "") + jsonQuote(items[i]);
  return s + "]";
}

std::string RuleMonitor::reportYaml() const {
  std::string out;
  auto field = [&](const char *name, const std::string &v) {
    out += fmt::format("{}: {}\n", name, v);
  };
  auto list = [&](const char *name, const std::vector<std::string> &v) {
    field(name, flowList(v));
  };
  for (const AppliedRule &a : done) {
    out += "--- !Passed\n";
    applicationFields(a, field, list);
    out += "...\n";
  }
  for (const Dropped &d : dropped) {
    out += "--- !Missed\n";
    field("rule", jsonQuote(d.rule->title()));
    field("place", jsonQuote(d.rule->place()));
    field("anchor", jsonQuote(d.anchor));
    field("reason", jsonQuote(d.why));
    out += "...\n";
  }
  for (const auto &r : rules.program().rules) {
    const RuleProfile &p = profiles[r->fileOrder];
    out += fmt::format("--- !Analysis\nrule: {}\nplace: {}\nattempts: {}\nmatched: {}\nfired: {}\n"
                       "dropped: {}\n...\n",
                       jsonQuote(r->title()), jsonQuote(r->place()), p.attempts, p.matched, p.fired,
                       p.rejected);
  }
  return out;
}

std::string RuleMonitor::reportJson() const {
  std::string out = "{\"version\":1,\"applications\":[";
  bool first = true, firstField = true;
  auto field = [&](const char *name, const std::string &v) {
    out += fmt::format("{}\"{}\":{}", firstField ? "" : ",", name, v);
    firstField = false;
  };
  auto list = [&](const char *name, const std::vector<std::string> &v) {
    field(name, flowList(v));
  };
  auto open = [&] {
    out += first ? "\n{" : ",\n{";
    first = false;
    firstField = true;
  };
  for (const AppliedRule &a : done) {
    open();
    applicationFields(a, field, list);
    out += "}";
  }
  out += "],\"dropped\":[";
  first = true;
  for (const Dropped &d : dropped) {
    open();
    field("rule", jsonQuote(d.rule->title()));
    field("place", jsonQuote(d.rule->place()));
    field("anchor", jsonQuote(d.anchor));
    field("reason", jsonQuote(d.why));
    out += "}";
  }
  out += "],\"rules\":[";
  first = true;
  for (const auto &r : rules.program().rules) {
    const RuleProfile &p = profiles[r->fileOrder];
    open();
    field("rule", jsonQuote(r->title()));
    field("place", jsonQuote(r->place()));
    field("class", jsonQuote(eqClassName(r->eqClass)));
    field("attempts", fmt::format("{}", p.attempts));
    field("matched", fmt::format("{}", p.matched));
    field("fired", fmt::format("{}", p.fired));
    field("dropped", fmt::format("{}", p.rejected));
    out += "}";
  }
  return out + "]}\n";
}

std::string RuleMonitor::traceJson() const {
  uint64_t origin = UINT64_MAX;
  for (const Span &s : spans)
    origin = std::min(origin, s.start);
  for (const AppliedRule &a : done)
    origin = std::min(origin, a.start);
  std::string out = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  bool first = true;
  auto event = [&](const std::string &name, const char *what, const std::string &node,
                   uint64_t start, uint64_t nanos, int track) {
    out += fmt::format("{}\n{{\"name\":{},\"cat\":\"{}\",\"ph\":\"X\",\"pid\":1,\"tid\":{},"
                       "\"ts\":{:.3f},\"dur\":{:.3f},\"args\":{{\"node\":{}}}}}",
                       first ? "" : ",", jsonQuote(name), what, track, double(start - origin) / 1e3,
                       double(nanos) / 1e3, jsonQuote(node));
    first = false;
  };
  for (const Span &s : spans)
    event(s.rule->title(), s.what, s.name, s.start, s.nanos, 1);
  for (const AppliedRule &a : done) {
    event(a.rule->title(), "build", a.anchor, a.start, a.buildNanos, 2);
    if (a.weightNanos)
      event(a.rule->title(), "weights", a.anchor, a.start + a.buildNanos, a.weightNanos, 2);
  }
  return out + "\n]}\n";
}

std::string RuleMonitor::profileTable() const {
  std::vector<const Rule *> sorted;
  size_t width = 5;
  uint64_t total = 0;
  for (const auto &r : rules.program().rules) {
    if (profiles[r->fileOrder].attempts) {
      sorted.push_back(r.get());
      width = std::max(width, r->title().size());
      total += profiles[r->fileOrder].nanos();
    }
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Rule *a, const Rule *b) {
    return profiles[a->fileOrder].nanos() > profiles[b->fileOrder].nanos();
  });
  std::string out = fmt::format("{:<{}}  {:>8}  {:>7}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  "
                                "{:>9}  {:>9}  {:>9}  {:>9}\n",
                                "rule", width, "attempts", "whole", "ops", "attrs", "uses", "where",
                                "when", "fired", "match us", "build us", "weight us", "weights");
  auto us = [](uint64_t n) { return fmt::format("{:.1f}", double(n) / 1e3); };
  for (const Rule *r : sorted) {
    const RuleProfile &p = profiles[r->fileOrder];
    out += fmt::format("{:<{}}  {:>8}  {:>7}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  {:>9}  "
                       "{:>9}  {:>9}  {:>9}\n",
                       r->title(), width, p.attempts, p.structural, p.failures[NearMiss::Structure],
                       p.failures[NearMiss::Attributes], p.failures[NearMiss::Uses],
                       p.failures[NearMiss::Where], p.failures[NearMiss::When], p.fired,
                       us(p.matchNanos), us(p.buildNanos), us(p.weightNanos),
                       amount(double(p.weightBytes), "B"));
  }
  return out + fmt::format("rules took {:.2f} ms in all; `whole`: attempts in which all ops "
                           "matched; ops to when: what stopped the others\n",
                           double(total) / 1e6);
}

LogicalResult RuleMonitor::writeFiles(const Graph &g, Diagnostics &diags) {
  bool ok = true;
  auto write = [&](const std::string &path, const std::string &text) {
    if (llvm::Error e = writeWholeFile(path, text)) {
      diags.error(path, "cannot-write", "cannot write: " + errorText(std::move(e)));
      ok = false;
    }
  };
  if (!options.remarks.empty())
    write(options.remarks,
          llvm::sys::path::extension(options.remarks) == ".json" ? reportJson() : reportYaml());
  if (!options.profileTrace.empty())
    write(options.profileTrace, traceJson());
  if (!options.freezeTo.empty()) {
    std::string s;
    llvm::StringSet<> seen;
    for (const auto &r : rules.program().rules) {
      uint64_t n = firedOf(r->name);
      if (n && seen.insert(r->name).second)
        s += fmt::format("{}\n    {}: {}", s.empty() ? "" : ",", jsonQuote(r->name), n);
    }
    write(options.freezeTo, fmt::format("{{\n  \"version\": 1,\n  \"model\": {},\n  \"rules\": "
                                        "{{{}\n  }}\n}}\n",
                                        jsonQuote(g.name), s));
  }
  return success(ok);
}

} // namespace wnnx::pat
