// SPDX-License-Identifier: Apache-2.0
//
// Generated files to a loaded shared object, and calls into it.
#include "wnnx/CodeGen/CompileAndRun.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fmt/format.h>

namespace wnnx::cg {

using Entry = int (*)(const void *weights, void *arena, const void *const *in, void *const *out);

struct CompiledModels::Model {
  const Plan *plan;
  Entry entry;
};

namespace {

std::string environment(const char *name) {
  const char *v = std::getenv(name);
  return v ? v : "";
}

struct Builder {
  const CompileOptions &options;
  Diagnostics &diags;
  std::string folder;
  std::vector<std::string> sources;

  std::string at(const std::string &name) const { return folder + "/" + name; }

  LogicalResult writeFile(const std::string &name, const GeneratedFile &file) {
    std::error_code ec;
    llvm::raw_fd_ostream os(at(name), ec);
    if (!ec) {
      file.write(os);
      os.close();
      ec = os.error();
      os.clear_error();
    }
    if (ec)
      return diags.error(at(name), "compile-write", "cannot write: " + ec.message());
    return success();
  }

  /// The runtime's header folder and library.
  LogicalResult findRuntime(std::string &include, std::string &library) {
    std::string dir = options.runtimeDir.empty() ? environment("WNNRT_DIR") : options.runtimeDir;
    if (dir.empty()) {
      include = WNNX_RUNTIME_INCLUDE;
      library = WNNX_RUNTIME_LIBRARY;
    } else {
      include = dir + "/include";
      library = dir + "/libwnnrt.a";
      if (!llvm::sys::fs::exists(library))
        library = dir + "/lib/libwnnrt.a";
    }
    for (const std::string &file : {include + "/wnnrt.h", library})
      if (!llvm::sys::fs::exists(file))
        return diags.error(file, "compile-no-runtime", "the runtime is not there")
            .hint("set WNNRT_DIR to a folder with include/wnnrt.h and libwnnrt.a");
    return success();
  }

  LogicalResult compile(const std::string &output, bool program = false) {
    std::string name = options.compiler.empty() ? environment("CXX") : options.compiler;
    if (name.empty())
      name = "c++";
    llvm::ErrorOr<std::string> compiler = llvm::sys::findProgramByName(name);
    if (!compiler)
      return diags.error(name, "compile-no-compiler", "no such C++ compiler")
          .hint("install one, or name it in the environment variable CXX");
    std::string include, library;
    if (failed(findRuntime(include, library)))
      return failure();
    std::vector<std::string> args{*compiler, "-std=c++17",   "-o",
                                  output,    "-I" + include, "-I" + folder};
    if (program)
      args.push_back("-pthread");
    else
      args.insert(args.end(), {"-fPIC", "-shared"});
    args.insert(args.end(), options.flags.begin(), options.flags.end());
#ifdef WNNX_COMPILE_FLAGS
    for (const char *flag : {WNNX_COMPILE_FLAGS})
      args.push_back(flag);
#endif
    args.insert(args.end(), sources.begin(), sources.end());
    args.push_back(library);
    std::vector<llvm::StringRef> refs(args.begin(), args.end());
    std::string log = at("compiler.log"), why;
    llvm::sys::fs::remove(log); // redirection does not truncate
    std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log),
                                                  llvm::StringRef(log)};
    int status = llvm::sys::ExecuteAndWait(*compiler, refs, std::nullopt, redirects, 0, 0, &why);
    if (status == 0)
      return success();
    if (auto text = llvm::MemoryBuffer::getFile(log))
      why += (*text)->getBuffer().take_front(4000).str();
    return diags.error(name, "compile-failed", "the compiler failed on the generated code\n" + why);
  }
};

} // namespace

