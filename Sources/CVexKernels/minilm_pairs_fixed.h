/*
 * Of minilm_pairs.h: 16-bit fixed point. Rows and outputs have scales of their own; a step takes four inputs in two
 * words of a row and two vectors of weights, in which an output has two inputs each. Sums are exact, modulo 2^32.
 */
#define OPERAND int16_t
#define SUM uint32_t
/* Lines that a tile fetches of the next panel: four tiles fetch all of it. */
#define FETCHES (SLICE / FIXED_CHUNK)

enum {
    FIXED_STEP = 4,
    /* So many inputs of a row lie together, followed by those of the next row of its tile. */
    FIXED_CHUNK = 8,
    /* The sum of two operands has 16 bits. */
    FIXED_LARGEST = 16383,
    /* Two vectors of this length have a product below 2^31 (Cauchy-Schwarz), with room for what rounding adds: so the
       sums may overflow on their way, but not at its end. */
    FIXED_LENGTH = 46000
};

typedef uint16_t SELF(halves) __attribute__((vector_size(LANES * 4)));
typedef uint16_t SELF(halves_in_memory) __attribute__((vector_size(LANES * 4), aligned(2), may_alias));
#define VH SELF(halves)
#define LOAD_HALVES(at) ((VH) * (const SELF(halves_in_memory) *)(at))
/* Two inputs of a row. */
typedef uint32_t SELF(word_in_memory) __attribute__((aligned(2), may_alias));

/* In each lane, the sum of two products of signed halves. */
INLINE VU SELF(multiply_halves)(VH a, VH b) { return (VU)_mm256_madd_epi16((__m256i)a, (__m256i)b); }

/* What a step stands for, given the largest value and the sum of squares; NaN where that is NaN. */
static inline float SELF(step_for)(float largest, float squares) {
    float step = largest / FIXED_LARGEST, other = __builtin_sqrtf(squares) / FIXED_LENGTH;
    if (!(other <= step)) step = other;
    return step < 1e-30f ? 0 : step;
}

static void MODE(pack_slice)(const float *weights, size_t column, int16_t *panel, float *scale, uint32_t *correction) {
    float largest = 0, squares = 0;
    for (size_t at = 0; at < SLICE; at++) {
        largest = __builtin_fmaxf(largest, __builtin_fabsf(weights[at]));
        squares += weights[at] * weights[at];
    }
    float step = SELF(step_for)(largest, squares), factor = step > 0 && squares < 1e30f ? 1 / step : 0;
    uint32_t sum = 0;
    for (size_t at = 0; at < SLICE; at += FIXED_STEP) {
        int32_t word[FIXED_STEP];
        int16_t *pair = panel + at * PANEL + column * 2;
        for (int i = 0; i < FIXED_STEP; i++) {
            word[i] = (int32_t)__builtin_rintf(weights[at + (size_t)i] * factor);
            pair[i / 2 * 2 * PANEL + i % 2] = (int16_t)word[i];
        }
        sum += (uint32_t)(word[0] * word[2] + word[1] * word[3]);
    }
    *scale = step;
    *correction = sum;
}

/* What a step of a row of activations stands for. */
INLINE float MODE(measure)(const float *row) {
    V most[2] = {(V){0}, (V){0}}, squares[2] = {(V){0}, (V){0}};
    for (size_t at = 0; at < SLICE; at += 2 * LANES) {
        EACH(i, 2) {
            V value = LOAD(row + at + i * LANES);
            squares[i] = MULTIPLY_ADD(value, value, squares[i]);
            most[i] = SELF(larger)(most[i], (V)((VI)value & 0x7fffffff));
        }
    }
    return SELF(step_for)(SELF(largest)(SELF(larger)(most[0], most[1])), SELF(total)(squares[0] + squares[1]));
}

/* Rounds a row of activations; returns what their pairs' products come to, negated. */
INLINE uint32_t MODE(round)(const float *row, float step, int16_t *words) {
    float factor = step > 0 && step < 1e30f ? 1 / step : 0;
    VU sums = (VU){0};
    for (size_t at = 0; at < SLICE; at += 2 * LANES) {
        __m256i low = _mm256_cvtps_epi32((__m256)(LOAD(row + at) * factor));
        __m256i high = _mm256_cvtps_epi32((__m256)(LOAD(row + at + LANES) * factor));
        __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
        int16_t *chunk = words + at * PAIR_ROWS;
        _mm_store_si128((__m128i *)chunk, _mm256_castsi256_si128(both));
        _mm_store_si128((__m128i *)(chunk + PAIR_ROWS * FIXED_CHUNK), _mm256_extracti128_si256(both, 1));
        /* The first pair of each four inputs meets the second one; the upper words meet zero. */
        sums += SELF(multiply_halves)((VH)both, (VH)_mm256_srli_epi64(both, 32));
    }
    uint32_t sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
    return -sum;
}

