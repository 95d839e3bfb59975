// SPDX-License-Identifier: Apache-2.0
//
// Shapes and movement: views where no byte has to move, strided copies elsewhere.
#include "Lowering.h"

#include "wnnx/Support/Check.h"

#include <cstring>

namespace wnnx {

// ---- reshape and channel shuffles

bool isChannelShuffle(const Node &last, int64_t &groups) {
  // reshape [N,C,H,W] -> [N,g,C/g,H,W], permute (0,2,1,3,4), reshape back.
  if (last.kind() != OpKind::Reshape || last.result()->rank() != 4)
    return false;
  const Node *permute = last.operand(0)->node();
  if (!permute || permute->kind() != OpKind::Permute || !last.operand(0)->hasOneUse())
    return false;
  const Node *first = permute->operand(0)->node();
  if (!first || first->kind() != OpKind::Reshape || !permute->operand(0)->hasOneUse())
    return false;
  const Shape &s = first->operand(0)->shape(), &m = first->result()->shape();
  if (s != last.result()->shape() || m.rank() != 5 || m[0] != s[0] || m[1] * m[2] != s[1] ||
      m[3] != s[2] || m[4] != s[3])
    return false;
  if (PermuteOp(permute).dims() != std::vector<int64_t>{0, 2, 1, 3, 4})
    return false;
  groups = m[1];
  return true;
}

static bool liesInC16(const Lowering &l, const Value *v) {
  return l.hasC16(v) || l.deferredCats.count(v);
}

/// True when `n` starts or continues a channel shuffle of a value that lies in c16: the last
/// reshape does all the work.
static bool insideShuffle(Lowering &l, const Node &n) {
  int64_t groups;
  if (!n.result()->hasOneUse() || !n.result()->uses()[0].user)
    return false;
  const Node *next = n.result()->uses()[0].user;
  if (n.kind() == OpKind::Permute)
    return isChannelShuffle(*next, groups) && liesInC16(l, n.operand(0)->node()->operand(0));
  if (next->kind() != OpKind::Permute || !next->result()->hasOneUse())
    return false;
  const Node *last = next->result()->uses()[0].user;
  return last && isChannelShuffle(*last, groups) && liesInC16(l, n.operand(0));
}

/// y = channels of x, or of x and x2 behind one another.
static void gatherChannels(Lowering &l, int xt, int x2t, const Value *x, const Value *x2,
                           llvm::ArrayRef<int32_t> table, const Value *y) {
  std::vector<uint8_t> bytes(table.size() * 4);
  std::memcpy(bytes.data(), table.data(), bytes.size());
  wnnrt_gather_channels_params p = {};
  p.n = i32(y->dim(0)), p.hw = i32(y->dim(2) * y->dim(3));
  p.c_in = i32(x->dim(1)), p.c_in2 = x2 ? i32(x2->dim(1)) : 0, p.c_out = i32(y->dim(1));
  int weight = l.weight("channels_of_" + y->name(), "channel table",
                        {DType::I32, Shape{int64_t(table.size())}}, std::move(bytes));
  l.call(WNNRT_K_gather_channels_c16, p, {xt, x2t, weight, l.defineC16(y)});
}

static void gatherFromCat(Lowering &l, const Node &cat, llvm::ArrayRef<int32_t> table,
                          const Value *y) {
  const Value *a = cat.variadicOperands()[0], *b = cat.variadicOperands()[1];
  int first = l.c16(a), second = l.c16(b);
  gatherChannels(l, first, second, a, b, table, y);
}

/// True when every use takes a part of the channels.
static bool onlyPiecesUsed(const Value *v) {
  return llvm::all_of(v->uses(), [](const Use &u) {
    if (!u.user || (u.user->kind() != OpKind::Split && u.user->kind() != OpKind::Slice))
      return false;
    bool dense = u.user->kind() == OpKind::Split || SliceOp(u.user).step() == 1;
    return dense && *normalizeDim(u.user->attr("dim").asInt(), 4) == 1;
  });
}

/// True for a concatenation of two c16 values, not at a block's border, that only a channel shuffle
/// uses.
static bool goesIntoShuffle(Lowering &l, const Node &cat) {
  const Value *y = cat.result();
  auto operands = cat.variadicOperands();
  if (operands.size() != 2 || !y->hasOneUse() || !l.inC16(operands[0]) || !l.inC16(operands[1]) ||
      operands[0]->dim(1) % 16 == 0)
    return false;
  const Node *next = y->uses()[0].user;
  for (int i = 0; i < 2 && next; ++i)
    next = next->numResults() == 1 && next->result()->hasOneUse() ? next->result()->uses()[0].user
                                                                  : nullptr;
  int64_t groups;
  return next && isChannelShuffle(*next, groups);
}

LogicalResult lowerReshape(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  if (x->shape() == y->shape()) {
    l.setSame(y, x);
    return success();
  }
  if (insideShuffle(l, n))
    return success();
  int64_t groups;
  if (isChannelShuffle(n, groups)) {
    const Value *source = x->node()->operand(0)->node()->operand(0);
    if (liesInC16(l, source)) {
      int64_t c = source->dim(1), each = c / groups;
      std::vector<int32_t> table(static_cast<size_t>(c));
      for (int64_t j = 0; j < c; ++j)
        table[size_t(j)] = i32(j % groups * each + j / groups);
      l.formula = y->name() + " = channel_shuffle(" + source->name() +
                  ", groups=" + std::to_string(groups) + ")";
      auto cat = l.deferredCats.find(source);
      if (cat == l.deferredCats.end())
        gatherChannels(l, l.c16(source), noTensor, source, nullptr, table, y);
      else if (onlyPiecesUsed(y))
        l.deferredShuffles[y] = {cat->second, std::move(table)};
      else
        gatherFromCat(l, *cat->second, table, y);
      return success();
    }
  }
  if (lowerToRows(l, n))
    return success();
  if (std::optional<View> v = reshapeView(l.view(x), y->shape().ref()))
    l.setView(y, std::move(*v));
  else
    l.setPlain(y, l.part(l.plain(x), y->name(), y->type(), Layout::Plain, 0));
  return success();
}

// ---- views

LogicalResult lowerPermute(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  if (insideShuffle(l, n))
    return success();
  const std::vector<int64_t> &dims = PermuteOp(n).dims();
  if (auto last = l.channelsLastC16.find(x); last != l.channelsLastC16.end()) {
    l.setC16(y, last->second);
    return success();
  }
  if (l.inC16(x) && dims == std::vector<int64_t>{0, 2, 3, 1} && staysInC16(l, y)) {
    l.channelsLastC16[y] = l.c16(x);
    return success();
  }
  if (l.inC16(x) && x->dim(1) % 16 == 0) {
    // From c16 straight into the permuted order: the channel dim is two dims here.
    Dims own = c16Dims(x->shape()), s = denseStrides(own);
    Dims box, from, to, ys = denseStrides(y->shape().ref());
    for (size_t i = 0; i < dims.size(); ++i) {
      int64_t d = *normalizeDim(dims[i], 4);
      if (d == 1) {
        box.append({own[1], 16});
        from.append({s[1], s[4]});
        to.append({ys[i] * 16, ys[i]});
      } else {
        box.push_back(x->dim(d));
        from.push_back(s[size_t(d)]);
        to.push_back(ys[i]);
      }
    }
    int xt = l.c16(x), yt = l.definePlain(y);
    l.copyBox(DType::F32, {xt, 0, box, from}, {yt, 0, box, to});
    return success();
  }
  View v = l.view(x), r{v.tensor, v.offset, {}, {}};
  for (int64_t dim : dims) {
    size_t d = size_t(*normalizeDim(dim, x->rank()));
    r.dims.push_back(v.dims[d]);
    r.strides.push_back(v.strides[d]);
  }
  l.setView(y, std::move(r));
  return success();
}

LogicalResult lowerExpand(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  if (x->shape() == y->shape())
    l.setSame(y, x);
  else
    l.setView(y, l.broadcastView(x, y->shape()));
  return success();
}

namespace {
struct Piece {
  const Value *result;
  int64_t start, step;
};
} // namespace

/// One piece of a c16 tensor along a dimension, in c16 again; false when it must go through plain.
static bool sliceC16(Lowering &l, const Value *x, int64_t dim, const Piece &p) {
  const Shape &s = x->shape();
  const Value *y = p.result;
  if (y->rank() != 4)
    return false;
  int64_t length = y->dim(dim);
  if (dim == 1) {
    if (p.step != 1)
      return false;
    int xt = l.c16(x);
    if (s[0] == 1 && p.start % 16 == 0) {
      l.setC16(y, l.part(xt, y->name(), y->type(), Layout::C16, p.start * s[2] * s[3] * 4));
      return true;
    }
    wnnrt_copy_channels_params q = {};
    q.n = i32(s[0]), q.hw = i32(s[2] * s[3]), q.c = i32(length);
    q.src_c = i32(s[1]), q.dst_c = q.c, q.src_offset = i32(p.start);
    l.call(WNNRT_K_copy_channels_c16, q, {xt, l.defineC16(y)});
    return true;
  }
  Dims own = c16Dims(s), strides = denseStrides(own), box = c16Dims(y->shape());
  int xt = l.c16(x);
  if (dim == 0 && p.step == 1) {
    l.setC16(y, l.part(xt, y->name(), y->type(), Layout::C16, p.start * strides[0] * 4));
    return true;
  }
  int64_t offset = p.start * strides[size_t(dim)];
  strides[size_t(dim)] *= p.step;
  l.copyBox(DType::F32, {xt, offset, box, strides}, denseView(l.defineC16(y), box));
  return true;
}

LogicalResult lowerSlices(Lowering &l, const Node &n) {
  const Value *x = n.operand(0);
  int64_t dim = *normalizeDim(n.attr("dim").asInt(), x->rank());
  int64_t size = x->dim(dim);
  llvm::SmallVector<Piece, 4> pieces;
  bool drop = false; // the dimension goes away
  if (n.kind() == OpKind::Split) {
    int64_t at = 0;
    for (unsigned i = 0; i < n.numResults(); ++i) {
      pieces.push_back({n.result(i), at, 1});
      at += SplitOp(n).sizes()[i];
    }
  } else if (n.kind() == OpKind::Select) {
    int64_t index = SelectOp(n).index();
    pieces.push_back({n.result(), index < 0 ? index + size : index, 1});
    drop = true;
  } else {
    int64_t start = SliceOp(n).start();
    if (start < 0)
      start = std::max<int64_t>(start + size, 0);
    pieces.push_back({n.result(), std::min(start, size), SliceOp(n).step()});
  }
  for (const Piece &p : pieces) {
    if (!p.result->hasUses())
      continue;
    if (p.result->type().numel() == 0) {
      l.definePlain(p.result);
      continue;
    }
    if (auto s = l.deferredShuffles.find(x); s != l.deferredShuffles.end()) {
      llvm::ArrayRef<int32_t> table = s->second.table;
      gatherFromCat(l, *s->second.cat, table.slice(size_t(p.start), size_t(p.result->dim(1))),
                    p.result);
      continue;
    }
    if (p.result->shape() == x->shape()) {
      l.setSame(p.result, x);
      continue;
    }
    if (l.inC16(x) && !drop && sliceC16(l, x, dim, p))
      continue;
    View v = l.view(x);
    v.offset += p.start * v.strides[size_t(dim)];
    if (drop) {
      v.dims.erase(v.dims.begin() + dim);
      v.strides.erase(v.strides.begin() + dim);
    } else {
      v.dims[size_t(dim)] = p.result->dim(dim);
      v.strides[size_t(dim)] *= p.step;
    }
    l.setView(p.result, std::move(v));
  }
  return success();
}

// ---- concatenation

static void catC16(Lowering &l, const Node &n, int64_t dim) {
  const Value *y = n.result();
  const Shape &s = y->shape();
  llvm::SmallVector<int, 8> sources;
  for (const Value *v : n.variadicOperands())
    sources.push_back(v->type().numel() ? l.c16(v) : noTensor);
  int to = l.defineC16(y);
  Dims whole = c16Dims(s), strides = denseStrides(whole);
  int64_t at = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    const Value *v = n.variadicOperands()[i];
    int64_t length = v->dim(dim), start = at;
    at += length;
    if (sources[i] == noTensor)
      continue;
    bool blocks = dim != 1 || (start % 16 == 0 && (length % 16 == 0 || at == s[1]));
    bool outermost = dim == 0 || (dim == 1 && s[0] == 1);
    if (outermost && blocks) {
      int64_t offset = dim == 0 ? start * strides[0] : start * s[2] * s[3];
      l.flatCopy(sources[i],
                 l.part(to, y->name() + "." + v->name(), v->type(), Layout::C16, offset * 4));
    } else if (dim == 1) {
      wnnrt_copy_channels_params p = {};
      p.n = i32(s[0]), p.hw = i32(s[2] * s[3]), p.c = i32(length);
      p.src_c = p.c, p.dst_c = i32(s[1]), p.dst_offset = i32(start);
      l.call(WNNRT_K_copy_channels_c16, p, {sources[i], to});
    } else {
      Dims box = c16Dims(v->shape());
      l.copyBox(DType::F32, denseView(sources[i], box),
                {to, start * strides[size_t(dim)], box, strides});
    }
  }
}