/// A function of one signature for every model.
static std::string entryFor(unsigned index, const Plan &plan, const std::string &function) {
  std::string s = fmt::format("extern \"C\" int wnnx_entry_{}(const void *weights, void *arena, "
                              "const void *const *in, void *const *out) {{\n"
                              "  (void)in; (void)out;\n  return {}(weights, arena",
                              index, function);
  for (size_t i = 0; i < plan.inputs.size(); ++i)
    s += fmt::format(", static_cast<const {} *>(in[{}])", cType(plan.inputs[i].type.dtype), i);
  for (size_t i = 0; i < plan.outputs.size(); ++i)
    s += fmt::format(", static_cast<{} *>(out[{}])", cType(plan.outputs[i].type.dtype), i);
  return s + ");\n}\n";
}

CompiledModels::~CompiledModels() {
  if (handle)
    dlclose(handle);
  if (temporary)
    llvm::sys::fs::remove_directories(folder);
}

FailureOr<std::unique_ptr<CompiledModels>> CompiledModels::build(llvm::ArrayRef<CompileJob> jobs,
                                                                 const CompileOptions &options,
                                                                 Diagnostics &diags) {
  std::unique_ptr<CompiledModels> result(new CompiledModels);
  if (options.keepIn.empty()) {
    llvm::SmallString<128> path;
    if (std::error_code ec = llvm::sys::fs::createUniqueDirectory("wnnx", path))
      return diags.error("temporary folder", "compile-folder", "cannot make it: " + ec.message());
    result->folder = path.str().str();
    result->temporary = true;
  } else {
    result->folder = options.keepIn;
    if (std::error_code ec = llvm::sys::fs::create_directories(options.keepIn))
      return diags.error(options.keepIn, "compile-folder", "cannot make it: " + ec.message());
  }
  Builder builder{options, diags, result->folder, {}};
  bool many = jobs.size() > 1;
  GeneratedFile entries{"wnnx_entries.cpp", "", {}};
  std::string tail;
  for (size_t i = 0; i < jobs.size(); ++i) {
    CodeGenOptions codeOptions = jobs[i].options;
    if (many)
      codeOptions.weights = WeightMode::Embed;
    else if (codeOptions.weights == WeightMode::File)
      codeOptions.weights = WeightMode::Incbin;
    GeneratedFiles files = generate(*jobs[i].plan, *jobs[i].graph, codeOptions);
    for (const GeneratedFile &f : files.files) {
      if (failed(builder.writeFile(f.name, f)))
        return failure();
      llvm::StringRef extension = llvm::sys::path::extension(f.name);
      if (extension == ".S" || (extension == ".cpp" && !many))
        builder.sources.push_back(builder.at(f.name));
    }
    std::string function = files.prefix + "_run";
    if (many) {
      // Each source in a namespace of its own, so that one compilation takes them all.
      tail += fmt::format("namespace m{} {{\n#include \"{}.cpp\"\n}}\n", i, files.prefix);
      function = fmt::format("m{}::{}", i, function);
    } else {
      tail += "#include \"" + files.prefix + ".h\"\n";
    }
    tail += entryFor(unsigned(i), *jobs[i].plan, function);
  }
  entries.text += "#include \"wnnrt_rows.h\"\n#include <limits>\n#include <string.h>\n" + tail;
  if (failed(builder.writeFile(entries.name, entries)))
    return failure();
  builder.sources.push_back(builder.at(entries.name));
  std::string object = builder.at("model.so");
  if (failed(builder.compile(object)))
    return failure();
  result->handle = dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!result->handle)
    return diags.error(object, "compile-load", std::string("cannot load it: ") + dlerror());
  for (size_t i = 0; i < jobs.size(); ++i) {
    void *symbol = dlsym(result->handle, fmt::format("wnnx_entry_{}", i).c_str());
    if (!symbol)
      return diags.error(object, "compile-load", std::string("no entry point: ") + dlerror());
    result->models.push_back({jobs[i].plan, reinterpret_cast<Entry>(symbol)});
  }
  return result;
}

