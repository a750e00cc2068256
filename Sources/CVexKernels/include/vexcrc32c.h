#ifndef VEXCRC32C_H
#define VEXCRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C of `count` bytes, continuing from `seed` (0 to begin). The check value of "123456789" is 0xE3069283. */
uint32_t vexfs_crc32c(uint32_t seed, const void *bytes, size_t count);

/* The same without special instructions: the reference in tests. */
uint32_t vexfs_crc32c_portable(uint32_t seed, const void *bytes, size_t count);

#endif
