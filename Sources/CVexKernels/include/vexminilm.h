#ifndef VEXMINILM_H
#define VEXMINILM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The forward pass of all-MiniLM-L6-v2: a BERT encoder (Devlin et al., arXiv 1810.04805) of 6 layers, width 384,
 * 12 heads of 32 and feed-forward width 1536, followed by mean pooling and L2 normalisation.
 *
 * Nothing here allocates, locks or keeps state: the caller owns every buffer. All buffers are 64-byte aligned.
 */
enum {
    VEXFS_MINILM_LAYERS = 6,
    VEXFS_MINILM_WIDTH = 384,
    VEXFS_MINILM_HEADS = 12,
    VEXFS_MINILM_HEAD_WIDTH = 32,
    VEXFS_MINILM_INNER = 1536,
    VEXFS_MINILM_VOCABULARY = 30522,
    /* The longest text, and the most tokens of one call: a call is one micro-batch. */
    VEXFS_MINILM_TOKENS = 256
};

/* How the matrix products are computed; everything between them is 32-bit floating point in both. */
enum vexfs_minilm_precision {
    VEXFS_MINILM_F32 = 0,
    /* 16-bit operands, half the weights' memory traffic: bfloat16 with products and sums in f32, or, in the two AVX2
       variants, fixed point with a scale for each row and each output and with exact sums. */
    VEXFS_MINILM_BF16 = 1
};

/* The instruction sets that the pass is compiled for. */
enum vexfs_minilm_variant {
    VEXFS_MINILM_PORTABLE = 0,
    VEXFS_MINILM_AVX2 = 1,
    VEXFS_MINILM_AVX512 = 2,
    VEXFS_MINILM_AVX512_BF16 = 3,
    /* The AVX-512 code's 16 lanes, panels and paired bfloat16 layout, lowered to the baseline instruction set: never
       chosen, it lets every machine test the index arithmetic of the two variants above. */
    VEXFS_MINILM_EMULATED = 4,
    /* As AVX2, for CPUs whose adders stand idle while they multiply. */
    VEXFS_MINILM_AVX2_ADDERS = 5,
    VEXFS_MINILM_VARIANTS = 6
};

/* One encoder layer of the model file. Matrices are `[outputs x inputs] f32`, row-major. */
struct vexfs_minilm_layer {
    const float *query, *query_bias, *key, *key_bias, *value, *value_bias;
    const float *output, *output_bias, *attention_scale, *attention_shift;
    const float *inner, *inner_bias, *outer, *outer_bias, *final_scale, *final_shift;
};

/* The tensors of the model file. They are read by both functions below, so the mapping outlives the calls. */
struct vexfs_minilm_model {
    const float *words, *positions, *types, *scale, *shift;
    struct vexfs_minilm_layer layers[VEXFS_MINILM_LAYERS];
};

/* The variant's name, for people. */
const char *vexfs_minilm_variant_name(enum vexfs_minilm_variant variant);

/* Whether this CPU can run the variant. */
int vexfs_minilm_variant_runs(enum vexfs_minilm_variant variant);

/* The fastest variant that this CPU runs and vexfs_simd_level() allows. */
enum vexfs_minilm_variant vexfs_minilm_best_variant(void);

/* The bytes of the packed weights. */
size_t vexfs_minilm_packed_bytes(enum vexfs_minilm_precision precision);

/* Writes the weights in the order in which the variant reads them. The scores' factor 1/sqrt(32) is in the queries. */
void vexfs_minilm_pack(enum vexfs_minilm_variant variant, enum vexfs_minilm_precision precision,
                       const struct vexfs_minilm_model *model, void *packed);

/* The bytes of the working memory of one call. */
size_t vexfs_minilm_workspace_bytes(void);

/* A function that a call runs at its rests, one after each half of a layer. It may make a call of its own. */
struct vexfs_minilm_pause {
    void (*run)(const void *context);
    const void *context;
};

/* The rests of one call. */
enum { VEXFS_MINILM_PAUSES = 2 * VEXFS_MINILM_LAYERS };

/*
 * Embeds `count` texts: text i holds the tokens ids[offsets[i]] ..< ids[offsets[i + 1]], with offsets[0] = 0.
 * Writes `[count x 384] f32`, each row of unit length. A text's vector does not depend on the other texts.
 * `pause` may be null; what it runs needs a workspace of its own.
 * Returns 0, or -1 when a text is empty, the texts hold more than VEXFS_MINILM_TOKENS tokens, or an id is out of range.
 */
int vexfs_minilm_embed(enum vexfs_minilm_variant variant, enum vexfs_minilm_precision precision,
                       const struct vexfs_minilm_model *model, const void *packed, void *workspace,
                       const int32_t *ids, const uint32_t *offsets, size_t count, float *vectors,
                       const struct vexfs_minilm_pause *pause);

/* What the BERT uncased normaliser makes of a code point. */
enum vexfs_normal {
    /* Nothing remains. */
    VEXFS_NORMAL_DROP = 0,
    /* It ends the word. */
    VEXFS_NORMAL_SPACE = 1,
    /* It is a word by itself (CJK ideographs). */
    VEXFS_NORMAL_ALONE = 2,
    /* It becomes one to three code points. */
    VEXFS_NORMAL_LETTERS = 3
};

/* Classifies a code point; for VEXFS_NORMAL_LETTERS writes the outputs and their count. O(log table). */
enum vexfs_normal vexfs_normalize(uint32_t code_point, uint32_t outputs[3], int *count);

/* Whether an output code point is punctuation, hence a word by itself. O(log table). */
int vexfs_is_punctuation(uint32_t code_point);

#endif