FailureOr<std::string> buildProfileProgram(const CompileJob &job, const CompileOptions &options,
                                           Diagnostics &diags) {
  Builder builder{options, diags, options.keepIn, {}};
  CodeGenOptions codeOptions = job.options;
  codeOptions.weights = WeightMode::File;
  codeOptions.profile = true;
  GeneratedFiles files = generate(*job.plan, *job.graph, codeOptions);
  for (const GeneratedFile &f : files.files) {
    if (failed(builder.writeFile(f.name, f)))
      return failure();
    if (llvm::sys::path::extension(f.name) == ".cpp")
      builder.sources.push_back(builder.at(f.name));
  }
  std::string program = builder.at(files.prefix + "_profile");
  if (failed(builder.compile(program, true)))
    return failure();
  return program;
}

std::string_view statusText(int status) {
  switch (status) {
  case WNNRT_OK:
    return "ok";
  case WNNRT_INVALID_ARGUMENT:
    return "invalid argument";
  case WNNRT_OUT_OF_RANGE:
    return "index out of range";
  case WNNRT_DIVISION_BY_ZERO:
    return "integer division by zero";
  case WNNRT_UNSUPPORTED:
    return "not supported by the runtime";
  default:
    return "unknown status";
  }
}

namespace {
/// Bytes at a multiple of 64, as a product would align them.
struct Aligned {
  void *data;
  explicit Aligned(int64_t bytes)
      : data(std::aligned_alloc(64, size_t((std::max<int64_t>(bytes, 1) + 63) / 64 * 64))) {}
  Aligned(Aligned &&o) noexcept : data(o.data) { o.data = nullptr; }
  Aligned(const Aligned &) = delete;
  ~Aligned() { std::free(data); }
};
} // namespace

FailureOr<RunResult> CompiledModels::run(unsigned model, llvm::ArrayRef<Tensor> inputs,
                                         unsigned repeats, Diagnostics &diags) const {
  const Plan &plan = *models[model].plan;
  if (inputs.size() != plan.inputs.size())
    return diags.error(
        "inputs", "run-inputs",
        fmt::format("the model takes {} inputs; {} are given", plan.inputs.size(), inputs.size()));
  std::vector<Aligned> buffers;
  std::vector<const void *> in;
  std::vector<void *> out;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].type() != plan.inputs[i].type)
      return diags.error("inputs", "run-inputs",
                         "input `" + plan.inputs[i].name + "` is " + plan.inputs[i].type.str() +
                             "; given is " + inputs[i].type().str());
    buffers.emplace_back(inputs[i].bytes());
    std::memcpy(buffers.back().data, inputs[i].data(), size_t(inputs[i].bytes()));
    in.push_back(buffers.back().data);
  }
  size_t firstOutput = buffers.size();
  for (const PlanPort &p : plan.outputs) {
    buffers.emplace_back(p.type.bytes());
    out.push_back(buffers.back().data);
  }
  Aligned arena(plan.arenaBytes);
  std::vector<double> times;
  for (unsigned i = 0; i <= repeats; ++i) {
    auto start = std::chrono::steady_clock::now();
    int status = models[model].entry(nullptr, arena.data, in.data(), out.data());
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (status != WNNRT_OK)
      return diags.error("compiled model", "run-status",
                         "the run failed: " + std::string(statusText(status)));
    if (i || !repeats)
      times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  RunResult r;
  r.medianMs = times[times.size() / 2];
  r.fastestMs = times[0];
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    const TensorType &type = plan.outputs[i].type;
    auto *bytes = static_cast<const uint8_t *>(buffers[firstOutput + i].data);
    r.outputs.push_back(Tensor::own(type, std::vector<uint8_t>(bytes, bytes + type.bytes())));
  }
  return r;
}

FailureOr<RunResult> compileAndRun(const Graph &graph, llvm::ArrayRef<Tensor> inputs,
                                   const CompileOptions &options, unsigned repeats,
                                   Diagnostics &diags) {
  FailureOr<Plan> plan = makePlan(graph, {}, diags);
  if (failed(plan))
    return failure();
  CompileJob job{&*plan, &graph, {}};
  auto models = CompiledModels::build(job, options, diags);
  if (failed(models))
    return failure();
  return (*models)->run(0, inputs, repeats, diags);
}

} // namespace wnnx::cg
