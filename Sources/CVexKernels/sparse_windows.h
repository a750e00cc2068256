/*
 * The loops over whole windows of a sparse index, included by sparse_windows.c: one source for every instruction set.
 * Products and sums are rounded one by one, so that all versions give the same bits.
 */
#ifndef SPARSE_WINDOWS_H
#define SPARSE_WINDOWS_H

#include <string.h>

#include "vexsparse.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { LANES = 8, ROWS = 4, BLOCK = LANES * ROWS };

typedef float lanes_f32 __attribute__((vector_size(32), aligned(4)));
typedef int32_t lanes_i32 __attribute__((vector_size(32)));
typedef uint8_t lanes_u8 __attribute__((vector_size(8), aligned(1)));

ALWAYS_INLINE void add_codes(float *estimates, const uint8_t *const *codes, const float *steps, size_t count) {
    for (size_t first = 0; first < VEXFS_SPARSE_WINDOW; first += BLOCK) {
        lanes_f32 sums[ROWS];
        for (int r = 0; r < ROWS; r++) sums[r] = *(const lanes_f32 *)(estimates + first + LANES * r);
        for (size_t list = 0; list < count; list++) {
            const uint8_t *row = codes[list] + first;
            const float step = steps[list];
            for (int r = 0; r < ROWS; r++) {
                const lanes_f32 code = __builtin_convertvector(
                    __builtin_convertvector(*(const lanes_u8 *)(row + LANES * r), lanes_i32), lanes_f32);
                const lanes_f32 product = code * step;
                sums[r] += product;
            }
        }
        for (int r = 0; r < ROWS; r++) *(lanes_f32 *)(estimates + first + LANES * r) = sums[r];
    }
}

ALWAYS_INLINE size_t above(const float *estimates, float cutoff) {
    const lanes_f32 limit = cutoff - (lanes_f32){0};
    lanes_i32 total = {0};
    for (size_t i = 0; i < VEXFS_SPARSE_WINDOW; i += LANES) total -= *(const lanes_f32 *)(estimates + i) > limit;
    size_t sum = 0;
    for (int i = 0; i < LANES; i++) sum += (size_t)total[i];
    return sum;
}

ALWAYS_INLINE size_t collect(
    struct vexfs_sparse_candidate *out, float *estimates, const uint64_t *allowed, float cutoff) {
    const lanes_f32 limit = cutoff - (lanes_f32){0};
    size_t found = 0;
    for (size_t first = 0; first < VEXFS_SPARSE_WINDOW; first += BLOCK) {
        lanes_i32 any = {0};
        for (int r = 0; r < ROWS; r++) any |= *(const lanes_f32 *)(estimates + first + LANES * r) > limit;
        uint64_t bits[LANES / 2];
        memcpy(bits, &any, sizeof bits);
        if ((bits[0] | bits[1] | bits[2] | bits[3]) == 0) continue;
        for (size_t place = first; place < first + BLOCK; place++) {
            if (estimates[place] > cutoff && (allowed[place / 64] >> (place % 64) & 1)) {
                out[found++] = (struct vexfs_sparse_candidate){0, (uint32_t)place};
            }
        }
    }
    memset(estimates, 0, VEXFS_SPARSE_WINDOW * sizeof *estimates);
    return found;
}

#endif
