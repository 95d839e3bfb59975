// SPDX-License-Identifier: Apache-2.0
//
// The rule sets and the order in which they run. Cleaning comes first, so that what follows sees
// neighbours as neighbours; spellings are recognised before they are fused; folding into weights
// comes before activations are fused, after which nothing linear follows a convolution any more.
pat 1;

ruleset cleanup;
ruleset spell { after cleanup; }
ruleset fold { after spell; }
ruleset fuse { after fold; }
