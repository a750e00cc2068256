/*
 * A template, included once by each variant after its target attribute: vectors of LANES floats and what is computed on
 * them. The including file defines LANES, FUSED (whether multiply-add is one instruction) and SELF(name), which makes a
 * name the variant's own.
 */
#define EACH(index, count) _Pragma("clang loop unroll(full)") for (int index = 0; index < (count); index++)
#define INLINE static inline __attribute__((always_inline, unused))

typedef float SELF(vector) __attribute__((vector_size(LANES * 4)));
typedef int32_t SELF(integers) __attribute__((vector_size(LANES * 4)));
typedef uint32_t SELF(words) __attribute__((vector_size(LANES * 4)));
/* As in memory: no alignment beyond the element's. */
typedef float SELF(floats_in_memory) __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef uint32_t SELF(words_in_memory) __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
#define V SELF(vector)
#define VI SELF(integers)
#define VU SELF(words)
#define LOAD(at) ((V) * (const SELF(floats_in_memory) *)(at))
#define LOAD_WORDS(at) ((VU) * (const SELF(words_in_memory) *)(at))
#define STORE(at, value) (*(SELF(floats_in_memory) *)(at) = (value))
/* Subtracting zero changes nothing, so the compiler leaves only the broadcast. */
#define SPLAT(value) ((value) - (V){0})
#if FUSED
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

/* The second one where either is NaN: one instruction, unlike the built-in functions. */
INLINE V SELF(larger)(V a, V b) {
    VI mask = a > b;
    return (V)(((VI)a & mask) | ((VI)b & ~mask));
}

INLINE V SELF(smaller)(V a, V b) {
    VI mask = a < b;
    return (V)(((VI)a & mask) | ((VI)b & ~mask));
}

/* Both work in a tree: its depth, not the number of lanes, is what they take. */
INLINE float SELF(total)(V x) {
    EACH(step, 4)
        if (LANES >> step > 1) EACH(lane, LANES >> (step + 1)) x[lane] += x[lane + (LANES >> (step + 1))];
    return x[0];
}

INLINE float SELF(largest)(V x) {
    EACH(step, 4) {
        if (LANES >> step > 1)
            EACH(lane, LANES >> (step + 1)) {
                float other = x[lane + (LANES >> (step + 1))];
                x[lane] = x[lane] > other ? x[lane] : other;
            }
    }
    return x[0];
}

/* e^x for x <= 0: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor of degree 6 (error 1.2e-7), n added to its exponent. */
INLINE V SELF(exponential)(V x) {
    const V magic = SPLAT(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer, in the last bits. */
    V shifted = MULTIPLY_ADD(SELF(larger)(x, SPLAT(-86.0f)), SPLAT(1.44269504f), magic);
    V r = MULTIPLY_ADD(shifted - magic, SPLAT(-0.693147181f), SELF(larger)(x, SPLAT(-86.0f)));
    V p = SPLAT(1.0f / 720);
    p = MULTIPLY_ADD(p, r, SPLAT(1.0f / 120));
    p = MULTIPLY_ADD(p, r, SPLAT(1.0f / 24));
    p = MULTIPLY_ADD(p, r, SPLAT(1.0f / 6));
    p = MULTIPLY_ADD(p, r, SPLAT(0.5f));
    p = MULTIPLY_ADD(p, r, SPLAT(1.0f));
    p = MULTIPLY_ADD(p, r, SPLAT(1.0f));
    return (V)((VU)p + ((VU)shifted << 23));
}

/*
 * x Phi(x), with Phi(x) = 1/2 + x q(x^2) for |x| <= 5 and constant beyond: q is the polynomial of degree 12 with the
 * least error, in x^2 mapped to -1 ... 1, where its coefficients are small. Absolute error 2e-6 up to |x| = 9.
 */
INLINE V SELF(gelu)(V x) {
    static const float q[] = {0.492920226e-3f,   -0.00151410978f, 0.00200197659f, -0.00291577377f, 0.00616533076f,
                              -0.010973149f,     0.016497694f,    -0.0233367607f, 0.0314262249f,   -0.0404329449f,
                              0.0515214205f,     -0.0702966526f,  0.141363785f};
    V near = SELF(larger)(SELF(smaller)(x, SPLAT(5.0f)), SPLAT(-5.0f));
    V u = MULTIPLY_ADD(near * near, SPLAT(0.08f), SPLAT(-1.0f));
    V square = u * u, even = SPLAT(q[0]), odd = SPLAT(q[1]);
    for (int at = 2; at < 12; at += 2) {
        even = MULTIPLY_ADD(even, square, SPLAT(q[at]));
        odd = MULTIPLY_ADD(odd, square, SPLAT(q[at + 1]));
    }
    V p = MULTIPLY_ADD(odd, u, MULTIPLY_ADD(even, square, SPLAT(q[12])));
    return x * MULTIPLY_ADD(near, p, SPLAT(0.5f));
}

/* Round to nearest, ties to even, as bfloat16 in the upper half of each word. Finite values only. */
INLINE VU SELF(rounded)(V x) {
    VU bits = (VU)x;
    return (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u;
}

/*
 * out[row][vector] = (resume ? out[row][vector] : 0) + a[row][0 ..< depth] * b[0 ..< depth][vector]: the register tile.
 * `rows` and `vectors` are constants at every call. Rows of `a`, `b` and `out` lie `a_stride`, `b_stride` and
 * `out_stride` floats apart; `ahead` bytes after a row of `b` lies what will be wanted next.
 */
INLINE void SELF(tile)(const int rows, const int vectors, const float *a, size_t a_stride, const float *b,
                       size_t b_stride, size_t depth, size_t ahead, int resume, float *out, size_t out_stride) {
    V sum[TILE_ROWS][VECTORS];
    EACH(row, rows) EACH(v, vectors)
        sum[row][v] = resume ? LOAD(out + (size_t)row * out_stride + v * LANES) : (V){0};
#pragma clang loop unroll_count(2)
    for (size_t k = 0; k < depth; k++) {
        V weight[VECTORS];
        __builtin_prefetch((const char *)(b + k * b_stride) + ahead, 0, 2);
        EACH(v, vectors) weight[v] = LOAD(b + k * b_stride + v * LANES);
        EACH(row, rows) {
            V activation = SPLAT(a[(size_t)row * a_stride + k]);
            EACH(v, vectors) sum[row][v] = MULTIPLY_ADD(activation, weight[v], sum[row][v]);
        }
    }
    EACH(row, rows) EACH(v, vectors) STORE(out + (size_t)row * out_stride + v * LANES, sum[row][v]);
}

/* Calls a macro with the number of rows as a constant. */
#define WITH_ROWS(rows, CALL)                                                                        \
    switch ((rows) < TILE_ROWS ? (rows) : TILE_ROWS) {                                               \
    case 6: CALL(6); break;                                                                          \
    case 5: CALL(5); break;                                                                          \
    case 4: CALL(4); break;                                                                          \
    case 3: CALL(3); break;                                                                          \
    case 2: CALL(2); break;                                                                          \
    default: CALL(1); break;                                                                         \
    }
