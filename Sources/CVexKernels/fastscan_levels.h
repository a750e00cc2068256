/* The implementations of the list kernels. */
#ifndef VEXFS_FASTSCAN_LEVELS_H
#define VEXFS_FASTSCAN_LEVELS_H

#include "vexfastscan.h"

#include <string.h>

extern const struct vexfs_list_kernels vexfs_lists_portable;
#if defined(__x86_64__)
extern const struct vexfs_list_kernels vexfs_lists_avx2;
extern const struct vexfs_list_kernels vexfs_lists_avx512;
#endif

/* Sums of 8-bit entries fit 16 bits for this many nibbles: 256 * 255 = 65280. Longer codes go on in 32 bits. */
enum { VEXFS_NARROW_GROUPS = 64 };

/* A value in memory: a half as f32, without instructions for it. */
static inline float half_value(uint16_t bits) {
    uint32_t magnitude = (uint32_t)(bits & 0x7FFF) << 13, sign = (uint32_t)(bits & 0x8000) << 16;
    float value;
    if (magnitude >= 0x0F800000u) {
        magnitude |= 0x7F800000u;
        memcpy(&value, &magnitude, sizeof value);
    } else {
        memcpy(&value, &magnitude, sizeof value);
        value *= 0x1p112f; /* exact, and right for the numbers below the normal ones */
    }
    uint32_t both;
    memcpy(&both, &value, sizeof both);
    both |= sign;
    memcpy(&value, &both, sizeof value);
    return value;
}

#endif
