#include "vexcodes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),               \
                             apply_to = function)

/* The 64 codes at p, or the last 32 of a row and zeros. */
static inline __m512i load(const int8_t *p, size_t left) {
    return _mm512_maskz_loadu_epi8(left >= 64 ? ~(__mmask64)0 : (__mmask64)0xFFFFFFFFu, p);
}

/* |q| * (sign(q) * row), four products at a time. */
static inline __m512i add_products(__m512i sum, __m512i magnitude, __mmask64 negative, __m512i row) {
    return _mm512_dpbusd_epi32(sum, magnitude, _mm512_mask_sub_epi8(row, negative, _mm512_setzero_si512(), row));
}

static int32_t dot1(const int8_t *a, const int8_t *b, size_t width) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < width; i += 64) {
        __m512i q = load(a + i, width - i);
        sum = add_products(sum, _mm512_abs_epi8(q), _mm512_movepi8_mask(q), load(b + i, width - i));
    }
    return _mm512_reduce_add_epi32(sum);
}

static inline __attribute__((always_inline)) void dot4(const int8_t *query, const int8_t *row0, const int8_t *row1,
                                                       const int8_t *row2, const int8_t *row3, size_t width,
                                                       int32_t *sums) {
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = 0; i < width; i += 64) {
        __m512i q = load(query + i, width - i), magnitude = _mm512_abs_epi8(q);
        __mmask64 negative = _mm512_movepi8_mask(q);
        s0 = add_products(s0, magnitude, negative, load(row0 + i, width - i));
        s1 = add_products(s1, magnitude, negative, load(row1 + i, width - i));
        s2 = add_products(s2, magnitude, negative, load(row2 + i, width - i));
        s3 = add_products(s3, magnitude, negative, load(row3 + i, width - i));
    }
    sums[0] = _mm512_reduce_add_epi32(s0);
    sums[1] = _mm512_reduce_add_epi32(s1);
    sums[2] = _mm512_reduce_add_epi32(s2);
    sums[3] = _mm512_reduce_add_epi32(s3);
}

static inline __m512i add_squares(__m512i sum, __m512i row) {
    __m512i magnitude = _mm512_abs_epi8(row);
    return _mm512_dpbusd_epi32(sum, magnitude, magnitude);
}

static inline __attribute__((always_inline)) void squares4(const int8_t *row0, const int8_t *row1, const int8_t *row2,
                                                           const int8_t *row3, size_t width, int32_t *sums) {
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = 0; i < width; i += 64) {
        s0 = add_squares(s0, load(row0 + i, width - i));
        s1 = add_squares(s1, load(row1 + i, width - i));
        s2 = add_squares(s2, load(row2 + i, width - i));
        s3 = add_squares(s3, load(row3 + i, width - i));
    }
    sums[0] = _mm512_reduce_add_epi32(s0);
    sums[1] = _mm512_reduce_add_epi32(s1);
    sums[2] = _mm512_reduce_add_epi32(s2);
    sums[3] = _mm512_reduce_add_epi32(s3);
}

static inline int32_t pair_at(const int16_t *p) {
    int32_t pair;
    __builtin_memcpy(&pair, p, 4);
    return pair;
}

/* Two blocks of columns at once where there are two, so that a row's pair is loaded once for both. */
static void tile(const int16_t *rows, size_t depth, const int16_t *panel, size_t blocks, int32_t *products,
                 size_t stride) {
    size_t step = VEXFS_CODES_COLUMNS * depth;
    for (size_t b = 0; b < blocks; b += 2) {
        const int16_t *left = panel + b * step, *right = b + 1 < blocks ? left + step : left;
        __m512i s[VEXFS_CODES_TILE][2];
        for (int r = 0; r < VEXFS_CODES_TILE; r++) s[r][0] = s[r][1] = _mm512_setzero_si512();
        for (size_t k = 0; k < depth; k += 2) {
            __m512i l = _mm512_loadu_si512(left + k * VEXFS_CODES_COLUMNS);
            __m512i h = _mm512_loadu_si512(right + k * VEXFS_CODES_COLUMNS);
#pragma clang loop unroll(full)
            for (int r = 0; r < VEXFS_CODES_TILE; r++) {
                __m512i pair = _mm512_set1_epi32(pair_at(rows + (size_t)r * depth + k));
                s[r][0] = _mm512_dpwssd_epi32(s[r][0], l, pair);
                s[r][1] = _mm512_dpwssd_epi32(s[r][1], h, pair);
            }
        }
        for (size_t r = 0; r < VEXFS_CODES_TILE; r++) {
            int32_t *out = products + r * stride + b * VEXFS_CODES_COLUMNS;
            _mm512_storeu_si512(out, s[r][0]);
            if (right != left) _mm512_storeu_si512(out + VEXFS_CODES_COLUMNS, s[r][1]);
        }
    }
}

static inline uint32_t above16(const int32_t *products, int32_t half, const int32_t *halves, int32_t floor,
                               const int32_t *floors) {
    __m512i score = _mm512_sub_epi32(_mm512_loadu_si512(products), _mm512_set1_epi32(half));
    score = _mm512_sub_epi32(score, _mm512_loadu_si512(halves));
    return (uint32_t)(_mm512_cmpgt_epi32_mask(score, _mm512_set1_epi32(floor)) |
                      _mm512_cmpgt_epi32_mask(score, _mm512_loadu_si512(floors)));
}

#include "codes_rows.h"

#pragma clang attribute pop

extern const struct vexfs_codes_kernels vexfs_codes_avx512;
const struct vexfs_codes_kernels vexfs_codes_avx512 = VEXFS_CODES_TABLE;
#endif
