#include "vexcodes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

static inline __m256i load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

/*
 * |q| * (sign(q) * row): the unsigned by signed product adds pairs in 16 bits, and 127 * 127 * 2 = 32258 fits: nothing
 * saturates.
 */
static inline __m256i add_products(__m256i sum, __m256i query, __m256i magnitude, const int8_t *row) {
    __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(load(row), query));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static int32_t dot1(const int8_t *a, const int8_t *b, size_t width) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0;
    size_t i = 0;
    for (; i + 64 <= width; i += 64) {
        __m256i q0 = load(a + i), q1 = load(a + i + 32);
        s0 = add_products(s0, q0, _mm256_abs_epi8(q0), b + i);
        s1 = add_products(s1, q1, _mm256_abs_epi8(q1), b + i + 32);
    }
    if (i < width) {
        __m256i q0 = load(a + i);
        s0 = add_products(s0, q0, _mm256_abs_epi8(q0), b + i);
    }
    s0 = _mm256_add_epi32(s0, s1);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(s0), _mm256_extracti128_si256(s0, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

static inline void store_sums(__m256i s0, __m256i s1, __m256i s2, __m256i s3, int32_t *sums) {
    __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    _mm_storeu_si128((__m128i *)(void *)sums, four);
}

static inline __attribute__((always_inline)) void dot4(const int8_t *query, const int8_t *row0, const int8_t *row1,
                                                       const int8_t *row2, const int8_t *row3, size_t width,
                                                       int32_t *sums) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = 0; i < width; i += 32) {
        __m256i q = load(query + i), magnitude = _mm256_abs_epi8(q);
        s0 = add_products(s0, q, magnitude, row0 + i);
        s1 = add_products(s1, q, magnitude, row1 + i);
        s2 = add_products(s2, q, magnitude, row2 + i);
        s3 = add_products(s3, q, magnitude, row3 + i);
    }
    __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    _mm_storeu_si128((__m128i *)(void *)sums, four);
}

/* 127 * 127 * 2 fits 16 bits, as above. */
static inline __m256i add_squares(__m256i sum, const int8_t *row) {
    __m256i magnitude = _mm256_abs_epi8(load(row));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(magnitude, magnitude), _mm256_set1_epi16(1)));
}

static inline __attribute__((always_inline)) void squares4(const int8_t *row0, const int8_t *row1, const int8_t *row2,
                                                           const int8_t *row3, size_t width, int32_t *sums) {
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = 0; i < width; i += 32) {
        s0 = add_squares(s0, row0 + i);
        s1 = add_squares(s1, row1 + i);
        s2 = add_squares(s2, row2 + i);
        s3 = add_squares(s3, row3 + i);
    }
    store_sums(s0, s1, s2, s3, sums);
}

static inline int32_t pair_at(const int16_t *p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, 4);
    return pair;
}

/* Six rows by sixteen columns: twelve sums, two of the panel and one of a row fill the registers. */
static void tile(const int16_t *rows, size_t depth, const int16_t *panel, size_t blocks, int32_t *products,
                 size_t stride) {
    for (size_t b = 0; b < blocks; b++) {
        const int16_t *block = panel + b * VEXFS_CODES_COLUMNS * depth;
        __m256i s[VEXFS_CODES_TILE][2];
        for (int r = 0; r < VEXFS_CODES_TILE; r++) s[r][0] = s[r][1] = _mm256_setzero_si256();
        for (size_t k = 0; k < depth; k += 2, block += 2 * VEXFS_CODES_COLUMNS) {
            __m256i left = load(block), right = load(block + 16);
#pragma clang loop unroll(full)
            for (int r = 0; r < VEXFS_CODES_TILE; r++) {
                __m256i pair = _mm256_set1_epi32(pair_at(rows + (size_t)r * depth + k));
                s[r][0] = _mm256_add_epi32(s[r][0], _mm256_madd_epi16(left, pair));
                s[r][1] = _mm256_add_epi32(s[r][1], _mm256_madd_epi16(right, pair));
            }
        }
        for (size_t r = 0; r < VEXFS_CODES_TILE; r++) {
            int32_t *out = products + r * stride + b * VEXFS_CODES_COLUMNS;
            _mm256_storeu_si256((__m256i *)(void *)out, s[r][0]);
            _mm256_storeu_si256((__m256i *)(void *)(out + 8), s[r][1]);
        }
    }
}

static inline uint32_t above8(const int32_t *products, __m256i half, const int32_t *halves, __m256i floor,
                              const int32_t *floors) {
    __m256i score = _mm256_sub_epi32(_mm256_sub_epi32(load(products), half), load(halves));
    __m256i hits = _mm256_or_si256(_mm256_cmpgt_epi32(score, floor), _mm256_cmpgt_epi32(score, load(floors)));
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(hits));
}

static inline uint32_t above16(const int32_t *products, int32_t half, const int32_t *halves, int32_t floor,
                               const int32_t *floors) {
    __m256i h = _mm256_set1_epi32(half), f = _mm256_set1_epi32(floor);
    return above8(products, h, halves, f, floors) | above8(products + 8, h, halves + 8, f, floors + 8) << 8;
}

#include "codes_rows.h"

#pragma clang attribute pop

extern const struct vexfs_codes_kernels vexfs_codes_avx2;
const struct vexfs_codes_kernels vexfs_codes_avx2 = VEXFS_CODES_TABLE;
#endif