/* Rounds a slice's activations, and computes where their sums begin. A tile's rows are measured together, or each would
   wait for its own division. */
static void MODE(prepare)(const float *input, size_t tokens, struct operands *operands) {
    for (size_t first = 0; first < tokens; first += PAIR_ROWS) {
        int16_t *tile = (int16_t *)operands->rows + first * SLICE;
        size_t end = first + PAIR_ROWS < tokens ? first + PAIR_ROWS : tokens;
        for (size_t row = first; row < end; row++) operands->steps[row] = MODE(measure)(input + row * SLICE);
        for (size_t row = first; row < end; row++)
            operands->starts[row] =
                MODE(round)(input + row * SLICE, operands->steps[row], tile + (row - first) * FIXED_CHUNK);
    }
}

/* Adds a step of a row to its sums: four operands, then their products. The compiler's order takes 3 % longer. */
INLINE void SELF(accumulate_pairs)(VU sum[VECTORS], const int16_t *at, const VH first[VECTORS],
                                   const VH second[VECTORS]) {
    VU early, late, left, right;
    __asm__("vpbroadcastd %6, %2\n\t"
            "vpbroadcastd %7, %3\n\t"
            "vpaddw %10, %2, %4\n\t"
            "vpaddw %8, %3, %5\n\t"
            "vpaddw %11, %2, %2\n\t"
            "vpaddw %9, %3, %3\n\t"
            "vpmaddwd %4, %5, %4\n\t"
            "vpmaddwd %2, %3, %2\n\t"
            "vpaddd %4, %0, %0\n\t"
            "vpaddd %2, %1, %1"
            : "+x"(sum[0]), "+x"(sum[1]), "=&x"(early), "=&x"(late), "=&x"(left), "=&x"(right)
            : "m"(*(const SELF(word_in_memory) *)at), "m"(*(const SELF(word_in_memory) *)(at + 2)), "x"(first[0]),
              "x"(first[1]), "x"(second[0]), "x"(second[1]));
}

/* A tile's sums over a slice. */
INLINE void MODE(pair_tile)(const int rows, const int16_t *a, const int16_t *b, struct ahead ahead,
                            const uint32_t *starts, uint32_t *out) {
    VU sum[PAIR_ROWS][VECTORS];
    EACH(row, rows) EACH(v, VECTORS) sum[row][v] = starts[row] - (VU){0};
    for (size_t k = 0; k < SLICE; k += FIXED_CHUNK, a += PAIR_ROWS * FIXED_CHUNK, b += FIXED_CHUNK * PANEL) {
        __builtin_prefetch(ahead.at);
        ahead.at += ahead.step;
        EACH(step, FIXED_CHUNK / FIXED_STEP) {
            VH first[VECTORS], second[VECTORS];
            EACH(v, VECTORS) first[v] = LOAD_HALVES(b + step * FIXED_STEP * PANEL + v * 2 * LANES);
            EACH(v, VECTORS) second[v] = LOAD_HALVES(b + (step * FIXED_STEP + 2) * PANEL + v * 2 * LANES);
            EACH(row, rows) {
                const int16_t *at = a + row * FIXED_CHUNK + step * FIXED_STEP;
                SELF(accumulate_pairs)(sum[row], at, first, second);
            }
        }
    }
    EACH(row, rows) EACH(v, VECTORS) STORE((float *)out + row * PANEL + v * LANES, (V)sum[row][v]);
}

/* A vector of products as numbers. */
INLINE V MODE(value)(const uint32_t *sums, const uint32_t *corrections, V scales, const float *step) {
    VI sum = (VI)(LOAD_WORDS(sums) - LOAD_WORDS(corrections));
    return __builtin_convertvector(sum, V) * (scales * *step);
}

/* As the variants' GELU, with degree 7 up to 4.25 and Phi constant beyond: absolute error 8e-5 there, about what
   rounding the next product's input adds. */
INLINE V MODE(gelu)(V x) {
    static const float q[] = {-0.00436373569f, 0.012140524f,  -0.0168542181f, 0.0240930735f,
                              -0.0383414712f,  0.0558825464f, -0.0808489538f, 0.165932556f};
    V near = SELF(larger)(SELF(smaller)(x, SPLAT(4.25f)), SPLAT(-4.25f));
    V u = MULTIPLY_ADD(near * near, SPLAT(0.110726644f), SPLAT(-1.0f)), p = SPLAT(q[0]);
    EACH(at, 7) p = MULTIPLY_ADD(p, u, SPLAT(q[at + 1]));
    return x * MULTIPLY_ADD(near, p, SPLAT(0.5f));
}
