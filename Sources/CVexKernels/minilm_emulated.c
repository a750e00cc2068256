/* The layout and the loops of minilm_avx512_bf16.c on any CPU, for tests. */
#include "minilm_layout.h"

#define LANES 16
#define VECTORS 4
#define FUSED 0
#define PAIRS 2
#define SELF(name) name##_emulated
/* Vectors wider than the registers are passed only between functions that are always inlined. */
#pragma clang diagnostic ignored "-Wpsabi"
#include "minilm_vector.h"
#define BF16 0
#include "minilm_product.h"
#include "minilm_forward.h"
#define BF16 1
#include "minilm_product.h"
#include "minilm_forward.h"

const struct variant vexfs_minilm_emulated = {
    .pack = {pack_f32_emulated, pack_bf16_emulated},
    .embed = {embed_f32_emulated, embed_bf16_emulated},
};