LogicalResult lowerCat(Lowering &l, const Node &n) {
  const Value *y = n.result();
  int64_t dim = *normalizeDim(CatOp(n).dim(), y->rank());
  if (n.variadicOperands().size() == 1) {
    l.setSame(y, n.operand(0));
    return success();
  }
  if (y->rank() == 4 && y->dtype() == DType::F32) {
    int64_t blocked = 0;
    for (const Value *v : n.variadicOperands())
      if (l.inC16(v))
        blocked += v->type().numel();
    if (dim == 1 && goesIntoShuffle(l, n)) {
      l.deferredCats[y] = &n;
      return success();
    }
    if (blocked * 2 > y->type().numel()) {
      catC16(l, n, dim);
      return success();
    }
  }
  if (catRows(l, n))
    return success();
  llvm::SmallVector<View, 8> sources;
  for (const Value *v : n.variadicOperands())
    sources.push_back(v->type().numel() ? l.view(v) : View{});
  int to = l.definePlain(y);
  Dims strides = denseStrides(y->shape().ref());
  int64_t outer = y->shape().product(0, dim), at = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    const Value *v = n.variadicOperands()[i];
    int64_t start = at * strides[size_t(dim)];
    at += v->dim(dim);
    if (v->type().numel() == 0)
      continue;
    if (outer == 1) {
      int piece = l.part(to, y->name() + "." + v->name(), v->type(), Layout::Plain,
                         start * int64_t(dtypeBytes(y->dtype())));
      if (isDense(sources[i]) && sources[i].offset == 0 &&
          l.plan.tensors[size_t(sources[i].tensor)].bytes == v->type().bytes())
        l.flatCopy(sources[i].tensor, piece);
      else
        l.copyBox(y->dtype(), sources[i], denseView(piece, v->shape().ref()));
      continue;
    }
    l.copyBox(y->dtype(), sources[i], {to, start, sources[i].dims, strides});
    CallNote &note = l.notes.back();
    note.pieceOf = to;
    if (sources[i].offset == start && sources[i].strides == strides &&
        l.plan.tensors[size_t(sources[i].tensor)].bytes == l.plan.tensors[size_t(to)].bytes)
      note.alike = sources[i].tensor;
  }
  return success();
}

