// SPDX-License-Identifier: Apache-2.0
//
// The graph: SSA values made by inputs and nodes, nodes in a list that is always in topological
// order, use lists on values. One flat graph per model; no regions.
#pragma once

#include "wnnx/IR/Location.h"
#include "wnnx/IR/Ops.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace wnnx {

class Graph;
class Node;

/// A use of a value: operand `index` of `user`. Graph outputs are uses too, with a null user and
/// `index` the output's number.
struct Use {
  Node *user = nullptr;
  unsigned index = 0;
  bool operator==(const Use &o) const { return user == o.user && index == o.index; }
};

class Value {
  friend class Graph;
  friend class Node;
  Graph *parent;
  Node *def; // null for graph inputs
  unsigned resultNo;
  TensorType ty;
  std::string valueName;
  llvm::SmallVector<Use, 2> useList;

public:
  Value(Graph *g, Node *node, unsigned no, TensorType t)
      : parent(g), def(node), resultNo(no), ty(std::move(t)) {}
  Value(const Value &) = delete;
  Value &operator=(const Value &) = delete;
  Graph *graph() const { return parent; }
  Node *node() const { return def; }
  bool isInput() const { return def == nullptr; }
  unsigned index() const { return resultNo; } // result number, or input number
  const TensorType &type() const { return ty; }
  const Shape &shape() const { return ty.shape; }
  DType dtype() const { return ty.dtype; }
  int64_t rank() const { return ty.shape.rank(); }
  int64_t dim(int64_t i) const { return ty.shape[i]; }
  void setType(TensorType t) { ty = std::move(t); }
  /// Unique in the graph once set through `Graph::setName`; may be empty before.
  const std::string &name() const { return valueName; }
  llvm::ArrayRef<Use> uses() const { return useList; }
  bool hasUses() const { return !useList.empty(); }
  bool hasOneUse() const { return useList.size() == 1; }
  bool isGraphOutput() const;
  /// The tensor when this is made by a `constant` node, else null.
  const Tensor *constant() const;
  void replaceAllUsesWith(Value *other);
};

class Node {
  friend class Graph;
  Graph *parent;
  OpKind opKind;
  llvm::SmallVector<Value *, 4> operandList;
  std::vector<Attribute> attrList; // by the op's schema, defaults filled in
  std::vector<std::unique_ptr<Value>> resultList;
  Location location;
  Node *prevNode = nullptr, *nextNode = nullptr;
  bool inserted = false;
  uint64_t order = 0;  // grows along the list; gaps allow insertion
  uint64_t serial = 0; // unique, in order of creation

  Node(Graph *g, OpKind k) : parent(g), opKind(k) {}

public:
  Node(const Node &) = delete;
  Node &operator=(const Node &) = delete;
  Graph *graph() const { return parent; }
  OpKind kind() const { return opKind; }
  const OpInfo &info() const { return opInfo(opKind); }
  const Location &loc() const { return location; }
  void setLoc(Location l) { location = std::move(l); }
  uint64_t id() const { return serial; }

  unsigned numOperands() const { return unsigned(operandList.size()); }
  /// Null when an optional operand is absent.
  Value *operand(unsigned i) const { return i < operandList.size() ? operandList[i] : nullptr; }
  llvm::ArrayRef<Value *> operands() const { return operandList; }
  /// Operands of the variadic group.
  llvm::ArrayRef<Value *> variadicOperands() const;
  void setOperand(unsigned i, Value *v);

  unsigned numResults() const { return unsigned(resultList.size()); }
  Value *result(unsigned i = 0) const { return resultList[i].get(); }
  bool hasUses() const;

  const Attribute &attr(unsigned i) const { return attrList[i]; }
  /// By name; the op must have it.
  const Attribute &attr(std::string_view name) const;
  llvm::ArrayRef<Attribute> attrs() const { return attrList; }
  void setAttr(unsigned i, Attribute a) { attrList[i] = std::move(a); }
  void setAttr(std::string_view name, Attribute a);

  bool isInserted() const { return inserted; }
  Node *next() const { return nextNode; }
  Node *prev() const { return prevNode; }
  /// Position in the list; both must be inserted in the same graph.
  bool isBefore(const Node *o) const { return order < o->order; }
};

