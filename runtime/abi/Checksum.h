// Checksums of an artifact as the writer and the reader compute them (Artifact.h says of what).
#ifndef HONE_RUNTIME_ABI_CHECKSUM_H
#define HONE_RUNTIME_ABI_CHECKSUM_H
#include "runtime/abi/Artifact.h"
#include <stddef.h>
#include <xxhash.h>

static inline uint64_t honeChecksum(const void *data, size_t bytes) { return XXH3_64bits(data, bytes); }

// The weight segment's checksum; a segment of no bytes has the checksum of nothing.
static inline uint64_t honeWeightChecksum(const uint8_t *data, size_t bytes) {
  XXH3_state_t *all = XXH3_createState();
  if (!all)
    return 0;
  XXH3_64bits_reset(all);
  for (size_t at = 0; at < bytes; at += HONE_CHECKSUM_BLOCK) {
    size_t length = bytes - at < HONE_CHECKSUM_BLOCK ? bytes - at : HONE_CHECKSUM_BLOCK;
    uint64_t block = XXH3_64bits(data + at, length);
    XXH3_64bits_update(all, &block, sizeof block);
  }
  uint64_t result = XXH3_64bits_digest(all);
  XXH3_freeState(all);
  return result;
}
#endif
