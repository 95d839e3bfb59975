// SPDX-License-Identifier: Apache-2.0
//
// What a product relies on: the header is C99, sources are free of warnings, two models link into
// one program, a run makes no heap call, wrong arguments give a status, weights work in each mode,
// and the same input gives the same bytes.
#include "wnnx/CodeGen/CodeGen.h"
#include "wnnx/Ops/Infer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <clocale>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>

using namespace wnnx;

namespace {

/// conv, relu, pooling, linear: `image` [1,3,8,8] to `logits` [1,4].
std::unique_ptr<Graph> smallNet(const std::string &name, float bias) {
  auto g = std::make_unique<Graph>();
  Diagnostics diags;
  g->name = name;
  Value *x = g->addInput("image", {DType::F32, Shape{1, 3, 8, 8}});
  Value *w = g->addConstant(Tensor::splat({DType::F32, Shape{20, 3, 3, 3}}, 0.125), "conv.weight");
  Value *b = g->addConstant(Tensor::splat({DType::F32, Shape{20}}, double(bias)), "conv.bias");
  auto add = [&](OpKind k, std::vector<Value *> in, std::vector<NamedAttr> attrs) {
    Node *n = *buildNode(*g, k, in, std::move(attrs), Location::scope("net.1"), diags);
    g->append(n);
    return n->result();
  };
  using Ints = std::vector<int64_t>;
  Value *y = add(OpKind::Conv2d, {x, w, b}, {{"padding", Ints{1, 1}}});
  y = add(OpKind::Relu, {y}, {});
  y = add(OpKind::AdaptiveAvgPool2d, {y}, {{"output_size", Ints{1, 1}}});
  y = add(OpKind::Reshape, {y}, {{"shape", Ints{1, 20}}});
  Value *fc = g->addConstant(Tensor::splat({DType::F32, Shape{4, 20}}, 0.5), "fc.weight");
  y = add(OpKind::Linear, {y, fc}, {});
  g->nameAll();
  g->addOutput("logits", y);
  return g;
}

class GeneratedCode : public testing::Test {
protected:
  std::string folder;
  Diagnostics diags;

  void SetUp() override {
    llvm::SmallString<128> path;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("wnnx-test", path));
    folder = path.str().str();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  cg::GeneratedFiles generate(const Graph &g, cg::WeightMode mode) {
    FailureOr<Plan> plan = makePlan(g, {}, diags);
    EXPECT_TRUE(succeeded(plan)) << diags.render();
    plans.push_back(std::make_unique<Plan>(std::move(*plan)));
    cg::CodeGenOptions options;
    options.weights = mode;
    options.rulesText = "rule nothing";
    return cg::generate(*plans.back(), g, options);
  }
  void write(const cg::GeneratedFiles &files) {
    for (const cg::GeneratedFile &f : files.files) {
      std::error_code ec;
      llvm::raw_fd_ostream os(folder + "/" + f.name, ec);
      ASSERT_FALSE(ec);
      f.write(os);
    }
  }
  void write(const std::string &name, const std::string &text) {
    std::error_code ec;
    llvm::raw_fd_ostream os(folder + "/" + name, ec);
    ASSERT_FALSE(ec);
    os << text;
  }
  /// Runs a program in no particular folder; its output when it fails, or writes anything.
  std::string run(std::vector<std::string> args) {
    auto program = llvm::sys::findProgramByName(args[0]);
    if (!program)
      return "no " + args[0];
    std::vector<llvm::StringRef> refs(args.begin(), args.end());
    std::string log = folder + "/log";
    llvm::sys::fs::remove(log); // redirection does not truncate
    std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log),
                                                  llvm::StringRef(log)};
    int status = llvm::sys::ExecuteAndWait(*program, refs, std::nullopt, redirects);
    std::string text = (*llvm::MemoryBuffer::getFile(log))->getBuffer().str();
    return status ? "status " + std::to_string(status) + ": " + text : text;
  }
  std::string compiler() {
    const char *cxx = std::getenv("CXX");
    return cxx && *cxx ? cxx : "c++";
  }
  const std::string include = "-I" WNNX_SOURCE_DIR "/runtime/include";
  const std::vector<std::string> strict{"-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"};

private:
  std::vector<std::unique_ptr<Plan>> plans;
};

std::string textOf(const cg::GeneratedFiles &files) {
  std::string all;
  llvm::raw_string_ostream os(all);
  for (const cg::GeneratedFile &f : files.files) {
    os << "== " << f.name << "\n";
    f.write(os);
  }
  return os.str();
}

