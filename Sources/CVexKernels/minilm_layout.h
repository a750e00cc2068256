#ifndef MINILM_LAYOUT_H
#define MINILM_LAYOUT_H

#include "vexminilm.h"

enum {
    LAYERS = VEXFS_MINILM_LAYERS,
    WIDTH = VEXFS_MINILM_WIDTH,
    HEADS = VEXFS_MINILM_HEADS,
    HEAD = VEXFS_MINILM_HEAD_WIDTH,
    INNER = VEXFS_MINILM_INNER,
    TOKENS = VEXFS_MINILM_TOKENS,
    /* Rows of a register tile: with two (AVX2) or four (AVX-512) vectors a row, the accumulators, one row of weights
       and one broadcast activation fill the register file. */
    TILE_ROWS = 6,
    /* Activations of this depth, 256 rows of them, stay in a second-level cache of 512 KiB while all panels pass by. */
    SLICE = 384,
    /* The depth of one run over a panel: 192 x 16 f32 weights and six rows of activations share a first-level cache. */
    DEPTH = 192,
    WIDEST_PANEL = 64
};

/* The four matrices of a layer, in the order of use, and where their parts begin in the packed weights. */
enum matrix { MATRIX_QKV, MATRIX_OUTPUT, MATRIX_INNER, MATRIX_OUTER, MATRICES };

struct shape {
    size_t inputs, outputs;
};

static inline struct shape matrix_shape(enum matrix matrix) {
    switch (matrix) {
    case MATRIX_QKV: return (struct shape){WIDTH, 3 * WIDTH};
    case MATRIX_OUTPUT: return (struct shape){WIDTH, WIDTH};
    case MATRIX_INNER: return (struct shape){WIDTH, INNER};
    default: return (struct shape){INNER, WIDTH};
    }
}

/* What stands before a matrix's panels: biases, and of each slice scales and corrections, which only pairs have. */
static inline size_t header_rows(struct shape shape) { return 1 + shape.inputs / SLICE * 2; }

/* A matrix in the packed weights: the rows of its header, then the panels. Every size is a multiple of 64 bytes. */
static inline size_t matrix_bytes(enum matrix matrix, size_t element) {
    struct shape shape = matrix_shape(matrix);
    return header_rows(shape) * shape.outputs * sizeof(float) + shape.inputs * shape.outputs * element;
}

static inline size_t layer_bytes(size_t element) {
    size_t bytes = 0;
    for (int matrix = 0; matrix < MATRICES; matrix++) bytes += matrix_bytes((enum matrix)matrix, element);
    return bytes;
}

static inline const void *packed_matrix(const void *packed, size_t element, int layer, enum matrix matrix) {
    const char *at = (const char *)packed + (size_t)layer * layer_bytes(element);
    for (int before = 0; before < (int)matrix; before++) at += matrix_bytes((enum matrix)before, element);
    return at;
}

/* The part of a matrix that one product takes: SLICE inputs, and outputs that follow one another. */
struct block {
    enum matrix matrix;
    size_t first_input, first_output, outputs;
};

/* What becomes of a product: stored as f32, put through GELU for the next product, or added to the residual. */
enum epilogue { EPILOGUE_STORE, EPILOGUE_GELU, EPILOGUE_ADD };

/* What to fetch while a tile is computed: `step` bytes further at each step. */
struct ahead {
    const char *at;
    size_t step;
};

/* A slice of rows as products of pairs take them: floats or 16-bit words in tiles, the rows' scales, and where their
   sums begin. */
struct operands {
    _Alignas(64) float rows[TOKENS * SLICE];
    _Alignas(64) float steps[TOKENS];
    _Alignas(64) uint32_t starts[TOKENS];
};

/* The working memory of a call. `input` is what the next product reads: f32, or bfloat16 if PAIRS. */
struct workspace {
    _Alignas(64) float residual[TOKENS * WIDTH];
    _Alignas(64) float input[TOKENS * WIDTH];
    _Alignas(64) float qkv[TOKENS * 3 * WIDTH];
    /* A slice of the feed-forward layer: the next product takes it before the next slice is made. */
    _Alignas(64) float inner[TOKENS * SLICE];
    _Alignas(64) float keys[TOKENS * HEAD];
    _Alignas(64) float values[TOKENS * HEAD];
    _Alignas(64) float scores[TILE_ROWS * TOKENS];
    /* A panel's products while their slice is incomplete, `[tokens x panel]`. */
    _Alignas(64) float partial[(TOKENS + TILE_ROWS) * WIDEST_PANEL];
    /* Of products of pairs: a slice of the feed-forward layer's inside, and what all other products take. */
    struct operands operands[2];
};

/* A micro-batch as the variants see it; the texts were checked. */
struct batch {
    const struct vexfs_minilm_model *model;
    const void *packed;
    struct workspace *work;
    const int32_t *ids;
    const uint32_t *offsets;
    size_t count;
    float *vectors;
    const struct vexfs_minilm_pause *pause;
};

static inline void rest(const struct batch *batch) {
    if (batch->pause) batch->pause->run(batch->pause->context);
}

/* One matrix to pack: up to three parts stacked by outputs (queries, keys, values), the first one scaled. */
struct parts {
    int count;
    const float *weights[3], *biases[3];
    float scale;
};

static inline struct parts matrix_parts(const struct vexfs_minilm_layer *layer, enum matrix matrix) {
    /* 1/sqrt(32), so that attention needs no multiplication of its scores. */
    const float root = 0.17677669529663688f;
    switch (matrix) {
    case MATRIX_QKV:
        return (struct parts){3, {layer->query, layer->key, layer->value},
                              {layer->query_bias, layer->key_bias, layer->value_bias}, root};
    case MATRIX_OUTPUT: return (struct parts){1, {layer->output}, {layer->output_bias}, 1};
    case MATRIX_INNER: return (struct parts){1, {layer->inner}, {layer->inner_bias}, 1};
    default: return (struct parts){1, {layer->outer}, {layer->outer_bias}, 1};
    }
}

/* The functions of one instruction set, indexed by precision. */
struct variant {
    void (*pack[2])(const struct vexfs_minilm_model *model, void *packed);
    void (*embed[2])(const struct batch *batch);
};

extern const struct variant vexfs_minilm_portable, vexfs_minilm_emulated;
#if defined(__x86_64__)
extern const struct variant vexfs_minilm_avx2, vexfs_minilm_avx2_adders, vexfs_minilm_avx512, vexfs_minilm_avx512_bf16;
#endif

#endif
