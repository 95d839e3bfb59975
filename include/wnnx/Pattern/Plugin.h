/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plugin of the rule language sees: plain C, so that plugins need not be built with the
 * compiler that built this program. A plugin is a shared library that exports
 *
 *   const wnnx_pat_plugin *wnnx_pat_plugin_v1(void);
 *
 * and is loaded with `--plugin FILE`. Its functions are declared in rule files, `extern fn NAME(a:
 * int, t: tensor) -> tensor;`. They must be pure: the same arguments give the same result, and
 * nothing else changes; the program calls them as often as it likes, also from several threads. */
#ifndef WNNX_PATTERN_PLUGIN_H
#define WNNX_PATTERN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WNNX_PAT_PLUGIN_ABI 1

typedef enum wnnx_pat_kind {
  WNNX_PAT_INT = 1,   /* integer */
  WNNX_PAT_FLOAT = 2, /* number */
  WNNX_PAT_BOOL = 3,  /* integer, 0 or 1 */
  WNNX_PAT_STR = 4,   /* text, ends in 0 */
  WNNX_PAT_INTS = 5,  /* count integers in ints */
  WNNX_PAT_TENSOR = 6 /* count sizes in ints, then that many numbers in data, the last dimension
                         densest */
} wnnx_pat_kind;

typedef struct wnnx_pat_value {
  int32_t kind; /* wnnx_pat_kind; of results it must be what the rule file declares */
  int32_t unused;
  int64_t integer;
  double number;
  const char *text;
  size_t count;
  const int64_t *ints;
  const double *data;
} wnnx_pat_value;

/* Handed to each call. */
typedef struct wnnx_pat_context {
  void *state;
  /* Memory for a result, which lives until the call's result has been read; null when it is too
   * much. */
  void *(*allocate)(struct wnnx_pat_context *context, size_t bytes);
} wnnx_pat_context;

/* Null when all is well; else why there is no value, as a text that stays valid. Then the rule does
 * not fire, and the text is the reason given. */
typedef const char *(*wnnx_pat_function)(wnnx_pat_context *context, const wnnx_pat_value *arguments,
                                         size_t count, wnnx_pat_value *result);

typedef struct wnnx_pat_export {
  const char *name;
  wnnx_pat_function function;
} wnnx_pat_export;

typedef struct wnnx_pat_plugin {
  int32_t abi; /* WNNX_PAT_PLUGIN_ABI */
  int32_t count;
  const wnnx_pat_export *exports;
} wnnx_pat_plugin;

typedef const wnnx_pat_plugin *(*wnnx_pat_plugin_entry)(void);

#ifdef __cplusplus
}
#endif

#endif
