// SPDX-License-Identifier: Apache-2.0
//
// The runtime's kernels as data agree with its headers.
#include "wnnx/Plan/Kernel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"

#include <gtest/gtest.h>

using namespace wnnx;

TEST(Kernels, RowsAreRead) {
  const KernelInfo &conv = kernelInfo(WNNRT_K_conv2d_c16);
  EXPECT_EQ(conv.name, "conv2d_c16");
  EXPECT_EQ(conv.params, "wnnrt_conv2d_params");
  ASSERT_EQ(conv.args.size(), 5u);
  EXPECT_EQ(conv.args[0].kind, ArgKind::In);
  EXPECT_EQ(conv.args[3].kind, ArgKind::Opt);
  EXPECT_EQ(conv.args[3].name, "residual");
  EXPECT_EQ(conv.args[4].kind, ArgKind::Out);
  EXPECT_EQ(kernelInfo(WNNRT_K_index).args[1].kind, ArgKind::Ins);
  EXPECT_EQ(kernelInfo(WNNRT_K_sort).args[3].kind, ArgKind::Scratch);
  EXPECT_EQ(kernelInfo(WNNRT_K_max_pool2d).args[2].kind, ArgKind::OptOut);
}

TEST(Kernels, ParametersAreNamedAndZerosLeftOut) {
  wnnrt_linear_params p = {};
  p.m = 3;
  p.act = {WNNRT_CLAMP, 0, 6};
  ParamRecord r = describe(p);
  EXPECT_EQ(r.type, "wnnrt_linear_params");
  ASSERT_EQ(r.fields.size(), 3u);
  EXPECT_EQ(r.fields[0], (ParamField{"m", int64_t(3)}));
  EXPECT_EQ(r.fields[1], (ParamField{"act.op", Enumerator{"WNNRT_CLAMP"}}));
  EXPECT_EQ(r.fields[2], (ParamField{"act.b", 6.0f}));
}

/// A field that `describe` forgets would silently be zero in generated code.
TEST(Kernels, EveryFieldOfEveryStructIsDescribed) {
  auto header = llvm::MemoryBuffer::getFile(WNNX_SOURCE_DIR "/runtime/include/wnnrt.h");
  auto source = llvm::MemoryBuffer::getFile(WNNX_SOURCE_DIR "/lib/Plan/Params.cpp");
  ASSERT_TRUE(header && source);
  std::string text;
  for (llvm::StringRef rest = (*header)->getBuffer(); !rest.empty();) { // without comments
    auto [code, comment] = rest.split("/*");
    text += code.str();
    rest = comment.split("*/").second;
  }
  unsigned structs = 0, fields = 0;
  llvm::StringRef rest = text;
  while (rest.contains("typedef struct ")) {
    rest = rest.split("typedef struct ").second;
    auto [name, body] = rest.split(" {");
    if (!name.ends_with("_params"))
      continue;
    ++structs;
    body = body.split('}').first;
    llvm::StringRef function =
        (*source)->getBuffer().split(("describe(const " + name + " &p) {").str()).second;
    ASSERT_FALSE(function.empty()) << "no describe for " << name.str();
    function = function.split("\n}").first;
    llvm::SmallVector<llvm::StringRef, 16> declarations;
    body.split(declarations, ';');
    for (llvm::StringRef d : declarations) {
      llvm::SmallVector<llvm::StringRef, 8> names;
      d.trim().split(' ').second.split(names, ',');
      for (llvm::StringRef n : names) {
        n = n.trim().split('[').first;
        if (n.empty())
          continue;
        ++fields;
        EXPECT_TRUE(llvm::Regex(("p\\." + n + "[^a-z_]").str()).match(function))
            << name.str() << "." << n.str();
      }
    }
  }
  EXPECT_GE(structs, 30u);
  EXPECT_GE(fields, 200u);
}
