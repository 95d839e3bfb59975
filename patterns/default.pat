// SPDX-License-Identifier: Apache-2.0
//
// The rules for everyday use: all that keep results within rounding, or the same decisions, and make
// graphs smaller. `wnnxc model.pt --rules patterns/default.pat ...`
//
// First what does nothing goes away and spellings are recognised; then slices move up (push); linear
// ops are folded, moved and joined (fold, fold_forward); at last neighbours are fused (fuse). The
// schedule `default` of `sets.pat` says in which turns, and cleans again behind each.
//
// Not here, because they cost memory traffic or products, and pay on some machines only: `merge.pat`
// and `merge_unequal.pat` (README.md). Not here, because they need a word from the user: what `--allow` is for.
pat 1;

import "fuse.pat";
import "spell_norm.pat";
import "norms.pat";
import "units.pat";
import "algebra.pat";
import "ranges.pat";
import "decisions.pat";
import "joins.pat";
import "layout.pat";
import "layout_down.pat";
import "pads.pat";
import "channels.pat";
import "shuffle.pat";
import "bias.pat";
import "slice_motion.pat";
import "slice_shape.pat";
import "slice_weights.pat";
import "stride.pat";
import "index_motion.pat";
import "recurrent.pat";
import "linear_motion.pat";
import "collapse.pat";
import "reparam.pat";
import "preprocess.pat";
import "pool_act.pat";
import "spell_attention.pat";
import "windows.pat";
