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

// All numbers little endian. Checksums are XXH3 (64 bit) of the bytes named.
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
