// The weight segment's checksum (runtime/abi/Artifact.h), with the blocks shared over threads.
#ifndef HONE_RUNTIME_BASE_CHECKSUM_H
#define HONE_RUNTIME_BASE_CHECKSUM_H
#include <cstddef>
#include <cstdint>

namespace hone::rt {

uint64_t checksum(const void *data, size_t bytes);
/// Equals honeWeightChecksum; reads a mapping with `threads` threads.
uint64_t weightChecksum(const uint8_t *data, size_t bytes, int threads);

} // namespace hone::rt
#endif