TEST_F(GeneratedCode, HeaderIsC99) {
  write(generate(*smallNet("tiny", 1), cg::WeightMode::Embed));
  write("use.c", "#include \"tiny.h\"\nint size(void);\nint size(void) { return TINY_ARENA_BYTES + "
                 "TINY_IMAGE_DIM1 + TINY_LOGITS_COUNT + TINY_IMAGE_DTYPE; }\n");
  std::vector<std::string> args{"cc", "-std=c99",        "-c",   folder + "/use.c",
                                "-o", folder + "/use.o", include};
  args.insert(args.end(), strict.begin(), strict.end());
  EXPECT_EQ(run(args), "");
}

TEST_F(GeneratedCode, NoWarnings) {
  std::unique_ptr<Graph> net = smallNet("tiny", 1);
  for (cg::WeightMode mode : {cg::WeightMode::Embed, cg::WeightMode::File}) {
    write(generate(*net, mode));
    for (std::string cxx : {compiler(), std::string("clang++-19"), std::string("clang++")}) {
      if (!llvm::sys::findProgramByName(cxx))
        continue;
      std::vector<std::string> args{cxx,  "-std=c++17",       "-c",   folder + "/tiny.cpp",
                                    "-o", folder + "/tiny.o", include};
      args.insert(args.end(), strict.begin(), strict.end());
      EXPECT_EQ(run(args), "") << cxx;
    }
  }
}

/// A program that runs two models, and aborts when anything calls the heap during a run.
const char *const trappedProgram = R"(
#include "tiny.h"
#include "other.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <new>

bool armed = false;
#ifndef __SANITIZE_ADDRESS__ // which has a heap of its own
extern "C" void *__libc_malloc(size_t);
extern "C" void *malloc(size_t n) { if (armed) abort(); return __libc_malloc(n); }
void *operator new(size_t n) { if (armed) abort(); return __libc_malloc(n); }
void operator delete(void *p) noexcept { if (armed) abort(); free(p); }
void operator delete(void *p, size_t) noexcept { if (armed) abort(); free(p); }
#endif

static_assert(int(TINY_ARENA_BYTES) == int(OTHER_ARENA_BYTES), "networks of one shape");
alignas(64) static unsigned char arena[TINY_ARENA_BYTES];

int main(int argc, char **argv) {
  static float image[TINY_IMAGE_COUNT], a[TINY_LOGITS_COUNT], b[OTHER_LOGITS_COUNT];
  alignas(64) static unsigned char weights[TINY_WEIGHTS_BYTES];
  const void *w = nullptr;
  if (argc > 1) {
    FILE *f = fopen(argv[1], "rb");
    if (!f || fread(weights, 1, sizeof weights, f) != sizeof weights) return 10;
    fclose(f);
    w = weights;
  }
  armed = true;
  wnnrt_status first = tiny_run(w, arena, image, a);
  wnnrt_status second = other_run(nullptr, arena, image, b);
  armed = false;
  if (first != WNNRT_OK || second != WNNRT_OK) return 2;
  // Zero pictures: relu(bias) through 20 halves.
  if (fabsf(a[0] - 10.0f) > 1e-5f || fabsf(b[3] - 20.0f) > 1e-5f) return 3;
  if (tiny_run(w, arena + 1, image, a) != WNNRT_INVALID_ARGUMENT) return 4;
  if (tiny_run(w, arena, nullptr, a) != WNNRT_INVALID_ARGUMENT) return 5;
  if (tiny_run(w, nullptr, image, a) != WNNRT_INVALID_ARGUMENT) return 6;
  if (tiny_run(image, arena, image, a) != WNNRT_INVALID_ARGUMENT) return 7; // no weights
  if (argc > 1 && tiny_run(nullptr, arena, image, a) != WNNRT_INVALID_ARGUMENT) return 8;
  return 0;
}
)";

TEST_F(GeneratedCode, TwoModelsRunWithoutHeapInEveryWeightMode) {
  write(generate(*smallNet("other", 2), cg::WeightMode::Embed));
  write("program.cpp", trappedProgram);
  for (cg::WeightMode mode :
       {cg::WeightMode::Embed, cg::WeightMode::Incbin, cg::WeightMode::File}) {
    cg::GeneratedFiles files = generate(*smallNet("tiny", 1), mode);
    write(files);
    std::vector<std::string> args{compiler(),
                                  "-std=c++17",
                                  "-O1",
                                  include,
                                  "-I" + folder,
                                  folder + "/program.cpp",
                                  folder + "/tiny.cpp",
                                  folder + "/other.cpp"};
    if (mode == cg::WeightMode::Incbin)
      args.push_back(folder + "/tiny_weights.S");
    args.insert(args.end(), {WNNX_RUNTIME_LIBRARY, "-o", folder + "/program"});
#ifdef WNNX_COMPILE_FLAGS
    for (const char *flag : {WNNX_COMPILE_FLAGS})
      args.push_back(flag);
#endif
    ASSERT_EQ(run(args), "");
    std::vector<std::string> command{folder + "/program"};
    if (mode == cg::WeightMode::File)
      command.push_back(folder + "/tiny.weights");
    EXPECT_EQ(run(command), "") << int(mode);
  }
}

