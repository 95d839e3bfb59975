// SPDX-License-Identifier: Apache-2.0
//
// Follows imports, forwards from a file and backwards from where a name is declared.
#include "NameSearch.h"

#include "wnnx/IR/Ops.h"
#include "wnnx/Pattern/Parser.h"
#include "wnnx/Pattern/Types.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <iterator>
#include <set>

namespace wnnx::pat {

static constexpr uint64_t maxFile = uint64_t(16) << 20;
static constexpr size_t maxFiles = 500;

static std::string cleanPath(llvm::StringRef path) {
  llvm::SmallString<256> p(path);
  llvm::sys::path::remove_dots(p, /*remove_dot_dot=*/true);
  return p.str().str();
}

const NameSearch::Unit *NameSearch::load(const std::string &path) {
  auto [it, fresh] = units.emplace(path, nullptr);
  if (!fresh || units.size() > maxFiles)
    return it->second.get();
  std::string text;
  if (auto o = open.find(path); o != open.end()) {
    text = o->second;
  } else {
    llvm::sys::fs::file_status status;
    if (llvm::sys::fs::status(path, status) ||
        status.type() != llvm::sys::fs::file_type::regular_file || status.getSize() > maxFile)
      return nullptr;
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    if (!buffer)
      return nullptr;
    text = (*buffer)->getBuffer().str();
  }
  auto unit = std::make_unique<Unit>();
  unit->file = &texts.addFile(path, std::move(text));
  unit->tree = parseFile(*unit->file, texts);
  unit->uses = nameUses(*unit->file, unit->tree);
  for (const ast::Import &i : unit->tree.imports) {
    if (!i.path.empty())
      unit->imports.push_back(cleanPath(importPath(path, i.path)));
  }
  it->second = std::move(unit);
  return it->second.get();
}

/// The file and all that it imports, directly or not.
std::vector<std::string> NameSearch::closure(const std::string &path) {
  std::vector<std::string> list{path};
  for (size_t i = 0; i < list.size() && i < maxFiles; ++i) {
    const Unit *u = load(list[i]);
    if (!u) {
      list.erase(list.begin() + long(i--));
      continue;
    }
    for (const std::string &p : u->imports) {
      if (!llvm::is_contained(list, p))
        list.push_back(p);
    }
  }
  return list;
}

const NameUse *NameSearch::at(const std::string &path, uint32_t offset) {
  const Unit *u = load(cleanPath(path));
  if (!u)
    return nullptr;
  for (const NameUse &n : u->uses) {
    if (n.begin <= offset && offset <= n.end)
      return &n;
  }
  return nullptr;
}

std::vector<FoundUse> NameSearch::all(const std::string &path, const NameUse &what) {
  std::string start = cleanPath(path);
  std::vector<std::string> files = closure(start);
  auto declares = [&](const std::string &p) {
    const Unit *u = load(p);
    return u &&
           llvm::any_of(u->uses, [&](const NameUse &n) { return n.declares && n.sameThing(what); });
  };
  bool own = what.kind == NameKind::Local || what.kind == NameKind::Space;
  std::set<std::string> homes; // where it is declared
  if (own)
    files = {start};
  else
    llvm::copy_if(files, std::inserter(homes, homes.end()), declares);
  if (!homes.empty()) {
    std::set<std::string> others;
    for (const auto &[p, text] : open)
      others.insert(p);
    std::error_code ec;
    for (llvm::sys::fs::directory_iterator d(llvm::sys::path::parent_path(start), ec), end;
         d != end && !ec && others.size() < maxFiles; d.increment(ec)) {
      if (llvm::StringRef(d->path()).ends_with(".pat"))
        others.insert(cleanPath(d->path()));
    }
    for (const std::string &p : others) {
      std::vector<std::string> reach = closure(p);
      bool sees = llvm::any_of(reach, [&](const std::string &r) { return homes.count(r) > 0; });
      if (sees && !llvm::is_contained(files, p))
        files.push_back(p);
    }
  }
  llvm::sort(files);
  std::vector<FoundUse> found;
  for (const std::string &p : files) {
    const Unit *u = load(p);
    for (const NameUse &n : u ? u->uses : std::vector<NameUse>()) {
      if (n.sameThing(what))
        found.push_back({u->file, n});
    }
  }
  return found;
}

std::string NameSearch::objection(const std::string &path, const NameUse &what,
                                  const std::string &name) {
  static const NameKind fixed[] = {NameKind::Keyword,   NameKind::Op,    NameKind::Builtin,
                                   NameKind::Attribute, NameKind::Field, NameKind::Property,
                                   NameKind::Type};
  if (llvm::is_contained(fixed, what.kind))
    return fmt::format("`{}` belongs to the language, and cannot be renamed", what.name);
  bool good = !name.empty() && name != "_" && !llvm::isDigit(name[0]) &&
              llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!good)
    return fmt::format("`{}` is no name: letters, digits and `_`, not a digit first", name);
  static const std::string_view reserved[] = {"true", "false", "none", "inf", "nan", "pi",
                                              "MAX",  "None",  "for",  "in",  "as",  "const"};
  if (llvm::is_contained(reserved, std::string_view(name)) || parseDType(name))
    return fmt::format("`{}` is a word of the language", name);
  if (what.kind == NameKind::Callable && (lookupOp(name) || lookupBuiltin(name)))
    return fmt::format("`{}` is an op or a function of the language", name);
  auto taken = [&](const SourceFile *file, const NameUse &n) {
    return fmt::format("`{}` already stands for something there ({})", name,
                       SourceRange{file, n.begin, n.end}.str());
  };
  if (what.kind != NameKind::Local) {
    NameUse other = what;
    other.name = name;
    std::vector<FoundUse> clash = all(path, other);
    return clash.empty() ? "" : taken(clash[0].file, clash[0].use);
  }
  // Names of a declaration, and of the comprehensions in it, keep apart.
  const Unit *u = load(cleanPath(path));
  auto declarationOf = [&](const NameUse &n) {
    uint32_t begin = 0;
    auto look = [&](const auto &list) {
      for (const auto &d : list) {
        if (d.range.begin <= n.begin && n.end <= d.range.end)
          begin = d.range.begin;
      }
    };
    look(u->tree.rules);
    look(u->tree.fns);
    look(u->tree.frags);
    return begin;
  };
  for (const NameUse &n : u->uses) {
    if (n.kind == NameKind::Local && n.name == name && declarationOf(n) == declarationOf(what))
      return taken(u->file, n);
  }
  return "";
}

} // namespace wnnx::pat
