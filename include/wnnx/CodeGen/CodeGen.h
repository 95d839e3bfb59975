// SPDX-License-Identifier: Apache-2.0
//
// From a plan to files: the only place that spells C++. What is generated depends on the plan, the
// graph and the options alone, never on date, machine, folder or locale. docs/generated-code.md
// walks through the result.
#pragma once

#include "wnnx/Plan/Plan.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace wnnx::cg {

/// Where the weights are: in the source as a string literal; in the object file, taken from
/// `NAME.weights` by the assembler; or in that file, which the program maps and passes to `run`.
/// Auto embeds up to 1 MiB, then takes the assembler.
enum class WeightMode { Auto, Embed, Incbin, File };
constexpr int64_t autoEmbedLimit = int64_t(1) << 20;

struct CodeGenOptions {
  /// Names files and symbols; cleaned to a C identifier.
  std::string modelName;
  WeightMode weights = WeightMode::Auto;
  /// Texts of the rules that were applied, for the hash in the header's comment; may be empty.
  std::string rulesText;
  /// Also writes NAME_profile.cpp, a program that prints the time of each step.
  bool profile = false;
  /// The ISAs whose kernels the program holds ("avx2"; see `isaNames`), oldest first.
  std::vector<std::string> isas{"vec128", "avx2", "avx512"};
  /// Large matrix products may run on the CPU's matrix unit.
  bool matrixUnit = true;
};

struct GeneratedFile {
  std::string name; // without a folder
  std::string text;
  /// Bytes behind the text: they lie in the plan, which must live as long as this.
  std::vector<llvm::ArrayRef<uint8_t>> pieces;

  void write(llvm::raw_ostream &os) const;
};

struct GeneratedFiles {
  std::string prefix; // of all symbols: the cleaned model name
  WeightMode weights; // never Auto
  /// NAME.h, NAME.cpp, NAME.map.json, NAME.cmake, then what the weights need.
  std::vector<GeneratedFile> files;
};

GeneratedFiles generate(const Plan &plan, const Graph &graph, const CodeGenOptions &options);

/// The names that `CodeGenOptions::isas` may hold, oldest first.
llvm::ArrayRef<std::string_view> isaNames();

/// A C identifier for a model: letters, digits and single underscores, starting with a letter.
std::string cleanName(std::string_view name);

/// `float` for f32, `uint16_t` for f16: how buffers are typed in C.
std::string_view cType(DType t);

/// The bytes that weights start with: they tell the generated code that these are its weights.
constexpr int64_t weightHeaderBytes = 64;

} // namespace wnnx::cg
