// SPDX-License-Identifier: Apache-2.0
//
// The entry for everyday use: everything here that keeps results within rounding and makes graphs
// smaller. `wnnxc model.pt --rules patterns/fuse.pat ...`
pat 1;

import "cleanup.pat";
import "activations.pat";
import "pad_conv.pat";
import "focus.pat";
import "conv_bn.pat";
import "conv_affine.pat";
import "conv_act.pat";
