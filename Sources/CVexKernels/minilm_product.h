/*
 * A template, included twice by each variant, with BF16 0 and 1: packing and the product of activations and packed
 * weights. Beside what minilm_vector.h wants, the including file defines VECTORS (of a panel), and PAIRS: 0 where
 * bfloat16 weights are widened to f32, 1 where the CPU multiplies pairs of bfloat16, 2 to do so without such a CPU.
 *
 * Panels: PANEL outputs side by side, input after input; with bfloat16, two inputs share a word, the earlier in its low
 * half. Both precisions read the same activations' rows, so a product only differs in the tile it calls.
 */
#define PANEL (VECTORS * LANES)
#if BF16
#define MODE(name) SELF(name##_bf16)
#define ELEMENT sizeof(uint16_t)
#else
#define MODE(name) SELF(name##_f32)
#define ELEMENT sizeof(float)
#endif
#if BF16 && PAIRS
#define ACTIVATION uint16_t
#else
#define ACTIVATION float
#endif

#if BF16 && !defined(MINILM_BFLOAT)
#define MINILM_BFLOAT
static inline uint16_t minilm_bfloat(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
#endif

static void MODE(pack_matrix)(const struct vexfs_minilm_layer *layer, enum matrix matrix, void *packed) {
    struct shape shape = matrix_shape(matrix);
    struct parts parts = matrix_parts(layer, matrix);
    size_t part_outputs = shape.outputs / (size_t)parts.count;
    float *biases = packed;
    for (size_t output = 0; output < shape.outputs; output++) {
        size_t part = output / part_outputs, row = output % part_outputs;
        float scale = part == 0 ? parts.scale : 1;
        const float *weights = parts.weights[part] + row * shape.inputs;
        size_t panel = output / PANEL, column = output % PANEL;
        biases[output] = parts.biases[part][row] * scale;
#if BF16
        uint16_t *panels = (uint16_t *)(biases + shape.outputs * header_rows(shape));
        uint16_t *at = panels + panel * shape.inputs * PANEL + column * 2;
        for (size_t input = 0; input < shape.inputs; input++)
            at[input / 2 * 2 * PANEL + input % 2] = minilm_bfloat(weights[input] * scale);
#else
        float *at = biases + shape.outputs * header_rows(shape) + panel * shape.inputs * PANEL + column;
        for (size_t input = 0; input < shape.inputs; input++) at[input * PANEL] = weights[input] * scale;
#endif
    }
}

static void MODE(pack)(const struct vexfs_minilm_model *model, void *packed) {
    for (int layer = 0; layer < LAYERS; layer++)
        for (int matrix = 0; matrix < MATRICES; matrix++)
            MODE(pack_matrix)(&model->layers[layer], (enum matrix)matrix,
                              (void *)packed_matrix(packed, ELEMENT, layer, (enum matrix)matrix));
}

/* Writes a vector as the next product's input. */
INLINE void MODE(put)(ACTIVATION *at, V value) {
#if BF16 && PAIRS
    VU bits = SELF(rounded)(value);
    for (int lane = 0; lane < LANES; lane++) at[lane] = (uint16_t)(bits[lane] >> 16);
#elif BF16
    STORE(at, (V)SELF(rounded)(value));
#else
    STORE(at, value);
#endif
}

#if BF16
#if PAIRS
INLINE V MODE(dot)(V sum, VU a, VU b) {
#if PAIRS == 1
    return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
    sum = MULTIPLY_ADD((V)(a & 0xffff0000u), (V)(b & 0xffff0000u), sum);
    return MULTIPLY_ADD((V)(a << 16), (V)(b << 16), sum);
#endif
}
#endif

/* As SELF(tile), for panels of bfloat16 pairs and a whole panel's columns; `depth` is even. */
INLINE void MODE(tile)(const int rows, const ACTIVATION *a, size_t a_stride, const uint16_t *b, size_t depth,
                       size_t ahead, int resume, float *out) {
    V sum[TILE_ROWS][VECTORS];
    EACH(row, rows) EACH(v, VECTORS) sum[row][v] = resume ? LOAD(out + row * PANEL + v * LANES) : (V){0};
    for (size_t k = 0; k < depth; k += 2) {
        const uint16_t *pair = b + k * PANEL;
        __builtin_prefetch((const char *)pair + ahead, 0, 2);
#if PAIRS
        VU weight[VECTORS];
        EACH(v, VECTORS) weight[v] = LOAD_WORDS(pair + v * 2 * LANES);
        EACH(row, rows) {
            uint32_t both;
            __builtin_memcpy(&both, a + (size_t)row * a_stride + k, sizeof both);
            EACH(v, VECTORS) sum[row][v] = MODE(dot)(sum[row][v], both - (VU){0}, weight[v]);
        }
#else
        V weight[VECTORS];
        EACH(v, VECTORS) weight[v] = (V)(LOAD_WORDS(pair + v * 2 * LANES) << 16);
        EACH(row, rows) {
            V activation = SPLAT(a[(size_t)row * a_stride + k]);
            EACH(v, VECTORS) sum[row][v] = MULTIPLY_ADD(activation, weight[v], sum[row][v]);
        }
        EACH(v, VECTORS) weight[v] = (V)(LOAD_WORDS(pair + v * 2 * LANES) & 0xffff0000u);
        EACH(row, rows) {
            V activation = SPLAT(a[(size_t)row * a_stride + k + 1]);
            EACH(v, VECTORS) sum[row][v] = MULTIPLY_ADD(activation, weight[v], sum[row][v]);
        }
#endif
    }
    EACH(row, rows) EACH(v, VECTORS) STORE(out + row * PANEL + v * LANES, sum[row][v]);
}
#else
INLINE void MODE(tile)(const int rows, const ACTIVATION *a, size_t a_stride, const float *b, size_t depth, size_t ahead,
                       int resume, float *out) {
    SELF(tile)(rows, VECTORS, a, a_stride, b, PANEL, depth, ahead, resume, out, PANEL);
}
#endif

/* The tile as a function of its own: inlined into its callers it would lose registers to them. */
static __attribute__((noinline)) void MODE(run)(size_t rows, const ACTIVATION *a, size_t a_stride, const void *b,
                                                size_t ahead, int resume, float *out) {
#define TILE(rows) MODE(tile)(rows, a, a_stride, b, DEPTH, ahead, resume, out)
    WITH_ROWS(rows, TILE)
#undef TILE
}

INLINE void MODE(finish)(const enum epilogue epilogue, size_t rows, const float *products, const float *bias, void *out,
                         size_t outputs) {
    for (size_t row = 0; row < rows; row++) {
        for (int v = 0; v < VECTORS; v++) {
            V value = LOAD(products + row * PANEL + v * LANES);
            if (bias) value += LOAD(bias + v * LANES);
            size_t at = row * outputs + (size_t)v * LANES;
            if (epilogue == EPILOGUE_GELU) MODE(put)((ACTIVATION *)out + at, SELF(gelu)(value));
            else if (epilogue == EPILOGUE_ADD) STORE((float *)out + at, LOAD((float *)out + at) + value);
            else STORE((float *)out + at, value);
        }
    }
}

/*
 * `[tokens x SLICE]` activations times a block of a packed matrix. Within a panel, all rows pass by the part of it that
 * the first-level cache holds.
 */
INLINE void MODE(product)(const enum epilogue epilogue, struct block block, const struct batch *batch, int layer,
                          const ACTIVATION *input, size_t tokens, void *out) {
    struct shape shape = matrix_shape(block.matrix);
    const float *biases = packed_matrix(batch->packed, ELEMENT, layer, block.matrix);
    const char *panels = (const char *)(biases + shape.outputs * header_rows(shape));
    float *partial = batch->work->partial;
    const size_t out_element = epilogue == EPILOGUE_GELU ? sizeof(ACTIVATION) : sizeof(float);
    for (size_t column = 0; column < block.outputs; column += PANEL) {
        const float *bias = block.first_input == 0 ? biases + block.first_output + column : NULL;
        size_t first = (block.first_output + column) * shape.inputs + block.first_input * PANEL;
        for (size_t start = 0; start < SLICE; start += DEPTH) {
            const void *panel = panels + (first + start * PANEL) * ELEMENT;
            for (size_t row = 0; row < tokens; row += TILE_ROWS) {
                size_t rows = tokens - row < TILE_ROWS ? tokens - row : TILE_ROWS;
                /* Only the first rows fetch what comes next: the rest would ask again for the same lines. */
                size_t ahead = row > 0 ? 0 : start == 0 ? DEPTH * PANEL * ELEMENT
                                                        : (shape.inputs - DEPTH) * PANEL * ELEMENT;
                float *products = partial + row * PANEL;
                MODE(run)(rows, input + row * SLICE + start, SLICE, panel, ahead, start > 0, products);
                if (start + DEPTH < SLICE) continue;
                void *at = (char *)out + (row * block.outputs + column) * out_element;
                MODE(finish)(epilogue, rows, products, bias, at, block.outputs);
            }
        }
    }
}
