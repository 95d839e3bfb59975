// SPDX-License-Identifier: Apache-2.0
//
// The parser: trees, recovery, and texts that mean harm.
#include "wnnx/Pattern/Parser.h"
#include "wnnx/Pattern/Rules.h"

#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <string>

using namespace wnnx;
using namespace wnnx::pat;

static ast::File parse(const std::string &text, Diagnostics &diags) {
  return parseFile(diags.addFile("t.pat", text), diags);
}

static std::string repeat(const std::string &s, int n) {
  std::string out;
  for (int i = 0; i < n; ++i)
    out += s;
  return out;
}

TEST(Parser, ReadsAWholeRule) {
  Diagnostics diags;
  ast::File f = parse(R"(pat 1;
import "x.pat";
ruleset a { after b, c; order nodes; }
schedule O = a*; (b; c{2})*; a;
/// Says what.
rule r for f in { relu, silu } : a, benefit 3, class approx(1e-3), bounded {
  match { keep (p, q) = topk(x?, k = 1, ..rest); y = (f(p) | g@monotone(q, ..)) as t; }
  where a == b, has(c);
  when true;
  let z = w[:, None, 1:2, ::3];
  rewrite { y = relu(x, ..rest); }
}
test "t" for r { graph (x: f32[1]) { y = relu(x); return y; } expect no_match because "z"; }
)",
                      diags);
  EXPECT_FALSE(diags.hasErrors()) << diags.render();
  ASSERT_EQ(f.rules.size(), 1u);
  const ast::RuleDecl &r = f.rules[0];
  EXPECT_EQ(r.doc, "Says what.\n");
  EXPECT_EQ(r.forOps.size(), 2u);
  EXPECT_TRUE(r.bounded);
  EXPECT_TRUE(r.match[0].keep);
  EXPECT_EQ(r.match[0].lhs.size(), 2u);
  EXPECT_EQ(r.where.size(), 2u);
  EXPECT_EQ(r.lets[0].value->items.size(), 4u);
  EXPECT_EQ(f.schedules[0].terms.size(), 3u);
  EXPECT_EQ(f.schedules[0].terms[1].group[1].repeat, 2);
  EXPECT_EQ(f.rulesets[0].after.size(), 2u);
  EXPECT_EQ(f.tests[0].because, "z");
}

TEST(Parser, PrecedenceIsThatOfC) {
  Diagnostics diags;
  ast::File f = parse("pat 1; fn f(a) = 1 + 2 * 3 == 7 && !a ?? b ? 1 : 2;", diags);
  EXPECT_FALSE(diags.hasErrors()) << diags.render();
  const ast::Expr &e = *f.fns[0].body;
  ASSERT_EQ(e.kind, ast::ExprKind::Ternary);
  EXPECT_EQ(e.kids[0]->text, "??");
  EXPECT_EQ(e.kids[0]->kids[0]->text, "&&");
  EXPECT_EQ(e.kids[0]->kids[0]->kids[0]->text, "==");
  EXPECT_EQ(e.kids[0]->kids[0]->kids[0]->kids[0]->text, "+");
}

TEST(Parser, ReportsEveryMistakeOnce) {
  Diagnostics diags;
  ast::File f = parse(R"(pat 1;
ruleset s;
rule a : s, class real { match { y = relu(x) } rewrite { y = x; } }
rule b : s, class real { match { y = relu(x; z = 1; } where 1 +; rewrite { y = x; } }
rule c : s, class real { match { y = relu(x);
rule d : s, class real { match { y = relu(x); } rewite { y = x; } rewrite { y = x; } }
ruul e;
rule f : s, class real { match { y = relu(x); } rewrite { y = x; } }
)",
                      diags);
  EXPECT_EQ(diags.errorCount(), 6u) << diags.render();
  EXPECT_EQ(f.rules.size(), 5u);
}

TEST(Parser, VersionIsChecked) {
  Diagnostics diags;
  parse("pat 2;", diags);
  EXPECT_EQ(diags.all()[0].code, "pat-version");
  Diagnostics other;
  parse("rule x", other);
  EXPECT_TRUE(other.hasErrors());
  Diagnostics empty;
  parse("", empty);
  EXPECT_TRUE(empty.hasErrors());
}

TEST(Parser, DeepNestingIsAnErrorNotACrash) {
  for (const char *open : {"(", "[", "{a=", "-", "!", "f(", "a?", "a ?? ("}) {
    Diagnostics diags;
    parse("pat 1; fn f(a) = " + repeat(open, 100000) + "1;", diags);
    EXPECT_TRUE(diags.hasErrors()) << open;
  }
  for (const char *open : {"(", "relu(", "cat([", "relu?(", "add{"}) {
    Diagnostics diags;
    parse("pat 1; rule r : s { match { y = " + repeat(open, 100000), diags);
    EXPECT_TRUE(diags.hasErrors()) << open;
  }
  for (const char *text : {"schedule x = ", "fn f(a: "}) {
    Diagnostics diags;
    parse("pat 1; " + (text + repeat(text[0] == 's' ? "(" : "list<", 100000)), diags);
    EXPECT_TRUE(diags.hasErrors()) << text;
  }
}

TEST(Parser, LongChainsAreLimited) {
  for (const char *link : {"+1", "[0]", ".a", ".f()"}) {
    Diagnostics diags;
    parse("pat 1; fn f(a) = a" + repeat(link, 200000) + ";", diags);
    EXPECT_TRUE(diags.hasErrors()) << link;
  }
}

/// Every prefix of the shipped files, and every file with a byte changed, is read to the end.
TEST(Parser, TruncatedAndDamagedFilesAreReported) {
  for (const char *name : {"conv_bn", "focus", "activations", "conv_act"}) {
    std::string path = std::string(WNNX_SOURCE_DIR "/patterns/") + name + ".pat";
    auto buffer = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(bool(buffer)) << path;
    std::string text = (*buffer)->getBuffer().str();
    text.resize(std::min<size_t>(text.size(), 3000));
    for (size_t i = 0; i < text.size(); i += 7) {
      Diagnostics diags;
      (void)loadRulesFromText(path, text.substr(0, i), diags);
    }
    for (size_t i = 0; i < text.size(); i += 13) {
      std::string damaged = text;
      damaged[i] = "(){};=,\"~0"[i % 10];
      Diagnostics diags;
      (void)loadRulesFromText(path, damaged, diags);
    }
  }
}
