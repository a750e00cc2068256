/*
 * Of minilm_pairs.h: 32-bit floating point. Of every four products two are paired: with more of them the loads, two a
 * cycle, would hold up adders and multipliers. A step takes one input of each quarter of a slice.
 */
#define OPERAND float
#define SUM float
/* Lines that a tile fetches of the next panel: four tiles fetch all of it. */
#define FETCHES (STEPS / FLOAT_CHUNK * FLOAT_STEP)

enum {
    FLOAT_STEP = 4,
    STEPS = SLICE / FLOAT_STEP,
    /* So many steps' inputs of a row lie together, followed by those of the next row of its tile. */
    FLOAT_CHUNK = 4
};
typedef float SELF(chunk) __attribute__((vector_size(FLOAT_CHUNK * 4)));

static void MODE(pack_slice)(const float *weights, size_t column, float *panel, float *scale, float *correction) {
    /* Weights about as large as activations lose the fewest bits to them; a power of two is exact. */
    float squares = 0, size = 1, sum = 0;
    for (size_t at = 0; at < SLICE; at++) squares += weights[at] * weights[at];
    while (size * size * squares < SLICE / 4 && size < 1 << 20) size *= 2;
    for (size_t step = 0; step < STEPS; step++) {
        float weight[FLOAT_STEP];
        for (size_t i = 0; i < FLOAT_STEP; i++) {
            weight[i] = weights[i * STEPS + step] * size;
            panel[(step * FLOAT_STEP + i) * PANEL + column] = weight[i];
        }
        sum += weight[0] * weight[1];
    }
    *scale = 1 / size;
    *correction = sum;
}

/* Computes where the rows' sums begin. */
static void MODE(prepare)(const float *input, size_t tokens, struct operands *operands) {
    for (size_t row = 0; row < tokens; row++) {
        const float *from = input + row * SLICE;
        float *to = operands->rows + row / PAIR_ROWS * PAIR_ROWS * SLICE + row % PAIR_ROWS * FLOAT_STEP * FLOAT_CHUNK;
        SELF(chunk) sum = {0};
        for (size_t at = 0; at < STEPS; at += FLOAT_CHUNK, to += PAIR_ROWS * FLOAT_STEP * FLOAT_CHUNK) {
            SELF(chunk) early = *(const SELF(chunk) *)(from + at), late = *(const SELF(chunk) *)(from + at + STEPS);
            *(SELF(chunk) *)to = early;
            *(SELF(chunk) *)(to + FLOAT_CHUNK) = late;
            EACH(single, 2)
                *(SELF(chunk) *)(to + (2 + single) * FLOAT_CHUNK) =
                    *(const SELF(chunk) *)(from + at + (size_t)(2 + single) * STEPS);
            sum += early * late;
        }
        ((float *)operands->starts)[row] = -(sum[0] + sum[1] + sum[2] + sum[3]);
    }
}

/* Adds a pair's product to a row's sums. The compiler would overwrite other registers, and run out of them. */
INLINE void SELF(accumulate_pair)(V sum[VECTORS], const float *at, const V first[VECTORS], const V second[VECTORS]) {
    V early, late, left, right;
    __asm__("vbroadcastss %6, %2\n\t"
            "vbroadcastss %7, %3\n\t"
            "vaddps %2, %10, %4\n\t"
            "vaddps %3, %8, %5\n\t"
            "vfmadd231ps %4, %5, %0\n\t"
            "vaddps %2, %11, %4\n\t"
            "vaddps %3, %9, %5\n\t"
            "vfmadd231ps %4, %5, %1"
            : "+x"(sum[0]), "+x"(sum[1]), "=&x"(early), "=&x"(late), "=&x"(left), "=&x"(right)
            : "m"(at[0]), "m"(at[FLOAT_CHUNK]), "x"(first[0]), "x"(first[1]), "x"(second[0]), "x"(second[1]));
}

INLINE void SELF(accumulate_single)(V sum[VECTORS], const float *at, const V weights[VECTORS]) {
    V single;
    __asm__("vbroadcastss %3, %2\n\t"
            "vfmadd231ps %2, %4, %0\n\t"
            "vfmadd231ps %2, %5, %1"
            : "+x"(sum[0]), "+x"(sum[1]), "=&x"(single)
            : "m"(at[0]), "x"(weights[0]), "x"(weights[1]));
}

/* A tile's sums over a slice. */
INLINE void MODE(pair_tile)(const int rows, const float *a, const float *b, struct ahead ahead,
                            const float *starts, float *out) {
    V sum[PAIR_ROWS][VECTORS];
    EACH(row, rows) EACH(v, VECTORS) sum[row][v] = SPLAT(starts[row]);
    for (size_t k = 0; k < STEPS; k += FLOAT_CHUNK, a += PAIR_ROWS * FLOAT_STEP * FLOAT_CHUNK) {
        EACH(fetch, FLOAT_STEP) __builtin_prefetch(ahead.at + fetch * ahead.step);
        ahead.at += FLOAT_STEP * ahead.step;
        EACH(step, FLOAT_CHUNK) {
            V first[VECTORS], second[VECTORS], other[VECTORS];
            const float *at = a + step;
            EACH(v, VECTORS) first[v] = LOAD(b + v * LANES);
            EACH(v, VECTORS) second[v] = LOAD(b + PANEL + v * LANES);
            EACH(row, rows) SELF(accumulate_pair)(sum[row], at + row * FLOAT_STEP * FLOAT_CHUNK, first, second);
            EACH(single, 2) {
                EACH(v, VECTORS) other[v] = LOAD(b + (2 + single) * PANEL + v * LANES);
                EACH(row, rows)
                    SELF(accumulate_single)(sum[row], at + (row * FLOAT_STEP + 2 + single) * FLOAT_CHUNK, other);
            }
            b += FLOAT_STEP * PANEL;
        }
    }
    EACH(row, rows) EACH(v, VECTORS) STORE(out + row * PANEL + v * LANES, sum[row][v]);
}

/* A vector of products as numbers. */
INLINE V MODE(value)(const float *sums, const float *corrections, V scales, const float *step) {
    (void)step;
    return (LOAD(sums) - LOAD(corrections)) * scales;
}

INLINE V MODE(gelu)(V x) { return SELF(gelu)(x); }
