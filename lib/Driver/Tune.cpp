// SPDX-License-Identifier: Apache-2.0
//
// A program per variant, several rounds of all, the least time of each step; then the choices of
// the cost model and those that were measured, as whole networks.
#include "Tune.h"

#include "wnnx/CodeGen/CompileAndRun.h"

#include "llvm/ADT/STLExtras.h"
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
#include <map>
#include <numeric>
#include <optional>
#include <utility>

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

/// The network with one variant wherever a layer or block has it.
struct Candidate {
  Plan plan;
  std::string folder, program;
  std::vector<double> us; // the least of each step so far

  double total() const { return std::accumulate(us.begin(), us.end(), 0.0); }
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
  using Kernels = std::vector<wnnrt_kernel_id>;
  std::vector<Kernels> seen;   // of each plan
  std::optional<Plan> byModel; // until a second plan is there
  std::vector<Candidate> candidates;
  std::map<std::string, std::string> changed; // layers, with what the model prefers

public:
  Tuner(const Graph &g, const PlanOptions &o, TuningTable &t, llvm::raw_ostream &l, Diagnostics &d)
      : graph(g), options(o), table(t), log(l), diags(d) {}

  LogicalResult run() {
    if (std::error_code ec = llvm::sys::fs::createUniqueDirectory("wnnx-tune", folder.path))
      return diags.error("temporary folder", "tune-folder", "cannot make it: " + ec.message());
    for (const char *variant :
         {"", "direct", "winograd2", "winograd4", "matrix", "separate", "fused"})
      if (addVariant(variant).failed())
        return failure();
    if (candidates.empty()) {
      log << "tuning: no layer of this network can be computed in several ways\n";
      return success();
    }
    if (measureAll().failed())
      return failure();
    decide();
    return compare();
  }

private:
  /// Kept where no earlier plan has the same kernels in the same order.
  LogicalResult addVariant(const char *variant) {
    PlanOptions o = options;
    o.variant = variant;
    o.tuning = nullptr;
    FailureOr<Plan> plan = makePlan(graph, o, diags);
    if (failed(plan))
      return failure();
    Kernels kernels;
    for (const KernelCall &c : plan->calls)
      kernels.push_back(c.kernel);
    if (llvm::is_contained(seen, kernels))
      return success();
    seen.push_back(std::move(kernels));
    if (seen.size() == 1) {
      byModel = std::move(*plan); // measured if there is another one
      return success();
    }
    if (byModel && build("model", *std::exchange(byModel, std::nullopt)).failed())
      return failure();
    return build(variant, std::move(*plan));
  }

  LogicalResult build(const std::string &name, Plan plan) {
    Candidate c{std::move(plan), folder.at(name), "", {}};
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

  LogicalResult measureAll() {
    auto begin = std::chrono::steady_clock::now();
    // All take turns, so that a disturbance of the machine does not hit one alone.
    for (int round = 0; round < 4; ++round) {
      for (Candidate &c : candidates)
        if (measure(c).failed())
          return failure();
      if (round && std::chrono::steady_clock::now() - begin > std::chrono::seconds(25))
        break;
    }
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

  /// The least time of each variant of each layer, layers of the same shape being one entry with
  /// the mean of their times.
  void decide() {
    struct Sum {
      double us = 0;
      int count = 0;
    };
    using Times = std::map<std::pair<std::string, std::string>, Sum>; // layer and variant
    std::map<std::string, std::map<std::string, double>> best;
    std::map<std::string, std::string> preferred; // by the model
    for (const Candidate &c : candidates) {
      Times times;
      auto add = [&](const std::string &layer, const std::string &variant,
                     const std::string &modelVariant, double us, bool begins) {
        if (layer.empty())
          return;
        preferred[layer] = modelVariant;
        Sum &s = times[{layer, variant}];
        s.us += us;
        s.count += begins;
      };
      for (size_t i = 0; i < c.plan.calls.size(); ++i) {
        const KernelCall &call = c.plan.calls[i];
        add(call.layer, call.variant, call.modelVariant, c.us[i], true);
        add(call.block.block, call.block.variant, call.block.modelVariant, c.us[i],
            call.block.begins);
      }
      for (const auto &[key, sum] : times) {
        double us = sum.us / sum.count;
        double &least = best[key.first].try_emplace(key.second, us).first->second;
        least = std::min(least, us);
      }
    }
    for (const auto &[layer, variants] : best) {
      TuningEntry entry;
      for (const auto &[name, us] : variants)
        entry.variants.push_back({name, us});
      // What the model prefers stays where nothing is clearly faster.
      auto cost = [&](const TuningEntry::Variant &v) {
        return v.name == preferred[layer] ? 0.97 * v.us : v.us;
      };
      std::stable_sort(entry.variants.begin(), entry.variants.end(),
                       [&](const auto &x, const auto &y) { return cost(x) < cost(y); });
      if (entry.variants.front().name != preferred[layer])
        changed[layer] = preferred[layer];
      table.layers[layer] = std::move(entry);
    }
    table.cpu = cpuName();
    table.runtime = wnnrt::abiHash();
  }

  /// Those inside of blocks that one kernel computes are not asked for.
  void keepLayersOf(const Plan &plan) {
    std::map<std::string, TuningEntry> kept;
    for (const KernelCall &call : plan.calls)
      for (const std::string &layer : {call.layer, call.block.block})
        if (auto entry = table.layers.find(layer); entry != table.layers.end())
          kept.insert(*entry);
    table.layers = std::move(kept);
  }

  /// What the choices bring, in turns with those of the cost model, which stand where a network as
  /// a whole is not faster without them.
  LogicalResult compare() {
    candidates.resize(1);
    double tuned = 0;
    if (!changed.empty()) {
      PlanOptions o = options;
      o.tuning = &table;
      FailureOr<Plan> plan = makePlan(graph, o, diags);
      if (failed(plan) || build("tuned", std::move(*plan)).failed() || measureAll().failed())
        return failure();
      tuned = candidates[1].total();
    }
    const double model = candidates[0].total();
    const bool faster = !changed.empty() && tuned < model;
    keepLayersOf(candidates[faster].plan);
    log << fmt::format("tuning: {} layers, {} chosen differently than by the cost model; all steps "
                       "{:.1f} us by the model, {:.1f} tuned ({:.3f})\n",
                       table.layers.size(), faster ? changed.size() : 0, model,
                       faster ? tuned : model, faster ? model / tuned : 1.0);
    if (faster)
      return success();
    for (const auto &[layer, preferred] : changed)
      if (auto entry = table.layers.find(layer); entry != table.layers.end())
        llvm::stable_sort(entry->second.variants, [&](const auto &a, const auto &b) {
          return (a.name == preferred) > (b.name == preferred);
        });
    return success();
  }
};

} // namespace

LogicalResult tuneModel(const Graph &graph, const PlanOptions &options, TuningTable &table,
                        llvm::raw_ostream &log, Diagnostics &diags) {
  return Tuner(graph, options, table, log, diags).run();
}

} // namespace wnnx
