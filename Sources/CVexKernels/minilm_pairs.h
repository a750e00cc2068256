/*
 * A template in the place of minilm_product.h, for CPUs that add beside multiplying: two products become one by
 * (x1 + w2)(x2 + w1) = x1 w1 + x2 w2 + x1 x2 + w1 w2 (Winograd, IEEE Transactions on Computers C-17, 1968). The sums of
 * x1 x2 belong to a row and those of w1 w2 to an output: both are known beforehand, and taken off.
 *
 * The including file defines FIXED: 0 for 32-bit floating point, 1 for 16-bit fixed point.
 */
#define PANEL (VECTORS * LANES)
#define ACTIVATION float

#ifndef MINILM_PAIRS
#define MINILM_PAIRS
/* Eight sums, four vectors of weights, two broadcasts and two operands fill sixteen registers. */
enum { PAIR_ROWS = 4 };

/* The scales of a slice's outputs; their corrections follow. */
static inline float *scales_of(const float *header, struct shape shape, size_t slice) {
    return (float *)header + shape.outputs * (1 + slice / SLICE * 2);
}
#endif

#if FIXED
#define MODE(name) SELF(name##_fixed)
#include "minilm_pairs_fixed.h"
#else
#define MODE(name) SELF(name##_pairs)
#include "minilm_pairs_float.h"
#endif
#define ELEMENT sizeof(OPERAND)

static void MODE(pack_matrix)(const struct vexfs_minilm_layer *layer, enum matrix matrix, float *header) {
    struct shape shape = matrix_shape(matrix);
    struct parts parts = matrix_parts(layer, matrix);
    size_t part_outputs = shape.outputs / (size_t)parts.count;
    OPERAND *panels = (OPERAND *)(header + shape.outputs * header_rows(shape));
    for (size_t output = 0; output < shape.outputs; output++) {
        size_t part = output / part_outputs, row = output % part_outputs;
        float scale = part == 0 ? parts.scale : 1;
        header[output] = parts.biases[part][row] * scale;
        for (size_t slice = 0; slice < shape.inputs; slice += SLICE) {
            float weights[SLICE], *scales = scales_of(header, shape, slice);
            const float *from = parts.weights[part] + row * shape.inputs + slice;
            for (size_t at = 0; at < SLICE; at++) weights[at] = from[at] * scale;
            OPERAND *panel = panels + output / PANEL * PANEL * shape.inputs + slice * PANEL;
            MODE(pack_slice)(weights, output % PANEL, panel, scales + output, (SUM *)(scales + shape.outputs) + output);
        }
    }
}

static void MODE(pack)(const struct vexfs_minilm_model *model, void *packed) {
    for (int layer = 0; layer < LAYERS; layer++)
        for (int matrix = 0; matrix < MATRICES; matrix++)
            MODE(pack_matrix)(&model->layers[layer], (enum matrix)matrix,
                              (float *)packed_matrix(packed, ELEMENT, layer, (enum matrix)matrix));
}

/* Writes a vector as the next product's input. */
INLINE void MODE(put)(float *at, V value) { STORE(at, value); }

/* The tile as a function of its own: inlined into its callers it would lose registers to them. */
static __attribute__((noinline)) void MODE(run)(size_t rows, const OPERAND *a, const OPERAND *b, struct ahead ahead,
                                                const SUM *starts, SUM *out) {
    switch (rows) {
    case 1: MODE(pair_tile)(1, a, b, ahead, starts, out); break;
    case 2: MODE(pair_tile)(2, a, b, ahead, starts, out); break;
    case 3: MODE(pair_tile)(3, a, b, ahead, starts, out); break;
    default: MODE(pair_tile)(4, a, b, ahead, starts, out); break;
    }
}

INLINE void MODE(finish)(const enum epilogue epilogue, size_t rows, const SUM *sums, const float *steps,
                         const float *scales, const SUM *corrections, const float *bias, float *out, size_t outputs) {
    for (size_t row = 0; row < rows; row++) {
        for (int v = 0; v < VECTORS; v++) {
            size_t column = (size_t)v * LANES;
            const SUM *sum = sums + row * PANEL + column;
            V value = MODE(value)(sum, corrections + column, LOAD(scales + column), steps + row);
            if (bias) value += LOAD(bias + column);
            float *at = out + row * outputs + column;
            if (epilogue == EPILOGUE_GELU) value = MODE(gelu)(value);
            if (epilogue == EPILOGUE_ADD) value += LOAD(at);
            STORE(at, value);
        }
    }
}

/* As in minilm_product.h. */
INLINE void MODE(product)(const enum epilogue epilogue, struct block block, const struct batch *batch, int layer,
                          const float *input, size_t tokens, float *out) {
    struct shape shape = matrix_shape(block.matrix);
    const float *header = packed_matrix(batch->packed, ELEMENT, layer, block.matrix);
    const float *scales = scales_of(header, shape, block.first_input) + block.first_output;
    const SUM *corrections = (const SUM *)(scales + shape.outputs);
    const OPERAND *panels = (const OPERAND *)(header + shape.outputs * header_rows(shape));
    /* The feed-forward layer comes back to its input for each slice. */
    struct operands *from = &batch->work->operands[block.matrix != MATRIX_OUTER];
    if (block.first_output == 0) MODE(prepare)(input, tokens, from);
    const OPERAND *arranged = (const OPERAND *)from->rows;
    const SUM *starts = (const SUM *)from->starts;
    SUM sums[PAIR_ROWS * PANEL];
    size_t tiles = (tokens + PAIR_ROWS - 1) / PAIR_ROWS;
    for (size_t column = 0; column < block.outputs; column += PANEL) {
        const float *bias = block.first_input == 0 ? header + block.first_output + column : NULL;
        const OPERAND *panel = panels + (block.first_output + column) * shape.inputs + block.first_input * PANEL;
        /* Each tile fetches its share of the next panel. */
        struct ahead ahead = {(const char *)(panel + shape.inputs * PANEL), SLICE * PANEL * ELEMENT / FETCHES / tiles};
        for (size_t row = 0; row < tokens; row += PAIR_ROWS) {
            size_t rows = tokens - row < PAIR_ROWS ? tokens - row : PAIR_ROWS;
            MODE(run)(rows, arranged + row * SLICE, panel, ahead, starts + row, sums);
            ahead.at += FETCHES * ahead.step;
            MODE(finish)(epilogue, rows, sums, from->steps + row, scales + column, corrections + column, bias,
                         out + row * block.outputs + column, block.outputs);
        }
    }
}
