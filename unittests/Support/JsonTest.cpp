// SPDX-License-Identifier: Apache-2.0
//
// The JSON reader and writer: values, positions of errors, limits, and damaged texts.
#include "wnnx/Support/Json.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

using namespace wnnx;

namespace {

std::optional<JsonError> parse(std::string_view text, const JsonLimits &limits = {}) {
  JsonDocument doc;
  return doc.parse(text, limits);
}

TEST(Json, ReadsEveryKind) {
  JsonDocument doc;
  ASSERT_FALSE(doc.parse(R"({"a":[1,-2.5,"x\n",null,true],"b":{"c":9223372036854775807}})"));
  JsonValue a = doc.root().get("a");
  ASSERT_EQ(a.size(), 5u);
  std::vector<JsonValue> items;
  for (JsonValue v : a)
    items.push_back(v);
  EXPECT_EQ(items[0].asInt(), 1);
  EXPECT_EQ(items[0].asFloat(), 1.0);
  EXPECT_EQ(items[1].asFloat(), -2.5);
  EXPECT_EQ(items[1].asInt(), std::nullopt);
  EXPECT_EQ(items[2].asStr(), "x\n");
  EXPECT_TRUE(items[3].is(JsonKind::Null));
  EXPECT_EQ(items[4].asBool(), true);
  EXPECT_EQ(doc.root().get("b").get("c").asInt(), INT64_MAX);
  EXPECT_FALSE(doc.root().get("z"));
  EXPECT_FALSE(doc.root().get("z").get("y"));
  EXPECT_EQ(items[2].path(), "/a/2");
  EXPECT_EQ(doc.root().get("b").get("c").path(), "/b/c");
  EXPECT_EQ(doc.root().path(), "");
}

TEST(Json, IterationSkipsNestedValues) {
  JsonDocument doc;
  ASSERT_FALSE(doc.parse(R"([[1,[2,3]],[],{"k":[4]},5])"));
  std::vector<size_t> sizes;
  for (JsonValue v : doc.root())
    sizes.push_back(v.size());
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 0, 1, 0}));
}

TEST(Json, SaysWhereATextIsWrong) {
  std::optional<JsonError> e = parse("{\"a\": 1,\n  \"b\": ?}");
  ASSERT_TRUE(e);
  EXPECT_EQ(e->line, 2u);
  EXPECT_EQ(e->column, 8u);
  EXPECT_TRUE(parse(""));
  EXPECT_TRUE(parse("{}x"));
  EXPECT_TRUE(parse("[1,]"));
  EXPECT_TRUE(parse("\"\xff\""));
  EXPECT_TRUE(parse("1e999"));
  EXPECT_TRUE(parse("NaN"));
}

TEST(Json, RefusesDuplicateKeys) {
  std::optional<JsonError> e = parse(R"({"a":{"k":1,"j":2,"k":3}})");
  ASSERT_TRUE(e);
  EXPECT_EQ(e->message, "duplicate key \"k\"");
  EXPECT_FALSE(parse(R"({"a":{"k":1},"k":3})"));
}

TEST(Json, LimitsDepthAndCount) {
  JsonLimits limits{4, 10};
  EXPECT_FALSE(parse("[[[[1]]]]", limits));
  std::optional<JsonError> deep = parse("[[[[[1]]]]]", limits);
  ASSERT_TRUE(deep);
  EXPECT_EQ(deep->message, "nested deeper than 4 levels");
  EXPECT_TRUE(parse("[1,2,3,4,5,6,7,8,9,10]", limits));
  EXPECT_TRUE(parse(std::string(2'000'000, '[')));
}

TEST(Json, WriterAndReaderAgree) {
  std::string text;
  JsonWriter w(text);
  double values[] = {0.1, -0.0, 1.0, 1e300, 5e-324, std::numeric_limits<double>::max()};
  w.beginObject();
  w.key("quote\"\\\x01\n");
  w.value("\xc3\xa9\xff");
  w.key("n");
  w.beginArray();
  for (double v : values)
    w.value(v);
  w.value(std::numeric_limits<double>::infinity());
  w.value(int64_t(INT64_MIN));
  w.null();
  w.value(false);
  w.endArray();
  w.endObject();
  JsonDocument doc;
  ASSERT_FALSE(doc.parse(text)) << text;
  EXPECT_EQ(doc.root().get("quote\"\\\x01\n").asStr(), "\xc3\xa9\xef\xbf\xbd");
  size_t i = 0;
  for (JsonValue v : doc.root().get("n")) {
    if (i < std::size(values)) {
      ASSERT_TRUE(v.is(JsonKind::Float)) << text;
      EXPECT_EQ(std::bit_cast<uint64_t>(*v.asFloat()), std::bit_cast<uint64_t>(values[i]));
    }
    ++i;
  }
  EXPECT_EQ(i, std::size(values) + 4);
}

TEST(Json, SurvivesDamage) {
  const std::string good =
      R"({"a":[1,2.5e3,"\u00e9\n"],"b":{"c":null,"d":[true,false,{}]},"e":""})";
  std::mt19937 random(1);
  unsigned refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = good;
    for (unsigned n = random() % 3 + 1; n--;) {
      size_t at = random() % text.size();
      switch (random() % 3) {
      case 0:
        text[at] = char(random());
        break;
      case 1:
        text.erase(at, random() % 5 + 1);
        break;
      case 2:
        text.insert(at, text.substr(random() % text.size(), random() % 8));
        break;
      }
      if (text.empty())
        break;
    }
    JsonDocument doc;
    std::optional<JsonError> e = doc.parse(text);
    if (e) {
      ++refused;
      EXPECT_LE(e->offset, text.size());
      EXPECT_FALSE(e->message.empty());
    } else {
      EXPECT_EQ(doc.root().path(), "");
    }
  }
  EXPECT_GT(refused, 1000u);
}

} // namespace
