// SPDX-License-Identifier: Apache-2.0
//
// Functions on convolutions' padding and kernels that several files use.
pat 1;

/// conv2d's padding as [top, left, bottom, right].
fn four_sides(p: list) = len(p) == 4 ? p : [p[0], p[1], p[0], p[1]];
/// The short form where the sides are equal.
fn shortest(p: list) = p[0] == p[2] && p[1] == p[3] ? p[0:2] : p;
/// Kernel w of padding [p, q] in the middle of one of padding [P, Q]: the same sums.
fn widen(w: tensor, p: int, q: int, P: int, Q: int) =
    pad(w, [[0, 0], [0, 0], [P - p, P - p], [Q - q, Q - q]]);
/// A constant of this shape is one number, or one for each of the C channels of [N, C, H, W].
fn by_channel(s: list, C: int) = prod(s) == 1 || s == [C, 1, 1] || s == [1, C, 1, 1];
/// One number for each channel.
fn spread(c: tensor, C: int) = c.reshape([-1]).expand([C]);
