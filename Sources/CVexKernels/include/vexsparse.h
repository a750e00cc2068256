/*
 * Scoring with lists of a sparse index. A list has ascending places of 16 bits and a value for each; places are scored
 * a window of VEXFS_SPARSE_WINDOW at a time, exactly in double precision, or estimated in single precision first. Most
 * of these loops follow pointers from one place to the next, so no instruction set makes them faster: there is one
 * version. Those that read whole windows are in a table. No function allocates.
 */
#ifndef VEXSPARSE_H
#define VEXSPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "vexkernels.h"

#define VEXFS_SPARSE_WINDOW 2048

/* A place of a window and its score so far. */
struct vexfs_sparse_candidate {
    double score;
    uint32_t place;
};

/*
 * Scores are those of a window: double[VEXFS_SPARSE_WINDOW]. One that nothing was added to is −0.0, which no sum is.
 */
void vexfs_sparse_reset(double *scores);

/* Whether one of a window's bits is set. */
int vexfs_sparse_any(const uint64_t *allowed);

/* Adds weight × value to the score of each place; places count from their window. */
void vexfs_sparse_add(double *scores, const uint16_t *places, const float *values, size_t count, double weight);

/*
 * The places that something was added to, with scores above the cutoff, ascending; every score is reset. `cutoff` may
 * be −INFINITY. `allowed` has a bit for each place of the window. Returns how many: up to VEXFS_SPARSE_WINDOW.
 */
size_t vexfs_sparse_collect(
    struct vexfs_sparse_candidate *out, double *scores, const uint64_t *allowed, double cutoff);

/*
 * Estimates are those of a window: float[VEXFS_SPARSE_WINDOW], all 0 before the first list and again after a window's
 * candidates were collected.
 */

/*
 * Makes `length` codes: those of the places, which count from `first`, are the least whose product with the step is not
 * below the value, all others 0. No value may be below 0 or, divided by the step, above 255 but for rounding.
 */
void vexfs_sparse_encode(
    uint8_t *codes, size_t length, const float *values, const uint16_t *places, size_t count, uint32_t first,
    float step);

/* Adds weight × value to the estimate of each place. */
void vexfs_sparse_estimate(float *estimates, const uint16_t *places, const float *values, size_t count, float weight);

/* The same as collect of the places of one list only, for lists that are short: `count` places, none twice. */
size_t vexfs_sparse_collect_listed(
    struct vexfs_sparse_candidate *out, float *estimates, const uint16_t *places, size_t count,
    const uint64_t *allowed, float cutoff);

/* Loops over whole windows; every version gives the same bits. */
struct vexfs_sparse_kernels {
    /* Adds code × step to each estimate, of `count` lists with a code for each place of the window. */
    void (*add_codes)(float *estimates, const uint8_t *const *codes, const float *steps, size_t count);
    /* How many estimates are above the cutoff. */
    size_t (*above)(const float *estimates, float cutoff);
    /* The allowed places with estimates above the cutoff, ascending; every estimate becomes 0. Returns how many. */
    size_t (*collect)(
        struct vexfs_sparse_candidate *out, float *estimates, const uint64_t *allowed, float cutoff);
};

/* The best version for this CPU. */
const struct vexfs_sparse_kernels *vexfs_sparse_kernels(void);

/* The version of a level, NULL where the CPU lacks it. */
const struct vexfs_sparse_kernels *vexfs_sparse_kernels_at(enum vexfs_simd level);

/* Fetches what refine is about to read of a list, whose part in the candidates' window is given. */
void vexfs_sparse_prefetch(
    const struct vexfs_sparse_candidate *candidates, size_t candidate_count, const uint16_t *places,
    const float *values, size_t count);

/*
 * Adds weight × value to the candidates that are in the list, then leaves out those that are not above the cutoff.
 * Returns how many are left.
 */
size_t vexfs_sparse_refine(
    struct vexfs_sparse_candidate *candidates, size_t candidate_count, const uint16_t *places, const float *values,
    size_t count, double weight, double cutoff);

/* How many of the ascending places are below `limit`. */
size_t vexfs_sparse_below(const uint16_t *places, size_t count, uint32_t limit);

/* How many of the places are set in `bits`, of which there are 65 536. */
size_t vexfs_sparse_count(const uint16_t *places, size_t count, const uint64_t *bits);

/*
 * The product of two sparse vectors, indices ascending; returns how many indices they share.
 */
size_t vexfs_sparse_dot(
    double *product, const uint32_t *left, const float *left_values, size_t left_count, const uint32_t *right,
    const float *right_values, size_t right_count);

#endif
