// SPDX-License-Identifier: Apache-2.0
//
// Finds types for the parameters of the entry method: from the options, from a traced file's
// example inputs, or from defaults; and makes graph inputs of the tensors.
#pragma once

#include "Evaluator.h"

#include "wnnx/Import/TorchScript/Import.h"

namespace wnnx::ts {

class InputBinder {
  Evaluator &ev;
  const TorchScriptOptions &options;
  const Function &method;
  std::vector<std::string> missing; // tensors without a type
  std::vector<std::string> tensorNames;
  unsigned requiredTensors = 0;
  bool failed = false;
  struct Example { // of one parameter, when the file has one
    PickleRef ref = 0;
    bool present = false;
  };

public:
  InputBinder(Evaluator &e, const TorchScriptOptions &o, const Function &m)
      : ev(e), options(o), method(m) {}

  /// The arguments after self; failure after a message.
  FailureOr<std::vector<Val>> run();

private:
  void findTensors(const Expr *type, const std::string &name, bool optional);
  Val bind(const Expr *type, const std::string &name, const Expr *defaultValue, Example example);
  Val bindTensor(const std::string &name, Example example);
  Val bindSequence(const Expr *type, const std::string &name, Example example);
  Val bindDict(const Expr *type, const std::string &name, Example example);
  const TorchScriptInput *option(const std::string &name) const;
  /// A type without a name belongs to the one input that must be given.
  bool namesOne() const { return tensorNames.size() == 1 || requiredTensors == 1; }
  bool hasOptionBelow(const std::string &name) const;
  Example exampleOf(size_t parameter) const;
  Example child(Example e, size_t i) const;
  std::optional<TensorType> exampleType(Example e) const;
  void reportUnknown();
  void reportMissing();
  DiagnosticBuilder error(std::string message);
};

} // namespace wnnx::ts
