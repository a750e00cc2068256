/*
 * Scoring with lists of a sparse index. A list has ascending places of 16 bits and a value for each; places are scored
 * a window of VEXFS_SPARSE_WINDOW at a time. These loops follow pointers from one place to the next, so no instruction
 * set makes them faster: there is one version. No function allocates.
 */
#ifndef VEXSPARSE_H
#define VEXSPARSE_H

#include <stddef.h>
#include <stdint.h>

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

/* Adds weight × value to the score of each place; places count from their window. */
void vexfs_sparse_add(double *scores, const uint16_t *places, const float *values, size_t count, double weight);

/* How many scores are above the cutoff. */
size_t vexfs_sparse_above(const double *scores, double cutoff);

/*
 * The places that something was added to, with scores above the cutoff, ascending; every score is reset. `cutoff` may
 * be −INFINITY. `allowed` has a bit for each place of the window. Returns how many: up to VEXFS_SPARSE_WINDOW.
 */
size_t vexfs_sparse_collect(
    struct vexfs_sparse_candidate *out, double *scores, const uint64_t *allowed, double cutoff);

/* The same of the places of one list only, for lists that are short: `count` places, none twice. */
size_t vexfs_sparse_collect_listed(
    struct vexfs_sparse_candidate *out, double *scores, const uint16_t *places, size_t count, const uint64_t *allowed,
    double cutoff);

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
