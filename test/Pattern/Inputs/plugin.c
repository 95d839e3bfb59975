/* SPDX-License-Identifier: Apache-2.0
 *
 * An example of a plugin: sorts a tensor, counts the elements below a limit, reverses a list. */
#include "wnnx/Pattern/Plugin.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static const char *ascending(wnnx_pat_context *c, const wnnx_pat_value *a, size_t count,
                             wnnx_pat_value *result) {
  (void)count;
  size_t n = 1;
  for (size_t i = 0; i < a[0].count; ++i)
    n *= (size_t)a[0].ints[i];
  double *out = (double *)c->allocate(c, n * sizeof(double));
  if (!out)
    return "there is no memory";
  memcpy(out, a[0].data, n * sizeof(double));
  qsort(out, n, sizeof(double), compare);
  result->kind = WNNX_PAT_TENSOR;
  result->count = a[0].count;
  result->ints = a[0].ints;
  result->data = out;
  return NULL;
}

static const char *count_below(wnnx_pat_context *c, const wnnx_pat_value *a, size_t count,
                               wnnx_pat_value *result) {
  (void)c;
  (void)count;
  if (a[1].number != a[1].number)
    return "the limit is not a number";
  size_t n = 1;
  for (size_t i = 0; i < a[0].count; ++i)
    n *= (size_t)a[0].ints[i];
  result->kind = WNNX_PAT_INT;
  for (size_t i = 0; i < n; ++i)
    result->integer += a[0].data[i] < a[1].number;
  return NULL;
}

static const char *wrong_kind(wnnx_pat_context *c, const wnnx_pat_value *a, size_t count,
                              wnnx_pat_value *result) {
  (void)c;
  (void)a;
  (void)count;
  result->kind = WNNX_PAT_FLOAT;
  return NULL;
}

static const wnnx_pat_export exports[] = {
    {"ascending", ascending}, {"count_below", count_below}, {"wrong_kind", wrong_kind}};
static const wnnx_pat_plugin plugin = {WNNX_PAT_PLUGIN_ABI, 3, exports};

const wnnx_pat_plugin *wnnx_pat_plugin_v1(void);
const wnnx_pat_plugin *wnnx_pat_plugin_v1(void) {
  return &plugin;
}
