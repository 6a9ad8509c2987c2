/* Tensors as .npy files of NumPy. bf16 is written as uint16; errors as in hone.h. */
#ifndef HONE_RUNTIME_API_NPY_H
#define HONE_RUNTIME_API_NPY_H
#include "runtime/api/hone.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Reads a file of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1, little endian, C order, rank up to HONE_MAX_RANK. The
 * tensor has no name; hone_npy_free frees its data (64-byte aligned). A uint16 file is HONE_U16; what is
 * meant as bf16 the caller knows. */
HoneStatus hone_npy_read(const char *path, HoneTensor *tensor);
void hone_npy_free(HoneTensor *tensor);
/* Whole or not at all. Types of 4 bits have no .npy form. */
HoneStatus hone_npy_write(const char *path, const HoneTensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