// ---- copies that change positions

/// Padding that also crops (negative sizes): circular mode wraps what is left, the others mirror or
/// repeat the whole input and crop then.
static void padAndCrop(Lowering &l, const PadOp &op, wnnrt_pad_params p) {
  const Value *x = op.input(), *y = op.result();
  Dims before(size_t(x->rank()), 0), after(size_t(x -> rank()), 0);
  for (size_t i = 0; i < op.pad().size() / 2; ++i) {
    before[before.size() - 1 - i] = op.pad()[2 * i];
    after[after.size() - 1 - i] = op.pad()[2 * i + 1];
  }
  bool cropFirst = p.mode == WNNRT_PAD_CIRCULAR;
  auto crop = [&](View v) {
    for (size_t d = 0; d < v.dims.size(); ++d) {
      v.offset += std::max<int64_t>(-before[d], 0) * v.strides[d];
      v.dims[d] -= std::max<int64_t>(-before[d], 0) + std::max<int64_t>(-after[d], 0);
    }
    return v;
  };
  View from = l.view(x);
  if (cropFirst)
    from = crop(from);
  int in = l.temp(x->name() + ".to_pad", {x->dtype(), Shape(from.dims)});
  l.copyBox(x->dtype(), from, denseView(in, from.dims));
  Dims padded = from.dims;
  for (size_t d = 0; d < padded.size(); ++d) {
    p.before[d] = std::max<int64_t>(before[d], 0);
    padded[d] += p.before[d] + std::max<int64_t>(after[d], 0);
  }
  setDims(p.in_dims, from.dims);
  setDims(p.out_dims, padded);
  int out = l.temp(y->name() + ".padded", {x->dtype(), Shape(padded)});
  l.call(WNNRT_K_pad, p, {in, out});
  View result = denseView(out, padded);
  l.setView(y, cropFirst ? result : crop(result));
}

