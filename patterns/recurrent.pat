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
    (bo, bh) = gru(slice(x, dim = 1, start = T - 1, end = T), slice(h0, dim = 0, start = 1, end = 2),
                   [p, q, r, s], has_biases = true, num_layers = 1, bidirectional = false,
                   batch_first = true);
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
  when  e < dim(x, n);
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
  when  e < dim(x, n);
  rewrite {
    (s, g, m) = lstm(slice(x, dim = n, start = 0, end = e), h0, c0, [..w], bidirectional = false,
                     batch_first = f, ..a);
    z = slice(s, dim = k, start = i, end = e, step = t);
  }
}
