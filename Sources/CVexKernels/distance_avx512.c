#include "distance_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)

static inline __m512 add_product(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }

static inline __m512 add_square(__m512 sum, __m512 a, __m512 b) {
    __m512 difference = _mm512_sub_ps(a, b);
    return _mm512_fmadd_ps(difference, difference, sum);
}

static inline __m512 add_absolute(__m512 sum, __m512 a, __m512 b) {
    return _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(a, b)));
}

#define DEFINE_ROW(NAME, ADD)                                                                                          \
    static inline float NAME(const float *a, const float *b, size_t n) {                                               \
        __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;                                                    \
        size_t i = 0;                                                                                                  \
        for (; i + 64 <= n; i += 64) {                                                                                 \
            s0 = ADD(s0, _mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));                                              \
            s1 = ADD(s1, _mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16));                                    \
            s2 = ADD(s2, _mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32));                                    \
            s3 = ADD(s3, _mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48));                                    \
        }                                                                                                              \
        for (; i + 16 <= n; i += 16) s0 = ADD(s0, _mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));                     \
        if (i < n) {                                                                                                   \
            __mmask16 mask = (__mmask16)((1u << (n - i)) - 1);                                                         \
            s1 = ADD(s1, _mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i));                      \
        }                                                                                                              \
        return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));                      \
    }

DEFINE_ROW(row_dot, add_product)
DEFINE_ROW(row_l2, add_square)
DEFINE_ROW(row_l1, add_absolute)

static inline __m512i widen_i8(const int8_t *p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)p));
}

static inline int32_t row_i8(const int8_t *a, const int8_t *b, size_t n) {
    __m512i sum = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) sum = _mm512_add_epi32(sum, _mm512_madd_epi16(widen_i8(a + i), widen_i8(b + i)));
    if (i < n) {
        __mmask32 mask = (__mmask32)((1ull << (n - i)) - 1);
        __m512i left = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(mask, a + i));
        __m512i right = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(mask, b + i));
        sum = _mm512_add_epi32(sum, _mm512_madd_epi16(left, right));
    }
    return _mm512_reduce_add_epi32(sum);
}

VEXFS_DEFINE_F32
VEXFS_DEFINE_I8(i8, row_i8)

static void quantize_i8(const float *row, size_t n, float factor, int8_t *codes) {
    __m512 factors = _mm512_set1_ps(factor), most = _mm512_set1_ps(127.0f), least = _mm512_set1_ps(-127.0f);
    for (size_t i = 0; i < n; i += 16) {
        size_t rest = n - i;
        __mmask16 mask = rest >= 16 ? (__mmask16)0xFFFF : (__mmask16)((1u << rest) - 1);
        __m512 value = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, row + i), factors);
        value = _mm512_max_ps(_mm512_min_ps(value, most), least);
        _mm512_mask_cvtsepi32_storeu_epi8(codes + i, mask, _mm512_cvtps_epi32(value));
    }
}

#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))),                 \
                             apply_to = function)

/* The instruction takes u8 x s8: b + 128 is unsigned, and 128 * sum(a) is taken off again. Masked-off bytes of a are 0,
   so what b + 128 holds there does not count. */
static inline int32_t row_vnni(const int8_t *a, const int8_t *b, size_t n) {
    const __m512i offset = _mm512_set1_epi8((char)0x80);
    __m512i sum = _mm512_setzero_si512(), correction = sum;
    for (size_t i = 0; i < n; i += 64) {
        size_t rest = n - i;
        __mmask64 mask = rest >= 64 ? ~(__mmask64)0 : (((__mmask64)1 << rest) - 1);
        __m512i left = _mm512_maskz_loadu_epi8(mask, a + i);
        __m512i right = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, b + i), offset);
        sum = _mm512_dpbusd_epi32(sum, right, left);
        correction = _mm512_dpbusd_epi32(correction, offset, left);
    }
    return _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, correction));
}

VEXFS_DEFINE_I8(vnni, row_vnni)

#pragma clang attribute pop

const struct vexfs_distance_kernels vexfs_distance_avx512 = {
    .one_f32 = one_f32, .scan_f32 = scan_f32, .gather_f32 = gather_f32,
    .dot_i8 = dot_i8, .scan_i8 = scan_all_i8, .gather_i8 = gather_all_i8, .quantize_i8 = quantize_i8,
};

const struct vexfs_distance_kernels vexfs_distance_avx512vnni = {
    .one_f32 = one_f32, .scan_f32 = scan_f32, .gather_f32 = gather_f32,
    .dot_i8 = dot_vnni, .scan_i8 = scan_all_vnni, .gather_i8 = gather_all_vnni, .quantize_i8 = quantize_i8,
};
#endif
