// SPDX-License-Identifier: Apache-2.0
//
// Graphs and files in memory for the tests of `.wnnx`.
#pragma once

#include "wnnx/Export/Wnnx/WnnxWriter.h"
#include "wnnx/Import/Wnnx/WnnxReader.h"

namespace wnnx {

inline std::string toBytes(const Graph &g) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  llvm::cantFail(writeWnnx(g, os));
  os.flush();
  return bytes;
}

/// What is read owns a copy of the bytes, of exactly their size, so that a sanitizer sees reads
/// behind the end.
inline std::shared_ptr<const SafetensorsFile> openBytes(const std::string &bytes,
                                                        Diagnostics &diags) {
  auto copy = std::make_shared<std::vector<uint8_t>>(bytes.begin(), bytes.end());
  return SafetensorsFile::parse("test.wnnx", copy, *copy, diags);
}

inline std::unique_ptr<Graph> fromBytes(const std::string &bytes, Diagnostics &diags) {
  auto file = openBytes(bytes, diags);
  return file ? readWnnxGraph(file, diags) : nullptr;
}

/// A file made of a header and data.
inline std::string container(std::string header, std::string_view data = "") {
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i)
    bytes += char((uint64_t(header.size()) >> (8 * i)) & 255);
  bytes += header;
  bytes += data;
  return bytes;
}

/// Absent operands, several results, attributes of most kinds, locations plain and fused.
inline std::unique_ptr<Graph> makeSample() {
  auto g = std::make_unique<Graph>();
  g->name = "sample";
  g->metadata = {{"producer", "a test"}, {"quote", "\"\\\n"}};
  Value *x = g->addInput("x", {DType::F32, {1, 2, 4, 4}});
  Location at = Location::file("net.py", 12, 5, "conv");
  std::vector<float> w(4 * 2 * 3 * 3);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = float(i) * 0.25f - 1;
  Value *weight = g->addConstant(Tensor::fromFloats({4, 2, 3, 3}, w), "conv.weight", at);
  Node *conv =
      g->create(OpKind::Conv2d, {x, weight, nullptr},
                {{"padding", Attribute(std::vector<int64_t>{1, 1})},
                 {"act", Attribute("clamp")},
                 {"act_params", Attribute(std::vector<double>{0, 6})}},
                {{DType::F32, {1, 4, 4, 4}}},
                Location::fused("conv_clamp", "fuse.pat:3", {at, Location::file("net.py", 13, 0)}));
  g->append(conv);
  g->setName(conv->result(), "y");
  Node *split =
      g->create(OpKind::Split, {conv->result()},
                {{"sizes", Attribute(std::vector<int64_t>{1, 3})}, {"dim", Attribute(int64_t(1))}},
                {{DType::F32, {1, 1, 4, 4}}, {DType::F32, {1, 3, 4, 4}}}, Location::scope("head"));
  g->append(split);
  g->setName(split->result(0), "a");
  g->setName(split->result(1), "b");
  Node *to = g->create(OpKind::To, {split->result(1)}, {{"dtype", Attribute(DType::F16)}},
                       {{DType::F16, {1, 3, 4, 4}}}, {});
  g->append(to);
  g->setName(to->result(), "b half");
  g->addOutput("first", split->result(0));
  g->addOutput("second", to->result());
  return g;
}

} // namespace wnnx
