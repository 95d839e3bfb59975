// SPDX-License-Identifier: Apache-2.0
//
// The rule sets and the order in which they run. Cleaning comes first, so that what follows sees
// neighbours as neighbours; spellings are recognised before they are fused. What can be folded into
// weights is folded into those in front of it, and only then into those behind. Activations are
// fused last: behind an activation nothing linear follows a convolution any more.
pat 1;

ruleset cleanup;
ruleset spell { after cleanup; }
ruleset layout { after spell; }
ruleset push { after layout; }
ruleset fold { after push; }
ruleset fold_forward { after fold; }
ruleset fuse { after fold_forward; }
ruleset finish { after fuse; }
ruleset merge { after finish; }

/// What runs unless another schedule is asked for. Slices that have moved, and weights that were folded, leave
/// behind what cleaning takes away, which brings neighbours together; so these take turns until nothing
/// changes. Rules of these sets only go one way, which is why this ends (see the laws in README.md).
schedule default =
    cleanup*; spell*; layout*; (cleanup*; push*)*; (fold*; fold_forward*; cleanup*; push*)*;
    (fuse*; finish*; cleanup*)*; merge*;
