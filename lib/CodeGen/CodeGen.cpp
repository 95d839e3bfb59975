// SPDX-License-Identifier: Apache-2.0
//
// Names, hashes, and which files there are.
#include "wnnx/CodeGen/CodeGen.h"

#include "CodePrinter.h"
#include "Names.h"

#include "wnnx/IR/Text.h"
#include "wnnx/Support/Hash.h"

#include "llvm/Support/xxhash.h"

#include <cstring>

namespace wnnx::cg {

void GeneratedFile::write(llvm::raw_ostream &os) const {
  os << text;
  for (llvm::ArrayRef<uint8_t> piece : pieces)
    os.write(reinterpret_cast<const char *>(piece.data()), piece.size());
}

std::string cleanName(std::string_view name) {
  NameTable reserved({});
  return reserved.unique(identifier(name));
}

std::string_view cType(DType t) {
  switch (t) {
  case DType::F32:
    return "float";
  case DType::F64:
    return "double";
  case DType::F16:
  case DType::BF16:
    return "uint16_t";
  case DType::I8:
    return "int8_t";
  case DType::I16:
    return "int16_t";
  case DType::I32:
    return "int32_t";
  case DType::I64:
    return "int64_t";
  case DType::U8:
  case DType::Bool:
    return "uint8_t";
  }
  return "void";
}

std::string typeText(const TensorType &type) {
  std::string s = std::string(dtypeName(type.dtype)) + " [";
  for (int64_t i = 0; i < type.shape.rank(); ++i)
    s += (i ? ", " : "") + std::to_string(type.shape[i]);
  return s + "]";
}

static std::string upperCase(std::string s) {
  for (char &c : s)
    if (c >= 'a' && c <= 'z')
      c = char(c - 'a' + 'A');
  return s;
}

Names nameAll(const Plan &plan, const std::string &modelName) {
  Names n;
  n.model = cleanName(modelName);
  n.upper = upperCase(n.model);
  NameTable locals({"weights", "arena", "context", "kernels", "status", "p", "byte", "steps",
                    "weight_data", "weight_id", "w", "own", "tables", "tables_end", "isa", "k"});
  NameTable constants({n.upper + "_ARENA", n.upper + "_WEIGHTS", n.upper + "_H"});
  auto port = [&](const PlanPort &p, std::vector<std::string> &names,
                  std::vector<std::string> &upper) {
    names.push_back(locals.unique(identifier(p.name)));
    upper.push_back(constants.unique(n.upper + "_" + upperCase(names.back())));
  };
  for (const PlanPort &p : plan.inputs)
    port(p, n.inputs, n.inputConstants);
  for (const PlanPort &p : plan.outputs)
    port(p, n.outputs, n.outputConstants);
  for (const PackedWeight &w : plan.weights)
    n.weights.push_back(locals.unique("w_" + identifier(w.name)));
  // Only tensors that a call mentions need a name.
  n.tensors.resize(plan.tensors.size());
  for (const KernelCall &c : plan.calls)
    for (const KernelArg &a : c.args)
      for (const TensorRef &r : a.refs)
        if (r.tensor >= 0 && n.tensors[size_t(r.tensor)].empty() &&
            plan.bufferOf(r.tensor).storage == Storage::Arena)
          n.tensors[size_t(r.tensor)] =
              locals.unique("at_" + identifier(plan.tensors[size_t(r.tensor)].name));
  return n;
}

/// "wnnxW" with a version, the bytes' hash, and their number.
static std::vector<uint8_t> weightHeader(const Plan &plan) {
  std::vector<uint8_t> header(size_t(weightHeaderBytes), uint8_t(0));
  std::memcpy(header.data(), "wnnxW\0\0\1", 8);
  uint64_t hash = 0;
  for (const PackedWeight &w : plan.weights) {
    uint64_t parts[3] = {hash, uint64_t(w.offset), llvm::xxh3_64bits(w.bytes)};
    hash = llvm::xxh3_64bits(
        llvm::ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(parts), sizeof parts));
  }
  uint64_t total = uint64_t(plan.weightBytes + weightHeaderBytes);
  std::memcpy(&header[8], &hash, 8);
  std::memcpy(&header[16], &total, 8);
  return header;
}

/// Whether all weights of matrix products can be split in two for the matrix unit: it would make
/// NaN of infinite ones.
static bool weightsForMatrixUnit(const Plan &plan) {
  for (const PackedWeight &w : plan.weights) {
    llvm::StringRef packing = w.packing;
    if (!packing.starts_with("linear") && !packing.starts_with("conv2d_c16") &&
        !packing.starts_with("conv2d_first") && !packing.starts_with("conv_transpose2d_c16"))
      continue;
    for (size_t i = 0; i + 4 <= w.bytes.size(); i += 4) {
      uint32_t bits;
      std::memcpy(&bits, &w.bytes[i], 4);
      if ((bits & 0x7f800000u) >= 254u << 23) // 2^127 and above, infinities, NaN
        return false;
    }
  }
  return true;
}

GeneratedFiles generate(const Plan &plan, const Graph &graph, const CodeGenOptions &options) {
  Names names = nameAll(plan, options.modelName.empty() ? graph.name : options.modelName);
  Facts facts;
  facts.version = WNNX_VERSION;
  PrintOptions print;
  print.externalFile = "weights";
  facts.graphHash = sha256Hex(printGraph(graph, print)).substr(0, 32);
  if (!options.rulesText.empty())
    facts.rulesHash = sha256Hex(options.rulesText).substr(0, 32);
  facts.mode = options.weights;
  facts.isas = options.isas;
  facts.matrixUnit = options.matrixUnit && weightsForMatrixUnit(plan);
  if (!plan.weights.empty()) {
    facts.weightHeader = weightHeader(plan);
    facts.weightBytes = plan.weightBytes + weightHeaderBytes;
  }
  if (facts.mode == WeightMode::Auto)
    facts.mode = facts.weightBytes <= autoEmbedLimit ? WeightMode::Embed : WeightMode::Incbin;
  if (facts.weightBytes == 0)
    facts.mode = WeightMode::Embed;

  GeneratedFiles result;
  result.prefix = names.model;
  result.weights = facts.mode;
  std::vector<unsigned> firstLines;
  result.files.push_back(emitHeader(plan, names, facts));
  result.files.push_back(emitSource(plan, names, facts, firstLines));
  result.files.push_back(emitMap(plan, names, firstLines));
  result.files.push_back(emitCMake(names, facts));
  if (facts.mode == WeightMode::Incbin)
    result.files.push_back(emitAssembly(names));
  if (facts.mode != WeightMode::Embed)
    result.files.push_back(emitWeights(plan, names, facts));
  if (options.profile)
    result.files.push_back(emitProfile(plan, names, facts));
  return result;
}

} // namespace wnnx::cg
