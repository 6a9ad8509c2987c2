// Counts allocations by standing in front of glibc's malloc: the program's own definitions win
// over the library's for every caller, the loaded model and libstdc++ included. Sanitizers bring their own
// malloc.
#include "tools/hone-run/Report.h"
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HONE_OTHER_MALLOC
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define HONE_OTHER_MALLOC
#endif

#ifdef HONE_OTHER_MALLOC
std::optional<uint64_t> hone::run::allocationCount() { return std::nullopt; }
#else
static std::atomic<uint64_t> calls{0};
std::optional<uint64_t> hone::run::allocationCount() { return calls.load(std::memory_order_relaxed); }

static void count() { calls.fetch_add(1, std::memory_order_relaxed); }

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) noexcept {
  count();
  return __libc_malloc(bytes);
}
void *calloc(size_t number, size_t bytes) noexcept {
  count();
  return __libc_calloc(number, bytes);
}
void *realloc(void *block, size_t bytes) noexcept {
  count();
  return __libc_realloc(block, bytes);
}
void *memalign(size_t alignment, size_t bytes) noexcept {
  count();
  return __libc_memalign(alignment, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) noexcept {
  count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **block, size_t alignment, size_t bytes) noexcept {
  count();
  *block = __libc_memalign(alignment, bytes);
  return *block ? 0 : ENOMEM;
}
}
#endif
