// SPDX-License-Identifier: Apache-2.0
//
// Recurrent layers of which not all steps are read (case C7).
pat 1;
import "sets.pat";

/// The last step of both directions: backwards that is the first step, which sees one entry only.
rule slice_gru_bidirectional : push, class real {
  match {
    (o, h) = gru(x: [N, T, _], h0, [a, b, c, d, p, q, r, s], has_biases = true, num_layers = 1,
                 bidirectional = true, batch_first = true);
    z = slice(o, dim = k, start = i, end = _, step = 1);
  }
  where norm(k, 3) == 1, i == T - 1, T > 1;
  rewrite {
    (fo, fh) = gru(x, slice(h0, dim = 0, start = 0, end = 1), [a, b, c, d], has_biases = true,
                   num_layers = 1, bidirectional = false, batch_first = true);
    (bo, bh) = gru(slice(x, dim = 1, start = T - 1, end = T),
                   slice(h0, dim = 0, start = 1, end = 2), [p, q, r, s], has_biases = true,
                   num_layers = 1, bidirectional = false, batch_first = true);
    z = cat([permute(fh, dims = [1, 0, 2]), bo], dim = 2);
  }
}
rule slice_lstm_bidirectional : push, class real {
  match {
    (o, h, m) = lstm(x: [N, T, _], h0, c0, [a, b, c, d, p, q, r, s], has_biases = true,
                     num_layers = 1, bidirectional = true, batch_first = true);
    z = slice(o, dim = k, start = i, end = _, step = 1);
  }
  where norm(k, 3) == 1, i == T - 1, T > 1;
  rewrite {
    (fo, fh, fc) = lstm(x, slice(h0, dim = 0, start = 0, end = 1),
                        slice(c0, dim = 0, start = 0, end = 1), [a, b, c, d], has_biases = true,
                        num_layers = 1, bidirectional = false, batch_first = true);
    (bo, bh, bc) = lstm(slice(x, dim = 1, start = T - 1, end = T),
                        slice(h0, dim = 0, start = 1, end = 2),
                        slice(c0, dim = 0, start = 1, end = 2), [p, q, r, s], has_biases = true,
                        num_layers = 1, bidirectional = false, batch_first = true);
    z = cat([permute(fh, dims = [1, 0, 2]), bo], dim = 2);
  }
}
/// The first steps of one direction need no later ones.
rule slice_gru_steps : push, class real {
  match {
    (o, h) = gru(x, h0, [..w], bidirectional = false, batch_first = f, ..a);
    z = slice(o, dim = k, start = i, end = e, step = t);
  }
  let n = f ? 1 : 0;
  where norm(k, 3) == n, e >= 1, i >= 0;
  when e < dim(x, n);
  rewrite {
    (s, g) = gru(slice(x, dim = n, start = 0, end = e), h0, [..w], bidirectional = false,
                 batch_first = f, ..a);
    z = slice(s, dim = k, start = i, end = e, step = t);
  }
}
rule slice_lstm_steps : push, class real {
  match {
    (o, h, c) = lstm(x, h0, c0, [..w], bidirectional = false, batch_first = f, ..a);
    z = slice(o, dim = k, start = i, end = e, step = t);
  }
  let n = f ? 1 : 0;
  where norm(k, 3) == n, e >= 1, i >= 0;
  when e < dim(x, n);
  rewrite {
    (s, g, m) = lstm(slice(x, dim = n, start = 0, end = e), h0, c0, [..w], bidirectional = false,
                     batch_first = f, ..a);
    z = slice(s, dim = k, start = i, end = e, step = t);
  }
}

test "the last step" for slice_gru_bidirectional {
  graph (x: f32[2,5,3], h: f32[2,2,4]) {
    const a: f32[12,3] = file("random", "a");
    const b: f32[12,4] = file("random", "b");
    const c: f32[12] = file("random", "c");
    const d: f32[12] = file("random", "d");
    const p: f32[12,3] = file("random", "p");
    const q: f32[12,4] = file("random", "q");
    const r: f32[12] = file("random", "r");
    const s: f32[12] = file("random", "s");
    o, n = gru(x, h, a, b, c, d, p, q, r, s, bidirectional=true, batch_first=true);
    z = slice(o, dim=1, start=4, end=5);
    return z;
  }
  expect fired 1;
}
test "the first step" for slice_gru_bidirectional {
  graph (x: f32[2,5,3], h: f32[2,2,4], a: f32[12,3], b: f32[12,4], c: f32[12], d: f32[12]) {
    o, n = gru(x, h, a, b, c, d, a, b, c, d, bidirectional=true, batch_first=true);
    z = slice(o, dim=1, start=0, end=1);
    return z;
  }
  expect no_match because "i == T - 1";
}
test "the last step" for slice_lstm_bidirectional {
  graph (x: f32[2,5,3], h: f32[2,2,4], m: f32[2,2,4]) {
    const a: f32[16,3] = file("random", "a");
    const b: f32[16,4] = file("random", "b");
    const c: f32[16] = file("random", "c");
    const d: f32[16] = file("random", "d");
    const p: f32[16,3] = file("random", "p");
    const q: f32[16,4] = file("random", "q");
    const r: f32[16] = file("random", "r");
    const s: f32[16] = file("random", "s");
    o, n, k = lstm(x, h, m, a, b, c, d, p, q, r, s, bidirectional=true, batch_first=true);
    z = slice(o, dim=1, start=4, end=5);
    return z;
  }
  expect fired 1;
}
test "the state is read" for slice_lstm_bidirectional {
  graph (x: f32[2,5,3], h: f32[2,2,4], a: f32[16,3], b: f32[16,4], c: f32[16], d: f32[16]) {
    o, n, k = lstm(x, h, h, a, b, c, d, a, b, c, d, bidirectional=true, batch_first=true);
    z = slice(o, dim=1, start=4, end=5);
    return z, n;
  }
  expect no_match because "graph output";
}
test "the first steps" for slice_gru_steps {
  graph (x: f32[5,2,3], h: f32[1,2,4]) {
    const a: f32[12,3] = file("random", "a");
    const b: f32[12,4] = file("random", "b");
    o, n = gru(x, h, a, b, has_biases=false);
    z = slice(o, dim=0, start=1, end=3);
    return z;
  }
  expect fired 1;
}
test "backwards, too" for slice_gru_steps {
  graph (x: f32[5,2,3], h: f32[2,2,4], a: f32[12,3], b: f32[12,4]) {
    o, n = gru(x, h, a, b, a, b, has_biases=false, bidirectional=true);
    z = slice(o, dim=0, start=1, end=3);
    return z;
  }
  expect no_match because "bidirectional";
}
test "the first steps" for slice_lstm_steps {
  graph (x: f32[2,5,3], h: f32[1,2,4]) {
    const a: f32[16,3] = file("random", "a");
    const b: f32[16,4] = file("random", "b");
    o, n, c = lstm(x, h, h, a, b, has_biases=false, batch_first=true);
    z = slice(o, dim=-2, start=1, end=3);
    return z;
  }
  expect fired 1;
}
test "up to the last" for slice_lstm_steps {
  graph (x: f32[2,5,3], h: f32[1,2,4], a: f32[16,3], b: f32[16,4]) {
    o, n, c = lstm(x, h, h, a, b, has_biases=false, batch_first=true);
    z = slice(o, dim=1, start=1, end=5);
    return z;
  }
  expect no_match because "e < dim(x, n)";
}
