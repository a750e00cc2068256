/* Vectors of four floats: SSE2 on x86-64, NEON on ARM, what the compiler makes of them elsewhere. */
#include "minilm_layout.h"

#if defined(__ARM_FEATURE_FMA)
#define MINILM_FUSED 1
#else
#define MINILM_FUSED 0
#endif

#define LANES 4
#define VECTORS 2
#define FUSED MINILM_FUSED
#define PAIRS 0
#define SELF(name) name##_portable

#include "minilm_vector.h"
#define BF16 0
#include "minilm_product.h"
#include "minilm_forward.h"
#define BF16 1
#include "minilm_product.h"
#include "minilm_forward.h"

const struct variant vexfs_minilm_portable = {
    .pack = {pack_f32_portable, pack_bf16_portable},
    .embed = {embed_f32_portable, embed_bf16_portable},
};
