// SPDX-License-Identifier: Apache-2.0
//
// Options of AddressSanitizer in builds that use it.
#ifdef __SANITIZE_ADDRESS__
// LLVM's allocator marks its free memory in what we compile of it, but LLVM's own library, which
// nobody instrumented, does not clear these marks where it takes the memory.
extern "C" __attribute__((used, visibility("default"))) const char *__asan_default_options();
const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}
#endif
