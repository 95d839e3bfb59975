// SPDX-License-Identifier: Apache-2.0
//
// The table of operators agrees with the schemas and with the user's documentation.
#include "Fixtures.h"

#include "../../../lib/Import/TorchScript/Functionalize.h"
#include "../../../lib/Import/TorchScript/OpTable.h"
#include "../../../lib/Import/TorchScript/Schema.h"

#include <gtest/gtest.h>

using namespace wnnx;
using namespace wnnx::ts;

namespace {

TEST(OpTable, EveryOperatorHasASchemaAndIsDocumented) {
  std::vector<uint8_t> bytes =
      wnnx::testing::readBytes(std::filesystem::path(WNNX_SOURCE_DIR) / "docs/torchscript.md");
  std::string doc(bytes.begin(), bytes.end());
  ASSERT_GT(supportedOps().size(), 200u);
  for (const std::string &op : supportedOps()) {
    EXPECT_FALSE(schemasOf(op).empty()) << op << ": run scripts/make_ts_schemas.py";
    EXPECT_NE(doc.find("`" + op + "`"), std::string::npos)
        << op << ": run scripts/gen_torchscript_doc.py";
  }
}

TEST(Schemas, DroppedDefaultsAndOldSpellingsBindAlike) {
  Heap heap;
  Val kernel = heap.list({Val::integer(2), Val::integer(2)});
  Val zeros = heap.list({Val::integer(0), Val::integer(0)});
  Val ones = heap.list({Val::integer(1), Val::integer(1)});
  TensorObject tensor;
  tensor.type = {DType::F32, {2, 3}};
  Val x = Val::of(ValKind::Tensor);
  x.tensor = &tensor;
  std::vector<Val> shortForm, longForm;
  const Schema *a = bindCall(schemasOf("max_pool2d"), {x, kernel}, {}, heap, shortForm);
  const Schema *b =
      bindCall(schemasOf("max_pool2d"),
               {x, kernel, heap.list({}), zeros, ones, Val::boolean(false)}, {}, heap, longForm);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a, b);
  ASSERT_EQ(shortForm.size(), longForm.size());
  EXPECT_TRUE(longForm[5].isBool() && shortForm[5].isBool());
  // Twelve arguments up to 1.6, thirteen since.
  std::vector<Val> args{x,
                        x,
                        Val::none(),
                        ones,
                        ones,
                        ones,
                        Val::boolean(false),
                        zeros,
                        Val::integer(1),
                        Val::boolean(false),
                        Val::boolean(false),
                        Val::boolean(true)};
  EXPECT_NE(bindCall(schemasOf("_convolution"), args, {}, heap, longForm), nullptr);
  args.push_back(Val::boolean(true));
  EXPECT_NE(bindCall(schemasOf("_convolution"), args, {}, heap, longForm), nullptr);
  args.push_back(Val::boolean(true));
  EXPECT_EQ(bindCall(schemasOf("_convolution"), args, {}, heap, longForm), nullptr);
}

TEST(Schemas, KindsChooseTheOverload) {
  Heap heap;
  TensorObject tensor;
  tensor.type = {DType::F32, {2, 3}};
  Val x = Val::of(ValKind::Tensor);
  x.tensor = &tensor;
  std::vector<Val> bound;
  auto overload = [&](llvm::StringRef op, std::vector<Val> args, KeywordArgs keywords = {}) {
    const Schema *s = bindCall(schemasOf(op), args, keywords, heap, bound);
    return s ? s->overload : "none";
  };
  EXPECT_EQ(overload("max", {x}), "");
  EXPECT_EQ(overload("max", {x, Val::integer(1)}), "dim");
  EXPECT_EQ(overload("max", {x, x}), "other");
  EXPECT_EQ(overload("add", {x, Val::real(2)}), "Scalar");
  EXPECT_EQ(overload("to", {x, Val::integer(6)}), "dtype");
  EXPECT_EQ(overload("to", {x, heap.device("cpu"), Val::integer(6)}), "device");
  EXPECT_EQ(overload("to", {x, x}), "other");
  EXPECT_EQ(overload("div", {x, x}, {{"rounding_mode", heap.str("floor")}}), "Tensor_mode");
  EXPECT_EQ(overload("div", {x, x}, {{"mode", heap.str("floor")}}), "none");
}

} // namespace
