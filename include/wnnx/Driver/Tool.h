// SPDX-License-Identifier: Apache-2.0
//
// What the tools' mains have in common: one table of options each, exit codes, one place where
// messages are printed. (LLVM's option parser is not used: its table is shared with every option
// of the LLVM library itself.)
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wnnx {

namespace exitcode {
enum : int { ok = 0, failed = 1, usage = 2, internal = 70 };
}

class CommandLine {
  struct Option {
    std::string_view name, valueName, help;
    /// Takes the value; an error text when it cannot.
    std::function<std::string(std::string_view)> set;
    bool valueOptional = false; // `--name` or `--name=VALUE`
  };
  std::string_view tool, synopsis, overview;
  std::vector<Option> options;
  std::string *positional = nullptr;

  void add(std::string_view name, std::string_view valueName, std::string_view help,
           std::function<std::string(std::string_view)> set);
  std::string help() const;

public:
  /// `synopsis` is what follows the tool's name in the usage line.
  CommandLine(std::string_view toolName, std::string_view usage, std::string_view what)
      : tool(toolName), synopsis(usage), overview(what) {}
  void flag(std::string_view name, bool &to, std::string_view text);
  void value(std::string_view name, std::string_view valueName, std::string &to,
             std::string_view text);
  /// May be repeated.
  void list(std::string_view name, std::string_view valueName, std::vector<std::string> &to,
            std::string_view text);
  /// Parts separated by commas.
  void names(std::string_view name, std::string_view valueName, std::vector<std::string> &to,
             std::string_view text);
  void number(std::string_view name, std::string_view valueName, double &to, std::string_view text);
  void integer(std::string_view name, std::string_view valueName, uint64_t &to,
               std::string_view text);
  /// One of the given words.
  void choice(std::string_view name, std::vector<std::string_view> words, std::string &to,
              std::string_view text);
  /// `set` gets "" when no value is given.
  void optionalValue(std::string_view name, std::string_view valueName,
                     std::function<void(std::string_view)> set, std::string_view text);
  /// One of the given words, or nothing, for which `set` gets "".
  void optionalChoice(std::string_view name, std::vector<std::string_view> words,
                      std::function<void(std::string_view)> set, std::string_view text);
  void argument(std::string &to) { positional = &to; }

  /// Reads the command line; prints help, version or what is wrong. Negative when the tool is to go
  /// on, else its exit code.
  int parse(int argc, char **argv);
  /// Says what is wrong with the command line; returns the exit code.
  int usage(const std::string &message) const;
};

/// Prints all messages to standard error and gives the exit code.
int finish(const Diagnostics &diags, LogicalResult result);

} // namespace wnnx
