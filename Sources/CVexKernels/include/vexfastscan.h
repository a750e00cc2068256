#ifndef VEXFASTSCAN_H
#define VEXFASTSCAN_H

#include "vexkernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Scans of 4-bit codes, 32 rows at a time, by look-ups in registers ("FastScan": Andre, Kermarrec, Le Scouarnec, VLDB
 * 2015, doi:10.14778/2856318.2856324), for binary codes (RaBitQ: arXiv 2405.12497) and product quantisation (Jegou,
 * Douze, Schmid, doi:10.1109/TPAMI.2010.57).
 *
 * A code is a sequence of nibbles. A block holds 32 rows; a nibble of all of them is 16 bytes; four nibbles are a
 * group of 64 bytes. Rows 0-15 have the low halves of the bytes, rows 16-31 the high ones; in each half, row v lies in
 * byte 2 (v mod 8) + (v / 8 mod 2), so that the even bytes hold eight rows in sequence and the odd ones the next.
 */
enum { VEXFS_BLOCK_ROWS = 32, VEXFS_GROUP_NIBBLES = 4, VEXFS_GROUP_BYTES = 64, VEXFS_PANEL = 16 };

/* A stretch of blocks and what a query makes of it. */
struct vexfs_code_scan {
    /* blocks x groups x 64 bytes. */
    const uint8_t *codes;
    /* Per block 32 f16 factors f, then 32 f16 constants g; g of a lane without a row is minus infinity. */
    const uint16_t *factors;
    /* A word a block with a bit for each row that may be found, or NULL where all may. */
    const uint32_t *allowed;
    /* groups x 64 bytes: a row of 16 values for each nibble. */
    const uint8_t *table;
    size_t groups;
    size_t blocks;
    /* The estimate is ((sum of the nibbles' table values) * scale + base) * f + g + offset. */
    float scale;
    float base;
    float offset;
    /* Only rows with a greater estimate are found. */
    float threshold;
    /* The number of the first row. */
    uint32_t first;
};

/* What a row's code says of it; vectors rotated. The estimate of r.q is r.r / c.r times c.q. */
struct vexfs_code_facts {
    float residual_squared;   /* r.r */
    float residual_by_centre; /* r.centre */
    float code_by_residual;   /* c.r */
    float code_by_centre;     /* c.centre */
};

/*
 * One implementation. No allocation; no alignment beyond the elements'; nothing is read or written outside of what the
 * arguments describe. All implementations give equal results, bit for bit, except `products`, which agree within
 * rounding.
 */
struct vexfs_list_kernels {
    /* Writes estimate and number of every row above the threshold, ascending by number; returns how many. Room for
       blocks x 32 is needed. */
    size_t (*scan)(const struct vexfs_code_scan *scan, float *estimates, uint32_t *numbers);
    /* masks[i] gets the bits of rows[32 i ...] that are set in the bitmap of `words` words; returns how many are. */
    size_t (*mask)(const uint32_t *rows, size_t blocks, const uint64_t *bitmap, size_t words, uint32_t *masks);
    /* A random orthonormal map in place: per round, signs (`[rounds x length]` words, only the top bit is used) and a
       Walsh-Hadamard transform of the largest power of two at the front and at the end in turn. */
    void (*rotate)(float *vector, size_t length, const uint32_t *signs, size_t rounds);
    /* Codes of signs: nibble i holds the signs of components 4 i ...; length is a multiple of 4; c[k] is 1 or -1. */
    void (*encode_signs)(const float *residual, const float *centre, size_t length, uint8_t *nibbles,
                         struct vexfs_code_facts *facts);
    /* Codes of the nearest of 16 words a subspace: books is `[count x width x 16] f32`, residual [count x width]. */
    void (*encode_product)(const float *residual, const float *centre, size_t count, size_t width, const float *books,
                           uint8_t *nibbles, struct vexfs_code_facts *facts);
    /* table[i] = the query's component sums for each pattern of signs: `[length / 4 x 16] f32`. */
    void (*table_signs)(const float *query, size_t length, float *table);
    /* table[i] = the query's products with the 16 words of subspace i: `[count x 16] f32`. */
    void (*table_product)(const float *query, size_t count, size_t width, const float *books, float *table);
    /* The table in 8 bits; what the sums mean: sum of f32 entries = sum of 8-bit entries * scale + base. */
    void (*narrow_table)(const float *table, size_t count, uint8_t *narrow, float *scale, float *base);
    /* scores[i x columns + j] = rows[i] . column j + bias[j]. Columns are packed in panels of 16: `[columns / 16 x
       dimension x 16]`; columns is a multiple of 16. */
    void (*products)(const float *const *rows, size_t count, size_t dimension, const float *panels, const float *bias,
                     size_t columns, float *scores);
};

/* The kernels of one instruction set, or NULL where this CPU lacks it. */
const struct vexfs_list_kernels *vexfs_list_kernels_at(enum vexfs_simd level);

/* The kernels of vexfs_simd_level(). */
const struct vexfs_list_kernels *vexfs_list_kernels(void);

/* Puts the nibbles of row `lane` (0...31) of a block where they belong; the block was zero there. */
void vexfs_place_nibbles(uint8_t *block, size_t lane, const uint8_t *nibbles, size_t count);

/* The value of a half-precision number. */
float vexfs_half(uint16_t bits);

/* Asks for the lines of a vector that is read soon. */
void vexfs_prefetch(const void *start, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
