/* As minilm_avx512.c, with bfloat16 multiplied in pairs by VDPBF16PS. */
#if defined(__x86_64__)
#include "minilm_layout.h"
#include <immintrin.h>

#define LANES 16
#define VECTORS 4
#define FUSED 1
#define PAIRS 1
#define SELF(name) name##_avx512_bf16

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)
#include "minilm_vector.h"
#define BF16 0
#include "minilm_product.h"
#include "minilm_forward.h"
#define BF16 1
#include "minilm_product.h"
#include "minilm_forward.h"

#pragma clang attribute pop

const struct variant vexfs_minilm_avx512_bf16 = {
    .pack = {pack_f32_avx512_bf16, pack_bf16_avx512_bf16},
    .embed = {embed_f32_avx512_bf16, embed_bf16_avx512_bf16},
};
#endif
