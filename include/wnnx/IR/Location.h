// SPDX-License-Identifier: Apache-2.0
//
// Where a node came from. Survives every pass and ends as a comment in the generated code.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace wnnx {

class Location {
  struct Info;
  std::shared_ptr<const Info> info;

public:
  struct FileLine {
    std::string file;
    unsigned line = 0, column = 0; // 1-based; 0 is unknown
  };
  Location() = default;
  /// A place in a source text, and the module path it stands for (such as "layer1.0.conv1").
  static Location file(std::string path, unsigned line, unsigned column, std::string scope = "");
  static Location scope(std::string scope) { return file("", 0, 0, std::move(scope)); }
  /// Made by a rule at `rulePlace` ("fuse.pat:12") out of the nodes at `parts`.
  static Location fused(std::string rule, std::string rulePlace, std::vector<Location> parts);

  explicit operator bool() const { return info != nullptr; }
  /// The same for copies of one location; for tables that hold each once.
  const void *identity() const { return info.get(); }
  bool isFused() const;
  const FileLine &fileLine() const;     // not for fused ones
  const std::string &scopeName() const; // "" when none; for fused ones that of the last part
  const std::string &ruleName() const;  // fused only, else ""
  const std::string &rulePlace() const; // fused only, else ""
  const std::vector<Location> &parts() const;
  /// All leaves in order, without repeats.
  std::vector<Location> leaves() const;
  /// Names of all rules involved, innermost first, without repeats.
  std::vector<std::string> rules() const;
  /// "model.py:88 (layer1.0.conv1)" or "conv_bn (fuse.pat:12) of a, b"; "unknown" when null.
  std::string str() const;
  bool operator==(const Location &o) const;
};

} // namespace wnnx
