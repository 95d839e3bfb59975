// SPDX-License-Identifier: Apache-2.0
//
// Where a name of a rule file is used: in the file itself, and in those that share it by imports.
#pragma once

#include "NameUses.h"

#include <map>
#include <memory>

namespace wnnx::pat {

/// Files as an editor has them open, by path; others are read as they are on disk.
using OpenTexts = std::map<std::string, std::string>;

struct FoundUse {
  const SourceFile *file;
  NameUse use;
};

class NameSearch {
  struct Unit {
    const SourceFile *file = nullptr;
    ast::File tree;
    std::vector<NameUse> uses;
    std::vector<std::string> imports; // paths
  };
  Diagnostics texts;
  OpenTexts open;
  std::map<std::string, std::unique_ptr<Unit>> units; // by path; null where there is no file

  const Unit *load(const std::string &path);
  std::vector<std::string> closure(const std::string &path);

public:
  explicit NameSearch(OpenTexts editing) : open(std::move(editing)) {}

  /// What stands at `offset` of a file, or nothing.
  const NameUse *at(const std::string &path, uint32_t offset);
  /// All uses of the same thing, file by file: of the file, of those that it imports, and of open
  /// ones and those in its folder that import where the name is declared.
  std::vector<FoundUse> all(const std::string &path, const NameUse &what);
  /// Why the thing cannot have this name, or the empty string.
  std::string objection(const std::string &path, const NameUse &what, const std::string &name);
};

} // namespace wnnx::pat
