// SPDX-License-Identifier: Apache-2.0
//
// Graph surgery: values, nodes, uses, names, order.
#include "wnnx/IR/Graph.h"

#include "wnnx/Support/Check.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace wnnx {

bool Value::isGraphOutput() const {
  return std::any_of(useList.begin(), useList.end(), [](const Use &u) { return !u.user; });
}

const Tensor *Value::constant() const {
  return def && def->kind() == OpKind::Constant ? &def->attr(0u).asTensor() : nullptr;
}

void Value::replaceAllUsesWith(Value *other) {
  if (other == this)
    return;
  // Uses are taken from the front, so that `other` receives them in order.
  while (!useList.empty()) {
    Use u = useList.front();
    if (u.user)
      u.user->setOperand(u.index, other);
    else
      parent->setOutput(u.index, other);
  }
}

llvm::ArrayRef<Value *> Node::variadicOperands() const {
  size_t fixed = info().numFixedOperands();
  return operands().drop_front(std::min(fixed, operandList.size()));
}

void Node::setOperand(unsigned i, Value *v) {
  Value *old = operandList[i];
  if (old == v)
    return;
  if (old)
    parent->removeUse(old, {this, i});
  operandList[i] = v;
  if (v)
    parent->addUse(v, {this, i});
}

bool Node::hasUses() const {
  return std::any_of(resultList.begin(), resultList.end(),
                     [](const auto &r) { return r->hasUses(); });
}

const Attribute &Node::attr(std::string_view name) const {
  int i = info().attrIndex(name);
  WNNX_CHECK(i >= 0, "the op has this attribute");
  return attrList[size_t(i)];
}

void Node::setAttr(std::string_view name, Attribute a) {
  int i = info().attrIndex(name);
  WNNX_CHECK(i >= 0, "the op has this attribute");
  attrList[size_t(i)] = std::move(a);
}

Graph::~Graph() {
  for (Node *n = first; n;) {
    Node *next = n->nextNode;
    delete n;
    n = next;
  }
}

std::unique_ptr<Graph> Graph::clone() const {
  auto g = std::make_unique<Graph>();
  g->name = name;
  g->metadata = metadata;
  std::unordered_map<const Value *, Value *> map;
  for (const auto &in : inputList)
    map[in.get()] = g->addInput(in->name(), in->type());
  for (Node *n = first; n; n = n->nextNode) {
    llvm::SmallVector<Value *, 8> operands;
    for (Value *v : n->operandList)
      operands.push_back(v ? map.at(v) : nullptr);
    llvm::SmallVector<TensorType, 2> types;
    for (const auto &r : n->resultList)
      types.push_back(r->type());
    Node *copy = g->createRaw(n->opKind, operands, n->attrList, types, n->location);
    g->append(copy);
    for (unsigned i = 0; i < n->numResults(); ++i) {
      map[n->result(i)] = copy->result(i);
      if (!n->result(i)->name().empty())
        g->setName(copy->result(i), n->result(i)->name());
    }
  }
  for (const GraphOutput &o : outputList)
    g->addOutput(o.name, map.at(o.value));
  return g;
}

Value *Graph::addInput(std::string_view inputName, TensorType type) {
  inputList.push_back(
      std::make_unique<Value>(this, nullptr, unsigned(inputList.size()), std::move(type)));
  setName(inputList.back().get(), inputName);
  return inputList.back().get();
}

void Graph::eraseInput(unsigned i) {
  WNNX_CHECK(!inputList[i]->hasUses(), "an erased input has no uses");
  forgetName(inputList[i].get());
  inputList.erase(inputList.begin() + i);
  for (unsigned k = i; k < inputList.size(); ++k)
    inputList[k]->resultNo = k;
}

void Graph::addOutput(std::string outputName, Value *v) {
  outputList.push_back({std::move(outputName), v});
  addUse(v, {nullptr, unsigned(outputList.size() - 1)});
}

void Graph::setOutput(unsigned i, Value *v) {
  removeUse(outputList[i].value, {nullptr, i});
  outputList[i].value = v;
  addUse(v, {nullptr, i});
}

