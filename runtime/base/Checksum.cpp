// XXH3, compiled in so that artifacts are checked without a library. Page faults cost as much as
// hashing, so each block's pages are mapped at once before it is read.
#define XXH_INLINE_ALL
#include "runtime/base/Checksum.h"
#include "runtime/abi/Checksum.h"
#include <algorithm>
#include <atomic>
#include <sys/mman.h>
#include <system_error>
#include <thread>
#include <vector>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace hone::rt {

uint64_t checksum(const void *data, size_t bytes) { return honeChecksum(data, bytes); }

uint64_t weightChecksum(const uint8_t *data, size_t bytes, int threads) {
  constexpr size_t block = HONE_CHECKSUM_BLOCK;
  std::vector<uint64_t> sums((bytes + block - 1) / block);
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next.fetch_add(1)) < sums.size();) {
      size_t length = std::min(block, bytes - i * block);
      // Fails where the kernel or the memory does not know it: then reading faults page by page.
      madvise(const_cast<uint8_t *>(data + i * block), length, MADV_POPULATE_READ);
      sums[i] = honeChecksum(data + i * block, length);
    }
  };
  std::vector<std::thread> helpers;
  int wanted = static_cast<int>(std::min<size_t>(static_cast<size_t>(std::max(threads, 1)), sums.size())) - 1;
  try {
    for (int i = 0; i < wanted; ++i)
      helpers.emplace_back(work);
  } catch (const std::system_error &) {
    // Fewer threads do it as well.
  }
  work();
  for (std::thread &helper : helpers)
    helper.join();
  return honeChecksum(sums.data(), sums.size() * sizeof(uint64_t));
}

} // namespace hone::rt
