// SPDX-License-Identifier: Apache-2.0
// The tables of all kernels, one for each ISA. A program that needs nothing of this file holds the
// kernels alone that it names.
#include "wnnrt_rows.h"

namespace wnnrt {
namespace {

constexpr wnnrt_kernels refTable = {
    "ref",
    &refTable,
    nullptr,
#define WNNRT_KERNEL(name, params, args) &ref::name,
#include "wnnrt_kernels.def"
};

#if WNNRT_HAVE_VEC128
constexpr const wnnrt_part *vec128Parts[] = {
#define WNNRT_NAME_PART(name) &vec128::name,
    WNNRT_PARTS(WNNRT_NAME_PART)
#undef WNNRT_NAME_PART
};
constexpr wnnrt_kernels vec128Table = {
    "vec128",
    &refTable,
    vec128Parts,
#define WNNRT_KERNEL(name, params, args) &vec128::name,
#include "wnnrt_kernels.def"
};
#endif
#if WNNRT_HAVE_AVX2
constexpr const wnnrt_part *avx2Parts[] = {
#define WNNRT_NAME_PART(name) &avx2::name,
    WNNRT_PARTS(WNNRT_NAME_PART)
#undef WNNRT_NAME_PART
};
constexpr wnnrt_kernels avx2Table = {
    "avx2",
    &refTable,
    avx2Parts,
#define WNNRT_KERNEL(name, params, args) &avx2::name,
#include "wnnrt_kernels.def"
};
#endif
#if WNNRT_HAVE_AVX512
constexpr const wnnrt_part *avx512Parts[] = {
#define WNNRT_NAME_PART(name) &avx512::name,
    WNNRT_PARTS(WNNRT_NAME_PART) WNNRT_AVX512_PARTS(WNNRT_NAME_PART)
#undef WNNRT_NAME_PART
};
constexpr wnnrt_kernels avx512Table = {
    "avx512",
    &refTable,
    avx512Parts,
#define WNNRT_KERNEL(name, params, args) &avx512::name,
#include "wnnrt_kernels.def"
};
#endif

} // namespace
} // namespace wnnrt

using namespace wnnrt;

const wnnrt_kernels *wnnrt_kernels_for(wnnrt_isa isa) {
  if (isa > wnnrt_cpu_isa())
    return nullptr;
  switch (isa) {
  case WNNRT_ISA_REF:
    return &refTable;
#if WNNRT_HAVE_VEC128
  case WNNRT_ISA_VEC128:
    return &vec128Table;
#endif
#if WNNRT_HAVE_AVX2
  case WNNRT_ISA_AVX2:
    return &avx2Table;
#endif
#if WNNRT_HAVE_AVX512
  case WNNRT_ISA_AVX512:
    return &avx512Table;
#endif
  default:
    return nullptr;
  }
}

const wnnrt_kernels *wnnrt_kernels_best(void) {
  return wnnrt_kernels_for(wnnrt_cpu_isa());
}
