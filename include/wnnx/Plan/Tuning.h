// SPDX-License-Identifier: Apache-2.0
//
// Measured choices: which of the kernels that can compute a layer is fastest on some machine. A
// text file that people can read, check in and edit; docs/performance.md shows one. The same file
// gives the same plan everywhere.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wnnx {

struct TuningEntry {
  struct Variant {
    std::string name;
    double us = 0; // 0 when it was not measured
  };
  std::vector<Variant> variants; // the choice comes first; never empty
};

struct TuningTable {
  std::string cpu, isa;
  uint64_t runtime = 0; // the ABI hash of the runtime that was measured; 0 when unknown
  std::map<std::string, TuningEntry> layers;

  /// Reports everything that is wrong with the text.
  static FailureOr<TuningTable> parse(std::string_view text, const std::string &file,
                                      Diagnostics &diags);
  std::string print() const;
};

struct Plan;
/// What people should know of a table that a plan was made with: entries for layers or kernels that
/// are not there, layers without an entry, another runtime. One line each.
std::vector<std::string> tuningRemarks(const TuningTable &table, const Plan &plan);

} // namespace wnnx
