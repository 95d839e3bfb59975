// SPDX-License-Identifier: Apache-2.0
//
// Tokens of rule files.
#include "wnnx/Pattern/Lexer.h"

#include "gtest/gtest.h"

using namespace wnnx;
using namespace wnnx::pat;

static std::vector<Token> lex(const std::string &text, Diagnostics &diags) {
  Lexer l(diags.addFile("t.pat", text), diags);
  std::vector<Token> tokens;
  do
    tokens.push_back(l.next());
  while (tokens.back().kind != Tok::Eof);
  return tokens;
}

TEST(Lexer, NumbersAndRanges) {
  Diagnostics diags;
  std::vector<Token> t = lex("2.. 1.5 1e-5 0..4 7e", diags);
  ASSERT_EQ(t.size(), 9u);
  EXPECT_EQ(t[0].kind, Tok::Int);
  EXPECT_EQ(t[1].kind, Tok::DotDot);
  EXPECT_EQ(t[2].floatValue, 1.5);
  EXPECT_EQ(t[3].floatValue, 1e-5);
  EXPECT_EQ(t[4].intValue, 0);
  EXPECT_EQ(t[5].kind, Tok::DotDot);
  EXPECT_EQ(t[6].intValue, 4);
  EXPECT_EQ(diags.errorCount(), 1u); // letters behind 7
}

TEST(Lexer, LongestPunctuationWins) {
  Diagnostics diags;
  std::vector<Token> t = lex("?? ? -> - => == = .. . && & || |", diags);
  const Tok want[] = {Tok::Coalesce, Tok::Question, Tok::Arrow,  Tok::Minus, Tok::FatArrow,
                      Tok::EqEq,     Tok::Equal,    Tok::DotDot, Tok::Dot,   Tok::AndAnd,
                      Tok::Amp,      Tok::OrOr,     Tok::Pipe,   Tok::Eof};
  ASSERT_EQ(t.size(), std::size(want));
  for (size_t i = 0; i < t.size(); ++i)
    EXPECT_EQ(t[i].kind, want[i]) << i;
  EXPECT_FALSE(diags.hasErrors());
}

TEST(Lexer, HugeNumbersAreErrors) {
  Diagnostics diags;
  lex("99999999999999999999 1e99999", diags);
  EXPECT_GE(diags.errorCount(), 1u);
  EXPECT_EQ(diags.all()[0].code, "pat-number");
}

TEST(Lexer, StringsAndTheirEscapes) {
  Diagnostics diags;
  std::vector<Token> t = lex("\"a\\\"b\\n\" \"open", diags);
  EXPECT_EQ(t[0].text, "a\"b\n");
  EXPECT_EQ(diags.errorCount(), 1u);
  lex("\"\\q\"", diags);
  EXPECT_EQ(diags.errorCount(), 2u);
}

TEST(Lexer, DocCommentsAndPlainOnes) {
  Diagnostics diags;
  std::vector<Token> t = lex("// no\n/// yes\n///  more\nrule x", diags);
  EXPECT_EQ(t[0].doc, "yes\nmore\n");
  EXPECT_EQ(t[1].doc, "");
}

TEST(Lexer, BinaryBytesAreOneErrorARun) {
  Diagnostics diags;
  std::vector<Token> t = lex(std::string("a \x01\x02\xff\xfe b", 8), diags);
  EXPECT_EQ(diags.errorCount(), 1u);
  EXPECT_EQ(t.size(), 4u);
}

TEST(Lexer, BalancedBlocksSkipStringsAndComments) {
  Diagnostics diags;
  std::string text = "graph { \"}\" // }\n { } } rest";
  Lexer l(diags.addFile("t", text), diags);
  EXPECT_EQ(text.substr(l.skipBalanced(0)), " rest");
  std::string open = "graph { {";
  Lexer m(diags.addFile("u", open), diags);
  EXPECT_EQ(m.skipBalanced(0), open.size());
}
