#include "fastscan_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,popcnt"))), apply_to = function)

#define LANES 8
#define TILE 6
#define FUSED 1
#include "rotation_rounds.h"
#include "fastscan_codes.h"
#include "fastscan_product.h"

/* 16-bit sums of two nibbles' halves, folded: eight rows in sequence. */
ALWAYS __m256i fold(__m256i sums) {
    return _mm256_cvtepu16_epi32(_mm_add_epi16(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1)));
}

/* The 32 sums over up to VEXFS_NARROW_GROUPS groups, added to sums. A look-up gives bytes; the words' sums hold the
   even bytes plus 256 times the odd ones, which are summed alone too and taken off at the end. */
ALWAYS void add_groups(const uint8_t *codes, const uint8_t *table, size_t groups, __m256i sums[4]) {
    const __m256i low = _mm256_set1_epi8(15);
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t at = 0; at < groups * VEXFS_GROUP_BYTES; at += 32) {
        __m256i code = _mm256_loadu_si256((const __m256i *)(const void *)(codes + at));
        __m256i values = _mm256_loadu_si256((const __m256i *)(const void *)(table + at));
        __m256i first = _mm256_shuffle_epi8(values, _mm256_and_si256(code, low));
        __m256i second = _mm256_shuffle_epi8(values, _mm256_and_si256(_mm256_srli_epi16(code, 4), low));
        s0 = _mm256_add_epi16(s0, first);
        s1 = _mm256_add_epi16(s1, _mm256_srli_epi16(first, 8));
        s2 = _mm256_add_epi16(s2, second);
        s3 = _mm256_add_epi16(s3, _mm256_srli_epi16(second, 8));
    }
    sums[0] = _mm256_add_epi32(sums[0], fold(_mm256_sub_epi16(s0, _mm256_slli_epi16(s1, 8))));
    sums[1] = _mm256_add_epi32(sums[1], fold(s1));
    sums[2] = _mm256_add_epi32(sums[2], fold(_mm256_sub_epi16(s2, _mm256_slli_epi16(s3, 8))));
    sums[3] = _mm256_add_epi32(sums[3], fold(s3));
}

static size_t scan(const struct vexfs_code_scan *scan, float *estimates, uint32_t *numbers) {
    const __m256 scale = _mm256_set1_ps(scan->scale), base = _mm256_set1_ps(scan->base);
    const __m256 offset = _mm256_set1_ps(scan->offset), threshold = _mm256_set1_ps(scan->threshold);
    const size_t bytes = scan->groups * VEXFS_GROUP_BYTES;
    size_t found = 0;
    for (size_t block = 0; block < scan->blocks; block++) {
        uint32_t allowed = scan->allowed ? scan->allowed[block] : ~0u;
        if (!allowed) continue;
        const uint8_t *codes = scan->codes + block * bytes;
        const uint16_t *factors = scan->factors + block * 2 * VEXFS_BLOCK_ROWS;
        const __m256i zero = _mm256_setzero_si256();
        __m256i sums[4] = {zero, zero, zero, zero};
        for (size_t group = 0; group < scan->groups; group += VEXFS_NARROW_GROUPS) {
            size_t left = scan->groups - group;
            add_groups(codes + group * VEXFS_GROUP_BYTES, scan->table + group * VEXFS_GROUP_BYTES,
                       left < VEXFS_NARROW_GROUPS ? left : VEXFS_NARROW_GROUPS, sums);
        }
        float values[VEXFS_BLOCK_ROWS];
        uint32_t above = 0;
        for (int part = 0; part < 4; part++) {
            __m256 f = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(factors + part * 8)));
            __m256 g = _mm256_cvtph_ps(
                _mm_loadu_si128((const __m128i *)(const void *)(factors + VEXFS_BLOCK_ROWS + part * 8)));
            __m256 value = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[part]), scale);
            value = _mm256_mul_ps(_mm256_add_ps(value, base), f);
            value = _mm256_add_ps(_mm256_add_ps(value, g), offset);
            _mm256_storeu_ps(values + part * 8, value);
            above |= (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(value, threshold, _CMP_GT_OQ)) << (part * 8);
        }
        for (above &= allowed; above; above &= above - 1) {
            int row = __builtin_ctz(above);
            estimates[found] = values[row];
            numbers[found++] = scan->first + (uint32_t)(block * VEXFS_BLOCK_ROWS) + (uint32_t)row;
        }
    }
    return found;
}

static size_t mask(const uint32_t *rows, size_t blocks, const uint64_t *bitmap, size_t words, uint32_t *masks) {
    /* Gathers take signed indices of 32-bit halves; a bitmap of more rows than that is not looked at here. */
    if (words > (size_t)1 << 25) return vexfs_lists_portable.mask(rows, blocks, bitmap, words, masks);
    const __m256i limit = _mm256_set1_epi32((int32_t)(words * 64 - 1)), bit = _mm256_set1_epi32(31);
    size_t passing = 0;
    if (words == 0) {
        memset(masks, 0, blocks * sizeof *masks);
        return 0;
    }
    for (size_t block = 0; block < blocks; block++) {
        uint32_t bits = 0;
        for (int part = 0; part < 4; part++) {
            const uint32_t *at = rows + block * VEXFS_BLOCK_ROWS + part * 8;
            __m256i row = _mm256_loadu_si256((const __m256i *)(const void *)at);
            __m256i inside = _mm256_cmpeq_epi32(_mm256_min_epu32(row, limit), row);
            __m256i word = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), (const int *)(const void *)bitmap,
                                                       _mm256_srli_epi32(row, 5), inside, 4);
            /* The row's bit comes to the top, where movemask reads it. */
            word = _mm256_sllv_epi32(word, _mm256_sub_epi32(bit, _mm256_and_si256(row, bit)));
            bits |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(word)) << (part * 8);
        }
        masks[block] = bits;
        passing += (size_t)__builtin_popcount(bits);
    }
    return passing;
}

#pragma clang attribute pop

const struct vexfs_list_kernels vexfs_lists_avx2 = {
    .scan = scan, .mask = mask, .rotate = rotate,
    .encode_signs = encode_signs, .encode_product = encode_product,
    .table_signs = table_signs, .table_product = table_product, .narrow_table = narrow_table,
    .products = products,
};
#endif
