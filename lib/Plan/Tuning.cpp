// SPDX-License-Identifier: Apache-2.0
//
// Tuning files: text to table and back, and how a table fits a plan.
#include "wnnx/Plan/Tuning.h"

#include "wnnx/Plan/Plan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cmath>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace wnnx {
namespace {

constexpr size_t mostLineBytes = 1000, mostLayers = 100'000;

class Reader {
  llvm::StringRef rest;
  const std::string &file;
  Diagnostics &diags;
  unsigned line = 0;
  TuningTable table;
  TuningEntry *entry = nullptr;
  std::string layer;
  unsigned layerLine = 0;
  bool failed = false;

public:
  Reader(llvm::StringRef text, const std::string &f, Diagnostics &d)
      : rest(text), file(f), diags(d) {}

  FailureOr<TuningTable> run() {
    bool first = true;
    while (!rest.empty() && !tooMany()) {
      llvm::StringRef text;
      std::tie(text, rest) = rest.split('\n');
      ++line;
      if (text.size() > mostLineBytes) {
        error("the line is longer than a tuning file has them");
        break;
      }
      bool indented = text.starts_with(" ") || text.starts_with("\t");
      text = text.trim();
      if (text.empty() || text.starts_with("#"))
        continue;
      if (std::exchange(first, false)) {
        if (!header(text))
          break;
      } else if (indented) {
        variant(text);
      } else {
        field(text);
      }
    }
    if (first && !failed)
      error("the file is empty", "`wnnxc --tune=FILE` writes one");
    endLayer();
    if (failed)
      return failure();
    return std::move(table);
  }

private:
  void error(std::string why, std::string hint = "") {
    failed = true;
    auto d = diags.error(fmt::format("{}:{}", file, line), "bad-tuning", std::move(why));
    if (!hint.empty())
      d.hint(std::move(hint));
  }

  bool tooMany() {
    if (table.layers.size() <= mostLayers)
      return false;
    error("more layers than a network has");
    return true;
  }

  static std::string shown(llvm::StringRef text) {
    std::string s;
    for (char c : text.take_front(60))
      s += llvm::isPrint(c) ? c : '?';
    return s + (text.size() > 60 ? "..." : "");
  }

  bool header(llvm::StringRef text) {
    auto [word, version] = text.split(' ');
    if (word != "wnnx-tuning") {
      error("not a tuning file: the first line is `" + shown(text) + "`",
            "`wnnxc --tune=FILE` writes one, which begins with `wnnx-tuning 1`");
      return false;
    }
    if (version.trim() != "1") {
      error("version `" + shown(version) + "` of tuning files is not known", "this is version 1");
      return false;
    }
    return true;
  }

  void field(llvm::StringRef text) {
    endLayer();
    auto [word, value] = text.split(' ');
    value = value.trim();
    if (word == "cpu") {
      table.cpu = shown(value);
    } else if (word == "isa") {
      table.isa = shown(value);
    } else if (word == "runtime") {
      if (value.getAsInteger(0, table.runtime))
        error("`" + shown(value) + "` is not the hash of a runtime");
    } else if (word == "layer") {
      if (value.empty())
        return error("a layer without a description");
      auto [at, isNew] = table.layers.try_emplace(value.str());
      if (!isNew)
        return error("a second entry for `" + shown(value) + "`");
      entry = &at->second;
      layer = value.str();
      layerLine = line;
    } else {
      error("`" + shown(word) + "` is not known here",
            "lines begin with cpu, isa, runtime or layer; variants of a layer are indented");
    }
  }

  void variant(llvm::StringRef text) {
    if (!entry)
      return error("a variant outside of a layer");
    auto [name, time] = text.split(' ');
    time = time.trim();
    double us = 0;
    if (!time.empty() && (time.getAsDouble(us) || !std::isfinite(us) || us < 0))
      return error("`" + shown(time) + "` is not a time in microseconds");
    for (const TuningEntry::Variant &v : entry->variants)
      if (v.name == name)
        return error("`" + shown(name) + "` stands twice in this layer");
    if (entry->variants.size() >= 100)
      return error("more variants than a layer has");
    entry->variants.push_back({name.str(), us});
  }

  void endLayer() {
    if (entry && entry->variants.empty()) {
      unsigned here = std::exchange(line, layerLine);
      error("a layer without a variant: " + shown(layer),
            "name the kernel in an indented line below it, the one to take first");
      line = here;
    }
    entry = nullptr;
  }
};

} // namespace

FailureOr<TuningTable> TuningTable::parse(std::string_view text, const std::string &file,
                                          Diagnostics &diags) {
  return Reader(llvm::StringRef(text.data(), text.size()), file, diags).run();
}

std::string TuningTable::print() const {
  std::string out = "wnnx-tuning 1\n"
                    "# Microseconds of each layer by each kernel; the first one is taken.\n";
  if (!cpu.empty())
    out += "cpu " + cpu + "\n";
  if (!isa.empty())
    out += "isa " + isa + "\n";
  if (runtime)
    out += fmt::format("runtime {:#x}\n", runtime);
  for (const auto &[name, entry] : layers) {
    out += "layer " + name + "\n";
    for (const TuningEntry::Variant &v : entry.variants)
      out += v.us > 0 ? fmt::format("  {} {:.1f}\n", v.name, v.us) : "  " + v.name + "\n";
  }
  return out;
}

std::string PlanOptions::wantedVariant(const std::string &layer) const {
  if (!variant.empty() || !tuning)
    return variant;
  auto found = tuning->layers.find(layer);
  return found == tuning->layers.end() ? "" : found->second.variants.front().name;
}

std::vector<std::string> tuningRemarks(const TuningTable &table, const Plan &plan) {
  std::vector<std::string> remarks;
  std::set<std::string> seen, missing, foreign;
  auto look = [&](const std::string &layer, const std::string &variant) {
    if (layer.empty())
      return;
    seen.insert(layer);
    auto found = table.layers.find(layer);
    if (found == table.layers.end())
      missing.insert(layer);
    else if (found->second.variants.front().name != variant)
      foreign.insert("`" + found->second.variants.front().name + "` cannot compute " + layer +
                     " here; taken is `" + variant + "`");
  };
  for (const KernelCall &c : plan.calls) {
    look(c.layer, c.variant);
    look(c.block.block, c.block.variant);
  }
  if (table.runtime && table.runtime != wnnrt::abiHash())
    remarks.push_back("measured with another version of the runtime; measure again");
  remarks.insert(remarks.end(), foreign.begin(), foreign.end());
  size_t unused = 0;
  for (const auto &[layer, entry] : table.layers)
    unused += !seen.count(layer);
  if (unused)
    remarks.push_back(fmt::format("{} of {} entries are for layers that this network does not have",
                                  unused, table.layers.size()));
  if (!missing.empty())
    remarks.push_back(fmt::format("{} of {} layers have no entry, the first is {}; the cost model "
                                  "decided",
                                  missing.size(), seen.size(), *missing.begin()));
  return remarks;
}

} // namespace wnnx
