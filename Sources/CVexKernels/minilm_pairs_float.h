/*
 * Of minilm_pairs.h: 32-bit floating point. Of every three products two are paired, so that adders and multipliers are
 * equally busy; a step takes one input of each third of a run.
 */
#define OPERAND float
#define SUM float
#define RUN DEPTH
#define STEPS (RUN / FLOAT_STEP)

enum { FLOAT_STEP = 3 };

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
        V sum = (V){0};
        for (size_t start = 0; start < SLICE; start += RUN)
            for (size_t at = start; at < start + STEPS; at += LANES)
                sum = MULTIPLY_ADD(LOAD(input + row * SLICE + at), LOAD(input + row * SLICE + at + STEPS), sum);
        ((float *)work->starts)[row] = -SELF(total)(sum);
    }
    return input;
}

/* A tile's sums over one run of a panel. */
INLINE void MODE(pair_tile)(const int rows, const float *a, const float *b, struct ahead ahead, const float *starts,
                            int resume, float *out) {
    V sum[PAIR_ROWS][VECTORS];
    EACH(row, rows) EACH(v, VECTORS) sum[row][v] = resume ? LOAD(out + row * PANEL + v * LANES) : SPLAT(starts[row]);
    for (size_t k = 0; k < STEPS; k++, b += FLOAT_STEP * PANEL) {
        V first[VECTORS], second[VECTORS], third[VECTORS];
        __builtin_prefetch(ahead.at, 0, 2);
        ahead.at += ahead.step;
        EACH(v, VECTORS) first[v] = LOAD(b + v * LANES);
        EACH(v, VECTORS) second[v] = LOAD(b + PANEL + v * LANES);
        EACH(row, rows) {
            V early = SPLAT(a[row * SLICE + k]), late = SPLAT(a[row * SLICE + k + STEPS]);
            EACH(v, VECTORS) sum[row][v] = MULTIPLY_ADD(early + second[v], late + first[v], sum[row][v]);
        }
        EACH(v, VECTORS) third[v] = LOAD(b + 2 * PANEL + v * LANES);
        EACH(row, rows) {
            V single = SPLAT(a[row * SLICE + k + 2 * STEPS]);
            EACH(v, VECTORS) sum[row][v] = MULTIPLY_ADD(single, third[v], sum[row][v]);
        }
    }
    EACH(row, rows) EACH(v, VECTORS) STORE(out + row * PANEL + v * LANES, sum[row][v]);
}

/* A vector of products as numbers. */
INLINE V MODE(value)(const float *sums, const float *corrections, V scales, const float *step) {
    (void)step;
    return (LOAD(sums) - LOAD(corrections)) * scales;
}