/// Runs a model with its own kernels of each ISA, with those it picks itself, and with a table
/// whose rows count their calls.
const char *const isaProgram = R"(
#include "tiny.h"
#include <math.h>
#include <string.h>

static int calls = 0;
static const wnnrt_kernels *real;
static wnnrt_status counted(const wnnrt_context *ctx, const wnnrt_conv2d_params *p, const void *x,
                            const void *w, const void *bias, const void *residual, void *y) {
  ++calls;
  return real->conv2d_first(ctx, p, x, w, bias, residual, y);
}

alignas(64) static unsigned char arena[TINY_ARENA_BYTES];
static float image[TINY_IMAGE_COUNT], expected[TINY_LOGITS_COUNT], got[TINY_LOGITS_COUNT];

static bool same() {
  for (int i = 0; i < TINY_LOGITS_COUNT; ++i)
    if (!(fabsf(got[i] - expected[i]) <= 1e-4f * (1 + fabsf(expected[i])))) return false;
  return true;
}

int main() {
  for (int i = 0; i < TINY_IMAGE_COUNT; ++i) image[i] = float(i % 7) - 3;
  wnnrt_context context;
  wnnrt_context_init(&context);
  if (tiny_run_with(&context, nullptr, arena, image, expected) != WNNRT_OK) return 2;
  if (tiny_run_with(nullptr, nullptr, arena, image, got) != WNNRT_INVALID_ARGUMENT) return 3;
  const wnnrt_kernels *last = nullptr;
  for (int isa = 1; isa < WNNRT_ISA_COUNT; ++isa) {
    context.kernels = tiny_kernels(static_cast<wnnrt_isa>(isa));
    if ((context.kernels != nullptr) != (isa <= wnnrt_cpu_isa())) return 4;
    if (!context.kernels) continue;
    if (context.kernels == last) return 5;
    if (strcmp(context.kernels->isa, wnnrt_isa_name(wnnrt_isa(isa)))) return 5;
    last = context.kernels;
    memset(got, 0, sizeof got);
    if (tiny_run_with(&context, nullptr, arena, image, got) != WNNRT_OK || !same()) return 6;
  }
  real = tiny_kernels(wnnrt_cpu_isa());
  wnnrt_kernels table = *real;
  table.conv2d_first = counted;
  context.kernels = &table;
  memset(got, 0, sizeof got);
  if (tiny_run_with(&context, nullptr, arena, image, got) != WNNRT_OK || !same()) return 7;
  if (calls != 1) return 8;
#ifdef WHOLE
  for (int isa = 0; isa <= wnnrt_cpu_isa(); ++isa) {
    context.kernels = wnnrt_kernels_for(static_cast<wnnrt_isa>(isa));
    memset(got, 0, sizeof got);
    if (tiny_run_with(&context, nullptr, arena, image, got) != WNNRT_OK || !same()) return 9;
  }
#endif
  return 0;
}
)";

TEST_F(GeneratedCode, HoldsTheKernelsOfItsStepsForEveryIsa) {
  write("program.cpp", isaProgram);
  write(generate(*smallNet("tiny", 1), cg::WeightMode::Embed));
  for (bool whole : {false, true}) {
    std::vector<std::string> args{compiler(),
                                  "-std=c++17",
                                  "-O1",
                                  include,
                                  "-I" + folder,
                                  folder + "/program.cpp",
                                  folder + "/tiny.cpp",
                                  WNNX_RUNTIME_LIBRARY,
                                  "-o",
                                  folder + "/program"};
    if (whole)
      args.push_back("-DWHOLE");
#ifdef WNNX_COMPILE_FLAGS
    for (const char *flag : {WNNX_COMPILE_FLAGS})
      args.push_back(flag);
#endif
    ASSERT_EQ(run(args), "");
    EXPECT_EQ(run({folder + "/program"}), "") << whole;
    auto program = llvm::MemoryBuffer::getFile(folder + "/program");
    ASSERT_TRUE(program);
    llvm::StringRef bytes = (*program)->getBuffer(); // with the names of its functions
    EXPECT_TRUE(bytes.contains("wnnrt_cpu_isa"));
#if !defined(__SANITIZE_ADDRESS__) // which adds names of its own, and what nothing uses
    EXPECT_EQ(bytes.contains("upsample2d"), whole);
#endif
  }
}

