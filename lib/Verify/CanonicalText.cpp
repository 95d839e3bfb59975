// SPDX-License-Identifier: Apache-2.0
//
// Values are numbered from the outputs up, operands before users; equal lines are one value.
// Numbers of constants are rounded, since two ways to the same weight round differently.
#include "CanonicalText.h"

#include "fmt/format.h"

#include <map>

namespace wnnx::verify {

namespace {
class Writer {
  std::map<const Value *, unsigned> number; // looked up only
  std::map<std::string, unsigned> lines;
  std::string text;

  unsigned take(std::string line) {
    auto [it, isNew] = lines.emplace(std::move(line), unsigned(lines.size()));
    if (isNew)
      text += fmt::format("{} = {}\n", it->second, it->first);
    return it->second;
  }

  std::string constant(const Tensor &t) const {
    std::string s = "constant " + t.type().str();
    for (int64_t i = 0; i < t.numel(); ++i)
      s += isFloat(t.dtype()) ? fmt::format(" {:.4g}", t.getDouble(i) + 0.0)
                              : fmt::format(" {}", t.getInt(i));
    return s;
  }

  void visit(const Node &n) {
    const OpInfo &info = opInfo(n.kind());
    std::string s;
    if (n.kind() == OpKind::Constant) {
      s = constant(*n.result()->constant());
    } else {
      s = std::string(info.name);
      llvm::SmallVector<std::string, 4> operands;
      for (const Value *v : n.operands())
        operands.push_back(v ? std::to_string(number.at(v)) : "-");
      if (info.has(Trait::Commutative) && operands.size() == 2 && operands[1] < operands[0])
        std::swap(operands[0], operands[1]);
      for (const std::string &o : operands)
        s += " " + o;
      for (const AttrInfo &a : info.attrs)
        s += " " + n.attr(a.name).str();
    }
    unsigned at = take(s);
    for (unsigned i = 0; i < n.numResults(); ++i)
      number[n.result(i)] = i ? take(fmt::format("result {} of {}", i, at)) : at;
  }

public:
  std::string write(const Graph &g) {
    for (const auto &v : g.inputs())
      number[v.get()] = take(fmt::format("input {}", v->index()));
    for (const GraphOutput &o : g.outputs()) {
      std::vector<const Node *> work;
      if (o.value->node())
        work.push_back(o.value->node());
      while (!work.empty()) {
        const Node *n = work.back();
        size_t before = work.size();
        for (const Value *v : n->operands()) {
          if (v && v->node() && !number.count(v))
            work.push_back(v->node());
        }
        if (work.size() != before)
          continue;
        work.pop_back();
        if (!number.count(n->result(0)))
          visit(*n);
      }
      text += fmt::format("output {}\n", number.at(o.value));
    }
    return std::move(text);
  }
};
} // namespace

std::string canonicalText(const Graph &g) {
  return Writer().write(g);
}

} // namespace wnnx::verify
