#include "distance_rows.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

const struct vexfs_distance_kernels *vexfs_distance_kernels_at(enum vexfs_simd level) {
    switch (level) {
#if defined(__x86_64__)
    case VEXFS_SIMD_AVX512:
        if (!has_avx512()) return NULL;
        return __builtin_cpu_supports("avx512vnni") ? &vexfs_distance_avx512vnni : &vexfs_distance_avx512;
    case VEXFS_SIMD_AVX2: return has_avx2() ? &vexfs_distance_avx2 : NULL;
#endif
    case VEXFS_SIMD_PORTABLE: return &vexfs_distance_portable;
    default: return NULL;
    }
}

static inline const struct vexfs_distance_kernels *chosen(void) {
    /* Racing first calls compute the same value. */
    static const struct vexfs_distance_kernels *_Atomic table = NULL;
    const struct vexfs_distance_kernels *known = __c11_atomic_load(&table, __ATOMIC_RELAXED);
    if (!known) {
        known = vexfs_distance_kernels_at(vexfs_simd_level());
        __c11_atomic_store(&table, known, __ATOMIC_RELAXED);
    }
    return known;
}

float vexfs_distance_f32(enum vexfs_measure measure, const float *a, const float *b, size_t dimension) {
    return chosen()->one_f32(measure, a, b, dimension);
}

void vexfs_scan_f32(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows, size_t stride,
                    size_t count, float *scores) {
    chosen()->scan_f32(measure, query, dimension, rows, stride, count, scores);
}

void vexfs_gather_f32(enum vexfs_measure measure, const float *query, size_t dimension, const void *rows,
                      size_t stride, const uint32_t *indices, size_t count, float *scores) {
    chosen()->gather_f32(measure, query, dimension, rows, stride, indices, count, scores);
}

int32_t vexfs_dot_i8(const int8_t *a, const int8_t *b, size_t dimension) { return chosen()->dot_i8(a, b, dimension); }

void vexfs_scan_i8(const int8_t *query, size_t dimension, const void *rows, size_t stride, size_t count,
                   int32_t *scores) {
    chosen()->scan_i8(query, dimension, rows, stride, count, scores);
}

void vexfs_gather_i8(const int8_t *query, size_t dimension, const void *rows, size_t stride, const uint32_t *indices,
                     size_t count, int32_t *scores) {
    chosen()->gather_i8(query, dimension, rows, stride, indices, count, scores);
}

void vexfs_quantize_i8(const float *row, size_t dimension, float factor, int8_t *codes) {
    chosen()->quantize_i8(row, dimension, factor, codes);
}

float vexfs_normalize_f32(float *vector, size_t dimension) {
    double lanes[4] = {0};
    for (size_t i = 0; i < dimension; i++) lanes[i & 3] += (double)vector[i] * (double)vector[i];
    double length = sqrt((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]));
    if (length > 0) {
        double factor = 1.0 / length;
        for (size_t i = 0; i < dimension; i++) vector[i] = (float)((double)vector[i] * factor);
    }
    return (float)length;
}

float vexfs_largest_f32(const float *vector, size_t dimension) {
    /* Without their signs, floats are ordered as their bits are, and what is not finite comes last. */
    int32_t largest = 0;
    for (size_t i = 0; i < dimension; i++) {
        int32_t bits;
        memcpy(&bits, vector + i, sizeof bits);
        bits &= 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    float result;
    memcpy(&result, &largest, sizeof result);
    return result;
}

double vexfs_residual_i8(const float *vector, const int8_t *codes, size_t dimension, float scale) {
    double lanes[8] = {0};
    size_t i = 0;
    for (; i + 8 <= dimension; i += 8)
        for (int lane = 0; lane < 8; lane++) {
            double difference = (double)vector[i + lane] - (double)codes[i + lane] * (double)scale;
            lanes[lane] += difference * difference;
        }
    for (; i < dimension; i++) {
        double difference = (double)vector[i] - (double)codes[i] * (double)scale;
        lanes[i & 7] += difference * difference;
    }
    return sqrt(((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])));
}
