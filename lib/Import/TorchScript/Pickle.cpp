// SPDX-License-Identifier: Apache-2.0
//
// The pickle machine: a loop over opcodes with an explicit stack. Every length is checked against
// what is left of the input before anything is allocated.
#include "wnnx/Import/TorchScript/Pickle.h"

#include "Limits.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSwitch.h"

#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

enum class Callable {
  Unknown,
  RebuildTensor,
  RebuildQTensor,
  RebuildFromType,
  RebuildParameter,
  OrderedDict,
  TypedList,
  TypeTag,
  Device,
  Complex,
  Plain, // a name used as a value
  Sparse,
  FromId,
  Class,
};

Callable classify(llvm::StringRef name) {
  if (name.starts_with("__torch__."))
    return Callable::Class;
  if (name.consume_front("torch.jit._pickle."))
    return llvm::StringSwitch<Callable>(name)
        .Cases("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist",
               Callable::TypedList)
        .Case("restore_type_tag", Callable::TypeTag)
        .Case("build_tensor_from_id", Callable::FromId)
        .Default(Callable::Unknown);
  if (name.starts_with("torch.") && name.ends_with("Storage") && name.count('.') == 1)
    return Callable::Plain;
  return llvm::StringSwitch<Callable>(name)
      .Case("torch._utils._rebuild_tensor_v2", Callable::RebuildTensor)
      .Case("torch._utils._rebuild_qtensor", Callable::RebuildQTensor)
      .Case("torch._utils._rebuild_sparse_tensor", Callable::Sparse)
      .Case("torch._utils._rebuild_parameter", Callable::RebuildParameter)
      .Case("torch._tensor._rebuild_from_type_v2", Callable::RebuildFromType)
      .Case("collections.OrderedDict", Callable::OrderedDict)
      .Cases("torch.per_tensor_affine", "torch.per_channel_affine",
             "torch.per_channel_affine_float_qparams", Callable::Plain)
      .Case("torch.device", Callable::Device)
      .Case("builtins.complex", Callable::Complex)
      .Default(Callable::Unknown);
}

class Machine {
  llvm::ArrayRef<uint8_t> bytes;
  const std::string &place;
  Diagnostics &diags;
  PickleData out;
  size_t at = 0, opcodeAt = 0;
  uint64_t opcodes = 0;
  std::vector<PickleRef> stack;
  std::vector<size_t> marks;
  std::vector<PickleRef> memo;
  PickleRef none = 0, yes = 0, no = 0;

public:
  Machine(llvm::ArrayRef<uint8_t> b, const std::string &p, Diagnostics &d)
      : bytes(b), place(p), diags(d) {}

  FailureOr<PickleData> run() {
    none = add({PickleKind::None});
    yes = addInt(PickleKind::Bool, 1);
    no = addInt(PickleKind::Bool, 0);
    bool stopped = false;
    while (!stopped) {
      opcodeAt = at;
      if (at == bytes.size())
        return error("the pickle ends without a STOP; the file is truncated");
      if (++opcodes > limits::pickleOpcodes || stack.size() > limits::pickleStack ||
          marks.size() > limits::pickleMarks)
        return error("the pickle is too large");
      uint8_t op = bytes[at++];
      if (op == '.') {
        if (stack.size() != 1 || !marks.empty())
          return error(fmt::format("STOP with {} values on the stack", stack.size()));
        out.root = stack[0];
        stopped = true;
      } else if (failed(step(op))) {
        return failure();
      }
    }
    return std::move(out);
  }

private:
  DiagnosticBuilder error(std::string message) {
    return diags.error(place, "ts-pickle", fmt::format("at byte {}: {}", opcodeAt, message));
  }

  // Making nodes.
  PickleRef add(PickleNode n) {
    out.nodes.push_back(n);
    return PickleRef(out.nodes.size() - 1);
  }
  PickleRef addInt(PickleKind kind, int64_t v) {
    PickleNode n{kind};
    n.integer = v;
    return add(n);
  }
  PickleRef addText(PickleKind kind, std::string s) {
    out.strings.push_back(std::move(s));
    return add({kind, uint32_t(out.strings.size() - 1)});
  }
  PickleRef addItems(PickleKind kind, std::vector<PickleRef> items) {
    out.children.push_back(std::move(items));
    return add({kind, uint32_t(out.children.size() - 1)});
  }

