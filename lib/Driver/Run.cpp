// SPDX-License-Identifier: Apache-2.0
//
// Running models on tensors from files.
#include "wnnx/Driver/Run.h"

#include "wnnx/CodeGen/CompileAndRun.h"
#include "wnnx/Driver/Compare.h"
#include "wnnx/Driver/ModelFile.h"
#include "wnnx/Driver/TensorFile.h"
#include "wnnx/Eval/Interpreter.h"
#include "wnnx/Ops/Infer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

namespace wnnx {
namespace {

/// "x=x.npy" in two; the name is empty when it was left out.
struct NamedPath {
  std::string name, path;
};
NamedPath splitNamedPath(std::string_view text) {
  size_t equal = text.find('=');
  if (equal == std::string_view::npos)
    return {"", std::string(text)};
  return {std::string(text.substr(0, equal)), std::string(text.substr(equal + 1))};
}

/// The position of `name` among a model's inputs or outputs, of which `option` speaks.
FailureOr<size_t> findPort(const NamedPath &given, const std::vector<std::string> &names,
                           const std::string &option, Diagnostics &diags) {
  if (given.name.empty() && names.size() == 1)
    return size_t(0);
  auto it = std::find(names.begin(), names.end(), given.name);
  if (it != names.end())
    return size_t(it - names.begin());
  std::string port = option == "input" ? "input" : "output", list;
  for (const std::string &n : names)
    list += (list.empty() ? "`" : ", `") + n + "`";
  std::vector<std::string_view> views(names.begin(), names.end());
  std::string message = given.name.empty() ? "the model has " + std::to_string(names.size()) + " " +
                                                 port + "s; say which one `" + given.path + "` is"
                                           : "the model has no " + port + " `" + given.name + "`" +
                                                 didYouMean(given.name, views);
  return diags.error("--" + option, "bad-" + option, message)
      .hint("its " + port + "s are " + (list.empty() ? "none" : list) + "; write `--" + option +
            "=NAME=FILE.npy`");
}

struct Results {
  std::vector<Tensor> outputs;
  double medianMs = 0, fastestMs = 0;
};

class ModelRunner {
  RunJobOptions &o;
  llvm::raw_ostream &out;
  Diagnostics &diags;
  std::unique_ptr<Graph> graph, original;
  std::vector<Tensor> inputs;
  std::vector<std::pair<std::string, Tensor>> given; // inputs by the name given
  std::vector<std::string> inputNames, outputNames;
  pat::InputRanges ranges;

  LogicalResult readInputs(LoadOptions &load) {
    bool ok = parseInputSpecs(o.shapes, load.inputs, diags).succeeded();
    for (const std::string &text : o.inputs) {
      // A type in place of an array is what `wnnxc --input` takes; the input is random then.
      size_t colon = text.rfind(':');
      if (parseTensorType(std::string_view(text).substr(colon == text.npos ? 0 : colon + 1))) {
        ok &= parseInputSpecs(text, load.inputs, diags).succeeded();
        continue;
      }
      NamedPath p = splitNamedPath(text);
      FailureOr<Tensor> t = readTensorFile(p.path, diags);
      if (failed(t)) {
        ok = false;
        continue;
      }
      load.inputs.push_back({p.name, t->type()});
      given.push_back({p.name, *t});
    }
    return success(ok);
  }

  /// Random numbers in [-1, 1), moved to where the user says that the input lies.
  Tensor inRange(Tensor t, const std::string &name) const {
    auto it = ranges.find(name);
    if (it == ranges.end() || !it->second.finite())
      return t;
    const pat::ValueRange &r = it->second;
    std::vector<double> x = t.toDoubles();
    for (size_t k = 0; k < x.size(); ++k) {
      double unit = isFloat(t.dtype()) ? (x[k] + 1) / 2 : double(k % 7) / 6;
      x[k] = r.lo + (r.hi - r.lo) * unit;
      if (r.integer)
        x[k] = std::min(std::max(std::nearbyint(x[k]), r.lo), r.hi);
    }
    return Tensor::fromDoubles(t.type(), x);
  }

  LogicalResult bindInputs() {
    inputs.resize(graph->inputs().size());
    bool ok = true;
    for (const auto &[name, tensor] : given) {
      FailureOr<size_t> i = findPort({name, ""}, inputNames, "input", diags);
      if (failed(i)) {
        ok = false;
      } else if (inputs[*i]) {
        diags.error("--input", "bad-input", "input `" + inputNames[*i] + "` is given twice");
        ok = false;
      } else {
        inputs[*i] = tensor;
      }
    }
    uint64_t seed = o.seed;
    for (size_t i = 0; i < inputs.size() && ok; ++i) {
      if (inputs[i])
        continue;
      if (!given.empty()) {
        diags.error("--input", "bad-input", "input `" + inputNames[i] + "` is missing")
            .hint("give all inputs, or none for random ones");
        ok = false;
      }
      inputs[i] = inRange(randomTensor(graph->input(unsigned(i))->type(), seed), inputNames[i]);
    }
    if (ok && given.empty() && !inputs.empty() && o.pipeline.log)
      *o.pipeline.log << "random inputs, seed " << o.seed << "\n";
    return success(ok);
  }

  FailureOr<Results> interpreted(const Graph &g, bool time) {
    Results r;
    std::vector<double> times;
    uint64_t runs = time ? o.runs + 1 : 1; // the first is not timed
    for (uint64_t i = 0; i < runs; ++i) {
      auto start = std::chrono::steady_clock::now();
      FailureOr<std::vector<Tensor>> result = interpret(g, inputs, diags);
      if (failed(result))
        return failure();
      std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
      if (i)
        times.push_back(took.count());
      r.outputs = std::move(*result);
    }
    std::sort(times.begin(), times.end());
    if (!times.empty()) {
      r.medianMs = times[times.size() / 2];
      r.fastestMs = times[0];
    }
    return r;
  }

