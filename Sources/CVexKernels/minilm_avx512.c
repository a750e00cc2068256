/* Tiles of 6 x 64 floats in twenty-four of the thirty-two registers; bfloat16 is widened. */
#if defined(__x86_64__)
#include "minilm_layout.h"

#define LANES 16
#define VECTORS 4
#define FUSED 1
#define PAIRS 0
#define SELF(name) name##_avx512

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)
#include "minilm_vector.h"
#define BF16 0
#include "minilm_product.h"
#include "minilm_forward.h"
#define BF16 1
#include "minilm_product.h"
#include "minilm_forward.h"

#pragma clang attribute pop

const struct variant vexfs_minilm_avx512 = {
    .pack = {pack_f32_avx512, pack_bf16_avx512},
    .embed = {embed_f32_avx512, embed_bf16_avx512},
};
#endif
