/* Tiles of 6 x 16 floats, or of 4 x 16 sums of pairs, in the sixteen registers. */
#if defined(__x86_64__)
#include "minilm_layout.h"
#include <immintrin.h>

#define LANES 8
#define VECTORS 2
#define FUSED 1
#define PAIRS 0
#define SELF(name) name##_avx2

#pragma clang attribute push(__attribute__((target("avx2,fma"))),                      \
                             apply_to = function)
#include "minilm_vector.h"
#define BF16 0
#include "minilm_product.h"
#include "minilm_forward.h"
#define FIXED 0
#include "minilm_pairs.h"
#include "minilm_forward.h"
#define FIXED 1
#include "minilm_pairs.h"
#include "minilm_forward.h"

#pragma clang attribute pop

const struct variant vexfs_minilm_avx2 = {
    .pack = {pack_f32_avx2, pack_fixed_avx2},
    .embed = {embed_f32_avx2, embed_fixed_avx2},
};

const struct variant vexfs_minilm_avx2_adders = {
    .pack = {pack_pairs_avx2, pack_fixed_avx2},
    .embed = {embed_pairs_avx2, embed_fixed_avx2},
};
#endif
