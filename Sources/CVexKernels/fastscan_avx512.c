#include "fastscan_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,f16c,popcnt"))),                \
                             apply_to = function)

#define LANES 16
#define TILE 12
#define FUSED 1
#include "rotation_rounds.h"
#include "fastscan_codes.h"
#include "fastscan_product.h"

/* 16-bit sums of four nibbles' quarters, folded: eight rows in sequence. */
ALWAYS __m256i fold(__m512i sums) {
    __m256i half = _mm256_add_epi16(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
    return _mm256_cvtepu16_epi32(_mm_add_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}

/* As in the AVX2 implementation, a group at a time. */
ALWAYS void add_groups(const uint8_t *codes, const uint8_t *table, size_t groups, __m512i sums[2]) {
    const __m512i low = _mm512_set1_epi8(15);
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t at = 0; at < groups * VEXFS_GROUP_BYTES; at += 64) {
        __m512i code = _mm512_loadu_si512(codes + at), values = _mm512_loadu_si512(table + at);
        __m512i first = _mm512_shuffle_epi8(values, _mm512_and_si512(code, low));
        __m512i second = _mm512_shuffle_epi8(values, _mm512_and_si512(_mm512_srli_epi16(code, 4), low));
        s0 = _mm512_add_epi16(s0, first);
        s1 = _mm512_add_epi16(s1, _mm512_srli_epi16(first, 8));
        s2 = _mm512_add_epi16(s2, second);
        s3 = _mm512_add_epi16(s3, _mm512_srli_epi16(second, 8));
    }
    __m256i a = fold(_mm512_sub_epi16(s0, _mm512_slli_epi16(s1, 8))), b = fold(s1);
    __m256i c = fold(_mm512_sub_epi16(s2, _mm512_slli_epi16(s3, 8))), d = fold(s3);
    sums[0] = _mm512_add_epi32(sums[0], _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1));
    sums[1] = _mm512_add_epi32(sums[1], _mm512_inserti64x4(_mm512_castsi256_si512(c), d, 1));
}

static size_t scan(const struct vexfs_code_scan *scan, float *estimates, uint32_t *numbers) {
    const __m512 scale = _mm512_set1_ps(scan->scale), base = _mm512_set1_ps(scan->base);
    const __m512 offset = _mm512_set1_ps(scan->offset), threshold = _mm512_set1_ps(scan->threshold);
    const size_t bytes = scan->groups * VEXFS_GROUP_BYTES;
    size_t found = 0;
    for (size_t block = 0; block < scan->blocks; block++) {
        uint32_t allowed = scan->allowed ? scan->allowed[block] : ~0u;
        if (!allowed) continue;
        const uint8_t *codes = scan->codes + block * bytes;
        const uint16_t *factors = scan->factors + block * 2 * VEXFS_BLOCK_ROWS;
        __m512i sums[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        for (size_t group = 0; group < scan->groups; group += VEXFS_NARROW_GROUPS) {
            size_t left = scan->groups - group;
            add_groups(codes + group * VEXFS_GROUP_BYTES, scan->table + group * VEXFS_GROUP_BYTES,
                       left < VEXFS_NARROW_GROUPS ? left : VEXFS_NARROW_GROUPS, sums);
        }
        for (uint32_t part = 0; part < 2; part++) {
            __m512 f = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(factors + part * 16)));
            __m512 g = _mm512_cvtph_ps(
                _mm256_loadu_si256((const __m256i *)(const void *)(factors + VEXFS_BLOCK_ROWS + part * 16)));
            __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[part]), scale);
            value = _mm512_mul_ps(_mm512_add_ps(value, base), f);
            value = _mm512_add_ps(_mm512_add_ps(value, g), offset);
            __mmask16 above = _mm512_cmp_ps_mask(value, threshold, _CMP_GT_OQ) & (__mmask16)(allowed >> (part * 16));
            if (!above) continue;
            uint32_t first = scan->first + (uint32_t)(block * VEXFS_BLOCK_ROWS) + part * 16;
            const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            _mm512_mask_compressstoreu_ps(estimates + found, above, value);
            _mm512_mask_compressstoreu_epi32(numbers + found, above,
                                             _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)first)));
            found += (size_t)__builtin_popcount(above);
        }
    }
    return found;
}

static size_t mask(const uint32_t *rows, size_t blocks, const uint64_t *bitmap, size_t words, uint32_t *masks) {
    return vexfs_lists_avx2.mask(rows, blocks, bitmap, words, masks);
}

#pragma clang attribute pop

const struct vexfs_list_kernels vexfs_lists_avx512 = {
    .scan = scan, .mask = mask, .rotate = rotate,
    .encode_signs = encode_signs, .encode_product = encode_product,
    .table_signs = table_signs, .table_product = table_product, .narrow_table = narrow_table,
    .products = products,
};
#endif
