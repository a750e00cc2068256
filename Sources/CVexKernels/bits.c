#include "vexbits.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define AND(a, b) ((a) & (b))
#define OR(a, b) ((a) | (b))
#define AND_NOT(a, b) ((a) & ~(b))

#define DEFINE_PORTABLE(NAME, OPERATION)                                                                               \
    static size_t NAME(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words) {                            \
        size_t total = 0;                                                                                              \
        for (size_t i = 0; i < words; i++) {                                                                           \
            uint64_t word = OPERATION(a[i], b[i]);                                                                     \
            out[i] = word;                                                                                             \
            total += (size_t)__builtin_popcountll(word);                                                               \
        }                                                                                                              \
        return total;                                                                                                  \
    }

DEFINE_PORTABLE(and_portable, AND)
DEFINE_PORTABLE(or_portable, OR)
DEFINE_PORTABLE(and_not_portable, AND_NOT)

static size_t and_count_portable(const uint64_t *a, const uint64_t *b, size_t words) {
    size_t total = 0;
    for (size_t i = 0; i < words; i++) total += (size_t)__builtin_popcountll(a[i] & b[i]);
    return total;
}

static size_t list_portable(uint16_t *out, const uint64_t *bits, size_t words) {
    size_t count = 0;
    for (size_t i = 0; i < words; i++)
        for (uint64_t rest = bits[i]; rest; rest &= rest - 1)
            out[count++] = (uint16_t)(i * 64 + (size_t)__builtin_ctzll(rest));
    return count;
}

static size_t rows_portable(uint32_t *out, const uint64_t *bits, size_t words, uint32_t first) {
    size_t count = 0;
    for (size_t i = 0; i < words; i++)
        for (uint64_t rest = bits[i]; rest; rest &= rest - 1)
            out[count++] = first + (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(rest);
    return count;
}

static const struct vexfs_bits_kernels portable = {and_portable,       or_portable,   and_not_portable,
                                                   and_count_portable, list_portable, rows_portable};

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,popcnt"))), apply_to = function)

/* The bits of each of the four words, by looking up half bytes (Mula, Kurz, Lemire: arXiv 1611.07612). */
static inline __m256i count_words(__m256i v) {
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1,
                                            2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i first = _mm256_shuffle_epi8(counts, _mm256_and_si256(v, low));
    __m256i second = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(v, 4), low));
    return _mm256_sad_epu8(_mm256_add_epi8(first, second), _mm256_setzero_si256());
}

static inline size_t sum_words(__m256i v) {
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return (size_t)(_mm_extract_epi64(two, 0) + _mm_extract_epi64(two, 1));
}

static inline __m256i load(const uint64_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }

#define WIDE_AND(a, b) _mm256_and_si256(a, b)
#define WIDE_OR(a, b) _mm256_or_si256(a, b)
#define WIDE_AND_NOT(a, b) _mm256_andnot_si256(b, a)

#define DEFINE_AVX2(NAME, WIDE, OPERATION)                                                                             \
    static size_t NAME(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words) {                            \
        __m256i counts = _mm256_setzero_si256();                                                                       \
        size_t i = 0;                                                                                                  \
        for (; i + 4 <= words; i += 4) {                                                                               \
            __m256i v = WIDE(load(a + i), load(b + i));                                                                \
            _mm256_storeu_si256((__m256i *)(void *)(out + i), v);                                                      \
            counts = _mm256_add_epi64(counts, count_words(v));                                                         \
        }                                                                                                              \
        size_t total = sum_words(counts);                                                                              \
        for (; i < words; i++) {                                                                                       \
            uint64_t word = OPERATION(a[i], b[i]);                                                                     \
            out[i] = word;                                                                                             \
            total += (size_t)__builtin_popcountll(word);                                                               \
        }                                                                                                              \
        return total;                                                                                                  \
    }

DEFINE_AVX2(and_avx2, WIDE_AND, AND)
DEFINE_AVX2(or_avx2, WIDE_OR, OR)
DEFINE_AVX2(and_not_avx2, WIDE_AND_NOT, AND_NOT)

