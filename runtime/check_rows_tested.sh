#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails if a row of wnnrt_kernels.def is called by no kernel test. usage: check_rows_tested.sh
here=$(dirname "$0")
status=0
for row in $(sed -n 's/^WNNRT_KERNEL(\([a-z0-9_]*\),.*/\1/p' "$here/include/wnnrt_kernels.def"); do
  if ! grep -q "kernels->$row\b" "$here"/test/*.cpp; then
    echo "row \`$row\` has no test"
    status=1
  fi
done
exit $status
