/*
 * The loops over rows, shared by the implementations: each .c file defines its per-row functions and expands these, so
 * that the row function is inlined and compiled for that file's instruction set.
 */
#ifndef VEXFS_DISTANCE_ROWS_H
#define VEXFS_DISTANCE_ROWS_H

#include "vexkernels.h"

/* Memory is the limit out of cache: the first lines of a row a few rows ahead are asked for; hardware streams on. */
enum { VEXFS_ROWS_AHEAD = 4, VEXFS_LINES_AHEAD = 8, VEXFS_LINE = 64 };

static inline __attribute__((always_inline)) void vexfs_prefetch_row(const char *row, size_t bytes) {
    size_t limit = bytes < (size_t)VEXFS_LINES_AHEAD * VEXFS_LINE ? bytes : (size_t)VEXFS_LINES_AHEAD * VEXFS_LINE;
    for (size_t at = 0; at < limit; at += VEXFS_LINE) __builtin_prefetch(row + at, 0, 3);
}

/* scan_NAME and gather_NAME over ROW(query, row, dimension). */
#define VEXFS_DEFINE_ROWS(NAME, ROW, ELEMENT, SCORE)                                                                   \
    static void scan_##NAME(const ELEMENT *query, size_t dimension, const char *rows, size_t stride, size_t count,     \
                            SCORE *scores) {                                                                           \
        for (size_t i = 0; i < count; i++) {                                                                           \
            if (i + VEXFS_ROWS_AHEAD < count)                                                                          \
                vexfs_prefetch_row(rows + (i + VEXFS_ROWS_AHEAD) * stride, dimension * sizeof(ELEMENT));               \
            scores[i] = ROW(query, (const ELEMENT *)(const void *)(rows + i * stride), dimension);                     \
        }                                                                                                              \
    }                                                                                                                  \
    static void gather_##NAME(const ELEMENT *query, size_t dimension, const char *rows, size_t stride,                 \
                              const uint32_t *indices, size_t count, SCORE *scores) {                                  \
        for (size_t i = 0; i < count; i++) {                                                                           \
            if (i + VEXFS_ROWS_AHEAD < count)                                                                          \
                vexfs_prefetch_row(rows + indices[i + VEXFS_ROWS_AHEAD] * stride, dimension * sizeof(ELEMENT));        \
            scores[i] = ROW(query, (const ELEMENT *)(const void *)(rows + indices[i] * stride), dimension);            \
        }                                                                                                              \
    }

/* The three f32 measures behind the signatures of struct vexfs_distance_kernels, from row_dot, row_l2 and row_l1. */
#define VEXFS_DEFINE_F32                                                                                               \
    VEXFS_DEFINE_ROWS(dot, row_dot, float, float)                                                                      \
    VEXFS_DEFINE_ROWS(l2, row_l2, float, float)                                                                        \
    VEXFS_DEFINE_ROWS(l1, row_l1, float, float)                                                                        \
    static float one_f32(enum vexfs_measure measure, const float *a, const float *b, size_t dimension) {               \
        switch (measure) {                                                                                             \
        case VEXFS_MEASURE_L2_SQUARED: return row_l2(a, b, dimension);                                                 \
        case VEXFS_MEASURE_L1: return row_l1(a, b, dimension);                                                         \
        default: return row_dot(a, b, dimension);                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
    static void scan_f32(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows,           \
                         size_t stride, size_t count, float *scores) {                                                 \
        switch (measure) {                                                                                             \
        case VEXFS_MEASURE_L2_SQUARED: scan_l2(query, dimension, rows, stride, count, scores); break;                  \
        case VEXFS_MEASURE_L1: scan_l1(query, dimension, rows, stride, count, scores); break;                          \
        default: scan_dot(query, dimension, rows, stride, count, scores);                                              \
        }                                                                                                              \
    }                                                                                                                  \
    static void gather_f32(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows,         \
                           size_t stride, const uint32_t *indices, size_t count, float *scores) {                      \
        switch (measure) {                                                                                             \
        case VEXFS_MEASURE_L2_SQUARED: gather_l2(query, dimension, rows, stride, indices, count, scores); break;       \
        case VEXFS_MEASURE_L1: gather_l1(query, dimension, rows, stride, indices, count, scores); break;               \
        default: gather_dot(query, dimension, rows, stride, indices, count, scores);                                   \
        }                                                                                                              \
    }

/* The i8 forms from row_i8 behind the public signatures. */
#define VEXFS_DEFINE_I8(NAME, ROW)                                                                                     \
    VEXFS_DEFINE_ROWS(NAME, ROW, int8_t, int32_t)                                                                      \
    static int32_t dot_##NAME(const int8_t *a, const int8_t *b, size_t dimension) { return ROW(a, b, dimension); }     \
    static void scan_all_##NAME(const int8_t *query, size_t dimension, const void *rows, size_t stride, size_t count,  \
                                int32_t *scores) {                                                                     \
        scan_##NAME(query, dimension, rows, stride, count, scores);                                                    \
    }                                                                                                                  \
    static void gather_all_##NAME(const int8_t *query, size_t dimension, const void *rows, size_t stride,              \
                                  const uint32_t *indices, size_t count, int32_t *scores) {                            \
        gather_##NAME(query, dimension, rows, stride, indices, count, scores);                                         \
    }

extern const struct vexfs_distance_kernels vexfs_distance_portable;
#if defined(__x86_64__)
extern const struct vexfs_distance_kernels vexfs_distance_avx2;
extern const struct vexfs_distance_kernels vexfs_distance_avx512;
extern const struct vexfs_distance_kernels vexfs_distance_avx512vnni;
#endif

#endif