void Graph::eraseOutput(unsigned i) {
  for (unsigned k = i; k < outputList.size(); ++k)
    removeUse(outputList[k].value, {nullptr, k});
  outputList.erase(outputList.begin() + i);
  for (unsigned k = i; k < outputList.size(); ++k)
    addUse(outputList[k].value, {nullptr, k});
}

Node *Graph::create(OpKind kind, llvm::ArrayRef<Value *> operands, std::vector<NamedAttr> attrs,
                    llvm::ArrayRef<TensorType> resultTypes, Location loc) {
  const OpInfo &info = opInfo(kind);
  std::vector<Attribute> all;
  all.reserve(info.attrs.size());
  for (const AttrInfo &a : info.attrs)
    all.push_back(a.defaultValue);
  for (NamedAttr &a : attrs) {
    int i = info.attrIndex(a.first);
    WNNX_CHECK(i >= 0, "the op has this attribute");
    all[size_t(i)] = std::move(a.second);
  }
  return createRaw(kind, operands, std::move(all), resultTypes, std::move(loc));
}

Node *Graph::createRaw(OpKind kind, llvm::ArrayRef<Value *> operands, std::vector<Attribute> attrs,
                       llvm::ArrayRef<TensorType> resultTypes, Location loc) {
  Node *n = new Node(this, kind);
  n->serial = nextSerial++;
  n->attrList = std::move(attrs);
  n->location = std::move(loc);
  size_t count = std::max<size_t>(operands.size(), n->info().numFixedOperands());
  n->operandList.assign(count, nullptr);
  for (unsigned i = 0; i < operands.size(); ++i)
    n->setOperand(i, operands[i]);
  setResultTypes(n, resultTypes);
  return n;
}

void Graph::setResultTypes(Node *n, llvm::ArrayRef<TensorType> types) {
  while (n->resultList.size() > types.size()) {
    WNNX_CHECK(!n->resultList.back()->hasUses(), "a dropped result has no uses");
    forgetName(n->resultList.back().get());
    n->resultList.pop_back();
  }
  for (unsigned i = 0; i < types.size(); ++i) {
    if (i < n->resultList.size())
      n->resultList[i]->setType(types[i]);
    else
      n->resultList.push_back(std::make_unique<Value>(this, n, i, types[i]));
  }
}

void Graph::link(Node *n, Node *before) {
  WNNX_CHECK(!n->inserted, "a node is inserted once");
  n->nextNode = before;
  n->prevNode = before ? before->prevNode : last;
  (n->prevNode ? n->prevNode->nextNode : first) = n;
  (before ? before->prevNode : last) = n;
  n->inserted = true;
  ++nodeCount;
  constexpr uint64_t gap = uint64_t(1) << 20;
  uint64_t lo = n->prevNode ? n->prevNode->order : 0;
  if (!before) {
    n->order = lo + gap;
    return;
  }
  if (before->order - lo < 2)
    return renumber();
  n->order = lo + (before->order - lo) / 2;
}

void Graph::renumber() {
  uint64_t next = uint64_t(1) << 20;
  for (Node *n = first; n; n = n->nextNode, next += uint64_t(1) << 20)
    n->order = next;
}

void Graph::append(Node *n) {
  link(n, nullptr);
}
void Graph::insertBefore(Node *n, Node *before) {
  link(n, before);
}
void Graph::insertAfter(Node *n, Node *after) {
  link(n, after ? after->nextNode : first);
}

void Graph::unlink(Node *n) {
  WNNX_CHECK(n->inserted, "only nodes of the list are unlinked");
  (n->prevNode ? n->prevNode->nextNode : first) = n->nextNode;
  (n->nextNode ? n->nextNode->prevNode : last) = n->prevNode;
  n->prevNode = n->nextNode = nullptr;
  n->inserted = false;
  --nodeCount;
}

