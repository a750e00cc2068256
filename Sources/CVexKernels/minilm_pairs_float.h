/*
 * Of minilm_pairs.h: 32-bit floating point. Of every three products two are paired, so that adders and multipliers are
 * equally busy; a step takes one input of each third of a run.
 */
#define OPERAND float
#define SUM float
#define RUN DEPTH
#define STEPS (RUN / FLOAT_STEP)

enum {
    FLOAT_STEP = 3,
    /* So many steps' inputs of a row lie together, followed by those of the next row of its tile. */
    FLOAT_CHUNK = 4
};
typedef float SELF(chunk) __attribute__((vector_size(FLOAT_CHUNK * 4)));

static void MODE(pack_slice)(const float *weights, size_t column, float *panel, float *scale, float *correction) {
    /* Weights about as large as activations lose the fewest bits to them; a power of two is exact. */
    float squares = 0, size = 1, sum = 0;
    for (size_t at = 0; at < SLICE; at++) squares += weights[at] * weights[at];
    while (size * size * squares < SLICE / 4 && size < 1 << 20) size *= 2;
    for (size_t start = 0; start < SLICE; start += RUN) {
        for (size_t step = 0; step < STEPS; step++) {
            float weight[FLOAT_STEP];
            for (size_t i = 0; i < FLOAT_STEP; i++) {
                weight[i] = weights[start + i * STEPS + step] * size;
                panel[(start + step * FLOAT_STEP + i) * PANEL + column] = weight[i];
            }
            sum += weight[0] * weight[1];
        }
    }
    *scale = 1 / size;
    *correction = sum;
}

/* Computes where the rows' sums begin. */
static const float *MODE(prepare)(const float *input, size_t tokens, struct workspace *work) {
    for (size_t row = 0; row < tokens; row++) {
        const float *from = input + row * SLICE;
        float *to = work->arranged + row / PAIR_ROWS * PAIR_ROWS * SLICE + row % PAIR_ROWS * FLOAT_STEP * FLOAT_CHUNK;
        SELF(chunk) sum = {0};
        for (size_t start = 0; start < SLICE; start += RUN) {
            for (size_t at = start; at < start + STEPS; at += FLOAT_CHUNK) {
                SELF(chunk) early = *(const SELF(chunk) *)(from + at), late = *(const SELF(chunk) *)(from + at + STEPS);
                *(SELF(chunk) *)to = early;
                *(SELF(chunk) *)(to + FLOAT_CHUNK) = late;
                *(SELF(chunk) *)(to + 2 * FLOAT_CHUNK) = *(const SELF(chunk) *)(from + at + 2 * STEPS);
                sum += early * late;
                to += PAIR_ROWS * FLOAT_STEP * FLOAT_CHUNK;
            }
        }
        ((float *)work->starts)[row] = -(sum[0] + sum[1] + sum[2] + sum[3]);
    }
    return work->arranged;
}

/* MULTIPLY_ADD in place: with a free choice of the register that is overwritten the compiler runs out of them. */
INLINE void SELF(accumulate)(V *sum, V a, V b) { __asm__("vfmadd231ps %1, %2, %0" : "+x"(*sum) : "x"(a), "x"(b)); }

/* A tile's sums over one run of a panel. */
INLINE void MODE(pair_tile)(const int rows, const float *a, const float *b, struct ahead ahead,
                            const float *starts, int resume, float *out) {
    V sum[PAIR_ROWS][VECTORS];
    EACH(row, rows) EACH(v, VECTORS) sum[row][v] = resume ? LOAD(out + row * PANEL + v * LANES) : SPLAT(starts[row]);
    for (size_t k = 0; k < STEPS; k += FLOAT_CHUNK, a += PAIR_ROWS * FLOAT_STEP * FLOAT_CHUNK) {
        EACH(fetch, FETCHES / (STEPS / FLOAT_CHUNK)) __builtin_prefetch(ahead.at + fetch * ahead.step);
        ahead.at += FETCHES / (STEPS / FLOAT_CHUNK) * ahead.step;
        EACH(step, FLOAT_CHUNK) {
            V first[VECTORS], second[VECTORS], third[VECTORS];
            EACH(v, VECTORS) first[v] = LOAD(b + v * LANES);
            EACH(v, VECTORS) second[v] = LOAD(b + PANEL + v * LANES);
            EACH(row, rows) {
                const float *at = a + row * FLOAT_STEP * FLOAT_CHUNK + step;
                V early = SPLAT(at[0]), late = SPLAT(at[FLOAT_CHUNK]);
                EACH(v, VECTORS) SELF(accumulate)(&sum[row][v], early + second[v], late + first[v]);
            }
            EACH(v, VECTORS) third[v] = LOAD(b + 2 * PANEL + v * LANES);
            EACH(row, rows) {
                V single = SPLAT(a[row * FLOAT_STEP * FLOAT_CHUNK + 2 * FLOAT_CHUNK + step]);
                EACH(v, VECTORS) SELF(accumulate)(&sum[row][v], single, third[v]);
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