/// On a CPU or a target that has none of the program's ISAs.
TEST_F(GeneratedCode, SaysWhereItHasNoKernels) {
  Diagnostics d;
  std::unique_ptr<Graph> net = smallNet("tiny", 1);
  FailureOr<Plan> plan = makePlan(*net, {}, d);
  ASSERT_FALSE(failed(plan));
  cg::CodeGenOptions options;
  options.isas = {"avx512"};
  write(cg::generate(*plan, *net, options));
  // Stands for a runtime on a CPU from before AVX2.
  write("program.cpp",
        "#include \"tiny.h\"\n"
        "alignas(64) static unsigned char arena[TINY_ARENA_BYTES];\n"
        "static float image[TINY_IMAGE_COUNT], logits[TINY_LOGITS_COUNT];\n"
        "extern \"C\" wnnrt_isa wnnrt_cpu_isa(void) { return WNNRT_ISA_VEC128; }\n"
        "extern \"C\" uint32_t wnnrt_cpu_features(void) { return 0; }\n"
        "int main() {\n"
        "  if (tiny_kernels(WNNRT_ISA_AVX512) || tiny_kernels(WNNRT_ISA_VEC128)) return 2;\n"
        "  return tiny_run(nullptr, arena, image, logits) == WNNRT_UNSUPPORTED ? 0 : 3;\n"
        "}\n");
  std::vector<std::string> args{compiler(),
                                "-std=c++17",
                                "-O1",
                                include,
                                "-I" + folder,
                                folder + "/program.cpp",
                                folder + "/tiny.cpp",
                                WNNX_RUNTIME_LIBRARY,
                                "-o",
                                folder + "/program"};
#ifdef WNNX_COMPILE_FLAGS
  for (const char *flag : {WNNX_COMPILE_FLAGS})
    args.push_back(flag);
#endif
#ifdef __x86_64__
  ASSERT_EQ(run(args), "");
  EXPECT_EQ(run({folder + "/program"}), "");
#endif
  args.push_back("-DWNNRT_HAVE_AVX512=0");
  EXPECT_NE(run(args).find("generate it with --isa=vec128"), std::string::npos);
}

TEST_F(GeneratedCode, SameBytesEverywhere) {
  std::string first = textOf(generate(*smallNet("tiny", 1), cg::WeightMode::Embed));
  EXPECT_EQ(first.find(folder), std::string::npos);
  // Another folder, another locale (a decimal comma, where it is installed).
  ASSERT_FALSE(llvm::sys::fs::set_current_path(folder));
  const char *before = std::setlocale(LC_ALL, "de_DE.UTF-8");
  setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_EQ(first, textOf(generate(*smallNet("tiny", 1), cg::WeightMode::Embed)));
  if (before)
    std::setlocale(LC_ALL, "C");
  ASSERT_FALSE(llvm::sys::fs::set_current_path("/"));
}

TEST_F(GeneratedCode, LinesFitAndNamesAreSafe) {
  // Names that are keywords, collide, or carry comment ends.
  auto g = std::make_unique<Graph>();
  g->name = "class";
  Value *a = g->addInput("int", {DType::F32, Shape{2}});
  Value *b = g->addInput("a*/b\n#include <x>", {DType::F32, Shape{2}});
  Diagnostics d;
  Node *n = *buildNode(*g, OpKind::Add, {a, b}, {},
                       Location::scope("scope */ \n evil \\ " + std::string(300, 'x')), d);
  g->append(n);
  g->setName(n->result(), "arena");
  g->addOutput("weights", n->result());
  g->addOutput("int", n->result());
  cg::GeneratedFiles files = generate(*g, cg::WeightMode::Embed);
  write(files);
  std::vector<std::string> args{compiler(), "-std=c++17",    "-c",   folder + "/class_2.cpp",
                                "-o",       folder + "/x.o", include};
  args.insert(args.end(), strict.begin(), strict.end());
  EXPECT_EQ(run(args), "");
  for (const cg::GeneratedFile &f : files.files)
    if (llvm::StringRef(f.name).ends_with(".cpp") || llvm::StringRef(f.name).ends_with(".h")) {
      llvm::SmallVector<llvm::StringRef, 64> lines;
      llvm::StringRef(f.text).split(lines, '\n');
      for (llvm::StringRef line : lines)
        EXPECT_LE(line.size(), 100u) << f.name << ": " << line.str();
    }
}

} // namespace
