// SPDX-License-Identifier: Apache-2.0
//
// Lines, margins and identifiers of generated code.
#include "CodePrinter.h"

namespace wnnx::cg {

void CodePrinter::put(std::string_view text) {
  if (!text.empty())
    out.append(level * 2, ' ');
  out += text;
  out += '\n';
  ++lines;
}

void CodePrinter::blank() {
  put("");
}

void CodePrinter::comment(std::string_view text, unsigned hang) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    size_t space = text.find(' ', at);
    if (space == std::string_view::npos)
      space = text.size();
    // Line ends and backslashes in a name would end or continue the comment.
    std::string word(text.substr(at, space - at));
    for (char &c : word)
      if (static_cast<unsigned char>(c) < 32 || c == '\\')
        c = '?';
    // A word wider than the line is cut: names come from the model and may be of any length.
    if (word.size() > 80)
      word = word.substr(0, 77) + "...";
    words.push_back(std::move(word));
    at = space + 1;
  }
  std::string line = "//";
  bool first = true;
  for (const std::string &word : words) {
    if (!first && level * 2 + line.size() + 1 + word.size() > margin) {
      put(line);
      line = "//" + std::string(hang, ' ');
    }
    line += " " + word;
    first = false;
  }
  put(line);
}

void CodePrinter::fill(std::string_view head, const std::vector<std::string> &items,
                       unsigned hang) {
  std::string line(head);
  bool fresh = true;
  for (const std::string &item : items) {
    size_t needed = level * 2 + line.size() + (fresh ? 0 : 1) + item.size();
    if (!fresh && needed > margin) {
      put(line);
      line = std::string(hang, ' ');
      fresh = true;
    }
    line += (fresh ? "" : " ") + item;
    fresh = false;
  }
  if (!fresh || !head.empty())
    put(line);
}

NameTable::NameTable(const std::vector<std::string_view> &reserved) {
  for (const char *word : {"alignas",
                           "alignof",
                           "and",
                           "and_eq",
                           "asm",
                           "auto",
                           "bitand",
                           "bitor",
                           "bool",
                           "break",
                           "case",
                           "catch",
                           "char",
                           "char8_t",
                           "char16_t",
                           "char32_t",
                           "class",
                           "compl",
                           "concept",
                           "const",
                           "consteval",
                           "constexpr",
                           "constinit",
                           "const_cast",
                           "continue",
                           "co_await",
                           "co_return",
                           "co_yield",
                           "decltype",
                           "default",
                           "delete",
                           "do",
                           "double",
                           "dynamic_cast",
                           "else",
                           "enum",
                           "explicit",
                           "export",
                           "extern",
                           "false",
                           "float",
                           "for",
                           "friend",
                           "goto",
                           "if",
                           "inline",
                           "int",
                           "long",
                           "mutable",
                           "namespace",
                           "new",
                           "noexcept",
                           "not",
                           "not_eq",
                           "nullptr",
                           "operator",
                           "or",
                           "or_eq",
                           "private",
                           "protected",
                           "public",
                           "register",
                           "reinterpret_cast",
                           "requires",
                           "restrict",
                           "return",
                           "short",
                           "signed",
                           "sizeof",
                           "static",
                           "static_assert",
                           "static_cast",
                           "struct",
                           "switch",
                           "template",
                           "this",
                           "thread_local",
                           "throw",
                           "true",
                           "try",
                           "typedef",
                           "typeid",
                           "typename",
                           "union",
                           "unsigned",
                           "using",
                           "virtual",
                           "void",
                           "volatile",
                           "wchar_t",
                           "while",
                           "xor",
                           "xor_eq",
                           "main",
                           "errno",
                           "stdin",
                           "stdout",
                           "stderr",
                           "assert",
                           "linux",
                           "unix"})
    used.insert(word);
  for (std::string_view name : reserved)
    used.insert(std::string(name));
}

std::string NameTable::unique(std::string name) {
  std::string candidate = name;
  for (unsigned i = 2; !used.insert(candidate).second; ++i)
    candidate = name + "_" + std::to_string(i);
  return candidate;
}

std::string identifier(std::string_view text) {
  std::string name;
  for (char c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool digit = c >= '0' && c <= '9';
    if (letter || digit) {
      if (name.empty() && digit)
        name = "n";
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_'; // two in a row are reserved in C++
    }
    if (name.size() >= 60)
      break;
  }
  while (!name.empty() && name.back() == '_')
    name.pop_back();
  return name.empty() ? "value" : name;
}

} // namespace wnnx::cg