struct GraphOutput {
  std::string name;
  Value *value;
};

using NamedAttr = std::pair<std::string_view, Attribute>;

class Graph {
public:
  /// Model name: a stem such as "resnet18"; it names files and symbols.
  std::string name = "model";
  /// Free text about the model's origin, kept in files; ordered by key.
  std::map<std::string, std::string> metadata;

  Graph() = default;
  ~Graph();
  Graph(const Graph &) = delete;
  Graph &operator=(const Graph &) = delete;
  /// A deep copy (tensors are shared); names and order are kept.
  std::unique_ptr<Graph> clone() const;

  // Inputs and outputs.
  Value *addInput(std::string_view name, TensorType type);
  void eraseInput(unsigned i); // it must have no uses
  llvm::ArrayRef<std::unique_ptr<Value>> inputs() const { return inputList; }
  Value *input(unsigned i) const { return inputList[i].get(); }
  void addOutput(std::string name, Value *v);
  void setOutput(unsigned i, Value *v);
  void eraseOutput(unsigned i);
  llvm::ArrayRef<GraphOutput> outputs() const { return outputList; }

  // Nodes.
  /// Makes a node that is not yet in the list. Operands are in schema order (null for absent ones;
  /// trailing absent ones may be left out), attributes not named get their defaults. Its uses count
  /// at once.
  Node *create(OpKind kind, llvm::ArrayRef<Value *> operands, std::vector<NamedAttr> attrs,
               llvm::ArrayRef<TensorType> resultTypes, Location loc);
  /// The same with all attributes in schema order.
  Node *createRaw(OpKind kind, llvm::ArrayRef<Value *> operands, std::vector<Attribute> attrs,
                  llvm::ArrayRef<TensorType> resultTypes, Location loc);
  void setResultTypes(Node *n, llvm::ArrayRef<TensorType> types);
  void append(Node *n);
  void insertBefore(Node *n, Node *before); // null: at the end
  void insertAfter(Node *n, Node *after);   // null: at the front
  /// Takes a node out of the list and keeps it.
  void unlink(Node *n);
  /// Destroys a node, in the list or not; its results must have no uses.
  void erase(Node *n);
  /// A constant node, inserted at the front of the list behind the other leading constants.
  Value *addConstant(Tensor t, std::string_view name, Location loc = {});

  Node *front() const { return first; }
  Node *back() const { return last; }
  unsigned numNodes() const { return nodeCount; }
  /// The nodes in order, as a snapshot that stays valid under edits.
  std::vector<Node *> nodes() const;

  /// Gives a value a name; a number is added when another value has it.
  void setName(Value *v, std::string_view name);
  Value *lookup(std::string_view name) const;
  /// Names every unnamed value: "<op><n>", in order.
  void nameAll();
  /// Sorts the list topologically (stable). False when the nodes form a cycle.
  bool sortTopologically();
  /// Erases nodes without uses; returns how many.
  unsigned eraseDeadNodes();

private:
  friend class Value;
  friend class Node;
  std::vector<std::unique_ptr<Value>> inputList;
  std::vector<GraphOutput> outputList;
  Node *first = nullptr, *last = nullptr;
  unsigned nodeCount = 0;
  uint64_t nextSerial = 1;
  llvm::StringMap<Value *> names;
  llvm::StringMap<unsigned> nextSuffix;

  void addUse(Value *v, Use u);
  void removeUse(Value *v, Use u);
  void forgetName(Value *v);
  void link(Node *n, Node *before);
  void renumber();
};

/// Iteration that tolerates erasing the current node: `for (Node *n : nodesOf(graph))`.
class NodeRange {
  Node *first;

public:
  struct Iterator {
    Node *n, *following;
    Node *operator*() const { return n; }
    Iterator &operator++() {
      n = following;
      following = n ? n->next() : nullptr;
      return *this;
    }
    bool operator!=(const Iterator &o) const { return n != o.n; }
  };
  explicit NodeRange(Node *f) : first(f) {}
  Iterator begin() const { return {first, first ? first->next() : nullptr}; }
  Iterator end() const { return {nullptr, nullptr}; }
};
inline NodeRange nodesOf(const Graph &g) {
  return NodeRange(g.front());
}

} // namespace wnnx