LogicalResult lowerPad(Lowering &l, const Node &n) {
  PadOp op(n);
  const Value *x = op.input(), *y = op.result();
  const std::vector<int64_t> &pads = op.pad();
  Dims before(size_t(x->rank()), 0);
  bool negative = false, any = false;
  for (size_t i = 0; i < pads.size() / 2; ++i) {
    before[before.size() - 1 - i] = pads[2 * i];
    negative |= pads[2 * i] < 0 || pads[2 * i + 1] < 0;
    any |= pads[2 * i] != 0 || pads[2 * i + 1] != 0;
  }
  if (!any) {
    l.setSame(y, x);
    return success();
  }
  wnnrt_pad_params p = {};
  p.mode = op.mode() == "reflect"     ? WNNRT_PAD_REFLECT
           : op.mode() == "replicate" ? WNNRT_PAD_REPLICATE
           : op.mode() == "circular"  ? WNNRT_PAD_CIRCULAR
                                      : WNNRT_PAD_CONSTANT;
  p.element_bytes = i32(dtypeBytes(x->dtype()));
  uint8_t bytes[8] = {};
  storeElement(x->dtype(), bytes, op.value());
  std::memcpy(&p.bits, bytes, 8);
  if (x->type().numel() == 0 && p.mode == WNNRT_PAD_CONSTANT) {
    l.fill(l.definePlain(y), y->dtype(), y->type().numel(), op.value());
    return success();
  }
  if (l.inC16(x) && x->dim(0) == y->dim(0) && x->dim(1) == y->dim(1) && before[0] == 0 &&
      before[1] == 0) {
    p.rank = 5;
    setDims(p.in_dims, c16Dims(x->shape()));
    setDims(p.out_dims, c16Dims(y->shape()));
    p.before[2] = before[2], p.before[3] = before[3];
    int from = l.c16(x);
    l.call(WNNRT_K_pad, p, {from, l.defineC16(y)});
    return success();
  }
  p.rank = i32(x->rank());
  if (negative && p.mode != WNNRT_PAD_CONSTANT) {
    padAndCrop(l, op, p);
    return success();
  }
  setDims(p.in_dims, x->shape().ref());
  setDims(p.out_dims, y->shape().ref());
  setDims(p.before, before);
  int from = l.plain(x);
  l.call(WNNRT_K_pad, p, {from, l.definePlain(y)});
  return success();
}

