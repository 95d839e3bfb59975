#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails if an object compiled with ISA flags defines a weak or unique symbol (the linker could pick
# it for the whole program) or a strong one outside its own namespace, or needs a symbol that is not
# of libwnnrt or of the C library. usage: check_isa_symbols.sh <libwnnrt.a or objects>
status=0
for file in "$@"; do
  bad=$(nm -A -P "$file" | awk '
    {
      n = split($1, path, /[:\[\]]/)
      object = $1; symbol = $2; type = $3
      member = object ~ /(act_rows|conv_c16|conv_first|depthwise|linear|matmul_tiles|pool_c16|reorder|elementwise|rows_norm|attention)\.cpp/
      if (!member) next
      if (type ~ /^[WVu]$/) print object, "leaks", symbol
      if (type ~ /^[TDBR]$/ && symbol !~ /^_ZN5wnnrt(4avx2|6avx512|6vec128)/) print object, "defines", symbol
      if (type == "U" && symbol !~ /^_ZN5wnnrt/ && symbol !~ /^wnnrt_/ && symbol !~ /^(memcpy|memset|memmove|expf|logf|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$/) print object, "needs", symbol
    }')
  if [ -n "$bad" ]; then
    printf '%s\n' "$bad"
    status=1
  fi
done
exit $status
