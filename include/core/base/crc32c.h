/* crc32c - the Castagnoli CRC (RFC 3720 appendix B.4), which finds torn and stale blocks of a file. */
#ifndef CORE_BASE_CRC32C_H
#define CORE_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The sum of n more bytes; crc is what the bytes before them gave, 0 at the beginning. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