LogicalResult lowerFlip(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  View v = l.view(x);
  for (int64_t dim : FlipOp(n).dims()) {
    if (x->rank() == 0)
      break;
    size_t d = size_t(*normalizeDim(dim, x->rank()));
    v.offset += (v.dims[d] - 1) * v.strides[d];
    v.strides[d] = -v.strides[d];
  }
  l.copyBox(x->dtype(), v, denseView(l.definePlain(y), y->shape().ref()));
  return success();
}

LogicalResult lowerRoll(Lowering &l, const Node &n) {
  RollOp op(n);
  const Value *x = op.input(), *y = op.result();
  View v = l.view(x);
  size_t rank = v.dims.size();
  // result[(i + shift) mod size] = input[i]: each rolled dimension cuts the box in two.
  Dims shift(rank, 0);
  if (op.dims().empty()) { // over the flattened tensor
    v = denseView(l.plain(x), {x->type().numel()});
    rank = 1;
    shift = {op.shifts().empty() ? 0 : op.shifts()[0]};
  }
  for (size_t i = 0; i < op.dims().size(); ++i)
    shift[size_t(*normalizeDim(op.dims()[i], x->rank()))] += op.shifts()[i];
  int to = l.definePlain(y);
  View whole = denseView(to, v.dims);
  std::vector<std::pair<View, View>> boxes{{v, whole}};
  for (size_t d = 0; d < rank; ++d) {
    int64_t size = v.dims[d], s = size ? ((shift[d] % size) + size) % size : 0;
    if (s == 0)
      continue;
    std::vector<std::pair<View, View>> cut;
    for (const auto &[from, dest] : boxes) {
      auto head = std::pair(from, dest), tail = std::pair(from, dest);
      head.first.dims[d] = head.second.dims[d] = size - s;
      head.second.offset += s * dest.strides[d];
      tail.first.dims[d] = tail.second.dims[d] = s;
      tail.first.offset += (size - s) * from.strides[d];
      cut.push_back(std::move(head));
      cut.push_back(std::move(tail));
    }
    boxes = std::move(cut);
  }
  for (const auto &[from, dest] : boxes)
    l.copyBox(x->dtype(), from, dest);
  return success();
}