void Graph::erase(Node *n) {
  WNNX_CHECK(!n->hasUses(), "an erased node has no uses");
  for (unsigned i = 0; i < n->numOperands(); ++i)
    n->setOperand(i, nullptr);
  for (const auto &r : n->resultList)
    forgetName(r.get());
  if (n->inserted)
    unlink(n);
  delete n;
}

Value *Graph::addConstant(Tensor t, std::string_view constantName, Location loc) {
  TensorType type = t.type();
  Node *n = createRaw(OpKind::Constant, {}, {Attribute(std::move(t))}, {type}, std::move(loc));
  Node *at = first;
  // New constants go behind the leading ones when that is cheap to find: the last leading constant
  // is followed by the first other node.
  if (at && at->kind() == OpKind::Constant) {
    while (at && at->kind() == OpKind::Constant)
      at = at->nextNode;
  }
  insertBefore(n, at);
  if (!constantName.empty())
    setName(n->result(), constantName);
  return n->result();
}

std::vector<Node *> Graph::nodes() const {
  std::vector<Node *> v;
  v.reserve(nodeCount);
  for (Node *n = first; n; n = n->nextNode)
    v.push_back(n);
  return v;
}

void Graph::forgetName(Value *v) {
  if (v->valueName.empty())
    return;
  auto it = names.find(v->valueName);
  if (it != names.end() && it->second == v)
    names.erase(it);
  v->valueName.clear();
}

void Graph::setName(Value *v, std::string_view wanted) {
  if (v->valueName == wanted)
    return;
  forgetName(v);
  std::string chosen(wanted);
  if (chosen.empty())
    return;
  if (names.count(chosen)) {
    unsigned &n = nextSuffix[llvm::StringRef(wanted)];
    do {
      chosen = std::string(wanted) + "_" + std::to_string(++n);
    } while (names.count(chosen));
  }
  names[chosen] = v;
  v->valueName = std::move(chosen);
}

Value *Graph::lookup(std::string_view wanted) const {
  return names.lookup(llvm::StringRef(wanted));
}

void Graph::nameAll() {
  for (Node *n = first; n; n = n->nextNode) {
    for (const auto &r : n->resultList) {
      if (r->name().empty())
        setName(r.get(), opName(n->opKind));
    }
  }
}

bool Graph::sortTopologically() {
  std::unordered_map<Node *, unsigned> waiting;
  std::vector<Node *> all = nodes(), ready, sorted;
  // A min-heap by old order keeps the sort stable.
  auto later = [](Node *a, Node *b) { return a->order > b->order; };
  for (Node *n : all) {
    unsigned count = 0;
    for (Value *v : n->operandList)
      count += v && v->node() && v->node()->inserted;
    waiting[n] = count;
    if (!count)
      ready.push_back(n);
  }
  std::make_heap(ready.begin(), ready.end(), later);
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), later);
    Node *n = ready.back();
    ready.pop_back();
    sorted.push_back(n);
    for (const auto &r : n->resultList) {
      for (const Use &u : r->uses()) {
        if (u.user && u.user->inserted && --waiting[u.user] == 0) {
          ready.push_back(u.user);
          std::push_heap(ready.begin(), ready.end(), later);
        }
      }
    }
  }
  if (sorted.size() != all.size())
    return false;
  first = last = nullptr;
  for (Node *n : sorted) {
    n->prevNode = last;
    n->nextNode = nullptr;
    (last ? last->nextNode : first) = n;
    last = n;
  }
  renumber();
  return true;
}

unsigned Graph::eraseDeadNodes() {
  unsigned count = 0;
  for (Node *n = last; n;) {
    Node *before = n->prevNode;
    if (!n->hasUses()) {
      erase(n);
      ++count;
    }
    n = before;
  }
  return count;
}

void Graph::addUse(Value *v, Use u) {
  v->useList.push_back(u);
}

void Graph::removeUse(Value *v, Use u) {
  auto it = std::find(v->useList.begin(), v->useList.end(), u);
  WNNX_CHECK(it != v->useList.end(), "use lists agree with operands");
  v->useList.erase(it);
}

} // namespace wnnx
