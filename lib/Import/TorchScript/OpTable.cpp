// SPDX-License-Identifier: Apache-2.0
//
// The table of handlers, made from `OpMap.def`.
#include "OpTable.h"

#include "LowerElementwise.h"
#include "OpCall.h"

namespace wnnx::ts {
namespace {

struct Rows {
  llvm::StringMap<Handler> handlers;
  std::vector<std::string> names;
  void add(llvm::StringRef name, Handler handler) {
    if (handlers.try_emplace(name, handler).second)
      names.push_back(name.str());
  }
  Rows() {
#define TS_OP(name, handler) add(name, &lower##handler);
#include "OpMap.def"
  }
};

const Rows &rows() {
  static const Rows table;
  return table;
}

} // namespace

Handler handlerOf(llvm::StringRef op) {
  auto it = rows().handlers.find(op);
  if (it == rows().handlers.end() && op.ends_with("_") && !op.ends_with("__"))
    it = rows().handlers.find(op.drop_back());
  return it == rows().handlers.end() ? nullptr : it->second;
}

const std::vector<std::string> &supportedOps() {
  return rows().names;
}

} // namespace wnnx::ts
