// SPDX-License-Identifier: Apache-2.0
//
// Command lines and exit codes.
#include "wnnx/Driver/Tool.h"

#include "wnnx/Driver/Version.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

namespace wnnx {

void CommandLine::add(std::string_view name, std::string_view valueName, std::string_view text,
                      std::function<std::string(std::string_view)> set) {
  options.push_back({name, valueName, text, std::move(set)});
}

void CommandLine::optionalValue(std::string_view name, std::string_view valueName,
                                std::function<void(std::string_view)> set, std::string_view text) {
  add(name, valueName, text, [set](std::string_view v) {
    set(v);
    return std::string();
  });
  options.back().valueOptional = true;
}

void CommandLine::flag(std::string_view name, bool &to, std::string_view text) {
  add(name, "", text, [&to](std::string_view) {
    to = true;
    return std::string();
  });
}

void CommandLine::value(std::string_view name, std::string_view valueName, std::string &to,
                        std::string_view text) {
  add(name, valueName, text, [&to](std::string_view v) {
    to = v;
    return std::string(v.empty() ? "needs a value" : "");
  });
}

void CommandLine::list(std::string_view name, std::string_view valueName,
                       std::vector<std::string> &to, std::string_view text) {
  add(name, valueName, text, [&to](std::string_view v) {
    to.emplace_back(v);
    return std::string(v.empty() ? "needs a value" : "");
  });
}

void CommandLine::names(std::string_view name, std::string_view valueName,
                        std::vector<std::string> &to, std::string_view text) {
  add(name, valueName, text, [&to](std::string_view v) {
    llvm::SmallVector<llvm::StringRef, 8> parts;
    llvm::StringRef(v).split(parts, ',');
    for (llvm::StringRef p : parts) {
      if (p.trim().empty())
        return std::string("has an empty name in its list");
      to.push_back(p.trim().str());
    }
    return std::string();
  });
}

template <class T> static std::string readNumber(std::string_view v, T &to, const char *what) {
  auto [end, ec] = std::from_chars(v.data(), v.data() + v.size(), to);
  bool good = ec == std::errc() && end == v.data() + v.size();
  if constexpr (std::is_floating_point_v<T>)
    good = good && to >= 0 && std::isfinite(to);
  return good ? "" : "takes " + std::string(what) + "; found `" + std::string(v) + "`";
}

void CommandLine::number(std::string_view name, std::string_view valueName, double &to,
                         std::string_view text) {
  add(name, valueName, text,
      [&to](std::string_view v) { return readNumber(v, to, "a number from 0 on"); });
}

void CommandLine::integer(std::string_view name, std::string_view valueName, uint64_t &to,
                          std::string_view text) {
  add(name, valueName, text,
      [&to](std::string_view v) { return readNumber(v, to, "a whole number from 0 on"); });
}

/// "a|b|c", which lives as long as the program: the table of options keeps views.
static std::string_view joinWords(const std::vector<std::string_view> &words) {
  static std::vector<std::unique_ptr<std::string>> kept;
  std::string all;
  for (std::string_view w : words)
    all += (all.empty() ? "" : "|") + std::string(w);
  kept.push_back(std::make_unique<std::string>(std::move(all)));
  return *kept.back();
}

/// Why `v` is none of the words, or the empty string.
static std::string checkWord(std::string_view v, const std::vector<std::string_view> &words,
                             std::string_view joined) {
  if (std::find(words.begin(), words.end(), v) != words.end())
    return "";
  return "is one of " + std::string(joined) + "; found `" + std::string(v) + "`" +
         didYouMean(v, words);
}

void CommandLine::choice(std::string_view name, std::vector<std::string_view> words,
                         std::string &to, std::string_view text) {
  std::string_view joined = joinWords(words);
  add(name, joined, text, [&to, words, joined](std::string_view v) {
    std::string wrong = checkWord(v, words, joined);
    if (wrong.empty())
      to = v;
    return wrong;
  });
}

void CommandLine::optionalChoice(std::string_view name, std::vector<std::string_view> words,
                                 std::function<void(std::string_view)> set, std::string_view text) {
  std::string_view joined = joinWords(words);
  add(name, joined, text, [set, words, joined](std::string_view v) {
    std::string wrong = v.empty() ? "" : checkWord(v, words, joined);
    if (wrong.empty())
      set(v);
    return wrong;
  });
  options.back().valueOptional = true;
}

std::string CommandLine::help() const {
  std::string s = "usage: " + std::string(tool) + " " + std::string(synopsis) + "\n\n" +
                  std::string(overview) + "\n\noptions:\n";
  std::vector<std::pair<std::string, std::string_view>> rows;
  for (const Option &o : options) {
    std::string left = (o.name.size() == 1 ? "-" : "--") + std::string(o.name);
    if (o.valueOptional)
      left += "[=" + std::string(o.valueName) + "]";
    else if (!o.valueName.empty())
      left += (o.name.size() == 1 ? " " : "=") + std::string(o.valueName);
    rows.push_back({left, o.help});
  }
  rows.push_back({"--help", "Print this text"});
  rows.push_back({"--version", "Print the version"});
  constexpr size_t column = 32, width = 100;
  for (const auto &[left, text] : rows) {
    std::string line = "  " + left;
    if (line.size() + 2 > column) {
      s += line + "\n";
      line.clear();
    }
    line.resize(column, ' ');
    llvm::SmallVector<llvm::StringRef, 32> words;
    llvm::StringRef(text).split(words, ' ');
    for (llvm::StringRef w : words) {
      if (line.size() > column && line.size() + 1 + w.size() > width) {
        s += line + "\n";
        line.assign(column, ' ');
      }
      line += (line.size() > column ? " " : "") + w.str();
    }
    s += line + "\n";
  }
  return s;
}

int CommandLine::usage(const std::string &message) const {
  llvm::errs() << tool << ": error: " << message << "\n"
               << "usage: " << tool << " " << synopsis << " (--help for more)\n";
  return exitcode::usage;
}

int CommandLine::parse(int argc, char **argv) {
  bool onlyArguments = false, haveArgument = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view arg = argv[i];
    if (onlyArguments || arg == "-" || arg.empty() || arg[0] != '-') {
      if (!positional || haveArgument)
        return usage("unexpected argument `" + std::string(arg) + "`");
      *positional = arg;
      haveArgument = true;
      continue;
    }
    if (arg == "--") {
      onlyArguments = true;
      continue;
    }
    std::string_view name = arg.substr(arg[1] == '-' ? 2 : 1), value;
    size_t equal = name.find('=');
    bool attached = equal != std::string_view::npos;
    if (attached) {
      value = name.substr(equal + 1);
      name = name.substr(0, equal);
    }
    if (name == "help" || name == "h") {
      llvm::outs() << help();
      return exitcode::ok;
    }
    if (name == "version") {
      llvm::outs() << tool << " " << versionString << "\n";
      return exitcode::ok;
    }
    std::string shown =
        "`" + std::string(arg.substr(0, arg.size() - (attached ? value.size() + 1 : 0))) + "`";
    auto option = std::find_if(options.begin(), options.end(),
                               [&](const Option &o) { return o.name == name; });
    if (option == options.end()) {
      std::vector<std::string_view> known;
      for (const Option &o : options)
        known.push_back(o.name);
      std::string near = nearestName(name, known);
      return usage("unknown option " + shown +
                   (near.empty() ? "" : "; did you mean `--" + near + "`?"));
    }
    if (option->valueName.empty() && attached)
      return usage(shown + " takes no value");
    if (!option->valueName.empty() && !attached && !option->valueOptional) {
      if (++i >= argc)
        return usage(shown + " needs a value");
      value = argv[i];
    }
    if (std::string problem = option->set(value); !problem.empty())
      return usage(shown + " " + problem);
  }
  return -1;
}

int finish(const Diagnostics &diags, LogicalResult result) {
  llvm::outs().flush();
  llvm::errs() << diags.render();
  return result.succeeded() && !diags.hasErrors() ? exitcode::ok : exitcode::failed;
}

} // namespace wnnx
