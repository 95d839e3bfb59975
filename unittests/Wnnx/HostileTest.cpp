// SPDX-License-Identifier: Apache-2.0
//
// Wrong and hostile files: each rule of the container and of the graph has a message of its own,
// and no damage to a good file leads to anything but success or a message.
#include "WnnxTestHelpers.h"

#include <gtest/gtest.h>

#include <random>

using namespace wnnx;

namespace {

std::string errorsOf(const std::string &bytes) {
  Diagnostics diags;
  EXPECT_FALSE(fromBytes(bytes, diags));
  EXPECT_TRUE(diags.hasErrors());
  return diags.render();
}

void expectError(const std::string &bytes, const std::string &part) {
  std::string errors = errorsOf(bytes);
  EXPECT_NE(errors.find(part), std::string::npos) << "wanted: " << part << "\ngot: " << errors;
}

std::string entry(const char *dtype, const char *shape, int64_t begin, int64_t end) {
  return std::string("{\"dtype\":\"") + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(SafetensorsHostile, EveryRuleHasItsMessage) {
  expectError("", "too short");
  expectError(std::string(8, '\xff') + "{}", "not a safetensors file");
  expectError(container("{}").substr(0, 9), "truncated");
  expectError(container("[]"), "does not begin with `{`");
  expectError(container("{\"a\":}"), "header at byte");
  expectError(container("{\"a\":1}"), "tensor \"a\" must be an object; found an integer");
  auto one = [](const std::string &e, size_t data) {
    return container("{\"a\":" + e + "}", std::string(data, 'x'));
  };
  expectError(one(entry("F99", "[2]", 0, 8), 8), "unknown dtype \"F99\"");
  expectError(one(entry("F32", "[3]", 0, 8), 8), "F32[3] takes 12 bytes; its offsets span 8");
  expectError(one(entry("F32", "[2]", 0, 8), 4), "are not within the file's 4 bytes of data");
  expectError(one(entry("F32", "[2]", 8, 0), 8), "are not within");
  expectError(one(entry("F32", "[2]", -8, 0), 8), "must be two offsets");
  expectError(one(entry("F32", "[-2]", 0, 8), 8), "must be an array of sizes");
  expectError(one(entry("F32", "[1.5]", 0, 8), 8), "must be an array of sizes");
  expectError(one(entry("F32", "[4294967296,4294967296]", 0, 8), 8), "too many elements");
  expectError(one(entry("F32", "[18446744073709551615]", 0, 8), 8), "must be an array of sizes");
  expectError(one(entry("F32", "[2]", 0, 8), 12),
              "the last 4 bytes of the file belong to no tensor");
  expectError(one(entry("F32", "[2]", 4, 12), 12), "bytes belong to no tensor");
  expectError(container("{\"a\":" + entry("F32", "[2]", 0, 8) +
                            ",\"b\":" + entry("F32", "[2]", 4, 12) + "}",
                        std::string(12, 'x')),
              "tensors overlap");
  expectError(
      container("{\"a\":" + entry("U8", "[1]", 0, 1) + ",\"a\":" + entry("U8", "[1]", 1, 2) + "}",
                "xx"),
      "duplicate key \"a\"");
  expectError(one("{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":0}", 1),
              "unknown field \"x\"");
  expectError(container("{\"__metadata__\":{\"a\":1}}"), "must be a string; found an integer");
  expectError(container("{\"__metadata__\":[]}"), "must be an object");
}

std::string jsonEscape(const std::string &text) {
  std::string s;
  for (char c : text) {
    if (c == '"' || c == '\\')
      s += '\\';
    s += c == '\n' ? "\\n" : std::string(1, c);
  }
  return s;
}

/// A file with this graph and a tensor `w` of type f32[2].
std::string withGraph(const std::string &graph, const char *version = "1") {
  return container(std::string("{\"__metadata__\":{\"wnnx.version\":\"") + version +
                       "\",\"wnnx.graph\":\"" + jsonEscape(graph) +
                       "\"},\"w\":" + entry("F32", "[2]", 0, 8) + "}",
                   std::string(8, 0));
}
std::string withNodes(const std::string &nodes) {
  return withGraph(R"({"name":"g","inputs":[{"name":"x","type":"f32[2]"}],"nodes":[)" + nodes +
                   R"(],"outputs":[{"name":"output","value":"x"}]})");
}
const std::string good =
    R"({"op":"relu","operands":["x"],"results":[{"name":"y","type":"f32[2]"}]})";

TEST(WnnxHostile, AGoodOneIsGood) {
  Diagnostics diags;
  EXPECT_TRUE(fromBytes(withNodes(good), diags)) << diags.render();
}

TEST(WnnxHostile, EveryRuleHasItsMessage) {
  expectError(container("{}"), "a safetensors file without a graph");
  expectError(withGraph("{}", "2"), "version `2` of the format is not known");
  expectError(withGraph("{\"a\":\n ?}"), "wnnx.graph at line 2, column 2");
  expectError(withGraph("[]"), "the graph must be an object");
  expectError(withGraph("{}"), "`nodes` must be an array; it is missing");
  expectError(withGraph(R"({"name":"g","inputs":[],"nodes":[],"outputs":[],"node":1})"),
              "unknown field `node`; did you mean `nodes`?");
  expectError(
      withNodes(R"({"op":"reluu","operands":["x"],"results":[{"name":"y","type":"f32[2]"}]})"),
      "/nodes/0/op: `reluu` node `y`: error: unknown op `reluu`; did you mean `relu`?");
  expectError(
      withNodes(
          R"({"op":"clamp","operands":["x"],"attrs":{"mim":1},"results":[{"name":"y","type":"f32[2]"}]})"),
      "`clamp` has no attribute `mim`; did you mean `min`?");
  expectError(
      withNodes(
          R"({"op":"clamp","operands":["x"],"attrs":{"min":"a"},"results":[{"name":"y","type":"f32[2]"}]})"),
      "attribute `min` must be of kind `float`; found a string");
  expectError(withNodes(R"({"op":"to","operands":["x"],"results":[{"name":"y","type":"f16[2]"}]})"),
              "attribute `dtype` is missing");
  expectError(
      withNodes(R"({"op":"relu","operands":["z"],"results":[{"name":"y","type":"f32[2]"}]})"),
      "value `z` is not made before it is used");
  expectError(
      withNodes(R"({"op":"relu","operands":["y"],"results":[{"name":"y","type":"f32[2]"}]})"),
      "value `y` is not made before it is used");
  expectError(withNodes(R"({"op":"relu","operands":[],"results":[{"name":"y","type":"f32[2]"}]})"),
              "operand `input` is missing");
  expectError(
      withNodes(R"({"op":"relu","operands":["x","x"],"results":[{"name":"y","type":"f32[2]"}]})"),
      "2 operands; the op takes 1");
  expectError(withNodes(R"({"op":"relu","operands":["x"],"results":[]})"),
              "0 results; the op has 1");
  expectError(
      withNodes(R"({"op":"relu","operands":["x"],"results":[{"name":"y","type":"f33[2]"}]})"),
      "`f33[2]` is not a tensor type");
  expectError(
      withNodes(R"({"op":"relu","operands":["x"],"results":[{"name":"x","type":"f32[2]"}]})"),
      "two values are named `x`");
  expectError(withNodes(good + "," + good), "two values are named `y`");
  expectError(
      withNodes(
          R"({"op":"relu","operands":["x"],"results":[{"name":"y","type":"f32[2]"}],"loc":0})"),
      "`loc` must be the index of a location");
  expectError(
      withNodes(
          R"({"op":"constant","attrs":{"value":{"tensor":"v"}},"results":[{"name":"c","type":"f32[2]"}]})"),
      "the file has no tensor `v`; did you mean `w`?");
  expectError(
      withNodes(
          R"({"op":"constant","attrs":{"value":{"tensor":"w"}},"results":[{"name":"c","type":"f32[1,2]"}]})"),
      "`constant` node `c`: error: tensor `w` is f32[2]; the graph was made for f32[1,2]");
  expectError(
      withNodes(
          R"({"op":"constant","attrs":{"value":{"tensor":"w"}},"results":[{"name":"c","type":"f16[2]"}]})"),
      "tensor `w` is f32[2]; the graph was made for f16[2]");
}

TEST(WnnxHostile, ReportsAllErrorsButNotWhatFollowsFromThem) {
  Diagnostics diags;
  std::string bytes =
      withNodes(R"({"op":"nope","operands":["x"],"results":[{"name":"a","type":"f32[2]"}]},)"
                R"({"op":"relu","operands":["a"],"results":[{"name":"b","type":"f32[2]"}]},)"
                R"({"op":"relu","operands":["missing"],"results":[{"name":"c","type":"f32[2]"}]})");
  EXPECT_FALSE(fromBytes(bytes, diags));
  EXPECT_EQ(diags.errorCount(), 2u) << diags.render();
}

/// Touches all that a reader gave, so that a sanitizer sees bad memory.
size_t touch(const Graph &g) {
  size_t sum = toBytes(g).size();
  for (const Node *n : nodesOf(g)) {
    if (n->kind() == OpKind::Constant) {
      for (uint8_t b : n->attr(0u).asTensor().raw())
        sum += b;
    }
  }
  return sum;
}

TEST(WnnxHostile, SurvivesDamage) {
  const std::string sample = toBytes(*makeSample());
  std::mt19937 random(3);
  unsigned read = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = sample;
    for (unsigned n = random() % 4; n--;) {
      size_t at = random() % bytes.size();
      switch (random() % 4) {
      case 0:
        bytes[at] = char(random());
        break;
      case 1:
        bytes.erase(at, random() % 9 + 1);
        break;
      case 2:
        bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 16));
        break;
      case 3: // a digit for a digit keeps the JSON whole
        for (; at < bytes.size(); ++at) {
          if (bytes[at] >= '0' && bytes[at] <= '9') {
            bytes[at] = char('0' + random() % 10);
            break;
          }
        }
        break;
      }
    }
    Diagnostics diags;
    std::unique_ptr<Graph> g = fromBytes(bytes, diags);
    EXPECT_EQ(!g, diags.hasErrors());
    if (g) {
      ++read;
      EXPECT_GT(touch(*g), 0u);
    }
  }
  EXPECT_GT(read, 300u);
}

TEST(WnnxHostile, SurvivesTruncation) {
  const std::string sample = toBytes(*makeSample());
  for (size_t n = 0; n < sample.size(); ++n)
    errorsOf(sample.substr(0, n));
}

} // namespace
