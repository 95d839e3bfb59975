// SPDX-License-Identifier: Apache-2.0
//
// A program per variant, several rounds of all, the least time of each step.
#include "Tune.h"

#include "wnnx/CodeGen/CompileAndRun.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

namespace wnnx {

LogicalResult readTuning(const std::string &file, TuningTable &table, Diagnostics &diags) {
  uint64_t bytes = 0;
  if (std::error_code ec = llvm::sys::fs::file_size(file, bytes))
    return diags.error(file, "cannot-read", "cannot read: " + ec.message());
  constexpr uint64_t limit = 16 << 20;
  if (bytes > limit)
    return diags.error(file, "bad-tuning", "too large for a tuning file (the limit is 16 MiB)");
  auto text = llvm::MemoryBuffer::getFile(file);
  if (!text)
    return diags.error(file, "cannot-read", "cannot read: " + text.getError().message());
  FailureOr<TuningTable> parsed =
      TuningTable::parse(std::string_view((*text)->getBuffer()), file, diags);
  if (failed(parsed))
    return failure();
  table = std::move(*parsed);
  return success();
}

namespace {

/// A folder that vanishes.
struct Folder {
  llvm::SmallString<128> path;
  ~Folder() {
    if (!path.empty())
      llvm::sys::fs::remove_directories(path);
  }
  std::string at(llvm::StringRef name) const { return (path + "/" + name).str(); }
};

/// The network with one variant wherever a layer has it.
struct Candidate {
  std::string variant;
  Plan plan;
  std::string folder, program;
  std::vector<double> us; // the least of each step so far
};

std::string cpuName() {
  auto info = llvm::MemoryBuffer::getFileAsStream("/proc/cpuinfo");
  if (!info)
    return "";
  llvm::StringRef rest = (*info)->getBuffer();
  while (!rest.empty()) {
    auto [line, tail] = rest.split('\n');
    rest = tail;
    if (line.starts_with("model name"))
      return line.split(':').second.trim().str();
  }
  return "";
}

class Tuner {
  const Graph &graph;
  const PlanOptions &options;
  TuningTable &table;
  llvm::raw_ostream &log;
  Diagnostics &diags;
  Folder folder;
  std::vector<Candidate> candidates;

public:
  Tuner(const Graph &g, const PlanOptions &o, TuningTable &t, llvm::raw_ostream &l, Diagnostics &d)
      : graph(g), options(o), table(t), log(l), diags(d) {}

  LogicalResult run() {
    if (std::error_code ec = llvm::sys::fs::createUniqueDirectory("wnnx-tune", folder.path))
      return diags.error("temporary folder", "tune-folder", "cannot make it: " + ec.message());
    for (const char *variant : {"direct", "winograd2", "winograd4", "matrix"})
      if (addCandidate(variant).failed())
        return failure();
    if (candidates.size() < 2) {
      log << "tuning: no layer of this network can be computed in several ways\n";
      return success();
    }
    auto begin = std::chrono::steady_clock::now();
    // All take turns, so that a disturbance of the machine does not hit one alone.
    for (int round = 0; round < 4; ++round) {
      for (Candidate &c : candidates)
        if (measure(c).failed())
          return failure();
      if (round && std::chrono::steady_clock::now() - begin > std::chrono::seconds(30))
        break;
    }
    decide();
    return success();
  }

private:
  LogicalResult addCandidate(const char *variant) {
    PlanOptions o = options;
    o.variant = variant;
    o.tuning = nullptr;
    FailureOr<Plan> plan = makePlan(graph, o, diags);
    if (failed(plan))
      return failure();
    bool used = std::any_of(plan->calls.begin(), plan->calls.end(),
                            [&](const KernelCall &c) { return c.variant == variant; });
    if (!used)
      return success();
    Candidate c{variant, std::move(*plan), folder.at(variant), "", {}};
    if (std::error_code ec = llvm::sys::fs::create_directory(c.folder))
      return diags.error(c.folder, "tune-folder", "cannot make it: " + ec.message());
    cg::CompileOptions compile;
    compile.keepIn = c.folder;
    cg::CodeGenOptions code;
    code.modelName = "net";
    FailureOr<std::string> program =
        cg::buildProfileProgram({&c.plan, &graph, code}, compile, diags);
    if (failed(program))
      return failure();
    c.program = *program;
    c.plan.weights.clear(); // written, and large
    candidates.push_back(std::move(c));
    return success();
  }

