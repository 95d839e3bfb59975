// SPDX-License-Identifier: Apache-2.0
// Which ISAs are built, and the rows each of them replaces.
#ifndef WNNRT_SRC_ISA_H
#define WNNRT_SRC_ISA_H

#include "wnnrt.h"

#ifndef WNNRT_HAVE_VEC128
#define WNNRT_HAVE_VEC128 0
#endif
#ifndef WNNRT_HAVE_AVX2
#define WNNRT_HAVE_AVX2 0
#endif
#ifndef WNNRT_HAVE_AVX512
#define WNNRT_HAVE_AVX512 0
#endif

#endif // WNNRT_SRC_ISA_H