  // Reading arguments.
  LogicalResult need(uint64_t n) {
    if (n > bytes.size() - at)
      return error("the pickle is truncated");
    return success();
  }
  uint64_t unsignedLE(unsigned n) {
    uint64_t v = 0;
    for (unsigned i = 0; i < n; ++i)
      v |= uint64_t(bytes[at + i]) << (8 * i);
    at += n;
    return v;
  }
  FailureOr<std::string> lineText() {
    const void *end = memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (!end)
      return FailureOr<std::string>(need(bytes.size() - at + 1));
    size_t n = size_t(static_cast<const uint8_t *>(end) - (bytes.data() + at));
    std::string s(reinterpret_cast<const char *>(bytes.data()) + at, n);
    at += n + 1;
    return s;
  }

  // The stack.
  void push(PickleRef r) { stack.push_back(r); }
  size_t floor() const { return marks.empty() ? 0 : marks.back(); }
  FailureOr<PickleRef> pop() {
    if (stack.size() <= floor())
      return error("the stack is empty");
    PickleRef r = stack.back();
    stack.pop_back();
    return r;
  }
  FailureOr<std::vector<PickleRef>> popToMark() {
    if (marks.empty())
      return error("there is no mark");
    std::vector<PickleRef> items(stack.begin() + long(marks.back()), stack.end());
    stack.resize(marks.back());
    marks.pop_back();
    return items;
  }
  FailureOr<PickleRef> topOf(PickleKind kind, const char *what) {
    if (stack.size() <= floor() || out[stack.back()].kind != kind)
      return error(fmt::format("there is no {} to add to", what));
    return stack.back();
  }

  LogicalResult pushTuple(unsigned n) {
    std::vector<PickleRef> items(n);
    for (unsigned i = n; i-- > 0;) {
      FailureOr<PickleRef> r = pop();
      if (failed(r))
        return failure();
      items[i] = *r;
    }
    push(addItems(PickleKind::Tuple, std::move(items)));
    return success();
  }
  LogicalResult pushMarked(PickleKind kind) {
    FailureOr<std::vector<PickleRef>> items = popToMark();
    if (failed(items))
      return failure();
    if (kind == PickleKind::Dict && items->size() % 2)
      return error("a dict has a key without a value");
    push(addItems(kind, std::move(*items)));
    return success();
  }
  LogicalResult appendItems(PickleKind kind, FailureOr<std::vector<PickleRef>> items) {
    if (failed(items))
      return failure();
    FailureOr<PickleRef> top = topOf(kind, kind == PickleKind::List ? "list" : "dict");
    if (failed(top))
      return failure();
    if (kind == PickleKind::Dict && items->size() % 2)
      return error("a dict has a key without a value");
    auto &to = out.children[out[*top].aux];
    to.insert(to.end(), items->begin(), items->end());
    return success();
  }
  FailureOr<std::vector<PickleRef>> popN(unsigned n) {
    std::vector<PickleRef> items(n);
    for (unsigned i = n; i-- > 0;) {
      FailureOr<PickleRef> r = pop();
      if (failed(r))
        return failure();
      items[i] = *r;
    }
    return items;
  }

  LogicalResult put(uint64_t id) {
    if (stack.size() <= floor())
      return error("nothing to memoize");
    if (id > opcodes)
      return error(fmt::format("memo slot {} is out of proportion", id));
    if (id >= memo.size())
      memo.resize(size_t(id) + 1, UINT32_MAX);
    memo[size_t(id)] = stack.back();
    return success();
  }
  LogicalResult get(uint64_t id) {
    if (id >= memo.size() || memo[size_t(id)] == UINT32_MAX)
      return error(fmt::format("memo slot {} was never set", id));
    push(memo[size_t(id)]);
    return success();
  }

  LogicalResult step(uint8_t op) {
    switch (op) {
    case 0x80: // PROTO
      if (failed(need(1)))
        return failure();
      if (unsigned version = unsigned(unsignedLE(1)); version != 2)
        return error(fmt::format("pickle protocol {}; TorchScript uses protocol 2", version));
      return success();
    case '(':
      marks.push_back(stack.size());
      return success();
    case ')':
      return push(addItems(PickleKind::Tuple, {})), success();
    case 't':
      return pushMarked(PickleKind::Tuple);
    case 0x85:
      return pushTuple(1);
    case 0x86:
      return pushTuple(2);
    case 0x87:
      return pushTuple(3);
    case ']':
      return push(addItems(PickleKind::List, {})), success();
    case 'l':
      return pushMarked(PickleKind::List);
    case 'a':
      return appendItems(PickleKind::List, popN(1));
    case 'e':
      return appendItems(PickleKind::List, popToMark());
    case '}':
      return push(addItems(PickleKind::Dict, {})), success();
    case 'd':
      return pushMarked(PickleKind::Dict);
    case 's':
      return appendItems(PickleKind::Dict, popN(2));
    case 'u':
      return appendItems(PickleKind::Dict, popToMark());
    case 'N':
      return push(none), success();
    case 0x88:
      return push(yes), success();
    case 0x89:
      return push(no), success();
    case 'c':
      return pushGlobal();
    case 0x81:
      return newObject();
    case 'b':
      return build();
    case 'R':
      return reduce();
    case 'Q':
      return persistentId();
    default:
      return stepWithArgument(op);
    }
  }

