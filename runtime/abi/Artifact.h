// Layout of an artifact file: an ELF shared object, the weight segment, the metadata
// (JSON text, keys in docs/artifact.md), and this footer as the last bytes. Both sides of the
// project include this file; a change of meaning raises HONE_FORMAT_VERSION.
#ifndef HONE_RUNTIME_ABI_ARTIFACT_H
#define HONE_RUNTIME_ABI_ARTIFACT_H
#include <stdint.h>

#define HONE_FORMAT_VERSION 1
#define HONE_FOOTER_MAGIC "HONEFILE"
#define HONE_WEIGHT_ALIGN 4096 // of the weight segment in the file
#define HONE_TENSOR_ALIGN 64   // of one weight in the segment
#define HONE_CHECKSUM_BLOCK (4u << 20)

// All numbers little endian. codeChecksum, metaChecksum and footerChecksum are XXH3 (64 bit) of the bytes
// named. weightChecksum is the XXH3 of the XXH3 values (8 bytes each, in order) of the segment's blocks of
// HONE_CHECKSUM_BLOCK bytes, the last one as long as it is, so that threads share the work:
// runtime/abi/Checksum.h.
typedef struct HoneFooter {
  uint64_t codeSize; // the ELF file is [0, codeSize)
  uint64_t weightOffset, weightSize;
  uint64_t metaOffset, metaSize;
  uint64_t codeChecksum, weightChecksum, metaChecksum;
  uint32_t formatVersion, abiVersion;
  uint64_t footerChecksum; // of the bytes of this struct before this field
  char magic[8];
} HoneFooter;
#endif