LogicalResult lowerRepeat(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  const std::vector<int64_t> &repeats = RepeatOp(n).repeats();
  // Result dim i is [repeats[i], own size]; the repeat walks the source with stride 0. Too many
  // dims for one copy are done one repeat at a time.
  size_t rank = repeats.size(), extra = rank - size_t(x->rank());
  View from = l.view(x);
  from.dims.insert(from.dims.begin(), extra, 1);
  from.strides.insert(from.strides.begin(), extra, 0);
  unsigned boxRank = 0;
  for (size_t i = 0; i < rank; ++i)
    boxRank += unsigned(repeats[i] > 1) + unsigned(from.dims[i] > 1);
  auto repeatOnce = [&](const View &source, llvm::ArrayRef<int64_t> times, int to,
                        llvm::ArrayRef<int64_t> toDims) {
    Dims toStrides = denseStrides(toDims);
    View a{source.tensor, source.offset, {}, {}}, b{to, 0, {}, {}};
    for (size_t i = 0; i < rank; ++i) {
      if (times[i] > 1) {
        a.dims.push_back(times[i]);
        a.strides.push_back(0);
        b.strides.push_back(toStrides[i] * source.dims[i]);
      }
      if (source.dims[i] > 1) {
        a.dims.push_back(source.dims[i]);
        a.strides.push_back(source.strides[i]);
        b.strides.push_back(toStrides[i]);
      }
    }
    b.dims = a.dims;
    l.copyBox(x->dtype(), a, b);
  };
  if (boxRank <= WNNRT_MAX_RANK) {
    repeatOnce(from, repeats, l.definePlain(y), y->shape().ref());
    return success();
  }
  for (size_t i = 0; i < rank; ++i) {
    if (repeats[i] == 1)
      continue;
    Dims times(rank, 1), dims = from.dims;
    times[i] = repeats[i];
    dims[i] *= repeats[i];
    int to = l.temp(y->name() + ".repeat" + std::to_string(i), {x->dtype(), Shape(dims)});
    repeatOnce(from, times, to, dims);
    from = denseView(to, dims);
  }
  l.setPlain(y, from.tensor);
  return success();
}

LogicalResult lowerTri(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  wnnrt_tri_params p = {};
  p.element_bytes = i32(dtypeBytes(x->dtype()));
  p.upper = n.kind() == OpKind::Triu;
  p.rows = x->shape().back(1), p.cols = x->shape().back();
  p.batch = x->shape().product(0, x->rank() - 2);
  p.diagonal = n.attr("diagonal").asInt();
  int from = l.plain(x);
  l.call(WNNRT_K_tri, p, {from, l.definePlain(y)});
  return success();
}

LogicalResult lowerSliceScatter(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *src = n.operand(1), *y = n.result();
  size_t dim = size_t(*normalizeDim(n.attr("dim").asInt(), x->rank()));
  int64_t size = x->dim(int64_t(dim));
  int from = l.plain(x);
  View piece = l.view(src);
  int to = l.definePlain(y);
  l.flatCopy(from, to);
  View target = denseView(to, y->shape().ref());
  if (n.kind() == OpKind::SelectScatter) {
    int64_t index = SelectScatterOp(n).index();
    target.offset = (index < 0 ? index + size : index) * target.strides[dim];
    target.dims.erase(target.dims.begin() + int64_t(dim));
    target.strides.erase(target.strides.begin() + int64_t(dim));
  } else {
    SliceScatterOp op(n);
    int64_t start = op.start() < 0 ? std::max<int64_t>(op.start() + size, 0) : op.start();
    target.offset = std::min(start, size) * target.strides[dim];
    target.dims[dim] = src->dim(int64_t(dim));
    target.strides[dim] *= op.step();
  }
  if (src->type().numel())
    l.copyBox(y->dtype(), piece, target);
  return success();
}

} // namespace wnnx