  LogicalResult stepWithArgument(uint8_t op) {
    unsigned width = 0;
    switch (op) {
    case 'K':
    case 'q':
    case 'h':
    case 0x8a:
      width = 1;
      break;
    case 'M':
      width = 2;
      break;
    case 'J':
    case 'X':
    case 'r':
    case 'j':
      width = 4;
      break;
    case 'G':
      width = 8;
      break;
    default:
      return error(fmt::format("opcode 0x{:02x} does not occur in TorchScript files", op));
    }
    if (failed(need(width)))
      return failure();
    if (op == 'G') {
      uint64_t bits = 0;
      for (unsigned i = 0; i < 8; ++i)
        bits = bits << 8 | bytes[at + i];
      at += 8;
      PickleNode n{PickleKind::Float};
      n.number = std::bit_cast<double>(bits);
      return push(add(n)), success();
    }
    uint64_t v = unsignedLE(width);
    switch (op) {
    case 'K':
    case 'M':
      return push(addInt(PickleKind::Int, int64_t(v))), success();
    case 'J':
      return push(addInt(PickleKind::Int, int32_t(uint32_t(v)))), success();
    case 'q':
    case 'r':
      return put(v);
    case 'h':
    case 'j':
      return get(v);
    case 'X': {
      if (failed(need(v)))
        return failure();
      std::string s(reinterpret_cast<const char *>(bytes.data()) + at, size_t(v));
      at += size_t(v);
      return push(addText(PickleKind::Str, std::move(s))), success();
    }
    default: { // LONG1
      if (v > 8)
        return error("an integer of more than 64 bits");
      if (failed(need(v)))
        return failure();
      uint64_t bits = unsignedLE(unsigned(v));
      if (v && v < 8 && (bits >> (8 * v - 1) & 1))
        bits |= ~uint64_t(0) << (8 * v);
      return push(addInt(PickleKind::Int, int64_t(bits))), success();
    }
    }
  }

  LogicalResult pushGlobal() {
    FailureOr<std::string> module = lineText();
    if (failed(module))
      return failure();
    FailureOr<std::string> name = lineText();
    if (failed(name))
      return failure();
    std::string full = *module + "." + *name;
    if (classify(full) == Callable::Unknown)
      return error(fmt::format("the pickle refers to `{}`, which no TorchScript file needs", full));
    return push(addText(PickleKind::Global, std::move(full))), success();
  }

  LogicalResult newObject() {
    FailureOr<PickleRef> args = pop();
    if (failed(args))
      return failure();
    FailureOr<PickleRef> cls = pop();
    if (failed(cls))
      return failure();
    if (out[*cls].kind != PickleKind::Global || classify(out.text(*cls)) != Callable::Class ||
        out[*args].kind != PickleKind::Tuple || !out.items(*args).empty())
      return error("NEWOBJ on something other than a class of the model");
    PickleNode n{PickleKind::Object, out[*cls].aux};
    n.integer = 0;
    return push(add(n)), success();
  }

  LogicalResult build() {
    FailureOr<PickleRef> state = pop();
    if (failed(state))
      return failure();
    if (stack.size() <= floor() || out[stack.back()].kind != PickleKind::Object)
      return error("BUILD on something other than an object");
    PickleNode &object = out.nodes[stack.back()];
    if (object.integer != 0)
      return error("an object is built twice");
    object.integer = int64_t(*state) + 1;
    return success();
  }

  LogicalResult persistentId() {
    FailureOr<PickleRef> id = pop();
    if (failed(id))
      return failure();
    auto bad = [&] { return error("a malformed reference to a storage"); };
    if (out[*id].kind != PickleKind::Tuple)
      return bad();
    llvm::ArrayRef<PickleRef> t = out.items(*id);
    if (t.size() != 5 || out[t[0]].kind != PickleKind::Str || out.text(t[0]) != "storage" ||
        out[t[1]].kind != PickleKind::Global || out[t[2]].kind != PickleKind::Str ||
        out[t[3]].kind != PickleKind::Str || out[t[4]].kind != PickleKind::Int)
      return bad();
    llvm::StringRef type = out.text(t[1]);
    if (!type.consume_front("torch.") || !type.ends_with("Storage"))
      return bad();
    PickleStorage s{out.text(t[2]), type.str(), out.text(t[3]), out[t[4]].integer};
    if (s.key.empty() || s.key.find_first_of(std::string("/\\\0", 3)) != std::string::npos ||
        s.key == ".." || s.numel < 0)
      return bad();
    out.storages.push_back(std::move(s));
    return push(add({PickleKind::Storage, uint32_t(out.storages.size() - 1)})), success();
  }