static size_t and_count_avx2(const uint64_t *a, const uint64_t *b, size_t words) {
    __m256i counts = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 4 <= words; i += 4)
        counts = _mm256_add_epi64(counts, count_words(_mm256_and_si256(load(a + i), load(b + i))));
    size_t total = sum_words(counts);
    for (; i < words; i++) total += (size_t)__builtin_popcountll(a[i] & b[i]);
    return total;
}

/* Always writes in fours, as many as a sparse word mostly has, and so mispredicts little. */
static size_t list_avx2(uint16_t *out, const uint64_t *bits, size_t words) {
    size_t count = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t rest = bits[i];
        size_t found = (size_t)__builtin_popcountll(rest);
        for (size_t j = 0; j < found; j += 4)
            for (size_t k = j; k < j + 4; k++) {
                out[count + k] = (uint16_t)(i * 64 + _tzcnt_u64(rest));
                rest = _blsr_u64(rest);
            }
        count += found;
    }
    return count;
}

/* The first two without asking whether they are there: where few rows pass a filter, words have none, one or two. */
static size_t rows_avx2(uint32_t *out, const uint64_t *bits, size_t words, uint32_t first) {
    uint32_t *start = out;
    for (size_t i = 0; i < words; i++, first += 64) {
        uint64_t rest = bits[i];
        size_t found = (size_t)__builtin_popcountll(rest);
        out[0] = first + (uint32_t)_tzcnt_u64(rest);
        rest = _blsr_u64(rest);
        out[1] = first + (uint32_t)_tzcnt_u64(rest);
        for (size_t j = 2; j < found; j += 4)
            for (size_t k = j; k < j + 4; k++) {
                rest = _blsr_u64(rest);
                out[k] = first + (uint32_t)_tzcnt_u64(rest);
            }
        out += found;
    }
    return (size_t)(out - start);
}

#pragma clang attribute pop

static const struct vexfs_bits_kernels avx2 = {and_avx2,       or_avx2,   and_not_avx2,
                                               and_count_avx2, list_avx2, rows_avx2};

static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}
#endif

const struct vexfs_bits_kernels *vexfs_bits_kernels_at(enum vexfs_simd level) {
#if defined(__x86_64__)
    /* 512 bits would gain nothing: the words come from the second-level cache. */
    if (level >= VEXFS_SIMD_AVX2) return has_avx2() ? &avx2 : NULL;
#endif
    return level == VEXFS_SIMD_PORTABLE ? &portable : NULL;
}

static inline const struct vexfs_bits_kernels *chosen(void) {
    /* Racing first calls compute the same value. */
    static const struct vexfs_bits_kernels *_Atomic table = NULL;
    const struct vexfs_bits_kernels *known = __c11_atomic_load(&table, __ATOMIC_RELAXED);
    if (!known) {
        known = vexfs_bits_kernels_at(vexfs_simd_level());
        if (!known) known = &portable;
        __c11_atomic_store(&table, known, __ATOMIC_RELAXED);
    }
    return known;
}

size_t vexfs_bits_and(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words) {
    return chosen()->intersect(out, a, b, words);
}

size_t vexfs_bits_or(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words) {
    return chosen()->unite(out, a, b, words);
}

size_t vexfs_bits_and_not(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words) {
    return chosen()->subtract(out, a, b, words);
}

size_t vexfs_bits_and_count(const uint64_t *a, const uint64_t *b, size_t words) {
    return chosen()->count_common(a, b, words);
}

size_t vexfs_bits_list(uint16_t *out, const uint64_t *bits, size_t words) { return chosen()->list(out, bits, words); }

size_t vexfs_bits_rows(uint32_t *out, const uint64_t *bits, size_t words, uint32_t first) {
    return chosen()->rows(out, bits, words, first);
}

int vexfs_bits_within(const uint64_t *a, const uint64_t *b, size_t words) {
    size_t i = 0;
    for (; i + 32 <= words; i += 32) {
        uint64_t outside = 0;
        for (size_t j = i; j < i + 32; j++) outside |= a[j] & ~b[j];
        if (outside) return 0;
    }
    for (; i < words; i++)
        if (a[i] & ~b[i]) return 0;
    return 1;
}
