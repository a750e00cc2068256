#include "fastscan_levels.h"

const struct vexfs_list_kernels *vexfs_list_kernels_at(enum vexfs_simd level) {
    /* Whoever has the distance kernels of a level has these: the same instruction sets, and F16C came before AVX2. */
    if (!vexfs_distance_kernels_at(level)) return NULL;
    switch (level) {
#if defined(__x86_64__)
    case VEXFS_SIMD_AVX512: return &vexfs_lists_avx512;
    case VEXFS_SIMD_AVX2: return &vexfs_lists_avx2;
#endif
    default: return &vexfs_lists_portable;
    }
}

const struct vexfs_list_kernels *vexfs_list_kernels(void) { return vexfs_list_kernels_at(vexfs_simd_level()); }

void vexfs_place_nibbles(uint8_t *block, size_t lane, const uint8_t *nibbles, size_t count) {
    size_t half = lane % 16, shift = lane / 16 * 4;
    uint8_t *byte = block + 2 * (half % 8) + half / 8;
    for (size_t i = 0; i < count; i++) byte[i * 16] |= (uint8_t)(nibbles[i] << shift);
}

float vexfs_half(uint16_t bits) { return half_value(bits); }

void vexfs_prefetch(const void *start, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch((const char *)start + at, 0, 3);
}
