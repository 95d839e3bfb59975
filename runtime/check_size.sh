#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails if the library has more code and constants than products were promised.
# usage: check_size.sh libwnnrt.a BYTES
bytes=$(size -t "$1" | awk '$NF == "(TOTALS)" {print $1}')
echo "$bytes bytes of code and constants, limit $2"
[ -n "$bytes" ] && [ "$bytes" -le "$2" ]
