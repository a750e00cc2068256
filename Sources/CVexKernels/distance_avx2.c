#include "distance_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* The mask of the first n (0...7) of eight 32-bit lanes, taken from a sliding window. */
static const int32_t tail_window[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

static inline __m256i tail_mask(size_t n) {
    return _mm256_loadu_si256((const __m256i *)(const void *)(tail_window + 8 - n));
}

static inline float sum_f32(__m256 v) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static inline __m256 add_product(__m256 sum, __m256 a, __m256 b) { return _mm256_fmadd_ps(a, b, sum); }

static inline __m256 add_square(__m256 sum, __m256 a, __m256 b) {
    __m256 difference = _mm256_sub_ps(a, b);
    return _mm256_fmadd_ps(difference, difference, sum);
}

static inline __m256 add_absolute(__m256 sum, __m256 a, __m256 b) {
    return _mm256_add_ps(sum, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(a, b)));
}

/* Four sums hide the latency of the addition. */
#define DEFINE_ROW(NAME, ADD)                                                                                          \
    static inline float NAME(const float *a, const float *b, size_t n) {                                               \
        __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;                                                    \
        size_t i = 0;                                                                                                  \
        for (; i + 32 <= n; i += 32) {                                                                                 \
            s0 = ADD(s0, _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));                                              \
            s1 = ADD(s1, _mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8));                                      \
            s2 = ADD(s2, _mm256_loadu_ps(a + i + 16), _mm256_loadu_ps(b + i + 16));                                    \
            s3 = ADD(s3, _mm256_loadu_ps(a + i + 24), _mm256_loadu_ps(b + i + 24));                                    \
        }                                                                                                              \
        for (; i + 8 <= n; i += 8) s0 = ADD(s0, _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));                       \
        if (i < n) {                                                                                                   \
            __m256i mask = tail_mask(n - i);                                                                           \
            s1 = ADD(s1, _mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask));                            \
        }                                                                                                              \
        return sum_f32(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));                                   \
    }

DEFINE_ROW(row_dot, add_product)
DEFINE_ROW(row_l2, add_square)
DEFINE_ROW(row_l1, add_absolute)

static inline __m256i widen_i8(const int8_t *p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* Widened to i16 first: the u8 x s8 instruction adds pairs in saturating i16, and 255 * 127 * 2 does not fit. */
static inline int32_t row_i8(const int8_t *a, const int8_t *b, size_t n) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(widen_i8(a + i), widen_i8(b + i)));
        s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(widen_i8(a + i + 16), widen_i8(b + i + 16)));
    }
    if (i + 16 <= n) {
        s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(widen_i8(a + i), widen_i8(b + i)));
        i += 16;
    }
    s0 = _mm256_add_epi32(s0, s1);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(s0), _mm256_extracti128_si256(s0, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    int32_t sum = _mm_cvtsi128_si32(four);
    for (; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

VEXFS_DEFINE_F32
VEXFS_DEFINE_I8(i8, row_i8)

static inline __m256i quantize_eight(const float *row, __m256 factor) {
    __m256 value = _mm256_mul_ps(_mm256_loadu_ps(row), factor);
    value = _mm256_min_ps(value, _mm256_set1_ps(127.0f));
    return _mm256_cvtps_epi32(_mm256_max_ps(value, _mm256_set1_ps(-127.0f)));
}

static void quantize_i8(const float *row, size_t n, float factor, int8_t *codes) {
    __m256 factors = _mm256_set1_ps(factor);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i wide = quantize_eight(row + i, factors);
        __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
        _mm_storel_epi64((__m128i *)(void *)(codes + i), _mm_packs_epi16(words, words));
    }
    if (i < n) vexfs_distance_portable.quantize_i8(row + i, n - i, factor, codes + i);
}

#pragma clang attribute pop

const struct vexfs_distance_kernels vexfs_distance_avx2 = {
    .one_f32 = one_f32, .scan_f32 = scan_f32, .gather_f32 = gather_f32,
    .dot_i8 = dot_i8, .scan_i8 = scan_all_i8, .gather_i8 = gather_all_i8, .quantize_i8 = quantize_i8,
};
#endif
