#ifndef VEXKERNELS_H
#define VEXKERNELS_H

#include <stdint.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The instruction sets the kernels are compiled for; chosen once at run time, VEXFS_SIMD overrides. */
enum vexfs_simd { VEXFS_SIMD_PORTABLE = 0, VEXFS_SIMD_AVX2 = 1, VEXFS_SIMD_AVX512 = 2 };

/* The best set that this CPU has, or the one VEXFS_SIMD=portable|avx2|avx512 names if the CPU has it. */
enum vexfs_simd vexfs_simd_level(void);

/* What is computed of two vectors. */
enum vexfs_measure {
    VEXFS_MEASURE_DOT = 0,        /* sum of a[i] * b[i] */
    VEXFS_MEASURE_L2_SQUARED = 1, /* sum of (a[i] - b[i])^2 */
    VEXFS_MEASURE_L1 = 2          /* sum of |a[i] - b[i]| */
};

/*
 * One implementation of the distance kernels. Contract of all: no allocation, no alignment required beyond that of the
 * element, any dimension from 0; rows[i] begins stride bytes after rows[i - 1]; scores holds count elements. Every form
 * computes a row's score by the same additions in the same order, so one_f32, scan_f32 and gather_f32 agree bit for bit
 * within one implementation. Implementations agree within rounding for f32 and exactly for i8.
 */
struct vexfs_distance_kernels {
    /* One pair of [dimension] f32. */
    float (*one_f32)(enum vexfs_measure measure, const float *a, const float *b, size_t dimension);
    /* A query against count consecutive rows. */
    void (*scan_f32)(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows, size_t stride,
                     size_t count, float *scores);
    /* A query against the rows that indices name. */
    void (*gather_f32)(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows,
                       size_t stride, const uint32_t *indices, size_t count, float *scores);
    /* Sum of a[i] * b[i] of [dimension] i8; dimension at most 65536, so the sum fits. */
    int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t dimension);
    void (*scan_i8)(const int8_t *query, size_t dimension, const void *rows, size_t stride, size_t count,
                    int32_t *scores);
    void (*gather_i8)(const int8_t *query, size_t dimension, const void *rows, size_t stride, const uint32_t *indices,
                      size_t count, int32_t *scores);
    /* codes[i] = row[i] * factor, rounded to the nearest (ties to even) and clamped to -127...127; NaN is 127. */
    void (*quantize_i8)(const float *row, size_t dimension, float factor, int8_t *codes);
};

/* The kernels of one instruction set, or NULL where this CPU lacks it. */
const struct vexfs_distance_kernels *vexfs_distance_kernels_at(enum vexfs_simd level);

/* The kernels of vexfs_simd_level(), as plain calls. */
float vexfs_distance_f32(enum vexfs_measure measure, const float *a, const float *b, size_t dimension);
void vexfs_scan_f32(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows, size_t stride,
                    size_t count, float *scores);
void vexfs_gather_f32(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows,
                      size_t stride, const uint32_t *indices, size_t count, float *scores);
int32_t vexfs_dot_i8(const int8_t *a, const int8_t *b, size_t dimension);
void vexfs_scan_i8(const int8_t *query, size_t dimension, const void *rows, size_t stride, size_t count,
                   int32_t *scores);
void vexfs_gather_i8(const int8_t *query, size_t dimension, const void *rows, size_t stride, const uint32_t *indices,
                     size_t count, int32_t *scores);
void vexfs_quantize_i8(const float *row, size_t dimension, float factor, int8_t *codes);

/*
 * Scales a vector to length 1 and returns the length it had; a zero vector stays and returns 0. Sums in f64 in a fixed
 * order whatever the instruction set, so that what is stored does not depend on the machine that stored it.
 */
float vexfs_normalize_f32(float *vector, size_t dimension);

/* The largest |component|; where one is infinite or not a number, something that is not finite either. 0 for none. */
float vexfs_largest_f32(const float *vector, size_t dimension);

/* The length of what is left of a vector after its codes, each worth scale, are taken off; sums in f64. */
double vexfs_residual_i8(const float *vector, const int8_t *codes, size_t dimension, float scale);

#ifdef __cplusplus
}
#endif

#endif
