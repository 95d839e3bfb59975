// SPDX-License-Identifier: Apache-2.0
//
// Reads rule files and what they import, each once, and checks them together.
#include "wnnx/Pattern/Parser.h"
#include "wnnx/Pattern/Rules.h"
#include "wnnx/Pattern/Sema.h"

#include "fmt/format.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <map>
#include <set>

namespace wnnx::pat {

namespace {

/// Rule files are written by people: anything larger is a mistake.
constexpr uint64_t maxFileBytes = uint64_t(16) << 20;

/// A program keeps the trees that its parts point into.
struct LoadedProgram : Program {
  std::vector<std::unique_ptr<ast::File>> files;
};

class Loader {
  Diagnostics &diags;
  std::shared_ptr<LoadedProgram> program = std::make_shared<LoadedProgram>();
  std::map<std::string, int> state; // by real path: 1 while its imports are read, 2 done
  std::vector<std::string> chain;   // files being read
  std::map<std::string, ast::File *> byPath;
  struct Edge {
    ast::File *from;
    size_t import;
    std::string to; // real path
  };
  std::vector<Edge> edges;
  std::set<ast::File *> roots; // named by the user
  unsigned errorsBefore;

public:
  explicit Loader(Diagnostics &d) : diags(d), errorsBefore(d.errorCount()) {}

  void readRoot(const std::string &path) {
    readFile(path, {});
    llvm::SmallString<256> real;
    if (!llvm::sys::fs::real_path(path, real) && byPath.count(real.str().str()))
      roots.insert(byPath[real.str().str()]);
  }

  void readFile(const std::string &path, SourceRange from) {
    llvm::SmallString<256> real;
    if (std::error_code ec = llvm::sys::fs::real_path(path, real))
      return cannotRead(path, from, ec.message());
    int &s = state[real.str().str()];
    if (s == 2)
      return;
    if (s == 1) {
      diags.error(
          from, "pat-import-cycle",
          fmt::format("this import makes a cycle: {} -> {}", fmt::join(chain, " -> "), path));
      return;
    }
    uint64_t size = 0;
    llvm::sys::fs::file_status status;
    if (std::error_code ec = llvm::sys::fs::status(path, status))
      return cannotRead(path, from, ec.message());
    size = status.getSize();
    if (status.type() != llvm::sys::fs::file_type::regular_file)
      return cannotRead(path, from, "not a regular file");
    if (size > maxFileBytes)
      return cannotRead(path, from, "too large for a rule file");
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    if (!buffer)
      return cannotRead(path, from, buffer.getError().message());
    s = 1;
    byPath[real.str().str()] = readText(path, (*buffer)->getBuffer().str());
    state[real.str().str()] = 2;
  }

  ast::File *readText(const std::string &name, std::string text) {
    const SourceFile &source = diags.addFile(name, std::move(text));
    auto file = std::make_unique<ast::File>(parseFile(source, diags));
    chain.push_back(name);
    for (const ast::Import &i : file->imports) {
      if (i.path.empty())
        continue;
      if (chain.size() > 64) {
        diags.error(i.range, "pat-import-cycle", "imports are nested more than 64 deep");
        break;
      }
      std::string path = importPath(name, i.path);
      readFile(path, i.range);
      llvm::SmallString<256> real;
      if (llvm::sys::fs::real_path(path, real))
        file->incomplete = true;
      else
        edges.push_back({file.get(), size_t(&i - file->imports.data()), real.str().str()});
    }
    chain.pop_back();
    program->files.push_back(std::move(file));
    return program->files.back().get();
  }

  FailureOr<RuleSet> finish() {
    spreadNames();
    std::vector<const ast::File *> files;
    for (const auto &f : program->files)
      files.push_back(f.get());
    static_cast<Program &>(*program) = checkFiles(files, diags);
    for (const ast::File *f : files) {
      program->text += f->source->text();
      program->interface.insert(program->interface.end(), f->interface.begin(), f->interface.end());
    }
    if (diags.errorCount() != errorsBefore)
      return failure();
    return RuleSet(program);
  }

private:
  /// Which files see whose functions and fragments: a file imported with `as` keeps them in a space
  /// of its own, with all that it imports; what is imported plainly is shared.
  void spreadNames() {
    for (auto &f : program->files)
      f->spaces.clear();
    std::map<ast::File *, bool> named; // imported by no one
    for (auto &f : program->files)
      named[f.get()] = true;
    unsigned spaces = 1;
    std::map<ast::File *, unsigned> own;
    for (const Edge &e : edges) {
      auto to = byPath.find(e.to);
      if (to == byPath.end()) {
        e.from->incomplete = true;
        continue;
      }
      named[to->second] = false;
      if (!e.from->imports[e.import].as)
        continue;
      unsigned &id = own[to->second];
      if (!id) {
        id = spaces++;
        addSpace(to->second, id);
      }
      e.from->imports[e.import].fileSpace = id;
    }
    for (auto &f : program->files) {
      if (named[f.get()] || roots.count(f.get()))
        addSpace(f.get(), 0);
    }
    for (auto &f : program->files) {
      if (f->spaces.empty())
        f->spaces = {0};
      std::sort(f->spaces.begin(), f->spaces.end());
    }
  }

  void addSpace(ast::File *f, unsigned id) {
    if (llvm::is_contained(f->spaces, id))
      return;
    f->spaces.push_back(id);
    for (const Edge &e : edges) {
      auto to = byPath.find(e.to);
      if (e.from == f && !f->imports[e.import].as && to != byPath.end())
        addSpace(to->second, id);
    }
  }

  void cannotRead(const std::string &path, SourceRange from, const std::string &why) {
    std::string message = fmt::format("cannot read the rule file `{}`: {}", path, why);
    if (from)
      diags.error(from, "pat-import", message).hint("paths are relative to the importing file");
    else
      diags.error(path, "pat-file", message);
  }
};

} // namespace

std::string importPath(const std::string &from, const std::string &path) {
  llvm::SmallString<256> p(path);
  if (!llvm::sys::path::is_absolute(p)) {
    p = llvm::sys::path::parent_path(from);
    llvm::sys::path::append(p, path);
  }
  return p.str().str();
}

std::vector<std::string_view> RuleSet::ruleNames() const {
  std::vector<std::string_view> names;
  for (const auto &r : loaded->rules)
    names.push_back(r->name);
  return names;
}

const std::vector<InterfaceEdit> &RuleSet::interfaceEdits() const {
  return loaded->interface;
}

size_t RuleSet::size() const {
  return loaded->rules.size();
}

FailureOr<RuleSet> loadRules(llvm::ArrayRef<std::string> paths, Diagnostics &diags) {
  Loader loader(diags);
  for (const std::string &p : paths)
    loader.readRoot(p);
  return loader.finish();
}

FailureOr<RuleSet> loadRulesFromText(std::string name, std::string text, Diagnostics &diags) {
  Loader loader(diags);
  loader.readText(name, std::move(text));
  return loader.finish();
}

} // namespace wnnx::pat
