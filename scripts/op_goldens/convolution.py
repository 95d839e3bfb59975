# SPDX-License-Identifier: Apache-2.0
"""conv2d and conv_transpose2d."""
import torch
import torch.nn.functional as F

FAMILY = "convolution"

ACTIVATIONS = {
    "relu": ([], F.relu),
    "clamp": ([-0.5, 1.5], lambda x: torch.clamp(x, -0.5, 1.5)),
    "leaky_relu": ([0.2], lambda x: F.leaky_relu(x, 0.2)),
    "elu": ([1.5, 1.0, 1.0], lambda x: F.elu(x, 1.5)),
    "silu": ([], F.silu),
    "hardswish": ([], F.hardswish),
    "hardsigmoid": ([], F.hardsigmoid),
    "sigmoid": ([], torch.sigmoid),
    "tanh": ([], torch.tanh),
    "gelu": ([1.0], lambda x: F.gelu(x, approximate="tanh")),
    "softplus": ([2.0, 1.0], lambda x: F.softplus(x, 2.0, 1.0)),
    "mish": ([], F.mish),
}


def conv(out, name, x, w, bias=None, residual=None, stride=(1, 1), padding=(0, 0),
         dilation=(1, 1), groups=1, act="none", params=(), function=lambda x: x):
    """padding of four is [top, left, bottom, right]."""
    padded = x
    if len(padding) == 4:
        top, left, bottom, right = padding
        padded = F.pad(x, (left, right, top, bottom))
    want = F.conv2d(padded, w, bias, stride, padding if len(padding) == 2 else 0, dilation, groups)
    if residual is not None:
        want = want + residual
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
             "act": act, "act_params": params}
    attrs = {k: v for k, v in attrs.items() if v not in ((), "none")}
    out.case(name, "conv2d", [x, w, bias, residual], attrs, function(want))


def conv_cases(out):
    r = out.rand
    conv(out, "one_pixel", r(1, 1, 1, 1), r(1, 1, 1, 1))
    conv(out, "batch_bias", r(2, 3, 5, 6), r(4, 3, 3, 3), r(4))
    conv(out, "pointwise", r(2, 5, 3, 7), r(3, 5, 1, 1), r(3))
    conv(out, "same_padding", r(1, 2, 4, 5), r(3, 2, 3, 3), r(3), padding=(1, 1))
    conv(out, "kernel_1x5", r(1, 2, 3, 9), r(2, 2, 1, 5), padding=(0, 2))
    conv(out, "kernel_4x2", r(1, 2, 6, 5), r(2, 2, 4, 2), r(2), padding=(2, 1))
    conv(out, "strides", r(2, 2, 7, 9), r(3, 2, 3, 3), r(3), stride=(2, 3), padding=(1, 1))
    conv(out, "stride_drops_rest", r(1, 1, 8, 8), r(1, 1, 3, 3), stride=(4, 4))
    conv(out, "dilated", r(1, 2, 8, 9), r(2, 2, 3, 3), dilation=(2, 3), padding=(2, 3))
    conv(out, "dilated_strided", r(1, 1, 9, 9), r(2, 1, 2, 3), dilation=(3, 2), stride=(2, 1))
    conv(out, "groups", r(2, 6, 4, 3), r(4, 3, 2, 2), r(4), groups=2)
    conv(out, "depthwise", r(2, 4, 5, 5), r(4, 1, 3, 3), r(4), padding=(1, 1), groups=4)
    conv(out, "depthwise_multiplier", r(1, 3, 4, 4), r(6, 1, 3, 3), padding=(1, 1), groups=3)
    conv(out, "padding_four", r(1, 2, 4, 4), r(2, 2, 3, 3), r(2), padding=(0, 1, 2, 0))
    conv(out, "padding_four_strided", r(2, 1, 5, 6), r(2, 1, 3, 2), stride=(2, 2),
         padding=(0, 0, 1, 1))
    conv(out, "padding_beyond_kernel", r(1, 1, 2, 2), r(1, 1, 2, 2), padding=(4, 3))
    conv(out, "wide_output", r(1, 2, 3, 40), r(3, 2, 3, 3), r(3), padding=(1, 1))
    conv(out, "many_channels", r(1, 19, 2, 3), r(17, 19, 1, 1), r(17))
    conv(out, "no_batch", r(0, 2, 4, 4), r(3, 2, 3, 3), r(3))
    conv(out, "residual", r(1, 2, 4, 4), r(3, 2, 3, 3), r(3), residual=r(1, 3, 4, 4),
         padding=(1, 1))
    conv(out, "residual_act", r(2, 2, 3, 3), r(2, 2, 1, 1), residual=r(2, 2, 3, 3), act="relu",
         function=F.relu)
    for name, (params, function) in ACTIVATIONS.items():
        conv(out, "act_" + name, r(1, 2, 3, 4), r(3, 2, 2, 2), r(3), act=name, params=params,
             function=function)
    conv(out, "act_gelu_default", r(1, 2, 3, 4), r(3, 2, 2, 2), act="gelu", function=F.gelu)
    conv(out, "act_relu6", r(1, 2, 3, 4), r(3, 2, 2, 2), r(3), act="clamp", params=(0.0, 6.0),
         function=F.relu6)
    conv(out, "act_lower_limit", r(1, 2, 3, 4), r(3, 2, 2, 2), r(3), act="clamp",
         params=(-1.0, float("inf")), function=lambda x: torch.clamp(x, min=-1.0))
    conv(out, "f64", r(1, 2, 3, 4, dtype=torch.float64), r(3, 2, 2, 2, dtype=torch.float64))
    special = r(1, 1, 4, 4)
    special[0, 0, 1, 1] = float("nan")
    special[0, 0, 3, 3] = float("inf")
    conv(out, "nan_and_inf", special, r(2, 1, 2, 2, low=0.5))
    zeros = torch.zeros(1, 1, 2, 2)
    conv(out, "inf_times_zero", torch.full((1, 1, 3, 3), float("inf")), zeros)


