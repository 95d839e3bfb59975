# SPDX-License-Identifier: Apache-2.0
"""Ops that take positions from tensors."""
import torch
import torch.nn.functional as F

FAMILY = "indexing"

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
          torch.int16, torch.int8, torch.uint8, torch.bool]


def count(*shape):
    return torch.arange(torch.Size(shape).numel()).float().reshape(shape)


def lookup_cases(out):
    w = count(5, 3)
    for i, indices in enumerate([torch.tensor([0, 4, 4, 2]), torch.tensor(3), torch.zeros(0).long(),
                                 torch.tensor([[1, 0], [2, 3], [4, 4]]), torch.tensor([[[2]]]),
                                 torch.tensor([3, 1], dtype=torch.int32)]):
        out.case(f"embedding_{i}", "embedding", [w, indices], {}, F.embedding(indices, w))
    empty = torch.zeros(2, 0)
    out.case("embedding_no_width", "embedding", [empty, torch.tensor([1])], {},
             F.embedding(torch.tensor([1]), empty))
    out.case("embedding_no_rows", "embedding", [torch.zeros(0, 2), torch.zeros(0).long()], {},
             F.embedding(torch.zeros(0).long(), torch.zeros(0, 2)))
    for i, (shape, dim, index) in enumerate([
            ((4, 3), 0, [3, 0, 0]), ((4, 3), 1, [2, 1]), ((2, 3, 4), -2, [1, 1, 2, 0]),
            ((5,), 0, [4]), ((5,), 0, []), ((2, 3), -1, 1), ((), 0, [0]), ((0, 2), 1, [1, 0]),
            ((), -1, 0)]):
        x, index = count(*shape), torch.tensor(index, dtype=torch.int64)
        out.case(f"index_select_{i}", "index_select", [x, index], {"dim": dim},
                 torch.index_select(x, dim, index))
    index = torch.tensor([1, 0, 2], dtype=torch.int32)
    out.case("index_select_i32", "index_select", [w, index], {"dim": 1},
             torch.index_select(w, 1, index))


def gather_cases(out):
    rows = [((3, 4), 0, (2, 4)), ((3, 4), 1, (3, 6)), ((3, 4), 1, (2, 1)), ((3, 4), -2, (5, 2)),
            ((2, 3, 4), 1, (2, 5, 4)), ((2, 3, 4), -1, (1, 2, 7)), ((6,), 0, (3,)), ((), 0, ()),
            ((), 0, (1,)), ((3, 4), 0, (0, 4)), ((3, 4), 1, (0, 9)), ((2, 1, 3), 2, (2, 1, 3))]
    for i, (shape, dim, index_shape) in enumerate(rows):
        x = count(*shape)
        size = shape[dim] if shape else 1
        index = out.randint(*index_shape, low=0, high=size)
        out.case(f"gather_{i}", "gather", [x, index], {"dim": dim}, torch.gather(x, dim, index))
        # Several writes to one place have no defined order in PyTorch: indices along a line differ.
        if not index_shape or index.numel() == 0 or index.shape[dim] <= size:
            if index.numel() and index_shape and shape:
                order = torch.rand(index.transpose(0, dim).shape[1:] + (size,), generator=out.random)
                index = order.argsort(-1)[..., :index.shape[dim]].movedim(-1, 0).transpose(0, dim)
                index = index.contiguous()
            src = -1 - count(*(index_shape if i % 2 else [d + 1 for d in index_shape]))
            out.case(f"scatter_{i}", "scatter", [x, index, src], {"dim": dim},
                     torch.scatter(x, dim, index, src))
    x, index, src = torch.zeros(4), torch.tensor([1, 1, 2]), torch.tensor([1.0, 2.0, 3.0])
    out.case("scatter_last_wins", "scatter", [x, index, src], {"dim": 0},
             torch.scatter(x, 0, index, src))
    index = torch.tensor([[0, 1, 1, 0]], dtype=torch.int32)
    x = count(2, 4)
    out.case("gather_i32", "gather", [x, index], {"dim": 0}, torch.gather(x, 0, index))


def index_cases(out):
    t = torch.tensor
    mask = t([[True, False, True], [False, False, True]])
    rows = [
        ((4, 3), [t([3, 0, 0])]), ((4, 3), [None, t([2, 0])]), ((4, 3), [t([0, 1]), t([2, 1])]),
        ((4, 3), [t(-1)]), ((4, 3), [t([-1, -4, 0])]), ((4, 3), [t([[0, 1], [2, 3]])]),
        ((4, 3), [t([[0], [2]]), t([1, 2])]), ((4, 3), [t([1, 2]), t(0)]), ((4, 3), [t(1), t(2)]),
        ((2, 3, 4), [None, t([0, 2]), t([1, 3])]), ((2, 3, 4), [t([0, 1]), None, t([3, 2])]),
        ((2, 3, 4), [t([[0], [1]]), None, t([3, 2])]), ((2, 3, 4), [None, None, t([[3, 0]])]),
        ((2, 3, 4), [t(1), None, t(2)]), ((2, 3, 4), [t([1]), t([2]), t([-1])]),
        ((2, 3, 2, 2), [None, t([1, 0]), None, t([0, 1])]), ((4, 3), [torch.zeros(0).long()]),
        ((4, 3), [torch.zeros(0, 2).long(), t([[1]])]), ((0, 3), [None, t([1, 1])]),
        ((4, 3), [t([1, 2], dtype=torch.int32)]), ((4, 3), [None, None]), ((4, 3), []),
        ((2, 3), [mask]), ((2, 3, 2), [mask]), ((2, 2, 3), [None, mask]),
        ((3, 2), [t([True, False, True])]), ((3, 2), [t([False, False, False])]),
        ((3, 2), [t([True, False, True]), t([1, 0])]), ((3, 2), [t([True, False, True]), t(1)]),
        ((3, 2, 3), [t([True, False, True]), None, t([2, 0])]), ((2, 3, 2, 3), [mask, None, t([0, 1, 2])])]
    for i, (shape, indices) in enumerate(rows):
        x = count(*shape)
        want = torch.ops.aten.index(x, indices) if indices and any(
            j is not None for j in indices) else x
        out.case(f"index_{i}", "index", [x, *indices], {}, want)


def dtype_cases(out):
    for dtype in DTYPES:
        name = str(dtype)[6:]
        x, src = out.randint(3, 2, low=0, high=9).to(dtype), out.randint(1, 2, low=0, high=9).to(dtype)
        rows, places = torch.tensor([2, 0]), torch.tensor([[2, 1]])
        out.case(f"embedding_{name}", "embedding", [x, rows], {}, F.embedding(rows, x))
        out.case(f"index_select_{name}", "index_select", [x, rows], {"dim": 0},
                 torch.index_select(x, 0, rows))
        out.case(f"gather_{name}", "gather", [x, places], {"dim": 0}, torch.gather(x, 0, places))
        out.case(f"index_{name}", "index", [x, rows], {}, x[rows])
        out.case(f"scatter_{name}", "scatter", [x, places, src], {"dim": 0},
                 torch.scatter(x, 0, places, src))


def cases(out):
    lookup_cases(out)
    gather_cases(out)
    index_cases(out)
    dtype_cases(out)
