/*
 * The rotation, compiled by each implementation for its instruction set. Every component is computed by the same
 * additions whatever the width of the registers, so the results are equal bit for bit.
 */
#define ALWAYS static inline __attribute__((always_inline, unused))

typedef float eight __attribute__((vector_size(32)));
typedef int32_t eight_words __attribute__((vector_size(32)));
typedef float eight_in_memory __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t eight_words_in_memory __attribute__((vector_size(32), aligned(4), may_alias));
#define GET(at) ((eight) * (const eight_in_memory *)(const void *)(at))
#define PUT(at, value) (*(eight_in_memory *)(void *)(at) = (value))

/* Partner plus or minus self, for partners 4, 2 and 1 lanes away. */
#define BUTTERFLY(value, bits, ...)                                                                                    \
    (__builtin_shufflevector(value, value, __VA_ARGS__) + (eight)((eight_words)(value) ^ (eight_words)bits))
#define MINUS ((int32_t)0x80000000)

/* Of eight values in memory: vectors are not passed by value, which not every instruction set has a way for. */
ALWAYS void transform_eight(float *x) {
    const eight_words one = {0, MINUS, 0, MINUS, 0, MINUS, 0, MINUS};
    const eight_words two = {0, 0, MINUS, MINUS, 0, 0, MINUS, MINUS};
    const eight_words four = {0, 0, 0, 0, MINUS, MINUS, MINUS, MINUS};
    eight value = GET(x);
    value = BUTTERFLY(value, one, 1, 0, 3, 2, 5, 4, 7, 6);
    value = BUTTERFLY(value, two, 2, 3, 0, 1, 6, 7, 4, 5);
    PUT(x, BUTTERFLY(value, four, 4, 5, 6, 7, 0, 1, 2, 3));
}

/* The fast Walsh-Hadamard transform of n values, n a power of two. */
ALWAYS void transform(float *x, size_t n) {
    size_t step = 1;
    if (n >= 8) {
        for (size_t i = 0; i < n; i += 8) transform_eight(x + i);
        step = 8;
    }
    /* Two stages in one pass, while there are two. */
    for (; step >= 8 && step * 4 <= n; step *= 4) {
        for (size_t i = 0; i < n; i += 4 * step) {
            for (size_t j = i; j < i + step; j += 8) {
                eight a = GET(x + j), b = GET(x + j + step), c = GET(x + j + 2 * step), d = GET(x + j + 3 * step);
                eight p = a + b, q = a - b, r = c + d, s = c - d;
                PUT(x + j, p + r);
                PUT(x + j + step, q + s);
                PUT(x + j + 2 * step, p - r);
                PUT(x + j + 3 * step, q - s);
            }
        }
    }
    for (; step < n; step *= 2) {
        for (size_t i = 0; i < n; i += 2 * step) {
            size_t j = i;
            for (; j + 8 <= i + step; j += 8) {
                eight a = GET(x + j), b = GET(x + j + step);
                PUT(x + j, a + b);
                PUT(x + j + step, a - b);
            }
            for (; j < i + step; j++) {
                float a = x[j], b = x[j + step];
                x[j] = a + b;
                x[j + step] = a - b;
            }
        }
    }
}

/* Gives components the signs and multiplies them by a factor. */
ALWAYS void scale_signed(float *x, size_t n, const uint32_t *signs, float factor) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        eight_words sign = *(const eight_words_in_memory *)(const void *)(signs + i) & MINUS;
        PUT(x + i, (eight)((eight_words)GET(x + i) ^ sign) * factor);
    }
    for (; i < n; i++) x[i] = (signs[i] & 0x80000000u ? -x[i] : x[i]) * factor;
}

static void rotate(float *vector, size_t length, const uint32_t *signs, size_t rounds) {
    size_t window = 1;
    while (window * 2 <= length) window *= 2;
    if (length == 0) return;
    float factor = 1.0f / __builtin_sqrtf((float)window);
    for (size_t round = 0; round < rounds; round++) {
        float *start = round % 2 ? vector + (length - window) : vector;
        /* What lies outside of the window only changes its sign. */
        const uint32_t *sign = signs + round * length;
        size_t before = (size_t)(start - vector), after = before + window;
        scale_signed(vector, before, sign, 1.0f);
        scale_signed(start, window, sign + before, factor);
        scale_signed(vector + after, length - after, sign + after, 1.0f);
        transform(start, window);
    }
}