def transposed(out, name, x, w, bias=None, stride=(1, 1), padding=(0, 0), output_padding=(0, 0),
               dilation=(1, 1), groups=1):
    attrs = {"stride": stride, "padding": padding, "output_padding": output_padding,
             "groups": groups, "dilation": dilation}
    want = F.conv_transpose2d(x, w, bias, **attrs)
    out.case(name, "conv_transpose2d", [x, w, bias], attrs, want)


def cases(out):
    conv_cases(out)
    r = out.rand
    transposed(out, "t_basic", r(2, 3, 3, 4), r(3, 2, 2, 3), r(2))
    transposed(out, "t_stride", r(1, 2, 3, 4), r(2, 3, 2, 2), r(3), stride=(2, 2))
    transposed(out, "t_padding", r(1, 2, 4, 5), r(2, 2, 3, 3), stride=(2, 3), padding=(1, 2))
    transposed(out, "t_output_padding", r(2, 2, 3, 3), r(2, 1, 3, 3), r(1), stride=(2, 3),
               padding=(1, 1), output_padding=(1, 2))
    transposed(out, "t_dilated", r(1, 2, 3, 3), r(2, 2, 2, 3), dilation=(3, 2), padding=(1, 1))
    transposed(out, "t_dilated_output_padding", r(1, 1, 3, 3), r(1, 1, 2, 2), dilation=(2, 3),
               output_padding=(1, 2))
    transposed(out, "t_groups", r(2, 4, 3, 2), r(4, 2, 3, 2), r(4), stride=(2, 1), groups=2)
    transposed(out, "t_depthwise", r(1, 3, 4, 4), r(3, 1, 4, 4), stride=(2, 2), padding=(1, 1),
               groups=3)
    transposed(out, "t_wide", r(1, 2, 2, 37), r(2, 1, 1, 3))
    transposed(out, "t_one", r(1, 1, 1, 1), r(1, 2, 1, 1))
    transposed(out, "t_no_batch", r(0, 2, 3, 3), r(2, 1, 2, 2))
    special = r(1, 1, 2, 2)
    special[0, 0, 0, 1] = float("nan")
    transposed(out, "t_nan", special, r(1, 1, 2, 2), r(1), stride=(2, 2))