  LogicalResult measure(Candidate &c) {
    std::string steps = c.folder + "/steps", output = c.folder + "/output", why;
    std::vector<std::string> args{c.program, "--runs=8", "--steps=" + steps,
                                  "--weights=" + c.folder + "/net.weights"};
    std::vector<llvm::StringRef> refs(args.begin(), args.end());
    llvm::sys::fs::remove(output);
    std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(output),
                                                  llvm::StringRef(output)};
    int status = llvm::sys::ExecuteAndWait(c.program, refs, std::nullopt, redirects, 120, 0, &why);
    auto text = llvm::MemoryBuffer::getFile(steps);
    if (status != 0 || !text) {
      if (auto said = llvm::MemoryBuffer::getFile(output))
        why += (*said)->getBuffer().take_back(500).str();
      return diags.error("tuning", "tune-run", "the measuring program failed: " + why);
    }
    llvm::SmallVector<llvm::StringRef, 0> lines;
    (*text)->getBuffer().trim().split(lines, '\n');
    bool good = lines.size() == c.plan.calls.size() + 1;
    table.isa = lines[0].str();
    if (c.us.empty())
      c.us.assign(c.plan.calls.size(), HUGE_VAL);
    for (size_t i = 0; good && i < c.us.size(); ++i) {
      double us = 0;
      good = !lines[i + 1].getAsDouble(us);
      c.us[i] = std::min(c.us[i], us);
    }
    if (!good)
      return diags.error("tuning", "tune-run", "the measuring program wrote what it should not");
    return success();
  }

  void decide() {
    // Layers of the same shape are one entry, with the mean of their times.
    struct Sum {
      double us = 0;
      int count = 0;
    };
    std::map<std::string, std::map<std::string, Sum>> times; // layer, variant
    std::map<std::string, std::string> byModel;
    for (const Candidate &c : candidates)
      for (size_t i = 0; i < c.plan.calls.size(); ++i) {
        const KernelCall &call = c.plan.calls[i];
        if (call.layer.empty())
          continue;
        byModel[call.layer] = call.modelVariant;
        if (call.variant == c.variant) {
          Sum &s = times[call.layer][c.variant];
          s.us += c.us[i];
          ++s.count;
        }
      }
    double modelUs = 0, tunedUs = 0, rest = 0;
    for (size_t i = 0; i < candidates[0].plan.calls.size(); ++i)
      if (candidates[0].plan.calls[i].layer.empty())
        rest += candidates[0].us[i];
    unsigned changed = 0;
    for (auto &[layer, variants] : times) {
      TuningEntry entry;
      int count = 1;
      double model = 0;
      for (auto &[name, sum] : variants) {
        entry.variants.push_back({name, sum.us / sum.count});
        count = sum.count;
        if (name == byModel[layer])
          model = sum.us / sum.count;
      }
      // What the model prefers stays where nothing is clearly faster.
      auto cost = [&](const TuningEntry::Variant &v) {
        return v.name == byModel[layer] ? 0.97 * v.us : v.us;
      };
      std::stable_sort(entry.variants.begin(), entry.variants.end(),
                       [&](const auto &a, const auto &b) { return cost(a) < cost(b); });
      changed += entry.variants.front().name != byModel[layer];
      tunedUs += count * entry.variants.front().us;
      modelUs += count * model;
      table.layers[layer] = std::move(entry);
    }
    table.cpu = cpuName();
    table.runtime = wnnrt::abiHash();
    log << fmt::format("tuning: {} layers, {} chosen differently than by the cost model; these "
                       "layers {:.1f} us by the model, {:.1f} tuned; all steps {:.1f} and {:.1f} "
                       "({:.3f})\n",
                       times.size(), changed, modelUs, tunedUs, rest + modelUs, rest + tunedUs,
                       (rest + modelUs) / std::max(rest + tunedUs, 1e-9));
  }
};

} // namespace

LogicalResult tuneModel(const Graph &graph, const PlanOptions &options, TuningTable &table,
                        llvm::raw_ostream &log, Diagnostics &diags) {
  return Tuner(graph, options, table, log, diags).run();
}

} // namespace wnnx
