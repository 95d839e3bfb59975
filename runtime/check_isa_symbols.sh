#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails if an object compiled with ISA flags defines a weak or unique symbol (the linker could pick
# it for the whole program), a strong one outside its own namespace, or needs a symbol that is not
# of libwnnrt or of the C library. Such objects are known by the ISA kernels they define.
# usage: check_isa_symbols.sh <libwnnrt.a>
nm -A -P "$1" | awk '
  {
    object[NR] = $1; symbol[NR] = $2; type[NR] = $3
    if ($2 ~ /^_ZNK?5wnnrt(4avx2|6avx512|6vec128)/ && $3 == "T") isa[$1] = 1
  }
  END {
    bad = 0; count = 0
    for (o in isa) ++count
    for (i = 1; i <= NR; ++i) {
      if (!(object[i] in isa)) continue
      own = symbol[i] ~ /^_ZNK?5wnnrt(4avx2|6avx512|6vec128)/
      library = symbol[i] ~ /^(_ZNK?5wnnrt|wnnrt_)/
      c = symbol[i] ~ /^(memcpy|memset|memmove|expf|logf|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$/
      why = ""
      if (type[i] ~ /^[WVu]$/) why = "leaks"
      else if (type[i] ~ /^[TDBR]$/ && !own) why = "defines"
      else if (type[i] == "U" && !library && !c) why = "needs"
      if (why != "") { print object[i], why, symbol[i]; bad = 1 }
    }
    if (count == 0) { print "no ISA object found"; bad = 1 }
    exit bad
  }'
