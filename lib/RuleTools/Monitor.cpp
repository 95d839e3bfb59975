// SPDX-License-Identifier: Apache-2.0
//
// Listening, remarks, and what is expected of counts.
#include "wnnx/RuleTools/Monitor.h"

#include "Labels.h"
#include "wnnx/RuleTools/Explain.h"
#include "wnnx/Support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <chrono>

namespace wnnx::pat {

/// Spans kept for a trace: enough to see, little enough to load.
static constexpr size_t maxSpans = 200000;

bool MonitorOptions::watches() const {
  return !pass.empty() || !passMissed.empty() || !passAnalysis.empty() || !remarks.empty() ||
         !expect.empty() || !freezeTo.empty() || !frozen.empty() || profile ||
         !profileTrace.empty() || ruleLimit != UINT64_MAX;
}

static uint64_t now() {
  return uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
}

RuleMonitor::RuleMonitor(const RuleSet &r, const MonitorOptions &o, llvm::raw_ostream *to)
    : rules(r), options(o), log(to), profiles(r.program().rules.size()) {}

LogicalResult RuleMonitor::parseExpectations(Diagnostics &diags) {
  std::vector<std::string_view> names;
  for (const auto &r : rules.program().rules)
    names.push_back(r->name);
  bool ok = true;
  for (const std::string &text : options.expect) {
    llvm::StringRef s = llvm::StringRef(text).trim();
    size_t at = s.find_first_of("<>=!");
    Expectation e{s.substr(0, at).trim().str(), ">=", 1};
    if (at != llvm::StringRef::npos) {
      llvm::StringRef rest = s.substr(at);
      size_t digits = rest.find_first_not_of("<>=!");
      e.op = rest.substr(0, digits).str();
      llvm::StringRef number = digits == llvm::StringRef::npos ? "" : rest.substr(digits).trim();
      if (e.op == "=")
        e.op = "==";
      if (!llvm::is_contained({">=", "<=", "==", ">", "<", "!="}, e.op) ||
          number.getAsInteger(10, e.count)) {
        diags.error("--expect-fired", "bad-expect", fmt::format("cannot read `{}`", text))
            .hint("write `RULE>=N`, `RULE==N`, `RULE<=N`, or `RULE` for at least once");
        ok = false;
        continue;
      }
    }
    if (!llvm::is_contained(names, std::string_view(e.rule))) {
      diags.error("--expect-fired", "no-rule",
                  fmt::format("there is no rule `{}`{}", e.rule, didYouMean(e.rule, names)));
      ok = false;
      continue;
    }
    expectations.push_back(std::move(e));
  }
  return success(ok);
}

LogicalResult RuleMonitor::readFrozen(Diagnostics &diags) {
  auto buffer = llvm::MemoryBuffer::getFile(options.frozen);
  if (!buffer)
    return diags.error(options.frozen, "cannot-read",
                       "cannot read: " + buffer.getError().message());
  JsonDocument doc;
  if (auto e = doc.parse((*buffer)->getBuffer()))
    return diags.error(fmt::format("{}:{}:{}", options.frozen, e->line, e->column), "bad-frozen",
                       e->message);
  JsonValue counts = doc.root().get("rules");
  if (doc.root().get("version").asInt() != 1 || !counts.is(JsonKind::Object))
    return diags.error(options.frozen, "bad-frozen", "not a file of frozen counts of version 1")
        .hint("`--freeze-rules=FILE` writes one");
  for (JsonValue v : counts) {
    std::optional<int64_t> n = v.asInt();
    if (!n || *n < 0)
      return diags.error(options.frozen, "bad-frozen", fmt::format("`{}` is no count", v.path()));
    frozenCounts.push_back({std::string(v.key()), uint64_t(*n)});
  }
  return success();
}

LogicalResult RuleMonitor::check(Diagnostics &diags) {
  bool ok = true;
  auto compile = [&](const std::string &text, const char *option, std::optional<llvm::Regex> &to) {
    if (text.empty())
      return;
    to.emplace(text);
    std::string why;
    if (!to->isValid(why)) {
      diags.error(option, "bad-regex",
                  fmt::format("`{}` is not a regular expression: {}", text, why));
      ok = false;
    }
  };
  compile(options.pass, "-Rpass", passRegex);
  compile(options.passMissed, "-Rpass-missed", missedRegex);
  compile(options.passAnalysis, "-Rpass-analysis", analysisRegex);
  if (!options.remarks.empty() &&
      !llvm::is_contained({".yaml", ".yml", ".json"},
                          llvm::sys::path::extension(options.remarks))) {
    diags.error("--remarks", "bad-output",
                fmt::format("`{}` is neither `.yaml` nor `.json`", options.remarks));
    ok = false;
  }
  ok &= parseExpectations(diags).succeeded();
  if (!options.frozen.empty())
    ok &= readFrozen(diags).succeeded();
  return success(ok);
}

void RuleMonitor::attempted(const Rule &r, const Node &anchor, MatchOutcome outcome,
                            const NearMiss &miss, uint64_t nanos) {
  RuleProfile &p = profiles[r.fileOrder];
  ++p.attempts;
  p.matchNanos += nanos;
  bool matched = outcome == MatchOutcome::Matched;
  p.matched += matched;
  p.overBudget += outcome == MatchOutcome::OverBudget;
  p.structural += matched || (miss.set && miss.stage >= NearMiss::Uses);
  if (!matched && miss.set)
    ++p.failures[miss.stage];
  if (!options.profileTrace.empty() && spans.size() < maxSpans)
    spans.push_back({&r, label(anchor.result()), now() - nanos, nanos, "match"});
}

void RuleMonitor::applied(const Application &a) {
  RuleProfile &p = profiles[a.rule.fileOrder];
  ++p.fired;
  p.buildNanos += a.buildNanos;
  p.weightNanos += a.weightNanos;
  p.weightBytes += a.weightBytes;
  AppliedRule d{&a.rule, a.anchor, a.loc ? a.loc.str() : "", a.matched, a.added, a.erased};
  d.removed = a.removedCost;
  d.addedCost = a.addedCost;
  d.weightBytes = a.weightBytes;
  d.buildNanos = a.buildNanos;
  d.weightNanos = a.weightNanos;
  d.start = now() - a.buildNanos - a.weightNanos;
  if (log && passRegex && passRegex->match(a.rule.name)) {
    int64_t macs = a.addedCost.macs - a.removedCost.macs;
    *log << fmt::format(
        "{}remark: {} fired at {}: {}{} -> {} ({}){} [-Rpass={}]\n",
        d.location.empty() ? "" : d.location + ": ", a.rule.title(), a.anchor,
        plural(a.matched.size(), "op"),
        a.erased != a.matched.size() ? fmt::format(", {} erased", a.erased) : "", a.added.size(),
        a.rule.place(),
        macs ? ", " + (macs > 0 ? "+" + amount(double(macs), "MAC") : amount(double(macs), "MAC"))
             : std::string(),
        a.rule.name);
  }
  done.push_back(std::move(d));
}

void RuleMonitor::rejected(const Rule &r, const Node &anchor, const std::string &why,
                           uint64_t nanos) {
  RuleProfile &p = profiles[r.fileOrder];
  ++p.rejected;
  p.buildNanos += nanos;
  dropped.push_back({&r, label(anchor.result()), why});
  if (log && missedRegex && missedRegex->match(r.name))
    *log << fmt::format("{}remark: {} matched at {} but was dropped: {} ({}) [-Rpass-missed={}]\n",
                        anchor.loc() ? anchor.loc().str() + ": " : "", r.name,
                        label(anchor.result()), why, r.place(), r.name);
}

void RuleMonitor::remarkAnalysis() {
  static const char *stages[] = {"ops",  "attributes and types", "uses", "where",
                                 "when", "step budget"};
  for (const auto &r : rules.program().rules) {
    if (!analysisRegex->match(r->name))
      continue;
    const RuleProfile &p = profiles[r->fileOrder];
    std::string failures;
    for (size_t i = 0; i < 6; ++i) {
      if (p.failures[i])
        failures += fmt::format("{}{} {}", failures.empty() ? "" : ", ", p.failures[i], stages[i]);
    }
    *log << fmt::format("{}: remark: {}: {}, {} fired{}{} [-Rpass-analysis={}]\n", r->place(),
                        r->name, plural(p.attempts, "attempt"), p.fired,
                        p.rejected ? fmt::format(", {} dropped", p.rejected) : "",
                        failures.empty() ? "" : "; failed by " + failures, r->name);
  }
}

LogicalResult RuleMonitor::checkCounts(const Graph &g, const RewriteOptions &rewrite,
                                       Diagnostics &diags) {
  bool ok = true;
  auto ruleOf = [&](std::string_view name) -> const Rule * {
    for (const auto &r : rules.program().rules) {
      if (r->name == name)
        return r.get();
    }
    return nullptr;
  };
  auto fail = [&](const std::string &rule, std::string message, const char *code) {
    ok = false;
    auto d =
        diags.error(ruleOf(rule) ? ruleOf(rule)->range : SourceRange(), code, std::move(message));
    if (!ruleOf(rule))
      return;
    // Why it did not fire where it nearly did.
    ExplainOptions explain;
    explain.rewrite = rewrite;
    explain.rewrite.listener = nullptr;
    explain.rewrite.ruleLimit = 0; // only look
    explain.rule = rule;
    std::unique_ptr<Graph> copy = g.clone();
    Diagnostics scratch;
    FailureOr<Explanation> e = explainRules(*copy, rules, explain, scratch);
    if (failed(e) || e->rules.empty())
      return;
    for (const RuleExplanation &r : e->rules) {
      for (const Attempt &a : r.attempts) {
        const Obstacle &o = a.obstacles[0];
        std::move(d).note(
            o.where, fmt::format("{} at %{}{}: {}", a.missedBy ? "near miss" : "attempt", a.node,
                                 a.location.empty() ? "" : ", " + a.location, o.reason));
      }
      if (!r.note.empty())
        std::move(d).hint(r.note);
    }
  };
  for (const Expectation &e : expectations) {
    uint64_t n = firedOf(e.rule);
    bool good = e.op == ">="   ? n >= e.count
                : e.op == "<=" ? n <= e.count
                : e.op == "==" ? n == e.count
                : e.op == ">"  ? n > e.count
                : e.op == "<"  ? n < e.count
                               : n != e.count;
    if (!good)
      fail(e.rule,
           fmt::format("rule `{}` fired {}; expected {} {}", e.rule, plural(n, "time"), e.op,
                       e.count),
           "expect-fired");
  }
  if (options.frozen.empty())
    return success(ok);
  for (const auto &[name, count] : frozenCounts) {
    const Rule *r = ruleOf(name);
    uint64_t n = firedOf(name);
    if (n < count)
      fail(name,
           fmt::format("rule `{}` {}; {} in `{}`", name,
                       r ? "fired " + plural(n, "time") : std::string("does not exist"), count,
                       options.frozen),
           "frozen-rules");
    else if (n > count)
      diags.warning(r->range, "frozen-rules",
                    fmt::format("rule `{}` fired {}; {} in `{}`", name, plural(n, "time"), count,
                                options.frozen));
  }
  llvm::StringSet<> known;
  for (const auto &[name, count] : frozenCounts)
    known.insert(name);
  for (const auto &r : rules.program().rules) {
    if (firedOf(r->name) && known.insert(r->name).second)
      diags
          .warning(r->range, "frozen-rules",
                   fmt::format("rule `{}` fired {} and is not in `{}`", r->name,
                               plural(firedOf(r->name), "time"), options.frozen))
          .hint("`--freeze-rules=" + options.frozen + "` writes the new counts");
  }
  return success(ok);
}

uint64_t RuleMonitor::firedOf(std::string_view name) const {
  uint64_t n = 0;
  for (const auto &r : rules.program().rules)
    n += r->name == name ? profiles[r->fileOrder].fired : 0;
  return n;
}

LogicalResult RuleMonitor::finish(const Graph &g, const RewriteOptions &rewrite,
                                  Diagnostics &diags) {
  if (log && missedRegex) {
    ExplainOptions explain;
    explain.rewrite = rewrite;
    explain.rewrite.listener = nullptr;
    explain.rewrite.ruleLimit = 0; // only look
    explain.missedBy = 2;
    std::unique_ptr<Graph> copy = g.clone();
    Diagnostics scratch;
    FailureOr<Explanation> e = explainRules(*copy, rules, explain, scratch);
    for (const RuleExplanation &r : succeeded(e) ? e->rules : std::vector<RuleExplanation>()) {
      if (!missedRegex->match(r.rule))
        continue;
      for (const Attempt &a : r.attempts)
        *log << fmt::format("{}remark: {} missed at %{} ({}): {} ({}) [-Rpass-missed={}]\n",
                            a.location.empty() ? "" : a.location + ": ", r.rule, a.node, a.op,
                            a.obstacles[0].reason, a.obstacles[0].where.str(), r.rule);
    }
  }
  if (log && analysisRegex)
    remarkAnalysis();
  if (log && (options.profile || !options.profileTrace.empty()))
    *log << profileTable();
  if (checkCounts(g, rewrite, diags).failed())
    return failure();
  return writeFiles(g, diags);
}

} // namespace wnnx::pat