  bool intTuple(PickleRef r, std::vector<int64_t> &v) {
    if (out[r].kind != PickleKind::Tuple)
      return false;
    for (PickleRef i : out.items(r)) {
      if (out[i].kind != PickleKind::Int)
        return false;
      v.push_back(out[i].integer);
    }
    return true;
  }

  LogicalResult pushTensor(llvm::ArrayRef<PickleRef> args, bool quantized) {
    PickleTensor t;
    t.quantized = quantized;
    if (args.size() < 4 || out[args[0]].kind != PickleKind::Storage ||
        out[args[1]].kind != PickleKind::Int || !intTuple(args[2], t.sizes) ||
        !intTuple(args[3], t.strides) || t.sizes.size() != t.strides.size())
      return error("a malformed tensor");
    if (!quantized && args.size() > 6 && out[args[6]].kind == PickleKind::Dict)
      for (PickleRef r : out.items(args[6]))
        t.conjugateOrNegative |= out[r].kind == PickleKind::Bool && out[r].integer;
    t.storage = args[0];
    t.offset = out[args[1]].integer;
    out.tensors.push_back(std::move(t));
    return push(add({PickleKind::Tensor, uint32_t(out.tensors.size() - 1)})), success();
  }

  LogicalResult reduce() {
    FailureOr<PickleRef> argRef = pop();
    if (failed(argRef))
      return failure();
    FailureOr<PickleRef> callee = pop();
    if (failed(callee))
      return failure();
    if (out[*callee].kind != PickleKind::Global)
      return error("REDUCE on something that is no function");
    const std::string name = out.text(*callee);
    Callable c = classify(name);
    if (c == Callable::Class) { // an enum member; its value is not wrapped in a tuple
      PickleNode n{PickleKind::Enum, out[*callee].aux};
      n.integer = *argRef;
      return push(add(n)), success();
    }
    if (out[*argRef].kind != PickleKind::Tuple)
      return error("REDUCE without a tuple of arguments");
    std::vector<PickleRef> args = out.items(*argRef).vec();
    auto malformed = [&] { return error(fmt::format("malformed arguments of `{}`", name)); };
    auto first = [&](PickleKind kind) { return !args.empty() && out[args[0]].kind == kind; };
    switch (c) {
    case Callable::RebuildTensor:
      return pushTensor(args, false);
    case Callable::RebuildQTensor:
      return pushTensor(args, true);
    case Callable::RebuildParameter:
      if (!first(PickleKind::Tensor))
        return malformed();
      return push(args[0]), success();
    case Callable::RebuildFromType:
      // (function, type, arguments, state): the plain tensor underneath is all that matters.
      if (args.size() < 3 || out[args[0]].kind != PickleKind::Global ||
          out.text(args[0]) != "torch._utils._rebuild_tensor_v2" ||
          out[args[2]].kind != PickleKind::Tuple)
        return malformed();
      return pushTensor(out.items(args[2]).vec(), false);
    case Callable::OrderedDict:
      return push(addItems(PickleKind::Dict, {})), success();
    case Callable::TypedList:
      if (!first(PickleKind::List))
        return malformed();
      return push(args[0]), success();
    case Callable::TypeTag:
      if (args.size() != 2 ||
          (!first(PickleKind::List) && !first(PickleKind::Dict) && !first(PickleKind::Tuple)))
        return malformed();
      return push(args[0]), success();
    case Callable::Device:
      if (!first(PickleKind::Str))
        return malformed();
      return push(addText(PickleKind::Device, out.text(args[0]))), success();
    case Callable::Complex:
      return push(add({PickleKind::Complex})), success();
    case Callable::Sparse:
      return error("the model holds a sparse tensor, which is not supported");
    case Callable::FromId:
      return error("the model's tensors are stored outside of the file, as a remote call does");
    default:
      return error(fmt::format("`{}` is not a function", name));
    }
  }
};

} // namespace

FailureOr<PickleData> readPickle(llvm::ArrayRef<uint8_t> bytes, const std::string &place,
                                 Diagnostics &diags) {
  return Machine(bytes, place, diags).run();
}

} // namespace wnnx::ts