  FailureOr<Results> compiled() {
    FailureOr<Plan> plan = makePlan(*graph, {}, diags);
    if (failed(plan))
      return failure();
    cg::CompileOptions options;
    options.keepIn = o.keep;
    cg::CompileJob job{&*plan, graph.get(), {}};
    auto models = cg::CompiledModels::build(job, options, diags);
    if (failed(models))
      return failure();
    auto result = (*models)->run(0, inputs, o.time ? unsigned(o.runs) : 0, diags);
    if (failed(result))
      return failure();
    return Results{std::move(result->outputs), result->medianMs, result->fastestMs};
  }

  /// What each output should be; empty tensors where nothing was said.
  FailureOr<std::vector<Tensor>> expected() {
    if (o.expects.empty()) {
      FailureOr<Results> r = interpreted(*original, false);
      if (failed(r))
        return failure();
      return std::move(r->outputs);
    }
    std::vector<Tensor> tensors(outputNames.size());
    bool ok = true;
    for (const std::string &text : o.expects) {
      NamedPath p = splitNamedPath(text);
      FailureOr<size_t> i = findPort(p, outputNames, "expect", diags);
      FailureOr<Tensor> t = readTensorFile(p.path, diags);
      if (failed(i) || failed(t)) {
        ok = false;
        continue;
      }
      const TensorType &type = graph->outputs()[*i].value->type();
      if (t->shape() != type.shape) {
        diags.error(p.path, "bad-expect",
                    "is " + t->type().str() + "; output `" + outputNames[*i] + "` is " +
                        type.str());
        ok = false;
      }
      tensors[*i] = *t;
    }
    if (!ok)
      return failure();
    return tensors;
  }

  bool compareAll(const std::vector<Tensor> &found, const std::vector<Tensor> &wanted) {
    bool within = true;
    for (size_t i = 0; i < found.size(); ++i) {
      if (!wanted[i])
        continue;
      Comparison c = compareTensors(found[i], wanted[i]);
      bool good = c.relative() <= o.tolerance;
      out << outputNames[i] << ": " << describeComparison(c, found[i].shape())
          << (good ? "" : fmt::format("  BEYOND {:g}", o.tolerance)) << "\n";
      within &= good;
    }
    return within;
  }

  LogicalResult writeOutputs(const std::vector<Tensor> &found) {
    Outputs files(diags);
    for (const std::string &text : o.outputs) {
      NamedPath p = splitNamedPath(text);
      FailureOr<size_t> i = findPort(p, outputNames, "output", diags);
      if (failed(i) || writeTensorFile(found[*i], p.path, files).failed())
        return failure();
    }
    return files.commit();
  }

  void describe(const Tensor &t, const std::string &name) {
    out << name << ": " << t.type().str();
    constexpr int64_t shown = 8;
    for (int64_t i = 0; i < std::min(t.numel(), shown); ++i)
      out << (i ? " " : " = ")
          << (isFloat(t.dtype()) ? fmt::format("{:.6g}", t.getDouble(i))
                                 : std::to_string(t.getInt(i)));
    out << (t.numel() > shown ? " ...\n" : "\n");
  }

public:
  ModelRunner(RunJobOptions &options, llvm::raw_ostream &os, Diagnostics &d)
      : o(options), out(os), diags(d) {}

  LogicalResult run() {
    LoadOptions load;
    bool ok = readInputs(load).succeeded();
    ok &= checkPassNames(o.pipeline.passes, "--passes", diags).succeeded();
    FailureOr<LoadedRules> rules = loadPipelineRules(o.pipeline, diags);
    if (!ok || failed(rules))
      return failure();
    graph = loadModel(o.model, load, diags);
    // The model that is run is the one with the interface asked for; an input whose value is
    // assumed is not given.
    if (!graph || failed(editInterface(*graph, o.pipeline, *rules, diags)))
      return failure();
    ranges = rules->ranges;
    for (const auto &in : graph->inputs())
      inputNames.push_back(in->name());
    for (const GraphOutput &g : graph->outputs())
      outputNames.push_back(g.name);
    if (bindInputs().failed())
      return failure();
    if (o.compare && o.expects.empty())
      original = graph->clone();
    bool compile = o.engine == "compiled";
    if (o.pipeline.passes.empty() && (compile || rules->rules))
      o.pipeline.passes = defaultPasses();
    if (runPipeline(*graph, o.pipeline, *rules, diags).failed() ||
        verifyGraph(*graph, diags).failed())
      return failure();

    FailureOr<Results> results = compile ? compiled() : interpreted(*graph, o.time);
    if (failed(results) || writeOutputs(results->outputs).failed())
      return failure();
    if (o.time)
      out << fmt::format("time: median {:.3f} ms, fastest {:.3f} ms of {} runs after 1 ({})\n",
                         results->medianMs, results->fastestMs, o.runs, o.engine);
    if (o.compare || !o.expects.empty()) {
      FailureOr<std::vector<Tensor>> wanted = expected();
      return success(succeeded(wanted) && compareAll(results->outputs, *wanted));
    }
    if (o.outputs.empty() && !o.time) {
      for (size_t i = 0; i < outputNames.size(); ++i)
        describe(results->outputs[i], outputNames[i]);
    }
    return success();
  }
};

} // namespace

LogicalResult runModel(RunJobOptions options, llvm::raw_ostream &out, Diagnostics &diags) {
  return ModelRunner(options, out, diags).run();
}

} // namespace wnnx
