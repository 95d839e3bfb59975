// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat: the workbench for rule files. Finds the command's row and calls it.
#include "Commands.h"

#include "wnnx/Pattern/Plugins.h"
#include "wnnx/Pattern/Rules.h"
#include "wnnx/Support/Diagnostics.h"

#include "fmt/format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace wnnx::cmd {

namespace {

struct Command {
  std::string_view name, arguments, summary;
  int (*run)(const Args &);
  bool ownHelp; // has options, and prints its help itself
};
constexpr Command commands[] = {
#define WNNX_COMMAND(name, arguments, summary) {#name, arguments, summary, name, false},
#define WNNX_OPTIONS_COMMAND(name, arguments, summary) {#name, arguments, summary, name, true},
#include "Commands.def"
};

/// A command's text, lines of the summary below each other.
std::string describe(const Command &c, size_t width) {
  std::string text = fmt::format("  {:<{}}  ", fmt::format("{} {}", c.name, c.arguments), width);
  for (char ch : c.summary) {
    text += ch;
    if (ch == '\n')
      text.append(width + 4, ' ');
  }
  return text + "\n";
}

std::string help() {
  size_t width = 0;
  for (const Command &c : commands)
    width = std::max(width, c.name.size() + 1 + c.arguments.size());
  std::string text = "usage: wnnx-pat COMMAND [ARGUMENTS]\n\nChecks and tests rule files (.pat), "
                     "which say how graphs are rewritten.\n\ncommands:\n";
  for (const Command &c : commands)
    text += describe(c, width);
  return text +
         fmt::format("  {:<{}}  load a plugin, whose functions rules declare with `extern fn`\n",
                     "--plugin FILE", width) +
         fmt::format("  {:<{}}  this text; behind a command, that command's\n\n", "--help", width) +
         "exit status: 0 when all is well, 1 when something is wrong, 2 for a wrong command "
         "line\n";
}

} // namespace

int usage(const std::string &message) {
  llvm::errs() << "wnnx-pat: " << message << "\n" << "try `wnnx-pat --help`\n";
  return 2;
}

std::string_view describeCommand(std::string_view name) {
  for (const Command &c : commands) {
    if (c.name == name)
      return c.summary;
  }
  return "";
}

bool unknownOption(const Args &args) {
  for (const std::string &a : args) {
    if (a.size() > 1 && a[0] == '-') {
      usage("unknown option `" + a + "`");
      return true;
    }
  }
  return false;
}

bool unknownRule(const pat::RuleSet &rules, const std::string &name) {
  std::vector<std::string_view> names = rules.ruleNames();
  if (std::find(names.begin(), names.end(), name) != names.end())
    return false;
  llvm::errs() << "wnnx-pat: there is no rule `" << name << "`" << didYouMean(name, names) << "\n";
  return true;
}

/// Takes `--plugin FILE` out of the arguments, wherever it stands, and loads the plugins. An exit
/// status when that fails, or -1.
static int takePlugins(Args &args) {
  std::vector<std::string> plugins;
  for (size_t i = 0; i < args.size();) {
    if (args[i] != "--plugin" && args[i].rfind("--plugin=", 0) != 0) {
      ++i;
      continue;
    }
    bool joined = args[i] != "--plugin";
    if (!joined && i + 1 == args.size())
      return usage("`--plugin` needs a file");
    plugins.push_back(joined ? args[i].substr(9) : args[i + 1]);
    args.erase(args.begin() + long(i), args.begin() + long(i) + (joined ? 1 : 2));
  }
  Diagnostics diags;
  if (pat::loadPlugins(plugins, diags))
    return -1;
  llvm::errs() << diags.render();
  return 1;
}

static int dispatch(Args args) {
  if (int code = takePlugins(args); code >= 0)
    return code;
  if (args.empty())
    return usage("a command is missing");
  std::string name = args[0];
  args.erase(args.begin());
  if (name == "--help" || name == "-h" || name == "help") {
    llvm::outs() << help();
    return 0;
  }
  std::vector<std::string_view> names;
  for (const Command &c : commands) {
    names.push_back(c.name);
    if (c.name != name)
      continue;
    if (!c.ownHelp && std::find_if(args.begin(), args.end(), [](const std::string &a) {
                        return a == "--help" || a == "-h";
                      }) != args.end()) {
      llvm::outs() << "usage: wnnx-pat " << c.name << " " << c.arguments << "\n\n"
                   << c.summary << "\n";
      return 0;
    }
    return c.run(args);
  }
  return usage("unknown command `" + name + "`" + didYouMean(name, names));
}

} // namespace wnnx::cmd

int main(int argc, char **argv) {
  return wnnx::cmd::dispatch({argv + 1, argv + argc});
}
